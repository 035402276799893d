use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;
use core::hash::Hash;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Protocol, Recover, Refused, To, View};

use super::held::Held;
use super::snapshot::Snapshot;
use super::{CodedSymbol, Key, Learned, Pace, Peeler, Reconcile, ReconcileMessage, SyncLimits, SyncRefused, SyncRejected, SyncRule};

mod answers;
mod session;

use session::{Phase, Session};

/// How a [`Reconciler`] says what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sketch {
    /// By coded symbols of 24 bytes, however many parts there are in all: as many as it takes, and a few more since how much differs is only estimated. For each part that differs that is in the
    /// median at most 1.5 where these are a thousand or more, 1.6 where they are a hundred, 2.4 where they are ten; the first answer has 8. Where the limit of symbols is not enough, by the list.
    Coded,
    /// By the list of all hashes: 8 bytes for each part, and one message less.
    Listed,
}

/// Reconciliation of states: two replicas find out what differs, and exchange just that. Neither remembers anything of the other.
///
/// Coded, by rateless symbols (Yang, Gilad, Alizadeh, *Practical Rateless Set Reconciliation*, 2024): one asks, the other sends symbols of its state, the same ones
/// to whoever asks, until the first one has found what differs by subtracting its own; it offers what the other lacks, names what it wants, and gets it.
/// Listed, by all hashes at once (Enes, Baquero, Almeida, Leitão, *Join Decompositions for Efficient Synchronization of CRDTs after a Network Partition*, 2016,
/// "digest-driven"): one sends its digest, the other answers with what is missing there and names what it wants.
/// Model: fair-loss links, processes that crash and recover, asynchronous.
///
/// *What it promises.* Two correct replicas that hear each other now and then come to the same state once nothing new is asked; then one message of 8 bytes
/// and its answer tell that they agree, and the protocol is at rest. What is sent may leave gaps: a causal context says exactly what is known. Which of two changes is
/// heard first is not promised.
///
/// *What is durable.* Every delta that was news is persisted before anything is said of it. All else is not: a process that comes back, with its past or with nothing,
/// compares itself with all others. (One that comes back with nothing needs new actor ids.)
///
/// *What is bounded.* Of each other process there is one flag and one number. There is at most one session at a time that this replica began, of at most
/// `limits.symbols` symbols; if what differs is more than about two thirds as many parts, it goes on with the list of all hashes. What others ask is answered
/// from one snapshot, which stays for as long as they keep asking, up to four times `pace.most`; so a state that changes all the time does not keep
/// anybody from getting through.
///
/// Cost: O(n) for the snapshot after a change, O(n log m) for m symbols of it, O(d log d) to find d differences; then O(n) to pick them out.
#[derive(Clone)]
pub struct Reconciler<S: Reconcile> {
    me: Rank,
    sketch: Sketch,
    key: Key,
    pace: Pace,
    held: Held<S>,
    /// What others are shown and what is compared; made when it is needed.
    snapshot: Option<Snapshot<S::Summary>>,
    /// Whether the state has changed since.
    stale: bool,
    session: Option<Session<S>>,
    peers: Vec<Peer>,
    /// With whom the last session was.
    last: usize,
    wake_at: Option<Time>,
    without: Option<SyncRule>,
}

/// All that is durable of a [`Reconciler`], and what it was made with.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReconcilerSnapshot<S> {
    me: Rank,
    processes: usize,
    sketch: Sketch,
    key: Key,
    limits: SyncLimits,
    pace: Pace,
    state: S,
    without: Option<SyncRule>,
}

#[derive(Clone, Debug, Hash)]
struct Peer {
    excluded: bool,
    /// Whether this state may differ from that one's.
    differs: bool,
    /// How many sessions in a row came to nothing.
    vain: u32,
}

