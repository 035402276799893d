use alloc::vec::Vec;
use core::fmt;

use tidings_clocks::Rank;

/// The number of a view. Later views have greater numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct ViewId(pub u64);

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// Which life of a process this is: 1 for the first, greater after every restart.
///
/// Without proof that its state is durable, a restarted process must come back with a greater incarnation: it is not its former self.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Incarnation(pub u64);

impl Incarnation {
    /// The first life.
    pub const FIRST: Self = Self(1);

    /// The life after this one; `None` after 2⁶⁴ − 1 of them.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Why a list of members is no view.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAView {
    /// A view without members agrees on nothing.
    #[error("a view has at least one member")]
    Empty,
    /// The same identity twice.
    #[error("members {first} and {second} are the same")]
    Duplicate {
        /// Position of the one.
        first: usize,
        /// Position of the other.
        second: usize,
    },
    /// More members than ranks.
    #[error("a view has at most {limit} members, not {members}", limit = u32::MAX)]
    TooMany {
        /// How many there were.
        members: usize,
    },
}

/// Who takes part: the members in rank order. Identity at the edge, rank inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View<A = u32> {
    id: ViewId,
    members: Vec<A>,
}

impl View<u32> {
    /// The first view of `processes` members that are named by their ranks.
    ///
    /// # Panics
    /// If `processes` is 0.
    #[must_use]
    pub fn of(processes: u32) -> Self {
        assert!(processes > 0, "a view has at least one member");
        Self { id: ViewId(0), members: (0..processes).collect() }
    }
}

impl<A: Ord> View<A> {
    /// A view of `members`; the rank of each is its place in the sorted list, so that every process that knows the members knows the ranks.
    ///
    /// # Errors
    /// [`NotAView`] if there is no member, one twice, or more than ranks.
    pub fn new(id: ViewId, members: Vec<A>) -> Result<Self, NotAView> {
        let mut members: Vec<(usize, A)> = members.into_iter().enumerate().collect();
        if members.is_empty() {
            return Err(NotAView::Empty);
        }
        if u32::try_from(members.len()).is_err() {
            return Err(NotAView::TooMany { members: members.len() });
        }
        members.sort_by(|(_, a), (_, b)| a.cmp(b));
        if let Some(pair) = members.windows(2).find(|pair| pair[0].1 == pair[1].1) {
            return Err(NotAView::Duplicate { first: pair[0].0, second: pair[1].0 });
        }
        Ok(Self { id, members: members.into_iter().map(|(_, member)| member).collect() })
    }

    /// The rank of `member`. O(log n).
    #[must_use]
    pub fn rank_of(&self, member: &A) -> Option<Rank> {
        self.members.binary_search(member).ok().map(Rank::new)
    }
}

impl<A> View<A> {
    /// The number of this view.
    #[must_use]
    pub const fn id(&self) -> ViewId {
        self.id
    }

    /// How many processes take part; at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a view is never empty")]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether `rank` is one of this view's.
    #[must_use]
    pub fn contains(&self, rank: Rank) -> bool {
        rank.index() < self.members.len()
    }

    /// Who has this rank.
    #[must_use]
    pub fn member(&self, rank: Rank) -> Option<&A> {
        self.members.get(rank.index())
    }

    /// All ranks, in order.
    pub fn ranks(&self) -> impl DoubleEndedIterator<Item = Rank> + ExactSizeIterator + use<A> {
        (0..self.members.len()).map(Rank::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn ranks_do_not_depend_on_the_order_of_the_list() {
        let one = View::new(ViewId(3), vec!["c", "a", "b"]).unwrap();
        let other = View::new(ViewId(3), vec!["b", "c", "a"]).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.rank_of(&"c"), Some(Rank(2)));
        assert_eq!(one.member(Rank(0)), Some(&"a"));
        assert_eq!(one.rank_of(&"d"), None);
        assert!(!one.contains(Rank(3)));
    }

    #[test]
    fn no_view_of_nobody_or_of_one_twice() {
        assert_eq!(View::<u8>::new(ViewId(0), vec![]), Err(NotAView::Empty));
        assert_eq!(View::new(ViewId(0), vec![7, 1, 7]), Err(NotAView::Duplicate { first: 0, second: 2 }));
    }
}
