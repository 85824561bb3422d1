//! Personalizer `subject-line`: a subject by conditions, with the contact's own words in it, never too long and never
//! loud.
//!
//! The first variant whose conditions a contact meets gives the subject, else the default does. Where a variant has
//! several texts, the contact's seed draws one, the same whenever it is drawn again, so that texts can be compared.
//! `{first_name|you}` in a text stands for the attribute `first_name`, or for `you` where the contact has none, where
//! it is longer than 40 characters or has line breaks in it. A name in capitals is written with one.
//!
//! A text that would pass the limit with the contact's own words is sent with the stand-ins; with those it fits, or
//! the config is refused. Refused too is what shouts: capitals for most letters, or two exclamation marks. The
//! template finds `rule.subject_line.variant`, `rule.subject_line.text` (which of the texts, from 1) and
//! `rule.subject_line.own` (whether the contact's own words are in it).
#![deny(missing_docs)]

mod text;

use signalbox_conditions::{Compiled, Tree, Truth};
use signalbox_sdk::{Batch, Input, prelude::*};

use text::Text;

/// Most variants, and most texts of one.
const VARIANTS_MAX: usize = 32;
const TEXTS_MAX: usize = 10;
/// The name of what everyone else gets.
const DEFAULT: &str = "default";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Subject line")]
pub struct Config {
    /// Subjects by conditions, the first that fits being taken.
    #[serde(default)]
    #[schemars(title = "Variants", length(max = 32))]
    pub variants: Vec<Variant>,

    /// What everyone else gets. Of several texts one is drawn.
    #[schemars(title = "Default", length(min = 1, max = 10), example = vec!["Hello {first_name|there}"])]
    pub default: Vec<String>,

    /// Most characters of a subject.
    #[serde(default = "default_chars_max")]
    #[schemars(title = "Characters", range(min = 10, max = 250))]
    pub chars_max: u16,
}

/// Texts, and for whom they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The variant's name, for reports.
    #[schemars(title = "Name", regex(pattern = r"^[a-z][a-z0-9_]{0,49}$"))]
    pub name: String,
    /// Who gets it.
    #[schemars(title = "When")]
    pub when: Tree,
    /// The texts. Of several one is drawn.
    #[schemars(title = "Texts", length(min = 1, max = 10))]
    pub texts: Vec<String>,
}

reasons! {
    /// Where the subject comes from.
    pub enum Why {
        Chosen = "chosen": "A variant fitted",
        Default = "default": "No variant fitted, the default was taken",
    }
}

/// The rule.
pub struct SubjectLine;

/// The config ready for contacts.
struct Prepared<'a> {
    variants: Vec<(Compiled, &'a str, Vec<Text<'a>>)>,
    default: Vec<Text<'a>>,
    chars_max: usize,
    inputs: Vec<Input>,
}

impl<'a> Prepared<'a> {
    fn new(config: &'a Config) -> Result<Self, String> {
        if config.variants.len() > VARIANTS_MAX {
            return Err(format!("at most {VARIANTS_MAX} variants are possible"));
        }
        let chars_max = usize::from(config.chars_max);
        let mut inputs = Vec::new();
        let mut variants = Vec::new();
        for variant in &config.variants {
            let names = || config.variants.iter().map(|one| one.name.as_str());
            if variant.name == DEFAULT || names().filter(|name| *name == variant.name).count() > 1 {
                return Err(format!("the name {} is taken", variant.name));
            }
            let tree = Compiled::with_inputs(&variant.when, &mut inputs)?;
            let texts = texts(&variant.texts, chars_max)?;
            variants.push((tree, variant.name.as_str(), texts));
        }
        let default = texts(&config.default, chars_max)?;
        let all = variants
            .iter()
            .flat_map(|(_, _, texts)| texts)
            .chain(&default);
        for attribute in all.flat_map(Text::attributes) {
            let name = input_name(attribute);
            if inputs.iter().all(|input| input.name != name) {
                inputs.push(Input {
                    name,
                    source: Source::Attribute(attribute.to_owned()),
                    kind: Type::Text,
                });
            }
        }
        Ok(Self {
            variants,
            default,
            chars_max,
            inputs,
        })
    }

