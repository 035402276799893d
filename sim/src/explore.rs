//! Exhaustive exploration: everything that a protocol can do within a stated scope, on the shipping code.
//!
//! An [`Explorer`] searches all interleavings of requests, arrivals, losses, repetitions, timeouts and crashes, the last between any two effects, within a
//! [`Scope`]. Time does not pass: any process with a deadline may be woken next, and a packet may be as late as it likes. States that were seen are told by
//! [fingerprints](tidings_protocol::Fingerprint) of 128 bits, so that the search may miss a state with a probability of n² / 2¹²⁹ for n states.
//!
//! ```
//! use std::convert::Infallible;
//! use tidings_protocol::{Digest, Effects, Fingerprint, Protocol, Rank, Refused, Time, To};
//! use tidings_sim::explore::{Exploration, Explorer, Scope};
//! use tidings_trace::{MessageId, Property};
//!
//! /// Best-effort broadcast: nobody hands anything on.
//! #[derive(Clone)]
//! struct Shout(Rank);
//!
//! impl Protocol for Shout {
//!     type Request = u64;
//!     type Message = u64;
//!     type Indication = (Rank, u64);
//!     type Record = Infallible;
//!     type Refused = Infallible;
//!     type Rejected = Infallible;
//!
//!     fn request(&mut self, _: Time, number: u64, effects: &mut impl Effects<Self>) -> Result<(), Refused<u64, Infallible>> {
//!         effects.send(To::Others, number);
//!         let _ = effects.indicate((self.0, number));
//!         Ok(())
//!     }
//!     fn receive(&mut self, _: Time, from: Rank, number: u64, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
//!         let _ = effects.indicate((from, number));
//!         Ok(())
//!     }
//!     fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}
//!     fn deadline(&self) -> Option<Time> { None }
//!     fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
//! }
//!
//! impl Fingerprint for Shout {
//!     fn fingerprint(&self, _: &mut Digest<'_>) {} // it has no state
//! }
//!
//! let explore = |scope: &str, promise| {
//!     let exploration = Exploration::of(scope.parse().unwrap(), &[promise]);
//!     let hear = |&(origin, number): &(Rank, u64)| Some(MessageId { origin, number });
//!     Explorer::new(exploration, Shout, |id| id.number, hear).run_to_end()
//! };
//! // One message each of two processes: p1 is asked and p1's arrives are two chains of two steps, which interleave in 6 ways.
//! assert_eq!(explore("2x1", Property::BestEffortValidity).unwrap().interleavings, Some(6.0));
//! // Order of sending is not kept.
//! let found = explore("2x2", Property::FifoDelivery).unwrap_err();
//! assert_eq!(found.script.len(), 3);
//! assert!(found.to_string().starts_with("fifo_delivery: p"));
//! // A process that crashes in the middle of a fan-out.
//! assert!(explore("3x1,crashes=1", Property::Agreement).is_err());
//! ```
//!
//! # What a state is
//!
//! The state of every live process, what is under way, how many faults are left, and what each process has broadcast and delivered, as far as a
//! promised property still asks for it. Every process is called once for each of its local states and inputs, then the answer is looked up: local states
//! are few where global ones are many.
//!
//! # What is judged, and when
//!
//! Safety properties at every transition, by what every process did; liveness in every state in which nothing can happen any more. If a process
//! still wants to be woken there and the scope's wakes are spent, the run is completed without further faults and judged then. A breach is reported as the
//! shortest script that shows it, which was given to the protocol once more, from the beginning: its [trace](Counterexample::trace) went to the checker.
//!
//! # What losses mean
//!
//! Over [`Links::Reliable`] what a correct process sends arrives, so only what a crashed process had sent can be lost. A crash between two effects loses
//! what was not sent yet, and of several sends in a row any may have left, at no cost; the scope's losses come on top and take any packets out of the
//! middle. Over [`Links::FairLoss`] anything may be lost. [`Links::Broadcast`] is a FIFO reliable broadcast given as its specification: what nobody alive has
//! taken of a crashed process may be lost to all, the last broadcast first.
//!
//! # What is left out
//!
//! [`Reductions`] says what each leaves out and why that changes no verdict. [Ample](Reductions::ample) sets leave out the most: of inputs that can be given to a
//! process in any order only one order is tried, and whether they can is found out on the way. Those that only take states for one that have the same future
//! ([`delivered`](Reductions::delivered), [`stamps`](Reductions::stamps), [`symmetry`](Reductions::symmetry)) leave the number of interleavings as it is, and the tests hold
//! them to that.
//!
//! # Going on later
//!
//! A search can be [saved](Explorer::save) between any two pieces, and [goes on](Explorer::resume) in another process to the same counts.
//!
//! # Limits
//!
//! A process has one clock, which moves to its deadline when it is woken and stands still otherwise: of several timers of one process the
//! one that is due first goes off first. Processes that come back after a crash are not explored.

mod breach;
mod choice;
mod claims;
mod counterexample;
mod counts;
mod cut;
mod exploration;
mod explorer;
mod judge;
mod log;
mod pasts;
mod rerun;
mod saved;
mod scope;
mod sleep;
mod state;
mod system;
mod table;
mod transitions;

pub use breach::Breach;
pub use counterexample::{Counterexample, Move};
pub use counts::Counts;
pub use cut::Cut;
pub use exploration::{Exploration, Links, Reductions};
pub use explorer::{Explorer, Progress};
pub use saved::{NotResumed, Saved};
pub use scope::{NotAScope, Scope};
