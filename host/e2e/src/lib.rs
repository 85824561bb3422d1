//! What the end-to-end tests stand on: the built server as a process, HTTP to it, a mail server that can misbehave,
//! and stories.
//!
//! Only the tests of this crate call it. It uses no room: what it knows of the server it knows from outside.

pub mod component;
pub mod http;
pub mod mail;
pub mod server;
pub mod smtp;
pub mod story;
pub mod tools;
pub mod wait;
