//! `cargo +nightly fuzz run --features libfuzzer version_vectors`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("version_vectors", bytes));
