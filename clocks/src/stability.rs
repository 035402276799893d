use alloc::vec::Vec;

use crate::{Dot, Rank, VectorClock, kernels};

/// Why a stamp or a rank does not fit a view of so many members. Nothing changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("process {rank} is not one of {members} members")]
pub struct NotAMember {
    /// Who it would be.
    pub rank: Rank,
    /// How many there are; their ranks are less.
    pub members: usize,
}

/// What every member is known to know: the events that are stable, below which nothing concurrent can still come.
///
/// For each member the latest vector clock heard of it, and the pointwise minimum of them, kept up to date: an entry of the minimum is searched for again only when the last
/// member that held it back has moved on. An event is stable once every live member is known to have it; then it happened before all that is
/// still to come, so what was kept for its sake can be pruned. Pruning what is not below [`stable`](Stability::stable) loses data. (Wuu, Bernstein, *Efficient Solutions to
/// the Replicated Log and Dictionary Problems*, 1984; Baquero, Almeida, Shoker, *Making Operation-based CRDTs Operation-based*, 2014, section 5.)
///
/// n² counters, n = members. Learning a clock takes O(n), and O(n) more for each entry of the minimum that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stability {
    /// How many members.
    members: usize,
    /// Row by row: what the member of that rank is known to know.
    rows: Vec<u64>,
    /// Who is waited for.
    live: Vec<bool>,
    /// The least of each column, over the live rows.
    minimum: Vec<u64>,
    /// How many live rows hold each column's least.
    holders: Vec<u32>,
}

impl Stability {
    /// Nobody of `members` is known to know anything.
    ///
    /// # Panics
    /// If there are 2³² members or more; a view never has so many.
    #[must_use]
    pub fn new(members: usize) -> Self {
        let holders = u32::try_from(members).expect("a view has fewer than 2^32 members");
        Self {
            members,
            rows: alloc::vec![0; members * members],
            live: alloc::vec![true; members],
            minimum: alloc::vec![0; members],
            holders: alloc::vec![holders; members],
        }
    }

    /// Learns that `rank` knows what `clock` says. Clocks may come in any order. Says whether more is stable now.
    ///
    /// # Errors
    /// [`NotAMember`] if `rank` is none, or `clock` counts events of somebody who is none.
    pub fn learn(&mut self, rank: Rank, clock: &VectorClock) -> Result<bool, NotAMember> {
        self.check(rank)?;
        if let Some(last) = clock.processes().checked_sub(1) {
            self.check(Rank::new(last))?;
        }
        Ok(self.learn_row(rank, clock.entries()))
    }

    /// Stops waiting for `rank`, which has crashed or left: what it has not heard of no longer holds anything back. Final. Says whether more is stable now.
    ///
    /// The last live member cannot be excluded: then nothing changes.
    ///
    /// # Errors
    /// [`NotAMember`] if it is none.
    pub fn exclude(&mut self, rank: Rank) -> Result<bool, NotAMember> {
        self.check(rank)?;
        if !self.live[rank.index()] || self.live.iter().filter(|live| **live).count() == 1 {
            return Ok(false);
        }
        self.live[rank.index()] = false;
        let mut moved = false;
        for column in 0..self.members {
            if self.row(rank)[column] == self.minimum[column] {
                moved |= self.release(column);
            }
        }
        Ok(moved)
    }

    /// The events that every live member is known to know: "stable up to".
    #[must_use]
    pub fn stable(&self) -> VectorClock {
        VectorClock::from(&*self.minimum)
    }

    /// Whether every live member is known to know the event. O(1).
    #[must_use]
    pub fn is_stable(&self, dot: &Dot) -> bool {
        dot.counter <= self.minimum.get(dot.actor.index()).copied().unwrap_or(0)
    }

    /// What `rank` is known to know, by rank; empty if it is no member.
    #[must_use]
    pub fn row(&self, rank: Rank) -> &[u64] {
        let start = rank.index().saturating_mul(self.members);
        self.rows.get(start..start.saturating_add(self.members)).unwrap_or(&[])
    }

    /// Whether `rank` is waited for.
    #[must_use]
    pub fn is_live(&self, rank: Rank) -> bool {
        self.live.get(rank.index()).copied().unwrap_or(false)
    }

