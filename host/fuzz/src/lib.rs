//! What may be read of anybody: each target takes any bytes, and fails by a panic alone.
//!
//! `host/fuzz/fuzz_targets` puts a fuzzer before them; the tests of `rules` put the corpus to them, on stable and
//! without instrumentation, each time.

pub mod values;

#[cfg(feature = "sandbox")]
pub mod documents;

#[cfg(feature = "sandbox")]
pub mod loader;
