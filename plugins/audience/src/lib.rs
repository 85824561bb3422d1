//! Segment `audience`: contacts who meet a tree of conditions over attributes and history.
//!
//! The host asks it about one contact at an entry or a branch, and about thousands at once for a preview. The tree is
//! compiled once a batch and evaluated column by column.
#![deny(missing_docs)]

use signalbox_conditions::{Compiled, Tree, Truth};
use signalbox_sdk::{Batch, prelude::*};

reasons! {
    /// Why a contact is in or out.
    pub enum Why {
        Member = "member": "Meets the conditions",
        NotMember = "not_member": "Does not meet the conditions",
        MissingValue = "missing_value": "A value is missing that the conditions need",
        Condition1 = "condition_1": "Does not meet the first condition",
        Condition2 = "condition_2": "Does not meet the second condition",
        Condition3 = "condition_3": "Does not meet the third condition",
        Condition4 = "condition_4": "Does not meet the fourth condition",
        Condition5 = "condition_5": "Does not meet the fifth condition",
        Condition6 = "condition_6": "Does not meet the sixth condition",
        Condition7 = "condition_7": "Does not meet the seventh condition",
        Condition8 = "condition_8": "Does not meet the eighth condition",
    }
}

const UNMET: [Why; 8] = [
    Why::Condition1,
    Why::Condition2,
    Why::Condition3,
    Why::Condition4,
    Why::Condition5,
    Why::Condition6,
    Why::Condition7,
    Why::Condition8,
];

/// The rule.
pub struct Audience;

