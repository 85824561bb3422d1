//! The room `mail` from outside: what a template, a message and an SMTP conversation come to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod capture;
mod message;
mod server;
mod smtp;
mod template;
mod tls;
