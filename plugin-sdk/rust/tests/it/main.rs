//! The SDK against the contract: what it writes is what the server reads, and what it embeds is what is released.

mod contract;
mod reading;
mod rules;
mod templates;
