use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use smallvec::SmallVec;
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Limits, Payload, Protocol, Refused};

use crate::ordered::PAUSE;
use crate::{Broadcast, Cast, Class, Delivery, Rule};

/// Some bodies of one origin: its next ones in its own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Run {
    /// Whose.
    pub origin: Rank,
    /// How many; at least 1.
    pub bodies: u32,
}

/// What a [`Sequencer`] broadcasts below.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sequenced<T> {
    /// An application's message, not yet in the order.
    Body(T),
    /// The next stretch of the order, from the sequencer: these runs one after the other, ranks increasing.
    Assign(#[cfg_attr(feature = "serde", serde(with = "as_vec"))] SmallVec<[Run; 4]>),
}

impl<T: Payload> Payload for Sequenced<T> {
    fn bytes(&self) -> usize {
        match self {
            Self::Body(body) => body.bytes(),
            Self::Assign(runs) => size_of_val(runs.as_slice()),
        }
    }
}

/// As a vector, whose deserialisation reserves no more than what is there.
#[cfg(feature = "serde")]
mod as_vec {
    use alloc::vec::Vec;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use smallvec::SmallVec;

    use super::Run;

    pub(super) fn serialize<S: Serializer>(runs: &SmallVec<[Run; 4]>, serializer: S) -> Result<S::Ok, S::Error> {
        runs.as_slice().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SmallVec<[Run; 4]>, D::Error> {
        Vec::deserialize(deserializer).map(SmallVec::from_vec)
    }
}

/// Why a sequencer does not take a request. Nothing changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequencerRefused<R> {
    /// As many own messages as the credit allows have no place in the order yet. Ask again after the next delivery.
    #[error("{outstanding} own messages have no place in the order yet")]
    Outstanding {
        /// How many.
        outstanding: usize,
    },
    /// This process is the sequencer and has places to give first. Ask again after the next input.
    #[error("the sequencer has places to give first")]
    Owing,
    /// The sequencer has crashed: nothing will be ordered in this view any more.
    #[error("the sequencer {sequencer} was excluded, so nothing is ordered any more in this view")]
    NoSequencer {
        /// Who it was.
        sequencer: Rank,
    },
    /// The broadcast below refuses.
    #[error(transparent)]
    Below(R),
}

/// Why a sequencer does not believe a message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequencerRejected<R> {
    /// The origin is not a member of the view. Consumed; this layer is unchanged.
    #[error("process {from} is not one of the {processes} members")]
    NotAMember {
        /// Who is said to have broadcast it.
        from: Rank,
        /// How many members there are.
        processes: usize,
    },
    /// Only the sequencer gives places. The layers below have taken the message; this one is unchanged.
    #[error("process {from} gave places in the order, and is not the sequencer")]
    NotTheSequencer {
        /// Who did.
        from: Rank,
    },
    /// An assignment with no run, an empty run or one longer than any origin may have, an origin twice or not in rank order, or one from outside the view.
    /// Consumed; this layer is unchanged.
    #[error("the sequencer {from} gave places that make no sense")]
    Senseless {
        /// The sequencer.
        from: Rank,
    },
    /// An assignment that counts messages of this process that it never broadcast. Consumed; this layer is unchanged.
    #[error("the sequencer {from} gave places to messages that this process never broadcast")]
    NeverBroadcast {
        /// The sequencer.
        from: Rank,
    },
    /// The layer below rejects it and is unchanged.
    #[error(transparent)]
    Below(R),
}

