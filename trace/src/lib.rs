#![cfg_attr(not(feature = "std"), no_std)]
//! Recorded executions: which event happened before which, and which properties of a broadcast a run keeps or breaks.
//!
//! A [`Trace`] is what happened, recorded by somebody who saw all of it: a simulated world, or a log collected afterwards. A checker judges it by the
//! property's definition alone and knows nothing of any protocol; if the property is broken, it names the two or three events that show it.
//!
//! ```
//! use tidings_clocks::{Rank, Time};
//! use tidings_trace::{HappenedBefore, MessageId, Property, Trace, What, check_all};
//!
//! let question = MessageId { origin: Rank(0), number: 0 };
//! let answer = MessageId { origin: Rank(1), number: 0 };
//! let mut trace = Trace::new(3);
//! for (process, what) in [
//!     (0, What::Broadcast(question)),
//!     (1, What::Deliver(question)),
//!     (1, What::Broadcast(answer)),
//!     (2, What::Deliver(answer)), // before the question
//!     (2, What::Deliver(question)),
//! ] {
//!     trace.push(Time::ZERO, Rank(process), what);
//! }
//!
//! let violation = Property::CausalDelivery.check(&trace).unwrap_err();
//! assert_eq!(violation.events, [1, 2, 3]);
//! assert_eq!(
//!     violation.to_string(),
//!     "causal_delivery: p2 delivers p1:0 without having delivered p0:0, which p1 delivers before it broadcasts p1:0"
//! );
//!
//! let order = HappenedBefore::of(&trace)?;
//! assert!(order.before(0, 3) && !order.before(3, 1));
//! assert!(check_all(&trace, &[Property::NoDuplication, Property::NoCreation, Property::FifoDelivery]).is_empty());
//! # Ok::<(), tidings_trace::TooLarge>(())
//! ```
//!
//! # The properties
//!
//! After Cachin, Guerraoui and Rodrigues, *Introduction to Reliable and Secure Distributed Programming* (2011). A *process* is one life of a process: a
//! restarted one is another. A *correct* process never crashes or restarts in the trace, and nobody excludes it. For e events and n lives:
//!
//! | property | what it says | source | cost |
//! |---|---|---|---|
//! | [`validity`](Property::Validity) * | a correct process delivers what it broadcasts | RB1 | O(e log e) |
//! | [`best_effort_validity`](Property::BestEffortValidity) * | every correct process delivers what a correct one broadcasts | BEB1 | O(e log e) |
//! | [`no_duplication`](Property::NoDuplication) | nothing is delivered twice | RB2 | O(e log e) |
//! | [`no_creation`](Property::NoCreation) | nothing is delivered that its origin has not broadcast before | RB3 | O(e log e) |
//! | [`agreement`](Property::Agreement) * | what a correct process delivers, all correct ones deliver | RB4 | O(e log e) |
//! | [`uniform_agreement`](Property::UniformAgreement) * | what any process delivers, all correct ones deliver | URB4 | O(e log e) |
//! | [`fifo_delivery`](Property::FifoDelivery) | messages of one process are delivered in its order, without gaps | FRB5 | O(e log e) |
//! | [`causal_delivery`](Property::CausalDelivery) | a message is delivered after all in its causal past | CRB5 | O(e log e + e n) |
//! | [`total_order`](Property::TotalOrder) | no two processes deliver two messages in opposite orders | TOB5, UTOB5 | O(e log e + e n) |
//! | [`uniform_total_order`](Property::UniformTotalOrder) | all sequences of deliveries are prefixes of one | stronger than UTOB5 | O(e log e) |
//! | [`fifo_total`](Property::FifoTotal) | `total_order` and `fifo_delivery` | | O(e log e + e n) |
//! | [`integrity`](Property::Integrity) | `no_duplication` and `no_creation` | Hadzilacos and Toueg 1994 | O(e log e) |
//! | [`stability`](Property::Stability) | a message known to be stable was delivered by everybody not excluded | Birman and others 1991 | O(e log e) if few are excluded |
//! | [`view_synchrony`](Property::ViewSynchrony) | who goes from one view to the same next one delivered the same in it, and what was broadcast in it | VS1, GM1; Birman and Joseph 1987 | O(e log e) |
//!
//! Those with * are liveness: they are judged as if the trace ended quiescent, with nothing in flight and nothing due. The caller knows whether it did.
//! The safety properties are asked of crashed processes as well, since until it crashes a process cannot know that it will.
//!
//! # The rest
//!
//! | type | guarantee | paper | cost |
//! |---|---|---|---|
//! | [`Trace::verify`] | whether the trace can be an execution at all | | O(e log e) |
//! | [`HappenedBefore`] | happened-before, the world's own truth | Lamport 1978; Fidge 1988; Mattern 1989 | one pass, then O(1) a question |
//! | [`Cut`] | consistent cuts and their lattice, causal past and future | Chandy and Lamport 1985; Mattern 1989 | O(n) to O(n²) |
//! | [`linearizability`] | whether a sequential specification explains concurrent calls, or the first answer that it does not | Herlihy and Wing 1990; Lowe 2017; Gibbons and Korach 1997 | near-linear in the calls if few are under way at once, or if a register's values are unique |
//! | [`shiviz`] | logs that ShiViz loads; logs of any system with vector clocks, their order and messages, or why they contradict themselves | Beschastnikh and others 2016 | near-linear in the text, see there |
//! | [`raft`] | logs of etcd's raft: what order is known of their events, and what they keep or break | Ongaro and Ousterhout 2014 | O(e log e) |
//!
//! With the feature `serde`, a trace and a violation have a JSON form: their public fields by name. `TraceFile` is a trace as it is kept in a file, with the
//! version of the form.
//!
//! # Not here
//!
//! Running anything: that is `tidings-sim`, which records traces. Watching a live system: a trace is judged when it is complete. Clocks for protocols to
//! carry: they are in `tidings-clocks`, and no checker trusts them.

extern crate alloc;

mod cut;
mod happened_before;
mod index;
pub mod linearizability;
mod not_an_execution;
mod properties;
mod property;
pub mod raft;
#[cfg(test)]
mod runs;
pub mod shiviz;
mod trace;
#[cfg(feature = "serde")]
mod trace_file;
mod violation;

pub use cut::{Cut, NotACut};
pub use happened_before::{HappenedBefore, TooLarge};
pub use not_an_execution::NotAnExecution;
pub use property::{Property, UnknownProperty, check_all};
pub use trace::{Event, MessageId, Trace, What};
#[cfg(feature = "serde")]
pub use trace_file::TraceFile;
pub use violation::{Shown, Violation};
