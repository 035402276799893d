//! `cargo +nightly fuzz run --features libfuzzer document_bytes`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("document_bytes", bytes));