/// Total order by a fixed sequencer: all processes deliver the same messages in the same order.
///
/// Bodies are broadcast by their origins; process 0, the sequencer, broadcasts which comes next (Défago, Schiper and Urbán, *Total Order Broadcast and
/// Multicast Algorithms*, 2004, section 4.1, the variant "broadcast, broadcast"). Since the broadcast below is FIFO and reliable, an
/// assignment only says how many of whose next bodies follow; one control message carries all that wait, so a control credit of 1 is enough.
///
/// *Promises*, over a FIFO reliable broadcast, in the asynchronous crash-stop model: validity, no duplication, no creation, agreement, total order, FIFO and causal order (a
/// place is given before anybody can deliver, thus before anybody can answer), as long as the sequencer does not crash. If it does, what was delivered stays
/// right (total, FIFO and causal order, no duplication, no creation), but messages wait for ever: this is safety only. After
/// `exclude(sequencer)` requests are refused with that reason; a new view is needed.
///
/// *Not uniform*: the sequencer delivers its own assignment before others have it, so a sequencer that crashes may have delivered what nobody else will.
/// No two processes, crashed ones included, deliver two messages in opposite orders.
///
/// *Bounds*: an origin has at most `limits.credit` bodies (and `limits.control_credit` control messages of the layer above) without a place; of each origin at most
/// (credit + control credit) × (control credit + 1) wait here. Cost: one control message for each batch, O(1) for each message, O(n) for each batch at the sequencer.
#[derive(Clone, Debug)]
pub struct Sequencer<B, T> {
    below: B,
    limits: Limits,
    /// Bodies without a delivery, by origin, oldest first.
    bodies: Vec<VecDeque<T>>,
    /// Places that are given and not yet filled.
    assigned: VecDeque<Run>,
    /// How many places in `assigned` each origin has.
    places: Vec<u64>,
    /// At the sequencer: how many bodies of each origin have no place. This is the debt of rule 2.
    unassigned: Vec<u32>,
    /// How many origins have some.
    owing: usize,
    /// With whom the next batch begins, so that none is passed over for ever when not all fit.
    turn: usize,
    /// When to offer again what the layer above did not take.
    again: Option<Time>,
    excluded: bool,
    total: bool,
}

/// The process that gives the places.
const SEQUENCER: Rank = Rank(0);

impl<B, T> Sequencer<B, T>
where
    T: Payload,
    B: Broadcast<Payload = Sequenced<T>>,
{
    /// Orders what goes over `below`, which must be a FIFO reliable broadcast with these limits. The sequencer is rank 0.
    #[must_use]
    pub fn new(below: B, limits: Limits) -> Self {
        let processes = below.processes();
        Self {
            below,
            limits: limits.at_least_one(),
            bodies: (0..processes).map(|_| VecDeque::new()).collect(),
            assigned: VecDeque::new(),
            places: vec![0; processes],
            unassigned: vec![0; processes],
            owing: 0,
            turn: 0,
            again: None,
            excluded: false,
            total: true,
        }
    }

    /// Breaks a rule on purpose, so that a checker can be seen to notice: without [`Rule::Total`] everything is delivered as it arrives.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        if rule == Rule::Total {
            self.total = false;
        }
        self
    }

    /// The process that gives the places: rank 0.
    #[must_use]
    pub const fn sequencer(&self) -> Rank {
        SEQUENCER
    }

    /// The broadcast below.
    pub const fn below(&self) -> &B {
        &self.below
    }

    /// How many messages are here and wait for their place or for those before them.
    #[must_use]
    pub fn held(&self) -> usize {
        self.bodies.iter().map(VecDeque::len).sum()
    }

    /// The most messages that are ever held.
    #[must_use]
    pub fn most_held(&self) -> usize {
        self.bodies.len().saturating_mul(most_of_one(&self.limits))
    }

    fn outstanding(&self) -> usize {
        self.bodies[self.below.me().index()].len()
    }

    fn refuses(&self, class: Class) -> Option<SequencerRefused<B::Refused>> {
        let credit = match class {
            Class::Body => self.limits.credit as usize,
            Class::Control => self.limits.credit as usize + self.limits.control_credit as usize,
        };
        if self.excluded {
            Some(SequencerRefused::NoSequencer { sequencer: SEQUENCER })
        } else if self.owing > 0 {
            Some(SequencerRefused::Owing)
        } else if self.outstanding() >= credit {
            Some(SequencerRefused::Outstanding { outstanding: self.outstanding() })
        } else {
            None
        }
    }

    fn split(&mut self, now: Time) -> (Above<'_, B, T>, &mut B) {
        let most = most_of_one(&self.limits);
        let me = self.below.me();
        let Self { below, bodies, assigned, places, unassigned, owing, again, total, .. } = self;
        let above = Above { me, now, most, bodies, assigned, places, unassigned, owing, again, total: *total, rejected: None };
        (above, below)
    }

    /// Gives places to all that wait for one, as far as the broadcast below takes it.
    fn pay(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        while self.owing > 0 {
            let mut most = self.owing;
            while most > 1 && !self.below.admits(Class::Control, most * size_of::<Run>()) {
                most /= 2;
            }
            if !self.below.admits(Class::Control, most * size_of::<Run>()) {
                return;
            }
            let processes = self.unassigned.len();
            let origins = (self.turn..processes).chain(0..self.turn).filter(|origin| self.unassigned[*origin] > 0).take(most);
            let mut runs: SmallVec<[Run; 4]> =
                origins.map(|origin| Run { origin: Rank::new(origin), bodies: self.unassigned[origin] }).collect();
            // Where all fit none is passed over, and the next batch may begin with anybody.
            let turn = runs.last().filter(|_| runs.len() < self.owing).map_or(0, |run| (run.origin.index() + 1) % processes);
            runs.sort_unstable_by_key(|run| run.origin);
            let paid = runs.clone();
            let (mut above, below) = self.split(now);
            let asked = below.request(
                now,
                Cast::control(Sequenced::Assign(runs)),
                &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)),
            );
            if asked.is_err() {
                return;
            }
            for run in paid {
                self.unassigned[run.origin.index()] -= run.bodies;
                self.owing -= 1;
            }
            self.turn = turn;
        }
    }
}

