use alloc::vec::Vec;

use crate::{Rank, VectorClock, VersionVector};

/// The table has as many actors as it may have.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table has {limit} actors, as many as it may have")]
pub struct TableFull {
    /// How many it may have.
    pub limit: usize,
}

/// Gives actors dense ranks, in the order in which they come, so that long-lived sets of ids become dense clocks.
///
/// The ranks are those of this table only: two processes that met the actors in different orders have different ranks for them, so what leaves the
/// process is the [sparse](ActorTable::to_sparse) form. An id takes O(log n) to look up, a new one O(n); a rank O(1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorTable<A> {
    /// By rank.
    actors: Vec<A>,
    /// The ranks, in the order of their actors.
    sorted: Vec<Rank>,
    limit: usize,
}

impl<A: Ord> ActorTable<A> {
    /// A table for at most `limit` actors, and never more than ranks.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        let ranks = u32::MAX as usize;
        Self { actors: Vec::new(), sorted: Vec::new(), limit: if limit < ranks { limit } else { ranks } }
    }

    /// The rank of `actor`, which gets the next one if it has none.
    ///
    /// # Errors
    /// [`TableFull`] if it is new and there is no room; the table is unchanged.
    pub fn intern(&mut self, actor: A) -> Result<Rank, TableFull> {
        match self.place(&actor) {
            Ok(place) => Ok(self.sorted[place]),
            Err(_) if self.actors.len() >= self.limit => Err(TableFull { limit: self.limit }),
            Err(place) => {
                let rank = Rank::new(self.actors.len());
                self.actors.push(actor);
                self.sorted.insert(place, rank);
                Ok(rank)
            }
        }
    }

    /// The dense clock for `vector`; its new actors get ranks. O((n + m) log n).
    ///
    /// # Errors
    /// [`TableFull`] if there is no room for all of them; the table is unchanged.
    pub fn to_dense(&mut self, vector: &VersionVector<A>) -> Result<VectorClock, TableFull>
    where
        A: Clone,
    {
        let known = self.actors.len();
        let new = vector.iter().filter(|(actor, _)| self.rank_of(actor).is_none()).count();
        if new > self.limit - known {
            return Err(TableFull { limit: self.limit });
        }
        let mut entries = alloc::vec![0; known + new];
        for (actor, counter) in vector.iter() {
            let rank = self.sorted[..known]
                .binary_search_by(|rank| self.actors[rank.index()].cmp(actor))
                .map_or_else(|_| Rank::new(self.actors.len()), |place| self.sorted[place]);
            if rank.index() == self.actors.len() {
                self.actors.push(actor.clone());
                self.sorted.push(rank);
            }
            entries[rank.index()] = counter;
        }
        if new > 0 {
            // Two sorted runs, which a stable sort merges in one pass.
            self.sorted.sort_by(|one, other| self.actors[one.index()].cmp(&self.actors[other.index()]));
        }
        Ok(entries.into_iter().collect())
    }

    /// The version vector for `clock`; `None` if an entry belongs to no actor of this table. O(n log n).
    #[must_use]
    pub fn to_sparse(&self, clock: &VectorClock) -> Option<VersionVector<A>>
    where
        A: Clone,
    {
        (clock.processes() <= self.actors.len()).then(|| self.actors.iter().cloned().zip(clock.entries().iter().copied()).collect())
    }

    /// The rank of `actor`, if it has one.
    #[must_use]
    pub fn rank_of(&self, actor: &A) -> Option<Rank> {
        self.place(actor).ok().map(|place| self.sorted[place])
    }

    /// Who has this rank.
    #[must_use]
    pub fn actor(&self, rank: Rank) -> Option<&A> {
        self.actors.get(rank.index())
    }

    /// How many actors have a rank.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actors.len()
    }

    /// Whether no actor has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty()
    }

    fn place(&self, actor: &A) -> Result<usize, usize> {
        self.sorted.binary_search_by(|rank| self.actors[rank.index()].cmp(actor))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    proptest! {
        #![proptest_config(laws::config(1_000))]

        #[test]
        fn ranks_are_positions_in_the_list_of_arrivals(actors in prop::collection::vec(0_u8..20, 0..40), limit in 0_usize..24) {
            let mut table = ActorTable::new(limit);
            let mut arrived: Vec<u8> = Vec::new();
            for actor in actors {
                let known = arrived.iter().position(|known| *known == actor);
                prop_assert_eq!(table.rank_of(&actor), known.map(Rank::new));
                let interned = table.intern(actor);
                if known.is_none() && arrived.len() == limit {
                    prop_assert_eq!(interned, Err(TableFull { limit }));
                } else {
                    prop_assert_eq!(interned, Ok(Rank::new(known.unwrap_or(arrived.len()))));
                    if known.is_none() {
                        arrived.push(actor);
                    }
                }
                prop_assert_eq!(table.len(), arrived.len());
            }
            prop_assert!(arrived.iter().enumerate().all(|(rank, actor)| table.actor(Rank::new(rank)) == Some(actor)));
        }

        /// Dense and sparse clocks say the same of each other, whatever the table has seen before.
        #[test]
        fn dense_and_sparse_agree(
            before in prop::collection::vec(0_u8..20, 0..10),
            one in prop::collection::vec((0_u8..20, 0_u64..3), 0..10),
            other in prop::collection::vec((0_u8..20, 0_u64..3), 0..10),
        ) {
            let mut table = ActorTable::new(20);
            for actor in before {
                table.intern(actor).unwrap();
            }
            let [one, other] = [one, other].map(|entries| entries.into_iter().collect::<VersionVector<u8>>());
            let (dense_one, dense_other) = (table.to_dense(&one).unwrap(), table.to_dense(&other).unwrap());
            prop_assert_eq!(dense_one.partial_cmp(&dense_other), one.partial_cmp(&other));
            let (mut joined, mut dense_joined) = (one.clone(), dense_one);
            prop_assert_eq!(dense_joined.join(&dense_other), joined.join(&other));
            prop_assert_eq!(table.to_sparse(&dense_joined), Some(joined));
        }
    }

    /// Many made-up ids do not grow the table past its limit, and are refused whole.
    #[test]
    fn a_vector_with_too_many_ids_changes_nothing() {
        let mut table = ActorTable::new(3);
        table.intern(7).unwrap();
        let before = table.clone();
        let flood: VersionVector<u32> = (0..1_000).map(|actor| (actor, 1)).collect();
        assert_eq!(table.to_dense(&flood), Err(TableFull { limit: 3 }));
        assert_eq!(table, before);
        assert_eq!(table.to_sparse(&VectorClock::from([0, 1])), None);
    }
}
