//! The room `mail`: renders templates, builds messages and hands them to a server.
//!
//! The engine calls it from the outbox: [`template`] turns source into a checked template and, per
//! message, a view of values into subject, HTML and text; [`message`] turns those into the exact bytes
//! that are sent; [`transport`] sends them, stopping where the engine must decide (SMTP's 354), or keeps
//! them in the inbox on disk. [`retry`] says when to try again.
//!
//! It knows no journeys and no store, reads no clock to decide anything (instants come in as values), and
//! never logs an address, a credential or a body.

pub mod address;
pub mod template;

pub mod message;

pub mod capture;
pub mod retry;
pub mod smtp;
pub mod transport;
