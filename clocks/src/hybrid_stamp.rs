use alloc::vec::Vec;
use core::fmt;

use crate::UnixTime;
use crate::wire::{Malformed, Wire};

/// When an event happened, by a hybrid clock: 48 bits of time and a 16-bit counter, in 64 bits that compare as one number.
///
/// The value is a count of nanoseconds since 1970 whose low 16 bits were given up for the counter. So the time has a resolution of 65.536 µs and
/// reaches to July 2554, 2¹⁶ events fit in one step of it (a thousand million per second), and a counter that runs over carries into the time by
/// itself. Two processes may issue the same stamp: pair it with the process id where it must be unique.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct HybridStamp(u64);

impl HybridStamp {
    /// Before all events.
    pub const ZERO: Self = Self(0);
    /// After all events but one.
    pub const MAX: Self = Self(u64::MAX);
    /// The bits that hold the counter.
    const COUNTER: u64 = 0xffff;

    /// The first stamp that belongs to `time`.
    #[inline]
    #[must_use]
    pub const fn at(time: UnixTime) -> Self {
        Self(time.as_nanos() & !Self::COUNTER)
    }

    /// The stamp with these bits: the time in the upper 48, the counter in the lower 16.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits of the stamp; they order as the stamps do.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The stamp with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    /// The bytes of the stamp, most significant first; they order as the stamps do.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// The time of the stamp, a multiple of 65.536 µs.
    #[inline]
    #[must_use]
    pub const fn time(self) -> UnixTime {
        UnixTime::from_nanos(self.0 & !Self::COUNTER)
    }

    /// How many events of this time come before it.
    #[must_use]
    pub const fn counter(self) -> u16 {
        (self.0 & Self::COUNTER) as u16
    }

    /// The very next stamp; `None` after the last.
    #[inline]
    pub(crate) const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

impl fmt::Display for HybridStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.time(), self.counter())
    }
}

impl Wire for HybridStamp {
    /// Eight bytes, most significant first: they order as the stamps do.
    fn encode(&self, out: &mut Vec<u8>) {
        self.to_bytes().encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        <[u8; 8]>::decode(bytes, limit).map(|(stamp, rest)| (Self::from_bytes(stamp), rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    proptest! {
        #![proptest_config(laws::config(1_000))]

        #[test]
        fn bytes_order_as_stamps(a: u64, b: u64) {
            let (a, b) = (HybridStamp::from_bits(a), HybridStamp::from_bits(b));
            prop_assert_eq!(a.to_bytes().cmp(&b.to_bytes()), a.cmp(&b));
            prop_assert_eq!((a.time(), a.counter()).cmp(&(b.time(), b.counter())), a.cmp(&b));
            prop_assert_eq!(HybridStamp::from_bytes(a.to_bytes()), a);
            laws::wire(&a, 0);
        }

        #[test]
        fn belongs_to_the_time_it_was_made_at(nanos: u64) {
            let stamp = HybridStamp::at(UnixTime::from_nanos(nanos));
            prop_assert_eq!(stamp.counter(), 0);
            prop_assert!(nanos - stamp.time().as_nanos() < 65_536);
        }
    }
}
