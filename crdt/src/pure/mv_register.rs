use alloc::vec::Vec;
use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Resettable};

/// A register that keeps concurrent writes all, until one has seen them. The operation is the value, or `None` to clear it.
///
/// As [`MvRegister`](crate::MvRegister); Baquero, Almeida, Shoker (2017), section 5. Its values are shown in their own order, equal ones each: which write they were is
/// forgotten once they are stable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct MvRegister<T> {
    /// In order.
    values: Vec<T>,
}

impl<T> Default for MvRegister<T> {
    fn default() -> Self {
        Self { values: Vec::new() }
    }
}

impl<T: Ord + Clone + 'static> Pure for MvRegister<T> {
    type Operation = Option<T>;
    type Value = Vec<T>;
    type Refused = Infallible;

    /// A clear.
    fn is_redundant(operation: &Option<T>) -> bool {
        operation.is_none()
    }

    /// All that it has seen.
    fn obsoletes(new: Logged<'_, Option<T>>, old: Logged<'_, Option<T>>) -> bool {
        old.is_seen_by(&new)
    }

    fn supersede(&mut self, _new: &Option<T>) {
        self.values.clear();
    }

    fn settle(&mut self, _maker: Rank, operation: Option<T>) {
        if let Some(value) = operation {
            self.values.insert(self.values.partition_point(|known| *known <= value), value);
        }
    }

    fn value<'l>(&self, log: impl Log<'l, Option<T>>) -> Vec<T> {
        let mut values: Vec<T> = self.values.iter().chain(log.filter_map(|write| write.operation.as_ref())).cloned().collect();
        values.sort();
        values
    }

    fn shows(value: &Vec<T>) -> bool {
        !value.is_empty()
    }
}

impl<T: Ord + Clone + 'static> Resettable for MvRegister<T> {}
