use smallvec::SmallVec;
use tidings_clocks::Rank;

/// Some of the processes of a view, as bits by rank. Up to 64 processes are one word, without a heap allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RankSet {
    words: SmallVec<[u64; 1]>,
    len: usize,
}

const BITS: usize = u64::BITS as usize;

impl RankSet {
    /// The empty set in a view of `processes`.
    pub(crate) fn new(processes: usize) -> Self {
        Self { words: SmallVec::from_elem(0, processes.div_ceil(BITS)), len: 0 }
    }

    /// Puts `rank` in; whether it is new. A rank outside of the view's words is not taken.
    pub(crate) fn insert(&mut self, rank: Rank) -> bool {
        let bit = 1 << (rank.index() % BITS);
        let Some(word) = self.words.get_mut(rank.index() / BITS) else { return false };
        let new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(new);
        new
    }

    pub(crate) fn contains(&self, rank: Rank) -> bool {
        self.words.get(rank.index() / BITS).is_some_and(|word| word >> (rank.index() % BITS) & 1 == 1)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        /// As a sorted set does.
        #[test]
        fn holds_what_was_put_in(ranks in prop::collection::vec(0..200_u32, 0..100)) {
            let (mut set, mut naive) = (RankSet::new(200), BTreeSet::new());
            for rank in ranks {
                prop_assert_eq!(set.insert(Rank(rank)), naive.insert(rank));
                prop_assert_eq!(set.len(), naive.len());
            }
            prop_assert!((0..400).all(|rank| set.contains(Rank(rank)) == naive.contains(&rank)));
            set.clear();
            prop_assert_eq!(set, RankSet::new(200));
        }
    }
}
