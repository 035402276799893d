//! Fuzz bodies for everything that takes bytes or messages from outside.
//!
//! A body is a function of bytes that panics if a promise is broken. `cargo test` runs each over its committed corpus and over a few thousand
//! mutations of it; `cargo +nightly fuzz run --features libfuzzer NAME` searches for more. To add one: a function here, a row in [`BODIES`], a
//! binary in `fuzz_targets/`, and a small corpus in `corpus/NAME/`.

/// A fuzz body by its name, which is also the name of its corpus and its binary.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// The name.
    pub name: &'static str,
    /// Runs it on one input.
    pub run: fn(&[u8]),
}

/// All bodies.
pub const BODIES: &[Body] = &[];
