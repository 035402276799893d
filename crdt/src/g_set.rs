use alloc::collections::BTreeSet;
use core::borrow::Borrow;

use crate::Join;

/// A set that only grows: the union of what anybody has added.
///
/// Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative Replicated Data Types* (2011), specification 11. A delta is the
/// set of the one element. Needs no actors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(transparent, bound(serialize = "T: serde::Serialize", deserialize = "T: Ord + serde::Deserialize<'de>"))
)]
pub struct GSet<T> {
    elements: BTreeSet<T>,
}

impl<T> GSet<T> {
    /// The empty set. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { elements: BTreeSet::new() }
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.elements.iter()
    }
}

impl<T: Ord> GSet<T> {
    /// The set of these elements.
    pub(crate) fn of(elements: impl IntoIterator<Item = T>) -> Self {
        Self { elements: elements.into_iter().collect() }
    }
}

impl<T: Ord + Clone> GSet<T> {
    /// Adds the element and returns the delta, which is empty if it was there. O(log n).
    pub fn add(&mut self, element: T) -> Self {
        let mut delta = Self::new();
        if self.elements.insert(element.clone()) {
            delta.elements.insert(element);
        }
        delta
    }
}

impl<T: Ord> GSet<T> {
    /// Whether `element` is in the set. O(log n).
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.elements.contains(element)
    }
}

impl<T> Default for GSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Ord + Clone> Join for GSet<T> {
    /// Union. O(m log n).
    fn join(&mut self, other: &Self) -> bool {
        let before = self.len();
        for element in &other.elements {
            if !self.elements.contains(element) {
                self.elements.insert(element.clone());
            }
        }
        self.len() != before
    }
}
