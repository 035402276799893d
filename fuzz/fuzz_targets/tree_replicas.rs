//! `cargo +nightly fuzz run --features libfuzzer tree_replicas`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("tree_replicas", bytes));
