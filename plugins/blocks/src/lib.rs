//! Personalizer `blocks`: chooses the content of a message by conditions on the contact, with a declared default.
//!
//! A template has slots (`{{ rule.offer.title }}`). For each slot the first block whose conditions the contact meets gives
//! the values; the default does where none is met, so no slot is ever empty.
#![deny(missing_docs)]

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use signalbox_conditions::{Compiled, Tree, Truth};
use signalbox_sdk::{Batch, Input, prelude::*};

/// Most slots of one message.
const SLOTS_MAX: usize = 32;
/// Most blocks of one message, over all its slots.
const BLOCKS_MAX: usize = 200;

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Content blocks")]
pub struct Config {
    /// For each slot of the template its blocks, the first that fits being taken.
    #[serde(default)]
    #[schemars(title = "Slots")]
    pub slots: BTreeMap<String, Vec<Block>>,

    /// For each slot the values where no block fits. Every slot needs one.
    #[schemars(title = "Default")]
    pub default: BTreeMap<String, Map<String, Json>>,

    /// Subjects in place of the template's, the first that fits being taken.
    #[serde(default)]
    #[schemars(title = "Subjects", length(max = 32))]
    pub subjects: Vec<Subject>,

    /// Other templates in place of the step's, the first that fits being taken.
    #[serde(default)]
    #[schemars(title = "Variants", length(max = 32))]
    pub variants: Vec<Variant>,
}

/// Values for a slot, and for whom they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Who gets it.
    #[schemars(title = "When")]
    pub when: Tree,
    /// What the template finds under the slot's name.
    #[schemars(title = "Values")]
    pub values: Map<String, Json>,
}

/// A subject, and for whom it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Who gets it.
    #[schemars(title = "When")]
    pub when: Tree,
    /// The subject line.
    #[schemars(title = "Subject", length(min = 1, max = 250))]
    pub subject: String,
}

/// Another template, and for whom it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Who gets it.
    #[schemars(title = "When")]
    pub when: Tree,
    /// The name of a template of the workflow.
    #[schemars(title = "Template", regex(pattern = r"^[a-z0-9][a-z0-9_-]{0,99}$"))]
    pub template: String,
}

reasons! {
    /// What a contact got.
    pub enum Why {
        Chosen = "chosen": "At least one block fitted",
        Default = "default": "No block fitted, the default was taken",
    }
}

/// The rule.
pub struct Blocks;

/// The config ready for contacts: trees compiled, values already JSON text.
struct Prepared {
    trees: Vec<Compiled>,
    slots: Vec<Slot>,
    subjects: Vec<Choice>,
    variants: Vec<Choice>,
}

struct Slot {
    /// The name as JSON text.
    name: String,
    blocks: Vec<Choice>,
    default: String,
}

/// A text that is taken where the tree at that place holds.
struct Choice {
    tree: usize,
    text: String,
}

impl Prepared {
    fn new(config: &Config) -> Result<(Self, Vec<Input>), String> {
        check(config)?;
        let mut inputs = Vec::new();
        let mut prepared = Self {
            trees: Vec::new(),
            slots: Vec::new(),
            subjects: Vec::new(),
            variants: Vec::new(),
        };
        for (name, default) in &config.default {
            let blocks = config.slots.get(name).map_or(&[][..], Vec::as_slice);
            let blocks = blocks
                .iter()
                .map(|block| prepared.choice(&block.when, json_text(&block.values), &mut inputs));
            let blocks = blocks.collect::<Result<_, _>>()?;
            prepared.slots.push(Slot {
                name: json_text(name),
                blocks,
                default: json_text(default),
            });
        }
        for one in &config.subjects {
            let choice = prepared.choice(&one.when, one.subject.clone(), &mut inputs)?;
            prepared.subjects.push(choice);
        }
        for one in &config.variants {
            let choice = prepared.choice(&one.when, one.template.clone(), &mut inputs)?;
            prepared.variants.push(choice);
        }
        Ok((prepared, inputs))
    }

    fn choice(
        &mut self,
        when: &Tree,
        text: String,
        inputs: &mut Vec<Input>,
    ) -> Result<Choice, String> {
        self.trees.push(Compiled::with_inputs(when, inputs)?);
        Ok(Choice {
            tree: self.trees.len() - 1,
            text,
        })
    }

    /// The verdict for a contact who meets the trees at these places.
    fn verdict(&self, met: impl Fn(usize) -> bool) -> PersonalizerVerdict<Why> {
        let first = |choices: &'_ [Choice]| choices.iter().position(|choice| met(choice.tree));
        let mut values = String::from("{");
        let mut why = Why::Default;
        for slot in &self.slots {
            let chosen = first(&slot.blocks);
            if chosen.is_some() {
                why = Why::Chosen;
            }
            let text = chosen.map_or(&slot.default, |index| &slot.blocks[index].text);
            if values.len() > 1 {
                values.push(',');
            }
            values.extend([slot.name.as_str(), ":", text.as_str()]);
        }
        values.push('}');
        let mut verdict = PersonalizerVerdict::from_json(values, why);
        if let Some(index) = first(&self.subjects) {
            verdict = verdict.subject(self.subjects[index].text.as_str());
        }
        if let Some(index) = first(&self.variants) {
            verdict = verdict.variant(self.variants[index].text.as_str());
        }
        verdict
    }
}

