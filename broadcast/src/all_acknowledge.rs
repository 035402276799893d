use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{LamportClock, LamportStamp, Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Limits, Payload, Protocol, Refused};

use crate::ordered::PAUSE;
use crate::streams::{Streams, floor};
use crate::{Broadcast, Cast, Class, Delivery, Rule};

/// What an [`AllAcknowledge`] broadcasts below.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Acknowledged<T> {
    /// An application's message.
    Body {
        /// The Lamport counter of its broadcast.
        counter: u64,
        /// What the application said.
        body: T,
    },
    /// What this process broadcasts from here on has a greater counter than this.
    Acknowledge {
        /// The greatest Lamport counter that it has heard of.
        counter: u64,
    },
    /// This process has excluded another one.
    Excluded {
        /// Which.
        rank: Rank,
        /// How many messages of it this process had accepted.
        heard: u64,
    },
}

impl<T: Payload> Payload for Acknowledged<T> {
    fn bytes(&self) -> usize {
        match self {
            Self::Body { body, .. } => STAMP_BYTES + body.bytes(),
            Self::Acknowledge { .. } | Self::Excluded { .. } => CONTROL_BYTES,
        }
    }
}

const STAMP_BYTES: usize = 8;
const CONTROL_BYTES: usize = 16;

/// Why an all-acknowledge order does not take a request. Nothing changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllAcknowledgeRefused<R> {
    /// As many own messages as the credit allows are not delivered here yet. Ask again after the next delivery.
    #[error("{outstanding} own messages are not acknowledged by all yet")]
    Outstanding {
        /// How many.
        outstanding: usize,
    },
    /// Other processes have more undelivered here than they may have under way; this process says nothing until it has caught up. Ask again after the next delivery.
    #[error("this process has fallen behind and must deliver first")]
    Crowded,
    /// The Lamport clock is at its end.
    #[error("the Lamport clock is used up")]
    Exhausted,
    /// The broadcast below refuses.
    #[error(transparent)]
    Below(R),
}

/// Why an all-acknowledge order does not believe a message. But for [`Below`](AllAcknowledgeRejected::Below), the layers below have taken it, and this layer is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllAcknowledgeRejected<R> {
    /// The origin is not a member of the view.
    #[error("process {from} is not one of the {processes} members")]
    NotAMember {
        /// Who is said to have broadcast it.
        from: Rank,
        /// How many members there are.
        processes: usize,
    },
    /// A Lamport clock never runs back.
    #[error("process {from} stamped a message {counter} after one stamped {last}")]
    Backwards {
        /// Who broadcast it.
        from: Rank,
        /// Its stamp.
        counter: u64,
        /// The stamp before it.
        last: u64,
    },
    /// A stamp so far ahead cannot come from messages that were sent; the clock does not move.
    #[error("process {from} stamped a message {counter}, too far ahead of {clock}")]
    Ahead {
        /// Who broadcast it.
        from: Rank,
        /// Its stamp.
        counter: u64,
        /// This process's clock.
        clock: u64,
    },
    /// A marker of an exclusion of nobody, of its own origin, of the same process a second time, or that counts messages of this process that it never broadcast.
    #[error("process {from} says that it excluded {rank} after {heard} messages, which cannot be")]
    Senseless {
        /// Who said it.
        from: Rank,
        /// Of whom.
        rank: Rank,
        /// How many messages it counts.
        heard: u64,
    },
    /// The layer below rejects it and is unchanged.
    #[error(transparent)]
    Below(R),
}

