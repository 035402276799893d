use alloc::vec::Vec;

#[cfg(feature = "serde")]
use crate::serial;
use crate::wire::{self, Malformed, Wire};
use crate::{Dot, Overflow, kernels};

/// How two bloom clocks stand to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Likely {
    /// They are the same.
    Same,
    /// The first is before the second, or with a probability of about `error` they are concurrent.
    Before {
        /// The chance that two clocks of these sums come to look ordered.
        error: f64,
    },
    /// The first is after the second, or with a probability of about `error` they are concurrent.
    After {
        /// The chance that two clocks of these sums come to look ordered.
        error: f64,
    },
    /// Neither happened before the other. This is certain.
    Concurrent,
}

/// Two bloom clocks of different shapes cannot be compared or joined. Nothing changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bloom clocks of {cells} and {theirs} cells, or of other numbers of hashes, do not fit together")]
pub struct ShapeMismatch {
    /// Cells of this clock.
    pub cells: usize,
    /// Cells of the other.
    pub theirs: usize,
}

/// A bloom clock: happened-before in constant space, however many processes there are, at the price of sometimes seeing an order where there is none.
///
/// Every event adds one to a few of m cells, chosen by a hash of its dot; a receipt takes the maximum cell by cell. What happened before has no cell that is greater,
/// so clocks that are incomparable are surely concurrent; clocks that are comparable are ordered, or alike by chance, and [`compare`](BloomClock::compare) says how likely that is.
/// (Ramabaja, *The Bloom Clock*, 2019, sections 3 and 4.) All operations but the tick are O(m).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BloomClock {
    cells: Vec<u64>,
    hashes: u8,
}

impl BloomClock {
    /// The clock of no events, with `cells` cells (at least one) of which every event uses `hashes` (at least one).
    #[must_use]
    pub fn new(cells: u32, hashes: u8) -> Self {
        Self { cells: alloc::vec![0; cells.max(1) as usize], hashes: hashes.max(1) }
    }

    /// Counts the event `dot`.
    ///
    /// # Errors
    /// [`Overflow`] if a cell is at `u64::MAX`; the clock is unchanged.
    pub fn tick(&mut self, dot: &Dot) -> Result<(), Overflow> {
        for done in 0..self.hashes {
            let cell = self.cell(dot, done);
            if let Some(more) = self.cells[cell].checked_add(1) {
                self.cells[cell] = more;
            } else {
                for undone in 0..done {
                    let cell = self.cell(dot, undone);
                    self.cells[cell] -= 1;
                }
                return Err(Overflow);
            }
        }
        Ok(())
    }

    /// Takes in all that `other` knows. Says whether that changed anything.
    ///
    /// # Errors
    /// [`ShapeMismatch`]; the clock is unchanged.
    pub fn join(&mut self, other: &Self) -> Result<bool, ShapeMismatch> {
        self.fit(other)?;
        Ok(kernels::merge(&mut self.cells, &other.cells))
    }

    /// How this clock stands to `other`.
    ///
    /// The error is the chance that every one of the lesser clock's hits falls on a cell that the greater one's hits have filled: (1 − (1 − 1/m)ᵇ)ᵃ, where a and b are the sums of the cells. It takes
    /// no account of a past that the two have in common (Ramabaja 2019, section 4).
    ///
    /// # Errors
    /// [`ShapeMismatch`].
    pub fn compare(&self, other: &Self) -> Result<Likely, ShapeMismatch> {
        self.fit(other)?;
        Ok(match kernels::compare(&self.cells, &other.cells) {
            None => Likely::Concurrent,
            Some(core::cmp::Ordering::Equal) => Likely::Same,
            Some(core::cmp::Ordering::Less) => Likely::Before { error: self.error_below(other) },
            Some(core::cmp::Ordering::Greater) => Likely::After { error: other.error_below(self) },
        })
    }

    /// The cells.
    #[must_use]
    pub fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// How many cells an event uses.
    #[must_use]
    pub const fn hashes(&self) -> u8 {
        self.hashes
    }

    fn fit(&self, other: &Self) -> Result<(), ShapeMismatch> {
        let same = self.cells.len() == other.cells.len() && self.hashes == other.hashes;
        if same { Ok(()) } else { Err(ShapeMismatch { cells: self.cells.len(), theirs: other.cells.len() }) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a probability is good to a few digits")]
    fn error_below(&self, greater: &Self) -> f64 {
        let sum = |clock: &Self| clock.cells.iter().fold(0_u64, |sum, cell| sum.saturating_add(*cell));
        let missed = power(1.0 - 1.0 / self.cells.len() as f64, sum(greater));
        power(1.0 - missed, sum(self))
    }

    /// Which cell the hash number `which` of an event falls on.
    #[expect(clippy::cast_possible_truncation, reason = "a remainder by a number of cells, which fits")]
    fn cell(&self, dot: &Dot, which: u8) -> usize {
        let seed = mix(u64::from(dot.actor.0) << 8 | u64::from(which));
        (mix(seed ^ dot.counter) % self.cells.len() as u64) as usize
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014), after one step of its sequence.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// By repeated squaring, since there is no power of floats without the standard library.
fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    result
}

impl Wire for BloomClock {
    /// The number of hashes, the number of cells, the cells.
    fn encode(&self, out: &mut Vec<u8>) {
        self.hashes.encode(out);
        wire::encode_length(self.cells.len(), out);
        for cell in &self.cells {
            cell.encode(out);
        }
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (hashes, rest) = u8::decode(bytes, limit)?;
        let (length, mut rest) = wire::decode_length(rest, limit)?;
        let mut cells = Vec::with_capacity(length);
        for _ in 0..length {
            let (cell, after) = u64::decode(rest, limit)?;
            cells.push(cell);
            rest = after;
        }
        if hashes == 0 || cells.is_empty() { Err(Malformed::Zero) } else { Ok((Self { cells, hashes }, rest)) }
    }
}

/// A pair: the number of hashes, and a sequence of at most 65,536 cells, in either direction.
#[cfg(feature = "serde")]
impl serde::Serialize for BloomClock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Cells<'c>(&'c [u64]);

