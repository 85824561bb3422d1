//! Personalizer `recommend`: products from the categories that a contact looked at, else best sellers.
//!
//! The catalogue is a reference table, read in the order of its column for rank (1 sells best). What the contact
//! bought and what is out of stock is left out. Of the rest those of the most viewed category come first, by rank;
//! what is then missing is filled up with best sellers, and the reason says so. The template finds the rows as they
//! are in `rule.recommend.items`, and in `rule.recommend.personal` how many of them come from the contact's own
//! categories.
#![deny(missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use signalbox_catalogue::{Row, events, id, ids, in_stock, rows};
use signalbox_sdk::{Batch, TableRows, prelude::*};

/// Most rows of the catalogue: reading them takes about a third of the fuel of a decision.
const ROWS_MAX: u32 = 100;
/// How many of the latest purchases are left out.
const PURCHASES_MAX: u32 = 100;
/// How many of the latest looks at products are counted.
const INTEREST_MAX: u32 = 30;
/// Most bytes of the rows in an answer; the contract allows 16 KiB for all of the values.
const ITEMS_BYTES_MAX: usize = 15 * 1024;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Recommendation")]
pub struct Config {
    /// The table that is the catalogue.
    #[serde(default = "default_table")]
    #[schemars(title = "Catalogue", length(min = 1, max = 100))]
    pub table: String,

    /// How many rows of it are read, the best sellers first.
    #[serde(default = "default_rows_max")]
    #[schemars(title = "Rows read", range(min = 1, max = 100))]
    pub rows_max: u32,

    /// What the columns of the catalogue are called.
    #[serde(default)]
    #[schemars(title = "Columns")]
    pub columns: Columns,

    /// How many products are recommended.
    #[serde(default = "default_count")]
    #[schemars(title = "Products", range(min = 1, max = 20))]
    pub count: u8,

    /// The event that shows interest, and its field for the category.
    #[serde(default = "default_interest")]
    #[schemars(title = "Interest")]
    pub interest: Named,

    /// The event that is a purchase, and its field for the product, or a list of products.
    #[serde(default = "default_purchase")]
    #[schemars(title = "Purchase")]
    pub purchase: Named,
}

/// Columns of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// The product.
    #[schemars(title = "Product", length(min = 1, max = 100))]
    pub id: String,
    /// Its category, a text.
    #[schemars(title = "Category", length(min = 1, max = 100))]
    pub category: String,
    /// How many there are, or whether there are any.
    #[schemars(title = "Stock", length(min = 1, max = 100))]
    pub stock: String,
    /// Its rank, a number; 1 sells best.
    #[schemars(title = "Rank", length(min = 1, max = 100))]
    pub rank: String,
}

/// An event and one of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The event's name.
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub event: String,
    /// Its field.
    #[schemars(title = "Field", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"))]
    pub field: String,
}

reasons! {
    /// Where the products come from.
    pub enum Why {
        Personal = "personal": "All from categories that the contact looked at",
        Filled = "filled": "From such categories, filled up with best sellers",
        BestSellers = "best_sellers": "Nothing is known or left of such categories: best sellers",
        Nothing = "nothing": "Everything is bought or out of stock",
    }
}

/// The rule.
pub struct Recommend;

/// A product that can be recommended, in the order of the catalogue.
struct Product {
    id: String,
    category: Option<String>,
    row: Row,
}

/// The products of the catalogue that are in stock.
fn shelf(config: &Config, text: Option<&str>) -> Result<Vec<Product>, String> {
    let product = |row: Row| {
        let columns = &config.columns;
        if !in_stock(row.get(&columns.stock)) {
            return None;
        }
        Some(Product {
            id: id(row.get(&columns.id)?)?,
            category: row.get(&columns.category).and_then(id),
            row,
        })
    };
    Ok(rows(text)?.into_iter().filter_map(product).collect())
}

/// The products for one contact, the best first, each with how often its category was looked at.
fn choose<'a>(
    config: &Config,
    shelf: &'a [Product],
    owned: &BTreeSet<String>,
    viewed: &BTreeMap<String, u32>,
) -> Vec<(u32, &'a Product)> {
    let views = |product: &Product| {
        let category = product.category.as_ref();
        category
            .and_then(|category| viewed.get(category))
            .copied()
            .unwrap_or(0)
    };
    let mut products: Vec<(u32, &Product)> = shelf
        .iter()
        .filter(|product| !owned.contains(&product.id))
        .map(|product| (views(product), product))
        .collect();
    // Stable: within a category, and among those of none, the order of the catalogue stays.
    products.sort_by_key(|(views, _)| std::cmp::Reverse(*views));
    products.truncate(usize::from(config.count));
    products
}

