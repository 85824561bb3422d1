//! Who may sign plugins, and what is asked of them before they may be bound.

use serde::{Deserialize, Serialize};
use signalbox_rules::trust::{self, Requirement, TrustedKey};

/// The table `trust`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Trust {
    pub(crate) require_signature: bool,
    pub(crate) require_release: bool,
    pub(crate) keys: Vec<String>,
}

impl Trust {
    /// What the catalogue is told; else which setting is wrong, and how.
    pub(crate) fn policy(&self) -> Result<trust::Trust, (&'static str, String)> {
        let requirement = match (self.require_signature, self.require_release) {
            (false, false) => Requirement::Nothing,
            (true, false) => Requirement::Signature,
            (true, true) => Requirement::Release,
            (false, true) => {
                let reason = "needs trust.require_signature: who has signed is who may not release";
                return Err(("trust.require_release", reason.to_owned()));
            }
        };
        let keys = self.keys.iter().map(|text| {
            let key = text.parse::<TrustedKey>();
            key.map_err(|error| ("trust.keys", format!("has {text:?}: {error}")))
        });
        let keys = keys.collect::<Result<_, _>>()?;
        trust::Trust::new(requirement, keys).map_err(|error| ("trust.keys", error.to_string()))
    }
}