    /// How many members there are, the excluded ones too.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.members
    }

    /// Learns a row of at most as many entries as there are members.
    pub(crate) fn learn_row(&mut self, rank: Rank, entries: &[u64]) -> bool {
        let start = rank.index() * self.members;
        if !self.live[rank.index()] {
            kernels::merge(&mut self.rows[start..start + entries.len()], entries);
            return false;
        }
        let mut moved = false;
        for (column, &entry) in entries.iter().enumerate() {
            let known = &mut self.rows[start + column];
            if entry > *known {
                let held = *known == self.minimum[column];
                *known = entry;
                if held {
                    moved |= self.release(column);
                }
            }
        }
        moved
    }

    pub(crate) fn check(&self, rank: Rank) -> Result<(), NotAMember> {
        if rank.index() < self.members { Ok(()) } else { Err(NotAMember { rank, members: self.members }) }
    }

    /// One of those who held the minimum of `column` does so no longer. Says whether it moved.
    fn release(&mut self, column: usize) -> bool {
        self.holders[column] -= 1;
        if self.holders[column] > 0 {
            return false;
        }
        let live = self.rows.iter().skip(column).step_by(self.members).zip(&self.live).filter(|(_, live)| **live);
        let (mut least, mut holders) = (u64::MAX, 0);
        for (&entry, _) in live {
            if entry < least {
                (least, holders) = (entry, 0);
            }
            holders += u32::from(entry == least);
        }
        (self.minimum[column], self.holders[column]) = (least, holders);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    const MEMBERS: usize = 4;

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// The naive twin: keep all that was heard, and take the minimum anew each time.
        #[test]
        fn is_the_minimum_of_what_the_live_members_know(
            steps in prop::collection::vec((0..MEMBERS, prop::option::weighted(0.9, prop::collection::vec(prop_oneof![0_u64..5, Just(u64::MAX)], 0..=MEMBERS))), 0..40),
        ) {
            let mut stability = Stability::new(MEMBERS);
            let (mut rows, mut live) = ([[0; MEMBERS]; MEMBERS], [true; MEMBERS]);
            for (rank, entries) in steps {
                let before = stability.stable();
                let moved = match entries {
                    Some(entries) => {
                        for (known, entry) in rows[rank].iter_mut().zip(&entries) {
                            *known = (*known).max(*entry);
                        }
                        stability.learn(Rank::new(rank), &entries.into_iter().collect())
                    }
                    None => {
                        live[rank] &= live.iter().filter(|live| **live).count() == 1;
                        stability.exclude(Rank::new(rank))
                    }
                };
                let minimum: VectorClock = (0..MEMBERS)
                    .map(|column| (0..MEMBERS).filter(|&row| live[row]).map(|row| rows[row][column]).min().unwrap())
                    .collect();
                prop_assert_eq!(&stability.stable(), &minimum);
                prop_assert_eq!(moved, Ok(before != minimum));
                prop_assert!(before <= minimum);
                for rank in (0..MEMBERS).map(Rank::new) {
                    prop_assert_eq!(stability.row(rank), &rows[rank.index()][..]);
                    prop_assert_eq!(stability.is_live(rank), live[rank.index()]);
                    let stable = minimum.entry(rank);
                    prop_assert!(stability.is_stable(&Dot::new(rank, stable)));
                    prop_assert!(stable == u64::MAX || !stability.is_stable(&Dot::new(rank, stable + 1)));
                }
            }
        }
    }

    /// A clock that counts events of strangers grows nothing and changes nothing.
    #[test]
    fn strangers_are_refused() {
        let mut stability = Stability::new(2);
        let before = stability.clone();
        assert_eq!(stability.learn(Rank(2), &VectorClock::new()), Err(NotAMember { rank: Rank(2), members: 2 }));
        assert_eq!(stability.learn(Rank(0), &VectorClock::from([1, 1, 1])), Err(NotAMember { rank: Rank(2), members: 2 }));
        assert_eq!(stability.exclude(Rank(9)), Err(NotAMember { rank: Rank(9), members: 2 }));
        assert_eq!(stability, before);
        assert!(stability.row(Rank(u32::MAX)).is_empty());
        assert!(!stability.is_stable(&Dot::new(Rank(7), 1)));
    }
}
