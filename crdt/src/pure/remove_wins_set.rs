use alloc::collections::BTreeSet;
use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Resettable};

/// A set in which a removal wins over a concurrent addition.
///
/// As [`RemoveWinsSet`](crate::RemoveWinsSet); Baquero, Almeida, Shoker (2017), section 5. A removal that is stable is remembered only while an addition concurrent to it is not
/// stable: so after stability this takes the elements and no more, where the state form keeps every element ever touched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: serde::Serialize", deserialize = "T: Ord + serde::Deserialize<'de>")))]
pub struct RemoveWinsSet<T> {
    added: BTreeSet<T>,
    /// Elements removed concurrently to all additions of them that are here or still in the log.
    removed: BTreeSet<T>,
}

/// An element put in or taken out: an operation on a [`RemoveWinsSet`] or a [`TwoPhaseSet`](super::TwoPhaseSet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PutOperation<T> {
    /// Adds the element.
    Add(T),
    /// Removes it.
    Remove(T),
}

impl<T> PutOperation<T> {
    pub(super) const fn element(&self) -> &T {
        let (Self::Add(element) | Self::Remove(element)) = self;
        element
    }

    pub(super) const fn adds(&self) -> bool {
        matches!(self, Self::Add(_))
    }
}

impl<T> Default for RemoveWinsSet<T> {
    fn default() -> Self {
        Self { added: BTreeSet::new(), removed: BTreeSet::new() }
    }
}

impl<T: Ord + Clone + 'static> Pure for RemoveWinsSet<T> {
    type Operation = PutOperation<T>;
    type Value = BTreeSet<T>;
    type Refused = Infallible;

    /// The earlier operations on the same element.
    fn obsoletes(new: Logged<'_, PutOperation<T>>, old: Logged<'_, PutOperation<T>>) -> bool {
        new.operation.element() == old.operation.element() && old.is_seen_by(&new)
    }

    fn supersede(&mut self, new: &PutOperation<T>) {
        self.added.remove(new.element());
        self.removed.remove(new.element());
    }

    fn settle(&mut self, _maker: Rank, operation: PutOperation<T>) {
        match operation {
            PutOperation::Add(element) => self.added.insert(element),
            PutOperation::Remove(element) => self.removed.insert(element),
        };
    }

    /// Forgets a removal once no addition is in the log that it beats, and the additions that it has beaten with it.
    fn prune<'l>(&mut self, log: impl Log<'l, PutOperation<T>>) -> bool {
        if self.removed.is_empty() {
            return false;
        }
        let open: BTreeSet<&T> = log.filter(|put| put.operation.adds()).map(|put| put.operation.element()).collect();
        let added = &mut self.added;
        self.removed.retain(|element| {
            let stays = open.contains(element);
            if !stays {
                added.remove(element);
            }
            stays
        });
        !self.removed.is_empty()
    }

    fn value<'l>(&self, log: impl Log<'l, PutOperation<T>>) -> BTreeSet<T> {
        let mut value = self.added.clone();
        value.extend(log.clone().filter(|put| put.operation.adds()).map(|put| put.operation.element()).cloned());
        for element in self.removed.iter().chain(log.filter(|put| !put.operation.adds()).map(|put| put.operation.element())) {
            value.remove(element);
        }
        value
    }

    fn shows(value: &BTreeSet<T>) -> bool {
        !value.is_empty()
    }
}

impl<T: Ord + Clone + 'static> Resettable for RemoveWinsSet<T> {}
