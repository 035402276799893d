use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Limits, Offer, Order, Payload, Protocol, Refused};

use crate::{Broadcast, Cast, Class, Delivery, Stamp, Stamped};

/// The bytes of an order's numbers, lists and empty rings for each origin, at most.
const FOR_EACH_ORIGIN: usize = 128;

/// How long what the layer above did not take waits before it is offered again.
pub(crate) const PAUSE: Duration = Duration::from_millis(10);

/// An order on a broadcast: a broadcast that delivers in order.
///
/// It promises what the broadcast `B` below promises and what the order `O` adds, in the same model: the order adds no message and waits for nothing
/// but the messages themselves. It is a pass-through layer: effects of the layer below go straight to those of the layer above.
///
/// A malformed stamp is consumed below and reported from [`receive`](Protocol::receive); left untaken it would block an honest relayer's window
/// (rule 6). If the layer above does not take a delivery, it stays here and is offered again by [`wake`](Protocol::wake); a deadline asks for that
/// after [`PAUSE`](Ordered::PAUSE).
#[derive(Clone, Debug)]
pub struct Ordered<O, B> {
    order: O,
    below: B,
    stats: OrderedStats,
    /// When to offer again what the layer above did not take.
    again: Option<Time>,
    payload_bytes: usize,
}

/// A payload in an order, with when it came there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived<T> {
    /// When it was offered to the order.
    pub at: Time,
    /// What was broadcast.
    pub payload: T,
}

/// How much an order held back, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderedStats {
    /// The most messages held back at once.
    pub held_most: usize,
    /// The longest that a message was held back before it was delivered.
    pub held_longest: Duration,
    /// Messages consumed because no correct peer could have stamped them so.
    pub malformed: u64,
}

/// Why an ordered broadcast does not believe a message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderedRejected<M, R> {
    /// The stamp cannot be right. The layers below have taken the message; the order is unchanged. If one call brought several, this is the first.
    #[error(transparent)]
    Malformed(M),
    /// The layer below rejects it and is unchanged.
    #[error(transparent)]
    Below(R),
}

impl<O, B> Ordered<O, B> {
    /// How long a delivery that the layer above did not take waits at most before it is offered again.
    pub const PAUSE: Duration = PAUSE;

    /// Puts `order` on `below`. Both must be of the same process in the same view, and have these limits.
    pub const fn new(order: O, below: B, limits: Limits) -> Self {
        let stats = OrderedStats { held_most: 0, held_longest: Duration::ZERO, malformed: 0 };
        Self { order, below, stats, again: None, payload_bytes: limits.payload_bytes as usize }
    }

    /// The order.
    pub const fn order(&self) -> &O {
        &self.order
    }

    /// The broadcast below.
    pub const fn below(&self) -> &B {
        &self.below
    }

    /// How much was held back so far.
    pub const fn stats(&self) -> OrderedStats {
        self.stats
    }
}

/// Everything but the layer below: what its deliveries are offered to.
struct Upper<'o, O: Order> {
    order: &'o mut O,
    stats: &'o mut OrderedStats,
    again: &'o mut Option<Time>,
    now: Time,
    /// The first malformed stamp of this call.
    malformed: Option<O::Malformed>,
}

impl<T, O: Order<Payload = Arrived<T>>> Upper<'_, O> {
    fn offer<B, E>(&mut self, delivery: Delivery<Stamped<O::Stamp, T>>, effects: &mut E) -> Result<(), Delivery<Stamped<O::Stamp, T>>>
    where
        B: Protocol<Indication = Delivery<T>>,
        E: Effects<B>,
    {
        let Delivery { origin, payload: Stamped { stamp, payload } } = delivery;
        let Self { order, stats, again, now, .. } = self;
        let offered = order.offer(origin, stamp, Arrived { at: *now, payload }, &mut |origin, arrived| {
            indicate::<T, B, E>(stats, again, *now, origin, arrived, effects)
        });
        stats.held_most = stats.held_most.max(order.held());
        match offered {
            Offer::Taken | Offer::Stale => Ok(()),
            Offer::Full((stamp, Arrived { payload, .. })) => Err(Delivery { origin, payload: Stamped { stamp, payload } }),
            Offer::Malformed(malformed) => {
                stats.malformed = stats.malformed.saturating_add(1);
                self.malformed.get_or_insert(malformed);
                Ok(())
            }
        }
    }
}

fn indicate<T, P, E>(
    stats: &mut OrderedStats,
    again: &mut Option<Time>,
    now: Time,
    origin: Rank,
    arrived: Arrived<T>,
    effects: &mut E,
) -> Result<(), Arrived<T>>
where
    P: Protocol<Indication = Delivery<T>>,
    E: Effects<P>,
{
    let Arrived { at, payload } = arrived;
    match effects.indicate(Delivery { origin, payload }) {
        Ok(()) => {
            stats.held_longest = stats.held_longest.max(now.since(at));
            Ok(())
        }
        Err(Delivery { payload, .. }) => {
            *again = Some(now + PAUSE);
            Err(Arrived { at, payload })
        }
    }
}

