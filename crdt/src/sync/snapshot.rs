use alloc::collections::BTreeSet;

use tidings_clocks::{Rank, Time};

use super::{Key, Reconcile, Symbols};

/// A state as it is shown to others: it stays as it was while they look, though the state goes on.
#[derive(Clone, Debug)]
pub(super) struct Snapshot<M> {
    /// The hash of it all: what it is named by, so that symbols of different states never mix.
    pub(super) root: u64,
    pub(super) summary: M,
    pub(super) symbols: Symbols,
    /// Until when it stays, and until when it may be made to stay.
    pub(super) until: Time,
    pub(super) until_at_most: Time,
    /// Who looks at it now.
    pub(super) lookers: BTreeSet<Rank>,
}

impl<M: core::hash::Hash> Snapshot<M> {
    /// O(n).
    pub(super) fn of<S: Reconcile<Summary = M>>(state: &S, key: Key, until_at_most: Time) -> Self {
        let (mut sum, mut hashes) = (0_u64, alloc::vec::Vec::new());
        state.each_part(key, &mut |hash| {
            sum = sum.wrapping_add(key.check(hash));
            hashes.push(hash);
        });
        let summary = state.summary();
        let root = key.hash(&(sum, hashes.len(), &summary));
        Self { root, summary, symbols: Symbols::of(key, hashes), until: Time::ZERO, until_at_most, lookers: BTreeSet::new() }
    }

    /// One has seen enough; after the last one it need not stay.
    pub(super) fn release(&mut self, looker: Rank) {
        if self.lookers.remove(&looker) && self.lookers.is_empty() {
            self.until = Time::ZERO;
        }
    }

    /// The hashes of all parts, in order.
    pub(super) fn hashes(&self) -> BTreeSet<u64> {
        self.symbols.hashes().collect()
    }
}
