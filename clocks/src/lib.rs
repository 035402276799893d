#![cfg_attr(not(feature = "std"), no_std)]
//! When things happened, told without trusting any clock: which event happened before which, and which are concurrent.
//!
//! ```
//! use tidings_clocks::{Rank, VectorClock};
//!
//! let [ann, bob] = [Rank(0), Rank(1)];
//! let (mut at_ann, mut at_bob) = (VectorClock::new(), VectorClock::new());
//!
//! at_ann.tick(ann)?; // Ann writes to Bob,
//! let letter = at_ann.clone();
//! at_bob.tick(bob)?; // who is busy with something else,
//! let busy = at_bob.clone();
//! at_bob.receive(bob, &letter)?; // and reads it.
//!
//! assert!(letter < at_bob); // the letter was written before Bob read it
//! assert_eq!(letter.partial_cmp(&busy), None); // of the two, nobody can say which was first
//! # Ok::<(), tidings_clocks::Overflow>(())
//! ```
//!
//! # Contents
//!
//! | type | what it tells | source | cost |
//! |---|---|---|---|
//! | [`LamportClock`] | a total order that respects happened-before | Lamport 1978 | O(1), 12 bytes |
//! | [`VectorClock`] | happened-before exactly, for a fixed set of processes | Fidge 1988, Mattern 1989 | O(n) |
//! | [`EventStamp`] | happened-before of two events by one look each | Mattern 1989 | O(1) |
//! | [`TreeClock`] | the same as a vector clock, in memory | Mathur and others 2022 | O(entries that change) |
//! | [`DifferentialClock`], [`DifferentialStamp`] | the same as a vector clock, over links in order, by what has changed | Singhal, Kshemkalyani 1992 | O(changes) |
//! | [`VersionVector`] | which updates of which actor are known; any ids | Parker and others 1983 | O(n) |
//! | [`ActorTable`] | dense ranks for long-lived ids | | O(log n) |
//! | [`Dot`], [`CausalContext`] | exactly which updates are known, gaps too | Almeida and others 2014, 2018 | O(n + gaps) |
//! | [`ExceptionVector`] | the same, and what is missing | Malkhi, Terry 2005 | O(n + gaps) |
//! | [`DottedVersionVector`], [`SiblingSet`] | which versions of a value are concurrent, through any number of clients | Preguiça and others 2010 | O(log n), O(n + versions) |
//! | [`IntervalTree`] | happened-before among processes that come and go | Almeida, Baquero, Fonte 2008 | O(nodes) |
//! | [`MatrixClock`], [`Stability`] | what everybody is known to know | Wuu, Bernstein 1984 | O(n²), O(n) |
//! | [`BloomClock`] | concurrency exactly, order with a computable error; constant size | Ramabaja 2019 | O(cells) |
//! | [`HybridClock`] | a total order that respects happened-before and stays near physical time | Kulkarni and others 2014 | O(1), 8 bytes |
//! | [`SharedHybridClock`] | the same, shared by threads | | O(1), two readings of the source |
//! | [`BoundedClock`], [`TimeInterval`] | the true time, within bounds that hold; commit wait | Corbett and others 2012 | O(1) |
//! | [`RoundTrip`], [`Agreement`] | what a time server's answer says, and several of them, false ones too | Cristian 1989, Marzullo 1984 | O(1), O(n log n) |
//! | [`SlewedClock`] | a time of day that is corrected and never runs back | Cristian 1989 | O(1) |
//! | [`ClockSource`]: [`SystemClock`], [`SteadyClock`], [`ManualClock`] | the time of day; never back; as told | | one reading |
//!
//! `PartialOrd` *is* happened-before: `None` means concurrent. An entry of zero is the same as no entry, everywhere. A counter at its end is an error
//! and leaves the clock as it was. What travels between processes has one compact byte form ([`Wire`]), whose decoder takes nothing else and allocates no more than the
//! input and a limit allow; stamps with a total order have another one besides, fixed in length, whose bytes are in that order.
//!
//! # Not here
//!
//! Reading a physical clock without being asked: readings come in as [`UnixTime`] and [`Time`]. Sending stamps anywhere: that is `tidings-broadcast`. Who may take part: a [`Rank`]
//! means something in one view only, which `tidings-protocol` keeps.
//!
//! # Features
//!
//! `std` (default): conversions from the standard library's clocks; without it the crate needs `alloc` only. `serde`: `Serialize` and `Deserialize`, which validate.

extern crate alloc;
#[cfg(all(test, not(feature = "std")))]
extern crate std;

mod actor_table;
mod agreement;
mod bloom_clock;
mod bounded_clock;
mod causal_context;
mod clock_source;
mod differential_clock;
mod differential_stamp;
mod dot;
mod dotted_version_vector;
mod event_stamp;
mod exception_vector;
mod hybrid_clock;
mod hybrid_stamp;
mod hybrid_tag;
mod interval_tree;
mod kernels;
mod lamport_clock;
#[cfg(test)]
mod laws;
#[cfg(target_has_atomic = "64")]
mod manual_clock;
mod matrix_clock;
mod overflow;
mod rank;
mod round_trip;
#[cfg(feature = "serde")]
mod serial;
#[cfg(target_has_atomic = "64")]
mod shared_hybrid_clock;
mod sibling_set;
mod slewed_clock;
mod stability;
#[cfg(feature = "std")]
mod steady_clock;
#[cfg(feature = "std")]
mod system_clock;
mod time;
mod time_interval;
mod tree_clock;
mod unix_time;
mod vector_clock;
mod version_vector;
mod wire;

pub use actor_table::{ActorTable, TableFull};
pub use agreement::Agreement;
pub use bloom_clock::{BloomClock, Likely, ShapeMismatch};
pub use bounded_clock::{BoundedClock, Contradiction};
pub use causal_context::CausalContext;
pub use clock_source::{ClockSource, Steady};
pub use differential_clock::{DifferentialClock, DifferentialError};
pub use differential_stamp::{DifferentialReceiver, DifferentialSender, DifferentialStamp, NotNext};
pub use dot::Dot;
pub use dotted_version_vector::DottedVersionVector;
pub use event_stamp::EventStamp;
pub use exception_vector::ExceptionVector;
pub use hybrid_clock::{Drift, HybridClock};
pub use hybrid_stamp::HybridStamp;
pub use hybrid_tag::HybridTag;
pub use interval_tree::{IntervalTree, IntervalTreeError};
pub use lamport_clock::{LamportClock, LamportStamp};
#[cfg(target_has_atomic = "64")]
pub use manual_clock::ManualClock;
pub use matrix_clock::{Matrix, MatrixClock, MatrixError};
pub use overflow::Overflow;
pub use rank::Rank;
pub use round_trip::{Implausible, RoundTrip};
#[cfg(target_has_atomic = "64")]
pub use shared_hybrid_clock::{Shard, SharedHybridClock};
pub use sibling_set::SiblingSet;
pub use slewed_clock::SlewedClock;
pub use stability::{NotAMember, Stability};
#[cfg(feature = "std")]
pub use steady_clock::SteadyClock;
#[cfg(feature = "std")]
pub use system_clock::SystemClock;
pub use time::Time;
pub use time_interval::{IntervalOrder, TimeInterval};
pub use tree_clock::{TreeClock, TreeClockError};
pub use unix_time::UnixTime;
pub use vector_clock::VectorClock;
pub use version_vector::VersionVector;
pub use wire::{Malformed, Wire};
