//! The built server from outside: real mail servers, faults, kills, plugins that come and go.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be, and prints its figures and seeds"
)]

mod support;

mod backtest;
mod damage;
mod disk;
mod faults;
mod kills;
mod plugins;
mod rebuild;
mod servers;
mod simulate;
mod tables;