/// The most bodies of one origin that wait here, and the most places that one origin has.
///
/// An origin is ahead of this process by the assignments that have not come here, which are at most the sequencer's control credit, and each of them gives places to
/// what the origin had under way; and then it may have as much under way again.
fn most_of_one(limits: &Limits) -> usize {
    let under_way = limits.credit as usize + limits.control_credit as usize;
    under_way.saturating_mul(limits.control_credit as usize + 1)
}

/// Everything but the broadcast below: what its deliveries go to.
struct Above<'s, B: Broadcast, T> {
    me: Rank,
    now: Time,
    most: usize,
    bodies: &'s mut Vec<VecDeque<T>>,
    assigned: &'s mut VecDeque<Run>,
    places: &'s mut Vec<u64>,
    unassigned: &'s mut Vec<u32>,
    owing: &'s mut usize,
    again: &'s mut Option<Time>,
    total: bool,
    /// The first message of this call that no correct peer could have sent.
    rejected: Option<SequencerRejected<B::Rejected>>,
}

impl<B, T> Above<'_, B, T>
where
    T: Payload,
    B: Broadcast<Payload = Sequenced<T>>,
{
    fn hear(
        &mut self,
        delivery: Delivery<Sequenced<T>>,
        effects: &mut impl Effects<Sequencer<B, T>>,
    ) -> Result<(), Delivery<Sequenced<T>>> {
        let Delivery { origin, payload } = delivery;
        match payload {
            Sequenced::Body(body) => {
                let processes = self.bodies.len();
                let Some(bodies) = self.bodies.get_mut(origin.index()) else {
                    self.rejected.get_or_insert(SequencerRejected::NotAMember { from: origin, processes });
                    return Ok(());
                };
                if bodies.len() >= self.most {
                    return Err(Delivery { origin, payload: Sequenced::Body(body) });
                }
                bodies.push_back(body);
                if self.me == SEQUENCER {
                    let unassigned = &mut self.unassigned[origin.index()];
                    *self.owing += usize::from(*unassigned == 0);
                    *unassigned += 1;
                }
            }
            Sequenced::Assign(runs) => {
                if let Err(rejected) = self.check(origin, &runs) {
                    self.rejected.get_or_insert(rejected);
                    return Ok(());
                }
                if runs.iter().any(|run| self.places[run.origin.index()] + u64::from(run.bodies) > self.most as u64) {
                    return Err(Delivery { origin, payload: Sequenced::Assign(runs) });
                }
                for run in runs {
                    self.places[run.origin.index()] += u64::from(run.bodies);
                    self.assigned.push_back(run);
                }
            }
        }
        self.deliver(effects);
        Ok(())
    }

    fn check(&self, from: Rank, runs: &[Run]) -> Result<(), SequencerRejected<B::Rejected>> {
        if from != SEQUENCER {
            return Err(SequencerRejected::NotTheSequencer { from });
        }
        let known = |run: &Run| (1..=self.most as u64).contains(&u64::from(run.bodies)) && run.origin.index() < self.bodies.len();
        if runs.is_empty() || !runs.iter().all(known) || !runs.is_sorted_by(|one, next| one.origin < next.origin) {
            return Err(SequencerRejected::Senseless { from });
        }
        let me = self.me.index();
        let mine = runs.iter().find(|run| run.origin == self.me).map_or(0, |run| u64::from(run.bodies));
        if self.places[me] + mine > self.bodies[me].len() as u64 {
            return Err(SequencerRejected::NeverBroadcast { from });
        }
        Ok(())
    }

    /// Delivers while the body of the next place is here.
    fn deliver(&mut self, effects: &mut impl Effects<Sequencer<B, T>>) {
        if !self.total {
            return self.deliver_all(effects);
        }
        while let Some(run) = self.assigned.front_mut() {
            let origin = run.origin;
            let Some(payload) = self.bodies[origin.index()].pop_front() else { return };
            if let Err(Delivery { payload, .. }) = effects.indicate(Delivery { origin, payload }) {
                self.bodies[origin.index()].push_front(payload);
                *self.again = Some(self.now + PAUSE);
                return;
            }
            self.places[origin.index()] -= 1;
            run.bodies -= 1;
            if run.bodies == 0 {
                self.assigned.pop_front();
            }
        }
    }

    /// Broken on purpose: delivers whatever is here, and lets the places be.
    fn deliver_all(&mut self, effects: &mut impl Effects<Sequencer<B, T>>) {
        self.assigned.clear();
        self.places.fill(0);
        for (origin, bodies) in self.bodies.iter_mut().enumerate() {
            while let Some(payload) = bodies.pop_front() {
                if let Err(Delivery { payload, .. }) = effects.indicate(Delivery { origin: Rank::new(origin), payload }) {
                    bodies.push_front(payload);
                    *self.again = Some(self.now + PAUSE);
                    return;
                }
            }
        }
    }
}

