//! Personalizer `persona`: the words for a kind of person, chosen by an attribute, with words for everyone else.
//!
//! A student and an enterprise buyer read the same offer in other words. The attribute names the persona, without
//! regard to case and surrounding spaces; who has another one, or none, gets the default. Whichever is taken, the
//! template finds all of its values under one name (`rule.persona` when nothing else is said), and which persona it
//! was under `rule.persona.name`, `default` for the default.
#![deny(missing_docs)]

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use signalbox_sdk::prelude::*;

/// Most personas.
const PERSONAS_MAX: usize = 50;
/// The member of the values that names the persona.
const NAME: &str = "name";
/// The name under which the default is known.
const DEFAULT: &str = "default";

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Persona")]
pub struct Config {
    /// The attribute that names a contact's persona.
    #[serde(default = "default_attribute")]
    #[schemars(
        title = "Attribute",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")
    )]
    pub attribute: String,

    /// The personas by the names that the attribute holds.
    #[schemars(title = "Personas")]
    pub personas: BTreeMap<String, Block>,

    /// What everyone else gets.
    #[schemars(title = "Default")]
    pub default: Block,

    /// The name under which the template finds the values.
    #[serde(default = "default_attribute")]
    #[schemars(title = "Slot", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"))]
    pub slot: String,
}

/// The words for one persona.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// What the template finds.
    #[serde(default)]
    #[schemars(title = "Values")]
    pub values: Map<String, Json>,
    /// The subject in place of the template's.
    #[serde(default)]
    #[schemars(title = "Subject", length(min = 1, max = 250))]
    pub subject: Option<String>,
    /// Another template of the workflow in place of the step's.
    #[serde(default)]
    #[schemars(title = "Template", regex(pattern = r"^[a-z0-9][a-z0-9_-]{0,99}$"))]
    pub template: Option<String>,
}

reasons! {
    /// What a contact got.
    pub enum Why {
        Chosen = "chosen": "The words for the contact's persona",
        Unknown = "unknown": "The persona is not among the known ones: the default",
        Missing = "missing": "The contact has no persona: the default",
    }
}

/// The rule.
pub struct Persona;

impl Config {
    /// The persona of that name and its words.
    fn find(&self, wanted: &str) -> Option<(&str, &Block)> {
        let wanted = wanted.trim().to_lowercase();
        let mut personas = self.personas.iter();
        let (name, block) = personas.find(|(name, _)| name.trim().to_lowercase() == wanted)?;
        Some((name, block))
    }
}

impl Rule for Persona {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check(config)?;
        let source = Source::Attribute(config.attribute.clone());
        Ok(Plan::new().input("persona", source, Type::Text))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let wanted = contact
            .text("persona")
            .filter(|text| !text.trim().is_empty());
        let found = wanted.and_then(|wanted| config.find(wanted));
        let reason = match (wanted, found) {
            (_, Some(_)) => Why::Chosen,
            (Some(_), None) => Why::Unknown,
            (None, None) => Why::Missing,
        };
        let (name, block) = found.unwrap_or((DEFAULT, &config.default));
        let mut values = block.values.clone();
        values.insert(NAME.to_owned(), name.into());
        let slot = Map::from_iter([(config.slot.clone(), Json::Object(values))]);
        Ok(PersonalizerVerdict {
            subject: block.subject.clone(),
            variant: block.template.clone(),
            ..PersonalizerVerdict::new(&slot, reason)
        })
    }

    fn cases() -> Vec<Case> {
        let config = json!({
            "personas": {
                "student": {
                    "values": { "tone": "du", "headline": "Half the price, all the fun" },
                    "subject": "Your student discount",
                },
                "enterprise": {
                    "values": { "tone": "Sie", "headline": "Ready for your procurement" },
                    "template": "offer_enterprise",
                },
            },
            "default": { "values": { "tone": "Sie", "headline": "Have a look" } },
        });
        let named = json!({
            "attribute": "job_role", "slot": "voice",
            "personas": { "Developer": { "values": { "example": "curl" } } },
            "default": {},
        });
        vec![
            Case::new("a student", config.clone())
                .given("persona", "student")
                .expect(json!({
                    "values": { "persona": { "name": "student", "tone": "du" } },
                    "subject": "Your student discount", "variant": null, "reason": "chosen",
                })),
            Case::new("an enterprise buyer, written otherwise", config.clone())
                .given("persona", " Enterprise ")
                .expect(json!({
                    "values": { "persona": { "name": "enterprise", "tone": "Sie" } },
                    "subject": null, "variant": "offer_enterprise", "reason": "chosen",
                })),
            Case::new("a persona that nobody knows", config.clone())
                .given("persona", "astronaut")
                .expect(json!({
                    "values": { "persona": { "name": "default", "headline": "Have a look" } },
                    "subject": null, "variant": null, "reason": "unknown",
                })),
            Case::new("no persona", config.clone()).expect(json!({
                "values": { "persona": { "name": "default" } }, "reason": "missing",
            })),
            Case::new("nothing but spaces", config)
                .given("persona", "  ")
                .expect(json!({ "reason": "missing" })),
            Case::new("another attribute and another slot", named)
                .given("persona", "developer")
                .expect(json!({
                    "values": { "voice": { "name": "Developer", "example": "curl" } },
                    "reason": "chosen",
                })),
        ]
    }
}

fn check(config: &Config) -> Result<(), String> {
    if config.personas.is_empty() || config.personas.len() > PERSONAS_MAX {
        return Err(format!("1 to {PERSONAS_MAX} personas are possible"));
    }
    let mut names: Vec<String> = config
        .personas
        .keys()
        .map(|name| name.trim().to_lowercase())
        .collect();
    names.sort_unstable();
    if let Some(at) = names.windows(2).position(|pair| pair[0] == pair[1]) {
        return Err(format!("there are two personas {:?}", names[at]));
    }
    let blocks = || config.personas.values().chain([&config.default]);
    if blocks().any(|block| block.values.contains_key(NAME)) {
        return Err(format!(
            "the value {NAME:?} is the persona's name and cannot be another"
        ));
    }
    let mut subjects = blocks().filter_map(|block| block.subject.as_ref());
    if subjects.any(|subject| subject.contains(char::is_control)) {
        return Err("a subject must be one line".to_owned());
    }
    Ok(())
}

fn default_attribute() -> String {
    "persona".to_owned()
}

plugin! {
    name: "persona",
    version: env!("CARGO_PKG_VERSION"),
    title: "Persona",
    summary: "Chooses words, subject and template by the contact's persona, with a default for everyone else.",
    personalizer: Persona,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::Persona;

    #[test]
    fn cases() {
        check_cases::<Persona>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<Persona>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "personas": {}, "default": {} }"#),
            "1 to 50 personas are possible"
        );
        assert_eq!(
            refused(r#"{ "personas": { "a": {}, "A ": {} }, "default": {} }"#),
            "there are two personas \"a\""
        );
        assert_eq!(
            refused(r#"{ "personas": { "a": {} }, "default": { "values": { "name": 1 } } }"#),
            "the value \"name\" is the persona's name and cannot be another"
        );
        assert_eq!(
            refused(r#"{ "personas": { "a": { "subject": "x\ny" } }, "default": {} }"#),
            "a subject must be one line"
        );
    }
}
