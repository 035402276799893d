use core::borrow::Borrow;
use core::hash::{Hash, Hasher};

use smallvec::SmallVec;
use tidings_clocks::{CausalContext, Dot, Overflow};

use crate::{Causal, DotTable, Join, Nested, TwoEvents, View};

/// A set in which an addition wins over a concurrent removal: a removal removes the additions that its actor had seen, and no others.
///
/// The optimised observed-remove set (Bieniusa and others, *An optimized conflict-free replicated set*, 2012) with deltas (Almeida, Shoker, Baquero, *Delta
/// state replicated data types*, 2018, section 7). There are no tombstones: it takes O(live elements + actors), plus a run for each
/// gap in what is known. Elements are found by their hashes, which are the same everywhere, in no more than two buckets of bounded size; those that a peer chose to crowd a bucket are found
/// by their order. An actor id belongs to one incarnation of a process: one that forgot its state and goes on under its old id names new events
/// with old dots, which others hold for dead.
///
/// ```
/// use tidings_crdt::{AddWinsSet, Join};
///
/// let (mut here, mut there) = (AddWinsSet::new(), AddWinsSet::new());
/// let milk = here.add("here", "milk")?;
/// there.join(&milk);
/// let removal = here.remove("milk");
/// let again = there.add("there", "milk")?; // concurrently
/// here.join(&again);
/// there.join(&removal);
/// assert!(here.contains("milk"));
/// assert_eq!(here, there);
/// # Ok::<(), tidings_clocks::Overflow>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: Ord + serde::Serialize, T: Ord + serde::Serialize",
        deserialize = "A: Ord + Clone + serde::Deserialize<'de>, T: Ord + Clone + Hash + serde::Deserialize<'de>"
    ))
)]
pub struct AddWinsSet<A, T>(Causal<A, DotTable<A, T>>);

impl<A, T> AddWinsSet<A, T> {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// How many elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.store().len()
    }

    /// Whether there is no element.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.store().is_empty()
    }

    /// The elements, in order. They are not kept so: it sorts them, O(n log n), of elements that were added in order O(n).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator
    where
        T: Ord,
    {
        self.0.store().elements()
    }

    /// The events that are known: the additions, live or removed.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A, T: Ord + Hash> AddWinsSet<A, T> {
    /// Whether `element` is in the set. O(1) expected, O(log n) of elements that somebody chose for their hashes.
    #[must_use]
    pub fn contains<Q: Ord + Hash + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.store().contains(element)
    }
}

impl<A: Ord + Clone, T: Ord + Clone + Hash> AddWinsSet<A, T> {
    /// Adds in the name of `actor` and returns the delta: the element under a new dot, which takes the place of its older ones. O(log a) expected, O(log n) of elements that somebody chose
    /// for their hashes.
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the set is unchanged.
    pub fn add(&mut self, actor: A, element: T) -> Result<Self, Overflow> {
        let (store, context) = self.0.parts_mut();
        let dot = context.increment(actor)?;
        let replaced = store.replace(dot.clone(), element.clone());
        let mut named = CausalContext::new();
        named.insert(dot.clone());
        if !replaced.is_empty() {
            named.extend(replaced);
        }
        Ok(Self(Causal::from_parts(DotTable::of(element, dot), named)))
    }

    /// Removes the element as it is seen here and returns the delta: the dots of its additions. The delta is empty if it is not there. O(log n).
    pub fn remove<Q: Ord + Hash + ?Sized>(&mut self, element: &Q) -> Self
    where
        T: Borrow<Q>,
    {
        let (store, _) = self.0.parts_mut();
        Self(Causal::delta(DotTable::new(), store.remove(element)))
    }

    /// Removes all elements seen here and returns the delta: the dots of their additions. O(n).
    pub fn clear(&mut self) -> Self {
        let delta = self.view().clear();
        *self.0.parts_mut().0 = DotTable::new();
        delta
    }

    /// As [`Join::join`], but tells of two different elements under one dot. O(n + m).
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the set is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        self.0.join_checked(&other.0)
    }
}

