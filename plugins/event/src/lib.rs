//! Trigger `event`: a contact enters whenever such an event occurs.
//!
//! The host holds the conditions against the event by itself, since they are part of the plan's occasion; the rule is
//! asked only about events that match, and chooses the key of the entry.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "When an event occurs")]
pub struct Config {
    /// The event's name, in past tense, such as `order_completed`.
    #[schemars(
        title = "Event",
        regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"),
        example = &"signed_up",
        example = &"order_completed"
    )]
    pub event: String,

    /// Only events whose fields meet all of these conditions.
    #[serde(default, rename = "where")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,

    /// The field that tells one entry from another, such as the order's number: the same value never enters twice.
    /// Without it every event enters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "Once per",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"),
        example = &"order_id"
    )]
    pub key: Option<String>,
}

reasons! {
    /// Why a contact enters or not.
    pub enum Why {
        Matched = "matched": "The event matched",
        KeyMissing = "key_missing": "The event lacks the field that tells entries apart",
        KeyUnusable = "key_unusable": "The field that tells entries apart holds no short text or number",
    }
}

/// The rule.
pub struct OnEvent;

impl Rule for OnEvent {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        let pattern =
            EventPattern::named(config.event.as_str()).with_conditions(&config.conditions);
        let plan = Plan::new().on_event(pattern);
        Ok(match &config.key {
            Some(field) => plan.input("key", Source::EventField(field.clone()), Type::Any),
            None => plan,
        })
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        if config.key.is_none() {
            return Ok(TriggerVerdict::enter(Why::Matched));
        }
        Ok(match contact.value("key") {
            None => TriggerVerdict::nothing(Why::KeyMissing),
            Some(value) => match value.to_key() {
                Some(key) => TriggerVerdict::enter_with(key, Why::Matched),
                None => TriggerVerdict::nothing(Why::KeyUnusable),
            },
        })
    }

    fn cases() -> Vec<Case> {
        let by_order = json!({
            "event": "order_completed",
            "where": [{ "field": "value", "operator": "gte", "value": 50 }],
            "key": "order_id",
        });
        vec![
            Case::new(
                "any such event enters under its own id",
                json!({ "event": "signed_up" }),
            )
            .expect(json!({ "enter": { "key": null }, "arm": null, "reason": "matched" })),
            Case::new("an order enters under its number", by_order.clone())
                .given("key", "A-1001")
                .expect(json!({ "enter": { "key": "A-1001" }, "reason": "matched" })),
            Case::new("a number is a key too", by_order.clone())
                .given("key", 1001)
                .expect(json!({ "enter": { "key": "1001" }, "reason": "matched" })),
            Case::new("an order without a number does not enter", by_order.clone())
                .expect(json!({ "enter": null, "reason": "key_missing" })),
            Case::new("a list is no key", by_order)
                .given("key", json!(["A-1001"]))
                .expect(json!({ "enter": null, "reason": "key_unusable" })),
        ]
    }
}

plugin! {
    name: "event",
    version: env!("CARGO_PKG_VERSION"),
    title: "When an event occurs",
    summary: "Enters a contact whenever an event with this name and these field values occurs.",
    trigger: OnEvent,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::{OnEvent, TriggerVerdict, Why};

    #[test]
    fn cases() {
        check_cases::<OnEvent>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn a_key_has_its_length() {
        let decide = |key: String| {
            let config = r#"{ "event": "order_completed", "key": "order_id" }"#;
            Row::new().set("key", key).decide::<OnEvent>(config)
        };
        assert_eq!(
            decide("x".repeat(256)),
            Ok(TriggerVerdict::enter_with("x".repeat(256), Why::Matched))
        );
        assert_eq!(
            decide("x".repeat(257)),
            Ok(TriggerVerdict::nothing(Why::KeyUnusable))
        );
        assert_eq!(
            decide(String::new()),
            Ok(TriggerVerdict::nothing(Why::KeyUnusable))
        );
    }

    #[test]
    fn a_config_is_read_strictly() {
        let answer = Row::new().decide::<OnEvent>(r#"{ "event": "signed_up", "keys": "id" }"#);
        assert!(answer.unwrap_err().contains("unknown field `keys`"));
    }
}
