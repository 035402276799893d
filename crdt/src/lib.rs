#![cfg_attr(not(feature = "std"), no_std)]
//! State that converges without asking anybody.

extern crate alloc;

mod join;

pub use join::Join;
