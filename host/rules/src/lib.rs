//! The sandbox: the catalogue of plugins, their limits, and their verdicts.
//!
//! Called by `engine` to decide, by `api` to list, and by `app` for `plugin check`, `plugin build` and `compile`.
//! A plugin is a WebAssembly component that imports nothing; it is asked for its inputs and for verdicts over them,
//! each time on a fresh instance. Nothing here reads the wall clock, and no failure of a plugin is ever a panic.

#![deny(missing_docs)]

pub mod limits;

pub mod error;

pub mod engine;

pub mod columns;

pub mod documents;

pub mod verdict;

pub mod files;

pub mod signature;

pub mod trust;

pub mod cases;

pub mod decide;

mod plugin;

mod load;

pub mod compile;

pub mod catalogue;

pub mod inspect;

mod component;

mod v1;

pub mod check;

pub mod toolchain;

pub mod seal;
