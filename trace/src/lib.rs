#![cfg_attr(not(feature = "std"), no_std)]
//! Recorded executions.

extern crate alloc;

mod trace;

pub use trace::{Event, MessageId, Trace, What};
