//! Segment `rfm`: recency, frequency and monetary value, each scored from 1 to 5 by declared cut-offs.
//!
//! The three numbers are the classic ones of database marketing: how long ago a contact last bought, how often they
//! bought, and for how much in all. A rule sees one contact at a time, so the bounds of the fifths are declared: look
//! up the values below which 20, 40, 60 and 80 percent of your buyers lie. Frequency and amount are of a rolling
//! window; recency is a count in each of four windows, so no clock is read and the host knows when a score changes.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Recency, frequency, monetary value")]
pub struct Config {
    /// Which recency scores are in the segment. 5 bought most lately, 1 longest ago.
    #[serde(default)]
    #[schemars(title = "Recency")]
    pub recency: Scores,

    /// Which frequency scores are in the segment. 5 bought most often.
    #[serde(default)]
    #[schemars(title = "Frequency")]
    pub frequency: Scores,

    /// Which monetary scores are in the segment. 5 spent most.
    #[serde(default)]
    #[schemars(title = "Monetary value")]
    pub monetary: Scores,

    /// Bounds of the recency scores, shortest first: who bought within the first scores 5, within the second 4, and so
    /// on; who bought before the last scores 1.
    #[serde(default = "default_recency_cuts")]
    #[schemars(title = "Recency bounds")]
    pub recency_cuts: [Span; 4],

    /// Bounds of the frequency scores, least first: who bought at least as often as the first scores 2, as the last 5.
    #[serde(default = "default_frequency_cuts")]
    #[schemars(title = "Frequency bounds")]
    pub frequency_cuts: [u32; 4],

    /// Bounds of the monetary scores, least first: who spent at least the first scores 2, at least the last 5.
    #[serde(default = "default_monetary_cuts")]
    #[schemars(title = "Monetary bounds")]
    pub monetary_cuts: [f64; 4],

    /// Over how long purchases and amounts are counted.
    #[serde(default = "default_within")]
    #[schemars(title = "Counted within")]
    pub within: Span,

    /// The event that is a purchase.
    #[serde(default = "default_purchase")]
    #[schemars(title = "Purchase event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub purchase_event: String,

    /// The purchase's field that holds its amount.
    #[serde(default = "default_amount")]
    #[schemars(
        title = "Amount field",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")
    )]
    pub amount_field: String,
}

/// A range of scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scores {
    /// The least score that is in.
    #[schemars(title = "From", range(min = 1, max = 5))]
    pub from: u8,
    /// The greatest score that is in.
    #[schemars(title = "To", range(min = 1, max = 5))]
    pub to: u8,
}

reasons! {
    /// Why a contact is in or out.
    pub enum Why {
        Inside = "inside": "All three scores are among the chosen ones",
        Recency = "recency": "Last bought too lately or too long ago",
        Frequency = "frequency": "Bought too often or too seldom",
        Monetary = "monetary": "Spent too much or too little",
        AmountMissing = "amount_missing": "No purchase in the time has an amount",
        Never = "never": "Never bought so far",
    }
}

/// The rule.
pub struct Rfm;

impl Default for Scores {
    fn default() -> Self {
        Self { from: 1, to: 5 }
    }
}

impl Scores {
    fn has(self, score: u8) -> bool {
        (self.from..=self.to).contains(&score)
    }

    fn check(self, name: &str) -> Result<(), String> {
        if 1 <= self.from && self.from <= self.to && self.to <= 5 {
            Ok(())
        } else {
            Err(format!(
                "the {name} scores must go from 1 to 5, the least first"
            ))
        }
    }
}

/// 1 and the number of bounds that are reached.
fn score<T: PartialOrd + Copy>(value: T, cuts: &[T; 4]) -> u8 {
    1 + cuts.iter().filter(|cut| value >= **cut).count() as u8
}

/// Whether each bound is above the one before.
fn ascending<T: PartialOrd>(cuts: &[T; 4]) -> bool {
    cuts.windows(2).all(|pair| pair[0] < pair[1])
}

fn bought_name(cut: Span) -> String {
    format!("purchases within {cut}")
}

