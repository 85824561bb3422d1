//! Segment `engagement-score`: points for what a contact does, which fade with time.
//!
//! Each event of a kind is worth that kind's points when it happens and half of them after each half-life, so the
//! score at an instant is the sum of `points * 2^(-age / half_life)` over the contact's events. Worth more than a
//! stage: it can weigh a reply above an open, and take points away for what shows displeasure. A score of points of
//! either sign only shrinks towards 0 between events, so the instant at which it leaves its band is known, and the
//! contact is looked at again then and not before.
//!
//! Only the most recent events of each kind count, as many as the config says (at most 100): after 7 half-lives an
//! event is worth under a hundredth of its points, so a limit that covers those loses nothing that matters. An event
//! that is ahead of the clock is worth a little more than its points until the clock has come up.
#![deny(missing_docs)]

use std::borrow::Cow;

use serde::de::IgnoredAny;
use signalbox_sdk::prelude::*;

/// Most kinds of events.
const SIGNALS_MAX: usize = 16;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Engagement score")]
pub struct Config {
    /// From this score on a contact is in the segment.
    #[serde(default = "default_from")]
    #[schemars(title = "Score from", range(min = 0.01, max = 1_000_000.0))]
    pub from: f64,

    /// From this score on a contact is above the segment and out of it again. Without it there is no upper end.
    #[serde(default)]
    #[schemars(title = "Score below", range(min = 0.01, max = 1_000_000.0))]
    pub below: Option<f64>,

    /// What counts, and how much.
    #[serde(default = "default_signals")]
    #[schemars(title = "Points", length(min = 1, max = 16))]
    pub signals: Vec<Signal>,

    /// After how long half of an event's points are gone.
    #[serde(default = "default_half_life")]
    #[schemars(title = "Half-life")]
    pub half_life: Span,

    /// How many of the most recent events of each kind count.
    #[serde(default = "default_events_max")]
    #[schemars(title = "Events counted", range(min = 1, max = 100))]
    pub events_max: u32,
}

/// What an event is worth.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// The event's name.
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub event: String,
    /// Only events whose fields meet all of these conditions.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,
    /// What one of them is worth when it happens; below 0 it takes points away.
    #[schemars(title = "Points", range(min = -1000.0, max = 1000.0))]
    pub points: f64,
}

reasons! {
    /// Why a contact is in or out.
    pub enum Why {
        Inside = "inside": "The score is in the chosen range",
        Above = "above": "The score is above the chosen range",
        Low = "low": "The score is too low",
        Nothing = "nothing": "Nothing that counts ever happened",
    }
}

/// The rule.
pub struct EngagementScore;

/// A contact's score as a function of time: `at_reference * 2^(-(now - reference) / half_life)`. It is the same
/// function at any later time without new events.
struct Score {
    at_reference: f64,
    reference: Instant,
    half_life_ms: f64,
}

/// What is read of an event in the list that the host gives.
#[derive(Deserialize)]
struct Happened<'a> {
    #[serde(borrow)]
    occurred_at: Cow<'a, str>,
    #[serde(rename = "fields")]
    _fields: IgnoredAny,
}

impl Signal {
    fn new(event: &str, points: f64) -> Self {
        Self {
            event: event.to_owned(),
            conditions: Vec::new(),
            points,
        }
    }
}

impl Score {
    /// `None` for a contact without an event that counts.
    fn of(config: &Config, contact: &Contact<'_>) -> Result<Option<Self>, String> {
        let mut happened: Vec<(Instant, f64)> = Vec::new();
        for (index, signal) in config.signals.iter().enumerate() {
            let Some(text) = contact.json(&input_name(index, signal)) else {
                continue;
            };
            let events: Vec<Happened<'_>> = serde_json::from_str(text)
                .map_err(|error| format!("the events {} cannot be read: {error}", signal.event))?;
            for event in events {
                happened.push((event.occurred_at.parse()?, signal.points));
            }
        }
        let Some(reference) = happened.iter().map(|(at, _)| *at).max() else {
            return Ok(None);
        };
        let half_life_ms = config.half_life.as_ms() as f64;
        let faded = |(at, points): &(Instant, f64)| {
            points * (-(reference.since(*at).as_ms() as f64) / half_life_ms).exp2()
        };
        Ok(Some(Self {
            at_reference: happened.iter().map(faded).sum(),
            reference,
            half_life_ms,
        }))
    }

    fn at(&self, now: Instant) -> f64 {
        let elapsed_ms = (now.as_ms() - self.reference.as_ms()) as f64;
        self.at_reference * (-elapsed_ms / self.half_life_ms).exp2()
    }

