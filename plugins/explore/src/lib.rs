//! Personalizer `explore`: chooses the arm of a split by the contact's scores, and now and then another one to learn.
//!
//! Each arm has a score, from an attribute that you keep (the probability of an order with that offer, say). A share of
//! the draws, `explore`, takes any arm, all alike; the others take the arm with the best score (epsilon-greedy), or with
//! a `temperature` draw by the scores (softmax): the higher it is, the more alike the arms are.
//!
//! It answers the arm and its propensity, the exact probability of that arm with these scores, however it was drawn. The
//! numbers that the server counts by it are as sure as the rarest arm is common: `explore` of at least a few hundredths
//! keeps every arm in sight.
//!
//! A rule keeps no accounts: it draws by the seed that it is given, so that asking again gives the same arm, and learns
//! nothing by itself. What was learnt comes in by the attributes.
#![deny(missing_docs)]

use serde_json::{Map, Value as Json};
use signalbox_sdk::{Random, prelude::*};

/// Most arms.
const ARMS_MAX: usize = 20;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Explore")]
pub struct Config {
    /// The arms of the split. Of several with the best score the first is taken.
    #[schemars(title = "Arms", length(min = 1, max = 20))]
    pub arms: Vec<Arm>,

    /// The share of draws that take any arm, all alike, 0 to 1.
    #[schemars(title = "Explore", range(min = 0.0, max = 1.0), example = &0.1)]
    pub explore: f64,

    /// Draws by the scores rather than to take the best: arms whose scores are so far apart differ e-fold. Default: the
    /// best is taken.
    #[serde(default)]
    #[schemars(title = "Temperature", range(min = 0.000_001, max = 1_000_000.0))]
    pub temperature: Option<f64>,
}

/// An arm of the split, and how good it is for the contact.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// The arm's name in the split.
    #[schemars(title = "Name", regex(pattern = r"^[a-z0-9][a-z0-9_-]{0,99}$"), example = &"gift")]
    pub name: String,
    /// The attribute that holds its score, a number: the higher, the better.
    #[schemars(
        title = "Score",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"),
        example = &"gift_score"
    )]
    pub score: String,
    /// Its score for those who have none. Default: 0.
    #[serde(default)]
    #[schemars(title = "Otherwise")]
    pub otherwise: f64,
}

reasons! {
    /// Why a contact is given its arm.
    pub enum Why {
        ByScore = "by_score": "Chosen by its score",
        Explored = "explored": "Drawn among all, to learn how it does",
    }
}

/// The rule.
pub struct Explore;

impl Config {
    /// The probabilities of the arms in a draw that goes by the scores.
    fn by_score(&self, scores: &[f64]) -> Vec<f64> {
        let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let Some(temperature) = self.temperature else {
            let first = scores.iter().position(|score| *score >= best);
            let is_first = |index: usize| Some(index) == first;
            return (0..scores.len())
                .map(|index| f64::from(u8::from(is_first(index))))
                .collect();
        };
        let weights: Vec<f64> = scores
            .iter()
            .map(|score| ((score - best) / temperature).exp())
            .collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    /// The contact's arm, by index, its probability however it was drawn, and why.
    fn choose(&self, scores: &[f64], random: &mut Random) -> (usize, f64, Why) {
        let by_score = self.by_score(scores);
        let (index, why) = if random.fraction() < self.explore {
            (random.below(scores.len() as u64) as usize, Why::Explored)
        } else {
            (drawn(&by_score, random.fraction()), Why::ByScore)
        };
        let any = self.explore / scores.len() as f64;
        // A sum of parts may come out above the whole by its last digit.
        let propensity = (any + (1.0 - self.explore) * by_score[index]).min(1.0);
        (index, propensity, why)
    }
}

/// The index in whose part of the whole the fraction falls; never one without a part.
fn drawn(parts: &[f64], fraction: f64) -> usize {
    let mut end = 0.0;
    let found = parts.iter().position(|part| {
        end += part;
        fraction < end
    });
    let last = || parts.iter().rposition(|part| *part > 0.0).unwrap_or(0);
    found.unwrap_or_else(last)
}

fn input_of(arm: &Arm) -> String {
    format!("score of {}", arm.name)
}

impl Rule for Explore {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check(config)?;
        let plan = config.arms.iter().fold(Plan::new(), |plan, arm| {
            let source = Source::Attribute(arm.score.clone());
            plan.input(input_of(arm), source, Type::Number)
        });
        Ok(plan.seed())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let Some(mut random) = contact.random() else {
            return Err("there is no seed to draw by".to_owned());
        };
        let score = |arm: &Arm| contact.number(&input_of(arm)).unwrap_or(arm.otherwise);
        let scores: Vec<f64> = config.arms.iter().map(score).collect();
        let (index, propensity, why) = config.choose(&scores, &mut random);
        let values: Map<String, Json> = Map::from_iter([
            (
                "arm".to_owned(),
                Json::from(config.arms[index].name.as_str()),
            ),
            ("propensity".to_owned(), Json::from(propensity)),
        ]);
        Ok(PersonalizerVerdict::new(&values, why))
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
        let earlier = &config.arms[..index];
        if earlier.iter().any(|other| other.name == arm.name) {
            return Err(format!("two arms are named {}", arm.name));
        }
    }
    if !(0.0..=1.0).contains(&config.explore) {
        return Err("the share that explores is 0 to 1".to_owned());
    }
    match config.temperature {
        Some(temperature) if temperature <= 0.0 => {
            Err("the temperature is above 0; leave it out to take the best".to_owned())
        }
        _ => Ok(()),
    }
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use serde_json::Value as Json;
    use signalbox_sdk::prelude::*;

