//! Named segments: put, replaced, and deleted once nothing goes by them.

use std::collections::BTreeMap;

use signalbox_model::{
    definitions::{Definitions, Quarantined, ResolvedBinding, Slot},
    id::{Digest, SegmentName},
    segment::{Segment, SegmentDefinition},
    time::Instant,
    workflow::WorkflowState,
};

use super::{Change, Conflict, shadows, tables};
use crate::{
    check,
    limits::SEGMENTS_MAX,
    segments::{named_by, reads},
};

/// Creates a segment, or replaces its document; every contact is asked about it anew.
pub(super) fn put(
    definitions: &Definitions,
    document: Segment,
    binding: Option<ResolvedBinding>,
    based_on: Option<u32>,
    now: Instant,
) -> Result<Change, Conflict> {
    let segment = document.name.clone();
    may_be(definitions, &document, binding.as_ref())?;
    let mut changed = definitions.clone();
    changed.version += 1;
    let definition = match (changed.segments.remove(&segment), based_on) {
        (None, Some(_)) => return Err(Conflict::SegmentNotFound { segment }),
        (Some(found), None) => {
            let current = found.version;
            return Err(Conflict::SegmentExists { segment, current });
        }
        (Some(found), Some(based_on)) if found.version != based_on => {
            return Err(Conflict::SegmentVersion {
                segment,
                current: found.version,
                based_on,
            });
        }
        (Some(found), Some(_)) => SegmentDefinition {
            version: found.version + 1,
            put_at: now,
            document,
            binding: succeeding(found.binding.as_ref(), binding, &definitions.quarantined),
            evaluation: found.evaluation + 1,
            ..found
        },
        (None, None) => {
            let count = changed.segments.len();
            if count >= SEGMENTS_MAX {
                return Err(Conflict::Full {
                    what: "segments",
                    count,
                    count_max: SEGMENTS_MAX,
                });
            }
            changed.segments_made += 1;
            SegmentDefinition {
                number: changed.segments_made,
                version: 1,
                put_at: now,
                document,
                binding,
                evaluation: 1,
            }
        }
    };
    changed.segments.insert(segment, definition);
    shadows::forget_lost(&mut changed);
    Ok(of_nobody(changed))
}

/// The binding, which knows where the one before would go back to if that is of the same plugin.
fn succeeding(
    before: Option<&ResolvedBinding>,
    binding: Option<ResolvedBinding>,
    quarantined: &BTreeMap<Digest, Quarantined>,
) -> Option<ResolvedBinding> {
    let binding = binding?;
    Some(match before {
        Some(before) if before.plugin == binding.plugin => binding.in_place_of(before, quarantined),
        _ => binding,
    })
}

/// Deletes a segment that nothing goes by.
pub(super) fn delete(definitions: &Definitions, segment: &SegmentName) -> Result<Change, Conflict> {
    let mut changed = definitions.clone();
    if changed.segments.remove(segment).is_none() {
        let segment = segment.clone();
        return Err(Conflict::SegmentNotFound { segment });
    }
    if let Some(by) = used_by(definitions, segment) {
        let segment = segment.clone();
        return Err(Conflict::SegmentInUse { segment, by });
    }
    changed.version += 1;
    shadows::forget_lost(&mut changed);
    Ok(of_nobody(changed))
}

/// Has its rule stand for another file; every contact is asked about it anew. Only the document of that version is
/// meant: another one has another config.
pub(super) fn rebind(
    definitions: &mut Definitions,
    segment: &SegmentName,
    version: u32,
    binding: ResolvedBinding,
) -> Result<(), Conflict> {
    let Some(found) = definitions.segments.get(segment) else {
        let segment = segment.clone();
        return Err(Conflict::SegmentNotFound { segment });
    };
    let is_of = |before: &ResolvedBinding| before.plugin == binding.plugin;
    if found.version != version || !found.binding.as_ref().is_some_and(is_of) {
        return Err(Conflict::Malformed {
            what: "slot",
            reason: format!(
                "version {version} of segment {segment} does not go by a rule of {}",
                binding.plugin
            ),
        });
    }
    may_be(definitions, &found.document, Some(&binding))?;
    let Definitions {
        segments,
        quarantined,
        ..
    } = definitions;
    if let Some(found) = segments.get_mut(segment) {
        let before = found.binding.take();
        found.binding = succeeding(before.as_ref(), Some(binding), quarantined);
        found.evaluation += 1;
    }
    Ok(())
}

/// Refuses a segment that goes by what there is not: that may have gone since the document was checked.
fn may_be(
    definitions: &Definitions,
    document: &Segment,
    binding: Option<&ResolvedBinding>,
) -> Result<(), Conflict> {
    let plan = binding.map(|binding| &binding.plan);
    let problems = check::segments::found(document, plan, definitions);
    if let Some(problem) = problems.into_iter().next() {
        return Err(Conflict::SegmentRefused {
            segment: document.name.clone(),
            reason: problem.reason,
        });
    }
    binding.map_or(Ok(()), |binding| {
        tables::serve_one(definitions, &Slot::Membership, binding)
    })
}

/// Refuses a binding that goes by a segment that there is not.
pub(super) fn serve_one(
    definitions: &Definitions,
    binding: &ResolvedBinding,
) -> Result<(), Conflict> {
    let mut named = named_by(&binding.plan).filter_map(|name| SegmentName::parse(name).ok());
    let unknown = named.find(|segment| !definitions.segments.contains_key(segment));
    unknown.map_or(Ok(()), |segment| Err(Conflict::SegmentNotFound { segment }))
}

/// The first that goes by the segment, in words.
fn used_by(definitions: &Definitions, segment: &SegmentName) -> Option<String> {
    let mut segments = definitions.segments.iter();
    let reads_it = |found: &SegmentDefinition| reads(found).contains(&segment.as_str());
    if let Some((name, _)) = segments.find(|(_, found)| reads_it(found)) {
        return Some(format!("segment {name}"));
    }
    let open = definitions.workflows.iter();
    let mut open = open.filter(|(_, found)| found.state != WorkflowState::Ended);
    let (workflow, _) = open.find(|(_, found)| {
        let versions = found.versions.values();
        let mut bindings = versions.flat_map(|version| version.bindings.values());
        bindings.any(|one| named_by(&one.plan).any(|name| name == segment.as_str()))
    })?;
    Some(format!("workflow {workflow}"))
}

/// No workflow is different by it.
fn of_nobody(definitions: Definitions) -> Change {
    Change {
        definitions,
        affected: Vec::new(),
    }
}
