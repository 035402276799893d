#![cfg_attr(not(feature = "std"), no_std)]
//! When things happened, told without trusting any clock.

extern crate alloc;

mod rank;
mod time;

pub use rank::Rank;
pub use time::Time;
