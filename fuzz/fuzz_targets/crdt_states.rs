//! `cargo +nightly fuzz run --features libfuzzer crdt_states`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("crdt_states", bytes));
