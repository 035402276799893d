//! `cargo +nightly fuzz run --features libfuzzer any_log`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("any_log", bytes));