impl Rule for Rfm {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        config.recency.check("recency")?;
        config.frequency.check("frequency")?;
        config.monetary.check("monetary")?;
        let rising = [
            ("recency", ascending(&config.recency_cuts)),
            ("frequency", ascending(&config.frequency_cuts)),
            ("monetary", ascending(&config.monetary_cuts)),
        ];
        if let Some((name, _)) = rising.iter().find(|(_, rising)| !rising) {
            return Err(format!(
                "each of the {name} bounds must be above the one before"
            ));
        }
        let purchases = Events::named(config.purchase_event.as_str());
        let counted = purchases.clone().within(config.within);
        let plan = config.recency_cuts.iter().fold(Plan::new(), |plan, cut| {
            plan.count(&bought_name(*cut), purchases.clone().within(*cut))
        });
        Ok(plan
            .count("purchases ever", purchases)
            .count("purchases", counted.clone())
            .sum("amount", counted, &config.amount_field))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        // The windows grow, so the purchases in each are also in the next.
        let recency = config
            .recency_cuts
            .iter()
            .filter(|cut| contact.count(&bought_name(**cut)) > 0)
            .count() as u8
            + 1;
        if contact.count("purchases ever") == 0 {
            return Ok(SegmentVerdict::outside(Why::Never));
        }
        if !config.recency.has(recency) {
            return Ok(SegmentVerdict::outside(Why::Recency));
        }
        let purchases = contact.count("purchases");
        let frequency = score(purchases, &config.frequency_cuts.map(i64::from));
        if !config.frequency.has(frequency) {
            return Ok(SegmentVerdict::outside(Why::Frequency));
        }
        let monetary = match contact.number("amount") {
            Some(amount) => score(amount, &config.monetary_cuts),
            // Who bought nothing in the time spent nothing; what a purchase without an amount cost is not known.
            None if purchases == 0 => 1,
            None => return Ok(SegmentVerdict::outside(Why::AmountMissing)),
        };
        Ok(if config.monetary.has(monetary) {
            SegmentVerdict::inside(Why::Inside)
        } else {
            SegmentVerdict::outside(Why::Monetary)
        })
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn default_recency_cuts() -> [Span; 4] {
    [30, 60, 120, 240].map(Span::days)
}

fn default_frequency_cuts() -> [u32; 4] {
    [2, 3, 5, 9]
}

fn default_monetary_cuts() -> [f64; 4] {
    [50.0, 100.0, 250.0, 500.0]
}

fn default_within() -> Span {
    Span::days(365)
}

fn default_purchase() -> String {
    "order_completed".to_owned()
}

fn default_amount() -> String {
    "value".to_owned()
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    /// A contact with so many purchases for so much, all within the last 60 days.
    fn bought(case: Case, count: u32, amount: u32) -> Case {
        case.given("purchases within 60d", count)
            .given("purchases within 120d", count)
            .given("purchases within 240d", count)
            .given("purchases ever", count)
            .given("purchases", count)
            .given("amount", amount)
    }

    pub(super) fn all() -> Vec<Case> {
        let champions = json!({
            "recency": { "from": 4 }, "frequency": { "from": 4 }, "monetary": { "from": 4 },
        });
        let hibernating = json!({ "recency": { "to": 2 }, "monetary": { "from": 1 } });
        let frugal = json!({ "monetary": { "to": 1 } });
        vec![
            bought(Case::new("4, 4 and 4", champions.clone()), 5, 250)
                .expect(json!({ "member": true, "reason": "inside" })),
            bought(Case::new("one purchase too few", champions.clone()), 4, 250)
                .expect(json!({ "member": false, "reason": "frequency" })),
            bought(Case::new("one coin too little", champions.clone()), 5, 249)
                .expect(json!({ "member": false, "reason": "monetary" })),
            Case::new("good, but long ago", champions.clone())
                .given("purchases within 120d", 7)
                .given("purchases within 240d", 9)
                .given("purchases ever", 9)
                .given("purchases", 9)
                .given("amount", 900)
                .expect(json!({ "member": false, "reason": "recency" })),
            Case::new("never bought, so has no scores", champions)
                .expect(json!({ "member": false, "reason": "never" })),
            Case::new("bought before all the windows", hibernating.clone())
                .given("purchases ever", 3)
                .expect(json!({ "member": true, "reason": "inside" })),
            bought(
                Case::new("bought too lately to hibernate", hibernating),
                1,
                20,
            )
            .expect(json!({ "member": false, "reason": "recency" })),
            bought(
                Case::new("spent less than the first bound", frugal.clone()),
                2,
                49,
            )
            .expect(json!({ "member": true, "reason": "inside" })),
            Case::new("what was spent is not known", frugal)
                .given("purchases within 240d", 2)
                .given("purchases ever", 2)
                .given("purchases", 2)
                .expect(json!({ "member": false, "reason": "amount_missing" })),
        ]
    }
}

plugin! {
    name: "rfm",
    version: env!("CARGO_PKG_VERSION"),
    title: "Recency, frequency, monetary value",
    summary: "Contacts by how lately, how often and for how much they bought, each scored from 1 to 5.",
    segment: Rfm,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Random,
        testing::{Row, check_cases, check_description},
    };

