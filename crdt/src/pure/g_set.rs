use alloc::collections::BTreeSet;
use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Pure, Resettable};

/// A set that only grows. The operation is the element.
///
/// As [`GSet`](crate::GSet). Additions commute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(transparent, bound(serialize = "T: serde::Serialize", deserialize = "T: Ord + serde::Deserialize<'de>"))
)]
pub struct GSet<T> {
    elements: BTreeSet<T>,
}

impl<T> Default for GSet<T> {
    fn default() -> Self {
        Self { elements: BTreeSet::new() }
    }
}

impl<T: Ord + Clone + 'static> Pure for GSet<T> {
    type Operation = T;
    type Value = BTreeSet<T>;
    type Refused = Infallible;

    const COMMUTES: bool = true;

    fn settle(&mut self, _maker: Rank, element: T) {
        self.elements.insert(element);
    }

    fn value<'l>(&self, log: impl Log<'l, T>) -> BTreeSet<T> {
        self.elements.iter().chain(log.map(|logged| logged.operation)).cloned().collect()
    }

    fn shows(value: &BTreeSet<T>) -> bool {
        !value.is_empty()
    }
}

impl<T: Ord + Clone + 'static> Resettable for GSet<T> {}
