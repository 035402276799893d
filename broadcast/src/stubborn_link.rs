use alloc::vec::Vec;
use core::convert::Infallible;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effects, Limits, Payload, Protocol, Refused, To, View};

use crate::link_stats::count;
use crate::perfect_link::earlier;
use crate::{Backoff, Incoming};

/// A request to a [`StubbornLink`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stubborn<T> {
    /// Send this again and again.
    Repeat {
        /// To one other process, or to all others.
        to: To,
        /// The caller's name for the message: below `limits.window`, and free at every destination.
        slot: u32,
        /// What to send.
        payload: T,
    },
    /// Stop sending what is in this slot; nothing happens where it is free.
    Cease {
        /// For one other process, or for all others.
        to: To,
        /// The slot.
        slot: u32,
    },
}

/// Why a stubborn link cannot take a request. Nothing changed, nothing was sent.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StubbornRefused {
    /// The slot is in use for a destination.
    #[error("slot {slot} for process {to} is in use")]
    InUse {
        /// The first such destination.
        to: Rank,
        /// The slot.
        slot: u32,
    },
    /// There is no such slot.
    #[error("slot {slot} is not below {slots}")]
    NoSuchSlot {
        /// The slot.
        slot: u32,
        /// How many there are for each destination.
        slots: u32,
    },
    /// The payload is larger than the limits allow.
    #[error("a payload of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A process hears itself without a link.
    #[error("a process does not send to itself over a link")]
    ToOneself,
    /// The destination is not a member of the view.
    #[error("process {to} is not a member of the view")]
    NotAMember {
        /// The destination.
        to: Rank,
    },
    /// The destination was excluded.
    #[error("process {to} was excluded")]
    Excluded {
        /// The destination.
        to: Rank,
    },
}

