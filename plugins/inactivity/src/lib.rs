//! Trigger `inactivity`: a contact enters when they have done nothing for a while, once per spell.
//!
//! Activity is any of up to eight events. Each moves the one arm of the contact to so long after the latest activity;
//! when it fires and nothing newer is known, the contact enters under the instant of that activity, so a spell enters
//! once whatever happens. The start of the workflow reaches contacts who were there before: it arms those who are still
//! active and, where the workflow lets existing contacts in, enters those whose spell is already long enough.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// Most kinds of activity.
const ACTIVITIES_MAX: usize = 8;
/// The name of a contact's only arm.
const ARM_KEY: &str = "inactive";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "When a contact becomes inactive")]
pub struct Config {
    /// What shows that a contact is active. Messages opened, links clicked and purchases when nothing else is said.
    #[serde(default = "default_activities")]
    #[schemars(title = "Activity", length(min = 1, max = 8))]
    pub activities: Vec<Activity>,

    /// How long nothing of it happens until a contact enters.
    #[schemars(title = "Inactive for", example = &"90d")]
    pub inactive_for: Span,

    /// Whether contacts count who were there before the workflow started. Otherwise only those who do something after
    /// its start are seen.
    #[serde(default = "default_existing")]
    #[schemars(title = "Those already there")]
    pub existing: bool,
}

/// An event that shows activity.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// The event's name.
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub event: String,
    /// Only events whose fields meet all of these conditions.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,
}

reasons! {
    /// Why a contact enters, waits or does neither.
    pub enum Why {
        Inactive = "inactive": "Did nothing for as long as asked for",
        Active = "active": "Active; the time runs from the latest activity",
        Never = "never": "Never did anything of it",
    }
}

/// The rule.
pub struct Inactivity;

fn input_name(index: usize, activity: &Activity) -> String {
    format!("{}. last {}", index + 1, activity.event)
}

