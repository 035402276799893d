//! `cargo +nightly fuzz run --features libfuzzer text_replica_document`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("text_replica_document", bytes));
