use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::Hash;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Incarnation, Payload, Protocol, Recover, Refused, To, View};

use super::held::Held;
use super::{DeltaMessage, Key, Learned, Pace, Replica, SyncLimits, SyncRefused, SyncRejected, SyncRule};

/// Delta intervals with acknowledgements: whoever is not far behind gets what it has not acknowledged, joined into one delta; whoever is gets the whole state.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), algorithm 2, with the two optimisations of Enes and others 2019: a delta is not sent back to
/// whom it came from ("BP"), and only the part of it that was news is handed on ("RR"). Model: fair-loss links, processes that crash and recover, asynchronous.
///
/// *What it promises.* Two correct replicas that hear each other now and then come to the same state, once nothing new is asked, and the protocol is
/// then at rest. Each replica sees the deltas of another one in an order in which each comes with all that was known to its maker and not yet sent, so where every delta is
/// made of the state it is asked at, causality is kept (the paper's delta-interval condition), and a [`Text`](crate::Text) is never given a run whose origins it does not know.
///
/// *What is durable.* Every delta that was news, own or heard, is persisted before it is sent or acknowledged: the record is the delta, and how many there were is the
/// sequence number. The deltas that wait, and what others have acknowledged, are not: a process that recovers sends its whole state, once, to each.
/// One that comes back with nothing must do so in a greater [`Incarnation`], and under new actor ids; it says hello until it is heard, and is sent the whole state.
///
/// *What is bounded.* At most `limits.deltas` deltas wait, of together at most `limits.state_bytes`; of each other process there is one number, one timer and
/// two lives. A state that would exceed `limits.state_bytes` takes nothing more: changes are refused, deltas rejected and not acknowledged.
///
/// *Crashes.* What a crashed process has not acknowledged waits until [`exclude`](Protocol::exclude); meanwhile it is sent the newest again and again, ever more slowly.
///
/// Cost: a change or a delta costs its join, and for each process not waited for the join of what it is sent; at most one message is under way to each.
#[derive(Clone, Debug)]
pub struct DeltaSync<R: Replica> {
    me: Rank,
    mine: Incarnation,
    pace: Pace,
    held: Held<R>,
    /// How many deltas were taken in, own and others': the paper's c.
    sequence: u64,
    /// The last of them.
    buffer: VecDeque<Entry<R::Delta>>,
    buffer_bytes: usize,
    peers: Vec<Peer>,
    /// Not later than the earliest timer.
    wake_at: Option<Time>,
    without: Option<SyncRule>,
    stats: DeltaStats,
}

/// What a replica with its past needs to begin a life: all that is durable.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DeltaSnapshot<R> {
    me: Rank,
    mine: Incarnation,
    processes: usize,
    limits: SyncLimits,
    pace: Pace,
    replica: R,
    sequence: u64,
    without: Option<SyncRule>,
}

/// What a [`DeltaSync`] did so far. Counts, which stop at their end instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DeltaStats {
    /// Intervals sent, again or not.
    pub intervals: u64,
    /// Whole states sent, again or not.
    pub wholes: u64,
    /// Deltas received that were news.
    pub news: u64,
    /// Deltas received that were not.
    pub redundant: u64,
}

#[derive(Clone, Debug)]
struct Entry<D> {
    delta: D,
    bytes: usize,
    from: Rank,
}

#[derive(Clone, Debug)]
struct Peer {
    theirs: Incarnation,
    excluded: bool,
    /// Whether it has answered this life.
    met: bool,
    /// How many of the deltas it is known to have: the paper's A(j).
    acknowledged: u64,
    /// When to send again, and how often that was done; there is one while something is under way.
    timer: Option<(Time, u32)>,
}

impl<R: Replica> DeltaSync<R> {
    /// The replica of process `me`, among the members of `view`, beginning at `replica`, which is usually the bottom.
    ///
    /// A process that lost its memory must come back in a greater `incarnation` than all its former ones.
    ///
    /// # Panics
    /// If `me` is not a member of the view, or `incarnation` is before the first.
    #[must_use]
    pub fn new<A>(view: &View<A>, me: Rank, incarnation: Incarnation, replica: R, limits: SyncLimits, pace: Pace) -> Self {
        assert!(view.contains(me), "{me} is not a member of a view of {}", view.len());
        assert!(incarnation >= Incarnation::FIRST, "incarnations begin at 1");
        let begun = incarnation > Incarnation::FIRST;
        Self::begin(me, incarnation, view.len(), replica, limits, pace, begun)
    }

