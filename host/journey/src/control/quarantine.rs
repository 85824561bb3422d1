//! Files of plugins that are not asked, as all bindings know of them: they failed too often, or somebody revoked them.
//!
//! That a file failed is found out by the host that asked it, within its own minute. What follows from it is logged, so
//! that a restart neither forgets it nor decides otherwise.

use signalbox_model::{
    definitions::{Definitions, QUARANTINED_MAX, Quarantined, REVOKED_MAX, RevokedBy},
    id::{Digest, PluginName},
    time::Instant,
};

use super::{Change, Conflict, malformed};

/// Notes a file; one that is noted already stays as it is.
pub(super) fn put(
    definitions: &Definitions,
    digest: Digest,
    (plugin, version): (&PluginName, &str),
    reason: &str,
    now: Instant,
) -> Result<Change, Conflict> {
    let version = version.parse();
    let found = Quarantined {
        plugin: plugin.clone(),
        version: version.map_err(|error| malformed("version", &error))?,
        at: now,
        reason: reason.to_owned(),
        revoked: None,
    };
    let mut definitions = definitions.clone();
    definitions.version += 1;
    let quarantined = &mut definitions.quarantined;
    quarantined.entry(digest).or_insert(found);
    // What somebody revoked never goes by itself.
    let failed = quarantined.iter().filter(|(_, one)| one.revoked.is_none());
    let failed: Vec<(Instant, Digest)> = failed.map(|(known, one)| (one.at, *known)).collect();
    if failed.len() > QUARANTINED_MAX
        && let Some((_, oldest)) = failed.iter().filter(|(_, known)| *known != digest).min()
    {
        quarantined.remove(oldest);
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}

/// Notes a file that somebody took out of service; neither its release nor a shadow of it is left.
pub(super) fn revoke(
    definitions: &Definitions,
    (plugin, version, digest): (&PluginName, &str, Digest),
    (reason, revoked): (&str, &RevokedBy),
    now: Instant,
) -> Result<Change, Conflict> {
    let version = version.parse();
    let found = Quarantined {
        plugin: plugin.clone(),
        version: version.map_err(|error| malformed("version", &error))?,
        at: now,
        reason: reason.to_owned(),
        revoked: Some(revoked.clone()),
    };
    let mut definitions = definitions.clone();
    definitions.version += 1;
    definitions.releases.remove(&digest);
    let shadows = &mut definitions.shadows;
    shadows.retain(|_, shadow| shadow.binding.digest != digest);
    definitions.quarantined.insert(digest, found);
    let all = definitions.quarantined.values();
    let count = all.filter(|one| one.revoked.is_some()).count();
    if count > REVOKED_MAX {
        return Err(Conflict::Full {
            what: "revoked versions of plugins",
            count: count - 1,
            count_max: REVOKED_MAX,
        });
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}

/// Forgets a file, also one that somebody revoked where that is said.
pub(super) fn lift(
    definitions: &Definitions,
    digest: Digest,
    lifts_revoked: bool,
) -> Result<Change, Conflict> {
    let mut definitions = definitions.clone();
    definitions.version += 1;
    let lifted = definitions.quarantined.remove(&digest);
    let lifted = lifted.ok_or(Conflict::NotQuarantined { digest })?;
    if let Some(RevokedBy { actor, .. }) = lifted.revoked.filter(|_| !lifts_revoked) {
        return Err(Conflict::Revoked { digest, actor });
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}
