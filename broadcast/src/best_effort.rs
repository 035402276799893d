use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Payload, Protocol, Refused, To};

use crate::{Broadcast, Cast, Class, Delivery, Incoming, Link, Outgoing};

/// Why a best-effort broadcast cannot take a request. Nothing changed, nothing was sent.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BestEffortRefused<W> {
    /// The link refuses.
    #[error(transparent)]
    Link(W),
    /// The layer above did not take its own message.
    #[error("the layer above does not take its own message now")]
    NotTaken,
}

/// Best-effort broadcast: if the sender is correct, every correct process delivers the message, the sender at once.
///
/// Cachin, Guerraoui and Rodrigues (2011), algorithm 3.1, over perfect links. If the sender crashes, some may deliver the message and others not.
/// Both classes share the link's window: there is no credit here, for nobody relays.
///
/// A layer without a buffer: what the link indicates goes straight up, and what is asked goes straight down. Cost: that of the link.
#[derive(Clone, Debug, PartialEq)]
pub struct BestEffort<L> {
    link: L,
}

impl<L: Link> BestEffort<L> {
    /// Broadcasts over `link`.
    pub const fn new(link: L) -> Self {
        Self { link }
    }

    /// The link below.
    pub const fn link(&self) -> &L {
        &self.link
    }
}

/// Passes what the link received on to the layer above, or back.
fn deliver<L: Link>(incoming: Incoming<L::Payload>, effects: &mut impl Effects<BestEffort<L>>) -> Result<(), Incoming<L::Payload>> {
    let Incoming { from, payload } = incoming;
    effects.indicate(Delivery { origin: from, payload }).map_err(|Delivery { origin, payload }| Incoming { from: origin, payload })
}

impl<L: Link> Protocol for BestEffort<L> {
    type Request = Cast<L::Payload>;
    type Message = L::Message;
    type Indication = Delivery<L::Payload>;
    type Record = L::Record;
    type Refused = BestEffortRefused<L::Refused>;
    type Rejected = L::Rejected;

    fn request(
        &mut self,
        now: Time,
        request: Cast<L::Payload>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Cast<L::Payload>, Self::Refused>> {
        let Cast { class, payload } = request;
        // Asked before the first effect (rule 3). A link that does not admit the request is asked all the same: it refuses, and says why.
        if self.link.admits(To::Others, payload.bytes()) {
            let own = Delivery { origin: self.link.me(), payload: payload.clone() };
            if effects.indicate(own).is_err() {
                return Err(Refused { request: Cast { class, payload }, why: BestEffortRefused::NotTaken });
            }
        }
        let outgoing = Outgoing { to: To::Others, payload };
        self.link.request(now, outgoing, &mut effects.lend(deliver::<L>)).map_err(|Refused { request, why }| Refused {
            request: Cast { class, payload: request.payload },
            why: BestEffortRefused::Link(why),
        })
    }

    fn receive(&mut self, now: Time, from: Rank, message: L::Message, effects: &mut impl Effects<Self>) -> Result<(), L::Rejected> {
        self.link.receive(now, from, message, &mut effects.lend(deliver::<L>))
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.link.wake(now, &mut effects.lend(deliver::<L>));
    }

    fn deadline(&self) -> Option<Time> {
        self.link.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        self.link.exclude(now, rank, &mut effects.lend(deliver::<L>));
    }
}

impl<L: Link> Broadcast for BestEffort<L> {
    type Payload = L::Payload;

    fn admits(&self, _class: Class, bytes: usize) -> bool {
        self.link.admits(To::Others, bytes)
    }

    fn me(&self) -> Rank {
        self.link.me()
    }

    fn processes(&self) -> usize {
        self.link.processes()
    }

    fn max_bytes(&self) -> usize {
        self.link.max_bytes().saturating_add(size_of::<Self>() - size_of::<L>())
    }
}

impl<L: Fingerprint> Fingerprint for BestEffort<L> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.link.fingerprint(digest);
    }
}
