//! Files of plugins that failed too often, as all bindings know of them.
//!
//! That a file failed is found out by the host that asked it, within its own minute. What follows from it is logged, so
//! that a restart neither forgets it nor decides otherwise.

use signalbox_model::{
    definitions::{Definitions, QUARANTINED_MAX, Quarantined},
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
    };
    let mut definitions = definitions.clone();
    definitions.version += 1;
    let quarantined = &mut definitions.quarantined;
    quarantined.entry(digest).or_insert(found);
    while quarantined.len() > QUARANTINED_MAX {
        let others = quarantined.iter().filter(|(known, _)| **known != digest);
        let Some(oldest) = others
            .min_by_key(|(_, one)| one.at)
            .map(|(known, _)| *known)
        else {
            break;
        };
        quarantined.remove(&oldest);
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}

/// Forgets a file.
pub(super) fn lift(definitions: &Definitions, digest: Digest) -> Result<Change, Conflict> {
    let mut definitions = definitions.clone();
    definitions.version += 1;
    if definitions.quarantined.remove(&digest).is_none() {
        return Err(Conflict::NotQuarantined { digest });
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}
