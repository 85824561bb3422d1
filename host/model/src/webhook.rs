//! A call to another system, fixed when its step is reached.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ContactId, JourneyId, StepId, WebhookId, WorkflowId},
    time::Instant,
    value::Fields,
};

/// Longest address of a webhook, in bytes.
pub const URL_BYTES_MAX: usize = 2_000;
/// Most bytes of what a webhook carries, stored. What would pass it is left out.
pub const WEBHOOK_BYTES_MAX: usize = 16 * 1024;

/// A queued call: everything that its body is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id, which the other side may drop repetitions by.
    pub id: WebhookId,
    /// Whom it is about.
    pub contact: ContactId,
    /// The workflow that calls.
    pub workflow: WorkflowId,
    /// The version of the workflow.
    pub version: u32,
    /// The journey that calls.
    pub journey: JourneyId,
    /// The step that calls.
    pub step: StepId,
    /// Where to.
    pub url: String,
    /// What it carries, by name.
    pub fields: Fields,
    /// When it was queued.
    pub queued_at: Instant,
}
