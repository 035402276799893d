use core::fmt;

use tidings_clocks::Rank;

/// How many of `members` are more than half of them: ⌊members / 2⌋ + 1.
///
/// Of one member it is 1, and of none it is 1 too: nothing is decided by nobody.
#[must_use]
pub const fn majority(members: usize) -> usize {
    members / 2 + 1
}

/// The majority quorum system: any two of its quorums have a member in common (Thomas, *A Majority Consensus Approach to Concurrency Control for Multiple
/// Copy Databases*, 1979; Gifford, *Weighted Voting for Replicated Data*, 1979, with equal weights).
///
/// ```
/// use tidings_quorum::Majority;
///
/// let five = Majority::of(5);
/// assert!(five.is_quorum(3) && !five.is_quorum(2));
/// assert_eq!(five.tolerates(), 2);
/// // A fourth member makes three stronger by no crash.
/// assert_eq!(Majority::of(4).tolerates(), Majority::of(3).tolerates());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Majority {
    /// How many members are configured. It does not change when some of them crash.
    pub members: usize,
}

impl Majority {
    /// The majorities of this many members.
    #[must_use]
    pub const fn of(members: usize) -> Self {
        Self { members }
    }

    /// The size of the smallest quorum.
    #[must_use]
    pub const fn needed(self) -> usize {
        majority(self.members)
    }

    /// Whether this many members are a quorum.
    #[must_use]
    pub const fn is_quorum(self, count: usize) -> bool {
        count >= self.needed()
    }

    /// How many members may crash so that a quorum is left: ⌈members / 2⌉ − 1.
    #[must_use]
    pub const fn tolerates(self) -> usize {
        self.members.saturating_sub(self.needed())
    }

    /// Whether `rank` is one of the members.
    #[must_use]
    pub const fn contains(self, rank: Rank) -> bool {
        rank.index() < self.members
    }
}

impl fmt::Display for Majority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.needed(), self.members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked over all pairs of subsets, up to 8 members.
    #[test]
    fn any_two_quorums_intersect_and_no_smaller_system_does() {
        for members in 1..=8_usize {
            let system = Majority::of(members);
            let quorums: Vec<u32> = (0..1_u32 << members).filter(|set| system.is_quorum(set.count_ones() as usize)).collect();
            assert!(quorums.iter().all(|one| quorums.iter().all(|other| one & other != 0)));
            let fewer: Vec<u32> = (0..1_u32 << members).filter(|set| set.count_ones() as usize >= system.needed() - 1).collect();
            assert!(fewer.iter().any(|one| fewer.iter().any(|other| one & other == 0)), "{system} is more than needed");
        }
    }

    #[test]
    fn what_is_left_after_the_tolerated_crashes_is_a_quorum() {
        for members in 1..=100 {
            let system = Majority::of(members);
            assert!(system.is_quorum(members - system.tolerates()));
            assert!(!system.is_quorum(members - system.tolerates() - 1));
        }
        assert_eq!(Majority::of(0).tolerates(), 0);
        assert!(!Majority::of(0).is_quorum(0));
    }
}
