//! libFuzzer before `signalbox_fuzz::documents`: descriptions, plans, schemas and workflows. `cargo xtask fuzz` builds and runs it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::documents::run(bytes));
