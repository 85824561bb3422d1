//! What may be bound anew, and why something may not.

use signalbox_model::{
    definitions::Definitions, id::PluginName, problem::Problem, time::Instant, workflow::Binding,
};
use signalbox_rules::catalogue::{Available, Catalogue};

use crate::shared::Shared;

/// What the catalogue offers, but for versions that are removed by now.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// What an operator said of versions; `None` where only files are known.
    pub(super) definitions: Option<&'a Definitions>,
    now: Instant,
}

impl<'a> Offer<'a> {
    pub(crate) fn of(shared: &'a Shared, definitions: &'a Definitions) -> Self {
        Self {
            catalogue: &shared.catalogue,
            definitions: Some(definitions),
            now: shared.clock.now(),
        }
    }

    /// Where no server is asked: nothing was said of any version.
    pub(super) fn of_files(catalogue: &'a Catalogue) -> Self {
        Self {
            catalogue,
            definitions: None,
            now: Instant::default(),
        }
    }

    /// The newest version that the binding may stand for from now on.
    pub(crate) fn newest(self, binding: &Binding) -> Option<Available> {
        let (plugin, requirement) = (&binding.plugin, &binding.version);
        self.catalogue
            .resolve_among(plugin, requirement, |version| {
                let said = self.definitions;
                let said = said.and_then(|definitions| definitions.deprecation(plugin, version));
                said.is_none_or(|said| !said.deprecation.is_removed(self.now))
            })
    }

    /// Why there is none.
    pub(super) fn lack(self, pointer: &str, binding: &Binding) -> Problem {
        let Binding {
            plugin, version, ..
        } = binding;
        let of_plugin = format!("{pointer}/plugin");
        // What would be taken, were it not removed.
        if let Some(there) = self.catalogue.resolve(plugin, version)
            && let Some(problem) = self.removed(&of_plugin, &there.name, &there.version)
        {
            return problem;
        }
        if let Some(withheld) = self.catalogue.withheld(plugin, version) {
            return Problem::new(of_plugin, withheld.code, withheld.reason)
                .with_help(withheld.help);
        }
        if let Some(problem) = self.revoked(&of_plugin, binding) {
            return problem;
        }
        if let Some(problem) = self.quarantined(&of_plugin, binding) {
            return problem;
        }
        let Some(newest) = self.catalogue.resolve(plugin, &semver::VersionReq::STAR) else {
            let reason = format!("no plugin is named {plugin}");
            let help = "put its file into the plugins folder; the list of plugins says why a file is refused";
            return Problem::new(of_plugin, "plugin_unknown", reason).with_help(help);
        };
        let reason = format!(
            "no version of plugin {plugin} meets {version}, the newest is {}",
            newest.version
        );
        let pointer = format!("{pointer}/version");
        Problem::new(pointer, "plugin_version_missing", reason)
            .with_help("ask for a version that there is, or put its file into the plugins folder")
    }

    /// Why that version is not bound anew, if it was deprecated and its day has come.
    pub(crate) fn removed(
        self,
        pointer: &str,
        plugin: &PluginName,
        version: &semver::Version,
    ) -> Option<Problem> {
        let said = self.definitions?.deprecation(plugin, version)?;
        let deprecation = &said.deprecation;
        let on = deprecation.removed_on.filter(|on| *on <= self.now)?;
        let told = deprecation.in_words(plugin, version);
        let reason = format!("{told}; since {on} it is not bound anew");
        let instead = deprecation.replaced_by.as_deref();
        let help = format!("bind {} instead", instead.unwrap_or("another plugin"));
        Some(Problem::new(pointer, "plugin_removed", reason).with_help(help))
    }

    /// Whether somebody revoked a version that would do.
    fn revoked(self, pointer: &str, binding: &Binding) -> Option<Problem> {
        let mut all = self.definitions?.quarantined.values();
        let found = all.find(|one| {
            one.revoked.is_some()
                && one.plugin == binding.plugin
                && binding.version.matches(&one.version)
        })?;
        let (plugin, version) = (&found.plugin, &found.version);
        let reason = format!("{plugin} {version} was {}", found.in_words());
        let help = "put a version into the plugins folder that may be bound";
        Some(Problem::new(pointer, "plugin_revoked", reason).with_help(help))
    }

    /// Whether a version would do but for its quarantine.
    fn quarantined(self, pointer: &str, binding: &Binding) -> Option<Problem> {
        let versions = self.catalogue.list().into_iter();
        let mut versions = versions.filter_map(|plugin| plugin.version);
        let found = versions.find(|one| {
            one.quarantined && one.name == binding.plugin && binding.version.matches(&one.version)
        })?;
        let (plugin, version) = (found.name, found.version);
        let last = found.last_error.unwrap_or_default();
        let reason = format!(
            "{plugin} {version} is quarantined since it failed too often, the last time: {last}"
        );
        let help = format!(
            "put a mended file into the plugins folder, or lift it with `signalbox plugin lift {plugin}@{version} --digest {}`",
            found.digest
        );
        Some(Problem::new(pointer, "plugin_quarantined", reason).with_help(help))
    }
}
