//! The tests of the crate from outside, in one program: each by itself would compile the same types again. Those that count what the allocator gives stand beside it, each alone in its
//! process.
#![expect(unreachable_pub, reason = "this is a program of tests: nothing in it is reachable from outside")]

mod document;
mod exhausted;
mod laws;
mod moveable_tree;
mod pure;
mod sequence;
#[cfg(feature = "serde")]
mod serde;
mod steps;
mod sync;
mod text;
