//! `cargo +nightly fuzz run --features libfuzzer hybrid_clock`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("hybrid_clock", bytes));
