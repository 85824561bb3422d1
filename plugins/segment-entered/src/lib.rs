//! Trigger `segment-entered`: a contact enters when they come into a named segment, or leave it.
//!
//! Once ever, or each time, under the instant of the change. Where those who are in it already are to count, the
//! start of the workflow asks for every contact there is; they enter where the workflow lets existing contacts in.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// The key of the only entry of a contact who can enter once.
const ONCE: &str = "once";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "When a segment is entered or left")]
pub struct Config {
    /// The segment's name.
    #[schemars(title = "Segment", length(min = 1, max = 100))]
    pub segment: String,

    /// Whether coming into it counts, or leaving it.
    #[serde(default)]
    #[schemars(title = "On")]
    pub on: Change,

    /// How often a contact may enter the workflow.
    #[serde(default)]
    #[schemars(title = "Enters")]
    pub enters: Enters,

    /// Whether those count who are in it already when the workflow starts; only for coming into it.
    #[serde(default)]
    #[schemars(title = "Those already in it")]
    pub existing: bool,
}

/// A change of membership.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The contact comes into the segment.
    #[default]
    Entered,
    /// The contact leaves the segment.
    Left,
}

/// How often a contact may enter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Enters {
    /// Once ever.
    #[default]
    Once,
    /// At each change.
    EachTime,
}

reasons! {
    /// Why a contact enters or not.
    pub enum Why {
        Entered = "entered": "Came into the segment",
        Left = "left": "Left the segment",
        Already = "already": "Was in the segment when the workflow started",
        Outside = "outside": "Was not in the segment when the workflow started",
    }
}

/// The rule.
pub struct SegmentEntered;

impl Rule for SegmentEntered {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        let segment = config.segment.clone();
        let plan = Plan::new().clock().on(match config.on {
            Change::Entered => Occasion::SegmentEntered(segment.clone()),
            Change::Left => Occasion::SegmentLeft(segment.clone()),
        });
        match (config.existing, config.on) {
            (false, _) => Ok(plan),
            (true, Change::Entered) => Ok(plan.on(Occasion::Start).occasion().input(
                "member",
                Source::Segment(segment),
                Type::Boolean,
            )),
            (true, Change::Left) => {
                Err("who is in the segment already cannot count where leaving it does".to_owned())
            }
        }
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        let reason = match (contact.occasion(), config.on) {
            (Some(Occasion::Start), _) if contact.boolean("member") == Some(true) => Why::Already,
            (Some(Occasion::Start), _) => return Ok(TriggerVerdict::nothing(Why::Outside)),
            (_, Change::Entered) => Why::Entered,
            (_, Change::Left) => Why::Left,
        };
        let key = match (config.enters, contact.clock()) {
            (Enters::Once, _) => ONCE.to_owned(),
            (Enters::EachTime, Some(now)) => now.to_string(),
            (Enters::EachTime, None) => return Err("the time is not known".to_owned()),
        };
        Ok(TriggerVerdict::enter_with(key, reason))
    }

    fn cases() -> Vec<Case> {
        let once = json!({ "segment": "big_spenders", "existing": true });
        let each = json!({ "segment": "big_spenders", "on": "left", "enters": "each_time" });
        vec![
            Case::new("comes in", once.clone())
                .given("member", true)
                .expect(json!({ "enter": { "key": "once" }, "arm": null, "reason": "entered" })),
            Case::new("was in already", once.clone())
                .occasion(1)
                .given("member", true)
                .expect(json!({ "enter": { "key": "once" }, "reason": "already" })),
            Case::new("was not in", once.clone())
                .occasion(1)
                .given("member", false)
                .expect(json!({ "enter": null, "reason": "outside" })),
            Case::new("whether they were in is not known", once)
                .occasion(1)
                .expect(json!({ "enter": null, "reason": "outside" })),
            Case::new("leaves, each time under its instant", each)
                .given("clock", "2026-03-01T12:00:00Z")
                .expect(json!({ "enter": { "key": "2026-03-01T12:00:00Z" }, "reason": "left" })),
        ]
    }
}

plugin! {
    name: "segment_entered",
    version: env!("CARGO_PKG_VERSION"),
    title: "When a segment is entered or left",
    summary: "Enters a contact when they come into a named segment or leave it, once or each time.",
    trigger: SegmentEntered,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::SegmentEntered;

    #[test]
    fn cases() {
        check_cases::<SegmentEntered>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn who_is_in_already_cannot_leave_at_the_start() {
        let config = r#"{ "segment": "s", "on": "left", "existing": true }"#;
        assert_eq!(
            Row::new().decide::<SegmentEntered>(config).unwrap_err(),
            "who is in the segment already cannot count where leaving it does"
        );
    }

    /// Nothing but the change itself is needed, so nothing but the time is read.
    #[test]
    fn membership_is_read_only_where_it_is_needed() {
        let config = r#"{ "segment": "s", "enters": "each_time" }"#;
        assert!(Row::new().decide::<SegmentEntered>(config).is_ok());
        let answer = Row::new()
            .set("member", true)
            .decide::<SegmentEntered>(config);
        assert!(answer.unwrap_err().contains("[\"clock\"]"));
    }
}