impl<B, T> Protocol for Sequencer<B, T>
where
    T: Payload,
    B: Broadcast<Payload = Sequenced<T>>,
{
    type Request = Cast<T>;
    type Message = B::Message;
    type Indication = Delivery<T>;
    type Record = B::Record;
    type Refused = SequencerRefused<B::Refused>;
    type Rejected = SequencerRejected<B::Rejected>;

    fn request(&mut self, now: Time, request: Cast<T>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Cast<T>, Self::Refused>> {
        if let Some(why) = self.refuses(request.class) {
            return Err(Refused { request, why });
        }
        let Cast { class, payload } = request;
        let (mut above, below) = self.split(now);
        let asked = below.request(
            now,
            Cast { class, payload: Sequenced::Body(payload) },
            &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)),
        );
        match asked {
            Ok(()) => {
                self.pay(now, effects);
                Ok(())
            }
            Err(Refused { request: Cast { payload: Sequenced::Body(payload), class }, why }) => {
                Err(Refused { request: Cast { class, payload }, why: SequencerRefused::Below(why) })
            }
            Err(Refused { request: Cast { payload: Sequenced::Assign(_), .. }, .. }) => {
                unreachable!("a refused request comes back as it was given")
            }
        }
    }

    fn receive(&mut self, now: Time, from: Rank, message: B::Message, effects: &mut impl Effects<Self>) -> Result<(), Self::Rejected> {
        let (mut above, below) = self.split(now);
        let received = below.receive(now, from, message, &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)));
        let rejected = above.rejected;
        self.pay(now, effects);
        received.map_err(SequencerRejected::Below)?;
        rejected.map_or(Ok(()), Err)
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        let offers = self.again.take().is_some();
        let (mut above, below) = self.split(now);
        if offers {
            above.deliver(effects);
        }
        below.wake(now, &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)));
        self.pay(now, effects);
    }

    fn deadline(&self) -> Option<Time> {
        match (self.again, self.below.deadline()) {
            (Some(again), Some(below)) => Some(again.min(below)),
            (again, below) => again.or(below),
        }
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        self.excluded |= rank == SEQUENCER;
        let (mut above, below) = self.split(now);
        below.exclude(now, rank, &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)));
        self.pay(now, effects);
    }
}

impl<B, T> Broadcast for Sequencer<B, T>
where
    T: Payload,
    B: Broadcast<Payload = Sequenced<T>>,
{
    type Payload = T;

    fn admits(&self, class: Class, bytes: usize) -> bool {
        self.refuses(class).is_none() && self.below.admits(class, bytes)
    }

    fn me(&self) -> Rank {
        self.below.me()
    }

    fn processes(&self) -> usize {
        self.below.processes()
    }

    fn max_bytes(&self) -> usize {
        // Queues double when they grow and do not shrink. A place is one run at worst.
        let slot = size_of::<T>().saturating_add(size_of::<Run>()).saturating_mul(2);
        let held = (self.limits.payload_bytes as usize).saturating_add(slot);
        let origin = size_of::<VecDeque<T>>() + size_of::<u64>() + size_of::<u32>();
        let own = size_of::<Self>() - size_of::<B>() + self.bodies.len().saturating_mul(origin);
        self.below.max_bytes().saturating_add(own).saturating_add(self.most_held().saturating_mul(held))
    }
}

