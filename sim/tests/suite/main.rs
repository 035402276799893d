//! All tests of the crate from outside, in one program: each by itself would compile the same worlds and protocols again.

mod chatter;
mod coverage;
mod days;
mod disks;
mod engines;
mod explore;
mod explore_stateright;
mod explored;
mod faults;
mod links;
mod lives;
mod protocols;
mod replays;
mod rules;
#[cfg(feature = "serde")]
mod serde;
mod wakes;
