//! Bindings move on to other files within their version.

use std::collections::BTreeSet;

use signalbox_model::{
    definitions::{Definitions, ResolvedBinding},
    record::{REBINDINGS_MAX, Rebinding},
    segment::Owner,
};

use super::{Change, Conflict, read, read_slot, segments, tables};

/// Moves all that can be moved; refused only if none can.
pub(super) fn all(definitions: &Definitions, bindings: &[Rebinding]) -> Result<Change, Conflict> {
    let mut changed = definitions.clone();
    changed.version += 1;
    let mut affected = BTreeSet::new();
    let mut has_moved = false;
    let mut refused = None;
    for moved in bindings.iter().take(REBINDINGS_MAX) {
        match one(&mut changed, moved) {
            Ok(()) => {
                affected.extend(moved.owner.workflow().cloned());
                has_moved = true;
            }
            Err(conflict) => refused = refused.or(Some(conflict)),
        }
    }
    if !has_moved {
        return Err(refused.unwrap_or_else(|| Conflict::Malformed {
            what: "bindings",
            reason: "there are none".to_owned(),
        }));
    }
    Ok(Change {
        definitions: changed,
        affected: affected.into_iter().collect(),
    })
}

/// Moves one.
pub(super) fn one(definitions: &mut Definitions, moved: &Rebinding) -> Result<(), Conflict> {
    let binding: ResolvedBinding = read("binding", &moved.binding)?;
    let (workflow, version) = match &moved.owner {
        Owner::Workflow(workflow) => (workflow, &moved.version),
        Owner::Segment(segment) => {
            return segments::rebind(definitions, segment, moved.version, binding);
        }
    };
    let slot = read_slot(&moved.slot)?;
    tables::serve_one(definitions, &slot, &binding)?;
    segments::serve_one(definitions, &binding)?;
    let found = definitions
        .workflows
        .get_mut(workflow)
        .ok_or_else(|| Conflict::NotFound {
            workflow: workflow.clone(),
        })?;
    let bindings = found.versions.get_mut(version).map(|v| &mut v.bindings);
    match bindings.and_then(|bindings| bindings.get_mut(&slot)) {
        Some(before) if before.plugin == binding.plugin => {
            *before = binding.in_place_of(before, &definitions.quarantined);
            Ok(())
        }
        _ => Err(Conflict::Malformed {
            what: "slot",
            reason: format!(
                "version {version} has no binding of {} at {slot}",
                binding.plugin
            ),
        }),
    }
}
