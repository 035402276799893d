use alloc::vec::Vec;
use core::ops::Range;

use tidings_clocks::{CausalContext, Dot, Overflow};

use crate::{Causal, Decompose, DotRuns, Join, Nested, OutOfRange, TwoEvents, View};

/// A sequence of any values: what several actors insert at one place stands side by side, and what anybody removes is gone.
///
/// The order is FugueMax (Weidner, Kleppmann, *The Art of the Fugue*, 2023), kept in [`Position`](crate::Position)s that need nothing else to be there. So this is a type made of
/// dots as a set is: its deltas may come in any order, it can stand under a key of a map and be reset, and what is removed leaves no tombstone. Values that
/// one actor inserts one after the other share one position. [`Text`](crate::Text) is faster for long texts, needs its deltas in causal order, and
/// cannot be reset. An actor id belongs to one incarnation of a process.
///
/// ```
/// use tidings_crdt::{Join, Sequence};
///
/// let mut ann = Sequence::new();
/// let start = ann.insert("ann", 0, ["wash", "dry"])?;
/// let mut bob = Sequence::new();
/// bob.join(&start);
///
/// let rinse = ann.insert("ann", 1, ["rinse"])?;
/// let fold = bob.insert("bob", 2, ["fold", "store"])?;
/// bob.remove(0..1)?;
/// bob.join(&rinse);
/// assert_eq!(bob.iter().copied().collect::<Vec<_>>(), ["rinse", "dry", "fold", "store"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: Ord + Clone + serde::Serialize, T: serde::Serialize",
        deserialize = "A: Ord + Clone + serde::Deserialize<'de>, T: Ord + Clone + serde::Deserialize<'de>"
    ))
)]
pub struct Sequence<A, T>(Causal<A, DotRuns<A, T>>);

impl<A, T> Sequence<A, T> {
    /// The empty sequence.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// How many values there are. O(1).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.store().len()
    }

    /// Whether there is no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.store().is_empty()
    }

    /// The values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.store().iter()
    }

    /// The events that are known: the insertions, alive or removed.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Sequence<A, T> {
    /// Inserts values before the one at `index`, or at the end, in the name of `actor`, and returns the delta. O(r + m) for r runs and m values.
    ///
    /// # Errors
    /// [`SequenceError`] if there is no such place, or `actor` has not so many dots left; the sequence is unchanged.
    pub fn insert(&mut self, actor: A, index: usize, values: impl IntoIterator<Item = T>) -> Result<Self, SequenceError> {
        let delta = self.view().insert(actor, index, values)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Removes the values in `range` and returns the delta: their dots. O(r + m) for r runs and m values.
    ///
    /// # Errors
    /// [`OutOfRange`] if the range ends beyond the sequence or before it begins; the sequence is unchanged.
    pub fn remove(&mut self, range: Range<usize>) -> Result<Self, OutOfRange> {
        let delta = self.view().remove(range)?;
        self.join(&delta);
        Ok(delta)
    }

    /// As [`Join::join`], but tells of two different events under one dot.
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the sequence is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        self.0.join_checked(&other.0)
    }

    /// The value at `index`, and its dot, which stays its name wherever it moves to. O(r).
    #[must_use]
    pub fn value(&self, index: usize) -> Option<(Dot<A>, &T)> {
        self.0.store().value(index)
    }
}

/// Why values were not inserted. The sequence is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// There is no such place.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The actor has no dot left.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl<'v, A: Ord + Clone, T: Ord + Clone> View<'v, A, Sequence<A, T>> {
    /// The delta of [`Sequence::insert`].
    ///
    /// # Errors
    /// [`SequenceError`] if there is no such place, or `actor` has not so many dots left.
    pub fn insert(&self, actor: A, index: usize, values: impl IntoIterator<Item = T>) -> Result<Sequence<A, T>, SequenceError> {
        OutOfRange::check(&(index..index), self.store().len())?;
        let values: Vec<T> = values.into_iter().collect();
        if values.is_empty() {
            return Ok(Sequence::new());
        }
        let first = self.context().next(actor)?;
        first.counter.checked_add(values.len() as u64 - 1).ok_or(Overflow)?;
        Ok(self.delta(self.store().insertion(index, &first, values), []))
    }

    /// The delta of [`Sequence::remove`].
    ///
    /// # Errors
    /// [`OutOfRange`] if the range ends beyond the sequence or before it begins.
    pub fn remove(&self, range: Range<usize>) -> Result<Sequence<A, T>, OutOfRange> {
        OutOfRange::check(&range, self.store().len())?;
        Ok(self.delta(DotRuns::new(), self.store().dots(range.start, range.len())))
    }

    /// The values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'v T> {
        self.store().iter()
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Nested<A> for Sequence<A, T> {
    type Store = DotRuns<A, T>;

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

impl<A, T> Default for Sequence<A, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Join for Sequence<A, T> {
    /// A value stays if it is on both sides, or on one and not known to the other. O(m log n) for m values that the other side has, and O(n) at most to move
    /// what stands behind them.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Decompose for Sequence<A, T> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.0.irreducibles().map(Self)
    }

    fn difference(&self, known: &Self) -> Self {
        Self(self.0.difference(&known.0))
    }
}
