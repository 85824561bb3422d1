//! Trigger `price-drop`: a contact enters when a product that they looked at has become cheaper.
//!
//! It is asked when a row of the catalogue changes, and compares the price in the row with the one that the contact
//! saw: the event that shows interest says which product it was and what it cost then. Of several products the last
//! one counts. Each price of a product enters a contact at most once, and who has bought it since is left in peace.
//!
//! Prices are compared as percent of the price seen; both must be above 0 and of one currency.
#![deny(missing_docs)]

use serde_json::Value as Json;
use signalbox_catalogue::{bought_since, events, id, key, rows};
use signalbox_sdk::{TableRows, prelude::*};

/// How many of the latest events of interest, and of the latest purchases, are looked at.
const EVENTS_MAX: u32 = 20;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "When a price drops")]
pub struct Config {
    /// By how many percent the price must be lower than the one seen.
    #[serde(default = "default_percent_min")]
    #[schemars(title = "Percent", range(min = 1, max = 99))]
    pub percent_min: u8,

    /// How long ago the contact may have seen the product.
    #[serde(default = "default_within")]
    #[schemars(title = "Seen within")]
    pub within: Span,

    /// The table that is the catalogue; its key is the product.
    #[serde(default = "default_table")]
    #[schemars(title = "Catalogue", length(min = 1, max = 100))]
    pub table: String,

    /// The column of the catalogue that holds the price, a number.
    #[serde(default = "default_price")]
    #[schemars(title = "Price column", length(min = 1, max = 100))]
    pub price_column: String,

    /// The event that shows interest.
    #[serde(default = "default_event")]
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub event: String,

    /// The event's field that names the product.
    #[serde(default = "default_product_field")]
    #[schemars(
        title = "Product field",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")
    )]
    pub product_field: String,

    /// The event's field that holds the price seen, a number.
    #[serde(default = "default_price")]
    #[schemars(
        title = "Price field",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")
    )]
    pub price_field: String,

    /// The event that is a purchase.
    #[serde(default = "default_purchase")]
    #[schemars(title = "Purchase event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub purchase_event: String,

    /// The purchase's field that names the product, or holds a list of products.
    #[serde(default = "default_purchase_field")]
    #[schemars(
        title = "Purchased products field",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")
    )]
    pub purchase_field: String,
}

reasons! {
    /// Why a contact enters or not.
    pub enum Why {
        Dropped = "dropped": "The product has become cheaper",
        NotEnough = "not_enough": "The price is not low enough",
        Bought = "bought": "Bought since",
        NotSeen = "not_seen": "No product was seen in the time",
        PriceMissing = "price_missing": "The price now, or the one seen, is not known",
    }
}

/// The rule.
pub struct PriceDrop;

/// A price, if it is one.
fn price(value: Option<&Json>) -> Option<f64> {
    value?.as_f64().filter(|price| *price > 0.0)
}

