use tidings_clocks::{CausalContext, Dot};

/// What is alive of the events that a [`Causal`](crate::Causal) state knows: a container of dots, each with what it stands for.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. A dot that the context knows and the store does not have is dead,
/// for good: that is how a removal is said without a tombstone. The stores are [`DotSet`](crate::DotSet), [`DotFun`](crate::DotFun), [`DotTable`](crate::DotTable) and
/// [`DotMap`](crate::DotMap); nested in one another they all share one context.
pub trait DotStore<A>: Default {
    /// Whether no dot is alive.
    fn is_empty(&self) -> bool;

    /// Shows every dot that is alive, in the order of this store.
    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>));

    /// Joins with the store `theirs`: a dot stays alive if it is in both, or in one and not known to the other.
    ///
    /// `known` is the context of this store and `known_there` that of the other, both as they were before. Every change is told to `changes`.
    /// Says whether anything changed.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool;

    /// A dot that stands for one thing here and for another there: no correct actor names two events alike. O(n + m).
    fn clash(&self, theirs: &Self) -> Option<Dot<A>>;
}

/// What a join did to a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'d, A> {
    /// It is alive now.
    Added(&'d Dot<A>),
    /// It is dead now.
    Removed(&'d Dot<A>),
}
