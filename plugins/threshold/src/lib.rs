//! Trigger `threshold`: a contact enters when an event has happened often enough, or its amounts add up to enough.
//!
//! The third visit within a week, the tenth order, a thousand spent in a year. The rule is asked on each such event
//! and counts what the history holds within the window, the event itself included; a change of the threshold counts
//! from the next event on. An event that arrives so late that it lies outside the window starts nothing.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// The key of the only entry of a contact who can enter once.
const ONCE: &str = "reached";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "When a threshold is reached")]
pub struct Config {
    /// The event that counts, in past tense, such as `order_completed`.
    #[schemars(
        title = "Event",
        regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"),
        example = &"product_viewed",
        example = &"order_completed"
    )]
    pub event: String,

    /// Only events whose fields meet all of these conditions.
    #[serde(default, rename = "where")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,

    /// What must be reached.
    #[schemars(title = "Reached")]
    pub reached: Reached,

    /// Only events of this time count, a rolling window that ends now. Without it all that ever happened does.
    #[serde(default)]
    #[schemars(title = "Within", example = &"7d")]
    pub within: Option<Span>,

    /// How often a contact may enter.
    #[serde(default)]
    #[schemars(title = "Enters")]
    pub enters: Enters,
}

/// A number of events or a total.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reached {
    /// So many events.
    Count(CountReached),
    /// A total of one of their fields.
    Sum(SumReached),
}

/// A number of events.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountReached {
    /// How many events.
    #[schemars(title = "Events", range(min = 1, max = 1_000_000))]
    pub at_least: u32,
}

/// The total of a field.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SumReached {
    /// The field that is added up. An event without a number there adds nothing.
    #[schemars(
        title = "Field",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"),
        example = &"value"
    )]
    pub field: String,
    /// The total that must be reached.
    #[schemars(title = "Total", range(min = 0.01, max = 1e15))]
    pub at_least: f64,
}

/// How often a contact may enter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Enters {
    /// Once ever, at the first event at which the threshold is reached or has long been.
    #[default]
    Once,
    /// Each time the threshold is reached from below.
    EachTime,
    /// At each multiple of the threshold: the third event, the sixth, the ninth.
    EachMultiple,
}

reasons! {
    /// Why a contact enters or not.
    pub enum Why {
        Reached = "reached": "The threshold is reached",
        Below = "below": "The threshold is not reached yet",
        Before = "before": "The threshold was already reached before",
        AmountMissing = "amount_missing": "The event has no number to add up",
        Outside = "outside": "The event lies outside the time that counts",
    }
}

/// The rule.
pub struct Threshold;

/// The amount now, before this event, and what must be reached.
struct Level {
    now: f64,
    before: f64,
    wanted: f64,
}

impl Level {
    fn of(config: &Config, contact: &Contact<'_>) -> Option<Self> {
        Some(match &config.reached {
            Reached::Count(reached) => {
                let now = contact.count("total") as f64;
                Self {
                    now,
                    before: now - 1.0,
                    wanted: f64::from(reached.at_least),
                }
            }
            Reached::Sum(reached) => {
                let added = contact.number("added")?;
                let now = contact.number("total")?;
                Self {
                    now,
                    before: now - added,
                    wanted: reached.at_least,
                }
            }
        })
    }

    fn is_reached_now(&self, enters: Enters) -> bool {
        match enters {
            Enters::Once => true,
            Enters::EachTime => self.before < self.wanted,
            Enters::EachMultiple => {
                (self.now / self.wanted).floor() > (self.before / self.wanted).floor()
            }
        }
    }
}

