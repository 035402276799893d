//! What this replica answers to sessions that others began. It remembers nothing of them but its snapshot.

use super::*;

/// How many symbols the first answer has.
const FIRST: u64 = 8;
/// The most symbols of one message.
const MOST: usize = 1_024;

impl<S: Reconcile> Reconciler<S> {
    pub(super) fn hear_ask(
        &mut self,
        now: Time,
        from: Rank,
        root: u64,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        if self.look(now).root == root {
            self.peers[from.index()].differs &= self.stale;
            effects.send(To::One(from), ReconcileMessage::Agree { root });
            return Ok(());
        }
        let of = self.look(now).root;
        self.hear_more(now, from, of, (0, FIRST), effects)
    }

    pub(super) fn hear_more(
        &mut self,
        now: Time,
        from: Rank,
        of: u64,
        (first, until): (u64, u64),
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        let wait = self.pace.first.saturating_mul(4);
        let known = usize::try_from(first).unwrap_or(usize::MAX);
        let limit = self.held.limits().symbols;
        Self::check_count(from, known.saturating_add(1), limit)?;
        let snapshot = self.look(now);
        // Of a state that is gone nothing can be told: the session begins again with this one.
        let (known, until) = if snapshot.root == of { (known, until) } else { (0, FIRST) };
        let asked = usize::try_from(until).unwrap_or(usize::MAX).saturating_sub(known);
        let end = known.saturating_add(asked.clamp(1, MOST)).min(limit);
        let symbols = snapshot.symbols.prefix(end)[known..end].to_vec();
        let summary = (known == 0).then(|| snapshot.summary.clone());
        snapshot.lookers.insert(from);
        snapshot.until = (now + wait).min(snapshot.until_at_most);
        let of = snapshot.root;
        effects.send(To::One(from), ReconcileMessage::Symbols { of, from: known as u64, symbols, summary });
        Ok(())
    }

    pub(super) fn hear_digest(
        &mut self,
        now: Time,
        from: Rank,
        root: u64,
        summary: &S::Summary,
        hashes: &[u64],
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        // A part has at least one byte.
        Self::check_count(from, hashes.len(), self.held.limits().state_bytes)?;
        if self.look(now).root == root {
            self.peers[from.index()].differs &= self.stale;
            effects.send(To::One(from), ReconcileMessage::Agree { root });
            return Ok(());
        }
        let (mine, theirs) = (self.look(now).hashes(), hashes.iter().copied().collect::<BTreeSet<u64>>());
        let only_here = mine.difference(&theirs).copied().collect();
        self.settle(now, from, &only_here, theirs.difference(&mine).copied().collect(), summary, effects)
    }

    pub(super) fn hear_offer(
        &mut self,
        now: Time,
        from: Rank,
        theirs: &S::Summary,
        wanted: &[u64],
        delta: &S,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), SyncRejected<S::Unfit>> {
        Self::check_count(from, wanted.len(), self.held.limits().symbols)?;
        let only_here = wanted.iter().copied().collect();
        // Both at once, or nothing.
        let ended = self.state().ended(self.key, &only_here, theirs);
        let learned = self.learn(from, &ended.joined(delta), effects)?;
        let delta = self.state().missing(self.key, &only_here, theirs, self.held.limits().delta_bytes);
        let offered = delta != S::default();
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.release(from);
        }
        effects.send(To::One(from), ReconcileMessage::Answer { delta });
        // To whom the digest was sent, this is the answer.
        if let Some(session) = &mut self.session
            && session.with == from
            && (self.sketch == Sketch::Listed || matches!(session.phase, Phase::Lists))
        {
            session.learned |= learned;
            session.offered |= offered;
            self.finish(now, true);
        }
        Ok(())
    }
}
