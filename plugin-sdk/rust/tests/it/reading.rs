//! What a rule sees of a contact, and what becomes of its mistakes.

use signalbox_sdk::{
    prelude::*,
    testing::{Row, check_cases, decide_rows},
};

use crate::rules::{Greeting, Spender, Threshold, Welcome, Why};

const CONFIG: &str = r#"{ "threshold": 50 }"#;

#[test]
fn cases_hold() {
    check_cases::<Welcome>();
    check_cases::<Spender>();
    check_cases::<Greeting>();
}

#[test]
fn one_contacts_failure_spoils_no_other() {
    let rows = [
        Row::new().set("spent", 60),
        Row::new().set("spent", 60).set("tags", "broken"),
        Row::new().set("tags", 7),
        Row::new().set("spent", "60"),
    ];
    let tomorrow = Instant::parse("2026-01-02T00:00:00Z").expect("an instant");
    let out = SegmentVerdict::outside(Why::No).recheck_at(tomorrow);
    assert_eq!(
        decide_rows::<Spender>(CONFIG, &rows),
        [
            Ok(SegmentVerdict::inside(Why::Yes).recheck_at(tomorrow)),
            Err("broken tags".to_owned()),
            Ok(out),
            Ok(out),
        ]
    );
}

#[test]
fn a_large_batch_finds_its_missing_rows() {
    let rows: Vec<Row> = (0..1000)
        .map(|row| {
            if row % 7 == 0 {
                Row::new()
            } else {
                Row::new().set("spent", row)
            }
        })
        .collect();
    for (row, answer) in decide_rows::<Spender>(CONFIG, &rows)
        .into_iter()
        .enumerate()
    {
        let expected = row % 7 != 0 && row > 50;
        assert_eq!(
            answer.map(|verdict| verdict.member),
            Ok(expected),
            "row {row}"
        );
    }
}

#[test]
fn a_bad_config_fails_every_contact_readably() {
    let answer = Row::new().decide::<Spender>(r#"{ "threshold": "much" }"#);
    assert!(
        answer
            .unwrap_err()
            .starts_with("invalid type: string \"much\", expected f64")
    );
}

#[test]
fn a_value_that_the_plan_does_not_ask_for_is_named() {
    let answer = Row::new().set("spend", 60).decide::<Spender>(CONFIG);
    assert_eq!(
        answer.unwrap_err(),
        "a value is given for \"spend\", the plan's inputs are [\"spent\", \"name\", \"tags\", \"clock\"]"
    );
}

/// A rule that asks for what it did not declare, or as another type.
struct Careless;

impl Rule for Careless {
    type Config = Threshold;
    type Verdict = SegmentVerdict<Why>;

    fn plan(_: &Threshold) -> Result<Plan, String> {
        Ok(Plan::new()
            .attribute("age", Type::Integer)
            .attribute("name", Type::Text))
    }

    fn decide(_: &Threshold, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let known = match contact.text("name") {
            Some("other") => contact.text("age").is_some(),
            Some(_) => contact.integer("years").is_some(),
            None => contact.integer("age").is_some(),
        };
        Ok(SegmentVerdict {
            member: known,
            reason: Why::Yes,
            recheck_at: None,
        })
    }

    fn cases() -> Vec<Case> {
        vec![
            Case::new("wrong on purpose", json!({ "threshold": 1 }))
                .expect(json!({ "member": true })),
        ]
    }
}

#[test]
fn mistakes_in_reading_are_failures_that_name_the_input() {
    let rows = [
        Row::new().set("age", 30),
        Row::new().set("age", 30).set("name", "Ada"),
        Row::new().set("age", 30).set("name", "other"),
    ];
    let members: Vec<_> = decide_rows::<Careless>(CONFIG, &rows)
        .into_iter()
        .map(|answer| answer.map(|verdict| verdict.member))
        .collect();
    assert_eq!(
        members,
        [
            Ok(true),
            Err("the rule reads the input \"years\", which its plan does not declare".to_owned()),
            Err("the rule reads the input \"age\" as a text, its plan says otherwise".to_owned()),
        ]
    );
}

#[test]
#[should_panic(expected = "- wrong on purpose: expected {\"member\":true}, found")]
fn a_case_that_comes_out_otherwise_is_shown() {
    check_cases::<Careless>();
}

#[test]
fn a_plan_that_the_server_would_refuse_is_refused_in_words() {
    let twice = Plan::new()
        .attribute("age", Type::Integer)
        .attribute("age", Type::Text);
    assert_eq!(
        twice.check(),
        Err("two inputs are named \"age\"".to_owned())
    );
    let many = (0..65).fold(Plan::new(), |plan, n| {
        plan.attribute(&format!("a{n}"), Type::Any)
    });
    assert_eq!(
        many.check(),
        Err("this reads 65 different values, at most 64 are allowed".to_owned())
    );
}
