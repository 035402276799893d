use alloc::collections::BTreeSet;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, PutOperation};

/// A set in which what was removed cannot come back.
///
/// As [`TwoPhaseSet`](crate::TwoPhaseSet). An operation shows by its stamp what its maker had seen: who adds what he saw removed, or removes what he did not see, is refused. Removed
/// elements are remembered for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: serde::Serialize", deserialize = "T: Ord + serde::Deserialize<'de>")))]
pub struct TwoPhaseSet<T> {
    /// None of them is removed.
    present: BTreeSet<T>,
    removed: BTreeSet<T>,
}

/// Why an element of a [`TwoPhaseSet`] cannot be added or removed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPhase {
    /// It was removed, and cannot come back.
    #[error("the element was removed from a two-phase set, and cannot come back")]
    Gone,
    /// It is not there to be removed.
    #[error("the element to be removed is not there")]
    Absent,
}

impl<T> Default for TwoPhaseSet<T> {
    fn default() -> Self {
        Self { present: BTreeSet::new(), removed: BTreeSet::new() }
    }
}

impl<T: Ord + Clone + 'static> Pure for TwoPhaseSet<T> {
    type Operation = PutOperation<T>;
    type Value = BTreeSet<T>;
    type Refused = NoPhase;

    fn check<'l>(&self, _members: usize, log: impl Log<'l, PutOperation<T>>, new: Logged<'_, PutOperation<T>>) -> Result<(), NoPhase> {
        let element = new.operation.element();
        let mut seen = log.filter(|old| old.is_seen_by(&new) && old.operation.element() == element);
        if self.removed.contains(element) || seen.clone().any(|old| !old.operation.adds()) {
            return Err(NoPhase::Gone);
        }
        let there = self.present.contains(element) || seen.any(|old| old.operation.adds());
        if there || new.operation.adds() { Ok(()) } else { Err(NoPhase::Absent) }
    }

    fn settle(&mut self, _maker: Rank, operation: PutOperation<T>) {
        match operation {
            PutOperation::Add(element) if self.removed.contains(&element) => {}
            PutOperation::Add(element) => drop(self.present.insert(element)),
            PutOperation::Remove(element) => {
                self.present.remove(&element);
                self.removed.insert(element);
            }
        }
    }

    fn value<'l>(&self, log: impl Log<'l, PutOperation<T>>) -> BTreeSet<T> {
        let mut value = self.present.clone();
        value.extend(log.clone().filter(|put| put.operation.adds()).map(|put| put.operation.element()).cloned());
        value.retain(|element| !self.removed.contains(element));
        for put in log.filter(|put| !put.operation.adds()) {
            value.remove(put.operation.element());
        }
        value
    }

    fn shows(value: &BTreeSet<T>) -> bool {
        !value.is_empty()
    }
}