/// Why a stubborn link does not believe a message. Nothing changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StubbornRejected {
    /// The sender is not a member of the view.
    #[error("process {from} is not a member of the view")]
    NotAMember {
        /// The sender.
        from: Rank,
    },
    /// A process does not send to itself over a link.
    #[error("a message came from this very process")]
    FromOneself,
    /// The sender was excluded.
    #[error("process {from} was excluded")]
    Excluded {
        /// The sender.
        from: Rank,
    },
    /// The payload is larger than the limits allow.
    #[error("a payload of {bytes} bytes from process {from} is over the limit of {limit}")]
    TooLarge {
        /// The sender.
        from: Rank,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

/// Stubborn links: what is sent to a correct process is delivered again and again, until the sender is told to cease.
///
/// Cachin, Guerraoui and Rodrigues (2011), algorithm 2.1 (retransmit for ever). Model: fair-loss links underneath, crash-stop processes, asynchronous. It adds
/// nothing to the message and remembers nothing of what it received: every copy is indicated, and one that the layer above does not take is simply dropped, since
/// another one comes.
///
/// To be bounded it has `limits.window` slots for each destination, named by the caller, who alone knows when a message is heard: by an answer, usually.
/// It is a [`Protocol`] and no [`Link`](crate::Link), for its requests must be able to say [`Stubborn::Cease`].
///
/// Cost: O(1) for each request and destination, O(n · window) for a wake that is due; memory for n · window payloads.
#[derive(Clone, Debug, PartialEq)]
pub struct StubbornLink<T> {
    me: Rank,
    slots: u32,
    payload_bytes: usize,
    backoff: Backoff,
    /// Not later than the earliest repetition that is due.
    wake_at: Option<Time>,
    peers: Vec<Peer<T>>,
    stats: StubbornStats,
}

/// What a stubborn link did since it was made. Counts, which stop at their end instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StubbornStats {
    /// Messages given to the network for the first time, one for each destination.
    pub sent: u64,
    /// Messages given to it again.
    pub retransmitted: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Peer<T> {
    excluded: bool,
    /// By slot; grows up to the highest slot used.
    slots: Vec<Option<Repeated<T>>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Repeated<T> {
    payload: T,
    due: Time,
    attempts: u32,
}

impl<T: Payload> StubbornLink<T> {
    /// A link of process `me` to all other members of `view`.
    ///
    /// # Panics
    /// If `me` is not a member of the view.
    #[must_use]
    pub fn new<A>(view: &View<A>, me: Rank, limits: Limits, backoff: Backoff) -> Self {
        assert!(view.contains(me), "{me} is not a member of a view of {}", view.len());
        let limits = limits.at_least_one();
        Self {
            me,
            slots: limits.window,
            payload_bytes: limits.payload_bytes as usize,
            backoff,
            wake_at: None,
            peers: view.ranks().map(|_| Peer { excluded: false, slots: Vec::new() }).collect(),
            stats: StubbornStats::default(),
        }
    }

    /// The rank of this process.
    #[must_use]
    pub const fn me(&self) -> Rank {
        self.me
    }

    /// What this link did so far.
    #[must_use]
    pub const fn stats(&self) -> StubbornStats {
        self.stats
    }

    /// How many messages are being repeated, over all destinations. O(n · window).
    #[must_use]
    pub fn held(&self) -> usize {
        self.peers.iter().map(|peer| peer.slots.iter().flatten().count()).sum()
    }

    /// How many bytes this link holds now, by the same count as [`max_bytes`](StubbornLink::max_bytes). O(n · window).
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let payloads = |peer: &Peer<T>| peer.slots.iter().flatten().map(|repeated| repeated.payload.bytes()).sum::<usize>();
        let peer = |peer: &Peer<T>| size_of::<Peer<T>>() + peer.slots.capacity() * size_of::<Option<Repeated<T>>>() + payloads(peer);
        size_of::<Self>() + self.peers.iter().map(peer).sum::<usize>()
    }

    /// The most bytes that this link ever holds.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        // A vector grows by doubling, so that up to twice the slots are reserved.
        let slots = self.slots as usize;
        let reserved = slots.saturating_mul(2).max(4).saturating_mul(size_of::<Option<Repeated<T>>>());
        let peer = reserved.saturating_add(slots.saturating_mul(self.payload_bytes)).saturating_add(size_of::<Peer<T>>());
        self.peers.len().saturating_mul(peer).saturating_add(size_of::<Self>())
    }

    /// Whether all destinations can take a message in `slot`, or be told to cease it.
    fn check(&self, to: To, slot: u32, repeats: bool) -> Result<(), StubbornRefused> {
        if slot >= self.slots {
            return Err(StubbornRefused::NoSuchSlot { slot, slots: self.slots });
        }
        if let To::One(to) = to {
            if to == self.me {
                return Err(StubbornRefused::ToOneself);
            }
            let peer = self.peers.get(to.index()).ok_or(StubbornRefused::NotAMember { to })?;
            if peer.excluded {
                return Err(StubbornRefused::Excluded { to });
            }
        }
        let in_use = |index: &usize| matches!(self.peers[*index].slots.get(slot as usize), Some(Some(_)));
        match self.destinations(to).find(in_use) {
            Some(index) if repeats => Err(StubbornRefused::InUse { to: Rank::new(index), slot }),
            _ => Ok(()),
        }
    }

    /// The positions of the live processes that `to` names.
    fn destinations(&self, to: To) -> impl Iterator<Item = usize> + use<'_, T> {
        let range = match to {
            To::One(to) => to.index()..to.index() + 1,
            To::Others => 0..self.peers.len(),
        };
        range.filter(|index| *index != self.me.index() && !self.peers[*index].excluded)
    }
}

impl<T: Payload> Protocol for StubbornLink<T> {
    type Request = Stubborn<T>;
    type Message = T;
    type Indication = Incoming<T>;
    type Record = Infallible;
    type Refused = StubbornRefused;
    type Rejected = StubbornRejected;

