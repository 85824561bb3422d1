//! Segment `repeat-buyer`: who is expected to buy again, by the BG/NBD model.
//!
//! The number of purchases to be expected in the coming time comes from three numbers: how many purchases so far, and
//! how long after the first came the last one and the present. It counts in both how often a contact buys and that they
//! may have stopped. Fader, Hardie and Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24(2),
//! 275-284; defaults are their parameters for the CDNOW sample, time in weeks.
//!
//! The number only falls between purchases, so the instant at which it passes the threshold is known, and the contact
//! is looked at again then and not before. Several purchases on one day count one by one, where the authors count
//! days.
#![deny(missing_docs)]

use signalbox_bg_nbd::{Model, Purchases, TERMS_MAX, WEEK_MS, first_below};
use signalbox_sdk::prelude::*;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Repeat buyers")]
pub struct Config {
    /// From how many expected purchases on a contact is in the segment. 0.2 means: of five such contacts one purchase
    /// is to be expected.
    #[serde(default = "default_purchases_min")]
    #[schemars(title = "Expected purchases", range(min = 0.001, max = 1000.0))]
    pub purchases_min: f64,

    /// The coming time in which they are expected.
    #[serde(default = "default_ahead")]
    #[schemars(title = "In the next")]
    pub ahead: Span,

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

reasons! {
    /// Why a contact is in or out.
    pub enum Why {
        Expected = "expected": "Expected to buy as often as asked for",
        Unlikely = "unlikely": "Not expected to buy as often as asked for",
        Never = "never": "Never bought so far",
    }
}

/// The rule.
pub struct RepeatBuyer;

impl Rule for RepeatBuyer {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        if !(0.001..=1000.0).contains(&config.purchases_min) {
            return Err("the expected purchases must be from 0.001 to 1000".to_owned());
        }
        if config.ahead.as_ms() == 0 {
            return Err("the coming time must not be zero".to_owned());
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
        let Some(purchases) = Purchases::of(contact) else {
            return Ok(SegmentVerdict::outside(Why::Never));
        };
        let ahead = config.ahead.as_ms() as f64 / WEEK_MS;
        let expected = |at: Instant| config.model.expected(&purchases.history(at), ahead);
        match expected(now) {
            None => Err(format!(
                "the contact bought so often in so short a time that over {TERMS_MAX} purchases would have to be \
                 reckoned with"
            )),
            Some(number) if number < config.purchases_min => {
                Ok(SegmentVerdict::outside(Why::Unlikely))
            }
            Some(_) => Ok(SegmentVerdict {
                recheck_at: first_below(now, config.purchases_min, expected),
                ..SegmentVerdict::inside(Why::Expected)
            }),
        }
    }

    fn cases() -> Vec<Case> {
        let weekly = json!({ "purchases_min": 1.226, "ahead": "273d" });
        let soon = json!({ "purchases_min": 0.2, "ahead": "28d" });
        // The contact of the authors' note: 2 repeats, the last after 213 days, seen for 272, 1.226 to be expected.
        let known = |case: Case| {
            case.given("purchases", 3)
                .given("first purchase", "1997-01-01T00:00:00Z")
                .given("last purchase", "1997-08-02T00:00:00Z")
        };
        vec![
            known(Case::new(
                "the contact of the authors' note, on that day",
                json!({ "purchases_min": 1.225, "ahead": "273d" }),
            ))
            .given("clock", "1997-09-30T00:00:00Z")
            .expect(json!({
                "member": true, "reason": "expected", "recheck_at": "1997-09-30T04:31:24.228Z",
            })),
            known(Case::new(
                "is not expected to buy more than that",
                json!({ "purchases_min": 1.227, "ahead": "273d" }),
            ))
            .given("clock", "1997-09-30T00:00:00Z")
            .expect(json!({ "member": false, "reason": "unlikely", "recheck_at": null })),
            known(Case::new("nor as much a quarter later", weekly))
                .given("clock", "1998-01-01T00:00:00Z")
                .expect(json!({ "member": false, "reason": "unlikely" })),
            Case::new(
                "a regular buyer is expected within four weeks",
                soon.clone(),
            )
            .given("purchases", 12)
            .given("first purchase", "2025-01-01T00:00:00Z")
            .given("last purchase", "2025-12-15T00:00:00Z")
            .expect(json!({ "member": true, "reason": "expected" })),
            Case::new("a single purchase promises little", soon.clone())
                .given("purchases", 1)
                .given("first purchase", "2025-12-31T00:00:00Z")
                .given("last purchase", "2025-12-31T00:00:00Z")
                .expect(json!({ "member": false, "reason": "unlikely" })),
            Case::new("nothing is expected of who never bought", soon)
                .expect(json!({ "member": false, "reason": "never", "recheck_at": null })),
        ]
    }
}

fn default_purchases_min() -> f64 {
    0.5
}

fn default_ahead() -> Span {
    Span::days(90)
}

fn default_purchase() -> String {
    "order_completed".to_owned()
}

plugin! {
    name: "repeat_buyer",
    version: env!("CARGO_PKG_VERSION"),
    title: "Repeat buyers",
    summary: "Contacts who are expected to buy again in the coming time, by how often and how long ago they bought.",
    segment: RepeatBuyer,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Instant, Random,
        testing::{Row, check_cases, check_description},
    };

    use super::{RepeatBuyer, SegmentVerdict, Why};

    #[test]
    fn cases() {
        check_cases::<RepeatBuyer>();
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
    ) -> Result<SegmentVerdict<Why>, String> {
        Row::new()
            .set("purchases", count)
            .set("first purchase", first)
            .set("last purchase", last)
            .set("clock", now.as_ms())
            .decide::<RepeatBuyer>(config)
    }

    #[test]
    fn who_is_expected_is_so_until_the_named_instant() {
        let mut random = Random::new(39);
        let start = 1_700_000_000_000_i64;
        let config = r#"{ "purchases_min": 0.3, "ahead": "90d" }"#;
        let mut ends = 0;
        for _ in 0..500 {
            let lasted = random.below(40_000_000_000) as i64;
            let away = random.below(10_000_000_000) as i64;
            let purchases = (1 + random.below(40) as i64, start, start + lasted);
            let now = Instant::from_ms(start + lasted + away);
            let verdict = decide(config, purchases, now).expect("a verdict");
            let Some(at) = verdict.recheck_at else {
                assert!(!verdict.member);
                continue;
            };
            let before = Instant::from_ms(at.as_ms() - 1);
            assert!(verdict.member && at > now);
            assert!(decide(config, purchases, before).expect("a verdict").member);
            assert!(!decide(config, purchases, at).expect("a verdict").member);
            ends += 1;
        }
        assert!(ends > 100, "{ends}");
    }

    #[test]
    fn what_no_person_does_is_a_failure() {
        let config = r#"{ "ahead": "3660d" }"#;
        let answer = decide(
            config,
            (1_000_000, 0, 604_800_000),
            Instant::from_ms(604_800_000),
        );
        assert!(answer.unwrap_err().contains("over 3000 purchases"));
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<RepeatBuyer>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "ahead": "0s" }"#),
            "the coming time must not be zero"
        );
        assert_eq!(
            refused(r#"{ "purchases_min": 0 }"#),
            "the expected purchases must be from 0.001 to 1000"
        );
        assert_eq!(
            refused(r#"{ "model": { "b": -1 } }"#),
            "the parameter b is -1; it must be from 0.001 to 1000"
        );
    }
}
