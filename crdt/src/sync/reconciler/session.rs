//! What this replica began: one session at a time, with those that may differ in turn.

use super::*;

/// How often a session says the same again before it turns to somebody else.
const PATIENCE: u32 = 3;

#[derive(Clone, Hash)]
pub(super) struct Session<S: Reconcile> {
    pub(super) with: Rank,
    pub(super) phase: Phase<S>,
    /// How often the last message was sent.
    attempts: u32,
    /// Whether anything was learned, and whether anything was offered, which may be news to the other one.
    pub(super) learned: bool,
    pub(super) offered: bool,
}

#[derive(Clone, Hash)]
pub(super) enum Phase<S: Reconcile> {
    /// Asked, or sent the digest.
    Begun,
    /// As many symbols as there may be did not tell what differs: sent the digest.
    Lists,
    /// Takes in symbols of the state with the root `of`.
    Peels { of: u64, summary: S::Summary, peeler: Peeler },
    /// Offered; waits for what it wants.
    Offered { summary: S::Summary, wanted: Vec<u64>, delta: S },
}

/// With how many symbols the differences are likely to be found: as few more as make that worth a message.
///
/// It takes about 4/3 for each difference, and how many there are is only estimated; so what is asked for falls somewhat short, and then a sixteenth is added at a time.
/// A first estimate is of a few symbols: nothing is built on it that is more than four times as large.
fn wanted(peeler: &Peeler) -> usize {
    let (taken, estimate) = (peeler.taken(), peeler.estimate());
    let short = estimate.saturating_add(estimate / 4).min(taken.saturating_mul(4));
    short.max(taken.saturating_add((taken / 16).max(4)))
}

impl<S: Reconcile> Reconciler<S> {
    /// Begins a session with the next one that may differ, if none is under way and nothing must be waited for.
    pub(super) fn go_on(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.session.is_some() || self.wake_at.is_some_and(|at| at > now) {
            return;
        }
        let count = self.peers.len();
        let others = (1..=count).map(|step| (self.last + step) % count);
        let next =
            others.filter(|index| *index != self.me.index()).find(|index| self.peers[*index].differs && !self.peers[*index].excluded);
        let Some(index) = next else {
            self.wake_at = None;
            return;
        };
        self.last = index;
        self.look(now);
        self.session = Some(Session { with: Rank::new(index), phase: Phase::Begun, attempts: 0, learned: false, offered: false });
        self.say(now, effects);
    }

    /// Says what the session has to say, for the first time or again, and sets the time to say it again.
    pub(super) fn say(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        let (Some(session), Some(snapshot)) = (&mut self.session, &self.snapshot) else { return };
        let message = match &session.phase {
            Phase::Begun if self.sketch == Sketch::Coded => ReconcileMessage::Ask { root: snapshot.root },
            Phase::Begun | Phase::Lists => {
                let hashes = snapshot.hashes().into_iter().collect();
                ReconcileMessage::Digest { root: snapshot.root, summary: snapshot.summary.clone(), hashes }
            }
            Phase::Peels { of, peeler, .. } => {
                ReconcileMessage::More { of: *of, from: peeler.taken() as u64, until: wanted(peeler) as u64 }
            }
            Phase::Offered { summary, wanted, delta } => {
                ReconcileMessage::Offer { summary: summary.clone(), wanted: wanted.clone(), delta: delta.clone() }
            }
        };
        let vain = self.peers[session.with.index()].vain;
        self.wake_at = Some(now + self.pace.after(vain.max(session.attempts)));
        session.attempts += 1;
        effects.send(To::One(session.with), message);
        if self.without == Some(SyncRule::Acknowledge) {
            self.peers[session.with.index()].differs = false;
        }
    }

    /// The session goes on with something new to say.
    pub(super) fn turn(&mut self, now: Time, phase: Phase<S>, effects: &mut impl Effects<Self>) {
        if let Some(session) = &mut self.session {
            session.phase = phase;
            session.attempts = 0;
            self.say(now, effects);
        }
    }

    /// Nothing was heard for too long: says it again, or gives up.
    pub(super) fn repeat(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        match &self.session {
            Some(session) if session.attempts < PATIENCE => self.say(now, effects),
            Some(_) => self.finish(now, false),
            None => {}
        }
    }

