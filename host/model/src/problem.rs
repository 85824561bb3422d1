//! One thing that is wrong with a document from outside, said so that its author can mend it.

use serde::{Deserialize, Serialize};

/// A problem with its place and the way out. Checks return all problems at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Where: a JSON pointer (RFC 6901) into the document; empty for the document as a whole.
    pub pointer: String,
    /// Stable code in `snake_case`.
    pub code: String,
    /// What is wrong, with the values.
    pub reason: String,
    /// What to do about it; empty if the reason says it all.
    pub help: String,
}

impl Problem {
    /// A problem at that pointer.
    pub fn new(pointer: impl Into<String>, code: &str, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.to_owned(),
            reason: reason.into(),
            help: String::new(),
        }
    }

    /// The same problem with the way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}
