use core::cmp::Ordering;

use smallvec::SmallVec;

#[cfg(feature = "serde")]
use crate::serial;
use crate::{Overflow, Rank, kernels};

/// How many entries a clock holds without a heap allocation.
const INLINE: usize = 4;

/// A vector clock, dense by rank: for every process, how many of its events are known.
///
/// `PartialOrd` *is* happened-before: `a < b` if a happened before b, and `None` means concurrent (Fidge, *Timestamps in Message-Passing Systems*,
/// 1988; Mattern, *Virtual Time and Global States*, 1989). An entry of zero is the same as no entry, in order, equality and hash: a clock
/// is as long as its last entry that is not zero, and grows by itself. Clocks of up to 4 processes do not touch the heap.
///
/// A clock is exactly as long as what was put in, so check a remote stamp against the view ([`processes`](VectorClock::processes)) before you merge it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VectorClock {
    /// Invariant: the last entry, if any, is not zero. Counters only ever grow, so no operation has to restore it.
    entries: SmallVec<[u64; INLINE]>,
}

impl VectorClock {
    /// The clock that knows of no event. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: SmallVec::new_const() }
    }

    /// The clock that knows of no event, with room for `n` processes.
    #[must_use]
    pub fn with_capacity(n: usize) -> Self {
        Self { entries: SmallVec::with_capacity(n) }
    }

    /// Counts one event of `me`; returns the new count. O(1) once the clock is as long as `me`.
    ///
    /// # Errors
    /// [`Overflow`] if the counter of `me` is `u64::MAX`; the clock is unchanged.
    pub fn tick(&mut self, me: Rank) -> Result<u64, Overflow> {
        if let Some(entry) = self.entries.get_mut(me.index()) {
            *entry = entry.checked_add(1).ok_or(Overflow)?;
            return Ok(*entry);
        }
        self.entries.resize(me.index() + 1, 0);
        self.entries[me.index()] = 1;
        Ok(1)
    }

    /// Merges a received stamp, then counts the receipt as one event of `me`; returns the new count.
    ///
    /// Pointwise maximum, then +1 at `me` (Fidge 1988; Mattern 1989). O(n), n = processes in the longer clock.
    ///
    /// # Errors
    /// [`Overflow`] if the counter of `me` is `u64::MAX` here or in `stamp`; the clock is unchanged.
    pub fn receive(&mut self, me: Rank, stamp: &Self) -> Result<u64, Overflow> {
        if self.entry(me).max(stamp.entry(me)) == u64::MAX {
            return Err(Overflow);
        }
        self.join(stamp);
        self.tick(me)
    }

    /// Takes in all that `other` knows: the pointwise maximum. Says whether that changed anything. O(n), n = processes in `other`.
    pub fn join(&mut self, other: &Self) -> bool {
        let common = self.entries.len().min(other.entries.len());
        let (ours, more) = other.entries.split_at(common);
        let raised = kernels::merge(&mut self.entries[..common], ours);
        self.entries.extend_from_slice(more);
        raised | !more.is_empty()
    }

    /// How many events of `rank` are known.
    #[must_use]
    pub fn entry(&self, rank: Rank) -> u64 {
        self.entries.get(rank.index()).copied().unwrap_or(0)
    }

    /// The entries by rank. All further ones are zero; the last one here is not.
    #[must_use]
    pub fn entries(&self) -> &[u64] {
        &self.entries
    }

    /// One more than the greatest rank of which an event is known. A stamp with more than the view has members comes from no member.
    #[must_use]
    pub fn processes(&self) -> usize {
        self.entries.len()
    }

    /// Whether no event is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl PartialOrd for VectorClock {
    /// Happened-before. One pass, which stops as soon as the clocks are known to be concurrent.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let common = self.entries.len().min(other.entries.len());
        // The longer clock has an entry, its last one, that is greater than zero where the other has none.
        let longer = self.entries.len().cmp(&other.entries.len());
        match (kernels::compare(&self.entries[..common], &other.entries[..common])?, longer) {
            (order, Ordering::Equal) | (Ordering::Equal, order) => Some(order),
            (order, longer) => (order == longer).then_some(order),
        }
    }
}

impl FromIterator<u64> for VectorClock {
    /// The clock with these entries, by rank.
    fn from_iter<I: IntoIterator<Item = u64>>(entries: I) -> Self {
        let mut entries: SmallVec<[u64; INLINE]> = entries.into_iter().collect();
        let length = entries.iter().rposition(|&entry| entry != 0).map_or(0, |last| last + 1);
        entries.truncate(length);
        Self { entries }
    }
}

impl From<&[u64]> for VectorClock {
    /// The clock with these entries, by rank.
    fn from(entries: &[u64]) -> Self {
        entries.iter().copied().collect()
    }
}

impl<const N: usize> From<[u64; N]> for VectorClock {
    /// The clock with these entries, by rank.
    fn from(entries: [u64; N]) -> Self {
        Self::from(entries.as_slice())
    }
}

/// A sequence of the entries by rank; at most 65,536 of them, in either direction.
#[cfg(feature = "serde")]
impl serde::Serialize for VectorClock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serial::serialize(serializer, self.entries.iter())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for VectorClock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serial::Bounded::deserialize(deserializer).map(|serial::Bounded(entries)| entries.into_iter().collect())
    }
}