    /// The session is over. Only after one in which something was learned does the next begin at once: so there are no more of them than there is news, and
    /// one for each `pace.first`.
    pub(super) fn finish(&mut self, now: Time, heard: bool) {
        let Some(Session { with, learned, offered, .. }) = self.session.take() else { return };
        let peer = &mut self.peers[with.index()];
        self.wake_at = None;
        peer.vain = if learned || offered || !peer.differs { 0 } else { peer.vain.saturating_add(1) };
        // Who was not heard has been waited for.
        if heard && !learned && peer.differs {
            self.wake_at = Some(now + self.pace.after(peer.vain));
        }
    }

    pub(super) fn hear_agree(&mut self, now: Time, from: Rank, root: u64) {
        if self.session.as_ref().is_some_and(|session| session.with == from && matches!(session.phase, Phase::Begun | Phase::Lists))
            && self.snapshot.as_ref().is_some_and(|snapshot| snapshot.root == root)
        {
            // What has changed meanwhile is compared next.
            let session = self.session.as_mut().expect("there is one");
            session.offered = true;
            self.peers[from.index()].differs = self.stale;
            self.finish(now, true);
        }
    }

    pub(super) fn hear_symbols(
        &mut self,
        now: Time,
        from: Rank,
        (of, first): (u64, u64),
        symbols: &[CodedSymbol],
        said: Option<S::Summary>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        let (Some(session), Some(snapshot)) = (&mut self.session, &mut self.snapshot) else { return Ok(()) };
        if session.with != from {
            return Ok(());
        }
        let (mut peeler, summary) = match (&mut session.phase, said) {
            (Phase::Peels { of: present, summary, peeler }, _) if *present == of && peeler.taken() as u64 == first => {
                (core::mem::replace(peeler, Peeler::new(self.key)), summary.clone())
            }
            (Phase::Peels { of: present, .. }, Some(summary)) if *present != of && first == 0 => (Peeler::new(self.key), summary),
            (Phase::Begun, Some(summary)) if first == 0 => (Peeler::new(self.key), summary),
            // A copy, or of another session.
            _ => return Ok(()),
        };
        let (count, limit) = (peeler.taken().saturating_add(symbols.len()), self.held.limits().symbols);
        if count > limit {
            self.finish(now, true);
            return Err(SyncRejected::TooMany { from, count, limit });
        }
        for symbol in symbols {
            let index = peeler.taken();
            let mine = snapshot.symbols.prefix(index + 1)[index];
            match peeler.push(symbol.less(mine)) {
                Ok(true) => {
                    let (only_there, only_here): (Vec<_>, Vec<_>) = peeler.found().partition(|(_, side)| *side > 0);
                    let only_here = only_here.into_iter().map(|(hash, _)| hash).collect();
                    let wanted = only_there.into_iter().map(|(hash, _)| hash).collect();
                    let settled = self.settle(now, from, &only_here, wanted, &summary, effects);
                    if settled.is_err() {
                        self.finish(now, true);
                    }
                    return settled;
                }
                Ok(false) => {}
                Err(_) => {
                    self.finish(now, true);
                    return Err(SyncRejected::Garbled { from });
                }
            }
        }
        let phase = if peeler.taken() < limit { Phase::Peels { of, summary, peeler } } else { Phase::Lists };
        self.turn(now, phase, effects);
        Ok(())
    }

    /// Knows what differs: ends here what is dead there, offers what is missing there, and asks for what is missing here.
    pub(super) fn settle(
        &mut self,
        now: Time,
        from: Rank,
        only_here: &BTreeSet<u64>,
        mut wanted: Vec<u64>,
        theirs: &S::Summary,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        let summary = self.look(now).summary.clone();
        let ended = self.state().ended(self.key, only_here, theirs);
        let learned = self.learn(from, &ended, effects)?;
        let limits = self.held.limits();
        wanted.truncate(limits.symbols);
        let delta = self.state().missing(self.key, only_here, theirs, limits.delta_bytes);
        match &mut self.session {
            Some(session) if session.with == from && self.sketch == Sketch::Coded => {
                session.learned |= learned;
                session.offered |= delta != S::default();
                self.turn(now, Phase::Offered { summary, wanted, delta }, effects);
            }
            _ => effects.send(To::One(from), ReconcileMessage::Offer { summary, wanted, delta }),
        }
        Ok(())
    }

    pub(super) fn hear_answer(
        &mut self,
        now: Time,
        from: Rank,
        delta: &S,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        let learned = self.learn(from, delta, effects)?;
        if let Some(session) = &mut self.session
            && session.with == from
            && matches!(session.phase, Phase::Offered { .. })
        {
            session.learned |= learned;
            self.finish(now, true);
        }
        Ok(())
    }
}