impl Rule for Inactivity {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if config.activities.is_empty() || config.activities.len() > ACTIVITIES_MAX {
            return Err(format!("1 to {ACTIVITIES_MAX} events can show activity"));
        }
        if config.inactive_for.as_ms() == 0 {
            return Err("the time of inactivity must not be zero".to_owned());
        }
        let mut plan = Plan::new().on_due();
        if config.existing {
            plan = plan.on(Occasion::Start);
        }
        for (index, activity) in config.activities.iter().enumerate() {
            let pattern = EventPattern::named(activity.event.as_str());
            let events = Events {
                event: activity.event.clone(),
                conditions: activity.conditions.clone(),
                within: None,
            };
            plan = plan
                .on_event(pattern.with_conditions(&activity.conditions))
                .last(&input_name(index, activity), events);
        }
        Ok(plan.clock())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        let activities = config.activities.iter().enumerate();
        let latest = activities
            .filter_map(|(index, activity)| contact.instant(&input_name(index, activity)))
            .max();
        let Some(now) = contact.clock() else {
            return Err("the time is not known".to_owned());
        };
        let Some(latest) = latest else {
            return Ok(TriggerVerdict::nothing(Why::Never));
        };
        let ends = latest.plus(config.inactive_for);
        // An activity that arrives so late that its spell is over already enters at once: nothing newer is known.
        Ok(if ends <= now {
            TriggerVerdict::enter_with(latest.to_string(), Why::Inactive)
        } else {
            TriggerVerdict::arm(Arm::new(ends, ARM_KEY), Why::Active)
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn default_activities() -> Vec<Activity> {
    ["message_opened", "message_clicked", "order_completed"]
        .map(|event| Activity {
            event: event.to_owned(),
            conditions: Vec::new(),
        })
        .into()
}

fn default_existing() -> bool {
    true
}

mod cases {
    //! What the rule shows to the host before it is let in. The clock is 2026-01-01T00:00:00Z.

    use signalbox_sdk::prelude::*;

    const DUE: u32 = 0;
    const START: u32 = 1;
    const OPENED: u32 = 2;

    pub(super) fn all() -> Vec<Case> {
        let quarter = json!({ "inactive_for": "90d" });
        let usage = json!({
            "activities": [
                { "event": "app_opened" },
                { "event": "report_exported",
                  "where": [{ "field": "format", "operator": "eq", "value": "pdf" }] },
            ],
            "inactive_for": "14d", "existing": false,
        });
        let armed_until = |at: &str| {
            json!({
                "enter": null,
                "arm": { "at": at, "key": "inactive", "cancelled_by": [] },
                "reason": "active",
            })
        };
        let entered =
            |at: &str| json!({ "enter": { "key": at }, "arm": null, "reason": "inactive" });
        vec![
            Case::new("an open starts the ninety days anew", quarter.clone())
                .occasion(OPENED)
                .given("1. last message_opened", "2026-01-01T00:00:00Z")
                .given("3. last order_completed", "2025-06-01T00:00:00Z")
                .expect(armed_until("2026-04-01T00:00:00Z")),
            Case::new("an open that arrives late changes nothing", quarter.clone())
                .occasion(OPENED)
                .given("1. last message_opened", "2025-12-20T00:00:00Z")
                .given("3. last order_completed", "2025-12-31T00:00:00Z")
                .expect(armed_until("2026-03-31T00:00:00Z")),
            Case::new("ninety days without anything", quarter.clone())
                .occasion(DUE)
                .given("1. last message_opened", "2025-10-03T00:00:00Z")
                .expect(entered("2025-10-03T00:00:00Z")),
            Case::new("a millisecond short of it", quarter.clone())
                .occasion(DUE)
                .given("1. last message_opened", "2025-10-03T00:00:00.001Z")
                .expect(armed_until("2026-01-01T00:00:00.001Z")),
            Case::new(
                "was there and long inactive when the workflow started",
                quarter.clone(),
            )
            .occasion(START)
            .given("3. last order_completed", "2024-02-29T12:00:00Z")
            .expect(entered("2024-02-29T12:00:00Z")),
            Case::new("was there and is active", quarter.clone())
                .occasion(START)
                .given("2. last message_clicked", "2025-12-31T00:00:00Z")
                .expect(armed_until("2026-03-31T00:00:00Z")),
            Case::new("was there and never did anything", quarter)
                .occasion(START)
                .expect(json!({ "enter": null, "arm": null, "reason": "never" })),
            Case::new("activity of one's own kind", usage)
                .occasion(1)
                .given("1. last app_opened", "2025-12-31T18:00:00Z")
                .given("2. last report_exported", "2025-12-30T18:00:00Z")
                .expect(armed_until("2026-01-14T18:00:00Z")),
        ]
    }
}

plugin! {
    name: "inactivity",
    version: env!("CARGO_PKG_VERSION"),
    title: "When a contact becomes inactive",
    summary: "Enters a contact who has done nothing for a while, once per spell, those included who were there before.",
    trigger: Inactivity,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Instant, Random, Span,
        testing::{Row, check_cases, check_description},
    };

    use super::Inactivity;

    #[test]
    fn cases() {
        check_cases::<Inactivity>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    /// Opens at random times, the arm followed as the host would: an entry for each gap that is long enough, no other.
    #[test]
    fn each_spell_enters_once() {
        let mut random = Random::new(12);
        let config = r#"{ "inactive_for": "10d" }"#;
        let spell = Span::days(10);
        for _ in 0..200 {
            let mut at = Instant::from_ms(1_700_000_000_000);
            let mut opens = vec![at];
            for _ in 0..30 {
                at = at.plus(Span::from_ms(1 + random.below(20 * 86_400_000)));
                opens.push(at);
            }
            let ask = |occasion: u32, now: Instant, last: Instant| {
                Row::new()
                    .occasion(occasion)
                    .set("1. last message_opened", last.as_ms())
                    .set("clock", now.as_ms())
                    .decide::<Inactivity>(config)
                    .expect("a verdict")
            };
            let (mut entries, mut armed): (Vec<String>, Option<Instant>) = (Vec::new(), None);
            for (index, open) in opens.iter().enumerate() {
                if let Some(due) = armed.filter(|due| due <= open) {
                    // An event of the same instant is applied before its timers.
                    let last = if due == *open {
                        *open
                    } else {
                        opens[index - 1]
                    };
                    let verdict = ask(0, due, last);
                    entries.extend(verdict.enter.and_then(|enter| enter.key));
                }
                armed = ask(2, *open, *open).arm.map(|arm| arm.at);
            }
            let expected: Vec<String> = opens
                .windows(2)
                .filter(|pair| pair[1] > pair[0].plus(spell))
                .map(|pair| pair[0].to_string())
                .collect();
            assert_eq!(entries, expected);
            assert!(!entries.is_empty());
        }
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<Inactivity>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "inactive_for": "0s" }"#),
            "the time of inactivity must not be zero"
        );
        assert_eq!(
            refused(r#"{ "inactive_for": "1d", "activities": [] }"#),
            "1 to 8 events can show activity"
        );
    }
}
