//! `cargo +nightly fuzz run --features libfuzzer edn_history`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("edn_history", bytes));
