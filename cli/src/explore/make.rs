use std::time::Duration;

use tidings_broadcast::{Arrived, Backoff, CausalOrder, FifoOrder, IdealLink, Ordered, PerfectLink, Relay, Reliable, Rule, Stamped};
use tidings_clocks::{Rank, VectorClock};
use tidings_protocol::{Incarnation, Limits, Payload, View};

use super::ideal_broadcast::IdealBroadcast;

/// What every process of a search is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Make {
    pub(super) processes: u32,
    pub(super) limits: Limits,
    pub(super) without: Option<Rule>,
}

/// A message of a search: its origin, by rank so that it can be renamed, and its number.
pub(super) type Note = (Rank, u64);

pub(super) type OverIdeal<T> = Reliable<IdealLink<Relay<T>>, T>;
pub(super) type Fifo<T> = Ordered<FifoOrder<Arrived<T>>, OverIdeal<Stamped<u64, T>>>;
pub(super) type Causal<T> = Ordered<CausalOrder<Arrived<T>>, OverIdeal<Stamped<VectorClock, T>>>;

impl Make {
    /// Room for what a small scope brings: no request is refused for lack of credit.
    const LIMITS: Limits = Limits { window: 4, credit: 8, control_credit: 8, held: 16, payload_bytes: 1 << 10 };

    pub(super) const fn of(processes: u32, without: Option<Rule>) -> Self {
        Self { processes, limits: Self::LIMITS, without }
    }

    pub(super) fn ideal<T: Payload>(self, me: Rank) -> IdealLink<T> {
        IdealLink::new(me, self.processes as usize)
    }

    pub(super) fn perfect<T: Payload>(self, me: Rank) -> PerfectLink<T> {
        let backoff = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(1) };
        let link = PerfectLink::new(&View::of(self.processes), me, Incarnation::FIRST, self.limits, backoff);
        if let Some(rule) = self.without { link.without(rule) } else { link }
    }

    pub(super) fn reliable<T: Payload>(self, me: Rank) -> OverIdeal<T> {
        let reliable = Reliable::new(self.ideal(me), self.limits);
        if let Some(rule) = self.without { reliable.without(rule) } else { reliable }
    }

    pub(super) fn fifo_order<T>(self, me: Rank) -> FifoOrder<T> {
        let order = FifoOrder::new(me, self.processes as usize, self.limits);
        if let Some(rule) = self.without { order.without(rule) } else { order }
    }

    pub(super) fn fifo<T: Payload>(self, me: Rank) -> Fifo<T> {
        Ordered::new(self.fifo_order(me), self.reliable(me), self.limits)
    }

    pub(super) const fn ideal_broadcast<T>(self, me: Rank) -> IdealBroadcast<T> {
        IdealBroadcast::new(me, self.processes as usize)
    }

    pub(super) fn causal<T: Payload>(self, me: Rank) -> Causal<T> {
        let order = CausalOrder::new(me, self.processes as usize, self.limits);
        let order = if let Some(rule) = self.without { order.without(rule) } else { order };
        Ordered::new(order, self.reliable(me), self.limits)
    }

    pub(super) fn broken_total<P>(self, order: P, without: impl FnOnce(P, Rule) -> P) -> P {
        match self.without {
            Some(rule) => without(order, rule),
            None => order,
        }
    }
}