impl Rule for Threshold {
    type Config = Config;
    type Verdict = TriggerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        let pattern =
            EventPattern::named(config.event.as_str()).with_conditions(&config.conditions);
        let events = Events {
            event: config.event.clone(),
            conditions: config.conditions.clone(),
            within: config.within,
        };
        let plan = Plan::new().on_event(pattern);
        let plan = match &config.reached {
            Reached::Count(reached) if reached.at_least == 0 => {
                return Err("at least one event must be reached".to_owned());
            }
            Reached::Sum(reached) if !(reached.at_least > 0.0 && reached.at_least <= 1e15) => {
                return Err("the total must be above 0 and at most 1e15".to_owned());
            }
            Reached::Count(_) => plan.count("total", events),
            Reached::Sum(reached) => plan.sum("total", events, &reached.field).input(
                "added",
                Source::EventField(reached.field.clone()),
                Type::Number,
            ),
        };
        Ok(match config.within {
            Some(_) => plan.occurred_at().clock(),
            None => plan,
        })
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<TriggerVerdict<Why>, String> {
        if let Some(within) = config.within {
            let (Some(occurred_at), Some(now)) = (contact.instant("occurred_at"), contact.clock())
            else {
                return Err("the event's time is not known".to_owned());
            };
            if occurred_at > now || occurred_at <= now.minus(within) {
                return Ok(TriggerVerdict::nothing(Why::Outside));
            }
        }
        let Some(level) = Level::of(config, contact) else {
            return Ok(TriggerVerdict::nothing(Why::AmountMissing));
        };
        Ok(if level.now < level.wanted {
            TriggerVerdict::nothing(Why::Below)
        } else if !level.is_reached_now(config.enters) {
            TriggerVerdict::nothing(Why::Before)
        } else if config.enters == Enters::Once {
            TriggerVerdict::enter_with(ONCE, Why::Reached)
        } else {
            TriggerVerdict::enter(Why::Reached)
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

mod cases {
    //! What the rule shows to the host before it is let in. The clock is 2026-01-01T00:00:00Z.

    use signalbox_sdk::prelude::*;

    pub(super) fn all() -> Vec<Case> {
        let mut cases = counts();
        cases.extend(sums());
        cases
    }

    fn counts() -> Vec<Case> {
        let visits = json!({
            "event": "product_viewed", "reached": { "count": { "at_least": 3 } },
            "within": "7d", "enters": "each_time",
        });
        let orders = json!({
            "event": "order_completed", "reached": { "count": { "at_least": 3 } },
            "enters": "each_multiple",
        });
        let visit = |name: &str, total: u32, at: &str| {
            Case::new(name, visits.clone())
                .given("total", total)
                .given("occurred_at", at)
        };
        let order = |name: &str, total: u32| Case::new(name, orders.clone()).given("total", total);
        vec![
            visit("the second visit", 2, "2025-12-31T10:00:00Z")
                .expect(json!({ "enter": null, "reason": "below" })),
            visit("the third within a week", 3, "2025-12-31T10:00:00Z")
                .expect(json!({ "enter": { "key": null }, "arm": null, "reason": "reached" })),
            visit("the fourth is not the third", 4, "2025-12-31T10:00:00Z")
                .expect(json!({ "enter": null, "reason": "before" })),
            visit(
                "a visit that arrives a week late",
                5,
                "2025-12-25T00:00:00Z",
            )
            .expect(json!({ "enter": null, "reason": "outside" })),
            visit("a millisecond less late", 3, "2025-12-25T00:00:00.001Z")
                .expect(json!({ "enter": { "key": null }, "reason": "reached" })),
            visit("ahead of the clock", 2, "2026-01-01T00:00:01Z")
                .expect(json!({ "enter": null, "reason": "outside" })),
            order("the third order", 3).expect(json!({ "enter": {}, "reason": "reached" })),
            order("the fifth", 5).expect(json!({ "enter": null, "reason": "before" })),
            order("the sixth", 6).expect(json!({ "enter": {}, "reason": "reached" })),
        ]
    }

    fn sums() -> Vec<Case> {
        let spent = json!({
            "event": "order_completed",
            "reached": { "sum": { "field": "value", "at_least": 1000 } },
        });
        let each = json!({
            "event": "order_completed",
            "reached": { "sum": { "field": "value", "at_least": 100 } },
            "enters": "each_multiple",
        });
        vec![
            Case::new("not spent enough", spent.clone())
                .given("total", 999.99)
                .given("added", 50)
                .expect(json!({ "enter": null, "reason": "below" })),
            Case::new("a thousand, to the cent", spent.clone())
                .given("total", 1000)
                .given("added", 0.01)
                .expect(json!({ "enter": { "key": "reached" }, "reason": "reached" })),
            Case::new("long above it enters too, under the one key", spent.clone())
                .given("total", 5000)
                .given("added", 20)
                .expect(json!({ "enter": { "key": "reached" }, "reason": "reached" })),
            Case::new("an order without a value", spent)
                .given("total", 5000)
                .expect(json!({ "enter": null, "reason": "amount_missing" })),
            Case::new("from 290 to 310 passes the third hundred", each.clone())
                .given("total", 310)
                .given("added", 20)
                .expect(json!({ "enter": { "key": null }, "reason": "reached" })),
            Case::new("from 310 to 330 passes none", each.clone())
                .given("total", 330)
                .given("added", 20)
                .expect(json!({ "enter": null, "reason": "before" })),
            Case::new("money given back passes none", each)
                .given("total", 290)
                .given("added", -20)
                .expect(json!({ "enter": null, "reason": "before" })),
        ]
    }
}

plugin! {
    name: "threshold",
    version: env!("CARGO_PKG_VERSION"),
    title: "When a threshold is reached",
    summary: "Enters a contact when an event has happened often enough, or when its amounts add up to enough, within a time or ever.",
    trigger: Threshold,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Random,
        testing::{Row, check_cases, check_description},
    };

    use super::{Threshold, TriggerVerdict, Why};

    #[test]
    fn cases() {
        check_cases::<Threshold>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    /// However the amounts fall, a total of n times the threshold has been passed n times.
    #[test]
    fn every_multiple_enters_once() {
        let mut random = Random::new(19);
        let config = r#"{ "event": "a", "reached": { "sum": { "field": "v", "at_least": 50 } },
            "enters": "each_multiple" }"#;
        for _ in 0..200 {
            let (mut total, mut entries) = (0_u64, 0);
            for _ in 0..40 {
                let added = random.below(50);
                total += added;
                let verdict = Row::new()
                    .set("total", total)
                    .set("added", added)
                    .decide::<Threshold>(config)
                    .expect("a verdict");
                entries += u64::from(verdict.enter.is_some());
            }
            assert_eq!(entries, total / 50);
        }
    }

    #[test]
    fn the_first_event_can_be_enough() {
        let config =
            r#"{ "event": "a", "reached": { "count": { "at_least": 1 } }, "enters": "each_time" }"#;
        let verdict = |total: u32| Row::new().set("total", total).decide::<Threshold>(config);
        assert_eq!(verdict(1), Ok(TriggerVerdict::enter(Why::Reached)));
        assert_eq!(verdict(2), Ok(TriggerVerdict::nothing(Why::Before)));
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<Threshold>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "event": "a", "reached": { "count": { "at_least": 0 } } }"#),
            "at least one event must be reached"
        );
        assert_eq!(
            refused(r#"{ "event": "a", "reached": { "sum": { "field": "v", "at_least": -1 } } }"#),
            "the total must be above 0 and at most 1e15"
        );
    }
}
