//! `cargo +nightly fuzz run --features libfuzzer guarded_replicas`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("guarded_replicas", bytes));
