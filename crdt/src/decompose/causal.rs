use alloc::vec::Vec;
use core::hash::Hash;

use tidings_clocks::{CausalContext, Dot};

use crate::{AddWinsMap, AddWinsSet, Causal, Decompose, DisableWinsFlag, Divide, EnableWinsFlag, MvRegister, Nested, RemoveWinsSet, Tally};

/// Of each dot more can be known in two steps: that it is alive, and what it stands for; then that it is dead.
impl<A: Ord + Clone, S: Divide<A> + Clone> Decompose for Causal<A, S> {
    /// A dot that is alive, with what it stands for; a dot that is dead.
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        let mut pieces = Vec::new();
        let mut alive = Vec::new();
        self.store().each_piece(&mut |dot, piece| {
            pieces.push(Self::delta(piece, []));
            alive.push(dot.clone());
        });
        let dead = self.context().difference(&alive.into_iter().collect());
        pieces.into_iter().chain(dots(&dead).map(|dot| Self::delta(S::default(), [dot])))
    }

    /// O((n + m) log n) for n and m dots that are alive on either side, and the runs of both contexts.
    fn difference(&self, known: &Self) -> Self {
        let store = self.store().beyond(known.store(), known.context());
        let (mut alive, mut named) = (Vec::new(), Vec::new());
        self.store().each_dot(&mut |dot| alive.push(dot.clone()));
        alive.sort_unstable();
        known.store().each_dot(&mut |dot| {
            if self.context().contains(dot) && alive.binary_search(dot).is_err() {
                named.push(dot.clone());
            }
        });
        store.each_dot(&mut |dot| named.push(dot.clone()));
        let mut context = self.context().difference(known.context());
        context.extend(named);
        Self::from_parts(store, context)
    }
}

/// All dots of a context, one by one, without taking room for them.
fn dots<A: Clone>(context: &CausalContext<A>) -> impl Iterator<Item = Dot<A>> + use<A> {
    let vector = context.vector().iter().map(|(actor, last)| (actor.clone(), 1..=last));
    let beyond = context.exceptions().map(|(actor, run)| (actor.clone(), run));
    let runs: Vec<_> = vector.chain(beyond).collect();
    runs.into_iter().flat_map(|(actor, run)| run.map(move |counter| Dot { actor: actor.clone(), counter }))
}

macro_rules! nested {
    ($([$($bounds:tt)*] $nested:ty;)*) => {
        $(impl<A: Ord + Clone, $($bounds)*> Decompose for $nested {
            fn irreducibles(&self) -> impl Iterator<Item = Self> {
                self.causal().irreducibles().map(Self::from_causal)
            }

            fn difference(&self, known: &Self) -> Self {
                Self::from_causal(self.causal().difference(known.causal()))
            }
        })*
    };
}

nested! {
    [] Tally<A>;
    [] EnableWinsFlag<A>;
    [] DisableWinsFlag<A>;
    [T: Ord + Clone] MvRegister<A, T>;
    [T: Ord + Clone + Hash] AddWinsSet<A, T>;
    [T: Ord + Clone] RemoveWinsSet<A, T>;
    [K: Ord + Clone, V: Nested<A, Store: Divide<A>> + Clone] AddWinsMap<A, K, V>;
}

#[cfg(test)]
mod tests {
    use tidings_clocks::VersionVector;

    use super::*;
    use crate::DotSet;

    /// Whoever claims to know all of a counter's range makes nobody walk through it.
    #[test]
    fn a_forged_context_costs_its_runs() {
        let everything = CausalContext::from(VersionVector::from_iter([(1_u8, u64::MAX)]));
        let forged: Causal<u8, DotSet<u8>> = Causal::from_parts(DotSet::new(), everything);
        let known = Causal::delta(DotSet::of(Dot::new(1, 7)), []);
        assert_eq!(forged.difference(&known), forged);
        assert_eq!(known.difference(&forged), Causal::new());
        assert_eq!(forged.irreducibles().take(3).count(), 3);
    }
}
