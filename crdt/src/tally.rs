use tidings_clocks::{CausalContext, Overflow};

use crate::{Causal, DotFun, Join, Nested, View};

/// A counter that can be reset, also as part of a map: the sum of the amounts that no reset has seen.
///
/// Each amount has a dot of its own, and a reset names the dots that it ends. So what is counted concurrently with a reset stays, to the unit. A counter that
/// folds an actor's amounts into one entry, as is usual, brings the old ones back with the next (Baquero, Almeida, Lerche, *The problem with embedded CRDT counters and
/// a solution*, 2016). The price is room: O(amounts since the last reset), in one sorted array. [`ResettableCounter`](crate::ResettableCounter)
/// takes O(actors), but cannot stand in a map. An actor id belongs to one incarnation of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "A: serde::Serialize", deserialize = "A: Ord + Clone + serde::Deserialize<'de>")))]
pub struct Tally<A>(Causal<A, DotFun<A, i64>>);

impl<A> Tally<A> {
    /// The tally at zero.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// The sum of the amounts that no reset has seen, as far as is known here. Never overflows. O(n).
    #[must_use]
    pub fn value(&self) -> i128 {
        sum(self.0.store())
    }

    /// The events that are known: the amounts, counted or reset.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A: Ord + Clone> Tally<A> {
    /// Counts `amount`, which may be negative, in the name of `actor`, and returns the delta.
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the tally is unchanged.
    pub fn count(&mut self, actor: A, amount: i64) -> Result<Self, Overflow> {
        let delta = self.view().count(actor, amount)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Back to zero for all amounts seen here; returns the delta: their dots.
    pub fn reset(&mut self) -> Self {
        let delta = self.view().clear();
        self.join(&delta);
        delta
    }
}

impl<A: Ord + Clone> View<'_, A, Tally<A>> {
    /// The delta of [`Tally::count`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn count(&self, actor: A, amount: i64) -> Result<Tally<A>, Overflow> {
        let dot = self.context().next(actor)?;
        Ok(self.delta(DotFun::of(dot, amount), []))
    }

    /// The sum of the amounts that no reset has seen, as far as is known here. O(n).
    #[must_use]
    pub fn value(&self) -> i128 {
        sum(self.store())
    }
}

/// Fits: 2⁶³ amounts of 2⁶³ would be needed to leave the range.
fn sum<A>(amounts: &DotFun<A, i64>) -> i128 {
    amounts.iter().map(|(_, &amount)| i128::from(amount)).sum()
}

impl<A: Ord + Clone> Nested<A> for Tally<A> {
    type Store = DotFun<A, i64>;

    fn from_causal(causal: Causal<A, Self::Store>) -> Self {
        Self(causal)
    }

    fn causal(&self) -> &Causal<A, Self::Store> {
        &self.0
    }

    fn into_causal(self) -> Causal<A, Self::Store> {
        self.0
    }
}

impl<A> Default for Tally<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for Tally<A> {
    /// An amount stays if it is on both sides, or on one and not known to the other.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}