impl<S: Reconcile> Reconciler<S> {
    /// The replica of process `me`, among the members of `view`, beginning at `state`. All of them use the same `key`, `limits` and `sketch`.
    ///
    /// # Panics
    /// If `me` is not a member of the view.
    #[must_use]
    pub fn new<A>(view: &View<A>, me: Rank, sketch: Sketch, key: Key, state: S, limits: SyncLimits, pace: Pace) -> Self {
        assert!(view.contains(me), "{me} is not a member of a view of {}", view.len());
        Self::begin(me, view.len(), sketch, key, state, limits, pace)
    }

    /// This replica with one rule broken on purpose.
    #[must_use]
    pub const fn without(mut self, rule: SyncRule) -> Self {
        self.without = Some(rule);
        self
    }

    fn begin(me: Rank, processes: usize, sketch: Sketch, key: Key, state: S, limits: SyncLimits, pace: Pace) -> Self {
        Self {
            me,
            sketch,
            key,
            pace,
            held: Held::new(state, limits),
            snapshot: None,
            stale: true,
            session: None,
            peers: alloc::vec![Peer { excluded: false, differs: true, vain: 0 }; processes],
            last: me.index(),
            wake_at: (processes > 1).then_some(Time::ZERO),
            without: None,
        }
    }

    /// The state as it is known here. Changes are made by asking for their deltas.
    #[must_use]
    pub const fn state(&self) -> &S {
        self.held.replica()
    }

    /// Whether all others that were not excluded are known to have this state.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let mut others = self.peers.iter().enumerate().filter(|(index, peer)| *index != self.me.index() && !peer.excluded);
        others.all(|(_, peer)| !peer.differs)
    }

    /// The most bytes that this ever holds: the state and its snapshot, the symbols of both sides, and an offer.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        let limits = self.held.limits();
        // A part is hashed and mapped in 24 bytes, listed in 16 on either side, and has at least one itself; a symbol of a session may tell a part that was found.
        let states = limits.state_bytes.saturating_mul(58);
        let symbols = limits.symbols.saturating_mul(2 * size_of::<CodedSymbol>() + 2 * size_of::<CodedSymbol>() + 96);
        let peers = self.peers.len().saturating_mul(size_of::<Peer>());
        states.saturating_add(symbols).saturating_add(limits.delta_bytes.saturating_mul(2)).saturating_add(peers + size_of::<Self>())
    }

    /// The newest snapshot that may be shown: the state as it is, unless somebody still looks at an older one.
    fn look(&mut self, now: Time) -> &mut Snapshot<S::Summary> {
        let in_use = self.session.is_some() || self.snapshot.as_ref().is_some_and(|snapshot| snapshot.until > now);
        if self.snapshot.is_none() || (self.stale && !in_use) {
            self.snapshot = None;
            self.stale = false;
        }
        let until_at_most = now + self.pace.most.saturating_mul(4);
        self.snapshot.get_or_insert_with(|| Snapshot::of(self.held.replica(), self.key, until_at_most))
    }

    /// Takes in what is news, if the layer above takes it. Whether it was news.
    fn learn(&mut self, from: Rank, delta: &S, effects: &mut impl Effects<Self>) -> Result<bool, SyncRejected<S::Unfit>> {
        let limit = self.held.limits().state_bytes.saturating_mul(2);
        let news = self.held.news(delta, limit).map_err(|why| SyncRejected::Delta { from, why })?;
        let Some(news) = news else { return Ok(false) };
        if effects.indicate(Learned { from, delta: news.clone() }).is_err() {
            return Ok(false);
        }
        self.take(news, effects);
        Ok(true)
    }

    fn take(&mut self, news: S, effects: &mut impl Effects<Self>) {
        self.held.take(&news);
        self.stale = true;
        self.peers.iter_mut().for_each(|peer| peer.differs = true);
        effects.persist(news);
    }

    /// Who sent this, if anybody may have.
    fn check(&self, from: Rank) -> Result<(), SyncRejected<S::Unfit>> {
        match self.peers.get(from.index()) {
            _ if from == self.me => Err(SyncRejected::FromOneself),
            None => Err(SyncRejected::NotAMember { from }),
            Some(peer) if peer.excluded => Err(SyncRejected::Excluded { from }),
            Some(_) => Ok(()),
        }
    }

    fn check_count(from: Rank, count: usize, limit: usize) -> Result<(), SyncRejected<S::Unfit>> {
        if count > limit { Err(SyncRejected::TooMany { from, count, limit }) } else { Ok(()) }
    }
}

