#![cfg_attr(not(feature = "std"), no_std)]
//! A deterministic world that runs any protocol under faults.

extern crate alloc;

mod application;
mod chooser;

pub use application::Application;
pub use chooser::{Chance, Chooser, Site};