    fn request(
        &mut self,
        now: Time,
        request: Stubborn<T>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Stubborn<T>, StubbornRefused>> {
        let checked = match &request {
            Stubborn::Repeat { payload, .. } if payload.bytes() > self.payload_bytes => {
                Err(StubbornRefused::TooLarge { bytes: payload.bytes(), limit: self.payload_bytes })
            }
            Stubborn::Repeat { to, slot, .. } => self.check(*to, *slot, true),
            Stubborn::Cease { to, slot } => self.check(*to, *slot, false),
        };
        if let Err(why) = checked {
            return Err(Refused { request, why });
        }
        let (to, slot, payload) = match request {
            Stubborn::Repeat { to, slot, payload } => (to, slot as usize, Some(payload)),
            Stubborn::Cease { to, slot } => (to, slot as usize, None),
        };
        let due = now + self.backoff.after(0);
        let range = match to {
            To::One(to) => to.index()..to.index() + 1,
            To::Others => 0..self.peers.len(),
        };
        for index in range {
            let peer = &mut self.peers[index];
            if index == self.me.index() || peer.excluded {
                continue;
            }
            match &payload {
                None => {
                    if let Some(repeated) = peer.slots.get_mut(slot) {
                        *repeated = None;
                    }
                }
                Some(payload) => {
                    if peer.slots.len() <= slot {
                        peer.slots.resize_with(slot + 1, || None);
                    }
                    peer.slots[slot] = Some(Repeated { payload: payload.clone(), due, attempts: 0 });
                    self.wake_at = earlier(self.wake_at, Some(due));
                    count(&mut self.stats.sent);
                    effects.send(To::One(Rank::new(index)), payload.clone());
                }
            }
        }
        Ok(())
    }

    fn receive(&mut self, _now: Time, from: Rank, message: T, effects: &mut impl Effects<Self>) -> Result<(), StubbornRejected> {
        if from == self.me {
            return Err(StubbornRejected::FromOneself);
        }
        let peer = self.peers.get(from.index()).ok_or(StubbornRejected::NotAMember { from })?;
        if peer.excluded {
            return Err(StubbornRejected::Excluded { from });
        }
        let (bytes, limit) = (message.bytes(), self.payload_bytes);
        if bytes > limit {
            return Err(StubbornRejected::TooLarge { from, bytes, limit });
        }
        // Not taken is not lost: another copy comes.
        let _ = effects.indicate(Incoming { from, payload: message });
        Ok(())
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.wake_at.is_none_or(|at| at > now) {
            return;
        }
        self.wake_at = None;
        for (index, peer) in self.peers.iter_mut().enumerate() {
            for repeated in peer.slots.iter_mut().flatten() {
                if repeated.due <= now {
                    count(&mut self.stats.retransmitted);
                    effects.send(To::One(Rank::new(index)), repeated.payload.clone());
                    repeated.attempts = repeated.attempts.saturating_add(1);
                    repeated.due = now + self.backoff.after(repeated.attempts);
                }
                self.wake_at = earlier(self.wake_at, Some(repeated.due));
            }
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.wake_at
    }

    fn exclude(&mut self, _now: Time, rank: Rank, _effects: &mut impl Effects<Self>) {
        if rank == self.me {
            return;
        }
        if let Some(peer) = self.peers.get_mut(rank.index()) {
            peer.excluded = true;
            peer.slots = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use core::time::Duration;
    use tidings_protocol::{Effect, Outbox};

    type Letters = StubbornLink<u8>;

    const ME: Rank = Rank(0);
    const PEER: Rank = Rank(1);
    const BACKOFF: Backoff = Backoff { first: Duration::from_millis(10), most: Duration::from_millis(20) };

    fn link() -> Letters {
        StubbornLink::new(&View::of(3), ME, Limits { window: 2, payload_bytes: 1, ..Limits::TINY }, BACKOFF)
    }

    fn repeat(to: To, slot: u32, payload: u8) -> Stubborn<u8> {
        Stubborn::Repeat { to, slot, payload }
    }

    fn sends(outbox: &mut Outbox<Letters>) -> Vec<(To, u8)> {
        let send = |effect| if let Effect::Send { to, message } = effect { Some((to, message)) } else { None };
        outbox.drain().filter_map(send).collect()
    }

    fn request(link: &mut Letters, request: Stubborn<u8>) -> Result<Vec<(To, u8)>, StubbornRefused> {
        let (mut outbox, before) = (Outbox::new(), link.clone());
        match link.request(Time::ZERO, request.clone(), &mut outbox) {
            Ok(()) => Ok(sends(&mut outbox)),
            Err(refused) => {
                assert_eq!((refused.request, &*link, outbox.is_empty()), (request, &before, true));
                Err(refused.why)
            }
        }
    }

    fn wake(link: &mut Letters, millis: u64) -> Vec<(To, u8)> {
        let mut outbox = Outbox::new();
        link.wake(Time::from_millis(millis), &mut outbox);
        sends(&mut outbox)
    }

    #[test]
    fn repeats_until_it_ceases() {
        let mut link = link();
        assert_eq!(request(&mut link, repeat(To::Others, 1, 7)).unwrap(), [(To::One(PEER), 7), (To::One(Rank(2)), 7)]);
        assert_eq!((link.deadline(), wake(&mut link, 9)), (Some(Time::from_millis(10)), vec![]));
        for millis in [10, 30, 50, 70] {
            assert_eq!(link.deadline(), Some(Time::from_millis(millis)));
            assert_eq!(wake(&mut link, millis), [(To::One(PEER), 7), (To::One(Rank(2)), 7)]);
        }
        assert_eq!(request(&mut link, Stubborn::Cease { to: To::One(PEER), slot: 1 }).unwrap(), []);
        assert_eq!(wake(&mut link, 90), [(To::One(Rank(2)), 7)]);
        link.exclude(Time::ZERO, Rank(2), &mut Outbox::new());
        assert_eq!((wake(&mut link, 110), link.deadline(), link.held()), (vec![], None, 0));
        assert_eq!(link.stats(), StubbornStats { sent: 2, retransmitted: 9 });
    }

    #[test]
    fn a_slot_in_use_refuses_for_all_destinations() {
        let mut link = link();
        request(&mut link, repeat(To::One(Rank(2)), 0, 7)).unwrap();
        assert_eq!(request(&mut link, repeat(To::Others, 0, 8)), Err(StubbornRefused::InUse { to: Rank(2), slot: 0 }));
        assert_eq!(request(&mut link, repeat(To::Others, 2, 8)), Err(StubbornRefused::NoSuchSlot { slot: 2, slots: 2 }));
        assert_eq!(request(&mut link, Stubborn::Cease { to: To::Others, slot: 0 }), Ok(vec![]));
        assert_eq!(request(&mut link, repeat(To::Others, 0, 8)).unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_the_reason() {
        let mut link = link();
        assert_eq!(request(&mut link, repeat(To::One(ME), 0, 7)), Err(StubbornRefused::ToOneself));
        assert_eq!(request(&mut link, repeat(To::One(Rank(3)), 0, 7)), Err(StubbornRefused::NotAMember { to: Rank(3) }));
        link.exclude(Time::ZERO, PEER, &mut Outbox::new());
        assert_eq!(request(&mut link, repeat(To::One(PEER), 0, 7)), Err(StubbornRefused::Excluded { to: PEER }));
        assert_eq!(request(&mut link, repeat(To::Others, 0, 7)).unwrap(), [(To::One(Rank(2)), 7)]);
        let mut wordy = StubbornLink::<Vec<u8>>::new(&View::of(2), ME, Limits { payload_bytes: 3, ..Limits::TINY }, BACKOFF);
        let refused = wordy.request(Time::ZERO, Stubborn::Repeat { to: To::Others, slot: 0, payload: vec![0; 4] }, &mut Outbox::new());
        assert_eq!(refused.unwrap_err().why, StubbornRefused::TooLarge { bytes: 4, limit: 3 });
    }

    #[test]
    fn every_copy_is_indicated_and_what_no_correct_peer_sends_is_rejected() {
        let (mut link, mut outbox) = (link(), Outbox::new());
        for _ in 0..3 {
            link.receive(Time::ZERO, PEER, 7, &mut outbox).unwrap();
            assert!(matches!(outbox.pop(), Some(Effect::Indicate(Incoming { from: PEER, payload: 7 }))));
        }
        assert_eq!(link.receive(Time::ZERO, ME, 7, &mut outbox), Err(StubbornRejected::FromOneself));
        assert_eq!(link.receive(Time::ZERO, Rank(3), 7, &mut outbox), Err(StubbornRejected::NotAMember { from: Rank(3) }));
        link.exclude(Time::ZERO, PEER, &mut outbox);
        assert_eq!(link.receive(Time::ZERO, PEER, 7, &mut outbox), Err(StubbornRejected::Excluded { from: PEER }));
        assert!(outbox.is_empty());
    }
}
