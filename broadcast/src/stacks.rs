//! The usual stacks, from the network to the order, ready made.
//!
//! Each is one value with one type; nothing but these constructors knows how it is put together, and every layer can as well be put together by hand.

use tidings_clocks::{Rank, VectorClock};
use tidings_protocol::{Incarnation, Limits, Payload, View};

use crate::{
    Acknowledged, AllAcknowledge, Arrived, Backoff, CausalOrder, FifoOrder, Ordered, PerfectLink, Relay, Reliable, Sequenced, Sequencer,
    Stamped,
};

/// Eager reliable broadcast over perfect links.
pub type ReliableBroadcast<T> = Reliable<PerfectLink<Relay<T>>, T>;

/// FIFO reliable broadcast over perfect links.
pub type FifoBroadcast<T> = Ordered<FifoOrder<Arrived<T>>, ReliableBroadcast<Stamped<u64, T>>>;

/// Causal reliable broadcast over perfect links.
pub type CausalBroadcast<T> = Ordered<CausalOrder<Arrived<T>>, ReliableBroadcast<Stamped<VectorClock, T>>>;

/// Total order by a fixed sequencer over FIFO reliable broadcast over perfect links.
pub type SequencedBroadcast<T> = Sequencer<FifoBroadcast<Sequenced<T>>, T>;

/// Total order by Lamport stamps and acknowledgements of all over FIFO reliable broadcast over perfect links.
pub type AllAcknowledgedBroadcast<T> = AllAcknowledge<FifoBroadcast<Acknowledged<T>>, T>;

/// Makes the stack of `me` in one of its lives. `limits` must be the same at all members.
///
/// # Panics
/// As [`PerfectLink::new`]: if `me` is not a member of the view.
pub fn reliable_broadcast<A, T: Payload>(
    view: &View<A>,
    me: Rank,
    incarnation: Incarnation,
    limits: Limits,
    backoff: Backoff,
) -> ReliableBroadcast<T> {
    Reliable::new(PerfectLink::new(view, me, incarnation, limits, backoff), limits)
}

/// Makes the stack of `me` in one of its lives. `limits` must be the same at all members.
///
/// # Panics
/// As [`PerfectLink::new`]: if `me` is not a member of the view.
pub fn fifo_broadcast<A, T: Payload>(
    view: &View<A>,
    me: Rank,
    incarnation: Incarnation,
    limits: Limits,
    backoff: Backoff,
) -> FifoBroadcast<T> {
    Ordered::new(FifoOrder::new(me, view.len(), limits), reliable_broadcast(view, me, incarnation, limits, backoff), limits)
}

/// Makes the stack of `me` in one of its lives. `limits` must be the same at all members.
///
/// # Panics
/// As [`PerfectLink::new`]: if `me` is not a member of the view.
pub fn causal_broadcast<A, T: Payload>(
    view: &View<A>,
    me: Rank,
    incarnation: Incarnation,
    limits: Limits,
    backoff: Backoff,
) -> CausalBroadcast<T> {
    Ordered::new(CausalOrder::new(me, view.len(), limits), reliable_broadcast(view, me, incarnation, limits, backoff), limits)
}

/// Makes the stack of `me` in one of its lives; rank 0 is the sequencer. `limits` must be the same at all members.
///
/// # Panics
/// As [`PerfectLink::new`]: if `me` is not a member of the view.
pub fn sequenced_broadcast<A, T: Payload>(
    view: &View<A>,
    me: Rank,
    incarnation: Incarnation,
    limits: Limits,
    backoff: Backoff,
) -> SequencedBroadcast<T> {
    Sequencer::new(fifo_broadcast(view, me, incarnation, limits, backoff), limits)
}

/// Makes the stack of `me` in one of its lives. `limits` must be the same at all members.
///
/// # Panics
/// As [`PerfectLink::new`]: if `me` is not a member of the view.
pub fn all_acknowledged_broadcast<A, T: Payload>(
    view: &View<A>,
    me: Rank,
    incarnation: Incarnation,
    limits: Limits,
    backoff: Backoff,
) -> AllAcknowledgedBroadcast<T> {
    AllAcknowledge::new(fifo_broadcast(view, me, incarnation, limits, backoff), limits)
}
