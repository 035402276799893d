#![cfg_attr(not(feature = "std"), no_std)]
//! A deterministic world that runs any protocol under faults.

extern crate alloc;

mod agenda;
mod application;
mod bytes;
mod chatter;
mod chooser;
mod ending;
mod faults;
mod network;
mod process;
mod recording;
mod seeded;
mod seeds;
mod stats;
mod tape;
mod world;

pub use application::Application;
pub use bytes::Bytes;
pub use chatter::{Chatter, Inbox, Talk};
pub use chooser::{Chance, Chooser, Site};
pub use ending::Ending;
pub use faults::{Faults, Partitions};
pub use recording::Recording;
pub use seeded::Seeded;
#[cfg(feature = "std")]
pub use seeds::for_each_seed;
pub use seeds::seeds;
pub use stats::Stats;
pub use tape::{Recorded, Replay, Tape};
pub use world::World;
