//! The published schemas and the types of `model` accept and refuse the same documents.

use serde_json::{Value as Json, json};
use signalbox_model::{
    describe::{Description, RuleKind},
    plan::Plan,
};
use signalbox_rules::documents::{
    DESCRIBE_SCHEMA, PLAN_SCHEMA, Reading, check_plan, read_workflow,
};

fn accepts(schema: &str, document: &Json) -> bool {
    let schema: Json = serde_json::from_str(schema).expect("the schema is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("the schema is one of its draft");
    jsonschema::validator_for(&schema)
        .expect("the schema compiles")
        .is_valid(document)
}

fn plan_with(input: &Json) -> Json {
    json!({"format": 1, "inputs": [input]})
}

fn input(source: &Json) -> Json {
    json!({"name": "x", "source": source, "type": "any"})
}

#[test]
fn plans() {
    let events = json!({"event": "order_completed"});
    let full = json!({"event": "order_completed", "within": "90d", "where": [
        {"field": "value", "operator": "gte", "value": 49.5},
        {"field": "tags", "operator": "in", "value": ["a", {"b": [true]}]},
    ]});
    let good = [
        json!({"format": 1, "inputs": []}),
        plan_with(&input(&json!({"attribute": "country"}))),
        plan_with(&input(&json!({"event_field": "cart-id"}))),
        plan_with(&input(&json!({"count": events}))),
        plan_with(&input(&json!({"count": full}))),
        plan_with(&input(&json!({"sum": {"of": events, "field": "value"}}))),
        plan_with(&input(&json!({"first": {"of": events}}))),
        plan_with(&input(&json!({"last": {"of": full, "field": "value"}}))),
        plan_with(&input(&json!({"recent": {"of": events, "count": 100}}))),
        plan_with(&input(&json!({"segment": "vip"}))),
        plan_with(&input(&json!({"kept": "offer"}))),
        plan_with(&input(&json!({"arm_taken": "which_offer"}))),
        plan_with(&input(
            &json!({"table": {"table": "stores", "key_input": "city", "order_by": "rank", "rows_max": 5}}),
        )),
        plan_with(&input(&json!("occasion"))),
        plan_with(&input(&json!("arm_key"))),
        plan_with(&input(&json!("clock"))),
        plan_with(&input(&json!("seed"))),
        json!({"format": 1, "inputs": [], "occasions": [
            {"event": {"event": "order_completed", "where": []}}, {"attribute_changed": "city"},
            {"segment_entered": "vip"}, {"segment_left": "vip"}, {"table_row_changed": "stores"}, "start", "due",
        ]}),
    ];
    for document in good {
        assert!(
            accepts(PLAN_SCHEMA, &document),
            "the schema refuses {document}"
        );
        serde_json::from_value::<Plan>(document.clone())
            .unwrap_or_else(|e| panic!("{e}: {document}"));
    }
    let bad = [
        json!([]),
        json!({"inputs": []}),
        json!({"format": 1}),
        json!({"format": 1, "inputs": [], "more": 1}),
        json!({"format": 1, "inputs": [{"name": "x", "source": "clock"}]}),
        json!({"format": 1, "inputs": [{"name": "x", "source": "clock", "type": "date"}]}),
        json!({"format": 1, "inputs": [{"name": "x", "source": "clock", "type": "any", "more": 1}]}),
        plan_with(&input(&json!("weather"))),
        plan_with(&input(&json!({"attribute": "a b"}))),
        plan_with(&input(&json!({"attribute": ""}))),
        plan_with(&input(&json!({"attribute": "a", "kept": "b"}))),
        plan_with(&input(&json!({}))),
        plan_with(&input(&json!({"count": {"event": "Order"}}))),
        plan_with(&input(
            &json!({"count": {"event": "order", "within": "90 days"}}),
        )),
        plan_with(&input(&json!({"count": {"event": "order", "more": 1}}))),
        plan_with(&input(
            &json!({"count": {"event": "order", "where": [{"field": "a", "operator": "like", "value": 1}]}}),
        )),
        plan_with(&input(
            &json!({"count": {"event": "order", "where": [{"field": "a", "operator": "eq", "value": null}]}}),
        )),
        plan_with(&input(
            &json!({"count": {"event": "order", "where": [{"field": "a", "operator": "eq"}]}}),
        )),
        plan_with(&input(&json!({"sum": {"of": events}}))),
        plan_with(&input(&json!({"recent": {"of": events}}))),
        json!({"format": 1, "inputs": [], "occasions": ["never"]}),
        json!({"format": 1, "inputs": [], "occasions": [{"event": {"where": []}}]}),
    ];
    for document in bad {
        assert!(
            !accepts(PLAN_SCHEMA, &document),
            "the schema takes {document}"
        );
        assert!(
            serde_json::from_value::<Plan>(document.clone()).is_err(),
            "the type takes {document}"
        );
    }
}

#[test]
fn descriptions() {
    let good = crate::guest::describe("1.2.3-beta.1+build.5");
    assert!(accepts(DESCRIBE_SCHEMA, &good));
    serde_json::from_value::<Description>(good.clone()).expect("the type takes it");
    let changed = |pointer: &str, value: Json| {
        let mut document = good.clone();
        *document.pointer_mut(pointer).expect("the place is there") = value;
        document
    };
    let bad = [
        changed("/name", json!("../../etc/x")),
        changed("/name", json!("a/b")),
        changed("/name", json!("C:\\x")),
        changed("/name", json!("b\u{430}d")),
        changed("/name", json!("")),
        changed("/name", json!("x".repeat(300))),
        changed("/version", json!("1.0")),
        changed("/version", json!("01.0.0")),
        changed("/rules", json!({"filter": {}})),
        changed("/rules/segment/reasons/0", json!({"code": "over"})),
        changed("/rules/segment/cases/0", json!({"name": "x", "config": {}})),
        changed(
            "/rules/segment/cases/0",
            json!({"name": "x", "config": {}, "expect": {}, "more": 1}),
        ),
        changed("/title", json!(null)),
    ];
    for document in bad {
        assert!(
            !accepts(DESCRIBE_SCHEMA, &document),
            "the schema takes {document}"
        );
        assert!(
            serde_json::from_value::<Description>(document.clone()).is_err(),
            "the type takes {document}"
        );
    }
}

#[test]
fn every_property_is_documented() {
    fn walk(json: &Json, place: &str) {
        if let Some(properties) = json.get("properties").and_then(Json::as_object) {
            for (name, property) in properties {
                let is_documented =
                    property.get("description").is_some() || property.get("$ref").is_some();
                assert!(
                    is_documented,
                    "{place}/properties/{name} has no description"
                );
            }
        }
        for (name, child) in json.as_object().into_iter().flatten() {
            walk(child, &format!("{place}/{name}"));
        }
        for (at, child) in json.as_array().into_iter().flatten().enumerate() {
            walk(child, &format!("{place}/{at}"));
        }
    }
    for schema in [PLAN_SCHEMA, DESCRIBE_SCHEMA] {
        walk(
            &serde_json::from_str(schema).expect("the schema is JSON"),
            "",
        );
    }
}

#[test]
fn a_plan_that_makes_no_sense_is_refused_at_the_place() {
    let check = |kind, document: Json, expected: &[&str]| {
        let plan: Plan = serde_json::from_value(document).expect("a plan");
        let problems: Vec<String> = check_plan(kind, &plan)
            .iter()
            .map(|p| format!("{} {}: {}", p.pointer, p.code, p.reason))
            .collect();
        assert_eq!(problems, expected);
    };
    check(
        RuleKind::Segment,
        plan_with(&input(
            &json!({"table": {"table": "stores", "key_input": "city"}}),
        )),
        &["/inputs/0/source/table/key_input key_input: no input is named \"city\""],
    );
    check(
        RuleKind::Segment,
        plan_with(
            &json!({"name": "rows", "source": {"table": {"table": "stores"}}, "type": "text"}),
        ),
        &["/inputs/0/type table_type: rows of a table come as JSON"],
    );
    check(
        RuleKind::Trigger,
        json!({"format": 1, "inputs": [
            {"name": "city", "source": {"attribute": "city"}, "type": "text"},
            {"name": "row", "source": {"table": {"table": "stores", "key_input": "city"}}, "type": "json"},
            {"name": "near", "source": {"table": {"table": "cities", "key_input": "row"}}, "type": "json"},
        ], "occasions": [{"table_row_changed": "stores"}, {"table_row_changed": "shops"}]}),
        &[
            "/inputs/2/source/table/key_input key_input: the input \"row\" is rows of a table itself",
            "/occasions/1 table_not_joined: nothing says which contacts a row of table shops concerns",
        ],
    );
    check(
        RuleKind::Trigger,
        json!({"format": 1, "inputs": [input(&json!({"segment": "vip"}))], "occasions": ["start", {"segment_left": "vip"}]}),
        &[],
    );
    check(
        RuleKind::Trigger,
        json!({"format": 1, "inputs": []}),
        &["/occasions no_occasion: a trigger without an occasion is never asked"],
    );
    check(
        RuleKind::Segment,
        json!({"format": 1, "inputs": [input(&json!("occasion")), input(&json!("clock"))]}),
        &[
            "/inputs/0/source occasion_of_trigger: a segment is not asked on an occasion",
            "/inputs/1/name repeated: the name \"x\" stands twice",
        ],
    );
}

#[test]
fn a_value_that_a_workflow_cannot_have_is_told_once_and_the_rest_is_read() {
    let document = json!({
        "id": "w", "title": "W", "zone": "Mars/Olympus",
        "steps": [
            {"id": "a", "wait_for": {"arms": [{"on": {"event": "paid"}}], "timeout": "99999999999d"}},
            {"id": "b", "wait": {"for": "99999999999d"}},
        ],
    });
    let Reading {
        workflow, problems, ..
    } = read_workflow(&document);
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.pointer.as_str(), problem.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("/steps/0/wait_for/timeout", "schema"),
            ("/steps/1/wait/for", "schema"),
            ("/zone", "zone_unknown"),
        ]
    );
    let workflow = workflow.expect("the rest is read");
    assert_eq!(workflow.zone, None);
    assert!(workflow.steps[0].wait_for.is_some() && workflow.steps[1].wait.is_some());
}
