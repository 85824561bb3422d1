//! What a rule is: a config, two functions and the cases that show what it does.
//!
//! Implemented by rule authors, called by what [`crate::plugin!`] makes.

use std::{mem, rc::Rc};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::{
    contact::{Batch, Contact},
    description::Case,
    plan::Plan,
    raw::types,
    verdict::Verdict,
};

/// A rule of the kind that its verdict says.
pub trait Rule {
    /// The config that a marketer fills in. Its schema becomes the form, so give the fields titles, descriptions,
    /// defaults and bounds.
    type Config: DeserializeOwned + JsonSchema + 'static;

    /// [`crate::TriggerVerdict`], [`crate::SegmentVerdict`] or [`crate::PersonalizerVerdict`] over the rule's own
    /// reasons.
    type Verdict: Verdict;

    /// Which inputs the rule wants, given its config, and for a trigger on which occasions.
    ///
    /// # Errors
    /// When the config makes no sense; a text for the person who wrote it.
    fn plan(config: &Self::Config) -> Result<Plan, String>;

    /// Decides on one contact.
    ///
    /// Must depend on nothing but its arguments. A panic is a trap that fails the whole batch: return an error.
    ///
    /// # Errors
    /// When there is no answer for this contact; a text for people.
    fn decide(config: &Self::Config, contact: &Contact<'_>) -> Result<Self::Verdict, String>;

    /// Examples with their expected verdicts, run before the server lets a version in.
    fn cases() -> Vec<Case>;

    /// Decides on a whole batch: as many answers as rows, in their order.
    ///
    /// Replace it only for speed, where columns can be read as a whole or work can be shared by the rows.
    fn decide_batch(config: &Self::Config, batch: &Batch) -> Vec<Result<Self::Verdict, String>> {
        batch.each(|contact| Self::decide(config, contact))
    }
}

/// Answers the contract's `plan` for a rule.
pub fn plan<R: Rule>(config: &str) -> Result<String, String> {
    let config = parse::<R>(config)?;
    let plan = R::plan(&config)?;
    plan.check()?;
    serde_json::to_string(&plan).map_err(|error| error.to_string())
}

/// Answers the contract's `decide` for a rule.
pub fn decide<R: Rule>(
    config: &str,
    batch: types::Batch,
) -> Vec<Result<<R::Verdict as Verdict>::Raw, String>> {
    verdicts::<R, _>(config, batch, Verdict::into_raw)
}

/// Decides and maps every verdict.
pub(crate) fn verdicts<R: Rule, T>(
    config: &str,
    batch: types::Batch,
    map: impl Fn(R::Verdict) -> T,
) -> Vec<Result<T, String>> {
    let config = match parse::<R>(config) {
        Ok(config) => Rc::new(config),
        Err(message) => return (0..batch.rows).map(|_| Err(message.clone())).collect(),
    };
    let for_names = Rc::clone(&config);
    let batch = Batch::new(batch, move || R::plan(&for_names));
    let answers = R::decide_batch(&config, &batch)
        .into_iter()
        .map(|answer| answer.map(&map))
        .collect();
    if cfg!(target_arch = "wasm32") {
        // The instance is thrown away after the batch, and its memory with it: freeing thousands of texts one by one
        // would be a good part of the time.
        mem::forget((batch, config));
    }
    answers
}

/// The JSON Schema (2020-12) of a rule's config.
pub(crate) fn config_schema<R: Rule>() -> Json {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<R::Config>()
        .to_value()
}

fn parse<R: Rule>(config: &str) -> Result<R::Config, String> {
    serde_json::from_str(config).map_err(|error| format!("the config cannot be read: {error}"))
}