fn recommend(
    config: &Config,
    shelf: &[Product],
    contact: &Contact<'_>,
) -> Result<PersonalizerVerdict<Why>, String> {
    let mut owned = BTreeSet::new();
    for order in events(contact.json("purchases"))? {
        owned.extend(
            order
                .fields
                .get(&config.purchase.field)
                .into_iter()
                .flat_map(ids),
        );
    }
    let mut viewed: BTreeMap<String, u32> = BTreeMap::new();
    for view in events(contact.json("interest"))? {
        for category in view
            .fields
            .get(&config.interest.field)
            .into_iter()
            .flat_map(ids)
        {
            *viewed.entry(category).or_default() += 1;
        }
    }
    let mut items = String::new();
    let (mut all, mut personal) = (0, 0);
    for (views, product) in choose(config, shelf, &owned, &viewed) {
        // A map with text keys always has a JSON form.
        let text = serde_json::to_string(&product.row).unwrap_or_default();
        if items.len() + text.len() > ITEMS_BYTES_MAX {
            break;
        }
        if all > 0 {
            items.push(',');
        }
        items.push_str(&text);
        all += 1;
        personal += u32::from(views > 0);
    }
    let why = match (all, personal) {
        (0, _) => Why::Nothing,
        (_, 0) => Why::BestSellers,
        _ if all == personal => Why::Personal,
        _ => Why::Filled,
    };
    let values = format!(r#"{{"recommend":{{"personal":{personal},"items":[{items}]}}}}"#);
    Ok(PersonalizerVerdict::from_json(values, why))
}

impl Rule for Recommend {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if config.count == 0 {
            return Err("at least one product must be recommended".to_owned());
        }
        if config.rows_max == 0 || config.rows_max > ROWS_MAX {
            return Err(format!("1 to {ROWS_MAX} rows of the catalogue can be read"));
        }
        let catalogue = TableRows::first(
            config.table.as_str(),
            config.rows_max,
            config.columns.rank.as_str(),
        );
        Ok(Plan::new()
            .recent("purchases", config.purchase.event.as_str(), PURCHASES_MAX)
            .recent("interest", config.interest.event.as_str(), INTEREST_MAX)
            .table("catalogue", catalogue))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let shelf = shelf(config, contact.json("catalogue"))?;
        recommend(config, &shelf, contact)
    }

    /// The catalogue is the same for every contact of a batch as a rule, and reading it most of the work.
    fn decide_batch(
        config: &Config,
        batch: &Batch,
    ) -> Vec<Result<PersonalizerVerdict<Why>, String>> {
        let mut before: Option<&str> = None;
        let mut read = shelf(config, None);
        batch.each(|contact| {
            let text = contact.json("catalogue");
            if text != before {
                (before, read) = (text, shelf(config, text));
            }
            match &read {
                Ok(shelf) => recommend(config, shelf, contact),
                Err(message) => Err(message.clone()),
            }
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            id: "id".to_owned(),
            category: "category".to_owned(),
            stock: "stock".to_owned(),
            rank: "rank".to_owned(),
        }
    }
}

fn default_table() -> String {
    "products".to_owned()
}

fn default_rows_max() -> u32 {
    60
}

fn default_count() -> u8 {
    3
}

fn default_interest() -> Named {
    Named {
        event: "product_viewed".to_owned(),
        field: "category".to_owned(),
    }
}

fn default_purchase() -> Named {
    Named {
        event: "order_completed".to_owned(),
        field: "product_ids".to_owned(),
    }
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use serde_json::Value as Json;
    use signalbox_sdk::prelude::*;

    fn catalogue() -> Json {
        json!([
            { "id": "T1", "category": "tea", "stock": 9, "rank": 1, "name": "Assam" },
            { "id": "C1", "category": "coffee", "stock": 4, "rank": 2, "name": "Santos" },
            { "id": "C2", "category": "coffee", "stock": 0, "rank": 3, "name": "Sidamo" },
            { "id": "C3", "category": "coffee", "stock": 1, "rank": 4, "name": "Kona" },
            { "id": "M1", "category": "mugs", "stock": true, "rank": 5, "name": "Blue mug" },
        ])
    }

    fn viewed(categories: &[&str]) -> Json {
        let view = |category: &&str| json!({ "occurred_at": "2025-12-01T00:00:00Z", "fields": { "category": category } });
        categories.iter().map(view).collect()
    }

    fn bought(products: &Json) -> Json {
        json!([{ "occurred_at": "2025-11-01T00:00:00Z", "fields": { "product_ids": products } }])
    }

    pub(super) fn all() -> Vec<Case> {
        let two = json!({ "count": 2 });
        let three = json!({ "count": 3 });
        let known = |name: &str, config: &Json| {
            Case::new(name, config.clone()).given("catalogue", catalogue())
        };
        vec![
            known("coffee, since it was looked at most, without what is out of stock", &two)
                .given("interest", viewed(&["coffee", "tea", "coffee"]))
                .expect(json!({
                    "values": { "recommend": {
                        "personal": 2, "items": [{ "id": "C1", "name": "Santos" }, { "id": "C3" }],
                    } },
                    "subject": null, "reason": "personal",
                })),
            known("one coffee is bought already, the rest are best sellers", &three)
                .given("interest", viewed(&["coffee"]))
                .given("purchases", bought(&json!(["C1"])))
                .expect(json!({
                    "values": { "recommend": {
                        "personal": 1, "items": [{ "id": "C3" }, { "id": "T1" }, { "id": "M1" }],
                    } },
                    "reason": "filled",
                })),
            known("best sellers for who looked at nothing", &two).expect(json!({
                "values": { "recommend": { "personal": 0, "items": [{ "id": "T1" }, { "id": "C1" }] } },
                "reason": "best_sellers",
            })),
            known("best sellers for who looked at what there is none of", &two)
                .given("interest", viewed(&["cocoa"]))
                .given("purchases", bought(&json!("T1")))
                .expect(json!({
                    "values": { "recommend": { "items": [{ "id": "C1" }, { "id": "C3" }] } },
                    "reason": "best_sellers",
                })),
            known("has everything", &two)
                .given("interest", viewed(&["tea"]))
                .given("purchases", bought(&json!(["T1", "C1", "C3", "M1"])))
                .expect(json!({
                    "values": { "recommend": { "personal": 0, "items": [] } }, "reason": "nothing",
                })),
            Case::new("an empty catalogue", two).expect(json!({
                "values": { "recommend": { "items": [] } }, "reason": "nothing",
            })),
        ]
    }
}

plugin! {
    name: "recommend",
    version: env!("CARGO_PKG_VERSION"),
    title: "Recommendation",
    summary: "Recommends products of the categories that a contact looked at, not bought yet and in stock, else best sellers.",
    personalizer: Recommend,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests;
