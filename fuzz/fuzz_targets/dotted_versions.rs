//! `cargo +nightly fuzz run --features libfuzzer dotted_versions`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("dotted_versions", bytes));
