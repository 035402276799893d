//! `cargo +nightly fuzz run --features libfuzzer peers`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("peers", bytes));
