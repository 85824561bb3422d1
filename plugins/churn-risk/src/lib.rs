//! Segment `churn-risk`: how likely it is that a contact still buys, by the BG/NBD model.
//!
//! The probability, from 0 to 1, comes from three numbers: how many purchases, and how long after the first came the
//! last one and the present. Who buys every week and has been away for two months is lost; who buys twice a year is
//! not. Fader, Hardie and Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24(2), 275-284;
//! defaults are their parameters for the CDNOW sample, time in weeks.
//!
//! Every contact is in exactly one band. The probability only falls between purchases, so the next change is known, and
//! the contact is looked at again then and not before. Two things to know: the model cannot tell a contact with one
//! purchase from a faithful one, so these are a band of their own; and several purchases on one day count one by one,
//! where the authors count days.
#![deny(missing_docs)]

use signalbox_bg_nbd::{Model, Purchases, WEEK_MS};
use signalbox_sdk::prelude::*;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Churn risk")]
pub struct Config {
    /// The bands that are in the segment: `safe`, `wavering`, `lost`, `once` (bought a single time) and `never`.
    #[serde(default = "default_bands")]
    #[schemars(title = "Bands", length(min = 1, max = 5))]
    pub bands: Vec<Band>,

    /// From this probability of still buying on, a contact is safe.
    #[serde(default = "default_safe_from")]
    #[schemars(title = "Safe from", range(min = 0.001, max = 0.999))]
    pub safe_from: f64,

    /// Below this probability of still buying, a contact is lost; between the two they waver.
    #[serde(default = "default_lost_below")]
    #[schemars(title = "Lost below", range(min = 0.001, max = 0.999))]
    pub lost_below: f64,

    /// The event that is a purchase.
    #[serde(default = "default_purchase")]
    #[schemars(title = "Purchase event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub purchase_event: String,

    /// Only purchases whose fields meet all of these conditions.
    #[serde(default, rename = "where")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,

    /// The model's parameters, time in weeks. Have them estimated from your own purchases when you can; these are a
    /// music shop's.
    #[serde(default)]
    #[schemars(title = "Model")]
    pub model: Model,
}

/// How likely a contact is to buy again. Each contact is in exactly one band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Very likely still buys.
    Safe,
    /// May have stopped.
    Wavering,
    /// Has very likely stopped.
    Lost,
    /// Bought a single time, which tells nothing yet.
    Once,
    /// Never bought.
    Never,
}

reasons! {
    /// The band, which is why a contact is in or out.
    pub enum Why {
        Safe = "safe": "Very likely still buys",
        Wavering = "wavering": "May have stopped buying",
        Lost = "lost": "Has very likely stopped buying",
        Once = "once": "Bought a single time so far",
        Never = "never": "Never bought so far",
    }
}

/// The rule.
pub struct ChurnRisk;

impl Config {
    fn band(&self, purchases: &Purchases, now: Instant) -> Band {
        let alive = self.model.alive(&purchases.history(now));
        if alive >= self.safe_from {
            Band::Safe
        } else if alive >= self.lost_below {
            Band::Wavering
        } else {
            Band::Lost
        }
    }

    /// The first instant at which a contact is no longer in the band they are in now.
    ///
    /// The model says when to the last digits of a floating-point number; the steps of a millisecond around it make it
    /// exact.
    fn band_ends(&self, purchases: &Purchases, band: Band, now: Instant) -> Option<Instant> {
        let level = match band {
            Band::Safe => self.safe_from,
            Band::Wavering => self.lost_below,
            Band::Lost | Band::Once | Band::Never => return None,
        };
        let history = purchases.history(now);
        let age = self.model.age_at(history.repeats, history.last, level);
        let guess = purchases.first.as_ms() as f64 + age * WEEK_MS;
        if guess >= Instant::MAX.as_ms() as f64 {
            return None;
        }
        let still = |ms: i64| self.band(purchases, Instant::from_ms(ms)) == band;
        let mut at = (guess as i64).max(now.as_ms() + 1);
        while still(at) {
            at += 1;
        }
        while at > now.as_ms() + 1 && !still(at - 1) {
            at -= 1;
        }
        Some(Instant::from_ms(at))
    }
}