    use super::{Rfm, Why, score};

    #[test]
    fn cases() {
        check_cases::<Rfm>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn a_bound_belongs_to_the_score_above() {
        let scores = [1, 2, 3, 4, 5, 8, 9, 10].map(|count| score(count, &[2, 3, 5, 9]));
        assert_eq!(scores, [1, 2, 3, 3, 4, 4, 5, 5]);
    }

    /// Days since each purchase and its amount, against scores worked out from them one by one.
    #[test]
    fn members_are_those_of_a_plain_count() {
        const DAYS: [u64; 4] = [30, 60, 120, 240];
        let mut random = Random::new(5);
        let config = r#"{ "recency": { "from": 2, "to": 4 }, "frequency": { "from": 2, "to": 4 },
            "monetary": { "from": 2, "to": 4 } }"#;
        let mut members = 0;
        for _ in 0..2_000 {
            let purchases: Vec<(u64, u64)> = (0..random.below(12))
                .map(|_| (random.below(500), random.below(200)))
                .collect();
            let within = |days: u64| purchases.iter().filter(|(age, _)| *age < days).count();
            let spent: u64 = purchases
                .iter()
                .filter(|(age, _)| *age < 365)
                .map(|(_, amount)| amount)
                .sum();
            let mut row = Row::new()
                .set("purchases ever", purchases.len())
                .set("purchases", within(365));
            for days in DAYS {
                row = row.set(&format!("purchases within {days}d"), within(days));
            }
            if within(365) > 0 {
                row = row.set("amount", spent);
            }
            let youngest = purchases.iter().map(|(age, _)| *age).min();
            let expected = youngest.is_some_and(|age| {
                let recency = 5 - DAYS.iter().filter(|days| age >= **days).count();
                let frequency = match within(365) {
                    0..2 => 1,
                    2 => 2,
                    3..5 => 3,
                    5..9 => 4,
                    _ => 5,
                };
                let monetary = match spent {
                    0..50 => 1,
                    50..100 => 2,
                    100..250 => 3,
                    250..500 => 4,
                    _ => 5,
                };
                [recency, frequency, monetary]
                    .iter()
                    .all(|score| (2..=4).contains(score))
            });
            let verdict = row.decide::<Rfm>(config).expect("a verdict");
            assert_eq!(verdict.member, expected, "{purchases:?}");
            assert_eq!(verdict.reason == Why::Inside, expected);
            members += u32::from(expected);
        }
        assert!(members > 100, "{members}");
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<Rfm>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "frequency_cuts": [1, 2, 2, 3] }"#),
            "each of the frequency bounds must be above the one before"
        );
        assert_eq!(
            refused(r#"{ "monetary": { "from": 4, "to": 3 } }"#),
            "the monetary scores must go from 1 to 5, the least first"
        );
    }
}
