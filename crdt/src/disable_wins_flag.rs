use tidings_clocks::{CausalContext, Overflow};

use crate::{Causal, DotMap, DotSet, Join, Nested, View};

/// A flag that is off at first, and off where an enable and a disable are concurrent.
///
/// Both ways of putting it make a dot, in place of all those that their actor had seen; it is on while an enable is alive and no disable is.
/// (Almeida, Shoker, Baquero, *Delta state replicated data types*, 2018, section 7, whose flag is on at first and needs no dot for an enable.) As
/// large as the number of concurrent changes, and the context. An actor id belongs to one incarnation of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "A: serde::Serialize", deserialize = "A: Ord + Clone + serde::Deserialize<'de>")))]
pub struct DisableWinsFlag<A>(Causal<A, Puts<A>>);

impl<A> DisableWinsFlag<A> {
    /// The flag that nobody has put on.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// Whether it is on, as far as is known here.
    #[must_use]
    pub fn is_on(&self) -> bool {
        is_on(self.0.store())
    }

    /// The events that are known: the enables and disables.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A: Ord + Clone> DisableWinsFlag<A> {
    /// Puts it on in the name of `actor` and returns the delta: a new dot, which takes the place of those seen here.
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the flag is unchanged.
    pub fn enable(&mut self, actor: A) -> Result<Self, Overflow> {
        let delta = self.view().enable(actor)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Puts it off in the name of `actor` and returns the delta: a new dot, which takes the place of those seen here.
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the flag is unchanged.
    pub fn disable(&mut self, actor: A) -> Result<Self, Overflow> {
        let delta = self.view().disable(actor)?;
        self.join(&delta);
        Ok(delta)
    }
}

impl<A: Ord + Clone> View<'_, A, DisableWinsFlag<A>> {
    /// The delta of [`DisableWinsFlag::enable`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn enable(&self, actor: A) -> Result<DisableWinsFlag<A>, Overflow> {
        self.put(actor, true)
    }

    /// The delta of [`DisableWinsFlag::disable`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn disable(&self, actor: A) -> Result<DisableWinsFlag<A>, Overflow> {
        self.put(actor, false)
    }

    /// Whether it is on, as far as is known here.
    #[must_use]
    pub fn is_on(&self) -> bool {
        is_on(self.store())
    }

    fn put(&self, actor: A, on: bool) -> Result<DisableWinsFlag<A>, Overflow> {
        let dot = self.context().next(actor)?;
        Ok(self.delta(DotMap::of(on, DotSet::of(dot)), self.store().dots().cloned()))
    }
}

/// What is alive of yes and of no.
pub(crate) type Puts<A> = DotMap<A, bool, DotSet<A>>;

/// Whether something says yes and nothing says no.
pub(crate) fn is_on<A>(puts: &Puts<A>) -> bool {
    puts.entry(&true).is_some() && puts.entry(&false).is_none()
}

impl<A: Ord + Clone> Nested<A> for DisableWinsFlag<A> {
    type Store = Puts<A>;

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

impl<A> Default for DisableWinsFlag<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for DisableWinsFlag<A> {
    /// A change stays if it is on both sides, or on one and not known to the other.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}
