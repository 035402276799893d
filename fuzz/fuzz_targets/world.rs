//! `cargo +nightly fuzz run --features libfuzzer world`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("world", bytes));
