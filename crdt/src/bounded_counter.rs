use tidings_clocks::{Overflow, VersionVector};

use crate::{GCounter, Join};

/// A counter that never falls below zero, although nobody is asked: to take something off, an actor must hold the right to it.
///
/// Balegas and others, *Extending Eventually Consistent Cloud Databases for Enforcing Numeric Invariants* (2015). Who adds gets as many rights; who
/// takes off uses them up; rights can be given to others. Each actor spends only rights that it is sure to hold, so whatever is done where and
/// when, all takings together never exceed all additions. For another bound than zero, count the distance to it. An actor id belongs to one replica:
/// two that use the same one spend its rights twice.
///
/// 8 bytes and two ids for each pair that ever gave and took, and 8 bytes and an id for each actor that took off.
///
/// ```
/// use tidings_crdt::{BoundedCounter, Join, NoRight};
///
/// let (mut here, mut there) = (BoundedCounter::new(), BoundedCounter::new());
/// let ten = here.add("here", 10)?;
/// let given = here.give("here", "there", 4)?;
/// there.join(&ten);
/// there.join(&given);
/// there.take("there", 3)?;
/// assert_eq!(there.take("there", 2), Err(NoRight::TooFew { held: 1, needed: 2 }));
/// assert_eq!(here.rights_of(&"here"), 6);
/// # Ok::<(), tidings_crdt::NoRight>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "A: serde::Serialize", deserialize = "A: Ord + serde::Deserialize<'de>")))]
pub struct BoundedCounter<A> {
    /// How many rights the first has given to the second in all; to itself: made by adding.
    given: VersionVector<(A, A)>,
    taken: GCounter<A>,
}

/// Why an actor cannot spend rights. The counter is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRight {
    /// It does not hold so many; others may.
    #[error("the actor holds {held} rights and needs {needed}")]
    TooFew {
        /// How many it holds.
        held: u64,
        /// How many it takes.
        needed: u64,
    },
    /// A total of this actor would exceed `u64::MAX`.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl<A> BoundedCounter<A> {
    /// The counter at zero, without any rights. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { given: VersionVector::new(), taken: GCounter::new() }
    }

    /// The counter of these two halves.
    pub(crate) const fn of(given: VersionVector<(A, A)>, taken: GCounter<A>) -> Self {
        Self { given, taken }
    }

    /// How many rights each actor has given to each other in all, and, as given to itself, how many it has made; in the order of the ids.
    pub fn given(&self) -> impl DoubleEndedIterator<Item = (&A, &A, u64)> + ExactSizeIterator {
        self.given.iter().map(|((from, to), rights)| (from, to, rights))
    }

    /// What each actor has taken off.
    #[must_use]
    pub const fn taken(&self) -> &GCounter<A> {
        &self.taken
    }
}

impl<A: Ord> BoundedCounter<A> {
    /// All that was added less all that was taken off, as far as is known here. O(n).
    ///
    /// Zero also where a taking is known and the addition that its rights came from is not: deltas may come without their past.
    #[must_use]
    pub fn value(&self) -> u128 {
        let added: u128 = self.given.iter().filter(|((from, to), _)| from == to).map(|(_, made)| u128::from(made)).sum();
        added.saturating_sub(self.taken.value())
    }

    /// How many rights `actor` holds, as far as is known here; on its own replica that is exact. At most `u64::MAX` are told. O(n).
    #[must_use]
    pub fn rights_of(&self, actor: &A) -> u64 {
        let (mut got, mut gone) = (0_u128, u128::from(self.taken.added_by(actor)));
        for ((from, to), rights) in self.given.iter() {
            match (from == actor, to == actor) {
                (_, true) => got += u128::from(rights),
                (true, false) => gone += u128::from(rights),
                (false, false) => {}
            }
        }
        u64::try_from(got.saturating_sub(gone)).unwrap_or(u64::MAX)
    }
}