impl<S: Reconcile> Protocol for Reconciler<S> {
    type Request = S;
    type Message = ReconcileMessage<S, S::Summary>;
    type Indication = Learned<S>;
    type Record = S;
    type Refused = SyncRefused<S::Unfit>;
    type Rejected = SyncRejected<S::Unfit>;

    /// Takes in the delta of a change that was made on a copy of the state, or through a view of it.
    fn request(&mut self, now: Time, request: S, effects: &mut impl Effects<Self>) -> Result<(), Refused<S, SyncRefused<S::Unfit>>> {
        let limit = self.held.limits().delta_bytes;
        match self.held.news(&request, limit) {
            Err(why) => return Err(Refused { request, why }),
            Ok(None) => return Ok(()),
            Ok(Some(news)) => self.take(news, effects),
        }
        self.go_on(now, effects);
        Ok(())
    }

    fn receive(
        &mut self,
        now: Time,
        from: Rank,
        message: Self::Message,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        self.check(from)?;
        let heard = match message {
            ReconcileMessage::Ask { root } => self.hear_ask(now, from, root, effects),
            ReconcileMessage::More { of, from: first, until } => self.hear_more(now, from, of, (first, until), effects),
            ReconcileMessage::Digest { root, summary, hashes } => self.hear_digest(now, from, root, &summary, &hashes, effects),
            ReconcileMessage::Agree { root } => {
                self.hear_agree(now, from, root);
                Ok(())
            }
            ReconcileMessage::Symbols { of, from: first, symbols, summary } => {
                self.hear_symbols(now, from, (of, first), &symbols, summary, effects)
            }
            ReconcileMessage::Offer { summary, wanted, delta } => self.hear_offer(now, from, &summary, &wanted, &delta, effects),
            ReconcileMessage::Answer { delta } => self.hear_answer(now, from, &delta, effects),
        };
        self.go_on(now, effects);
        heard
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.wake_at.is_some_and(|at| at <= now) {
            self.wake_at = None;
            self.repeat(now, effects);
            self.go_on(now, effects);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.wake_at
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        if let Some(peer) = self.peers.get_mut(rank.index())
            && rank != self.me
        {
            peer.excluded = true;
            if self.session.as_ref().is_some_and(|session| session.with == rank) {
                self.session = None;
                self.wake_at = None;
            }
            self.go_on(now, effects);
        }
    }
}

impl<S: Reconcile + fmt::Debug> fmt::Debug for Reconciler<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciler").field("me", &self.me).field("state", self.state()).field("peers", &self.peers).finish_non_exhaustive()
    }
}

impl<S: Reconcile> Recover for Reconciler<S> {
    type Snapshot = ReconcilerSnapshot<S>;

    fn snapshot(&self) -> ReconcilerSnapshot<S> {
        ReconcilerSnapshot {
            me: self.me,
            processes: self.peers.len(),
            sketch: self.sketch,
            key: self.key,
            limits: self.held.limits(),
            pace: self.pace,
            state: self.held.replica().clone(),
            without: self.without,
        }
    }

    fn restore(snapshot: ReconcilerSnapshot<S>) -> Self {
        let ReconcilerSnapshot { me, processes, sketch, key, limits, pace, state, without } = snapshot;
        Self { without, ..Self::begin(me, processes, sketch, key, state, limits, pace) }
    }

    fn apply(&mut self, record: S) {
        self.held.take(&record);
    }
}

/// Times are in: until when an older state is shown decides what is found out.
impl<S: Reconcile + Hash> Fingerprint for Reconciler<S> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        let shown =
            self.snapshot.as_ref().map(|Snapshot { root, until, until_at_most, lookers, .. }| (root, until, until_at_most, lookers));
        let present = (self.state(), shown, self.stale, self.wake_at);
        Key::print(&(present, &self.session, &self.peers, self.last), digest);
    }
}