    pub(super) fn all() -> Vec<Case> {
        let greedy = json!({
            "arms": [
                { "name": "plain", "score": "plain_score" },
                { "name": "gift", "score": "gift_score", "otherwise": 0.5 },
            ],
            "explore": 0.5,
        });
        let mut soft = greedy.clone();
        soft["explore"] = json!(0);
        soft["temperature"] = json!(0.25);
        let mut never = greedy.clone();
        never["explore"] = json!(0);
        let seeded = |name: &str, config: &Json, seed: i64| {
            Case::new(name, config.clone()).given("seed", seed)
        };
        let given = |arm: &str, propensity: f64, why: &str| json!({ "values": { "arm": arm, "propensity": propensity }, "reason": why });
        // The first two fractions of seed 0 are 0.883 and 0.431, of seed 3 0.113 and 0.700, of seed 7 0.390 and 0.017.
        vec![
            seeded("the best", &greedy, 0)
                .given("score of plain", 0.9)
                .expect(given("plain", 0.75, "by_score")),
            seeded("the best of those without scores", &greedy, 0)
                .expect(given("gift", 0.75, "by_score")),
            seeded("another one, to learn", &greedy, 7)
                .given("score of gift", 2)
                .expect(given("plain", 0.25, "explored")),
            seeded("the best one, to learn", &greedy, 3).expect(given("gift", 0.75, "explored")),
            seeded("the first of two alike", &greedy, 0)
                .given("score of plain", 0.5)
                .expect(given("plain", 0.75, "by_score")),
            seeded("nobody explores", &never, 7).expect(given("gift", 1.0, "by_score")),
            seeded("by the scores, all alike", &soft, 0)
                .given("score of plain", 0.5)
                .expect(given("plain", 0.5, "by_score")),
        ]
    }
}

plugin! {
    name: "explore",
    version: env!("CARGO_PKG_VERSION"),
    title: "Explore",
    summary: "Chooses the arm of a split by the contact's scores, and now and then another one to learn how it does.",
    personalizer: Explore,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Random,
        testing::{Row, check_cases, check_description, decide_rows},
    };

    use super::{Explore, Json, Why};

    #[test]
    fn cases() {
        check_cases::<Explore>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    fn config(temperature: Option<f64>) -> String {
        let temperature = temperature.map(|one| format!(", \"temperature\": {one}"));
        format!(
            r#"{{ "explore": 0.3, "arms": [{{ "name": "a", "score": "a" }}, {{ "name": "b", "score": "b" }},
                {{ "name": "c", "score": "c" }}]{} }}"#,
            temperature.unwrap_or_default()
        )
    }

    /// 30,000 contacts with the same scores: each arm as often as its propensity says, within four standard deviations.
    #[test]
    fn arms_are_drawn_as_often_as_their_propensity_says() {
        for (config, best) in [(config(None), 0.8), (config(Some(0.5)), 0.6)] {
            let mut random = Random::new(11);
            let rows: Vec<Row> = (0..30_000)
                .map(|_| {
                    let scored = Row::new().set("score of a", 1).set("score of b", 0.5);
                    scored.set("seed", random.bits() as i64)
                })
                .collect();
            let mut counts = std::collections::BTreeMap::new();
            for verdict in decide_rows::<Explore>(&config, &rows) {
                let values = verdict.expect("a verdict").values;
                *counts.entry(values).or_insert(0_u32) += 1;
            }
            assert_eq!(counts.len(), 3, "{counts:?}");
            let mut sum = 0.0;
            for (values, count) in counts {
                let values: Json = serde_json::from_str(&values).expect("JSON");
                let propensity = values["propensity"].as_f64().expect("a number");
                let expected = 30_000.0 * propensity;
                let deviation = (expected * (1.0 - propensity)).sqrt();
                assert!(
                    (f64::from(count) - expected).abs() < 4.0 * deviation,
                    "{values}"
                );
                if values["arm"] == "a" {
                    assert!((propensity - best).abs() < 0.05, "{propensity}");
                }
                sum += propensity;
            }
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
    }

    #[test]
    fn nobody_is_given_an_arm_that_has_no_chance() {
        let config = config(Some(0.000_001)).replace("0.3", "0");
        for seed in 0..200 {
            let row = Row::new().set("score of b", 1e9).set("seed", seed);
            let verdict = row.decide::<Explore>(&config).expect("a verdict");
            assert_eq!(verdict.values, r#"{"arm":"b","propensity":1.0}"#);
            assert_eq!(verdict.reason, Why::ByScore);
        }
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: String| Row::new().decide::<Explore>(&config).unwrap_err();
        let sound = config(None);
        assert_eq!(
            refused(r#"{ "explore": 0, "arms": [] }"#.to_owned()),
            "1 to 20 arms are possible"
        );
        assert_eq!(
            refused(sound.replace(r#""name": "b""#, r#""name": "a""#)),
            "two arms are named a"
        );
        assert_eq!(
            refused(sound.replace("0.3", "1.1")),
            "the share that explores is 0 to 1"
        );
        assert_eq!(
            refused(config(Some(0.0))),
            "the temperature is above 0; leave it out to take the best"
        );
    }
}