    /// The first instant after `now` at which the score is below the level, where it is not yet.
    ///
    /// The logarithm says when to the last digits of a floating-point number; the steps of a millisecond around it make
    /// it exact.
    fn falls_below(&self, level: f64, now: Instant) -> Option<Instant> {
        let elapsed_ms = (self.at_reference / level).log2() * self.half_life_ms;
        let guess = self.reference.as_ms() as f64 + elapsed_ms;
        if guess >= Instant::MAX.as_ms() as f64 {
            return None;
        }
        let not_yet = |ms: i64| self.at(Instant::from_ms(ms)) >= level;
        let mut at = (guess as i64).max(now.as_ms() + 1);
        while not_yet(at) {
            at += 1;
        }
        while at > now.as_ms() + 1 && !not_yet(at - 1) {
            at -= 1;
        }
        Some(Instant::from_ms(at))
    }
}

fn input_name(index: usize, signal: &Signal) -> String {
    format!("{}. {}", index + 1, signal.event)
}

impl Rule for EngagementScore {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check(config)?;
        let signals = config.signals.iter().enumerate();
        let plan = signals.fold(Plan::new(), |plan, (index, signal)| {
            let events = Events {
                event: signal.event.clone(),
                conditions: signal.conditions.clone(),
                within: None,
            };
            plan.recent(&input_name(index, signal), events, config.events_max)
        });
        Ok(plan.clock())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let score = Score::of(config, contact)?;
        let Some(now) = contact.clock() else {
            return Err("the time is not known".to_owned());
        };
        let Some(score) = score else {
            return Ok(SegmentVerdict::outside(Why::Nothing));
        };
        let points = score.at(now);
        if points < config.from {
            return Ok(SegmentVerdict::outside(Why::Low));
        }
        Ok(match config.below {
            Some(below) if points >= below => SegmentVerdict {
                recheck_at: score.falls_below(below, now),
                ..SegmentVerdict::outside(Why::Above)
            },
            _ => SegmentVerdict {
                recheck_at: score.falls_below(config.from, now),
                ..SegmentVerdict::inside(Why::Inside)
            },
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn check(config: &Config) -> Result<(), String> {
    if !(config.from > 0.0 && config.from.is_finite()) {
        return Err("the score must begin above 0".to_owned());
    }
    if config.below.is_some_and(|below| below <= config.from) {
        return Err("the upper end of the score must be above its beginning".to_owned());
    }
    if config.half_life < Span::hours(1) {
        return Err("the half-life must be at least an hour".to_owned());
    }
    if config.signals.is_empty() || config.signals.len() > SIGNALS_MAX {
        return Err(format!(
            "1 to {SIGNALS_MAX} kinds of events can be worth points"
        ));
    }
    Ok(())
}

fn default_from() -> f64 {
    10.0
}

fn default_signals() -> Vec<Signal> {
    vec![
        Signal::new("message_opened", 1.0),
        Signal::new("message_clicked", 3.0),
        Signal::new("checkout_started", 5.0),
        Signal::new("order_completed", 10.0),
    ]
}

fn default_half_life() -> Span {
    Span::days(30)
}

fn default_events_max() -> u32 {
    50
}

mod cases {
    //! What the rule shows to the host before it is let in. The clock is 2026-01-01T00:00:00Z.

    use serde_json::Value as Json;
    use signalbox_sdk::prelude::*;

    fn at(instants: &[&str]) -> Json {
        instants
            .iter()
            .map(|at| json!({ "occurred_at": at, "fields": {} }))
            .collect()
    }

    pub(super) fn all() -> Vec<Case> {
        let warm = json!({ "from": 8 });
        let range = json!({ "from": 5, "below": 10 });
        let own = json!({
            "from": 2, "half_life": "7d", "events_max": 100,
            "signals": [
                { "event": "message_replied", "points": 8 },
                { "event": "message_opened", "points": 1,
                  "where": [{ "field": "class", "operator": "eq", "value": "news" }] },
                { "event": "complaint_received", "points": -20 },
            ],
        });
        vec![
            // 10 * 2^-(30/30) + 3 * 2^0 = 8, which is the threshold; the next millisecond it is less.
            Case::new("an order a month ago and a click just now", warm.clone())
                .given("4. order_completed", at(&["2025-12-02T00:00:00Z"]))
                .given("2. message_clicked", at(&["2026-01-01T00:00:00Z"]))
                .expect(json!({
                    "member": true, "reason": "inside", "recheck_at": "2026-01-01T00:00:00.001Z",
                })),
            // 10 * 2^-(60/30) + 5 * 2^-(30/30) + 1 = 6.
            Case::new("has faded to 6 points", warm.clone())
                .given("4. order_completed", at(&["2025-11-02T00:00:00Z"]))
                .given("3. checkout_started", at(&["2025-12-02T00:00:00Z"]))
                .given("1. message_opened", at(&["2026-01-01T00:00:00Z"]))
                .expect(json!({ "member": false, "reason": "low", "recheck_at": null })),
            Case::new("did nothing that counts", warm)
                .expect(json!({ "member": false, "reason": "nothing", "recheck_at": null })),
            // Two orders are 20 points; they are 10 after 30 days.
            Case::new("above the range until it has faded", range.clone())
                .given(
                    "4. order_completed",
                    at(&["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]),
                )
                .expect(json!({
                    "member": false, "reason": "above",
                    "recheck_at": "2026-01-31T00:00:00.001Z",
                })),
            // 10 points are 5 after 30 days.
            Case::new("and in it from then on", range)
                .given("4. order_completed", at(&["2025-12-31T23:00:00Z"]))
                .expect(json!({
                    "member": true, "reason": "inside",
                    "recheck_at": "2026-01-30T23:00:00.001Z",
                })),
            Case::new("a reply counts", own.clone())
                .given("1. message_replied", at(&["2025-12-25T00:00:00Z"]))
                .expect(json!({ "member": true, "reason": "inside" })),
            Case::new("a complaint takes it all away", own)
                .given("1. message_replied", at(&["2025-12-25T00:00:00Z"]))
                .given("2. message_opened", at(&["2025-12-31T00:00:00Z"]))
                .given("3. complaint_received", at(&["2025-12-26T00:00:00Z"]))
                .expect(json!({ "member": false, "reason": "low", "recheck_at": null })),
        ]
    }
}

plugin! {
    name: "engagement_score",
    version: env!("CARGO_PKG_VERSION"),
    title: "Engagement score",
    summary: "Contacts whose points for opens, clicks, purchases and the like, fading with time, are in a range.",
    segment: EngagementScore,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Instant, Random, Span,
        testing::{Row, check_cases, check_description},
    };

    use super::{EngagementScore, SegmentVerdict, Why};

    #[test]
    fn cases() {
        check_cases::<EngagementScore>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    fn decide(orders: &[Instant], now: Instant) -> SegmentVerdict<Why> {
        let events: Vec<_> = orders
            .iter()
            .map(|at| serde_json::json!({ "occurred_at": at, "fields": { "value": 1 } }))
            .collect();
        Row::new()
            .set("1. order_completed", events)
            .set("clock", now.as_ms())
            .decide::<EngagementScore>(
                r#"{ "from": 4, "below": 9, "half_life": "10d",
                    "signals": [{ "event": "order_completed", "points": 5 }] }"#,
            )
            .expect("a verdict")
    }

    #[test]
    fn the_score_is_the_plain_sum() {
        let mut random = Random::new(9);
        let now = Instant::from_ms(1_700_000_000_000);
        let mut seen = [0_u32; 3];
        for _ in 0..2_000 {
            let ages: Vec<u64> = (0..=random.below(8))
                .map(|_| random.below(60 * 86_400_000))
                .collect();
            let points: f64 = ages
                .iter()
                .map(|age| 5.0 * 0.5_f64.powf(*age as f64 / 864_000_000.0))
                .sum();
            let orders: Vec<Instant> = ages
                .iter()
                .map(|age| now.minus(Span::from_ms(*age)))
                .collect();
            let (index, why) = if points < 4.0 {
                (0, Why::Low)
            } else if points < 9.0 {
                (1, Why::Inside)
            } else {
                (2, Why::Above)
            };
            let verdict = decide(&orders, now);
            assert_eq!(verdict.reason, why, "{points}");
            seen[index] += 1;
            match verdict.recheck_at {
                None => assert_eq!(why, Why::Low),
                Some(at) => {
                    let before = decide(&orders, Instant::from_ms(at.as_ms() - 1));
                    assert_eq!((before.reason, before.recheck_at), (why, Some(at)));
                    assert_ne!(decide(&orders, at).reason, why);
                }
            }
        }
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
    }

    #[test]
    fn what_cannot_be_read_is_a_failure() {
        let config = r#"{ "signals": [{ "event": "a", "points": 1 }] }"#;
        let decide = |json: serde_json::Value| {
            let row = Row::new().set("1. a", json);
            row.decide::<EngagementScore>(config).unwrap_err()
        };
        assert!(decide(serde_json::json!(7)).starts_with("the events a cannot be read"));
        assert_eq!(
            decide(serde_json::json!([{ "occurred_at": "soon", "fields": {} }])),
            "\"soon\" is not an instant such as 2026-01-31T09:30:00Z"
        );
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<EngagementScore>(config).unwrap_err();
        assert_eq!(refused(r#"{ "from": 0 }"#), "the score must begin above 0");
        assert_eq!(
            refused(r#"{ "from": 5, "below": 5 }"#),
            "the upper end of the score must be above its beginning"
        );
        assert_eq!(
            refused(r#"{ "half_life": "59m" }"#),
            "the half-life must be at least an hour"
        );
        assert_eq!(
            refused(r#"{ "signals": [] }"#),
            "1 to 16 kinds of events can be worth points"
        );
    }
}
