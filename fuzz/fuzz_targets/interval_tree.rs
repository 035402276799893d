//! `cargo +nightly fuzz run --features libfuzzer interval_tree`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("interval_tree", bytes));
