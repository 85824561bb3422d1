//! The room at its boundary: data in, text out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod everywhere;
mod local;
mod numbers;
mod random;
mod ranges;
mod schema;
mod support;
mod tables;
mod waits;
mod windows;
mod words;
mod zones;
