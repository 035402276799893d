//! `cargo +nightly fuzz run --features libfuzzer shared_hybrid_clock`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("shared_hybrid_clock", bytes));
