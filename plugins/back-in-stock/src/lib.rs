//! Trigger `back-in-stock`: a contact enters when a product that they asked for is there again.
//!
//! It is asked when a row of the catalogue changes. The contact asked by an event that names the product; of several
//! the last one counts. Each request enters at most once, however often the stock goes up and down, and who has
//! bought the product since is left in peace.
#![deny(missing_docs)]

use signalbox_catalogue::{bought_since, events, id, in_stock, key, rows};
use signalbox_sdk::{TableRows, prelude::*};

/// How many of the latest requests, and of the latest purchases, are looked at.
const EVENTS_MAX: u32 = 20;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "When a product is back in stock")]
pub struct Config {
    /// How long a request is good for.
    #[serde(default = "default_within")]
    #[schemars(title = "Asked within")]
    pub within: Span,

    /// The table that is the catalogue; its key is the product.
    #[serde(default = "default_table")]
    #[schemars(title = "Catalogue", length(min = 1, max = 100))]
    pub table: String,

    /// The column of the catalogue that says how many there are, or whether there are any.
    #[serde(default = "default_stock")]
    #[schemars(title = "Stock column", length(min = 1, max = 100))]
    pub stock_column: String,

    /// The event by which a contact asks for a product.
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
        Back = "back": "The product is there again",
        OutOfStock = "out_of_stock": "The product is out of stock",
        Gone = "gone": "The catalogue no longer has the product",
        Bought = "bought": "Bought since",
        NotAsked = "not_asked": "Asked for no product in the time",
    }
}

/// The rule.
pub struct BackInStock;

impl Rule for BackInStock {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        let asked = Events::named(config.event.as_str()).within(config.within);
        let bought = Events::named(config.purchase_event.as_str()).within(config.within);
        Ok(Plan::new()
            .on(Occasion::TableRowChanged(config.table.clone()))
            .last_field("product", asked.clone(), &config.product_field, Type::Any)
            .recent("asked", asked, EVENTS_MAX)
            .recent("bought", bought, EVENTS_MAX)
            .table("row", TableRows::with_key(config.table.as_str(), "product")))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        let product = contact
            .value("product")
            .and_then(|value| id(&value.to_json()));
        let Some(product) = product else {
            return Ok(TriggerVerdict::nothing(Why::NotAsked));
        };
        let asked = events(contact.json("asked"))?;
        let orders = events(contact.json("bought"))?;
        let rows = rows(contact.json("row"))?;
        let mut of_product = asked.iter().filter(|event| {
            let named = event.fields.get(&config.product_field).and_then(id);
            named.as_deref() == Some(product.as_str())
        });
        let Some(last) = of_product.next() else {
            return Ok(TriggerVerdict::nothing(Why::NotAsked));
        };
        let Some(row) = rows.first() else {
            return Ok(TriggerVerdict::nothing(Why::Gone));
        };
        Ok(if !in_stock(row.get(&config.stock_column)) {
            TriggerVerdict::nothing(Why::OutOfStock)
        } else if bought_since(&orders, &config.purchase_field, &product, last.occurred_at) {
            TriggerVerdict::nothing(Why::Bought)
        } else {
            let key = key(&product, &last.occurred_at.to_string());
            TriggerVerdict::enter_with(key, Why::Back)
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn default_within() -> Span {
    Span::days(180)
}

fn default_table() -> String {
    "products".to_owned()
}

fn default_stock() -> String {
    "stock".to_owned()
}

fn default_event() -> String {
    "stock_alert_requested".to_owned()
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

    const ASKED: &str = "2025-12-01T10:00:00Z";

    /// A contact who asked for the product, and the row as it is now.
    fn asked(name: &str, row: Json) -> Case {
        let request = json!({ "occurred_at": ASKED, "fields": { "product_id": "C2" } });
        Case::new(name, json!({}))
            .given("product", "C2")
            .given("asked", json!([request]))
            .given("row", row)
    }

    fn stock(stock: impl Into<Json>) -> Json {
        let stock: Json = stock.into();
        json!([{ "id": "C2", "price": 14, "stock": stock }])
    }

    pub(super) fn all() -> Vec<Case> {
        let order = |at: &str| json!([{ "occurred_at": at, "fields": { "product_ids": "C2" } }]);
        vec![
            asked("one has come in", stock(1)).expect(json!({
                "enter": { "key": "C2 2025-12-01T10:00:00Z" }, "arm": null, "reason": "back",
            })),
            asked("the catalogue only says that there are some", stock(true))
                .expect(json!({ "enter": {}, "reason": "back" })),
            asked("none yet", stock(0)).expect(json!({ "enter": null, "reason": "out_of_stock" })),
            asked("how many is not known", stock("many"))
                .expect(json!({ "enter": null, "reason": "out_of_stock" })),
            asked("bought elsewhere in the shop since", stock(5))
                .given("bought", order("2025-12-01T10:00:00Z"))
                .expect(json!({ "enter": null, "reason": "bought" })),
            asked("bought one before, wants another", stock(5))
                .given("bought", order("2025-11-30T10:00:00Z"))
                .expect(json!({ "enter": {}, "reason": "back" })),
            asked("no longer sold", json!([])).expect(json!({ "enter": null, "reason": "gone" })),
            Case::new("asked for nothing", json!({}))
                .expect(json!({ "enter": null, "reason": "not_asked" })),
        ]
    }
}

plugin! {
    name: "back_in_stock",
    version: env!("CARGO_PKG_VERSION"),
    title: "When a product is back in stock",
    summary: "Enters a contact when a product that they asked for is there again, once for each request.",
    trigger: BackInStock,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::{BackInStock, Why};

    #[test]
    fn cases() {
        check_cases::<BackInStock>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    fn decide(product: &str, requests: &[(&str, &str)]) -> (Option<String>, Why) {
        let asked: Vec<_> = requests
            .iter()
            .map(|(at, product)| json!({ "occurred_at": at, "fields": { "product_id": product } }))
            .collect();
        let verdict = Row::new()
            .set("product", product)
            .set("asked", asked)
            .set("row", json!([{ "stock": 2 }]))
            .decide::<BackInStock>("{}")
            .expect("a verdict");
        (verdict.enter.and_then(|enter| enter.key), verdict.reason)
    }

    #[test]
    fn a_new_request_is_a_new_entry() {
        let first = ("2026-01-01T00:00:00Z", "a");
        let second = ("2026-02-01T00:00:00Z", "a");
        let key = |at: &str| (Some(format!("a {at}")), Why::Back);
        assert_eq!(decide("a", &[first]), key(first.0));
        assert_eq!(decide("a", &[second, first]), key(second.0));
        assert_eq!(decide("b", &[second, first]), (None, Why::NotAsked));
    }

    #[test]
    fn what_cannot_be_read_is_a_failure() {
        let answer = Row::new()
            .set("product", "a")
            .set("row", 7)
            .decide::<BackInStock>("{}");
        assert!(answer.unwrap_err().starts_with("the table cannot be read"));
    }
}
