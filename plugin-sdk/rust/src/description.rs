//! What a plugin says of itself: the document that `describe` answers with.
//!
//! Made by [`crate::plugin!`] out of what the rules declare; the server shows it and runs its cases.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::{
    rule::{self, Rule},
    verdict::{Reason, Reasons, Verdict},
};

/// A plugin in its own words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    format: u32,
    name: &'static str,
    version: &'static str,
    title: &'static str,
    summary: &'static str,
    rules: BTreeMap<&'static str, RuleDescription>,
}

/// One rule of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct RuleDescription {
    config_schema: Json,
    reasons: &'static [Reason],
    cases: Vec<Case>,
}

/// An example: a config, the values of inputs, and the verdict they must lead to.
///
/// ```
/// use serde_json::json;
/// use signalbox_sdk::Case;
///
/// let case = Case::new("spent more", json!({ "threshold": 100 }))
///     .given("spent", 120.5)
///     .expect(json!({ "member": true, "reason": "over" }));
/// assert_eq!(case.name(), "spent more");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    name: String,
    config: Json,
    occasion: u32,
    given: BTreeMap<String, Json>,
    expect: Json,
}

impl Description {
    /// A plugin without rules so far; `version` is a semantic version.
    #[must_use]
    pub fn new(
        name: &'static str,
        version: &'static str,
        title: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            format: 1,
            name,
            version,
            title,
            summary,
            rules: BTreeMap::new(),
        }
    }

    /// Adds a rule under the kind of its verdict.
    #[must_use]
    pub fn rule<R: Rule>(mut self) -> Self {
        let rule = RuleDescription {
            config_schema: rule::config_schema::<R>(),
            reasons: <<R::Verdict as Verdict>::Reason as Reasons>::ALL,
            cases: R::cases(),
        };
        self.rules.insert(R::Verdict::KIND, rule);
        self
    }

    /// The document as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The document's JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts, numbers and JSON values always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Case {
    /// A case with this config and no values: every input is missing.
    #[must_use]
    pub fn new(name: impl Into<String>, config: Json) -> Self {
        Self {
            name: name.into(),
            config,
            occasion: 0,
            given: BTreeMap::new(),
            expect: Json::Object(serde_json::Map::new()),
        }
    }

    /// The value of an input; instants are RFC 3339 texts.
    #[must_use]
    pub fn given(mut self, input: &str, value: impl Into<Json>) -> Self {
        self.given.insert(input.to_owned(), value.into());
        self
    }

    /// On which occasion of its plan a trigger is asked; 0 without it.
    #[must_use]
    pub fn occasion(mut self, index: u32) -> Self {
        self.occasion = index;
        self
    }

    /// The verdict as JSON; only the members named here are held against the answer, `reason` is a code.
    #[must_use]
    pub fn expect(mut self, verdict: Json) -> Self {
        self.expect = verdict;
        self
    }

    /// Says what is shown.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The config.
    #[must_use]
    pub fn config(&self) -> &Json {
        &self.config
    }

    /// The values by input name.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<String, Json> {
        &self.given
    }

    /// The index of the occasion.
    #[must_use]
    pub fn occasion_index(&self) -> u32 {
        self.occasion
    }

    /// The expected verdict.
    #[must_use]
    pub fn expected(&self) -> &Json {
        &self.expect
    }
}