fn check(config: &Config) -> Result<(), String> {
    if let Some(slot) = config
        .slots
        .keys()
        .find(|slot| !config.default.contains_key(*slot))
    {
        return Err(format!("the slot {slot:?} has no default"));
    }
    if config.default.len() > SLOTS_MAX {
        return Err(format!("there are more than {SLOTS_MAX} slots"));
    }
    let blocks: usize = config.slots.values().map(Vec::len).sum();
    if blocks > BLOCKS_MAX {
        return Err(format!(
            "there are {blocks} blocks, at most {BLOCKS_MAX} are allowed"
        ));
    }
    if config
        .subjects
        .iter()
        .any(|one| one.subject.contains(char::is_control))
    {
        return Err("a subject must be one line".to_owned());
    }
    Ok(())
}

/// Texts and JSON values always have a JSON form.
fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl Rule for Blocks {
    type Config = Config;
    type Verdict = PersonalizerVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        let (_, inputs) = Prepared::new(config)?;
        Ok(Compiled::plan(inputs))
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<PersonalizerVerdict<Why>, String> {
        let (prepared, _) = Prepared::new(config)?;
        Ok(prepared.verdict(|tree| prepared.trees[tree].at(contact) == Truth::Yes))
    }

    fn decide_batch(
        config: &Config,
        batch: &Batch,
    ) -> Vec<Result<PersonalizerVerdict<Why>, String>> {
        match Prepared::new(config) {
            Ok((prepared, _)) => {
                let truths: Vec<_> = prepared
                    .trees
                    .iter()
                    .map(|tree| tree.evaluate(batch))
                    .collect();
                (0..batch.rows())
                    .map(|row| Ok(prepared.verdict(|tree| truths[tree][row] == Truth::Yes)))
                    .collect()
            }
            Err(message) => (0..batch.rows()).map(|_| Err(message.clone())).collect(),
        }
    }

    fn cases() -> Vec<Case> {
        let by_history = json!({
            "slots": { "offer": [
                {
                    "when": { "sum": {
                        "of": { "event": "order_completed" }, "field": "value",
                        "operator": "gte", "value": 500,
                    } },
                    "values": { "title": "A gift for you", "discount": 20 },
                },
                {
                    "when": { "recency": { "event": "order_completed", "is": "ever" } },
                    "values": { "title": "Thank you for coming back", "discount": 10 },
                },
            ] },
            "default": { "offer": { "title": "Welcome", "discount": 5 } },
        });
        let by_stage = json!({
            "slots": { "hero": [{
                "when": { "attribute": { "name": "stage", "operator": "eq", "value": "lapsed" } },
                "values": { "picture": "empty-chair" },
            }] },
            "default": { "hero": { "picture": "shop" }, "footer": { "note": "Goodbye" } },
            "subjects": [{
                "when": { "attribute": { "name": "stage", "operator": "eq", "value": "lapsed" } },
                "subject": "We miss you",
            }],
            "variants": [{
                "when": { "attribute": { "name": "language", "operator": "eq", "value": "de" } },
                "template": "win_back_de",
            }],
        });
        let spent = "sum of value over order_completed";
        let orders = "count of order_completed";
        vec![
            Case::new("the first block that fits", by_history.clone())
                .given(spent, 620)
                .given(orders, 4)
                .expect(json!({
                    "values": { "offer": { "title": "A gift for you", "discount": 20 } },
                    "subject": null, "variant": null, "reason": "chosen",
                })),
            Case::new("the second", by_history.clone())
                .given(spent, 20)
                .given(orders, 1)
                .expect(json!({ "values": { "offer": { "discount": 10 } }, "reason": "chosen" })),
            Case::new("the default where nothing is known", by_history)
                .expect(json!({ "values": { "offer": { "title": "Welcome" } }, "reason": "default" })),
            Case::new("subject and template by attributes", by_stage.clone())
                .given("stage", "lapsed")
                .given("language", "de")
                .expect(json!({
                    "values": { "hero": { "picture": "empty-chair" }, "footer": { "note": "Goodbye" } },
                    "subject": "We miss you", "variant": "win_back_de", "reason": "chosen",
                })),
            Case::new("each for itself", by_stage)
                .given("language", "de")
                .expect(json!({
                    "values": { "hero": { "picture": "shop" } },
                    "subject": null, "variant": "win_back_de", "reason": "default",
                })),
        ]
    }
}

plugin! {
    name: "blocks",
    version: env!("CARGO_PKG_VERSION"),
    title: "Content blocks",
    summary: "Chooses the content of a message by attributes, lifecycle stage or history, with a default for everyone else.",
    personalizer: Blocks,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::Blocks;

    #[test]
    fn cases() {
        check_cases::<Blocks>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn a_slot_without_a_default_is_refused() {
        let answer = Row::new().decide::<Blocks>(r#"{ "slots": { "offer": [] }, "default": {} }"#);
        assert_eq!(answer.unwrap_err(), "the slot \"offer\" has no default");
    }

    #[test]
    fn a_subject_is_one_line() {
        let config = r#"{ "default": {}, "subjects": [{ "when": { "all": [] }, "subject": "a\r\nBcc: b" }] }"#;
        assert_eq!(
            Row::new().decide::<Blocks>(config).unwrap_err(),
            "a subject must be one line"
        );
    }
}
