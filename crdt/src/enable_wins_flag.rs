use tidings_clocks::{CausalContext, Overflow};

use crate::{Causal, DotSet, Join, Nested, View};

/// A flag that is off at first, and on where an enable and a disable are concurrent.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7: it is on while an enable is alive, and a disable ends those
/// that its actor had seen. As large as the number of concurrent enables, and the context. An actor id belongs to one incarnation of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "A: serde::Serialize", deserialize = "A: Ord + Clone + serde::Deserialize<'de>")))]
pub struct EnableWinsFlag<A>(Causal<A, DotSet<A>>);

impl<A> EnableWinsFlag<A> {
    /// The flag that nobody has enabled.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// Whether it is on, as far as is known here.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.store().iter().len() != 0
    }

    /// The events that are known: the enables.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A: Ord + Clone> EnableWinsFlag<A> {
    /// Puts it on in the name of `actor` and returns the delta: a new dot, which takes the place of those seen here.
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the flag is unchanged.
    pub fn enable(&mut self, actor: A) -> Result<Self, Overflow> {
        let delta = self.view().enable(actor)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Puts it off and returns the delta: the dots of the enables seen here.
    pub fn disable(&mut self) -> Self {
        let delta = self.view().clear();
        self.join(&delta);
        delta
    }
}

impl<A: Ord + Clone> View<'_, A, EnableWinsFlag<A>> {
    /// The delta of [`EnableWinsFlag::enable`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn enable(&self, actor: A) -> Result<EnableWinsFlag<A>, Overflow> {
        let dot = self.context().next(actor)?;
        Ok(self.delta(DotSet::of(dot), self.store().iter().cloned()))
    }

    /// The delta of [`EnableWinsFlag::disable`].
    #[must_use]
    pub fn disable(&self) -> EnableWinsFlag<A> {
        self.clear()
    }

    /// Whether it is on, as far as is known here.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.store().iter().len() != 0
    }
}

impl<A: Ord + Clone> Nested<A> for EnableWinsFlag<A> {
    type Store = DotSet<A>;

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

impl<A> Default for EnableWinsFlag<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for EnableWinsFlag<A> {
    /// An enable stays if it is on both sides, or on one and not known to the other.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}
