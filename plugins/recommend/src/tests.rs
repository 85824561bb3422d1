//! The rule against random catalogues and histories, and what it does with too much or nothing.
//!
//! Run by `cargo test` only; never part of the component.

use serde_json::{Value as Json, json};
use signalbox_sdk::{
    Random,
    testing::{Row, check_cases, check_description, decide_rows},
};

use crate::{Recommend, Why};

#[test]
fn cases() {
    check_cases::<Recommend>();
}

#[test]
fn the_finished_description_is_the_sources() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
    check_description(&crate::signalbox_description(), file);
}

fn items(values: &str) -> Vec<Json> {
    let values: Json = serde_json::from_str(values).expect("JSON");
    values["recommend"]["items"]
        .as_array()
        .expect("a list")
        .clone()
}

/// Any catalogue and any history: nothing owned, nothing out of stock, nothing twice, and as many as there are.
#[test]
fn what_is_recommended_can_be_bought() {
    let mut random = Random::new(5);
    for _ in 0..300 {
        let mut catalogue = Vec::new();
        for rank in 0..random.below(30) {
            let (category, stock) = (random.below(4), random.below(2));
            catalogue
                .push(json!({ "id": rank, "category": category, "stock": stock, "rank": rank }));
        }
        let mut listed = |field: &str, length: u64, below: u64| -> Vec<Json> {
            (0..random.below(length))
                .map(|_| {
                    json!({ "occurred_at": "2026-01-01T00:00:00Z", "fields": { field: random.below(below) } })
                })
                .collect()
        };
        let (orders, views) = (listed("product_ids", 20, 30), listed("category", 10, 4));
        let verdict = Row::new()
            .set("catalogue", catalogue.clone())
            .set("purchases", orders.clone())
            .set("interest", views)
            .decide::<Recommend>(r#"{ "count": 4 }"#)
            .expect("a verdict");
        let owned = |id: &Json| {
            orders
                .iter()
                .any(|order| order["fields"]["product_ids"] == *id)
        };
        let free = catalogue
            .iter()
            .filter(|row| row["stock"] == 1 && !owned(&row["id"]));
        let items = items(&verdict.values);
        assert_eq!(items.len(), free.count().min(4));
        assert!(
            items
                .iter()
                .all(|row| row["stock"] == 1 && !owned(&row["id"]))
        );
        let ids: std::collections::BTreeSet<String> =
            items.iter().map(|row| row["id"].to_string()).collect();
        assert_eq!(ids.len(), items.len());
        assert_eq!(verdict.reason == Why::Nothing, items.is_empty());
    }
}

#[test]
fn an_answer_stays_within_its_bytes() {
    let row = |id: u32| json!({ "id": id, "stock": 1, "text": "x".repeat(4_000) });
    let catalogue: Vec<Json> = (0..10).map(row).collect();
    let verdict = Row::new()
        .set("catalogue", catalogue)
        .decide::<Recommend>(r#"{ "count": 10 }"#)
        .expect("a verdict");
    assert_eq!(items(&verdict.values).len(), 3);
    assert!(verdict.values.len() <= 16 * 1024);
}

#[test]
fn catalogues_may_differ_within_a_batch() {
    let row = |id: u32| Row::new().set("catalogue", json!([{ "id": id, "stock": 1 }]));
    let rows = [row(1), row(1), row(2), Row::new(), row(1)];
    let ids: Vec<Vec<Json>> = decide_rows::<Recommend>("{}", &rows)
        .into_iter()
        .map(|verdict| items(&verdict.expect("a verdict").values))
        .map(|items| items.iter().map(|item| item["id"].clone()).collect())
        .collect();
    assert_eq!(json!(ids), json!([[1], [1], [2], [], [1]]));
}

#[test]
fn what_cannot_be_read_is_a_failure() {
    let answer = Row::new().set("catalogue", "x").decide::<Recommend>("{}");
    assert!(answer.unwrap_err().starts_with("the table cannot be read"));
    let answer = Row::new().set("interest", "x").decide::<Recommend>("{}");
    assert!(answer.unwrap_err().starts_with("the events cannot be read"));
}
