//! Tells the catalogue which plugins are wanted, so that it removes what has not been for long.
//!
//! At the start, and with each snapshot. A component whose answers stand in the journal or among the facts can be
//! asked again (`store reexecute`), so it stays for as long as those do, counted from when it was last wanted.

use std::{collections::BTreeSet, time::Duration};

use signalbox_model::id::Digest;

use crate::{
    clock::machine_now,
    shared::{Shared, in_words},
};

/// Removes kept plugins that nothing wants. A failure is only logged: nothing depends on it.
pub(crate) fn prune(shared: &Shared) {
    let definitions = shared.definitions.borrow().clone();
    let mut named: BTreeSet<Digest> = BTreeSet::new();
    let shadows = definitions.shadows.values().map(|shadow| &shadow.binding);
    for binding in definitions.bindings().chain(shadows) {
        named.insert(binding.digest);
        named.extend(binding.formers.iter().map(|former| former.digest));
    }
    let config = &shared.config;
    let days = config.history_keep_days.max(config.journal_keep_days);
    let kept = Duration::from_hours(u64::from(days) * 24);
    match shared.catalogue.prune(&named, machine_now(), kept) {
        Ok(pruned) if pruned.bytes > 0 => tracing::info!(
            bytes = pruned.bytes,
            "removed {} components and {} pieces of compiled code that nothing wants",
            pruned.components,
            pruned.compiled
        ),
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(reason = %in_words(&error), "kept plugins cannot be looked through");
        }
    }
}
