//! What a rule does when values are missing that its own cases give: contacts know nothing of cases.
//!
//! Called by `check` for `signalbox plugin test`, and never when a file is let in: a rule that fails for some contacts
//! is contained while it serves, but its author would rather know before.

use std::{collections::BTreeSet, slice};

use signalbox_model::{describe::RuleKind, plan::Source};

use super::{Prepared, Runner, Said, deadline};
use crate::{columns::Row, engine::Engine, error::LoadError, plugin::Plugin};

/// Asks every case again without each of its values, and without all of them. An answer is whatever the rule decides
/// then, or a failure that a case of its own shows; anything else is told, once for each value.
pub(crate) fn check(engine: &Engine, plugin: &Plugin) -> Vec<LoadError> {
    let mut found = Vec::new();
    let mut runner = Runner {
        engine,
        component: &plugin.component,
        deadline: deadline(engine),
    };
    for (kind, rule) in &plugin.description.rules {
        let Some(validator) = plugin.validators.get(kind) else {
            continue;
        };
        let cases = rule.cases.iter();
        let prepared: Result<Vec<_>, _> = cases
            .map(|case| runner.prepare(*kind, rule, validator, case))
            .collect();
        match prepared.and_then(|cases| breaks(&mut runner, *kind, &cases)) {
            Ok(errors) => found.extend(errors),
            Err(error) => found.push(error),
        }
    }
    found
}

fn breaks(
    runner: &mut Runner<'_>,
    kind: RuleKind,
    cases: &[Prepared<'_>],
) -> Result<Vec<LoadError>, LoadError> {
    let mut meant = BTreeSet::new();
    for case in cases {
        let (said, _) = runner.ask(case, case.now, slice::from_ref(&case.row))?;
        meant.extend(said.into_iter().filter_map(|said| match said {
            Said::Failed(message) => Some(message),
            Said::Verdict(_) => None,
        }));
    }
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for case in cases {
        for (left_out, row) in without(case) {
            if told.contains(&left_out) {
                continue;
            }
            if let Some(reason) = broken(runner, case, &row, &meant) {
                found.push(LoadError::Case {
                    kind,
                    case: case.case.name.clone(),
                    reason: format!("without {left_out} {reason}"),
                });
                told.insert(left_out);
            }
        }
    }
    Ok(found)
}

/// The rows of a case that lack something, each with what.
fn without(case: &Prepared<'_>) -> Vec<(String, Row)> {
    let inputs = case.plan.inputs.iter().enumerate();
    let given: Vec<usize> = inputs
        .filter(|(index, input)| case.row[*index].is_some() && may_be_missing(&input.source))
        .map(|(index, _)| index)
        .collect();
    let lacking = |indices: &[usize]| {
        let mut row = case.row.clone();
        for index in indices {
            row[*index] = None;
        }
        row
    };
    let mut rows: Vec<(String, Row)> = given
        .iter()
        .map(|index| {
            let name = format!("{:?}", case.plan.inputs[*index].name);
            (name, lacking(&[*index]))
        })
        .collect();
    if given.len() > 1 {
        rows.push(("all of its values".to_owned(), lacking(&given)));
    }
    rows
}

/// Whether a contact may lack it while all else stays as it is.
fn may_be_missing(source: &Source) -> bool {
    match source {
        Source::Attribute(_)
        | Source::EventField(_)
        | Source::Sum(_)
        | Source::First(_)
        | Source::Last(_)
        | Source::Recent(_)
        | Source::Kept(_)
        | Source::ArmTaken(_) => true,
        Source::Count(_)
        | Source::Segment(_)
        | Source::Table(_)
        | Source::OccurredAt
        | Source::Occasion
        | Source::ArmKey
        | Source::Clock
        | Source::Seed => false,
    }
}

/// What is wrong with what the rule says then.
fn broken(
    runner: &mut Runner<'_>,
    case: &Prepared<'_>,
    row: &Row,
    meant: &BTreeSet<String>,
) -> Option<String> {
    match runner.ask(case, case.now, slice::from_ref(row)) {
        Ok((said, _)) => said.into_iter().find_map(|said| match said {
            Said::Failed(message) if !meant.contains(&message) => Some(format!(
                "it fails with {message:?}: decide without it, or show in a case that this failure is meant"
            )),
            _ => None,
        }),
        Err(LoadError::Case { reason, .. }) => Some(reason),
        Err(error) => Some(error.to_string()),
    }
}
