//! `cargo +nightly fuzz run --features libfuzzer pure_replicas`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("pure_replicas", bytes));
