//! libFuzzer before `signalbox_fuzz::loader`: a file in the plugin folder. `cargo xtask fuzz` builds and runs it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signalbox_fuzz::loader::run(bytes));
