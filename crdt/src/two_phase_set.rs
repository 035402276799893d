use alloc::collections::BTreeSet;
use core::borrow::Borrow;

use crate::Join;

/// A set in which a removal is for good: an element that was once removed never comes back.
///
/// Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative Replicated Data Types* (2011), specification 12. Needs no actors and no
/// clocks: of each element it is known that it was added, or that it was removed. That a removed element is remembered is its cost: O(elements ever
/// added). Fit for elements that are unique by themselves, such as ids of orders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TwoPhaseSet<T> {
    present: BTreeSet<T>,
    /// None of these is present.
    removed: BTreeSet<T>,
}

/// The element was removed, and so is not taken again; the set is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the element was removed from a two-phase set, and cannot come back")]
pub struct Gone<T> {
    /// The element, handed back.
    pub element: T,
}

impl<T> TwoPhaseSet<T> {
    /// The empty set. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { present: BTreeSet::new(), removed: BTreeSet::new() }
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.present.iter()
    }

    /// The elements that were removed, in order.
    pub fn removed(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.removed.iter()
    }
}

impl<T: Ord> TwoPhaseSet<T> {
    /// The set of these elements, none of which is both.
    pub(crate) fn of(present: impl IntoIterator<Item = T>, removed: impl IntoIterator<Item = T>) -> Self {
        Self { present: present.into_iter().collect(), removed: removed.into_iter().collect() }
    }
}

impl<T: Ord + Clone> TwoPhaseSet<T> {
    /// Adds the element and returns the delta, which is empty if it was there. O(log n).
    ///
    /// # Errors
    /// [`Gone`] hands the element back if it was removed before; the set is unchanged.
    pub fn add(&mut self, element: T) -> Result<Self, Gone<T>> {
        if self.removed.contains(&element) {
            return Err(Gone { element });
        }
        let mut delta = Self::new();
        if self.present.insert(element.clone()) {
            delta.present.insert(element);
        }
        Ok(delta)
    }

    /// Removes the element for good and returns the delta, which is empty if it was not there. O(log n).
    pub fn remove<Q: Ord + ?Sized>(&mut self, element: &Q) -> Self
    where
        T: Borrow<Q>,
    {
        let mut delta = Self::new();
        if let Some(element) = self.present.take(element) {
            delta.removed.insert(element.clone());
            self.removed.insert(element);
        }
        delta
    }
}

impl<T: Ord> TwoPhaseSet<T> {
    /// Whether `element` is in the set. O(log n).
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.present.contains(element)
    }

    /// Whether `element` was removed. O(log n).
    #[must_use]
    pub fn has_removed<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.removed.contains(element)
    }
}

impl<T> Default for TwoPhaseSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Ord + Clone> Join for TwoPhaseSet<T> {
    /// For each element the greater of absent < added < removed. O(m log n).
    fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for element in &other.removed {
            if !self.removed.contains(element) {
                self.present.remove(element);
                self.removed.insert(element.clone());
                changed = true;
            }
        }
        for element in &other.present {
            if !self.removed.contains(element) && !self.present.contains(element) {
                self.present.insert(element.clone());
                changed = true;
            }
        }
        changed
    }
}

/// Takes only sets of which no element is both present and removed.
#[cfg(feature = "serde")]
impl<'de, T: Ord + serde::Deserialize<'de>> serde::Deserialize<'de> for TwoPhaseSet<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "TwoPhaseSet", bound(deserialize = "T: Ord + serde::Deserialize<'de>"))]
        struct Unchecked<T> {
            present: BTreeSet<T>,
            removed: BTreeSet<T>,
        }

        let Unchecked { present, removed } = Unchecked::<T>::deserialize(deserializer)?;
        if present.is_disjoint(&removed) {
            Ok(Self { present, removed })
        } else {
            Err(serde::de::Error::custom("an element is both present and removed"))
        }
    }
}