impl<A: Ord + Clone> BoundedCounter<A> {
    /// Adds `amount` in the name of `actor`, which gets as many rights, and returns the delta. O(log n); O(n) the first time an actor adds.
    ///
    /// # Errors
    /// [`NoRight::Overflow`] if this actor would have added more than `u64::MAX` in all; the counter is unchanged.
    pub fn add(&mut self, actor: A, amount: u64) -> Result<Self, NoRight> {
        self.raise(actor.clone(), actor, amount)
    }

    /// Takes `amount` off in the name of `actor` and returns the delta. Only where `actor` itself is at work: elsewhere its rights may be spent already. O(n).
    ///
    /// # Errors
    /// [`NoRight`] if it does not hold so many rights; the counter is unchanged.
    pub fn take(&mut self, actor: A, amount: u64) -> Result<Self, NoRight> {
        self.hold(&actor, amount)?;
        Ok(Self { given: VersionVector::new(), taken: self.taken.add(actor, amount)? })
    }

    /// Gives `amount` of the rights of `from` to `to` and returns the delta. Only where `from` itself is at work. Given to oneself nothing changes. O(n).
    ///
    /// # Errors
    /// [`NoRight`] if `from` does not hold so many rights; the counter is unchanged.
    pub fn give(&mut self, from: A, to: A, amount: u64) -> Result<Self, NoRight> {
        self.hold(&from, amount)?;
        if from == to { Ok(Self::new()) } else { self.raise(from, to, amount) }
    }

    fn hold(&self, actor: &A, needed: u64) -> Result<(), NoRight> {
        let held = self.rights_of(actor);
        if held < needed { Err(NoRight::TooFew { held, needed }) } else { Ok(()) }
    }

    fn raise(&mut self, from: A, to: A, amount: u64) -> Result<Self, NoRight> {
        let pair = (from, to);
        let total = self.given.entry(&pair).checked_add(amount).ok_or(Overflow)?;
        let mut delta = Self::new();
        if amount != 0 {
            self.given.raise(pair.clone(), total);
            delta.given.raise(pair, total);
        }
        Ok(delta)
    }
}

impl<A> Default for BoundedCounter<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for BoundedCounter<A> {
    /// Pointwise maximum. O(n + m).
    fn join(&mut self, other: &Self) -> bool {
        let given = self.given.join(&other.given);
        self.taken.join(&other.taken) || given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_spent_once() {
        let mut counter = BoundedCounter::new();
        counter.add('a', 3).unwrap();
        counter.give('a', 'b', 2).unwrap();
        let before = counter.clone();
        assert_eq!(counter.take('a', 2), Err(NoRight::TooFew { held: 1, needed: 2 }));
        assert_eq!(counter.give('a', 'c', 2), Err(NoRight::TooFew { held: 1, needed: 2 }));
        assert_eq!(counter.take('c', 1), Err(NoRight::TooFew { held: 0, needed: 1 }));
        assert_eq!(counter, before);
        counter.take('b', 2).unwrap();
        assert_eq!((counter.value(), counter.rights_of(&'a'), counter.rights_of(&'b')), (1, 1, 0));
    }

    /// Nobody makes rights by giving them to himself.
    #[test]
    fn giving_to_oneself_gives_nothing() {
        let mut counter = BoundedCounter::new();
        counter.add('a', 3).unwrap();
        assert_eq!(counter.give('a', 'a', 3), Ok(BoundedCounter::new()));
        assert_eq!((counter.rights_of(&'a'), counter.value()), (3, 3));
        assert_eq!(counter.give('a', 'a', 4), Err(NoRight::TooFew { held: 3, needed: 4 }));
    }

    #[test]
    fn overflow_leaves_the_counter_unchanged() {
        let mut counter = BoundedCounter::new();
        counter.add('a', u64::MAX).unwrap();
        counter.add('b', u64::MAX).unwrap();
        counter.give('a', 'b', u64::MAX).unwrap();
        let before = counter.clone();
        assert_eq!(counter.add('a', 1), Err(NoRight::Overflow(Overflow)));
        assert_eq!(counter, before);
        assert_eq!(counter.rights_of(&'b'), u64::MAX);
        counter.take('b', u64::MAX).unwrap();
        assert_eq!((counter.take('b', 1), counter.value()), (Err(NoRight::Overflow(Overflow)), u128::from(u64::MAX)));
    }
}
