//! Personalizer `incentive`: a coupon only for those who need one, within a budget.
//!
//! A score says how much a contact needs an incentive, from an attribute that you keep (the probability of not coming
//! back, say). It falls into exactly one arm: below the least bound there is no coupon, from each bound on that
//! arm's. The template finds `rule.incentive.arm`, `rule.incentive.coupon` and `rule.incentive.cost`; the arm is
//! `none` and the cost 0 where there is no coupon, so that coupons and their cost can be added up by arm. There is no
//! `rule.incentive.coupon` then, so a template that names it without asking for the arm is not sent to those without
//! one.
//!
//! A rule sees one contact at a time and keeps no accounts. A budget is therefore a share: of `contacts` who are
//! expected to need a coupon, so many get theirs, drawn by the contact's own seed, that the expected cost of each arm
//! is at most `amount / contacts` a head. The draw is the same whenever it is made again; the true cost scatters
//! around the expected one like any draw.
#![deny(missing_docs)]

use serde_json::{Map, Value as Json};
use signalbox_sdk::prelude::*;

/// Most arms.
const ARMS_MAX: usize = 10;
/// The arm of those without a coupon.
const NONE: &str = "none";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Incentive")]
pub struct Config {
    /// The attribute that holds the score, a number: the higher, the more an incentive is needed.
    #[schemars(
        title = "Score",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"),
        example = &"churn_probability"
    )]
    pub score: String,

    /// The arms. Below the least of their bounds there is no coupon.
    #[schemars(title = "Arms", length(min = 1, max = 10))]
    pub arms: Vec<Arm>,

    /// How much may be spent, and on how many.
    #[serde(default)]
    #[schemars(title = "Budget")]
    pub budget: Option<Budget>,

    /// Who had such an event lately gets no coupon.
    #[serde(default)]
    #[schemars(title = "Not again after")]
    pub not_after: Option<NotAfter>,
}

/// What contacts get from a score on.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// The arm's name, for reports.
    #[schemars(title = "Name", regex(pattern = r"^[a-z][a-z0-9_]{0,49}$"), example = &"strong")]
    pub name: String,
    /// From this score on, up to the next arm's.
    #[schemars(title = "From")]
    pub from: f64,
    /// The code that the contact gets.
    #[schemars(title = "Coupon", length(min = 1, max = 100), example = &"SAVE10")]
    pub coupon: String,
    /// What one such coupon costs on average.
    #[schemars(title = "Cost", range(min = 0.0, max = 1_000_000.0))]
    pub cost: f64,
}

/// How much may be spent.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The amount for all of them.
    #[schemars(title = "Amount", range(min = 0.0, max = 1e12))]
    pub amount: f64,
    /// How many contacts are expected to need a coupon.
    #[schemars(title = "Contacts", range(min = 1, max = 100_000_000))]
    pub contacts: u32,
}

/// What keeps a contact from another coupon for a while.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotAfter {
    /// The event's name.
    #[schemars(
        title = "Event",
        regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"),
        example = &"coupon_redeemed"
    )]
    pub event: String,
    /// For how long.
    #[schemars(title = "For", example = &"90d")]
    pub within: Span,
}

reasons! {
    /// Why a contact gets a coupon or not.
    pub enum Why {
        Given = "given": "Needs a coupon and gets it",
        NotNeeded = "not_needed": "The score is too low to need a coupon",
        Spared = "spared": "Needs a coupon, but is not drawn within the budget",
        HadOne = "had_one": "Had one lately",
        ScoreMissing = "score_missing": "There is no score",
    }
}

/// The rule.
pub struct Incentive;

impl Config {
    /// The arm with the greatest bound that the score reaches.
    fn arm(&self, score: f64) -> Option<&Arm> {
        let reached = self.arms.iter().filter(|arm| score >= arm.from);
        reached.max_by(|one, other| one.from.total_cmp(&other.from))
    }

    /// The share of an arm's contacts who get its coupon, 0 to 1.
    fn share(&self, arm: &Arm) -> f64 {
        match &self.budget {
            Some(budget) if arm.cost > 0.0 => {
                (budget.amount / f64::from(budget.contacts) / arm.cost).min(1.0)
            }
            _ => 1.0,
        }
    }

