//! How deltas travel: protocols that bring replicas together over links that lose, repeat and reorder, while processes crash and come back.
//!
//! ```
//! use tidings_crdt::AddWinsSet;
//! use tidings_crdt::sync::{DeltaSync, Pace, SyncLimits};
//! use tidings_protocol::{Effect, Incarnation, Outbox, Protocol, Rank, Time, View};
//!
//! type Cart = DeltaSync<AddWinsSet<u32, &'static str>>;
//! let replica = |me| Cart::new(&View::of(2), me, Incarnation::FIRST, AddWinsSet::new(), SyncLimits::default(), Pace::default());
//! let (mut ann, mut bob) = (replica(Rank(0)), replica(Rank(1)));
//! let (mut outbox, now) = (Outbox::new(), Time::ZERO);
//!
//! // A change is made on a copy, and its delta is what is asked for.
//! let milk = ann.replica().clone().add(0, "milk")?;
//! ann.request(now, milk, &mut outbox).expect("there is room");
//!
//! // The driver: makes durable what is to be, and carries the message. Had it been lost, a wake would send it again.
//! let [Effect::Persist(_), Effect::Send { message, .. }] = &outbox.drain().collect::<Vec<_>>()[..] else { panic!() };
//! bob.receive(now, Rank(0), message.clone(), &mut outbox)?;
//! assert!(bob.replica().contains("milk"));
//!
//! // It tells of what it learned, makes it durable, and only then acknowledges.
//! let [Effect::Indicate(learned), Effect::Persist(_), Effect::Send { message, .. }] = &outbox.drain().collect::<Vec<_>>()[..] else { panic!() };
//! assert_eq!(learned.from, Rank(0));
//! ann.receive(now, Rank(1), message.clone(), &mut outbox)?;
//! assert_eq!(ann.waiting(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | protocol | what travels | fits | paper |
//! |---|---|---|---|
//! | [`DeltaSync`], of any [`Replica`], [`Text`](crate::Text) too | what the other has not acknowledged; the whole state to one far behind | few replicas that hear each other often | Almeida and others 2018, alg. 2; Enes and others 2019, alg. 1 (BP, RR) |
//! | [`Reconciler`] by [`Sketch::Coded`] | symbols of 24 bytes, in the median at most 1.6 for each part that differs where these are a hundred or more, then these parts | large states, many replicas, long absence; no memory of others | Yang, Gilad, Alizadeh 2024 |
//! | [`Reconciler`] by [`Sketch::Listed`] | 8 bytes for each part, then those that differ | small states; one message less | Enes, Baquero, Almeida, Leitão 2016, digest-driven |
//!
//! The parts by themselves: [`Symbols`] is the endless stream of [`CodedSymbol`]s of a set of hashes, [`Peeler`] finds what differs between two; [`Reconcile`]
//! says what the parts of a state are, and [`Key`] hashes them. All of it takes time, messages and records from a driver, as every
//! [`Protocol`](tidings_protocol::Protocol) does.
//!
//! # Not here
//!
//! - Membership: one view, whose members' crashes somebody tells of ([`exclude`](tidings_protocol::Protocol::exclude)). Without that what is lost is rest, not convergence.
//! - Defence against members who lie, beyond bounds on what they cost: a delta is believed.

mod coded_symbol;
mod delta_message;
mod delta_sync;
mod held;
mod key;
mod learned;
mod pace;
mod peeler;
mod reconcile;
mod reconcile_message;
mod reconciler;
mod replica;
mod snapshot;
mod symbols;
mod sync_limits;
mod sync_refused;
mod sync_rule;

pub use coded_symbol::CodedSymbol;
pub use delta_message::DeltaMessage;
pub use delta_sync::{DeltaSnapshot, DeltaStats, DeltaSync};
pub use key::Key;
pub use learned::Learned;
pub use pace::Pace;
pub use peeler::{Garbled, Peeler};
pub use reconcile::Reconcile;
pub use reconcile_message::ReconcileMessage;
pub use reconciler::{Reconciler, ReconcilerSnapshot, Sketch};
pub use replica::Replica;
pub use symbols::Symbols;
pub use sync_limits::SyncLimits;
pub use sync_refused::{SyncRefused, SyncRejected};
pub use sync_rule::SyncRule;