    /// This replica with one rule broken on purpose.
    #[must_use]
    pub const fn without(mut self, rule: SyncRule) -> Self {
        self.without = Some(rule);
        self
    }

    fn begin(me: Rank, mine: Incarnation, processes: usize, replica: R, limits: SyncLimits, pace: Pace, speaks: bool) -> Self {
        let timer = speaks.then_some((Time::ZERO, 0));
        let peer = Peer { theirs: Incarnation::FIRST, excluded: false, met: false, acknowledged: 0, timer };
        Self {
            me,
            mine,
            pace,
            held: Held::new(replica, limits),
            sequence: 0,
            buffer: VecDeque::new(),
            buffer_bytes: 0,
            peers: alloc::vec![peer; processes],
            wake_at: timer.map(|(due, _)| due),
            without: None,
            stats: DeltaStats::default(),
        }
    }

    /// The state as it is known here. Changes are made by asking for their deltas.
    #[must_use]
    pub const fn replica(&self) -> &R {
        self.held.replica()
    }

    /// What this replica did so far.
    #[must_use]
    pub const fn stats(&self) -> DeltaStats {
        self.stats
    }

    /// How many deltas wait for acknowledgements.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The most bytes that this ever holds: the state, what waits, and what is known of others.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        let limits = self.held.limits();
        let entries = limits.deltas.saturating_add(1).saturating_mul(2).saturating_mul(size_of::<Entry<R::Delta>>());
        let peers = self.peers.len().saturating_mul(size_of::<Peer>());
        limits.state_bytes.saturating_mul(2).saturating_add(entries).saturating_add(peers).saturating_add(size_of::<Self>())
    }

    /// The number of the first delta that waits.
    fn base(&self) -> u64 {
        self.sequence - self.buffer.len() as u64
    }

    /// Takes in what is news, and lets it wait for those who do not know it.
    fn take(&mut self, delta: R::Delta, from: Rank) {
        self.held.take(&delta);
        self.sequence += 1;
        let bytes = delta.bytes();
        self.buffer_bytes = self.buffer_bytes.saturating_add(bytes);
        self.buffer.push_back(Entry { delta, bytes, from });
        let limits = self.held.limits();
        while self.buffer.len() > limits.deltas || self.buffer_bytes > limits.state_bytes {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(entry) = self.buffer.pop_front() {
            self.buffer_bytes = self.buffer_bytes.saturating_sub(entry.bytes);
        }
    }

    /// Forgets the deltas that all have acknowledged.
    fn forget(&mut self) {
        let live = self.peers.iter().enumerate().filter(|(index, peer)| *index != self.me.index() && !peer.excluded);
        let all = live.map(|(_, peer)| peer.acknowledged).min().unwrap_or(self.sequence);
        while !self.buffer.is_empty() && self.base() < all {
            self.drop_oldest();
        }
    }

    /// Sends to everybody for whom something waits and nothing is under way.
    fn send_to_all(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        for index in 0..self.peers.len() {
            if index != self.me.index() && !self.peers[index].excluded && self.peers[index].timer.is_none() {
                self.send_to(now, index, 0, effects);
            }
        }
        self.forget();
    }

    /// Sends what the process at `index` has not acknowledged, if there is anything, and sets the timer.
    fn send_to(&mut self, now: Time, index: usize, attempts: u32, effects: &mut impl Effects<Self>) {
        let (base, rank) = (self.base(), Rank::new(index));
        let peer = &mut self.peers[index];
        let (sender, receiver) = (self.mine, peer.theirs);
        let broken = self.without == Some(SyncRule::Whole);
        let delta = if peer.acknowledged == self.sequence {
            None
        } else if peer.acknowledged >= base || broken {
            let known = usize::try_from(peer.acknowledged.saturating_sub(base)).unwrap_or(usize::MAX);
            let mut news = self.buffer.iter().skip(known).filter(|entry| entry.from != rank);
            let interval = news.next().map(|first| {
                let mut interval = first.delta.clone();
                news.for_each(|entry| R::append(&mut interval, &entry.delta));
                interval
            });
            if interval.is_none() {
                peer.acknowledged = self.sequence;
            } else {
                count(&mut self.stats.intervals);
            }
            interval
        } else {
            count(&mut self.stats.wholes);
            Some(self.held.replica().whole())
        };
        match delta {
            Some(delta) => effects.send(To::One(rank), DeltaMessage::Delta { sender, receiver, until: self.sequence, delta }),
            None if self.mine > Incarnation::FIRST && !peer.met => effects.send(To::One(rank), DeltaMessage::Hello { sender, receiver }),
            None => {
                peer.timer = None;
                return;
            }
        }
        if self.without == Some(SyncRule::Acknowledge) {
            (peer.acknowledged, peer.timer) = (self.sequence, None);
            return;
        }
        let due = now + self.pace.after(attempts);
        peer.timer = Some((due, attempts.saturating_add(1)));
        self.wake_at = earlier(self.wake_at, due);
    }

    /// Whether a message may be believed, and whether it means this life: if not, the sender is told.
    fn meets(
        &mut self,
        from: Rank,
        message: &DeltaMessage<R::Delta>,
        effects: &mut impl Effects<Self>,
    ) -> Result<bool, SyncRejected<R::Unfit>> {
        if from == self.me {
            return Err(SyncRejected::FromOneself);
        }
        let peer = self.peers.get(from.index()).ok_or(SyncRejected::NotAMember { from })?;
        if peer.excluded {
            return Err(SyncRejected::Excluded { from });
        }
        let (sender, receiver) = message.incarnations();
        if sender < peer.theirs {
            return Err(SyncRejected::Stale { from, incarnation: sender, known: peer.theirs });
        }
        if receiver > self.mine {
            return Err(SyncRejected::Unborn { from, incarnation: receiver, mine: self.mine });
        }
        if receiver < self.mine {
            effects.send(To::One(from), DeltaMessage::Hello { sender: self.mine, receiver: sender });
        }
        Ok(receiver == self.mine)
    }

    /// Notes that `from` lives, and that what a former life of it acknowledged is forgotten.
    fn meet(&mut self, from: Rank, sender: Incarnation) {
        let peer = &mut self.peers[from.index()];
        peer.met = true;
        if sender > peer.theirs {
            (peer.theirs, peer.acknowledged, peer.timer) = (sender, 0, None);
            // What its former life sent, this one may not know.
            for entry in self.buffer.iter_mut().filter(|entry| entry.from == from) {
                entry.from = self.me;
            }
        }
    }

    fn hear_delta(
        &mut self,
        now: Time,
        from: Rank,
        sender: Incarnation,
        until: u64,
        delta: &R::Delta,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<R::Unfit>> {
        let limit = self.held.limits().state_bytes.saturating_mul(2);
        let news = self.held.news(delta, limit).map_err(|why| SyncRejected::Delta { from, why })?;
        if let Some(news) = news {
            if self.sequence == u64::MAX {
                return Err(SyncRejected::Delta { from, why: SyncRefused::Exhausted });
            }
            if effects.indicate(Learned { from, delta: news.clone() }).is_err() {
                // Not taken above, so not acknowledged: it comes again.
                return Ok(());
            }
            if self.without != Some(SyncRule::Persist) {
                effects.persist(news.clone());
            }
            self.meet(from, sender);
            self.take(news, from);
            count(&mut self.stats.news);
        } else {
            self.meet(from, sender);
            count(&mut self.stats.redundant);
        }
        effects.send(To::One(from), DeltaMessage::Ack { sender: self.mine, receiver: sender, until });
        self.send_to_all(now, effects);
        Ok(())
    }

    fn hear_ack(
        &mut self,
        now: Time,
        from: Rank,
        sender: Incarnation,
        until: u64,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<R::Unfit>> {
        let reborn = sender > self.peers[from.index()].theirs;
        let sent = if reborn { 0 } else { self.sequence };
        if until > sent {
            return Err(SyncRejected::AcknowledgesUnsent { from, sequence: until, sent });
        }
        self.meet(from, sender);
        let peer = &mut self.peers[from.index()];
        if until > peer.acknowledged {
            peer.acknowledged = until;
            peer.timer = None;
        }
        self.send_to_all(now, effects);
        Ok(())
    }
}

impl<R: Replica> Protocol for DeltaSync<R> {
    type Request = R::Delta;
    type Message = DeltaMessage<R::Delta>;
    type Indication = Learned<R::Delta>;
    type Record = R::Delta;
    type Refused = SyncRefused<R::Unfit>;
    type Rejected = SyncRejected<R::Unfit>;

    /// Takes in the delta of a change that was made on a copy of the state, or through a view of it. A delta that is no news is taken, and says nothing.
    fn request(
        &mut self,
        now: Time,
        request: R::Delta,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<R::Delta, SyncRefused<R::Unfit>>> {
        let limit = self.held.limits().delta_bytes;
        let news = match self.held.news(&request, limit) {
            Ok(Some(_)) if self.sequence == u64::MAX => Err(SyncRefused::Exhausted),
            other => other,
        };
        match news {
            Err(why) => return Err(Refused { request, why }),
            Ok(None) => return Ok(()),
            Ok(Some(news)) => {
                effects.persist(news.clone());
                self.take(news, self.me);
            }
        }
        self.send_to_all(now, effects);
        Ok(())
    }

    fn receive(
        &mut self,
        now: Time,
        from: Rank,
        message: DeltaMessage<R::Delta>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<R::Unfit>> {
        if !self.meets(from, &message, effects)? {
            return Ok(());
        }
        match message {
            DeltaMessage::Delta { sender, until, delta, .. } => self.hear_delta(now, from, sender, until, &delta, effects),
            DeltaMessage::Ack { sender, until, .. } => self.hear_ack(now, from, sender, until, effects),
            DeltaMessage::Hello { sender, .. } => {
                self.meet(from, sender);
                let peer = &self.peers[from.index()];
                if peer.timer.is_some() || peer.acknowledged == self.sequence {
                    effects.send(To::One(from), DeltaMessage::Ack { sender: self.mine, receiver: sender, until: 0 });
                }
                self.send_to_all(now, effects);
                Ok(())
            }
        }
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.wake_at.is_none_or(|at| at > now) {
            return;
        }
        self.wake_at = None;
        for index in 0..self.peers.len() {
            match self.peers[index].timer {
                Some((due, attempts)) if due <= now => {
                    if index == self.me.index() || self.peers[index].excluded {
                        self.peers[index].timer = None;
                    } else {
                        self.send_to(now, index, attempts, effects);
                    }
                }
                Some((due, _)) => self.wake_at = earlier(self.wake_at, due),
                None => {}
            }
        }
        self.forget();
    }

    fn deadline(&self) -> Option<Time> {
        self.wake_at
    }

    fn exclude(&mut self, _now: Time, rank: Rank, _effects: &mut impl Effects<Self>) {
        if let Some(peer) = self.peers.get_mut(rank.index())
            && rank != self.me
        {
            (peer.excluded, peer.timer) = (true, None);
            self.forget();
        }
    }
}

impl<R: Replica + Clone> Recover for DeltaSync<R> {
    type Snapshot = DeltaSnapshot<R>;

    fn snapshot(&self) -> DeltaSnapshot<R> {
        DeltaSnapshot {
            me: self.me,
            mine: self.mine,
            processes: self.peers.len(),
            limits: self.held.limits(),
            pace: self.pace,
            replica: self.held.replica().clone(),
            sequence: self.sequence,
            without: self.without,
        }
    }

    fn restore(snapshot: DeltaSnapshot<R>) -> Self {
        let DeltaSnapshot { me, mine, processes, limits, pace, replica, sequence, without } = snapshot;
        let mut sync = Self::begin(me, mine, processes, replica, limits, pace, true);
        sync.sequence = sequence;
        sync.without = without;
        sync
    }

    fn apply(&mut self, record: R::Delta) {
        self.held.take(&record);
        self.sequence = self.sequence.saturating_add(1);
    }
}

/// Times are left out, and so is what it did so far: of a timer counts that it is set, and how often it went off only paces.
impl<R: Replica<Delta: Hash> + Hash> Fingerprint for DeltaSync<R> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        let state = (self.mine, self.held.replica(), self.sequence, self.wake_at.is_some());
        let entries: Vec<_> = self.buffer.iter().map(|entry| (&entry.delta, entry.from)).collect();
        let peer = |peer: &Peer| (peer.theirs, peer.excluded, peer.met, peer.acknowledged, peer.timer.is_some());
        let peers: Vec<_> = self.peers.iter().map(peer).collect();
        Key::print(&(state, entries, peers), digest);
    }
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// The earlier of two times, where there are two.
pub(super) fn earlier(one: Option<Time>, other: Time) -> Option<Time> {
    Some(one.map_or(other, |one| one.min(other)))
}
