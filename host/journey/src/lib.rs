//! The pure core: checks a workflow, and advances a contact's journeys by one input at a time.
//!
//! Called by `engine` with a contact's state and one record of its partition. [`Advance`] answers with the questions it
//! has for rules, or with the new state and the effects to commit. Nothing here reads a clock, does I/O or draws a
//! random number; the same state, input and answers give the same effects, always.

#![deny(missing_docs)]

pub mod advance;
mod arms_taken;
mod budget;
pub mod check;
pub mod compiled;
pub mod control;
mod due;
pub mod effect;
pub mod hash;
pub mod history;
pub mod inputs;
pub mod limits;
pub mod reach;
pub mod segments;
pub mod sources;
pub mod tables;
pub mod view;

pub use crate::{
    advance::{Advance, Beside, Context, Input, Question, Status},
    check::{advise, check},
    compiled::Compiled,
    effect::{Decision, Effect, MessageChange},
};
/// Which core computed a store's rows. Raised with every change after which the same state, input and answers give
/// other effects: what one core began in a log another does not apply.
pub const CORE_VERSION: &str = "13";

pub use signalbox_model::state::{JourneySummary, Timer, TimerId};
