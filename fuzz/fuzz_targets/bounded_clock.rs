//! `cargo +nightly fuzz run --features libfuzzer bounded_clock`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("bounded_clock", bytes));
