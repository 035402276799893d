use alloc::collections::{BTreeMap, BTreeSet};

use tidings_clocks::{Overflow, Rank};

use super::{Log, Logged, Pure, Replica};

/// A set that counts, for each element, how often it came and went: it is there while that number is odd, and the greater number wins.
///
/// As [`CausalLengthSet`](crate::CausalLengthSet); Yu, Rostad (2020). An operation carries the length it brings the element to. What length that can be shows by its stamp, so nobody can raise
/// one to its end at once. Every element ever added is remembered, with its length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(transparent, bound(serialize = "T: serde::Serialize", deserialize = "T: Ord + serde::Deserialize<'de>"))
)]
pub struct CausalLengthSet<T> {
    #[cfg_attr(feature = "serde", serde(with = "crate::serial"))]
    lengths: BTreeMap<T, u64>,
}

/// An operation on a [`CausalLengthSet`]: the element comes, or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LengthOperation<T> {
    /// What comes or goes.
    pub element: T,
    /// How often it then has: one more than before.
    pub length: u64,
}

/// A change of an element does not bring its length to one more than its maker had seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the length of the element was {seen} and cannot become {length}")]
pub struct WrongLength {
    /// The length that its maker had seen.
    pub seen: u64,
    /// The length of the change.
    pub length: u64,
}

impl<T> Default for CausalLengthSet<T> {
    fn default() -> Self {
        Self { lengths: BTreeMap::new() }
    }
}

impl<T: Ord + Clone + 'static> Replica<CausalLengthSet<T>> {
    /// The operation that adds `element`; `None` if it is there. O(log n + u).
    ///
    /// # Errors
    /// [`Overflow`] if it came and went 2⁶⁴ − 1 times.
    pub fn adding(&self, element: T) -> Result<Option<LengthOperation<T>>, Overflow> {
        self.changing(element, 0)
    }

    /// The operation that removes `element`; `None` if it is not there. O(log n + u).
    ///
    /// # Errors
    /// [`Overflow`] if it came and went 2⁶⁴ − 1 times.
    pub fn removing(&self, element: T) -> Result<Option<LengthOperation<T>>, Overflow> {
        self.changing(element, 1)
    }

    fn changing(&self, element: T, parity: u64) -> Result<Option<LengthOperation<T>>, Overflow> {
        let length = self.state().length(&element, self.alive());
        if length % 2 != parity {
            return Ok(None);
        }
        Ok(Some(LengthOperation { element, length: length.checked_add(1).ok_or(Overflow)? }))
    }
}

impl<T: Ord + 'static> CausalLengthSet<T> {
    fn length<'l>(&self, element: &T, log: impl Log<'l, LengthOperation<T>>) -> u64 {
        let stable = self.lengths.get(element).copied().unwrap_or(0);
        log.filter(|logged| logged.operation.element == *element).fold(stable, |length, logged| length.max(logged.operation.length))
    }
}

impl<T: Ord + Clone + 'static> Pure for CausalLengthSet<T> {
    type Operation = LengthOperation<T>;
    type Value = BTreeSet<T>;
    type Refused = WrongLength;

    fn check<'l>(
        &self,
        _members: usize,
        log: impl Log<'l, LengthOperation<T>>,
        new: Logged<'_, LengthOperation<T>>,
    ) -> Result<(), WrongLength> {
        let LengthOperation { element, length } = new.operation;
        let seen = self.length(element, log.filter(|old| old.is_seen_by(&new)));
        if seen.checked_add(1) == Some(*length) { Ok(()) } else { Err(WrongLength { seen, length: *length }) }
    }

    fn settle(&mut self, _maker: Rank, LengthOperation { element, length }: LengthOperation<T>) {
        let known = self.lengths.entry(element).or_default();
        *known = length.max(*known);
    }

    fn value<'l>(&self, log: impl Log<'l, LengthOperation<T>>) -> BTreeSet<T> {
        let mut open: BTreeMap<&T, u64> = BTreeMap::new();
        for LengthOperation { element, length } in log.map(|logged| logged.operation) {
            let longest = open.entry(element).or_insert_with(|| self.lengths.get(element).copied().unwrap_or(0));
            *longest = (*longest).max(*length);
        }
        let stable = self.lengths.iter().filter(|(element, _)| !open.contains_key(element)).map(|(element, length)| (element, *length));
        let odd = stable.chain(open.iter().map(|(element, length)| (*element, *length))).filter(|(_, length)| length % 2 == 1);
        odd.map(|(element, _)| element.clone()).collect()
    }

    fn shows(value: &BTreeSet<T>) -> bool {
        !value.is_empty()
    }
}
