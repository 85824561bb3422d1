//! The room at its boundary: data in, text out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod adopt;
mod budgets;
mod caps;
mod checks;
mod choices;
mod clocks;
mod deprecations;
mod earlier;
mod entry;
mod existing;
mod exits;
mod experiments;
mod failures;
mod goals;
mod harness;
mod lateness;
mod memory;
mod messages;
mod migrate;
mod pauses;
mod permits;
mod pinned;
mod quarantine;
mod random;
mod reach;
mod releases;
mod rows;
mod rules;
mod segments;
mod sources;
mod states;
mod steps;
mod tables;
mod times;
mod ways;
