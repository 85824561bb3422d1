//! The built binary from outside: what it prints, what it leaves on disk, and what it counts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command_line;
mod demo;
mod languages;
mod reexecute;
mod restore;
mod seal;
mod server;
mod sign;
mod simulate;
mod support;
mod workflows;
