//! `cargo +nightly fuzz run --features libfuzzer exception_vector`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("exception_vector", bytes));
