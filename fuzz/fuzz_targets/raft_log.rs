//! `cargo +nightly fuzz run --features libfuzzer raft_log`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("raft_log", bytes));