impl<T, O, B> Ordered<O, B>
where
    T: Payload,
    O: Order<Payload = Arrived<T>, Stamp: Stamp>,
    B: Broadcast<Payload = Stamped<O::Stamp, T>>,
{
    fn upper(&mut self, now: Time) -> (Upper<'_, O>, &mut B) {
        let Self { order, below, stats, again, .. } = self;
        (Upper { order, stats, again, now, malformed: None }, below)
    }
}

impl<T, O, B> Protocol for Ordered<O, B>
where
    T: Payload,
    O: Order<Payload = Arrived<T>, Stamp: Stamp>,
    B: Broadcast<Payload = Stamped<O::Stamp, T>>,
{
    type Request = Cast<T>;
    type Message = B::Message;
    type Indication = Delivery<T>;
    type Record = B::Record;
    type Refused = B::Refused;
    type Rejected = OrderedRejected<O::Malformed, B::Rejected>;

    fn request(&mut self, now: Time, request: Cast<T>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Cast<T>, B::Refused>> {
        let Cast { class, payload } = request;
        let (mut upper, below) = self.upper(now);
        let stamped = Stamped { stamp: upper.order.stamp(), payload };
        let taken = below.request(
            now,
            Cast { class, payload: stamped },
            &mut effects.lend::<B, _>(|delivery, effects| upper.offer::<Self, _>(delivery, effects)),
        );
        if let Err(Refused { request: Cast { class, payload: Stamped { payload, .. } }, why }) = taken {
            return Err(Refused { request: Cast { class, payload }, why });
        }
        self.order.sent();
        Ok(())
    }

    fn receive(&mut self, now: Time, from: Rank, message: B::Message, effects: &mut impl Effects<Self>) -> Result<(), Self::Rejected> {
        let (mut upper, below) = self.upper(now);
        let received =
            below.receive(now, from, message, &mut effects.lend::<B, _>(|delivery, effects| upper.offer::<Self, _>(delivery, effects)));
        let malformed = upper.malformed;
        received.map_err(OrderedRejected::Below)?;
        malformed.map_or(Ok(()), |malformed| Err(OrderedRejected::Malformed(malformed)))
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.again.take().is_some() {
            let Self { order, stats, again, .. } = self;
            order.release(&mut |origin, arrived| indicate(stats, again, now, origin, arrived, effects));
        }
        let (mut upper, below) = self.upper(now);
        below.wake(now, &mut effects.lend::<B, _>(|delivery, effects| upper.offer::<Self, _>(delivery, effects)));
    }

    fn deadline(&self) -> Option<Time> {
        match (self.again, self.below.deadline()) {
            (Some(again), Some(below)) => Some(again.min(below)),
            (again, below) => again.or(below),
        }
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        let (mut upper, below) = self.upper(now);
        below.exclude(now, rank, &mut effects.lend::<B, _>(|delivery, effects| upper.offer::<Self, _>(delivery, effects)));
    }
}

impl<T, O, B> Broadcast for Ordered<O, B>
where
    T: Payload,
    O: Order<Payload = Arrived<T>, Stamp: Stamp>,
    B: Broadcast<Payload = Stamped<O::Stamp, T>>,
{
    type Payload = T;

    fn admits(&self, class: Class, bytes: usize) -> bool {
        self.below.admits(class, bytes.saturating_add(self.order.stamp().bytes()))
    }

    fn me(&self) -> Rank {
        self.below.me()
    }

    fn processes(&self) -> usize {
        self.below.processes()
    }

    fn max_bytes(&self) -> usize {
        // Rings double when they grow and do not shrink; a full one of each origin in turn makes less than six slots for each message held.
        let slot = size_of::<(Rank, O::Stamp, O::Payload)>().saturating_mul(6);
        let held = self.payload_bytes.saturating_add(O::Stamp::most_bytes(self.below.processes())).saturating_add(slot);
        let own = size_of::<Self>() - size_of::<B>() + self.below.processes().saturating_mul(FOR_EACH_ORIGIN);
        self.below.max_bytes().saturating_add(own).saturating_add(self.order.most_held().saturating_mul(held))
    }
}

impl<O: Fingerprint, B: Fingerprint> Fingerprint for Ordered<O, B> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.order.fingerprint(digest);
        self.below.fingerprint(digest);
        digest.flag(self.again.is_some());
    }
}

/// When it came is a time, and is left out.
impl<T: Fingerprint> Fingerprint for Arrived<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.payload.fingerprint(digest);
    }
}
