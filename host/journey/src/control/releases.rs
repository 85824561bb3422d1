//! Components that a second person lets be bound.

use signalbox_model::{
    definitions::{Definitions, RELEASES_MAX, Release, Released},
    id::Digest,
    time::Instant,
};

use super::{Change, Conflict};

/// Adds a release, in the place of any earlier one of the same bytes: who had signed them then may be another.
pub(super) fn add(
    definitions: &Definitions,
    digest: Digest,
    release: &Release,
    now: Instant,
) -> Result<Change, Conflict> {
    if release.signed_by == release.released_by {
        return Err(Conflict::SelfRelease(Box::new(release.clone())));
    }
    let mut definitions = definitions.clone();
    definitions.version += 1;
    let released = Released {
        at: now,
        release: release.clone(),
    };
    definitions.releases.insert(digest, released);
    // Whoever releases what was revoked brings it back.
    let quarantined = &mut definitions.quarantined;
    quarantined.retain(|known, one| *known != digest || one.revoked.is_none());
    let by_age = |(digest, released): &(&Digest, &Released)| (released.at, **digest);
    if definitions.releases.len() > RELEASES_MAX
        && let Some((oldest, _)) = definitions.releases.iter().min_by_key(by_age)
    {
        let oldest = *oldest;
        definitions.releases.remove(&oldest);
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}
