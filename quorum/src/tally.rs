use tidings_clocks::Rank;

use crate::Majority;
use crate::rank_set::RankSet;

/// What a member says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Vote {
    /// For it.
    Yes,
    /// Against it.
    No,
}

/// How a ballot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use]
pub enum Outcome {
    /// It can still be won, and still be lost.
    Pending,
    /// A majority of all members said yes. It stays so.
    Won,
    /// So many said no that a majority of yes is out of reach. It stays so.
    Lost,
}

/// Why a vote does not count. The tally is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCounted {
    /// Who voted is not a member.
    #[error("process {rank} voted and is not one of the {members} members")]
    NotAMember {
        /// Who voted.
        rank: Rank,
        /// How many members there are.
        members: usize,
    },
    /// Who voted had voted otherwise before; the first vote stands. A correct process never does this within one ballot.
    #[error("process {rank} voted {first:?} before and now otherwise")]
    Changed {
        /// Who voted.
        rank: Rank,
        /// What it said first.
        first: Vote,
    },
}

/// Counts the votes of one ballot until a majority of all members is for it, or cannot be any more.
///
/// The same vote again changes nothing; another vote of the same member does not count, and is an error. Members are configured: one that crashes stays
/// a member that has not voted.
///
/// ```
/// use tidings_clocks::Rank;
/// use tidings_quorum::{Majority, NotCounted, Outcome, Tally, Vote};
///
/// let mut tally = Tally::new(Majority::of(3));
/// assert_eq!(tally.vote(Rank(0), Vote::Yes), Ok(Outcome::Pending));
/// assert_eq!(tally.vote(Rank(0), Vote::Yes), Ok(Outcome::Pending));
/// assert_eq!(tally.vote(Rank(0), Vote::No), Err(NotCounted::Changed { rank: Rank(0), first: Vote::Yes }));
/// assert_eq!(tally.vote(Rank(2), Vote::Yes), Ok(Outcome::Won));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    system: Majority,
    yes: RankSet,
    no: RankSet,
}

impl Tally {
    /// A ballot in which nobody has voted. Up to 64 members need no heap.
    #[must_use]
    pub fn new(system: Majority) -> Self {
        Self { system, yes: RankSet::new(system.members), no: RankSet::new(system.members) }
    }

    /// Counts the vote of `rank`, and says how the ballot stands after it. O(1).
    ///
    /// # Errors
    /// [`NotCounted`] if `rank` is not a member, or voted otherwise before; the tally is unchanged.
    pub fn vote(&mut self, rank: Rank, vote: Vote) -> Result<Outcome, NotCounted> {
        if !self.system.contains(rank) {
            return Err(NotCounted::NotAMember { rank, members: self.system.members });
        }
        if let Some(first) = self.vote_of(rank).filter(|first| *first != vote) {
            return Err(NotCounted::Changed { rank, first });
        }
        match vote {
            Vote::Yes => self.yes.insert(rank),
            Vote::No => self.no.insert(rank),
        };
        Ok(self.outcome())
    }

    /// Forgets all votes, for the next ballot among the same members.
    pub fn clear(&mut self) {
        self.yes.clear();
        self.no.clear();
    }

    /// How the ballot stands. O(1).
    pub const fn outcome(&self) -> Outcome {
        if self.system.is_quorum(self.yes.len()) {
            Outcome::Won
        } else if self.system.is_quorum(self.system.members.saturating_sub(self.no.len())) {
            Outcome::Pending
        } else {
            Outcome::Lost
        }
    }

    /// What `rank` said, if it has voted.
    #[must_use]
    pub fn vote_of(&self, rank: Rank) -> Option<Vote> {
        if self.yes.contains(rank) {
            Some(Vote::Yes)
        } else if self.no.contains(rank) {
            Some(Vote::No)
        } else {
            None
        }
    }

    /// How many said this.
    #[must_use]
    pub const fn count(&self, vote: Vote) -> usize {
        match vote {
            Vote::Yes => self.yes.len(),
            Vote::No => self.no.len(),
        }
    }

    /// Of whom the majority is.
    #[must_use]
    pub const fn system(&self) -> Majority {
        self.system
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// First votes in a map, counted anew each time.
    fn naive(members: usize, votes: &[(u32, bool)]) -> Outcome {
        let mut first = BTreeMap::new();
        for (rank, yes) in votes {
            if (*rank as usize) < members {
                first.entry(*rank).or_insert(*yes);
            }
        }
        let yes = first.values().filter(|yes| **yes).count();
        let undecided = members - first.len();
        match (yes * 2 > members, (yes + undecided) * 2 > members) {
            (true, _) => Outcome::Won,
            (false, true) => Outcome::Pending,
            (false, false) => Outcome::Lost,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_counting_anew(members in 1..140_usize, votes in prop::collection::vec((0..150_u32, any::<bool>()), 0..300)) {
            let mut tally = Tally::new(Majority::of(members));
            let mut so_far = Vec::new();
            for (rank, yes) in votes {
                so_far.push((rank, yes));
                let vote = if yes { Vote::Yes } else { Vote::No };
                let before = tally.clone();
                match tally.vote(Rank(rank), vote) {
                    Ok(outcome) => prop_assert_eq!(outcome, naive(members, &so_far)),
                    Err(NotCounted::NotAMember { .. }) => {
                        prop_assert!(rank as usize >= members);
                        prop_assert_eq!(&tally, &before);
                    }
                    Err(NotCounted::Changed { first, .. }) => {
                        prop_assert_ne!(first, vote);
                        prop_assert_eq!(&tally, &before);
                    }
                }
                prop_assert_eq!(tally.outcome(), naive(members, &so_far));
            }
        }
    }

    /// An even split of an even number is lost for both sides.
    #[test]
    fn half_is_not_enough() {
        let mut tally = Tally::new(Majority::of(4));
        for rank in 0..2 {
            assert_eq!(tally.vote(Rank(rank), Vote::Yes), Ok(Outcome::Pending));
        }
        assert_eq!(tally.vote(Rank(2), Vote::No), Ok(Outcome::Pending));
        assert_eq!(tally.vote(Rank(3), Vote::No), Ok(Outcome::Lost));
        tally.clear();
        assert_eq!(tally, Tally::new(Majority::of(4)));
    }
}