    /// The contact's arm, or why there is none.
    fn choose(&self, contact: &Contact<'_>) -> Result<Result<&Arm, Why>, String> {
        let Some(score) = contact.number("score") else {
            return Ok(Err(Why::ScoreMissing));
        };
        let Some(arm) = self.arm(score) else {
            return Ok(Err(Why::NotNeeded));
        };
        if self.not_after.is_some() && contact.count("had one") > 0 {
            return Ok(Err(Why::HadOne));
        }
        if self.budget.is_none() {
            return Ok(Ok(arm));
        }
        let Some(mut random) = contact.random() else {
            return Err("there is no seed to draw by".to_owned());
        };
        Ok(if random.fraction() < self.share(arm) {
            Ok(arm)
        } else {
            Err(Why::Spared)
        })
    }
}

impl Rule for Incentive {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check(config)?;
        let source = Source::Attribute(config.score.clone());
        let mut plan = Plan::new().input("score", source, Type::Number);
        if let Some(not_after) = &config.not_after {
            let events = Events::named(not_after.event.as_str()).within(not_after.within);
            plan = plan.count("had one", events);
        }
        Ok(match config.budget {
            Some(_) => plan.seed(),
            None => plan,
        })
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let chosen = config.choose(contact)?;
        let (values, why) = match chosen {
            Ok(arm) => (
                json!({ "arm": arm.name, "coupon": arm.coupon, "cost": arm.cost }),
                Why::Given,
            ),
            Err(why) => (json!({ "arm": NONE, "cost": 0 }), why),
        };
        let slot: Map<String, Json> = Map::from_iter([("incentive".to_owned(), values)]);
        Ok(PersonalizerVerdict::new(&slot, why))
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn check(config: &Config) -> Result<(), String> {
    if config.arms.is_empty() || config.arms.len() > ARMS_MAX {
        return Err(format!("1 to {ARMS_MAX} arms are possible"));
    }
    for (index, arm) in config.arms.iter().enumerate() {
        if arm.name == NONE {
            return Err(format!("{NONE:?} is the arm of those without a coupon"));
        }
        if arm.cost < 0.0 {
            return Err(format!("the arm {} needs a cost of at least 0", arm.name));
        }
        let earlier = &config.arms[..index];
        if earlier.iter().any(|other| other.name == arm.name) {
            return Err(format!("two arms are named {}", arm.name));
        }
        if earlier
            .iter()
            .any(|other| other.from.total_cmp(&arm.from).is_eq())
        {
            return Err(format!("two arms begin at {}", arm.from));
        }
    }
    match &config.budget {
        Some(budget) if budget.contacts == 0 || budget.amount < 0.0 => {
            Err("a budget needs an amount of at least 0 and at least one contact".to_owned())
        }
        _ => Ok(()),
    }
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    pub(super) fn all() -> Vec<Case> {
        let bands = json!({
            "score": "churn_probability",
            "arms": [
                { "name": "strong", "from": 0.8, "coupon": "STAY20", "cost": 12 },
                { "name": "nudge", "from": 0.5, "coupon": "HELLO5", "cost": 3 },
            ],
            "not_after": { "event": "coupon_redeemed", "within": "90d" },
        });
        let tight = json!({
            "score": "churn_probability",
            "arms": [{ "name": "strong", "from": 0.8, "coupon": "STAY20", "cost": 12 }],
            "budget": { "amount": 6000, "contacts": 1000 },
        });
        let scored = |name: &str, score: f64| Case::new(name, bands.clone()).given("score", score);
        let nothing = |why: &str| {
            json!({
                "values": { "incentive": { "arm": "none", "coupon": null, "cost": 0 } },
                "subject": null, "variant": null, "reason": why,
            })
        };
        let strong = json!({
            "values": { "incentive": { "arm": "strong", "coupon": "STAY20", "cost": 12 } },
            "reason": "given",
        });
        vec![
            scored("just below the least bound", 0.499_999).expect(nothing("not_needed")),
            scored("at the least bound", 0.5).expect(json!({
                "values": { "incentive": { "arm": "nudge", "coupon": "HELLO5", "cost": 3 } },
                "reason": "given",
            })),
            scored("just below the next", 0.799_999)
                .expect(json!({ "values": { "incentive": { "arm": "nudge" } } })),
            scored("at the next", 0.8).expect(strong.clone()),
            scored("redeemed one lately", 0.9)
                .given("had one", 1)
                .expect(nothing("had_one")),
            Case::new("no score", bands.clone()).expect(nothing("score_missing")),
            // The share is 6000 / 1000 / 12, a half; the first fraction of seed 0 is 0.883, of seed 3 0.113.
            Case::new("not drawn", tight.clone())
                .given("score", 0.9)
                .given("seed", 0)
                .expect(nothing("spared")),
            Case::new("drawn", tight)
                .given("score", 0.9)
                .given("seed", 3)
                .expect(strong),
        ]
    }
}

plugin! {
    name: "incentive",
    version: env!("CARGO_PKG_VERSION"),
    title: "Incentive",
    summary: "Gives a coupon only to those whose score says that they need one, by bands and within a budget.",
    personalizer: Incentive,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Random,
        testing::{Row, check_cases, check_description, decide_rows},
    };

