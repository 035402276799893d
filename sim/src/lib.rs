#![cfg_attr(not(feature = "std"), no_std)]
//! A deterministic world in virtual time that runs any protocol under the faults of the system models, and records what happened: the same choices,
//! the same run, to the byte.
//!
//! ```
//! use std::convert::Infallible;
//! use tidings_protocol::{Effects, Protocol, Rank, Refused, Time, To};
//! use tidings_sim::{Chatter, Ending, Faults, Seeded, Talk, World, assert_keeps, seeds};
//! use tidings_trace::MessageId;
//!
//! /// Best-effort broadcast over the bare network: what is lost is lost.
//! struct Shout {
//!     me: u32,
//! }
//!
//! impl Protocol for Shout {
//!     type Request = u64;
//!     type Message = u64;
//!     type Indication = (u32, u64);
//!     type Record = Infallible;
//!     type Refused = Infallible;
//!     type Rejected = Infallible;
//!
//!     fn request(&mut self, _: Time, number: u64, effects: &mut impl Effects<Self>) -> Result<(), Refused<u64, Infallible>> {
//!         effects.send(To::Others, number);
//!         let _ = effects.indicate((self.me, number));
//!         Ok(())
//!     }
//!     fn receive(&mut self, _: Time, from: Rank, number: u64, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
//!         let _ = effects.indicate((from.0, number));
//!         Ok(())
//!     }
//!     fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}
//!     fn deadline(&self) -> Option<Time> { None }
//!     fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
//! }
//!
//! for seed in seeds(20) {
//!     // Every process broadcasts 10 messages. The network loses one packet in five, and repeats none.
//!     let chatter = Chatter::new(3, Talk::of(10), |id| id.number, |&(origin, number)| Some(MessageId { origin: Rank(origin), number }));
//!     let faults = Faults { duplicate: tidings_sim::Chance::NEVER, ..Faults::lossy() };
//!     let mut world = World::new(3, faults, Seeded::new(seed), chatter, |rank, _incarnation| Shout { me: rank.0 });
//!     assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
//!     assert!(world.stats().lost > 0);
//!     assert_keeps!(world.trace(), [NoDuplication, NoCreation], seed);
//! }
//! ```
//!
//! # What is here
//!
//! | type | what it promises | source | cost |
//! |---|---|---|---|
//! | [`World`] | one course for the same choices; effects in order; crashes between any two of them | Cachin et al. 2011, ch. 2 | O(log d) for an event when d things are due; no allocation but the message's own |
//! | [`Faults`], [`Partitions`], [`Pauses`], [`Clocks`] | what may go wrong, within these bounds, until the chaos phase ends | the same | |
//! | [`Model`] | a system model of the textbook by name, to put together with others | the same | |
//! | [`Links`], [`Overflow`], [`Spread`] | losses in a row, full queues, bandwidth, tails of delays; altered, replayed and forged packets | the same, 2.4 | |
//! | [`Disk`] | slow, full, torn, lost: what a crash leaves of the records not yet synced | | |
//! | [`TimeOfDay`], `DayClock` | a time of day that is off, jumps, is smeared and stands still, and the handle that shows it | | one store for an input |
//! | [`Timing`] | asynchronous, partially synchronous or synchronous | Dwork, Lynch, Stockmeyer 1988 | |
//! | [`Byzantine`] | silence, lies and equivocation of the processes named | Cachin et al. 2011, 2.2.6 | |
//! | [`Application`], [`Chatter`], [`Talk`], [`Inbox`] | what stands above the protocol; the standard one of broadcast tests; `()` for a world that a script drives | | |
//! | [`Ending`], [`Stats`], [`Recording`] | how a run ended, in figures, and how much of it is in the [`Trace`](tidings_trace::Trace) | | 40 bytes for a recorded event |
//! | [`Coverage`], [`Point`] | which faults met the code that they were meant for | | one addition |
//! | [`Chooser`], [`Site`], [`Chance`] | the one source of choice; choice 0 is calm | | |
//! | [`Seeded`] | an engine that draws from a seed, the same on every machine | Blackman, Vigna 2021 | one draw |
//! | [`Recorded`], [`Tape`], [`Replay`] | writes down what another engine chooses; plays it back; an exhausted tape is calm | | 4 bytes for a choice |
//! | [`Bytes`] | an engine that reads a fuzzer's bytes | | 0 to 4 bytes for a choice |
//! | [`Sparing`] | leaves the calm course at most so often | Emmi et al. 2011 | |
//! | [`Exhaustive`] | makes every choice in turn, within a stated depth | Godefroid 1997 | one run each |
//! | [`shrink`] | makes a failing tape smaller | Zeller, Hildebrandt 2002 | at most the runs it is given |
//! | [`seeds`], `for_each_seed`, [`assert_keeps!`] | for property tests: the panic names the seed | | |
//!
//! # Which model
//!
//! Cachin, Guerraoui and Rodrigues, *Introduction to Reliable and Secure Distributed Programming* (2011), chapter 2: fair-loss links (2.4.2),
//! crash-stop processes (2.2.2) that may recover (2.2.4), and, within the delays given, time that no process can rely on (2.5.1). [`World`] states it
//! in full.
//!
//! # How to reproduce a run
//!
//! A run is a function of the protocol, the application, the [`Faults`] and the choices. From a seed: [`Seeded`]. From a tape, which outlives changes
//! of generators: [`Recorded`], then [`Replay`].
//!
//! # Not here
//!
//! No protocol: this crate knows none by name. No judgement of traces: that is `tidings-trace`, whose properties [`assert_keeps!`] takes. No real
//! network, clock or thread. How a message is altered or turned into a lie only its [`Application`] knows; by itself the world does neither.

extern crate alloc;

mod agenda;
mod application;
mod assert_keeps;
mod bytes;
mod byzantine;
mod chatter;
mod chooser;
mod clock;
mod coverage;
#[cfg(target_has_atomic = "64")]
mod day_clock;
mod disk;
mod ending;
mod exhaustive;
pub mod explore;
mod faults;
mod links;
mod model;
mod network;
mod point;
mod process;
mod recording;
mod seeded;
mod seeds;
mod shrink;
mod sparing;
mod stats;
mod tape;
mod time_of_day;
mod timing;
mod world;

pub use application::Application;
pub use bytes::Bytes;
pub use byzantine::Byzantine;
pub use chatter::{Chatter, Inbox, Talk};
pub use chooser::{Chance, Chooser, Site};
pub use coverage::Coverage;
#[cfg(target_has_atomic = "64")]
pub use day_clock::DayClock;
pub use disk::Disk;
pub use ending::Ending;
pub use exhaustive::Exhaustive;
pub use faults::{Clocks, Faults, Partitions, Pauses};
pub use links::{Links, Overflow, Spread};
pub use model::{Model, NotAModel};
pub use point::Point;
pub use recording::Recording;
pub use seeded::Seeded;
#[cfg(feature = "std")]
pub use seeds::for_each_seed;
pub use seeds::seeds;
pub use shrink::shrink;
pub use sparing::Sparing;
pub use stats::Stats;
pub use tape::{Recorded, Replay, Tape};
pub use tidings_trace::{Property, check_all};
pub use time_of_day::TimeOfDay;
pub use timing::Timing;
pub use world::World;
