//! Versions of plugins that people are to move away from: what was said of them, and what is bound to them.
//!
//! An operator says it of versions that are there, since their authors cannot: a component's bytes never change. It decides
//! what may be bound anew from some day on, and nothing about what is bound.

use std::{collections::BTreeMap, sync::Arc};

use signalbox_model::{
    definitions::{Definitions, Slot},
    deprecation::{Deprecated, Deprecation},
    id::PluginName,
    problem::Problem,
    record::Command,
    segment::Owner,
};

use crate::{
    Engine,
    bindings::{bound_in, bound_to},
    control,
    error::{CommandError, Unavailable},
};

/// Most bindings that are listed of one deprecation.
pub const USES_LISTED_MAX: usize = 1_000;

/// A plugin with versions that people are to move away from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeprecationView {
    /// The plugin.
    pub plugin: PluginName,
    /// What was said, and when.
    pub deprecated: Deprecated,
    /// What is bound to such a version, at most [`USES_LISTED_MAX`]. Of an edited workflow each version counts: journeys
    /// may be inside it.
    pub used_by: Vec<Use>,
    /// How many more are.
    pub left_out: usize,
}

/// A binding that stands for a deprecated version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The workflow or segment.
    pub owner: Owner,
    /// Its version.
    pub version: u32,
    /// Which of its bindings.
    pub slot: Slot,
    /// The version of the plugin.
    pub bound: semver::Version,
}

impl Engine {
    /// Says that people are to move away from versions of a plugin, in the place of what was said of it before. The plugin
    /// need not be there. Answers once every partition's log has it.
    ///
    /// # Errors
    /// When the message is empty or too long, or there are too many such plugins.
    pub async fn deprecate_plugin(
        &self,
        plugin: &PluginName,
        deprecation: Deprecation,
    ) -> Result<DeprecationView, CommandError> {
        let shared = self.shared()?;
        tracing::info!(
            rule.name = %plugin, rule.versions = %deprecation.versions, key.id = deprecation.by,
            "{plugin} {} is deprecated: {}", deprecation.versions, deprecation.message
        );
        let command = Command::DeprecatePlugin {
            plugin: plugin.clone(),
            deprecation,
        };
        let definitions = control::command(&shared, command).await?;
        let found = views(&definitions, |one| one == plugin).pop();
        Ok(found.ok_or(Unavailable::Failed)?)
    }

    /// Takes that back. Answers once every partition's log has it.
    ///
    /// # Errors
    /// When nothing was said of the plugin.
    pub async fn lift_deprecation(&self, plugin: &PluginName) -> Result<(), CommandError> {
        let shared = self.shared()?;
        let plugin = plugin.clone();
        let done = control::command(&shared, Command::LiftDeprecation { plugin });
        done.await.map(drop)
    }

    /// Every plugin with deprecated versions, by name.
    pub fn deprecations(&self) -> Result<Vec<DeprecationView>, Unavailable> {
        let definitions = Arc::clone(&self.shared()?.definitions.borrow());
        Ok(views(&definitions, |_| true))
    }
}

/// Of these plugins, by one look at all bindings.
fn views(
    definitions: &Definitions,
    is_asked: impl Fn(&PluginName) -> bool,
) -> Vec<DeprecationView> {
    let asked = definitions.deprecations.iter();
    let asked = asked.filter(|(plugin, _)| is_asked(plugin));
    let mut views: BTreeMap<&PluginName, DeprecationView> = asked
        .map(|(plugin, deprecated)| {
            let view = DeprecationView {
                plugin: plugin.clone(),
                deprecated: deprecated.clone(),
                used_by: Vec::new(),
                left_out: 0,
            };
            (plugin, view)
        })
        .collect();
    for (owner, version, placed, bound) in bound_in(definitions) {
        let view = views.get_mut(&bound.plugin);
        let meant = view.filter(|view| view.deprecated.deprecation.is_of(&bound.version));
        match meant {
            None => {}
            Some(view) if view.used_by.len() >= USES_LISTED_MAX => view.left_out += 1,
            Some(view) => view.used_by.push(Use {
                owner,
                version,
                slot: placed.slot,
                bound: bound.version.clone(),
            }),
        }
    }
    views.into_values().collect()
}

/// What is to be told about the bindings of a version of a workflow or segment, which may stay as they are.
pub(crate) fn advice(definitions: &Definitions, owner: &Owner, version: u32) -> Vec<Problem> {
    if definitions.deprecations.is_empty() {
        return Vec::new();
    }
    let own = bound_to(definitions, owner, version).into_iter();
    own.filter_map(|(placed, bound)| {
        let said = definitions.deprecation(&bound.plugin, &bound.version)?;
        let deprecation = &said.deprecation;
        let mut reason = deprecation.in_words(&bound.plugin, &bound.version);
        if let Some(on) = deprecation.removed_on {
            reason = format!("{reason}; from {on} on it is not bound anew");
        }
        let pointer = format!("{}/plugin", placed.pointer);
        let problem = Problem::new(pointer, "plugin_deprecated", reason);
        Some(match &deprecation.replaced_by {
            Some(instead) => problem.with_help(format!("bind {instead} instead")),
            None => problem.with_help("bind another plugin, or another version of it"),
        })
    })
    .collect()
}
