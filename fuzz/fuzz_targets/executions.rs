//! `cargo +nightly fuzz run --features libfuzzer executions`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("executions", bytes));
