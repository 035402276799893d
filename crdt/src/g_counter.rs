use tidings_clocks::{Overflow, VersionVector};

use crate::Join;

/// A counter that only grows: the sum of what each actor has added.
///
/// Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative Replicated Data Types* (2011), specification 6. Each actor
/// raises its own entry only; join is the pointwise maximum, so what was counted once is not counted again, whatever is repeated. A delta holds the
/// one entry that was raised. Two processes that use one actor id at once lose each other's increments: an id belongs to one incarnation.
///
/// 8 bytes and an id for each actor that ever counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(transparent, bound(serialize = "A: serde::Serialize", deserialize = "A: Ord + serde::Deserialize<'de>"))
)]
pub struct GCounter<A> {
    added: VersionVector<A>,
}

impl<A> GCounter<A> {
    /// The counter at zero. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { added: VersionVector::new() }
    }

    /// The counter with these totals.
    pub(crate) const fn of(added: VersionVector<A>) -> Self {
        Self { added }
    }

    /// How much all actors together have added, as far as is known here. Never overflows: 2⁶⁴ actors at their limits would fit. O(n).
    #[must_use]
    pub fn value(&self) -> u128 {
        self.added.iter().map(|(_, added)| u128::from(added)).sum()
    }

    /// Whether nothing was ever added: the bottom of the join.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
    }

    /// What each actor has added, in the order of the ids; never zero.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, u64)> + ExactSizeIterator {
        self.added.iter()
    }
}

impl<A: Ord + Clone> GCounter<A> {
    /// Adds `amount` in the name of `actor` and returns the delta. O(log n); O(n) the first time an actor adds.
    ///
    /// # Errors
    /// [`Overflow`] if this actor would have added more than `u64::MAX` in all; the counter is unchanged.
    pub fn add(&mut self, actor: A, amount: u64) -> Result<Self, Overflow> {
        let added = self.added.entry(&actor).checked_add(amount).ok_or(Overflow)?;
        let mut delta = Self::new();
        delta.added.raise(actor.clone(), if amount == 0 { 0 } else { added });
        self.added.raise(actor, added);
        Ok(delta)
    }
}

impl<A: Ord> GCounter<A> {
    /// What `actor` has added, as far as is known here. O(log n).
    #[must_use]
    pub fn added_by(&self, actor: &A) -> u64 {
        self.added.entry(actor)
    }
}

impl<A> Default for GCounter<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for GCounter<A> {
    /// Pointwise maximum. O(n + m).
    fn join(&mut self, other: &Self) -> bool {
        self.added.join(&other.added)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_deltas_count_once() {
        let (mut here, mut there) = (GCounter::new(), GCounter::new());
        let three = here.add("here", 3).unwrap();
        let four = there.add("there", 4).unwrap();
        assert!(here.join(&four));
        assert!(!here.join(&four));
        assert!(there.join(&three));
        assert_eq!(here, there);
        assert_eq!((here.value(), here.added_by(&"there")), (7, 4));
    }

    #[test]
    fn overflow_leaves_the_counter_unchanged() {
        let mut counter = GCounter::new();
        counter.add('a', u64::MAX - 1).unwrap();
        counter.add('b', u64::MAX).unwrap();
        let before = counter.clone();
        assert_eq!(counter.add('a', 2), Err(Overflow));
        assert_eq!(counter, before);
        counter.add('a', 1).unwrap();
        assert_eq!(counter.value(), 2 * u128::from(u64::MAX));
    }

    /// A clock entry of zero is no entry: adding nothing leaves no trace and says nothing.
    #[test]
    fn adding_nothing_is_not_news() {
        let mut counter = GCounter::new();
        assert_eq!(counter.add('a', 0), Ok(GCounter::new()));
        assert_eq!(counter, GCounter::new());
    }
}
