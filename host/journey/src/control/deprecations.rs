//! Versions of plugins that people are to move away from.

use signalbox_model::{
    definitions::Definitions,
    deprecation::{DEPRECATION_BYTES_MAX, DEPRECATIONS_MAX, Deprecated, Deprecation},
    id::PluginName,
    time::Instant,
};

use super::{Change, Conflict};

/// Notes what is said of a plugin, in the place of what was said before.
pub(super) fn put(
    definitions: &Definitions,
    plugin: &PluginName,
    deprecation: &Deprecation,
    now: Instant,
) -> Result<Change, Conflict> {
    let replaced_by = deprecation.replaced_by.as_deref().unwrap_or_default();
    let bytes = deprecation.message.len().max(replaced_by.len());
    if deprecation.message.trim().is_empty() || bytes > DEPRECATION_BYTES_MAX {
        return Err(Conflict::Malformed {
            what: "message",
            reason: format!(
                "it, or what takes its place, has {bytes} bytes; 1 to {DEPRECATION_BYTES_MAX} are allowed"
            ),
        });
    }
    let mut definitions = definitions.clone();
    definitions.version += 1;
    let deprecated = Deprecated {
        at: now,
        deprecation: deprecation.clone(),
    };
    definitions.deprecations.insert(plugin.clone(), deprecated);
    let count = definitions.deprecations.len();
    if count > DEPRECATIONS_MAX {
        return Err(Conflict::Full {
            what: "plugins with deprecated versions",
            count: count - 1,
            count_max: DEPRECATIONS_MAX,
        });
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}

/// Forgets it.
pub(super) fn lift(definitions: &Definitions, plugin: &PluginName) -> Result<Change, Conflict> {
    let mut definitions = definitions.clone();
    definitions.version += 1;
    if definitions.deprecations.remove(plugin).is_none() {
        return Err(Conflict::NotDeprecated {
            plugin: plugin.clone(),
        });
    }
    Ok(Change {
        definitions,
        affected: Vec::new(),
    })
}