    fn verdict(&self, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let mut variants = self.variants.iter();
        let (name, texts, why) = match variants.find(|(tree, _, _)| tree.at(contact) == Truth::Yes)
        {
            Some((_, name, texts)) => (*name, texts, Why::Chosen),
            None => (DEFAULT, &self.default, Why::Default),
        };
        let Some(mut random) = contact.random() else {
            return Err("there is no seed to draw by".to_owned());
        };
        let drawn = random.below(texts.len() as u64) as usize;
        let own = texts[drawn].filled(|attribute| contact.text(&input_name(attribute)));
        let (subject, own) = match own {
            Some(subject) if subject.chars().count() <= self.chars_max => (subject, true),
            _ => (texts[drawn].plain(), false),
        };
        let values = json!({ "subject_line": { "variant": name, "text": drawn + 1, "own": own } });
        Ok(PersonalizerVerdict::from_json(values.to_string(), why).subject(subject))
    }
}

fn input_name(attribute: &str) -> String {
    format!("{{{attribute}}}")
}

/// The texts read, if each of them may be a subject.
fn texts(texts: &[String], chars_max: usize) -> Result<Vec<Text<'_>>, String> {
    if texts.is_empty() || texts.len() > TEXTS_MAX {
        return Err(format!("1 to {TEXTS_MAX} texts are possible"));
    }
    let read = |text| {
        let read = Text::parse(text)?;
        let chars = read.plain().chars().count();
        if chars == 0 || chars > chars_max {
            return Err(format!(
                "{text:?} has {chars} characters, 1 to {chars_max} are allowed"
            ));
        }
        if text::shouts(&read.plain()) {
            return Err(format!(
                "{text:?} shouts: fewer capitals and exclamation marks, please"
            ));
        }
        Ok(read)
    };
    texts.iter().map(|text| read(text)).collect()
}

impl Rule for SubjectLine {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        Ok(Compiled::plan(Prepared::new(config)?.inputs).seed())
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        Prepared::new(config)?.verdict(contact)
    }

    fn decide_batch(
        config: &Config,
        batch: &Batch,
    ) -> Vec<Result<PersonalizerVerdict<Why>, String>> {
        match Prepared::new(config) {
            Ok(prepared) => batch.each(|contact| prepared.verdict(contact)),
            Err(message) => batch.each(|_| Err(message.clone())),
        }
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn default_chars_max() -> u16 {
    60
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    pub(super) fn all() -> Vec<Case> {
        let config = json!({
            "variants": [{
                "name": "come_back",
                "when": { "attribute": { "name": "stage", "operator": "eq", "value": "lapsed" } },
                "texts": ["{first_name|Hello}, we miss you", "It has been a while"],
            }],
            "default": ["News for {first_name|you} from {city|us}"],
            "chars_max": 30,
        });
        let named = |name: &str, first_name: &str| {
            Case::new(name, config.clone()).given("{first_name}", first_name)
        };
        vec![
            named("a variant with the contact's name", "Ada")
                .given("stage", "lapsed")
                .given("seed", 3)
                .expect(json!({
                    "subject": "Ada, we miss you",
                    "values": { "subject_line": { "variant": "come_back", "text": 1, "own": true } },
                    "variant": null, "reason": "chosen",
                })),
            named("another contact draws the other text", "Ada")
                .given("stage", "lapsed")
                .given("seed", 0)
                .expect(json!({
                    "subject": "It has been a while",
                    "values": { "subject_line": { "text": 2 } }, "reason": "chosen",
                })),
            named("the default for all others", "Ada")
                .given("{city}", "Paris")
                .expect(json!({
                    "subject": "News for Ada from Paris",
                    "values": { "subject_line": { "variant": "default", "own": true } },
                    "reason": "default",
                })),
            named("one attribute is missing", "Ada").expect(json!({
                "subject": "News for Ada from us", "reason": "default",
            })),
            Case::new("all are missing", config.clone()).expect(json!({
                "subject": "News for you from us",
                "values": { "subject_line": { "own": false } }, "reason": "default",
            })),
            named("too long with the contact's words", "Maximiliane")
                .given("{city}", "Llanfair")
                .expect(json!({
                    "subject": "News for you from us",
                    "values": { "subject_line": { "own": false } },
                })),
            named("a name in capitals", "ANNA MARIA").expect(json!({
                "subject": "News for Anna Maria from us",
            })),
            named("a name that would begin a header", "Ada\r\nBcc: b@c.example").expect(json!({
                "subject": "News for you from us",
            })),
        ]
    }
}

plugin! {
    name: "subject_line",
    version: env!("CARGO_PKG_VERSION"),
    title: "Subject line",
    summary: "Chooses the subject by conditions and puts the contact's own words in, within a length and without shouting.",
    personalizer: SubjectLine,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests;
