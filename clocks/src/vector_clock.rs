use alloc::vec::Vec;
use core::cmp::Ordering;

use smallvec::SmallVec;

#[cfg(feature = "serde")]
use crate::serial;
use crate::wire::{self, Malformed, Wire};
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
    #[inline]
    pub fn tick(&mut self, me: Rank) -> Result<u64, Overflow> {
        match self.entries.get_mut(me.index()) {
            Some(entry) => {
                let count = entry.checked_add(1).ok_or(Overflow)?;
                *entry = count;
                Ok(count)
            }
            None => Ok(self.first_tick(me)),
        }
    }

    /// Counts the first event of `me`, who is beyond the end.
    #[cold]
    fn first_tick(&mut self, me: Rank) -> u64 {
        self.entries.resize(me.index() + 1, 0);
        self.entries[me.index()] = 1;
        1
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
    #[inline]
    pub fn join(&mut self, other: &Self) -> bool {
        if let Some(ours) = self.entries.get_mut(..other.entries.len()) {
            return kernels::merge(ours, &other.entries);
        }
        // The other clock is longer, and its last entry is not zero.
        let (common, more) = other.entries.split_at(self.entries.len());
        kernels::merge(&mut self.entries, common);
        self.entries.extend_from_slice(more);
        true
    }

    /// Takes in that the first `counter` events of `rank` are known. Says whether that changed anything. O(1) once the clock is as long as `rank`.
    pub fn raise(&mut self, rank: Rank, counter: u64) -> bool {
        if counter <= self.entry(rank) {
            return false;
        }
        if self.entries.len() <= rank.index() {
            self.entries.resize(rank.index() + 1, 0);
        }
        self.entries[rank.index()] = counter;
        true
    }

    /// How many events of `rank` are known.
    #[inline]
    #[must_use]
    pub fn entry(&self, rank: Rank) -> u64 {
        self.entries.get(rank.index()).copied().unwrap_or(0)
    }

    /// The entries by rank. All further ones are zero; the last one here is not.
    #[inline]
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
    #[inline]
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

impl Wire for VectorClock {
    /// The number of entries, then the entries by rank.
    fn encode(&self, out: &mut Vec<u8>) {
        wire::encode_length(self.entries.len(), out);
        for entry in &self.entries {
            entry.encode(out);
        }
    }

    /// The limit is the number of processes in the view: a longer stamp comes from no member.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (length, mut rest) = wire::decode_length(bytes, limit)?;
        let mut entries = SmallVec::with_capacity(length);
        for _ in 0..length {
            let (entry, after) = u64::decode(rest, limit)?;
            entries.push(entry);
            rest = after;
        }
        if entries.last() == Some(&0) { Err(Malformed::Zero) } else { Ok((Self { entries }, rest)) }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    fn entries() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![3 => 0_u64..3, 1 => (u64::MAX - 1)..=u64::MAX], 0..9)
    }

    /// The naive twin: read each entry of both, where missing is zero.
    fn naive_order(x: &[u64], y: &[u64]) -> Option<Ordering> {
        let entry = |of: &[u64], rank: usize| of.get(rank).copied().unwrap_or(0);
        let below = |x: &[u64], y: &[u64]| (0..16).all(|rank| entry(x, rank) <= entry(y, rank));
        match (below(x, y), below(y, x)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }

    fn naive_join(x: &[u64], y: &[u64]) -> Vec<u64> {
        (0..x.len().max(y.len())).map(|rank| x.get(rank).copied().unwrap_or(0).max(y.get(rank).copied().unwrap_or(0))).collect()
    }

    proptest! {
        #![proptest_config(laws::config(2_000))]

        #[test]
        fn agrees_with_the_definition(x in entries(), y in entries(), me in 0_u32..9) {
            let (a, b) = (VectorClock::from(&*x), VectorClock::from(&*y));
            prop_assert_eq!(a.partial_cmp(&b), naive_order(&x, &y));
            let mut joined = a.clone();
            prop_assert_eq!(joined.join(&b), !matches!(naive_order(&y, &x), Some(Ordering::Less | Ordering::Equal)));
            prop_assert_eq!(&joined, &VectorClock::from(&*naive_join(&x, &y)));

            let me = Rank(me);
            let raised: VectorClock = y.iter().enumerate().fold(a.clone(), |mut raised, (rank, &counter)| {
                let (rank, known) = (Rank::new(rank), raised.entry(Rank::new(rank)));
                assert_eq!(raised.raise(rank, counter), counter > known);
                raised
            });
            prop_assert_eq!(&raised, &joined);
            let mut received = a.clone();
            match received.receive(me, &b) {
                Ok(count) => {
                    prop_assert_eq!(count, joined.entry(me) + 1);
                    prop_assert_eq!(joined.tick(me), Ok(count));
                    prop_assert_eq!(&received, &joined);
                    prop_assert!(a < received && b < received);
                }
                Err(Overflow) => {
                    prop_assert_eq!(joined.entry(me), u64::MAX);
                    prop_assert_eq!(received, a);
                }
            }
        }

        #[test]
        fn keeps_the_laws(a in entries(), b in entries(), c in entries()) {
            let [a, b, c] = [a, b, c].map(|entries| VectorClock::from(&*entries));
            laws::order(&a, &b, &c);
            laws::hash(&a, &b);
            laws::join(&a, &b, &c, VectorClock::join);
            laws::wire(&a, 9);
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_clock(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<VectorClock>(&bytes, 4);
        }

        #[cfg(feature = "serde")]
        #[test]
        fn is_read_back_as_written(entries in entries()) {
            let clock = VectorClock::from(&*entries);
            let bytes = postcard::to_allocvec(&clock).unwrap();
            prop_assert_eq!(postcard::from_bytes::<VectorClock>(&bytes).unwrap(), clock);
        }
    }

    /// One library finds `{1: 0}` and `{}` each greater than the other; another finds them equal by order and different by `==`.
    #[test]
    fn an_entry_of_zero_is_no_entry() {
        let (zero, none) = (VectorClock::from([0, 0]), VectorClock::new());
        assert_eq!(zero, none);
        assert_eq!(zero.partial_cmp(&none), Some(Ordering::Equal));
        laws::hash(&zero, &none);
        assert_eq!(VectorClock::from([1, 0, 0]), VectorClock::from([1]));
        assert_eq!(VectorClock::from([1, 0, 2]).processes(), 3);
    }

    /// In several libraries a peer that claims a counter of 2^64 - 1 makes the next increment wrap to 0.
    #[test]
    fn a_remote_counter_at_the_end_does_not_wrap_the_next_increment() {
        let mut clock = VectorClock::from([1, 7]);
        let before = clock.clone();
        assert_eq!(clock.receive(Rank(0), &VectorClock::from([u64::MAX, 9])), Err(Overflow));
        assert_eq!(clock, before);
        // An entry of somebody else at the end does no harm here.
        assert_eq!(clock.receive(Rank(0), &VectorClock::from([0, u64::MAX])), Ok(2));
        assert_eq!(clock.tick(Rank(1)), Err(Overflow));
        assert_eq!(clock.entries(), [2, u64::MAX]);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_clock_beyond_the_limit_is_neither_written_nor_read() {
        let longest: VectorClock = core::iter::repeat_n(1, serial::MAX_ENTRIES).collect();
        let text = serde_json::to_string(&longest).unwrap();
        assert_eq!(serde_json::from_str::<VectorClock>(&text).unwrap(), longest);
        assert!(serde_json::from_str::<VectorClock>(&text.replacen('[', "[1,", 1)).is_err());
        let longer: VectorClock = core::iter::repeat_n(1, serial::MAX_ENTRIES + 1).collect();
        assert!(serde_json::to_string(&longer).is_err());
    }
}
