//! `cargo +nightly fuzz run --features libfuzzer synchronisation`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("synchronisation", bytes));
