use core::borrow::Borrow;

use tidings_clocks::{CausalContext, Overflow};

use crate::disable_wins_flag::{Puts, is_on};
use crate::{Causal, DotMap, DotSet, Join, Nested, TwoEvents, View};

/// A set in which a removal wins over a concurrent addition: an element is there while an addition of it is alive and no removal is.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. Additions and removals both make a dot, in place of all dots of
/// their element that their actor had seen; so what takes room is every element whose last change is alive, also if that is a removal: O(elements ever
/// touched + actors). An actor id belongs to one incarnation of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: serde::Serialize, T: serde::Serialize",
        deserialize = "A: Ord + Clone + serde::Deserialize<'de>, T: Ord + Clone + serde::Deserialize<'de>"
    ))
)]
pub struct RemoveWinsSet<A, T>(Causal<A, DotMap<A, T, Puts<A>>>);

impl<A, T> RemoveWinsSet<A, T> {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// The elements, in order. O(elements ever touched).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.store().iter().filter(|(_, changes)| is_on(changes)).map(|(element, _)| element)
    }

    /// The events that are known: the additions and removals.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A, T: Ord> RemoveWinsSet<A, T> {
    /// Whether `element` is in the set. O(log n).
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.store().entry(element).is_some_and(is_on)
    }
}

impl<A: Ord + Clone, T: Ord + Clone> RemoveWinsSet<A, T> {
    /// Adds in the name of `actor` and returns the delta: a new dot, which takes the place of those of the element seen here. O(log n).
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the set is unchanged.
    pub fn add(&mut self, actor: A, element: T) -> Result<Self, Overflow> {
        let delta = self.view().add(actor, element)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Removes in the name of `actor`, also from those who have added it without this one's knowing, and returns the delta. O(log n).
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the set is unchanged.
    pub fn remove(&mut self, actor: A, element: T) -> Result<Self, Overflow> {
        let delta = self.view().remove(actor, element)?;
        self.join(&delta);
        Ok(delta)
    }

    /// As [`Join::join`], but tells of two different changes under one dot. O(n + m).
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the set is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        self.0.join_checked(&other.0)
    }
}

impl<'v, A: Ord + Clone, T: Ord + Clone> View<'v, A, RemoveWinsSet<A, T>> {
    /// The delta of [`RemoveWinsSet::add`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn add(&self, actor: A, element: T) -> Result<RemoveWinsSet<A, T>, Overflow> {
        self.put(actor, element, true)
    }

    /// The delta of [`RemoveWinsSet::remove`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn remove(&self, actor: A, element: T) -> Result<RemoveWinsSet<A, T>, Overflow> {
        self.put(actor, element, false)
    }

    /// Whether `element` is in the set. O(log n).
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.store().entry(element).is_some_and(is_on)
    }

    /// The elements, in order. O(elements ever touched).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'v T> {
        self.store().iter().filter(|(_, changes)| is_on(changes)).map(|(element, _)| element)
    }

    fn put(&self, actor: A, element: T, there: bool) -> Result<RemoveWinsSet<A, T>, Overflow> {
        let dot = self.context().next(actor)?;
        let ended = self.store().entry(&element).into_iter().flat_map(DotMap::dots).cloned();
        Ok(self.delta(DotMap::of(element, DotMap::of(there, DotSet::of(dot))), ended))
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Nested<A> for RemoveWinsSet<A, T> {
    type Store = DotMap<A, T, Puts<A>>;

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

impl<A, T> Default for RemoveWinsSet<A, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Join for RemoveWinsSet<A, T> {
    /// A change stays if it is on both sides, or on one and not known to the other. O(d log n), as [`AddWinsSet`](crate::AddWinsSet).
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}
