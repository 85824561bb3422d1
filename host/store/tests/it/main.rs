//! The store at its boundary: what is committed is there, what is damaged is found and named.

#![allow(
    clippy::unwrap_used,
    reason = "in tests the panic names the line and that is all that is wanted"
)]

mod compact;
mod damage;
mod fixture;
mod kill;
mod open;
mod rows;
mod snapshots;
mod sweep;
