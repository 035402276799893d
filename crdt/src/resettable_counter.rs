use tidings_clocks::Overflow;

use crate::{Join, PnCounter};

/// A counter that can be put back to zero: what is counted less what a reset has seen of it.
///
/// Two positive-negative counters, joined separately: all that was ever counted, and the floor, which a reset raises to what it has seen of each
/// actor. What is counted concurrently with a reset stays, to the unit, since an actor's entry only grows. 32 bytes for each actor that counted both ways. It
/// cannot stand under a key of a map, where a removal would have to leave the floor behind: that is what [`Tally`](crate::Tally) is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "Parts<A>", bound(serialize = "A: serde::Serialize", deserialize = "A: Ord + serde::Deserialize<'de>"))
)]
pub struct ResettableCounter<A> {
    counted: PnCounter<A>,
    /// For each actor no more than what is counted.
    floor: PnCounter<A>,
}

impl<A> ResettableCounter<A> {
    /// The counter at zero. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { counted: PnCounter::new(), floor: PnCounter::new() }
    }

    /// The counter of these two halves; of no actor is the floor above what is counted.
    pub(crate) const fn of(counted: PnCounter<A>, floor: PnCounter<A>) -> Self {
        Self { counted, floor }
    }

    /// What was added less what was taken off, and not yet reset, as far as is known here. O(n).
    #[must_use]
    pub fn value(&self) -> i128 {
        // Each is a difference of two sums below 2¹²⁷ and the floor lies below what is counted, so no step leaves the range.
        let added = self.counted.added().value() - self.floor.added().value();
        let taken = self.counted.taken().value() - self.floor.taken().value();
        added.cast_signed() - taken.cast_signed()
    }

    /// All that was ever counted.
    #[must_use]
    pub const fn counted(&self) -> &PnCounter<A> {
        &self.counted
    }

    /// How much of it a reset has seen.
    #[must_use]
    pub const fn floor(&self) -> &PnCounter<A> {
        &self.floor
    }
}

impl<A: Ord + Clone> ResettableCounter<A> {
    /// Adds `amount` in the name of `actor` and returns the delta. O(log n); O(n) the first time an actor adds.
    ///
    /// # Errors
    /// [`Overflow`] if this actor would have added more than `u64::MAX` in all, resets or not; the counter is unchanged.
    pub fn add(&mut self, actor: A, amount: u64) -> Result<Self, Overflow> {
        Ok(Self { counted: self.counted.add(actor, amount)?, floor: PnCounter::new() })
    }

    /// Takes `amount` off in the name of `actor` and returns the delta. O(log n); O(n) the first time an actor takes off.
    ///
    /// # Errors
    /// [`Overflow`] if this actor would have taken off more than `u64::MAX` in all, resets or not; the counter is unchanged.
    pub fn take(&mut self, actor: A, amount: u64) -> Result<Self, Overflow> {
        Ok(Self { counted: self.counted.take(actor, amount)?, floor: PnCounter::new() })
    }

    /// Back to zero for all that is counted here, and returns the delta, which is as large as the counter. O(n).
    pub fn reset(&mut self) -> Self {
        self.floor.join(&self.counted);
        Self { counted: self.counted.clone(), floor: self.counted.clone() }
    }
}

impl<A> Default for ResettableCounter<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for ResettableCounter<A> {
    /// What is counted and the floor each by itself. O(n + m).
    fn join(&mut self, other: &Self) -> bool {
        let counted = self.counted.join(&other.counted);
        self.floor.join(&other.floor) || counted
    }
}

/// A counter as it is written, before it is known to be one.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "ResettableCounter", bound(deserialize = "A: Ord + serde::Deserialize<'de>"))]
struct Parts<A> {
    counted: PnCounter<A>,
    floor: PnCounter<A>,
}

#[cfg(feature = "serde")]
impl<A: Ord> TryFrom<Parts<A>> for ResettableCounter<A> {
    type Error = &'static str;

    fn try_from(Parts { counted, floor }: Parts<A>) -> Result<Self, Self::Error> {
        let within =
            |floor: &crate::GCounter<A>, counted: &crate::GCounter<A>| floor.iter().all(|(actor, seen)| seen <= counted.added_by(actor));
        if within(floor.added(), counted.added()) && within(floor.taken(), counted.taken()) {
            Ok(Self { counted, floor })
        } else {
            Err("a reset has seen more than what was counted")
        }
    }
}
