#![cfg_attr(not(feature = "std"), no_std)]
//! When things happened, told without trusting any clock.

extern crate alloc;

mod causal_context;
mod dot;
mod hybrid_clock;
mod hybrid_stamp;
mod kernels;
mod lamport_clock;
mod overflow;
mod rank;
#[cfg(feature = "serde")]
mod serial;
mod time;
mod unix_time;
mod vector_clock;
mod version_vector;

pub use causal_context::CausalContext;
pub use dot::Dot;
pub use hybrid_clock::{Drift, HybridClock};
pub use hybrid_stamp::HybridStamp;
pub use lamport_clock::{LamportClock, LamportStamp};
pub use overflow::Overflow;
pub use rank::Rank;
pub use time::Time;
pub use unix_time::UnixTime;
pub use vector_clock::VectorClock;
pub use version_vector::VersionVector;
