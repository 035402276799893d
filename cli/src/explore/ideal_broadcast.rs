use std::convert::Infallible;
use std::marker::PhantomData;

use tidings_broadcast::{Broadcast, Cast, Class, Delivery, ReliableRefused};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Payload, Protocol, Refused, To};

/// A broadcast that trusts its network to be a FIFO reliable one: the specification of what stands below a total order, so that a search of the order need
/// not go through every relay that the order cannot see.
///
/// Over [`Links::Broadcast`](tidings_sim::explore::Links::Broadcast) it promises validity, no duplication, no creation, agreement and FIFO delivery (Cachin, Guerraoui and
/// Rodrigues 2011, modules 3.2 and 3.8). It delivers its own messages before it sends them, as [`Reliable`](tidings_broadcast::Reliable) does, so a process may crash after it
/// has delivered what nobody else ever will. It takes what an excluded process had said, for that may come late. It has no state.
#[derive(Clone, Debug)]
pub(super) struct IdealBroadcast<T> {
    me: Rank,
    processes: usize,
    payload: PhantomData<fn(T) -> T>,
}

impl<T> IdealBroadcast<T> {
    pub(super) const fn new(me: Rank, processes: usize) -> Self {
        Self { me, processes, payload: PhantomData }
    }
}

impl<T: Payload> Protocol for IdealBroadcast<T> {
    type Request = Cast<T>;
    type Message = T;
    type Indication = Delivery<T>;
    type Record = Infallible;
    type Refused = ReliableRefused;
    type Rejected = Infallible;

    fn request(&mut self, _now: Time, request: Cast<T>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Cast<T>, ReliableRefused>> {
        if effects.indicate(Delivery { origin: self.me, payload: request.payload.clone() }).is_err() {
            return Err(Refused { request, why: ReliableRefused::NotTaken });
        }
        effects.send(To::Others, request.payload);
        Ok(())
    }

    /// What the layer above does not take is lost: that never happens within a scope that fits into its limits.
    fn receive(&mut self, _now: Time, from: Rank, payload: T, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        let _ = effects.indicate(Delivery { origin: from, payload });
        Ok(())
    }

    fn wake(&mut self, _now: Time, _effects: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _now: Time, _rank: Rank, _effects: &mut impl Effects<Self>) {}
}

impl<T: Payload> Broadcast for IdealBroadcast<T> {
    type Payload = T;

    fn admits(&self, _class: Class, _bytes: usize) -> bool {
        true
    }

    fn me(&self) -> Rank {
        self.me
    }

    fn processes(&self) -> usize {
        self.processes
    }

    fn max_bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl<T> Fingerprint for IdealBroadcast<T> {
    fn fingerprint(&self, _digest: &mut Digest<'_>) {}
}
