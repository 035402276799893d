#![cfg_attr(not(feature = "std"), no_std)]
//! Recorded executions.

extern crate alloc;

mod happened_before;
mod index;
mod not_an_execution;
mod properties;
mod property;
#[cfg(test)]
mod runs;
pub mod shiviz;
mod trace;
mod violation;

pub use happened_before::{HappenedBefore, TooLarge};
pub use not_an_execution::NotAnExecution;
pub use property::{Property, UnknownProperty, check_all};
pub use trace::{Event, MessageId, Trace, What};
pub use violation::{Shown, Violation};