/// Total order by Lamport stamps: a message is delivered when all that anybody may still say comes after it.
///
/// The queue of Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978, section "Ordering the Events Totally", without
/// releases; a communication history algorithm in the terms of Défago, Schiper and Urbán, *Total Order Broadcast and Multicast Algorithms*, 2004,
/// section 4.4. A body carries the Lamport stamp of its broadcast: a counter greater than all that its origin heard of, then the origin's rank. All deliver in the order
/// of the stamps. Who said `c` last has the *floor* (`c` + 1, its rank): the least stamp that it may still give. A body is delivered below all floors; so who hears one that is not below
/// what the others know of its own floor acknowledges, with the greatest counter that it heard of. One acknowledgement covers all that was heard so far. It is no event: nothing is ever
/// ordered by it.
///
/// *Promises*, over a FIFO reliable broadcast, in the asynchronous crash-stop model. Always: no duplication, no creation, total order and FIFO order, also
/// between processes that crash or are excluded by mistake, since everybody delivers in the order of the stamps; for the same reason no effect is
/// delivered before its cause. While nobody crashes, or once every crashed process is [excluded](Protocol::exclude) everywhere by a perfect
/// detector: validity and agreement too. Until then the order waits: safety only.
///
/// *Not uniform*: a process may deliver a message and crash before anybody else has it. If its origin crashes too, the message is lost to the others, who may yet deliver what that
/// process said after it. So causal order in full, no effect without its cause, holds only while nobody crashes.
///
/// *Exclusion.* On `exclude(q)` a process keeps aside what else it hears of q and says how much it had accepted. When it has heard this from everybody
/// that it has not excluded, and of everybody that it has, the greatest of these counts is the end of q: what q said later is forgotten by all, and
/// q is waited for no longer. A marker counts only together with what it speaks of. If its sender crashes meanwhile, it counts for all if a process
/// that goes on accepted it, and for nobody otherwise, by the same rule. So any number of processes may crash, also during an exclusion.
///
/// *Bounds.* An origin has at most `limits.credit` bodies (and `limits.control_credit` control messages of the layer above) not delivered at itself. A process that holds
/// more than that of any origin says nothing, so that the others cannot run further ahead; of each origin at most 4 × (credit + control credit) + n + 1
/// messages are kept. Debts are one acknowledgement and one marker for each process, and a body pays for an acknowledgement, so requests need not wait for them.
///
/// Cost: a body is followed by at most n − 1 acknowledgements, fewer when all speak. O(log m) for a message when m wait, O(n) when the process heard from
/// least far goes on.
#[derive(Clone, Debug)]
pub struct AllAcknowledge<B, T> {
    below: B,
    limits: Limits,
    clock: LamportClock,
    /// The counter of the last message broadcast.
    said: u64,
    streams: Streams<T>,
    /// The greatest stamp of another's body that is to be acknowledged.
    owed: Option<LamportStamp>,
    /// For each process, whether this one must still say how much it heard of it.
    markers: Vec<bool>,
    /// When to offer again what the layer above did not take.
    again: Option<Time>,
    total: bool,
}

/// How far ahead of this process's clock a stamp may be. Every body that was sent advances clocks by one at most and memory is bounded, so no correct peer comes near.
const LEAD: u64 = 1 << 32;

impl<B, T> AllAcknowledge<B, T>
where
    T: Payload,
    B: Broadcast<Payload = Acknowledged<T>>,
{
    /// Orders what goes over `below`, which must be a FIFO reliable broadcast with these limits.
    #[must_use]
    pub fn new(below: B, limits: Limits) -> Self {
        let (me, processes, limits) = (below.me(), below.processes(), limits.at_least_one());
        Self {
            below,
            limits,
            clock: LamportClock::new(me),
            said: 0,
            streams: Streams::new(me, processes, under_way(&limits)),
            owed: None,
            markers: vec![false; processes],
            again: None,
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

    /// The broadcast below.
    pub const fn below(&self) -> &B {
        &self.below
    }

    /// Whether `rank` is excluded and its last message is agreed on, so that nothing waits for it.
    #[must_use]
    pub fn is_gone(&self, rank: Rank) -> bool {
        rank.index() < self.streams.processes() && self.streams.is_gone(rank)
    }

    /// How many messages are kept here. O(n).
    #[must_use]
    pub fn held(&self) -> usize {
        (0..self.streams.processes()).map(|rank| self.streams.kept(Rank::new(rank))).sum()
    }

    /// The most messages that are ever kept.
    #[must_use]
    pub fn most_held(&self) -> usize {
        let processes = self.streams.processes();
        processes.saturating_mul(most_of_one(&self.limits, processes))
    }

    fn refuses(&self, class: Class) -> Option<AllAcknowledgeRefused<B::Refused>> {
        let credit = match class {
            Class::Body => self.limits.credit as usize,
            Class::Control => under_way(&self.limits),
        };
        let outstanding = self.streams.undelivered(self.below.me());
        if outstanding >= credit {
            Some(AllAcknowledgeRefused::Outstanding { outstanding })
        } else if self.streams.is_crowded() {
            Some(AllAcknowledgeRefused::Crowded)
        } else {
            None
        }
    }

    /// Broadcasts what names a counter, if the layer below takes it; gives it back otherwise.
    fn say(
        &mut self,
        now: Time,
        cast: Cast<Acknowledged<T>>,
        counter: u64,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Cast<Acknowledged<T>>, B::Refused>> {
        let (mut above, below) = self.split(now);
        below.request(now, cast, &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)))?;
        self.said = counter;
        let me = self.below.me();
        // Below the end, where the clock came from.
        let _ = self.clock.witness(&LamportStamp { counter, process: me });
        self.owed = self.owed.filter(|owed| floor(counter, me) < (owed.counter, owed.process));
        Ok(())
    }

    /// Says what is owed, as far as the broadcast below takes it.
    fn pay(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        for index in 0..self.markers.len() {
            if self.markers[index] && self.below.admits(Class::Control, CONTROL_BYTES) {
                let rank = Rank::new(index);
                let marker = Acknowledged::Excluded { rank, heard: self.streams.accepted(rank) };
                let (mut above, below) = self.split(now);
                let asked =
                    below.request(now, Cast::control(marker), &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)));
                self.markers[index] = asked.is_err();
            }
        }
        if self.owed.is_some() && !self.streams.is_crowded() && self.below.admits(Class::Control, CONTROL_BYTES) {
            let counter = self.clock.latest().counter;
            // Refused: it stays owed.
            let _ = self.say(now, Cast::control(Acknowledged::Acknowledge { counter }), counter, effects);
        }
    }

    fn split(&mut self, now: Time) -> (Above<'_, B, T>, &mut B) {
        let most = most_of_one(&self.limits, self.streams.processes());
        let me = self.below.me();
        let Self { below, clock, said, streams, owed, again, total, .. } = self;
        (Above { me, now, most, said: *said, clock, streams, owed, again, total: *total, rejected: None }, below)
    }
}

