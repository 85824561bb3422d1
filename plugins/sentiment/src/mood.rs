//! Segment `sentiment`: who wrote in a tone that is surely the chosen one. What is not sure is for people to read: the
//! way of a branch that no arm takes.

use signalbox_sdk::{Batch, prelude::*};

use crate::{TextOf, Words, check_words};

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Mood of a text")]
pub struct Config {
    /// The moods that are in the segment.
    #[schemars(title = "Moods", length(min = 1, max = 3))]
    pub moods: Vec<Mood>,

    /// From so many points on a text is surely happy, and down from their opposite surely unhappy; what has points but
    /// fewer is in no mood's segment.
    #[serde(default = "default_sure_from")]
    #[schemars(title = "Sure from", range(min = 1.0, max = 100.0))]
    pub sure_from: f64,

    /// Where the text stands.
    #[serde(default)]
    #[schemars(title = "Text")]
    pub text: TextOf,

    /// Words of your trade that show that someone is happy, in lower case.
    #[serde(default)]
    #[schemars(title = "Happy words", length(max = 200))]
    pub happy_words: Vec<String>,

    /// Words of your trade that show that someone is unhappy, in lower case.
    #[serde(default)]
    #[schemars(title = "Unhappy words", length(max = 200))]
    pub unhappy_words: Vec<String>,
}

/// How a text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// Surely happy.
    Happy,
    /// Surely unhappy.
    Unhappy,
    /// Without any sign of the one or the other.
    Neutral,
}

reasons! {
    /// How the text was read.
    pub enum Why {
        Happy = "happy": "The text is surely a happy one",
        Unhappy = "unhappy": "The text is surely an unhappy one",
        Neutral = "neutral": "The text is neither happy nor unhappy",
        Unsure = "unsure": "The text leans to one side, but not surely",
        TextMissing = "text_missing": "There is no text",
    }
}

/// The rule.
pub struct InMood;

impl Config {
    fn answer(&self, words: &Words<'_>, text: Option<&str>) -> SegmentVerdict<Why> {
        let (mood, reason) = match text.map(|text| words.weigh(text)) {
            None => (None, Why::TextMissing),
            Some(points) if points >= self.sure_from => (Some(Mood::Happy), Why::Happy),
            Some(points) if points <= -self.sure_from => (Some(Mood::Unhappy), Why::Unhappy),
            Some(0.0) => (Some(Mood::Neutral), Why::Neutral),
            Some(_) => (None, Why::Unsure),
        };
        SegmentVerdict {
            member: mood.is_some_and(|mood| self.moods.contains(&mood)),
            reason,
            recheck_at: None,
        }
    }

    fn words(&self) -> Words<'_> {
        Words::new(&self.happy_words, &self.unhappy_words)
    }
}

impl Rule for InMood {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check_words(&config.happy_words)?;
        check_words(&config.unhappy_words)?;
        Ok(config.text.plan())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        Ok(config.answer(&config.words(), contact.text("text")))
    }

    fn decide_batch(config: &Config, batch: &Batch) -> Vec<Result<SegmentVerdict<Why>, String>> {
        let words = config.words();
        batch.each(|contact| Ok(config.answer(&words, contact.text("text"))))
    }

    fn cases() -> Vec<Case> {
        let unhappy = json!({ "moods": ["unhappy"], "sure_from": 3 });
        let fine = json!({ "moods": ["happy", "neutral"] });
        let written = |name: &str, config: &serde_json::Value, text: &str| {
            Case::new(name, config.clone()).given("text", text)
        };
        vec![
            written("surely unhappy", &unhappy, "Not worth the money. It broke.")
                .expect(json!({ "member": true, "reason": "unhappy" })),
            written("one that leans to unhappy", &unhappy, "Nice but slow")
                .expect(json!({ "member": false, "reason": "unsure" })),
            written("surely happy", &unhappy, "Great coffee, and so friendly!")
                .expect(json!({ "member": false, "reason": "happy" })),
            written("one point is enough by default", &fine, "good")
                .expect(json!({ "member": true, "reason": "happy" })),
            written("a question", &fine, "Where is my invoice?")
                .expect(json!({ "member": true, "reason": "neutral" })),
            Case::new("no text", fine).expect(json!({ "member": false, "reason": "text_missing" })),
        ]
    }
}

fn default_sure_from() -> f64 {
    crate::POINTS_MIN
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases};

    use super::InMood;

    #[test]
    fn cases() {
        check_cases::<InMood>();
    }

    /// Whatever is written, at most one of the three moods has it.
    #[test]
    fn moods_exclude_each_other() {
        for text in [
            "great",
            "bad",
            "",
            "Nice but slow",
            "Where is it?",
            "not good",
            "broke",
        ] {
            let moods = ["happy", "unhappy", "neutral"].into_iter().filter(|mood| {
                let config = format!(r#"{{ "moods": ["{mood}"], "sure_from": 2 }}"#);
                let verdict = Row::new().set("text", text).decide::<InMood>(&config);
                verdict.expect("a verdict").member
            });
            assert!(moods.count() <= 1, "{text:?}");
        }
    }
}
