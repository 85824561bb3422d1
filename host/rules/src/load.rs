//! From compiled code to a plugin that may be asked: the later half of the load sequence.
//!
//! Called by `catalogue` and `check` once a component is compiled: types, `describe`, schemas, cases. Nothing that
//! fails here ever replaces what serves.

use std::collections::BTreeMap;

use signalbox_model::{
    describe::{Case, Description, RuleKind},
    id::Digest,
};

use crate::{
    cases::{self, Outcomes},
    component::{Component, RunFailure},
    documents,
    engine::Engine,
    error::LoadError,
    plugin::{Health, Plugin},
};

/// First guess at the fuel of a row where no case was run; corrected by the first decision.
const FUEL_PER_ROW_GUESS: u64 = 100_000;

/// A file that was read, inspected and compiled.
pub(crate) struct Compiled {
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
    pub(crate) kinds: Vec<RuleKind>,
    pub(crate) code: wasmtime::component::Component,
}

/// A plugin together with how its cases came out.
pub(crate) struct Tried {
    pub(crate) plugin: Plugin,
    pub(crate) outcomes: Outcomes,
}

/// Describes the component and runs its cases; that a case fails is in the outcomes, not an error.
pub(crate) fn try_out(engine: &Engine, compiled: &Compiled) -> Result<Tried, LoadError> {
    Ok(tried(engine, compiled, describe(engine, compiled)?))
}

/// Describes the component and runs these cases in place of its own.
pub(crate) fn try_cases(
    engine: &Engine,
    compiled: &Compiled,
    cases: &BTreeMap<RuleKind, Vec<Case>>,
) -> Result<Tried, LoadError> {
    if let Some(kind) = cases.keys().find(|kind| !compiled.kinds.contains(kind)) {
        let case = cases[kind].first();
        return Err(LoadError::Case {
            kind: *kind,
            case: case.map(|case| case.name.clone()).unwrap_or_default(),
            reason: format!("the file has no {}", kind.as_str()),
        });
    }
    let (component, mut description, validators) = describe(engine, compiled)?;
    for (kind, rule) in &mut description.rules {
        rule.cases = cases.get(kind).cloned().unwrap_or_default();
    }
    Ok(tried(
        engine,
        compiled,
        (component, description, validators),
    ))
}

fn tried(engine: &Engine, compiled: &Compiled, described: Described) -> Tried {
    let (component, description, validators) = described;
    let outcomes = cases::run(engine, &component, &description, &validators);
    let reads = reads(&outcomes);
    let health = Health::new(outcomes.fuel_mean());
    let Compiled { digest, bytes, .. } = *compiled;
    let plugin = Plugin {
        digest,
        bytes,
        description,
        component,
        validators,
        reads,
        health,
    };
    Tried { plugin, outcomes }
}

/// A plugin all of whose cases came out as they say.
pub(crate) fn admit(engine: &Engine, compiled: &Compiled) -> Result<Plugin, LoadError> {
    let Tried { plugin, outcomes } = try_out(engine, compiled)?;
    match outcomes.first_error() {
        None => Ok(plugin),
        Some(error) => Err(error.clone()),
    }
}

/// A plugin that was let in before: described again, its cases not run.
pub(crate) fn reopen(engine: &Engine, compiled: &Compiled) -> Result<Plugin, LoadError> {
    let (component, description, validators) = describe(engine, compiled)?;
    let Compiled { digest, bytes, .. } = *compiled;
    let health = Health::new(FUEL_PER_ROW_GUESS);
    Ok(Plugin {
        digest,
        bytes,
        description,
        component,
        validators,
        reads: BTreeMap::new(),
        health,
    })
}

type Described = (
    Component,
    Description,
    BTreeMap<RuleKind, jsonschema::Validator>,
);

fn describe(engine: &Engine, compiled: &Compiled) -> Result<Described, LoadError> {
    let component = Component::new(engine, &compiled.code, compiled.kinds.clone())?;
    let document = component
        .describe(engine)
        .map_err(|RunFailure { kind, message, .. }| LoadError::DescribeFailed { kind, message })?
        .answer;
    let description = documents::read_description(&document, component.kinds())
        .map_err(|problems| LoadError::Describe { problems })?;
    let mut validators = BTreeMap::new();
    for (kind, rule) in &description.rules {
        let validator = documents::compile(&rule.config_schema).map_err(|problems| {
            LoadError::ConfigSchema {
                kind: *kind,
                problems,
            }
        })?;
        validators.insert(*kind, validator);
    }
    Ok((component, description, validators))
}

fn reads(outcomes: &Outcomes) -> BTreeMap<RuleKind, Vec<String>> {
    let mut reads: BTreeMap<RuleKind, Vec<String>> = BTreeMap::new();
    for case in &outcomes.cases {
        let words = reads.entry(case.kind).or_default();
        for read in &case.reads {
            if !words.contains(read) {
                words.push(read.clone());
            }
        }
    }
    reads
}