/// How many bodies of one origin may be undelivered at itself.
fn under_way(limits: &Limits) -> usize {
    limits.credit as usize + limits.control_credit as usize
}

/// The most messages of one origin that are kept.
///
/// A process that holds more than the origin may have under way says nothing. Then the origin delivers at most what it broadcast before it heard the last thing this process said, which
/// is what was kept here then, and what was on its way, and one more, which the floor spares if the origin's rank is the lesser; and then it may have as much under way again.
/// Acknowledgements and markers behind a marker come on top.
fn most_of_one(limits: &Limits, processes: usize) -> usize {
    under_way(limits).saturating_mul(4).saturating_add(processes).saturating_add(1)
}

/// Everything but the broadcast below: what its deliveries go to.
struct Above<'a, B: Broadcast, T> {
    me: Rank,
    now: Time,
    most: usize,
    said: u64,
    clock: &'a mut LamportClock,
    streams: &'a mut Streams<T>,
    owed: &'a mut Option<LamportStamp>,
    again: &'a mut Option<Time>,
    total: bool,
    /// The first message of this call that no correct peer could have sent.
    rejected: Option<AllAcknowledgeRejected<B::Rejected>>,
}

impl<B, T> Above<'_, B, T>
where
    T: Payload,
    B: Broadcast<Payload = Acknowledged<T>>,
{
    fn hear(
        &mut self,
        delivery: Delivery<Acknowledged<T>>,
        effects: &mut impl Effects<AllAcknowledge<B, T>>,
    ) -> Result<(), Delivery<Acknowledged<T>>> {
        let Delivery { origin, payload } = delivery;
        if origin.index() < self.streams.processes() && self.streams.is_gone(origin) {
            return Ok(());
        }
        if let Err(rejected) = self.check(origin, &payload) {
            self.rejected.get_or_insert(rejected);
            return Ok(());
        }
        if self.streams.kept(origin) >= self.most {
            return Err(Delivery { origin, payload });
        }
        if let Acknowledged::Body { counter, .. } | Acknowledged::Acknowledge { counter } = &payload {
            let stamp = LamportStamp { counter: *counter, process: origin };
            if origin != self.me {
                // Within the lead, so not near the end.
                let _ = self.clock.witness(&stamp);
            }
            if matches!(payload, Acknowledged::Body { .. }) && origin != self.me && floor(self.said, self.me) < (*counter, origin) {
                *self.owed = (*self.owed).max(Some(stamp));
            }
        }
        self.streams.hear(origin, payload);
        self.streams.complete();
        self.deliver(effects);
        Ok(())
    }

    fn check(&self, from: Rank, message: &Acknowledged<T>) -> Result<(), AllAcknowledgeRejected<B::Rejected>> {
        let processes = self.streams.processes();
        if from.index() >= processes {
            return Err(AllAcknowledgeRejected::NotAMember { from, processes });
        }
        match *message {
            Acknowledged::Body { counter, .. } | Acknowledged::Acknowledge { counter } => {
                let (last, clock) = (self.streams.last(from), self.clock.latest().counter);
                if counter <= last {
                    return Err(AllAcknowledgeRejected::Backwards { from, counter, last });
                }
                if counter > clock.saturating_add(LEAD) || counter == u64::MAX {
                    return Err(AllAcknowledgeRejected::Ahead { from, counter, clock });
                }
            }
            Acknowledged::Excluded { rank, heard } => {
                // Whoever goes on has marked those that are gone.
                let known = rank.index() < processes && rank != from && !self.streams.is_gone(rank) && !self.streams.has_marked(from, rank);
                if !known || (rank == self.me && heard > self.streams.accepted(rank)) {
                    return Err(AllAcknowledgeRejected::Senseless { from, rank, heard });
                }
            }
        }
        Ok(())
    }

    /// Delivers while the least stamp is below all that can come.
    fn deliver(&mut self, effects: &mut impl Effects<AllAcknowledge<B, T>>) {
        while let Some((stamp, payload)) = self.take_next() {
            if let Err(Delivery { payload, .. }) = effects.indicate(Delivery { origin: stamp.1, payload }) {
                self.streams.put_back(stamp, payload);
                *self.again = Some(self.now + PAUSE);
                return;
            }
        }
    }

    fn take_next(&mut self) -> Option<((u64, Rank), T)> {
        if self.total { self.streams.take_next() } else { self.streams.take_any().map(|(origin, body)| ((0, origin), body)) }
    }
}

