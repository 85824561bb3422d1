//! What a rule reads, in plain words: people decide by them what a plugin may see.

use serde_json::json;
use signalbox_model::plan::Source;

#[test]
fn each_operator_of_a_condition_is_told() {
    for (operator, value, expected) in [
        ("eq", json!("gold"), "plan = \"gold\""),
        ("ne", json!("gold"), "plan is not \"gold\""),
        ("gt", json!(2), "plan > 2"),
        ("gte", json!(2), "plan >= 2"),
        ("lt", json!(2.5), "plan < 2.5"),
        ("lte", json!(2), "plan <= 2"),
        (
            "in",
            json!(["gold", "silver"]),
            "plan is one of [\"gold\",\"silver\"]",
        ),
        ("contains", json!("old"), "plan contains \"old\""),
        ("exists", json!(true), "plan is there"),
        ("exists", json!(false), "plan is missing"),
    ] {
        let condition = json!({ "field": "plan", "operator": operator, "value": value });
        let source = json!({ "count": { "event": "order_completed", "where": [condition], "within": "90d" } });
        let source: Source = serde_json::from_value(source).expect("the source is good");
        let expected = format!("count of order_completed where {expected} in 90d");
        assert_eq!(source.in_words(), expected);
    }
}
