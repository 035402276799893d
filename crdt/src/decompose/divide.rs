use alloc::collections::BTreeSet;

use tidings_clocks::{CausalContext, Dot};

use crate::{DotFun, DotMap, DotSet, DotStore};

/// A dot store that can be taken apart by its dots: what a [`Causal`](crate::Causal) type needs to be [`Decompose`](crate::Decompose).
pub trait Divide<A>: DotStore<A> {
    /// Shows every dot that is alive, and the store that it would be alone in, in the order of this store. O(n).
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self));

    /// What is alive here and more than the other side has: dots that it does not know, and, which no correct actor brings about, dots that stand for
    /// something else there or for something less.
    ///
    /// `known_there` is the context of `theirs`. O(n + m), and a look-up in the context for each dot.
    #[must_use]
    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self;
}

impl<A: Ord + Clone> Divide<A> for DotSet<A> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        self.iter().for_each(|dot| visit(dot, Self::of(dot.clone())));
    }

    fn beyond(&self, _theirs: &Self, known_there: &CausalContext<A>) -> Self {
        Self::of_sorted(self.iter().filter(|dot| !known_there.contains(dot)).cloned())
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Divide<A> for DotFun<A, T> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        self.iter().for_each(|(dot, value)| visit(dot, Self::of(dot.clone(), value.clone())));
    }

    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        let is_more = |(dot, value): &(&Dot<A>, &T)| !known_there.contains(dot) || theirs.value(dot).is_some_and(|other| other < *value);
        Self::of_sorted(self.iter().filter(is_more).map(|(dot, value)| (dot.clone(), value.clone())))
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: Divide<A> + Clone> Divide<A> for DotMap<A, K, S> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        for (key, store) in self.iter() {
            store.each_piece(&mut |dot, piece| visit(dot, Self::of(key.clone(), piece)));
        }
    }

    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        let moved: BTreeSet<Dot<A>> = self.moved(theirs).cloned().collect();
        let without_moved;
        let known_there = if moved.is_empty() {
            known_there
        } else {
            without_moved = known_there.difference(&moved.into_iter().collect());
            &without_moved
        };
        let nothing = S::default();
        let mut beyond = Self::new();
        for (key, store) in self.iter() {
            let more = store.beyond(theirs.entry(key).unwrap_or(&nothing), known_there);
            if !more.is_empty() {
                beyond.insert_new(key.clone(), more);
            }
        }
        beyond
    }
}
