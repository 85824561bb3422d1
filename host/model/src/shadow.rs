//! Shadows: a version of a plugin that is asked beside the one that a binding stands for, and decides nothing.

use serde::{Deserialize, Serialize};

use crate::{
    definitions::{Definitions, ResolvedBinding, Slot},
    record::QuestionId,
    segment::Owner,
    time::Instant,
};

/// Most shadows at one time.
pub const SHADOWS_MAX: usize = 8;

/// A version of a plugin that is asked whatever a binding is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    /// The workflow or segment whose binding it is asked beside.
    pub owner: Owner,
    /// The version of that.
    pub version: u32,
    /// Which of its bindings.
    pub slot: Slot,
    /// What it stands for, with the config of the binding; it never moves on.
    pub binding: ResolvedBinding,
    /// Since when.
    pub started_at: Instant,
}

impl Definitions {
    /// The shadow of the binding that a question is put to, with its number.
    pub fn shadow_of(&self, question: &QuestionId) -> Option<(u32, &Shadow)> {
        self.shadow_at(&question.owner, question.version, &question.slot)
    }

    /// The shadow of a binding, with its number.
    pub fn shadow_at(&self, owner: &Owner, version: u32, slot: &Slot) -> Option<(u32, &Shadow)> {
        let mut shadows = self.shadows.iter();
        let found = shadows.find(|(_, shadow)| {
            shadow.version == version && shadow.slot == *slot && shadow.owner == *owner
        });
        found.map(|(number, shadow)| (*number, shadow))
    }
}
