//! Stacks to explore: over a link that is its own specification, and the links themselves.
#![allow(unreachable_pub, reason = "a module of a test program")]

use std::time::Duration;

use tidings_broadcast::{
    Acknowledged, AllAcknowledge, Arrived, Backoff, Broadcast, Cast, CausalBroadcast, CausalOrder, Delivery, FifoOrder, IdealLink, Ordered,
    PerfectLink, Relay, Reliable, Rule, Sequenced, Sequencer, Stamped,
};
use tidings_clocks::{Rank, VectorClock};
use tidings_protocol::{Fingerprint, Incarnation, Limits, Payload, Protocol, View};
use tidings_sim::explore::{Counterexample, Counts, Exploration, Explorer};
use tidings_trace::{MessageId, Property};

/// A message of an exploration: its origin and number.
pub type Note = (Rank, u64);

pub const RELIABLE: &[Property] = &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement];
pub const FIFO: &[Property] =
    &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::FifoDelivery];
pub const CAUSAL: &[Property] = &[
    Property::Validity,
    Property::NoDuplication,
    Property::NoCreation,
    Property::Agreement,
    Property::FifoDelivery,
    Property::CausalDelivery,
];
pub const TOTAL: &[Property] =
    &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::TotalOrder, Property::FifoTotal];

/// Room for a few messages: enough that no request of a small scope is refused.
pub const LIMITS: Limits = Limits { window: 4, credit: 8, control_credit: 8, held: 16, payload_bytes: 1 << 10 };

pub type OverIdeal<T> = Reliable<IdealLink<Relay<T>>, T>;
pub type Fifo<T> = Ordered<FifoOrder<Arrived<T>>, OverIdeal<Stamped<u64, T>>>;
pub type Causal<T> = Ordered<CausalOrder<Arrived<T>>, OverIdeal<Stamped<VectorClock, T>>>;

/// What every process is made with.
#[derive(Clone, Copy, Debug)]
pub struct Make {
    pub processes: u32,
    pub limits: Limits,
    pub without: Option<Rule>,
}

impl Make {
    pub fn of(processes: u32) -> Self {
        Self { processes, limits: LIMITS, without: None }
    }

    pub fn without(self, rule: Rule) -> Self {
        Self { without: Some(rule), ..self }
    }

    pub fn reliable<T: Payload>(self, me: Rank) -> OverIdeal<T> {
        let below = Reliable::new(IdealLink::new(me, self.processes as usize), self.limits);
        if let Some(rule) = self.without { below.without(rule) } else { below }
    }

    pub fn fifo<T: Payload>(self, me: Rank) -> Fifo<T> {
        let order = FifoOrder::new(me, self.processes as usize, self.limits);
        let order = if let Some(rule) = self.without { order.without(rule) } else { order };
        Ordered::new(order, self.reliable(me), self.limits)
    }

    pub fn causal<T: Payload>(self, me: Rank) -> Causal<T> {
        let order = CausalOrder::new(me, self.processes as usize, self.limits);
        let order = if let Some(rule) = self.without { order.without(rule) } else { order };
        Ordered::new(order, self.reliable(me), self.limits)
    }

    pub fn causal_over_links<T: Payload>(self, me: Rank) -> CausalBroadcast<T> {
        let order = CausalOrder::new(me, self.processes as usize, self.limits);
        Ordered::new(order, Reliable::new(self.perfect(me), self.limits), self.limits)
    }

    pub fn sequencer<T: Payload>(self, me: Rank) -> Sequencer<Fifo<Sequenced<T>>, T> {
        let order = Sequencer::new(self.fifo(me), self.limits);
        if let Some(rule) = self.without { order.without(rule) } else { order }
    }

    pub fn all_acknowledge<T: Payload>(self, me: Rank) -> AllAcknowledge<Fifo<Acknowledged<T>>, T> {
        let order = AllAcknowledge::new(self.fifo(me), self.limits);
        if let Some(rule) = self.without { order.without(rule) } else { order }
    }

    pub fn perfect<T: Payload>(self, me: Rank) -> PerfectLink<T> {
        let backoff = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(1) };
        let link = PerfectLink::new(&View::of(self.processes), me, Incarnation::FIRST, self.limits, backoff);
        if let Some(rule) = self.without { link.without(rule) } else { link }
    }
}

pub type Found = Result<Counts, Box<Counterexample>>;

pub fn broadcast<P>(exploration: Exploration, build: impl Fn(Rank) -> P) -> Found
where
    P: Broadcast<Payload = Note, Message: Fingerprint> + Clone + Fingerprint,
{
    explore(exploration, build, |id| Cast::body((id.origin, id.number)), |delivery: &Delivery<Note>| Some(name(delivery.payload)))
}

fn explore<P>(
    exploration: Exploration,
    build: impl Fn(Rank) -> P,
    ask: impl Fn(MessageId) -> P::Request,
    hear: impl Fn(&P::Indication) -> Option<MessageId>,
) -> Found
where
    P: Protocol<Message: Fingerprint> + Clone + Fingerprint,
{
    let scope = exploration.scope;
    let mut explorer = Explorer::new(exploration, build, ask, hear);
    let found = explorer.run_to_end();
    println!("{scope}: {:?}", explorer.counts());
    found
}

fn name((origin, number): Note) -> MessageId {
    MessageId { origin, number }
}
