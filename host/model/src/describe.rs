//! What a plugin says of itself: the document that `describe()` answers with.
//!
//! The published schema is `wit/schemas/describe.schema.json`; the document may grow, `format` says which one it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::id::PluginName;

/// The only format of the document so far.
pub const DESCRIBE_FORMAT: u32 = 1;
/// Most reasons of one rule.
pub const REASONS_MAX: usize = 64;
/// Most cases of one rule.
pub const CASES_MAX: usize = 200;

/// A plugin in its own words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Always [`DESCRIBE_FORMAT`].
    pub format: u32,
    /// The plugin's name; bindings choose by it.
    pub name: PluginName,
    /// Semantic version of this file.
    pub version: semver::Version,
    /// Title for people, without control characters.
    pub title: String,
    /// One or two sentences for people, without control characters.
    pub summary: String,
    /// Its rules by kind: exactly the kinds that the component exports.
    pub rules: BTreeMap<RuleKind, RuleDescription>,
}

/// The three kinds of rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// Decides who enters a workflow, or is armed for later.
    Trigger,
    /// Decides whether a contact is in or out.
    Segment,
    /// Chooses what a message says.
    Personalizer,
}

impl RuleKind {
    /// Every kind, in order.
    pub const ALL: [Self; 3] = [Self::Trigger, Self::Segment, Self::Personalizer];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Segment => "segment",
            Self::Personalizer => "personalizer",
        }
    }
}

/// One rule of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDescription {
    /// JSON Schema (2020-12) of the config.
    pub config_schema: Json,
    /// The reasons that its verdicts name by index.
    pub reasons: Vec<Reason>,
    /// Examples that must come out as they say before the file is let in.
    pub cases: Vec<Case>,
}

/// Why a rule decided as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Stable code in `snake_case`, unique in the rule.
    pub code: String,
    /// Title for people, without control characters.
    pub title: String,
}

/// An example: a config, the inputs' values, and the verdict they must lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Says what is shown, without control characters.
    pub name: String,
    /// The config, meeting the schema.
    pub config: Json,
    /// For triggers the index of the occasion in the plan; 0 otherwise.
    #[serde(default)]
    pub occasion: u32,
    /// Values by the names of the plan's inputs; an input not named here is missing. Instants are RFC 3339 texts or
    /// milliseconds.
    #[serde(default)]
    pub given: BTreeMap<String, Json>,
    /// The verdict as JSON, in the form that `signalbox plugin check` prints. Only the members named here are held
    /// against the answer, and `reason` is its code.
    pub expect: Json,
}
