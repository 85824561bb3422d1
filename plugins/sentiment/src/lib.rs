//! Personalizer and segment `sentiment`: an answer in the tone of what a contact wrote.
//!
//! A review or a ticket is weighed by a list of English words (`words.tsv`, 227 of them, and your own): happy from 1
//! point on, unhappy from -1 down, else neutral. For each there are values for the template, a subject and a
//! template: happy people are asked to tell a friend, unhappy ones offered help. The template finds
//! `rule.sentiment.mood` and `rule.sentiment.points` beside the values. The segment of the same name ([`mood`]) sends
//! people different ways, and leaves to others what it is not sure of.
//!
//! Of `held_out.tsv`, 80 texts that were labelled before the list was written and by which it was not tuned, it reads
//! 74 as they are labelled; a test names the others. The same hand wrote both, so expect less of other texts. It
//! reads the first 500 words, and words only: irony escapes it, and so does any other language.
#![deny(missing_docs)]

pub mod mood;
mod words;

use serde_json::{Map, Value as Json};
use signalbox_sdk::{Batch, prelude::*};

use words::Words;

/// From so many points on a text is happy, and down from their opposite unhappy.
const POINTS_MIN: f64 = 1.0;
/// Most words of one's own, each way.
const OWN_WORDS_MAX: usize = 200;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Sentiment")]
pub struct Config {
    /// Where the text stands.
    #[serde(default)]
    #[schemars(title = "Text")]
    pub text: TextOf,

    /// What happy people get.
    #[schemars(title = "Happy")]
    pub happy: Block,

    /// What unhappy people get.
    #[schemars(title = "Unhappy")]
    pub unhappy: Block,

    /// What everyone else gets, those without a text included.
    #[schemars(title = "Neutral")]
    pub neutral: Block,

    /// Words of your trade that show that someone is happy, in lower case.
    #[serde(default)]
    #[schemars(title = "Happy words", length(max = 200))]
    pub happy_words: Vec<String>,

    /// Words of your trade that show that someone is unhappy, in lower case.
    #[serde(default)]
    #[schemars(title = "Unhappy words", length(max = 200))]
    pub unhappy_words: Vec<String>,
}

/// Where a text stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TextOf {
    /// The event whose last one is read. Empty: the event that entered the workflow.
    #[schemars(title = "Event", regex(pattern = r"^([a-z][a-z0-9_]{0,99})?$"))]
    pub event: String,
    /// The event's field that holds the text.
    #[schemars(title = "Field", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"))]
    pub field: String,
}

/// What a contact gets.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Block {
    /// What the template finds under `sentiment`.
    #[schemars(title = "Values")]
    pub values: Map<String, Json>,
    /// The subject in place of the template's.
    #[schemars(title = "Subject", length(min = 1, max = 250))]
    pub subject: Option<String>,
    /// Another template of the workflow in place of the step's.
    #[schemars(title = "Template", regex(pattern = r"^[a-z0-9][a-z0-9_-]{0,99}$"))]
    pub template: Option<String>,
}

reasons! {
    /// How the text was read.
    pub enum Why {
        Happy = "happy": "The text is a happy one",
        Unhappy = "unhappy": "The text is an unhappy one",
        Neutral = "neutral": "The text is neither happy nor unhappy",
        TextMissing = "text_missing": "There is no text",
    }
}

/// The rule.
pub struct Sentiment;

impl Default for TextOf {
    fn default() -> Self {
        Self {
            event: String::new(),
            field: "text".to_owned(),
        }
    }
}

impl TextOf {
    fn plan(&self) -> Plan {
        let Self { event, field } = self;
        if event.is_empty() {
            Plan::new().input("text", Source::EventField(field.clone()), Type::Text)
        } else {
            Plan::new().last_field("text", event.as_str(), field, Type::Text)
        }
    }
}

impl Config {
    fn words(&self) -> Words<'_> {
        Words::new(&self.happy_words, &self.unhappy_words)
    }

    fn answer(&self, words: &Words<'_>, text: Option<&str>) -> PersonalizerVerdict<Why> {
        let points = text.map(|text| words.weigh(text));
        let (why, block) = match points {
            None => (Why::TextMissing, &self.neutral),
            Some(points) if points >= POINTS_MIN => (Why::Happy, &self.happy),
            Some(points) if points <= -POINTS_MIN => (Why::Unhappy, &self.unhappy),
            Some(_) => (Why::Neutral, &self.neutral),
        };
        let mood = if why == Why::TextMissing {
            Why::Neutral
        } else {
            why
        };
        let mut values = block.values.clone();
        values.insert("mood".to_owned(), mood.code().into());
        values.insert("points".to_owned(), points.unwrap_or(0.0).into());
        let slot = Map::from_iter([("sentiment".to_owned(), Json::Object(values))]);
        PersonalizerVerdict {
            subject: block.subject.clone(),
            variant: block.template.clone(),
            ..PersonalizerVerdict::new(&slot, why)
        }
    }
}

