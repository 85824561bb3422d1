//! Personalizer `send-time`: sends at the hour at which a contact most often opens messages.
//!
//! The hour is the mode of the contact's own opens, by the clocks of their zone; of several hours with as many opens
//! the one of the latest open. With too few opens it is the hour of the config, and the reason says so. The instant
//! is the next one at which that hour begins, and now while it lasts; it is never in the past. Zones are IANA names
//! in the attribute `time_zone`.
//!
//! The template finds `rule.send_time.hour` (0 to 23) and `rule.send_time.opens`, how many opens it was chosen by.
#![deny(missing_docs)]

use std::borrow::Cow;

use serde::de::IgnoredAny;
use signalbox_sdk::prelude::*;
use signalbox_zones::{Date, Local, Zone};

/// The attribute that holds the name of a contact's zone.
const ZONE_ATTRIBUTE: &str = "time_zone";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Send time")]
pub struct Config {
    /// The hour, 0 to 23, for contacts with too few opens.
    #[serde(default = "default_fallback_hour")]
    #[schemars(title = "Hour of others", range(min = 0, max = 23))]
    pub fallback_hour: u8,

    /// How many opens it takes to go by a contact's own hour.
    #[serde(default = "default_opens_min")]
    #[schemars(title = "Opens needed", range(min = 1, max = 100))]
    pub opens_min: u32,

    /// How many of the latest opens are looked at.
    #[serde(default = "default_opens_max")]
    #[schemars(title = "Opens looked at", range(min = 1, max = 100))]
    pub opens_max: u32,

    /// Only opens of this time count.
    #[serde(default = "default_within")]
    #[schemars(title = "Within")]
    pub within: Span,

    /// The event that is an open.
    #[serde(default = "default_event")]
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub event: String,

    /// Only opens whose fields meet all of these conditions, to leave out those of machines.
    #[serde(default, rename = "where")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,

    /// The zone of contacts who have none that is known.
    #[serde(default = "default_zone")]
    #[schemars(title = "Zone of others")]
    pub zone: String,
}

reasons! {
    /// By what the hour was chosen.
    pub enum Why {
        Own = "own": "At the hour at which the contact opens most",
        Fallback = "fallback": "Too few opens: at the hour for all",
    }
}

/// The rule.
pub struct SendTime;

/// What is read of an open in the list that the host gives.
#[derive(Deserialize)]
struct Opened<'a> {
    #[serde(borrow)]
    occurred_at: Cow<'a, str>,
    #[serde(rename = "fields")]
    _fields: IgnoredAny,
}

/// The hours of a contact's opens, the latest first.
fn hours(text: &str, zone: Zone) -> Result<Vec<u8>, String> {
    let opens: Vec<Opened<'_>> =
        serde_json::from_str(text).map_err(|error| format!("the opens cannot be read: {error}"))?;
    opens
        .iter()
        .map(|open| Ok((zone.local(open.occurred_at.parse()?).minute / 60) as u8))
        .collect()
}

/// The most frequent hour; of several the one that stands first. `None` without any.
fn mode(hours: &[u8]) -> Option<u8> {
    let mut counts = [0_u32; 24];
    for hour in hours {
        counts[usize::from(*hour)] += 1;
    }
    let most = counts.into_iter().max()?;
    hours
        .iter()
        .copied()
        .find(|hour| counts[usize::from(*hour)] == most)
}

/// When that hour next begins in the zone; `None` while it lasts.
fn next(hour: u8, zone: Zone, now: Instant) -> Option<Instant> {
    let local = zone.local(now);
    if local.minute / 60 == u16::from(hour) {
        return None;
    }
    let today = local.date.number();
    // The third day is for a day whose hour falls into a gap of the clocks and begins no later than now.
    (today..=today + 2)
        .map(|day| {
            zone.instant(Local {
                date: Date::from_number(day),
                minute: u16::from(hour) * 60,
            })
        })
        .find(|at| *at > now)
}

