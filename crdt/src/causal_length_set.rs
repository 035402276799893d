use alloc::collections::BTreeMap;
use core::borrow::Borrow;

use tidings_clocks::Overflow;

use crate::Join;

/// A set that counts, for each element, how often it came and went: it is there while that number is odd, and the greater number wins.
///
/// Yu, Rostad, *A Low-Cost Set CRDT Based on Causal Lengths* (2020). Needs no actors and no causal context. Concurrent additions of an element are one
/// addition, concurrent removals one removal; between an addition and a removal the side wins that has seen more changes. 8 bytes and the
/// element for every element that was ever added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "Lengths<T>", bound(serialize = "T: serde::Serialize", deserialize = "T: Ord + serde::Deserialize<'de>"))
)]
pub struct CausalLengthSet<T> {
    /// None is zero.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serial::serialize"))]
    lengths: BTreeMap<T, u64>,
}

impl<T> CausalLengthSet<T> {
    /// The empty set. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { lengths: BTreeMap::new() }
    }

    /// The elements, in order. O(elements ever added).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.lengths.iter().filter(|(_, length)| **length % 2 == 1).map(|(element, _)| element)
    }

    /// Every element that was ever added, in order, with how often it came and went.
    pub fn lengths(&self) -> impl DoubleEndedIterator<Item = (&T, u64)> + ExactSizeIterator {
        self.lengths.iter().map(|(element, length)| (element, *length))
    }
}

impl<T: Ord> CausalLengthSet<T> {
    /// Whether `element` is in the set. O(log n).
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.length(element) % 2 == 1
    }

    /// How often `element` came and went. O(log n).
    #[must_use]
    pub fn length<Q: Ord + ?Sized>(&self, element: &Q) -> u64
    where
        T: Borrow<Q>,
    {
        self.lengths.get(element).copied().unwrap_or(0)
    }
}

impl<T: Ord> CausalLengthSet<T> {
    /// The set of these lengths, none of which is zero.
    pub(crate) fn of(lengths: impl IntoIterator<Item = (T, u64)>) -> Self {
        Self { lengths: lengths.into_iter().collect() }
    }
}

impl<T: Ord + Clone> CausalLengthSet<T> {
    /// Adds the element and returns the delta, which is empty if it was there. O(log n).
    ///
    /// # Errors
    /// [`Overflow`] if the element came and went 2⁶⁴ − 1 times, which only somebody's forgery can say; the set is unchanged.
    pub fn add(&mut self, element: T) -> Result<Self, Overflow> {
        if self.contains(&element) { Ok(Self::new()) } else { self.change(element) }
    }

    /// Removes the element and returns the delta, which is empty if it was not there. O(log n).
    ///
    /// # Errors
    /// [`Overflow`] as with [`add`](Self::add); the set is unchanged.
    pub fn remove(&mut self, element: T) -> Result<Self, Overflow> {
        if self.contains(&element) { self.change(element) } else { Ok(Self::new()) }
    }

    fn change(&mut self, element: T) -> Result<Self, Overflow> {
        let length = self.length(&element).checked_add(1).ok_or(Overflow)?;
        self.lengths.insert(element.clone(), length);
        Ok(Self { lengths: BTreeMap::from([(element, length)]) })
    }
}

impl<T> Default for CausalLengthSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Ord + Clone> Join for CausalLengthSet<T> {
    /// For each element the greater length. O(m log n).
    fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (element, &length) in &other.lengths {
            match self.lengths.get_mut(element) {
                Some(mine) if *mine >= length => continue,
                Some(mine) => *mine = length,
                None => drop(self.lengths.insert(element.clone(), length)),
            }
            changed = true;
        }
        changed
    }
}

/// A set as it is written, before it is known to be one.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "CausalLengthSet", bound(deserialize = "T: Ord + serde::Deserialize<'de>"))]
struct Lengths<T> {
    #[serde(deserialize_with = "crate::serial::deserialize")]
    lengths: BTreeMap<T, u64>,
}

#[cfg(feature = "serde")]
impl<T> TryFrom<Lengths<T>> for CausalLengthSet<T> {
    type Error = &'static str;

    fn try_from(Lengths { lengths }: Lengths<T>) -> Result<Self, Self::Error> {
        if lengths.values().any(|&length| length == 0) { Err("a causal length is not zero") } else { Ok(Self { lengths }) }
    }
}
