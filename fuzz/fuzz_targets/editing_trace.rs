//! `cargo +nightly fuzz run --features libfuzzer editing_trace`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("editing_trace", bytes));
