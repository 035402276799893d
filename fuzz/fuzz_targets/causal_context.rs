//! `cargo +nightly fuzz run --features libfuzzer causal_context`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("causal_context", bytes));