impl<B, T> Protocol for AllAcknowledge<B, T>
where
    T: Payload,
    B: Broadcast<Payload = Acknowledged<T>>,
{
    type Request = Cast<T>;
    type Message = B::Message;
    type Indication = Delivery<T>;
    type Record = B::Record;
    type Refused = AllAcknowledgeRefused<B::Refused>;
    type Rejected = AllAcknowledgeRejected<B::Rejected>;

    fn request(&mut self, now: Time, request: Cast<T>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Cast<T>, Self::Refused>> {
        if let Some(why) = self.refuses(request.class) {
            return Err(Refused { request, why });
        }
        let mut clock = self.clock;
        let counter = match clock.tick() {
            Ok(stamp) if stamp.counter < u64::MAX => stamp.counter,
            _ => return Err(Refused { request, why: AllAcknowledgeRefused::Exhausted }),
        };
        let Cast { class, payload: body } = request;
        let stamped = Cast { class, payload: Acknowledged::Body { counter, body } };
        self.say(now, stamped, counter, effects).map_err(|Refused { request, why }| match request.payload {
            Acknowledged::Body { body: payload, .. } => {
                Refused { request: Cast { class, payload }, why: AllAcknowledgeRefused::Below(why) }
            }
            _ => unreachable!("a refused request comes back as it was given"),
        })
    }

    fn receive(&mut self, now: Time, from: Rank, message: B::Message, effects: &mut impl Effects<Self>) -> Result<(), Self::Rejected> {
        let (mut above, below) = self.split(now);
        let received = below.receive(now, from, message, &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)));
        let rejected = above.rejected;
        self.pay(now, effects);
        received.map_err(AllAcknowledgeRejected::Below)?;
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
        if self.streams.exclude(rank) {
            self.markers[rank.index()] = true;
        }
        let (mut above, below) = self.split(now);
        below.exclude(now, rank, &mut effects.lend::<B, _>(|delivery, effects| above.hear(delivery, effects)));
        self.pay(now, effects);
    }
}

impl<B, T> Broadcast for AllAcknowledge<B, T>
where
    T: Payload,
    B: Broadcast<Payload = Acknowledged<T>>,
{
    type Payload = T;

    fn admits(&self, class: Class, bytes: usize) -> bool {
        self.refuses(class).is_none() && self.below.admits(class, bytes.saturating_add(STAMP_BYTES))
    }

    fn me(&self) -> Rank {
        self.below.me()
    }

    fn processes(&self) -> usize {
        self.below.processes()
    }

    fn max_bytes(&self) -> usize {
        // Queues double when they grow and do not shrink; a body may have passed through both of its origin.
        let slot = size_of::<T>().saturating_add(size_of::<Acknowledged<T>>()).saturating_add(size_of::<LamportStamp>()).saturating_mul(2);
        let held = (self.limits.payload_bytes as usize).saturating_add(slot);
        let processes = self.streams.processes();
        let own = size_of::<Self>() - size_of::<B>() + Streams::<T>::fixed_bytes(processes) + processes;
        self.below.max_bytes().saturating_add(own).saturating_add(self.most_held().saturating_mul(held))
    }
}

impl<B: Fingerprint, T: Fingerprint> Fingerprint for AllAcknowledge<B, T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.below.fingerprint(digest);
        self.streams.fingerprint(digest);
        digest.number(self.clock.latest().counter);
        digest.number(self.said);
        self.owed.map(|stamp| (stamp.counter, stamp.process)).fingerprint(digest);
        digest.by_rank(self.markers.len(), |index, digest| digest.flag(self.markers[index]));
        digest.flag(self.again.is_some());
    }
}

impl<T: Fingerprint> Fingerprint for Acknowledged<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        match self {
            Self::Body { counter, body } => {
                digest.number(0);
                digest.number(*counter);
                body.fingerprint(digest);
            }
            Self::Acknowledge { counter } => {
                digest.number(1);
                digest.number(*counter);
            }
            Self::Excluded { rank, heard } => {
                digest.number(2);
                (rank, heard).fingerprint(digest);
            }
        }
    }
}
