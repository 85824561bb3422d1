//! The journal at its boundary: records in, text out, on real files.
#![expect(
    clippy::unwrap_used,
    reason = "in a test a failed unwrap is a failed test"
)]

mod copying;
mod damage;
mod faults;
mod order;
mod recovery;
mod support;
mod trimming;
mod unkept;
