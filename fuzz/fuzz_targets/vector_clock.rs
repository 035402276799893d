//! `cargo +nightly fuzz run --features libfuzzer vector_clock`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("vector_clock", bytes));
