#![cfg_attr(not(feature = "std"), no_std)]
//! Who hears what, and in which order.

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
pub use link::{Incoming, Link, Outgoing};
pub use link_refused::LinkRefused;
pub use link_rejected::LinkRejected;
pub use link_stats::LinkStats;
pub use malformed::Malformed;
pub use ordered::{Arrived, Ordered, OrderedRejected, OrderedStats};
pub use perfect_link::PerfectLink;
pub use relay::Relay;
pub use reliable::{MalformedRelay, Reliable, ReliableRefused, ReliableRejected, ReliableStats};
pub use rule::Rule;
pub use sequence_order::SequenceOrder;
pub use sequencer::{Run, Sequenced, Sequencer, SequencerRefused, SequencerRejected};
pub use stacks::{
    AllAcknowledgedBroadcast, CausalBroadcast, FifoBroadcast, ReliableBroadcast, SequencedBroadcast, all_acknowledged_broadcast,
    causal_broadcast, fifo_broadcast, reliable_broadcast, sequenced_broadcast,
};
pub use stamped::{Stamp, Stamped};
pub use stubborn_link::{Stubborn, StubbornLink, StubbornRefused, StubbornRejected, StubbornStats};