        impl serde::Serialize for Cells<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serial::serialize(serializer, self.0.iter())
            }
        }

        (self.hashes, Cells(&self.cells)).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for BloomClock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (hashes, serial::Bounded(cells)) = <(u8, serial::Bounded<u64>)>::deserialize(deserializer)?;
        if hashes == 0 || cells.is_empty() {
            Err(serde::de::Error::custom("a bloom clock has cells and hashes"))
        } else {
            Ok(Self { cells, hashes })
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::{EventStamp, Rank, VectorClock, laws};

    proptest! {
        #![proptest_config(laws::config(500))]

        /// Judged by vector clocks: what happened before is never said to be concurrent, nor after.
        #[test]
        fn concurrent_is_certain(
            cells in 1_u32..40,
            hashes in 1_u8..4,
            steps in prop::collection::vec((0_usize..5, prop::option::of(any::<prop::sample::Index>())), 1..50),
        ) {
            let mut clocks = vec![(BloomClock::new(cells, hashes), VectorClock::new()); 5];
            let mut events: Vec<(BloomClock, EventStamp)> = Vec::new();
            for (process, message) in steps {
                let (bloom, vector) = &mut clocks[process];
                if let Some((theirs, stamp)) = message.filter(|_| !events.is_empty()).map(|index| index.get(&events)) {
                    let before = bloom.clone();
                    prop_assert_eq!(bloom.join(theirs), Ok(*bloom != before));
                    vector.join_event(stamp);
                }
                let counter = vector.tick(Rank::new(process)).unwrap();
                bloom.tick(&Dot::new(Rank::new(process), counter)).unwrap();
                events.push((bloom.clone(), EventStamp::new(Rank::new(process), vector.clone()).unwrap()));
            }
            for (a, a_stamp) in &events {
                for (b, b_stamp) in &events {
                    let likely = a.compare(b).unwrap();
                    match likely {
                        Likely::Concurrent => prop_assert_eq!(a_stamp.partial_cmp(b_stamp), None),
                        Likely::Before { error } => prop_assert!((0.0..=1.0).contains(&error) && !b_stamp.happened_before(a_stamp)),
                        Likely::After { error } => prop_assert!((0.0..=1.0).contains(&error) && !a_stamp.happened_before(b_stamp)),
                        Likely::Same => prop_assert!(!a_stamp.happened_before(b_stamp) && !b_stamp.happened_before(a_stamp)),
                    }
                }
                laws::wire(a, 40);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_clock(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<BloomClock>(&bytes, 8);
        }
    }

    /// Of 20,000 pairs without a common past, about as many look ordered as the formula says, and it is not a rate near 0 or 1 that is tested.
    #[test]
    fn the_error_rate_is_as_computed() {
        let (mut ordered, mut expected) = (0, 0.0);
        for pair in 0..20_000 {
            let mut clocks = [(0, 3), (1, 40)].map(|(side, events)| {
                let mut clock = BloomClock::new(16, 1);
                for counter in 1..=events {
                    clock.tick(&Dot::new(Rank(2 * pair + side), counter)).unwrap();
                }
                clock
            });
            let likely = clocks[0].compare(&clocks[1]).unwrap();
            ordered += usize::from(matches!(likely, Likely::Before { .. }));
            expected += clocks[0].error_below(&clocks[1]);
            // Were the one in the other's past, the formula would be asked again, of two that are ordered for certain.
            let [below, above] = &mut clocks;
            above.join(below).unwrap();
            assert!(matches!(below.compare(above), Ok(Likely::Before { .. })));
        }
        let ratio = ordered as f64 / expected;
        assert!((0.85..=1.05).contains(&ratio), "{ordered} of 20,000, expected {expected}");
    }

    #[test]
    fn other_shapes_and_full_cells_change_nothing() {
        let mut clock = BloomClock::new(4, 2);
        assert_eq!(clock.join(&BloomClock::new(5, 2)), Err(ShapeMismatch { cells: 4, theirs: 5 }));
        assert!(clock.compare(&BloomClock::new(4, 1)).is_err());
        let full = BloomClock { cells: vec![u64::MAX, u64::MAX, 0, 0], hashes: 2 };
        let refused = (1..100).filter(|&counter| {
            let mut clock = full.clone();
            let refused = clock.tick(&Dot::new(Rank(0), counter)).is_err();
            assert!(!refused || clock == full);
            refused
        });
        assert!(refused.count() > 50);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written_and_nothing_else() {
        let mut clock = BloomClock::new(4, 2);
        clock.tick(&Dot::new(Rank(0), 1)).unwrap();
        let bytes = postcard::to_allocvec(&clock).unwrap();
        assert_eq!(postcard::from_bytes::<BloomClock>(&bytes), Ok(clock));
        assert!(serde_json::from_str::<BloomClock>("[0,[1]]").is_err());
        assert!(serde_json::from_str::<BloomClock>("[1,[]]").is_err());
    }
}
