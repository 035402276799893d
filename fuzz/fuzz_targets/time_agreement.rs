//! `cargo +nightly fuzz run --features libfuzzer time_agreement`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("time_agreement", bytes));
