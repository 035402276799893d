use tidings_clocks::{CausalContext, Dot};

use crate::{Causal, DotStore, Join};

/// A type made of one dot store, which can stand by itself or under a key of an [`AddWinsMap`](crate::AddWinsMap), whose context it then shares.
///
/// To add one: name its store, and give [`View`] of it the queries and the mutators. Everything else follows from the store.
pub trait Nested<A: Ord + Clone>: Join + Sized {
    /// What is alive of it.
    type Store: DotStore<A> + Clone;

    /// The type over this store and context.
    fn from_causal(causal: Causal<A, Self::Store>) -> Self;

    /// Its store and context.
    fn causal(&self) -> &Causal<A, Self::Store>;

    /// Its store and context, taken out of it.
    fn into_causal(self) -> Causal<A, Self::Store>;

    /// As a value in a context, which happens to be its own.
    fn view(&self) -> View<'_, A, Self> {
        View::new(self.causal().store(), self.causal().context())
    }
}

/// A value where it stands: a store that is part of a greater one, and the context of the whole.
///
/// The mutators here change nothing: each returns its delta, to be joined to the whole. The methods depend on the type: those of
/// `View<'_, A, AddWinsSet<A, T>>` stand with [`AddWinsSet`](crate::AddWinsSet), and so on.
#[derive(Debug)]
pub struct View<'v, A: Ord + Clone, V: Nested<A>> {
    store: &'v V::Store,
    context: &'v CausalContext<A>,
}

impl<'v, A: Ord + Clone, V: Nested<A>> View<'v, A, V> {
    /// The value with this store, in this context, which knows the store's dots.
    pub const fn new(store: &'v V::Store, context: &'v CausalContext<A>) -> Self {
        Self { store, context }
    }

    /// What is alive of it.
    #[must_use]
    pub const fn store(&self) -> &'v V::Store {
        self.store
    }

    /// All that the whole knows.
    #[must_use]
    pub const fn context(&self) -> &'v CausalContext<A> {
        self.context
    }

    /// The delta that brings `store` to life in place of `ended`.
    pub fn delta(&self, store: V::Store, ended: impl IntoIterator<Item = Dot<A>>) -> V {
        V::from_causal(Causal::delta(store, ended))
    }

    /// The delta of a reset: it ends all that is alive here, as far as is known, and nothing else.
    #[must_use]
    pub fn clear(&self) -> V {
        let mut ended = alloc::vec::Vec::new();
        self.store.each_dot(&mut |dot| ended.push(dot.clone()));
        self.delta(V::Store::default(), ended)
    }
}

impl<A: Ord + Clone, V: Nested<A>> Clone for View<'_, A, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Ord + Clone, V: Nested<A>> Copy for View<'_, A, V> {}
