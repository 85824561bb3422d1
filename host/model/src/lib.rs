//! The words of Signalbox: ids, instants, values, contacts, events, plans, verdicts, workflows, messages, records
//! and facts, with their parsing.
//!
//! Every other room speaks in these types. Nothing here reads a clock, touches a file or draws a random number: what
//! a function needs to know is passed in.

#![deny(missing_docs)]

pub mod address;
pub mod amount;
pub mod calendar;
pub mod codec;
pub mod condition;
pub mod contact;
pub mod definitions;
pub mod deprecation;
pub mod describe;
pub mod event;
pub mod fact;
pub mod id;
pub mod message;
mod parsed;
pub mod plan;
pub mod problem;
pub mod propensity;
pub mod record;
pub mod schema;
pub mod segment;
pub mod settings;
pub mod shadow;
pub mod sources;
pub mod state;
pub mod table;
pub mod time;
pub mod value;
pub mod verdict;
pub mod webhook;
pub mod workflow;