impl Rule for Sentiment {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check(config)?;
        Ok(config.text.plan())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        Ok(config.answer(&config.words(), contact.text("text")))
    }

    fn decide_batch(
        config: &Config,
        batch: &Batch,
    ) -> Vec<Result<PersonalizerVerdict<Why>, String>> {
        let words = config.words();
        batch.each(|contact| Ok(config.answer(&words, contact.text("text"))))
    }

    fn cases() -> Vec<Case> {
        let review = json!({
            "happy": { "values": { "offer": "Tell a friend: 10 % for both of you" }, "template": "referral" },
            "unhappy": { "values": { "offer": "We will call you" }, "subject": "How can we help?" },
            "neutral": { "values": { "offer": "Thank you for writing" } },
        });
        let ticket = json!({
            "text": { "event": "ticket_opened", "field": "body" },
            "happy": {}, "unhappy": {}, "neutral": {}, "unhappy_words": ["leaking"],
        });
        let written = |name: &str, text: &str| Case::new(name, review.clone()).given("text", text);
        vec![
            written("a happy review", "Great coffee, and so friendly!").expect(json!({
                "values": { "sentiment": {
                    "mood": "happy", "points": 5, "offer": "Tell a friend: 10 % for both of you",
                } },
                "variant": "referral", "subject": null, "reason": "happy",
            })),
            written("an unhappy one", "Not worth the money. It broke.").expect(json!({
                "values": { "sentiment": { "mood": "unhappy", "points": -3.5 } },
                "variant": null, "subject": "How can we help?", "reason": "unhappy",
            })),
            written("one point is enough", "good").expect(json!({ "reason": "happy" })),
            written("a denied point is not enough", "not good").expect(json!({ "reason": "neutral" })),
            written("both at once", "Nice but slow").expect(json!({
                "values": { "sentiment": { "mood": "neutral", "points": -0.5 } }, "reason": "neutral",
            })),
            written("a question", "Where is my invoice?").expect(json!({
                "values": { "sentiment": { "offer": "Thank you for writing" } }, "reason": "neutral",
            })),
            Case::new("no text", review).expect(json!({
                "values": { "sentiment": { "mood": "neutral", "points": 0 } }, "reason": "text_missing",
            })),
            Case::new("a word of the trade", ticket)
                .given("text", "The tap is leaking.")
                .expect(json!({ "reason": "unhappy" })),
        ]
    }
}

fn check(config: &Config) -> Result<(), String> {
    check_words(&config.happy_words)?;
    check_words(&config.unhappy_words)?;
    let blocks = [&config.happy, &config.unhappy, &config.neutral];
    let taken =
        |block: &&Block| block.values.contains_key("mood") || block.values.contains_key("points");
    if blocks.iter().any(taken) {
        return Err("the values \"mood\" and \"points\" are the rule's own".to_owned());
    }
    let mut subjects = blocks.iter().filter_map(|block| block.subject.as_ref());
    if subjects.any(|subject| subject.contains(char::is_control)) {
        return Err("a subject must be one line".to_owned());
    }
    Ok(())
}

fn check_words(words: &[String]) -> Result<(), String> {
    if words.len() > OWN_WORDS_MAX {
        return Err(format!(
            "at most {OWN_WORDS_MAX} words of one's own are possible"
        ));
    }
    let unusable = |word: &&String| word.is_empty() || word.to_lowercase() != **word;
    match words.iter().find(unusable) {
        Some(word) => Err(format!("the word {word:?} must be in lower case")),
        None => Ok(()),
    }
}

plugin! {
    name: "sentiment",
    version: env!("CARGO_PKG_VERSION"),
    title: "Sentiment",
    summary: "Answers happy, unhappy and other reviews or tickets each in their tone, by the words that people used (English).",
    segment: mood::InMood,
    personalizer: Sentiment,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::{
        Reasons,
        testing::{Row, check_cases, check_description},
    };

    use super::Sentiment;

    /// Labelled texts that the list of words was not tuned by.
    const HELD_OUT: &str = include_str!("../held_out.tsv");

    #[test]
    fn cases() {
        check_cases::<Sentiment>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    fn decide(text: &str) -> &'static str {
        let config = r#"{ "happy": {}, "unhappy": {}, "neutral": {} }"#;
        let verdict = Row::new().set("text", text).decide::<Sentiment>(config);
        verdict.expect("a verdict").reason.code()
    }

    /// Prints the accuracy and each text that is read wrongly: `cargo nextest run -p sentiment --no-capture`.
    #[test]
    fn most_of_the_held_out_texts_are_read_as_labelled() {
        let labelled: Vec<(&str, &str)> = HELD_OUT
            .lines()
            .map(|line| line.split_once('\t').expect("a label and a text"))
            .collect();
        let wrong: Vec<String> = labelled
            .iter()
            .filter(|(label, text)| decide(text) != *label)
            .map(|(label, text)| format!("{label} read as {}: {text}", decide(text)))
            .collect();
        let right = labelled.len() - wrong.len();
        println!("right: {right} of {}\n{}", labelled.len(), wrong.join("\n"));
        assert!(right >= 74, "{}", wrong.join("\n"));
    }

    #[test]
    fn a_text_of_any_length_and_kind_is_read() {
        let long = "great ".repeat(100_000);
        assert_eq!(decide(&long), "happy");
        for text in [
            "",
            "'''---",
            "\u{0}\u{202e}",
            "İ ß ﬁ 🙂",
            "n't",
            "ING ED LY S",
        ] {
            assert_eq!(decide(text), "neutral", "{text:?}");
        }
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |rest: &str| {
            let config = format!(r#"{{ "unhappy": {{}}, "neutral": {{}}, {rest} }}"#);
            Row::new().decide::<Sentiment>(&config).unwrap_err()
        };
        assert_eq!(
            refused(r#""happy": {}, "happy_words": ["Top"]"#),
            "the word \"Top\" must be in lower case"
        );
        assert_eq!(
            refused(r#""happy": { "values": { "mood": 1 } }"#),
            "the values \"mood\" and \"points\" are the rule's own"
        );
        assert_eq!(
            refused(r#""happy": { "subject": "a\nb" }"#),
            "a subject must be one line"
        );
    }
}
