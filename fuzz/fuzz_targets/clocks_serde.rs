//! `cargo +nightly fuzz run --features libfuzzer clocks_serde`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidings_fuzz::run("clocks_serde", bytes));