    use super::{Incentive, Why};

    #[test]
    fn cases() {
        check_cases::<Incentive>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    /// 10,000 contacts and money for one in four: within four standard deviations of it.
    #[test]
    fn the_expected_cost_is_the_budget() {
        let mut random = Random::new(6);
        let config = r#"{ "score": "s", "arms": [{ "name": "a", "from": 0, "coupon": "C", "cost": 8 }],
            "budget": { "amount": 20000, "contacts": 10000 } }"#;
        let rows: Vec<Row> = (0..10_000)
            .map(|_| Row::new().set("score", 1).set("seed", random.bits() as i64))
            .collect();
        let given = decide_rows::<Incentive>(config, &rows)
            .into_iter()
            .filter(|verdict| verdict.as_ref().is_ok_and(|one| one.reason == Why::Given))
            .count();
        assert!(given.abs_diff(2_500) < 4 * 44, "{given}");
    }

    /// Bands are exclusive and exhaustive: the arm of a score is that of a plain comparison.
    #[test]
    fn every_score_has_one_arm() {
        let config = r#"{ "score": "s", "arms": [
            { "name": "b", "from": 2, "coupon": "B", "cost": 2 },
            { "name": "c", "from": 3, "coupon": "C", "cost": 3 },
            { "name": "a", "from": 1, "coupon": "A", "cost": 1 } ] }"#;
        for step in -10..50 {
            let score = f64::from(step) / 10.0;
            let verdict = Row::new().set("score", score).decide::<Incentive>(config);
            let expected = match score {
                _ if score >= 3.0 => r#"{"incentive":{"arm":"c","cost":3.0,"coupon":"C"}}"#,
                _ if score >= 2.0 => r#"{"incentive":{"arm":"b","cost":2.0,"coupon":"B"}}"#,
                _ if score >= 1.0 => r#"{"incentive":{"arm":"a","cost":1.0,"coupon":"A"}}"#,
                _ => r#"{"incentive":{"arm":"none","cost":0}}"#,
            };
            assert_eq!(verdict.expect("a verdict").values, expected, "{score}");
        }
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |arms: &str| {
            let config = format!(r#"{{ "score": "s", "arms": [{arms}] }}"#);
            Row::new().decide::<Incentive>(&config).unwrap_err()
        };
        let arm = |name: &str, from: i32| {
            format!(r#"{{ "name": "{name}", "from": {from}, "coupon": "C", "cost": 1 }}"#)
        };
        assert_eq!(refused(""), "1 to 10 arms are possible");
        assert_eq!(
            refused(&arm("none", 1)),
            "\"none\" is the arm of those without a coupon"
        );
        assert_eq!(
            refused(&[arm("a", 1), arm("a", 2)].join(",")),
            "two arms are named a"
        );
        assert_eq!(
            refused(&[arm("a", 1), arm("b", 1)].join(",")),
            "two arms begin at 1"
        );
    }
}
