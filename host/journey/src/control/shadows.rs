//! Shadows begin, are promoted and are dropped.
//!
//! A shadow is of one version of a workflow or segment: its next version, or its end, drops it.

use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot},
    id::PluginName,
    record::Rebinding,
    segment::Owner,
    shadow::{SHADOWS_MAX, Shadow},
    time::Instant,
};

use super::{Change, Conflict, malformed, read, read_slot, rebind, segments, tables};

/// Why a command about a shadow was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShadowConflict {
    /// There is no such shadow.
    #[error("there is no shadow {number}: it was promoted or dropped, or what it is of was edited")]
    NotFound {
        /// Its number.
        number: u32,
    },
    /// The binding has a shadow.
    #[error("{slot} of {} has the shadow {number} already: promote or drop that first", owner.in_words())]
    Exists {
        /// The workflow or segment.
        owner: Owner,
        /// Which of its bindings.
        slot: Slot,
        /// Its shadow.
        number: u32,
    },
    /// There is no such binding of that plugin, or none that stands for another file.
    #[error("version {version} of {} has no binding {slot} that stands for another file of the plugin", owner.in_words())]
    Unbound {
        /// The workflow or segment.
        owner: Owner,
        /// Its version.
        version: u32,
        /// Which of its bindings.
        slot: Slot,
    },
    /// Its file has been quarantined.
    #[error(
        "{plugin} {version} is quarantined: it can be no shadow, and none of it is promoted; try a mended version"
    )]
    Quarantined {
        /// The plugin.
        plugin: PluginName,
        /// Its version.
        version: String,
    },
}

impl ShadowConflict {
    /// Stable code in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "shadow_not_found",
            Self::Exists { .. } => "shadow_exists",
            Self::Unbound { .. } => "shadow_unbound",
            Self::Quarantined { .. } => "shadow_quarantined",
        }
    }
}

/// Begins one.
pub(super) fn start(
    definitions: &Definitions,
    (owner, version, slot): (&Owner, u32, &str),
    binding: &str,
    now: Instant,
) -> Result<Change, Conflict> {
    let shadow = Shadow {
        owner: owner.clone(),
        version,
        slot: read_slot(slot)?,
        binding: read("binding", binding)?,
        started_at: now,
    };
    may_begin(definitions, &shadow)?;
    let mut changed = definitions.clone();
    changed.version += 1;
    changed.shadows_made += 1;
    changed.shadows.insert(changed.shadows_made, shadow);
    Ok(Change {
        definitions: changed,
        affected: Vec::new(),
    })
}

fn may_serve(definitions: &Definitions, binding: &ResolvedBinding) -> Result<(), Conflict> {
    if !definitions.quarantined.contains_key(&binding.digest) {
        return Ok(());
    }
    Err(ShadowConflict::Quarantined {
        plugin: binding.plugin.clone(),
        version: binding.version.to_string(),
    }
    .into())
}

fn may_begin(definitions: &Definitions, shadow: &Shadow) -> Result<(), Conflict> {
    let Shadow {
        owner,
        version,
        slot,
        binding,
        ..
    } = shadow;
    may_serve(definitions, binding)?;
    tables::serve_one(definitions, slot, binding)?;
    segments::serve_one(definitions, binding)?;
    let is_other = definitions
        .binding(owner, *version, slot)
        .is_some_and(|bound| bound.plugin == binding.plugin && bound.digest != binding.digest);
    if !is_other {
        return Err(ShadowConflict::Unbound {
            owner: owner.clone(),
            version: *version,
            slot: slot.clone(),
        }
        .into());
    }
    if let Some((number, _)) = definitions.shadow_at(owner, *version, slot) {
        return Err(ShadowConflict::Exists {
            owner: owner.clone(),
            slot: slot.clone(),
            number,
        }
        .into());
    }
    let count = definitions.shadows.len();
    if count >= SHADOWS_MAX {
        return Err(Conflict::Full {
            what: "shadows",
            count,
            count_max: SHADOWS_MAX,
        });
    }
    Ok(())
}

/// Has its binding move on to what it stands for, and ends it.
pub(super) fn promote(definitions: &Definitions, number: u32) -> Result<Change, Conflict> {
    let mut changed = definitions.clone();
    changed.version += 1;
    let shadow = take(&mut changed, number)?;
    may_serve(&changed, &shadow.binding)?;
    let moved = Rebinding {
        version: shadow.version,
        slot: shadow.slot.to_string(),
        binding: serde_json::to_string(&shadow.binding)
            .map_err(|error| malformed("binding", &error))?,
        owner: shadow.owner,
    };
    rebind::one(&mut changed, &moved)?;
    Ok(Change {
        definitions: changed,
        affected: moved.owner.workflow().into_iter().cloned().collect(),
    })
}

/// Ends one.
pub(super) fn drop(definitions: &Definitions, number: u32) -> Result<Change, Conflict> {
    let mut changed = definitions.clone();
    changed.version += 1;
    take(&mut changed, number)?;
    Ok(Change {
        definitions: changed,
        affected: Vec::new(),
    })
}

/// Ends those whose binding is not there any more, or is of a version that nobody enters.
pub(super) fn forget_lost(definitions: &mut Definitions) {
    let Definitions {
        shadows,
        workflows,
        segments,
        ..
    } = definitions;
    shadows.retain(|_, shadow| match &shadow.owner {
        Owner::Workflow(workflow) => {
            let found = workflows.get(workflow);
            found.is_some_and(|found| found.current == shadow.version)
        }
        Owner::Segment(segment) => {
            let found = segments.get(segment);
            found.is_some_and(|found| found.version == shadow.version)
        }
    });
}

fn take(definitions: &mut Definitions, number: u32) -> Result<Shadow, Conflict> {
    let found = definitions.shadows.remove(&number);
    found.ok_or_else(|| ShadowConflict::NotFound { number }.into())
}