impl<B: Fingerprint, T: Fingerprint> Fingerprint for Sequencer<B, T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.below.fingerprint(digest);
        digest.by_rank(self.bodies.len(), |index, digest| {
            self.bodies[index].fingerprint(digest);
            digest.number(self.places[index]);
            self.unassigned[index].fingerprint(digest);
        });
        self.assigned.fingerprint(digest);
        digest.rank(Rank::new(self.turn));
        digest.flag(self.again.is_some());
        digest.flag(self.excluded);
    }
}

impl Fingerprint for Run {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        (self.origin, self.bodies).fingerprint(digest);
    }
}

impl<T: Fingerprint> Fingerprint for Sequenced<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        match self {
            Self::Body(body) => {
                digest.flag(true);
                body.fingerprint(digest);
            }
            Self::Assign(runs) => {
                digest.flag(false);
                runs.as_slice().fingerprint(digest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backoff, SequencedBroadcast, sequenced_broadcast};
    use tidings_protocol::{Effect, Incarnation, Outbox, To, View};

    type Stack = SequencedBroadcast<u32>;

    const LIMITS: Limits = Limits { control_credit: 1, ..Limits::TINY };

    fn stack(me: Rank) -> Stack {
        sequenced_broadcast(&View::of(3), me, Incarnation::FIRST, LIMITS, Backoff::default())
    }

    /// What waits while the control credit is used up gets its places with one message, each origin once.
    #[test]
    fn one_assignment_is_for_all_that_wait() {
        let mut sequencer = stack(SEQUENCER);
        let mut outbox = Outbox::new();
        sequencer.request(Time::ZERO, Cast::body(1), &mut outbox).unwrap();
        assert_eq!(sequencer.owing, 0);
        let hear = |sequencer: &mut Stack, origin: u32, body| {
            let (mut above, _) = sequencer.split(Time::ZERO);
            above.hear(Delivery { origin: Rank(origin), payload: Sequenced::Body(body) }, &mut Outbox::<Stack>::new()).unwrap();
        };
        for (origin, body) in [(2, 20), (1, 10), (2, 21)] {
            hear(&mut sequencer, origin, body);
        }
        sequencer.pay(Time::ZERO, &mut outbox);
        assert_eq!((sequencer.owing, &sequencer.unassigned[..]), (2, &[0, 1, 2][..]), "the credit of one is not yet back");
        assert_eq!(sequencer.request(Time::ZERO, Cast::body(2), &mut outbox).unwrap_err().why, SequencerRefused::Owing);

        // Both others are gone, so everything is done with.
        let mut outbox = Outbox::new();
        sequencer.exclude(Time::ZERO, Rank(1), &mut outbox);
        sequencer.exclude(Time::ZERO, Rank(2), &mut outbox);
        assert_eq!((sequencer.owing, sequencer.assigned.len(), sequencer.held()), (0, 0, 0));
        let delivered = outbox.drain().filter_map(|effect| match effect {
            Effect::Indicate(delivery) => Some(delivery.payload),
            _ => None,
        });
        assert_eq!(delivered.collect::<Vec<_>>(), [10, 20, 21]);
    }

    /// Nothing is ordered without a sequencer, and the request comes back with that reason.
    #[test]
    fn without_its_sequencer_it_refuses() {
        let mut other = stack(Rank(2));
        let mut outbox = Outbox::new();
        other.exclude(Time::ZERO, SEQUENCER, &mut outbox);
        let refused = other.request(Time::ZERO, Cast::body(7), &mut outbox).unwrap_err();
        assert_eq!(refused, Refused { request: Cast::body(7), why: SequencerRefused::NoSequencer { sequencer: SEQUENCER } });
        assert!(outbox.is_empty() && !other.admits(Class::Body, 4));
    }

    /// Of an origin's own bodies no more than its credit wait for a place.
    #[test]
    fn credit_lasts_until_the_place_is_there() {
        let mut other = stack(Rank(1));
        let mut outbox = Outbox::new();
        other.request(Time::ZERO, Cast::body(1), &mut outbox).unwrap();
        assert!(outbox.drain().all(|effect| matches!(effect, Effect::Send { to: To::One(_), .. })), "nothing is delivered yet");
        let refused = other.request(Time::ZERO, Cast::body(2), &mut outbox).unwrap_err();
        assert_eq!(refused, Refused { request: Cast::body(2), why: SequencerRefused::Outstanding { outstanding: 1 } });
    }
}