impl Rule for ChurnRisk {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if config.lost_below > config.safe_from {
            return Err("the probability for lost must not be above the one for safe".to_owned());
        }
        config.model.check()?;
        Ok(signalbox_bg_nbd::plan(&Events {
            event: config.purchase_event.clone(),
            conditions: config.conditions.clone(),
            within: None,
        }))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        let Some(now) = contact.clock() else {
            return Err("the time is not known".to_owned());
        };
        let purchases = Purchases::of(contact);
        let band = match &purchases {
            None => Band::Never,
            Some(purchases) if purchases.count == 1 => Band::Once,
            Some(purchases) => config.band(purchases, now),
        };
        let reason = match band {
            Band::Safe => Why::Safe,
            Band::Wavering => Why::Wavering,
            Band::Lost => Why::Lost,
            Band::Once => Why::Once,
            Band::Never => Why::Never,
        };
        Ok(SegmentVerdict {
            member: config.bands.contains(&band),
            reason,
            recheck_at: purchases.and_then(|purchases| config.band_ends(&purchases, band, now)),
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn default_bands() -> Vec<Band> {
    vec![Band::Lost]
}

fn default_safe_from() -> f64 {
    0.7
}

fn default_lost_below() -> f64 {
    0.3
}

fn default_purchase() -> String {
    "order_completed".to_owned()
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    /// A contact with so many purchases from the beginning of 2025 to that day.
    fn bought(case: Case, count: u32, last: &str) -> Case {
        case.given("purchases", count)
            .given("first purchase", "2025-01-01T12:00:00Z")
            .given("last purchase", last)
    }

    pub(super) fn all() -> Vec<Case> {
        let lost = json!({});
        let nudge = json!({ "bands": ["wavering"], "safe_from": 0.8, "lost_below": 0.5 });
        let no_second = json!({ "bands": ["once", "never"] });
        vec![
            bought(
                Case::new("bought last week, is safe until spring", lost.clone()),
                4,
                "2025-12-20T12:00:00Z",
            )
            .expect(json!({
                "member": false, "reason": "safe", "recheck_at": "2026-04-17T22:55:50.51Z",
            })),
            bought(
                Case::new("away for four months", lost.clone()),
                10,
                "2025-09-01T12:00:00Z",
            )
            .expect(json!({ "member": false, "reason": "wavering" })),
            bought(
                Case::new("a frequent buyer who has been away for long", lost.clone()),
                30,
                "2025-06-01T12:00:00Z",
            )
            .expect(json!({ "member": true, "reason": "lost", "recheck_at": null })),
            bought(
                Case::new("a rare buyer away as long is not lost", lost.clone()),
                2,
                "2025-06-01T12:00:00Z",
            )
            .expect(json!({ "member": false, "reason": "wavering" })),
            bought(
                Case::new("one purchase tells nothing", lost.clone()),
                1,
                "2025-01-01T12:00:00Z",
            )
            .expect(json!({ "member": false, "reason": "once", "recheck_at": null })),
            Case::new("nobody is lost who never came", lost)
                .expect(json!({ "member": false, "reason": "never", "recheck_at": null })),
            bought(
                Case::new("those who waver are to be nudged", nudge),
                10,
                "2025-11-01T12:00:00Z",
            )
            .expect(json!({ "member": true, "reason": "wavering" })),
            bought(
                Case::new("first-time buyers can be chosen", no_second.clone()),
                1,
                "2025-01-01T12:00:00Z",
            )
            .expect(json!({ "member": true, "reason": "once" })),
            Case::new("and those who never bought", no_second)
                .expect(json!({ "member": true, "reason": "never" })),
        ]
    }
}

plugin! {
    name: "churn_risk",
    version: env!("CARGO_PKG_VERSION"),
    title: "Churn risk",
    summary: "Contacts who still buy, waver or are lost, by the probability that they have not stopped.",
    segment: ChurnRisk,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Instant, Random,
        testing::{Row, check_cases, check_description},
    };

    use super::{ChurnRisk, SegmentVerdict, Why};

    #[test]
    fn cases() {
        check_cases::<ChurnRisk>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    fn decide(
        config: &str,
        (count, first, last): (i64, i64, i64),
        now: Instant,
    ) -> SegmentVerdict<Why> {
        Row::new()
            .set("purchases", count)
            .set("first purchase", first)
            .set("last purchase", last)
            .set("clock", now.as_ms())
            .decide::<ChurnRisk>(config)
            .expect("a verdict")
    }

    #[test]
    fn a_band_ends_exactly_where_the_next_begins() {
        let mut random = Random::new(24);
        let start = 1_700_000_000_000_i64;
        let (mut ends, mut never) = (0, 0);
        for _ in 0..1_000 {
            let lasted = random.below(40_000_000_000) as i64;
            let away = random.below(20_000_000_000) as i64;
            let purchases = (2 + random.below(60) as i64, start, start + lasted);
            let now = Instant::from_ms(start + lasted + away);
            let verdict = decide("{}", purchases, now);
            let Some(at) = verdict.recheck_at else {
                assert_eq!(verdict.reason, Why::Lost);
                never += 1;
                continue;
            };
            assert!(at > now);
            let before = decide("{}", purchases, Instant::from_ms(at.as_ms() - 1));
            assert_eq!(
                (before.reason, before.recheck_at),
                (verdict.reason, Some(at))
            );
            assert_ne!(decide("{}", purchases, at).reason, verdict.reason);
            ends += 1;
        }
        assert!(ends > 200 && never > 200, "{ends} {never}");
    }

    #[test]
    fn bands_of_no_width_are_skipped() {
        let config = r#"{ "safe_from": 0.5, "lost_below": 0.5 }"#;
        let purchases = (5, 0, 10_000_000_000);
        let safe = decide(config, purchases, Instant::from_ms(10_000_000_000));
        assert_eq!(safe.reason, Why::Safe);
        let end = safe.recheck_at.expect("an end");
        assert_eq!(decide(config, purchases, end).reason, Why::Lost);
    }

    #[test]
    fn a_purchase_ahead_of_the_clock_counts_as_made_now() {
        let verdict = decide("{}", (3, 0, 10_000_000), Instant::from_ms(9_999_000));
        let at_once = decide("{}", (3, 0, 10_000_000), Instant::from_ms(10_000_000));
        assert_eq!(verdict, at_once);
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<ChurnRisk>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "safe_from": 0.2 }"#),
            "the probability for lost must not be above the one for safe"
        );
        assert_eq!(
            refused(r#"{ "model": { "alpha": 0 } }"#),
            "the parameter alpha is 0; it must be from 0.001 to 1000"
        );
    }
}