impl Rule for Audience {
    type Config = Tree;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Tree) -> Result<Plan, String> {
        let (_, inputs) = Compiled::new(config)?;
        Ok(Compiled::plan(inputs))
    }

    fn decide(config: &Tree, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let (compiled, _) = Compiled::new(config)?;
        Ok(verdict(compiled.explain_at(contact)))
    }

    fn decide_batch(config: &Tree, batch: &Batch) -> Vec<Result<SegmentVerdict<Why>, String>> {
        match Compiled::new(config) {
            Ok((compiled, _)) => compiled
                .explain(batch)
                .into_iter()
                .map(|outcome| Ok(verdict(outcome)))
                .collect(),
            Err(message) => (0..batch.rows()).map(|_| Err(message.clone())).collect(),
        }
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn verdict((truth, unmet): (Truth, u8)) -> SegmentVerdict<Why> {
    match truth {
        Truth::Yes => SegmentVerdict::inside(Why::Member),
        Truth::Unknown => SegmentVerdict::outside(Why::MissingValue),
        Truth::No => SegmentVerdict::outside(
            UNMET
                .get(usize::from(unmet))
                .copied()
                .unwrap_or(Why::NotMember),
        ),
    }
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    pub(super) fn all() -> Vec<Case> {
        let mut cases = attributes();
        cases.extend(history());
        cases
    }

    fn attributes() -> Vec<Case> {
        let adults = json!({ "all": [
            { "attribute": { "name": "country", "operator": "in", "value": ["DE", "AT"] } },
            { "attribute": { "name": "age", "operator": "between", "value": [18, 99] } },
        ] });
        let not_german = json!({ "not": {
            "attribute": { "name": "country", "operator": "eq", "value": "DE" },
        } });
        let tagged = json!({ "any": [
            { "attribute": { "name": "tags", "operator": "contains", "value": "vip" } },
            { "attribute": { "name": "tags", "operator": "missing" } },
        ] });
        let early = json!({ "attribute": {
            "name": "signed_up_at", "operator": "lt", "value": "2026-01-01T00:00:00Z",
        } });
        let offered = json!({ "arm_taken": { "step": "offer", "arms": ["coupon", "gift"] } });
        let pleased = json!({ "kept": { "name": "score", "operator": "gte", "value": 8 } });
        vec![
            Case::new("kept a high score", pleased.clone())
                .given("kept score", 9)
                .expect(json!({ "member": true })),
            Case::new("kept none", pleased)
                .expect(json!({ "member": false, "reason": "missing_value" })),
            Case::new("got the coupon of the split", offered.clone())
                .given("arm taken at offer", "coupon")
                .expect(json!({ "member": true })),
            Case::new("came by another arm", offered.clone())
                .given("arm taken at offer", "nothing")
                .expect(json!({ "member": false, "reason": "not_member" })),
            Case::new("was never at the step", offered)
                .expect(json!({ "member": false, "reason": "missing_value" })),
            Case::new("meets both conditions", adults.clone())
                .given("country", "AT")
                .given("age", 18)
                .expect(json!({ "member": true, "reason": "member" })),
            Case::new("names the condition that is not met", adults.clone())
                .given("country", "AT")
                .given("age", 17.5)
                .expect(json!({ "member": false, "reason": "condition_2" })),
            Case::new("a missing age is no age", adults)
                .given("country", "AT")
                .expect(json!({ "member": false, "reason": "missing_value" })),
            Case::new("not from Germany", not_german.clone())
                .given("country", "FR")
                .expect(json!({ "member": true })),
            Case::new(
                "from nowhere known is not the same as not from Germany",
                not_german,
            )
            .expect(json!({ "member": false, "reason": "missing_value" })),
            Case::new("a list holds the tag", tagged.clone())
                .given("tags", json!(["new", "vip"]))
                .expect(json!({ "member": true })),
            Case::new("no tags at all, which is asked for", tagged.clone())
                .expect(json!({ "member": true })),
            Case::new("other tags", tagged)
                .given("tags", json!(["new"]))
                .expect(json!({ "member": false, "reason": "not_member" })),
            Case::new("instants are compared as instants", early)
                .given("signed_up_at", "2026-01-01T00:30:00+01:00")
                .expect(json!({ "member": true })),
        ]
    }

    fn history() -> Vec<Case> {
        let regular = json!({ "all": [
            { "count": {
                "of": { "event": "order_completed", "within": "90d" },
                "operator": "gte", "value": 2,
            } },
            { "average": {
                "of": { "event": "order_completed" }, "field": "value",
                "operator": "gt", "value": 40,
            } },
        ] });
        let quiet = json!({ "recency": {
            "event": "message_opened", "is": "longer_ago", "span": "30d",
        } });
        let large_order = json!({ "field": { "name": "value", "operator": "gte", "value": 50 } });
        let fan = json!({ "sum": {
            "of": {
                "event": "order_completed",
                "where": [{ "field": "product", "operator": "eq", "value": "vinyl" }],
            },
            "field": "value", "operator": "gte", "value": 100,
        } });
        vec![
            Case::new("buys often and well", regular.clone())
                .given("count of order_completed in 90d", 2)
                .given("sum of value over order_completed", 123)
                .given("count of order_completed", 3)
                .expect(json!({ "member": true, "reason": "member" })),
            Case::new("buys often but little", regular.clone())
                .given("count of order_completed in 90d", 2)
                .given("sum of value over order_completed", 120)
                .given("count of order_completed", 3)
                .expect(json!({ "member": false, "reason": "condition_2" })),
            Case::new("never bought: there is no average", regular)
                .given("count of order_completed in 90d", 0)
                .given("count of order_completed", 0)
                .expect(json!({ "member": false, "reason": "condition_1" })),
            Case::new("opened once, but not lately", quiet.clone())
                .given("count of message_opened", 4)
                .given("count of message_opened in 30d", 0)
                .expect(json!({ "member": true })),
            Case::new("never opened anything", quiet)
                .given("count of message_opened", 0)
                .given("count of message_opened in 30d", 0)
                .expect(json!({ "member": false })),
            Case::new(
                "the order that the journey entered by was large",
                large_order,
            )
            .given("value of the event", 50)
            .expect(json!({ "member": true, "reason": "member" })),
            Case::new("spent enough on one product", fan)
                .given(
                    "sum of value over order_completed where product = \"vinyl\"",
                    100,
                )
                .expect(json!({ "member": true })),
        ]
    }
}

plugin! {
    name: "audience",
    version: env!("CARGO_PKG_VERSION"),
    title: "Audience",
    summary: "Contacts who meet conditions on their attributes and on what they did: how often, how much, how long ago.",
    segment: Audience,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_conditions::Tree;
    use signalbox_sdk::{
        Random,
        prelude::*,
        testing::{Row, check_cases, check_description, decide_rows},
    };

    use super::{Audience, Why};

    #[test]
    fn cases() {
        check_cases::<Audience>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    /// The same rule without its evaluation by column.
    struct OneByOne;

    impl Rule for OneByOne {
        type Config = Tree;
        type Verdict = SegmentVerdict<Why>;

        fn plan(config: &Tree) -> Result<Plan, String> {
            Audience::plan(config)
        }

        fn decide(config: &Tree, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
            Audience::decide(config, contact)
        }

        fn cases() -> Vec<Case> {
            Audience::cases()
        }
    }

    fn random_tree(random: &mut Random, depth: u32) -> serde_json::Value {
        let comparison = ["eq", "ne", "gt", "gte", "lt", "lte"][random.below(6) as usize];
        let number = random.below(5);
        let children = |random: &mut Random| -> Vec<_> {
            (0..random.below(4))
                .map(|_| random_tree(random, depth - 1))
                .collect()
        };
        let history = json!({ "event": "order_completed", "within": "90d" });
        match random.below(if depth == 0 { 7 } else { 10 }) {
            0 => json!({ "attribute": { "name": "age", "operator": comparison, "value": number } }),
            1 => {
                json!({ "attribute": { "name": "country", "operator": comparison, "value": "b" } })
            }
            2 => {
                json!({ "attribute": { "name": "age", "operator": "between", "value": [1, number] } })
            }
            3 => json!({ "attribute": { "name": "country", "operator": "missing" } }),
            4 => json!({ "count": { "of": history, "operator": comparison, "value": number } }),
            5 => json!({ "average": {
                "of": history, "field": "value", "operator": comparison, "value": number,
            } }),
            6 => {
                json!({ "attribute": { "name": "country", "operator": "in", "value": ["a", "c"] } })
            }
            7 => json!({ "all": children(random) }),
            8 => json!({ "any": children(random) }),
            _ => json!({ "not": random_tree(random, depth - 1) }),
        }
    }

    fn random_row(random: &mut Random, plan: &Plan) -> Row {
        plan.inputs().iter().fold(Row::new(), |row, input| {
            if random.below(4) == 0 {
                return row;
            }
            match input.kind {
                Type::Number | Type::Integer => row.set(&input.name, random.below(5)),
                _ => row.set(&input.name, ["a", "b", "c"][random.below(3) as usize]),
            }
        })
    }

    #[test]
    fn by_column_and_one_by_one_agree() {
        let mut random = Random::new(7);
        for round in 0..300 {
            let config = random_tree(&mut random, 3);
            let tree: Tree = serde_json::from_value(config.clone()).expect("a tree");
            let plan = Audience::plan(&tree).expect("a plan");
            let rows: Vec<Row> = (0..40).map(|_| random_row(&mut random, &plan)).collect();
            let config = config.to_string();
            assert_eq!(
                decide_rows::<Audience>(&config, &rows),
                decide_rows::<OneByOne>(&config, &rows),
                "round {round}: {config}"
            );
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        let refused = |config: &str| Row::new().decide::<Audience>(config).unwrap_err();
        for (config, problem) in [
            (
                r#"{ "attribute": { "name": "age", "operator": "gt" } }"#,
                "the condition on age needs a value",
            ),
            (
                r#"{ "attribute": { "name": "age", "operator": "in", "value": [1, "b"] } }"#,
                "the condition on age needs texts, numbers or truth values, all of one type",
            ),
            (
                r#"{ "attribute": { "name": "age", "operator": "between", "value": [1] } }"#,
                "the condition on age needs a list of the least and the greatest value",
            ),
            (
                r#"{ "recency": { "event": "order_completed", "is": "within" } }"#,
                "the condition on order_completed needs a time",
            ),
        ] {
            assert_eq!(refused(config), problem);
        }
    }
}