impl Rule for SendTime {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if config.fallback_hour > 23 {
            return Err("an hour is from 0 to 23".to_owned());
        }
        if config.opens_min == 0 {
            return Err("at least one open is needed".to_owned());
        }
        if config.opens_min > config.opens_max {
            return Err("more opens are needed than are looked at".to_owned());
        }
        if Zone::named(&config.zone).is_none() {
            return Err(format!("there is no time zone {:?}", config.zone));
        }
        let opens = Events {
            event: config.event.clone(),
            conditions: config.conditions.clone(),
            within: Some(config.within),
        };
        let zone = Source::Attribute(ZONE_ATTRIBUTE.to_owned());
        Ok(Plan::new()
            .recent("opens", opens, config.opens_max)
            .input("zone", zone, Type::Text)
            .clock())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let text = contact.json("opens");
        let zone = contact.text("zone").and_then(Zone::named);
        let zone = zone
            .or_else(|| Zone::named(&config.zone))
            .unwrap_or(Zone::UTC);
        let Some(now) = contact.clock() else {
            return Err("the time is not known".to_owned());
        };
        let hours = text.map_or(Ok(Vec::new()), |text| hours(text, zone))?;
        let own = mode(&hours).filter(|_| hours.len() >= config.opens_min as usize);
        let hour = own.unwrap_or(config.fallback_hour);
        let why = if own.is_some() {
            Why::Own
        } else {
            Why::Fallback
        };
        let opens = hours.len();
        let values = format!(r#"{{"send_time":{{"hour":{hour},"opens":{opens}}}}}"#);
        Ok(PersonalizerVerdict {
            send_at: next(hour, zone, now),
            ..PersonalizerVerdict::from_json(values, why)
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn default_fallback_hour() -> u8 {
    10
}

fn default_opens_min() -> u32 {
    5
}

fn default_opens_max() -> u32 {
    50
}

fn default_within() -> Span {
    Span::days(365)
}

fn default_event() -> String {
    "message_opened".to_owned()
}

fn default_zone() -> String {
    "UTC".to_owned()
}

mod cases {
    //! What the rule shows to the host before it is let in. The clock is 2026-01-01T00:00:00Z where none is given.

    use serde_json::Value as Json;
    use signalbox_sdk::prelude::*;

    fn opened(instants: &[&str]) -> Json {
        instants
            .iter()
            .map(|at| json!({ "occurred_at": at, "fields": {} }))
            .collect()
    }

    pub(super) fn all() -> Vec<Case> {
        let config = json!({ "opens_min": 3 });
        let evenings = opened(&[
            "2025-12-30T19:59:59Z",
            "2025-12-28T08:10:00Z",
            "2025-12-27T19:00:00Z",
            "2025-12-20T08:30:00Z",
        ]);
        let given = |name: &str, zone: &str, opens: &Json| {
            Case::new(name, config.clone())
                .given("zone", zone)
                .given("opens", opens.clone())
        };
        vec![
            given(
                "opens at eight and at seven, lately at seven",
                "UTC",
                &evenings,
            )
            .expect(json!({
                "send_at": "2026-01-01T19:00:00Z",
                "values": { "send_time": { "hour": 19, "opens": 4 } }, "reason": "own",
            })),
            given(
                "the same opens are another hour in Berlin",
                "Europe/Berlin",
                &evenings,
            )
            .expect(json!({
                "send_at": "2026-01-01T19:00:00Z",
                "values": { "send_time": { "hour": 20 } }, "reason": "own",
            })),
            given(
                "too few opens",
                "UTC",
                &opened(&["2025-12-30T19:00:00Z", "2025-12-29T19:00:00Z"]),
            )
            .expect(json!({
                "send_at": "2026-01-01T10:00:00Z",
                "values": { "send_time": { "hour": 10, "opens": 2 } }, "reason": "fallback",
            })),
            Case::new("no opens, and the hour has passed today", config.clone())
                .given("clock", "2026-01-01T11:00:00Z")
                .expect(json!({
                    "send_at": "2026-01-02T10:00:00Z",
                    "values": { "send_time": { "opens": 0 } }, "reason": "fallback",
                })),
            Case::new("no opens, and it is the hour", config)
                .given("clock", "2026-01-01T10:59:59Z")
                .expect(json!({ "send_at": null, "reason": "fallback" })),
        ]
    }
}

plugin! {
    name: "send_time",
    version: env!("CARGO_PKG_VERSION"),
    title: "Send time",
    summary: "Sends at the hour at which a contact most often opens messages, in their own time zone.",
    personalizer: SendTime,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Instant, Random,
        testing::{Row, check_cases, check_description},
    };
    use signalbox_zones::Zone;

    use super::{SendTime, mode, next};

    #[test]
    fn cases() {
        check_cases::<SendTime>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn the_mode_is_the_most_frequent_and_then_the_latest() {
        assert_eq!(mode(&[]), None);
        assert_eq!(mode(&[23]), Some(23));
        assert_eq!(mode(&[7, 9, 9, 7, 8]), Some(7));
        assert_eq!(mode(&[8, 9, 9, 7, 7, 7]), Some(7));
    }

    /// At any instant of a year with its changes of clocks: in the future, within two days, and at that hour or,
    /// where the clocks skip it, right behind it.
    #[test]
    fn the_instant_is_the_next_one_of_that_hour() {
        let mut random = Random::new(10);
        let zones = [
            "Europe/Berlin",
            "America/St_Johns",
            "Australia/Lord_Howe",
            "Asia/Kolkata",
        ];
        for _ in 0..20_000 {
            let name = zones[random.below(4) as usize];
            let zone = Zone::named(name).expect("a zone");
            let now = Instant::from_ms(1_800_000_000_000 + random.below(31_536_000_000) as i64);
            let hour = random.below(24) as u8;
            let Some(at) = next(hour, zone, now) else {
                assert_eq!(zone.local(now).minute / 60, u16::from(hour));
                continue;
            };
            let away_ms = at.as_ms() - now.as_ms();
            assert!(
                (1..=25 * 3_600_000).contains(&away_ms),
                "{name} {now} {hour} {at}"
            );
            let shown = zone.local(at).minute / 60;
            let skipped = at.as_ms() - 1;
            let before = zone.local(Instant::from_ms(skipped)).minute / 60;
            assert!(
                shown == u16::from(hour) || (before < u16::from(hour) && shown > u16::from(hour)),
                "{name} {now} {hour} {at}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_failure() {
        let answer = Row::new().set("opens", "x").decide::<SendTime>("{}");
        assert!(answer.unwrap_err().starts_with("the opens cannot be read"));
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<SendTime>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "opens_min": 60 }"#),
            "more opens are needed than are looked at"
        );
        assert_eq!(
            refused(r#"{ "fallback_hour": 24 }"#),
            "an hour is from 0 to 23"
        );
        assert_eq!(refused(r#"{ "zone": "" }"#), "there is no time zone \"\"");
    }
}