impl Rule for PriceDrop {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if !(1..=99).contains(&config.percent_min) {
            return Err("the price can drop by 1 to 99 percent".to_owned());
        }
        let seen = Events::named(config.event.as_str()).within(config.within);
        let bought = Events::named(config.purchase_event.as_str()).within(config.within);
        Ok(Plan::new()
            .on(Occasion::TableRowChanged(config.table.clone()))
            .last_field("product", seen.clone(), &config.product_field, Type::Any)
            .recent("seen", seen, EVENTS_MAX)
            .recent("bought", bought, EVENTS_MAX)
            .table("row", TableRows::with_key(config.table.as_str(), "product")))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        let product = contact
            .value("product")
            .and_then(|value| id(&value.to_json()));
        let Some(product) = product else {
            return Ok(TriggerVerdict::nothing(Why::NotSeen));
        };
        let seen = events(contact.json("seen"))?;
        let orders = events(contact.json("bought"))?;
        let rows = rows(contact.json("row"))?;
        let mut of_product = seen.iter().filter(|event| {
            let named = event.fields.get(&config.product_field).and_then(id);
            named.as_deref() == Some(product.as_str())
        });
        let Some(last) = of_product.next() else {
            return Ok(TriggerVerdict::nothing(Why::NotSeen));
        };
        let then = price(last.fields.get(&config.price_field));
        let now = price(rows.first().and_then(|row| row.get(&config.price_column)));
        let (Some(then), Some(now)) = (then, now) else {
            return Ok(TriggerVerdict::nothing(Why::PriceMissing));
        };
        // The millionth takes up what binary fractions lose on cents.
        let dropped = (then - now) * 100.0;
        Ok(if dropped < then * f64::from(config.percent_min) - 1e-6 {
            TriggerVerdict::nothing(Why::NotEnough)
        } else if bought_since(&orders, &config.purchase_field, &product, last.occurred_at) {
            TriggerVerdict::nothing(Why::Bought)
        } else {
            TriggerVerdict::enter_with(key(&product, &now.to_string()), Why::Dropped)
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn default_percent_min() -> u8 {
    10
}

fn default_within() -> Span {
    Span::days(30)
}

fn default_table() -> String {
    "products".to_owned()
}

fn default_price() -> String {
    "price".to_owned()
}

fn default_event() -> String {
    "product_viewed".to_owned()
}

fn default_product_field() -> String {
    "product_id".to_owned()
}

fn default_purchase() -> String {
    "order_completed".to_owned()
}

fn default_purchase_field() -> String {
    "product_ids".to_owned()
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use serde_json::Value as Json;
    use signalbox_sdk::prelude::*;

    const VIEWED: &str = "2025-12-20T10:00:00Z";

    fn event(at: &str, fields: &Json) -> Json {
        json!({ "occurred_at": at, "fields": fields })
    }

    /// A contact who saw the product for 50, and the row as it is now.
    fn saw(name: &str, row: Json) -> Case {
        let seen = event(VIEWED, &json!({ "product_id": "C1", "price": 50 }));
        Case::new(name, json!({}))
            .given("product", "C1")
            .given("seen", json!([seen]))
            .given("row", row)
    }

    fn costs(price: f64) -> Json {
        json!([{ "id": "C1", "price": price, "stock": 3 }])
    }

    pub(super) fn all() -> Vec<Case> {
        let order = |at: &str| json!([event(at, &json!({ "product_ids": ["T1", "C1"] }))]);
        let other = event(VIEWED, &json!({ "product_id": "T1", "price": 90 }));
        vec![
            saw("ten percent to the cent", costs(45.0)).expect(json!({
                "enter": { "key": "C1 45" }, "arm": null, "reason": "dropped",
            })),
            saw("a cent short of it", costs(45.01))
                .expect(json!({ "enter": null, "reason": "not_enough" })),
            saw("dearer than before", costs(60.0))
                .expect(json!({ "enter": null, "reason": "not_enough" })),
            saw("bought it since", costs(30.0))
                .given("bought", order("2025-12-21T10:00:00Z"))
                .expect(json!({ "enter": null, "reason": "bought" })),
            saw("bought it before, looks at it again", costs(30.0))
                .given("bought", order("2025-12-19T10:00:00Z"))
                .expect(json!({ "enter": { "key": "C1 30" }, "reason": "dropped" })),
            saw("the product has gone", json!([]))
                .expect(json!({ "enter": null, "reason": "price_missing" })),
            saw("costs nothing", costs(0.0))
                .expect(json!({ "enter": null, "reason": "price_missing" })),
            Case::new("the price was not noted", json!({}))
                .given("product", 7)
                .given("seen", json!([event(VIEWED, &json!({ "product_id": 7 }))]))
                .given("row", costs(1.0))
                .expect(json!({ "enter": null, "reason": "price_missing" })),
            Case::new("twenty percent are asked for", json!({ "percent_min": 20 }))
                .given("product", "T1")
                .given("seen", json!([other]))
                .given("row", json!([{ "price": 75 }]))
                .expect(json!({ "enter": null, "reason": "not_enough" })),
            Case::new("saw nothing", json!({}))
                .expect(json!({ "enter": null, "reason": "not_seen" })),
        ]
    }
}

plugin! {
    name: "price_drop",
    version: env!("CARGO_PKG_VERSION"),
    title: "When a price drops",
    summary: "Enters a contact when a product that they looked at has become cheaper than it was then.",
    trigger: PriceDrop,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signalbox_sdk::{
        Random,
        testing::{Row, check_cases, check_description},
    };

    use super::{PriceDrop, Why};

    #[test]
    fn cases() {
        check_cases::<PriceDrop>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    /// Prices in whole cents, against whole numbers.
    #[test]
    fn percents_are_exact_to_the_cent() {
        let mut random = Random::new(45);
        for _ in 0..5_000 {
            let (then, now) = (1 + random.below(100_000), 1 + random.below(100_000));
            let percent = 1 + random.below(99);
            let verdict = Row::new()
                .set("product", "p")
                .set(
                    "seen",
                    json!([{ "occurred_at": "2026-01-01T00:00:00Z",
                        "fields": { "product_id": "p", "price": then as f64 / 100.0 } }]),
                )
                .set("row", json!([{ "price": now as f64 / 100.0 }]))
                .decide::<PriceDrop>(&format!(r#"{{ "percent_min": {percent} }}"#))
                .expect("a verdict");
            let expected = now * 100 <= then * (100 - percent);
            assert_eq!(
                verdict.reason == Why::Dropped,
                expected,
                "{then} {now} {percent}"
            );
            assert_eq!(verdict.enter.is_some(), expected);
        }
    }

    #[test]
    fn the_price_seen_is_that_of_the_product() {
        let viewed = |product: &str, price: f64| {
            json!({ "occurred_at": "2026-01-01T00:00:00Z",
                "fields": { "product_id": product, "price": price } })
        };
        let verdict = Row::new()
            .set("product", "b")
            .set(
                "seen",
                json!([viewed("a", 100.0), viewed("b", 10.0), viewed("b", 90.0)]),
            )
            .set("row", json!([{ "price": 9.5 }]))
            .decide::<PriceDrop>("{}");
        assert_eq!(verdict.expect("a verdict").reason, Why::NotEnough);
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let answer = Row::new().decide::<PriceDrop>(r#"{ "percent_min": 100 }"#);
        assert_eq!(
            answer,
            Err("the price can drop by 1 to 99 percent".to_owned())
        );
    }
}
