//! The built server from outside: real mail servers, faults, kills, plugins that come and go.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
