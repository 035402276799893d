//! `cargo +nightly fuzz run --features libfuzzer shiviz_log`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("shiviz_log", bytes));
