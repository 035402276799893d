use tidings_clocks::Overflow;

use crate::{GCounter, Join};

/// A counter that grows and shrinks: what was added less what was taken off.
///
/// Two grow-only counters, joined separately (Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative Replicated Data
/// Types*, 2011, specification 7). Increments and decrements commute, so the value is the same wherever the same ones are known. It may go below
/// zero: nobody is asked. 16 bytes and two ids for each actor that counted both ways.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "A: serde::Serialize", deserialize = "A: Ord + serde::Deserialize<'de>")))]
pub struct PnCounter<A> {
    added: GCounter<A>,
    taken: GCounter<A>,
}

impl<A> PnCounter<A> {
    /// The counter at zero. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { added: GCounter::new(), taken: GCounter::new() }
    }

    /// The counter of these two halves.
    pub(crate) const fn of(added: GCounter<A>, taken: GCounter<A>) -> Self {
        Self { added, taken }
    }

    /// What was added less what was taken off, as far as is known here. O(n).
    ///
    /// Never overflows: a sum of u64 entries reaches 2¹²⁷ with 2⁶³ actors only, more than memory can hold.
    #[must_use]
    pub fn value(&self) -> i128 {
        self.added.value().cast_signed() - self.taken.value().cast_signed()
    }

    /// All that was ever added.
    #[must_use]
    pub const fn added(&self) -> &GCounter<A> {
        &self.added
    }

    /// All that was ever taken off.
    #[must_use]
    pub const fn taken(&self) -> &GCounter<A> {
        &self.taken
    }
}

impl<A: Ord + Clone> PnCounter<A> {
    /// Adds `amount` in the name of `actor` and returns the delta. O(log n); O(n) the first time an actor adds.
    ///
    /// # Errors
    /// [`Overflow`] if this actor would have added more than `u64::MAX` in all; the counter is unchanged.
    pub fn add(&mut self, actor: A, amount: u64) -> Result<Self, Overflow> {
        Ok(Self { added: self.added.add(actor, amount)?, taken: GCounter::new() })
    }

    /// Takes `amount` off in the name of `actor` and returns the delta. O(log n); O(n) the first time an actor takes off.
    ///
    /// # Errors
    /// [`Overflow`] if this actor would have taken off more than `u64::MAX` in all; the counter is unchanged.
    pub fn take(&mut self, actor: A, amount: u64) -> Result<Self, Overflow> {
        Ok(Self { added: GCounter::new(), taken: self.taken.add(actor, amount)? })
    }
}

impl<A> Default for PnCounter<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for PnCounter<A> {
    /// Each half by itself. O(n + m).
    fn join(&mut self, other: &Self) -> bool {
        let added = self.added.join(&other.added);
        self.taken.join(&other.taken) || added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_and_below_zero() {
        let (mut here, mut there) = (PnCounter::new(), PnCounter::new());
        let up = here.add("here", 2).unwrap();
        let down = there.take("there", 5).unwrap();
        assert!(here.join(&down) && there.join(&up));
        assert_eq!(here, there);
        assert_eq!(here.value(), -3);
    }

    #[test]
    fn overflow_leaves_the_counter_unchanged() {
        let mut counter = PnCounter::new();
        counter.take('a', u64::MAX).unwrap();
        let before = counter.clone();
        assert_eq!(counter.take('a', 1), Err(Overflow));
        assert_eq!(counter, before);
        assert_eq!(counter.value(), -i128::from(u64::MAX));
    }
}