impl<'v, A: Ord + Clone, T: Ord + Clone + Hash> View<'v, A, AddWinsSet<A, T>> {
    /// The delta of [`AddWinsSet::add`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn add(&self, actor: A, element: T) -> Result<AddWinsSet<A, T>, Overflow> {
        let dot = self.context().next(actor)?;
        let replaced: SmallVec<[Dot<A>; 1]> = self.store().dots(&element).cloned().collect();
        Ok(self.delta(DotTable::of(element, dot), replaced))
    }

    /// The delta of [`AddWinsSet::remove`].
    #[must_use]
    pub fn remove<Q: Ord + Hash + ?Sized>(&self, element: &Q) -> AddWinsSet<A, T>
    where
        T: Borrow<Q>,
    {
        self.delta(DotTable::new(), self.store().dots(element).cloned())
    }

    /// Whether `element` is in the set, as [`AddWinsSet::contains`].
    #[must_use]
    pub fn contains<Q: Ord + Hash + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.store().contains(element)
    }

    /// The elements, in order, as [`AddWinsSet::iter`]; there is at least one where a map has such a set.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'v T> + ExactSizeIterator {
        self.store().elements()
    }
}

impl<A: Ord + Clone, T: Ord + Clone + Hash> Nested<A> for AddWinsSet<A, T> {
    type Store = DotTable<A, T>;

    fn from_causal(causal: Causal<A, Self::Store>) -> Self {
        Self(causal)
    }

    fn causal(&self) -> &Causal<A, Self::Store> {
        &self.0
    }

    fn into_causal(self) -> Causal<A, Self::Store> {
        self.0
    }
}

impl<A: Ord + Hash, T: Ord + Hash> Hash for AddWinsSet<A, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<A, T> Default for AddWinsSet<A, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, T: Ord + Clone + Hash> Join for AddWinsSet<A, T> {
    /// An addition stays if it is on both sides, or on one and not known to the other. O(r log n + d) for r runs of dots that the other side knows and d of these that either one
    /// holds: what it costs to join a small delta hardly depends on the size of the set.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// A replica that is behind removes what it has seen; the addition that it has not seen stays.
    #[test]
    fn a_removal_removes_only_what_it_has_seen() {
        let (mut here, mut there) = (AddWinsSet::new(), AddWinsSet::new());
        let first = here.add('h', "x").unwrap();
        there.join(&first);
        let second = here.add('h', "x").unwrap();
        let removal = there.remove("x");
        here.join(&removal);
        assert!(here.contains("x"));
        there.join(&second);
        assert_eq!(here, there);
        assert_eq!((here.len(), here.iter().collect::<Vec<_>>()), (1, Vec::from([&"x"])));
    }

    /// The removal may come before the addition that it removes.
    #[test]
    fn a_removal_that_is_ahead_of_the_addition_still_removes_it() {
        let (mut here, mut there) = (AddWinsSet::new(), AddWinsSet::new());
        let addition = here.add('h', "x").unwrap();
        let removal = here.remove("x");
        assert!(there.join(&removal));
        assert!(!there.join(&addition));
        assert!(there.is_empty());
        assert_eq!(here, there);
    }

    /// What is gone leaves nothing but its place in the context.
    #[test]
    fn no_tombstones() {
        let mut set = AddWinsSet::new();
        for element in 0..100 {
            set.add('h', element).unwrap();
            set.add('h', element).unwrap();
        }
        let removed = set.clear();
        assert_eq!((set.len(), set.0.store().iter().count()), (0, 0));
        assert_eq!((set.context().vector().entry(&'h'), set.context().exceptions().len()), (200, 0));
        // The first of each pair was removed by the second, which says so in a delta of its own.
        assert_eq!(removed.context().exceptions().len(), 100);
        assert_eq!(set.remove(&7), AddWinsSet::new());
    }

    #[test]
    fn overflow_leaves_the_set_unchanged() {
        let mut set = AddWinsSet::new();
        set.add('a', "x").unwrap();
        set.join(&AddWinsSet(Causal::delta(DotTable::new(), [Dot { actor: 'a', counter: u64::MAX }])));
        let before = set.clone();
        assert_eq!(set.add('a', "x"), Err(Overflow));
        assert_eq!(set, before);
        assert!(set.add('b', "x").is_ok());
    }

    #[test]
    fn a_cloned_actor_is_told() {
        let (mut one, mut two) = (AddWinsSet::new(), AddWinsSet::new());
        one.add('a', "one").unwrap();
        two.add('a', "two").unwrap();
        let before = one.clone();
        assert_eq!(one.join_checked(&two), Err(TwoEvents { dot: Dot { actor: 'a', counter: 1 } }));
        assert_eq!(one, before);
        assert_eq!(one.joined(&two), two.joined(&before));
    }
}
