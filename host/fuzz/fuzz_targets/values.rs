//! libFuzzer before `signalbox_fuzz::values`: stored and posted values. `cargo xtask fuzz` builds and runs it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::values::run(bytes));
