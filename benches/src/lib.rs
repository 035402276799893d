//! Comparisons of tidings with its peers and with the limits of the machine, taken side by side.
//!
//! `cargo run --release -p tidings-benches --features peers --bin versus` prints the table. Ours, the peer and the limit run in one process, sample by
//! sample in turn, and what counts is the median of the paired ratios: absolute times mean little on a shared machine.

mod comparison;

pub use comparison::{Area, Bound, Comparison, Measured, Unit};
