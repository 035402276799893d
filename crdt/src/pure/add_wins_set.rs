use alloc::collections::BTreeSet;
use core::borrow::Borrow;
use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Replica, Resettable};

/// A set in which an addition wins over a concurrent removal.
///
/// As [`AddWinsSet`](crate::AddWinsSet); Baquero, Almeida, Shoker (2017), section 5. An addition that is stable is just an element.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(transparent, bound(serialize = "T: serde::Serialize", deserialize = "T: Ord + serde::Deserialize<'de>"))
)]
pub struct AddWinsSet<T> {
    elements: BTreeSet<T>,
}

/// An operation on an [`AddWinsSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SetOperation<T> {
    /// Adds the element.
    Add(T),
    /// Removes it, as far as its maker had seen it added.
    Remove(T),
    /// Removes all elements likewise.
    Clear,
}

impl<T> Default for AddWinsSet<T> {
    fn default() -> Self {
        Self { elements: BTreeSet::new() }
    }
}

impl<T: Ord + Clone + 'static> Replica<AddWinsSet<T>> {
    /// Whether `element` is in the set. O(log n + u).
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        // Only additions are kept.
        self.state().elements.contains(element)
            || self.alive().any(|logged| matches!(logged.operation, SetOperation::Add(added) if added.borrow() == element))
    }
}

impl<T: Ord + Clone + 'static> Pure for AddWinsSet<T> {
    type Operation = SetOperation<T>;
    type Value = BTreeSet<T>;
    type Refused = Infallible;

    /// A removal.
    fn is_redundant(operation: &SetOperation<T>) -> bool {
        !matches!(operation, SetOperation::Add(_))
    }

    /// The earlier additions of the same element.
    fn obsoletes(new: Logged<'_, SetOperation<T>>, old: Logged<'_, SetOperation<T>>) -> bool {
        let same = match (new.operation, old.operation) {
            (SetOperation::Add(element) | SetOperation::Remove(element), SetOperation::Add(added)) => element == added,
            (SetOperation::Clear, _) => true,
            _ => false,
        };
        same && old.is_seen_by(&new)
    }

    fn supersede(&mut self, new: &SetOperation<T>) {
        match new {
            SetOperation::Add(element) | SetOperation::Remove(element) => drop(self.elements.remove(element)),
            SetOperation::Clear => self.elements.clear(),
        }
    }

    fn settle(&mut self, _maker: Rank, operation: SetOperation<T>) {
        if let SetOperation::Add(element) = operation {
            self.elements.insert(element);
        }
    }

    fn value<'l>(&self, log: impl Log<'l, SetOperation<T>>) -> BTreeSet<T> {
        let mut value = self.elements.clone();
        value.extend(log.filter_map(|logged| if let SetOperation::Add(element) = logged.operation { Some(element.clone()) } else { None }));
        value
    }

    fn shows(value: &BTreeSet<T>) -> bool {
        !value.is_empty()
    }
}

impl<T: Ord + Clone + 'static> Resettable for AddWinsSet<T> {}
