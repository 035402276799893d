#![cfg_attr(not(feature = "std"), no_std)]
//! Who hears what, and in which order: links, broadcasts and orders that come without a transport and keep their promises over a network that loses, repeats,
//! delays and reorders.
//!
//! Every layer is a [`Protocol`](tidings_protocol::Protocol): a plain value that is given what happened and says what is to be done. The program owns the sockets,
//! the clock and the loop.
//!
//! ```
//! use std::collections::VecDeque;
//! use tidings_broadcast::{Backoff, Cast, causal_broadcast};
//! use tidings_protocol::{Effect, Incarnation, Limits, Outbox, Protocol, Rank, Time, To, View};
//!
//! let view = View::of(3);
//! let stack = |me| causal_broadcast::<_, String>(&view, me, Incarnation::FIRST, Limits::default(), Backoff::default());
//! let mut processes: Vec<_> = view.ranks().map(stack).collect();
//! let (mut outbox, mut network, mut heard) = (Outbox::new(), VecDeque::new(), vec![vec![]; 3]);
//!
//! processes[0].request(Time::ZERO, Cast::body("who is there?".into()), &mut outbox).unwrap();
//! let mut me = 0;
//! loop {
//!     while let Some(effect) = outbox.pop() {
//!         match effect {
//!             Effect::Send { to: To::One(to), message } => network.push_back((me, to.index(), message)),
//!             Effect::Indicate(delivery) => heard[me].push(delivery.payload),
//!             _ => {}
//!         }
//!     }
//!     if me == 1 && heard[1].len() == 1 {
//!         processes[1].request(Time::ZERO, Cast::body("I am".into()), &mut outbox).unwrap();
//!         continue;
//!     }
//!     // The last frame first: a network in which answers overtake questions.
//!     let Some((from, to, frame)) = network.pop_back() else { break };
//!     processes[to].receive(Time::ZERO, Rank::new(from), frame, &mut outbox).unwrap();
//!     me = to;
//! }
//! assert!(heard.iter().all(|heard| heard == &["who is there?", "I am"]));
//! ```
//!
//! A real loop also calls `wake` when `deadline` is due, so that lost frames are sent again, and `exclude` when it knows that a process has crashed.
//!
//! | type | guarantee | paper | cost of a message |
//! |---|---|---|---|
//! | [`StubbornLink`] | received again and again until told to cease | Cachin, Guerraoui, Rodrigues 2011, 2.1 | a frame for each repetition |
//! | [`PerfectLink`] | received once; a restarted process is another one | 2.2, with windows and incarnations | a frame, and an acknowledgement for up to 16 |
//! | [`BestEffort`] | all deliver it, if the sender does not crash | 3.1 | n − 1 messages |
//! | [`Reliable`] | all correct processes deliver it, or none | 3.3 (eager) | (n − 1)² messages |
//! | [`FifoOrder`] | in the order in which its origin broadcast | 3.12; Hadzilacos, Toueg 1994 | 8 bytes, O(1) |
//! | [`CausalOrder`] | after all that happened before it | 3.15; Birman, Schiper, Stephenson 1991 | 8 n bytes, O(n) |
//! | [`SequenceOrder`] | in the order of given numbers | Défago, Schiper, Urbán 2004 | 8 bytes, O(1) |
//! | [`Ordered`] | an order on a broadcast, as a protocol | | those of both |
//! | [`Sequencer`] | one order for all, while process 0 lives | Défago, Schiper, Urbán 2004, 4.1 | a control message for each batch |
//! | [`AllAcknowledge`] | one order for all, while nobody is silent | Lamport 1978 | up to n − 1 acknowledgements |
//!
//! [`reliable_broadcast`], [`fifo_broadcast`], [`causal_broadcast`], [`sequenced_broadcast`] and [`all_acknowledged_broadcast`] put the usual stacks together; any
//! layer can as well be put on any other that is a [`Link`] or a [`Broadcast`].
//!
//! *Bounds.* Every buffer is bounded by [`Limits`](tidings_protocol::Limits), and [`Broadcast::max_bytes`] says by how much in all. A request that has no room comes back
//! unchanged; nothing accepted is dropped. *Crashes.* Until a crashed process is excluded, these layers wait for it: what they deliver is right, and they may stop.
//! *Hostile peers* cannot make them panic, grow or loop, but none of these protocols tolerates lies about what others said.
//!
//! # Not here
//!
//! Transports and encodings; failure detectors, views and consensus (`tidings-quorum`); orders that survive their sequencer, gossip, and Byzantine broadcast.

extern crate alloc;

mod all_acknowledge;
mod backoff;
mod best_effort;
mod broadcast;
mod causal_order;
mod credit;
mod fifo_order;
mod flow;
mod frame;
mod hold_back;
mod ideal_link;
mod ledger;
mod link;
mod link_refused;
mod link_rejected;
mod link_stats;
mod malformed;
#[cfg(test)]
mod naive_order;
mod ordered;
mod perfect_link;
mod received;
mod relay;
mod reliable;
mod reliable_refused;
mod reliable_rejected;
mod rule;
mod sequence_order;
mod sequencer;
mod stacks;
mod stamped;
mod streams;
mod stubborn_link;

pub use all_acknowledge::{Acknowledged, AllAcknowledge, AllAcknowledgeRefused, AllAcknowledgeRejected};
pub use backoff::Backoff;
pub use best_effort::{BestEffort, BestEffortRefused};
pub use broadcast::{Broadcast, Cast, Class, Delivery};
pub use causal_order::CausalOrder;
pub use fifo_order::FifoOrder;
pub use frame::Frame;
pub use ideal_link::IdealLink;
pub use link::{Incoming, Link, Outgoing};
pub use link_refused::LinkRefused;
pub use link_rejected::LinkRejected;
pub use link_stats::LinkStats;
pub use malformed::Malformed;
pub use ordered::{Arrived, Ordered, OrderedRejected, OrderedStats};
pub use perfect_link::PerfectLink;
pub use relay::Relay;
pub use reliable::{Reliable, ReliableStats};
pub use reliable_refused::ReliableRefused;
pub use reliable_rejected::{MalformedRelay, ReliableRejected};
pub use rule::Rule;
pub use sequence_order::SequenceOrder;
pub use sequencer::{Run, Sequenced, Sequencer, SequencerRefused, SequencerRejected};
pub use stacks::{
    AllAcknowledgedBroadcast, CausalBroadcast, FifoBroadcast, ReliableBroadcast, SequencedBroadcast, all_acknowledged_broadcast,
    causal_broadcast, fifo_broadcast, reliable_broadcast, sequenced_broadcast,
};
pub use stamped::{Stamp, Stamped};
pub use stubborn_link::{Stubborn, StubbornLink, StubbornRefused, StubbornRejected, StubbornStats};
