use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::hash::Hash;

use tidings_clocks::CausalContext;
use tidings_protocol::Payload;

use super::{Key, Replica};
use crate::{
    AddWinsMap, AddWinsSet, BoundedCounter, Causal, CausalLengthSet, Decompose, DisableWinsFlag, Divide, EnableWinsFlag, GCounter, GSet,
    Join, LwwMap, LwwRegister, MvRegister, Nested, PnCounter, RemoveWinsSet, ResettableCounter, Tally, TwoPhaseSet,
};

/// A state that two replicas can compare by the hashes of its parts, without either remembering anything of the other.
///
/// Of a type that is made of dots the parts are the dots that are alive; which ones are dead the context says, in a few numbers: it is the summary. So neither
/// what travels nor what is compared grows with what was ever removed. Of all other types the parts are the irreducibles, and there is no summary.
pub trait Reconcile: Replica<Delta = Self> + Decompose + PartialEq {
    /// What is said beside the parts.
    type Summary: Clone + PartialEq + Hash;

    /// What is said beside the parts of this state.
    fn summary(&self) -> Self::Summary;

    /// How many bytes a summary holds.
    fn summary_bytes(summary: &Self::Summary) -> usize;

    /// Shows the hash of every part, once. O(n).
    fn each_part(&self, key: Key, visit: &mut dyn FnMut(u64));

    /// What is known here and not there, if the parts `only_here` are not there and `theirs` is said beside: all of it, or so much that it holds not much more
    /// than `at_most` bytes, and at least one part. O(n).
    #[must_use]
    fn missing(&self, key: Key, only_here: &BTreeSet<u64>, theirs: &Self::Summary, at_most: usize) -> Self;

    /// What follows for this state from what the other side lacks: what it knows and does not have is dead. O(n).
    #[must_use]
    fn ended(&self, key: Key, only_here: &BTreeSet<u64>, theirs: &Self::Summary) -> Self;
}

macro_rules! by_irreducibles {
    ($([$($bounds:tt)*] $plain:ty;)*) => {
        $(impl<$($bounds)*> Reconcile for $plain {
            type Summary = ();

            fn summary(&self) {}

            fn summary_bytes((): &()) -> usize {
                0
            }

            fn each_part(&self, key: Key, visit: &mut dyn FnMut(u64)) {
                self.irreducibles().for_each(|part| visit(key.hash(&part)));
            }

            fn missing(&self, key: Key, only_here: &BTreeSet<u64>, (): &(), at_most: usize) -> Self {
                let (mut missing, mut bytes) = (Self::default(), 0);
                for part in self.irreducibles().filter(|part| only_here.contains(&key.hash(part))) {
                    if bytes > at_most {
                        break;
                    }
                    bytes += part.bytes();
                    missing.join(&part);
                }
                missing
            }

            fn ended(&self, _key: Key, _only_here: &BTreeSet<u64>, (): &()) -> Self {
                Self::default()
            }
        })*
    };
}

by_irreducibles! {
    [A: Payload + Ord + Hash] GCounter<A>;
    [A: Payload + Ord + Hash] PnCounter<A>;
    [A: Payload + Ord + Hash] ResettableCounter<A>;
    [A: Payload + Ord + Hash] BoundedCounter<A>;
    [T: Payload + Ord + Hash] GSet<T>;
    [T: Payload + Ord + Hash] TwoPhaseSet<T>;
    [T: Payload + Ord + Hash] CausalLengthSet<T>;
    [A: Payload + Ord + Hash, S: Payload + Ord + Hash, T: Payload + Ord + Hash] LwwRegister<A, S, T>;
    [A: Payload + Ord + Hash, K: Payload + Ord + Hash, S: Payload + Ord + Hash, T: Payload + Ord + Hash] LwwMap<A, K, S, T>;
}

impl<A, S> Reconcile for Causal<A, S>
where
    A: Payload + Ord + Hash,
    S: Divide<A> + Payload + PartialEq + Hash,
{
    type Summary = CausalContext<A>;

    fn summary(&self) -> CausalContext<A> {
        self.context().clone()
    }

    fn summary_bytes(summary: &CausalContext<A>) -> usize {
        crate::payload::context(summary)
    }

    fn each_part(&self, key: Key, visit: &mut dyn FnMut(u64)) {
        self.store().each_piece(&mut |_, piece| visit(key.hash(&piece)));
    }

    /// The context alone tells what is missing there.
    fn missing(&self, _key: Key, _only_here: &BTreeSet<u64>, theirs: &CausalContext<A>, at_most: usize) -> Self {
        let mut alive = Vec::new();
        self.store().each_dot(&mut |dot| alive.push(dot.clone()));
        let dead = self.context().difference(theirs).difference(&alive.into_iter().collect());
        let mut bytes = crate::payload::context(&dead);
        let mut missing = Self::from_parts(S::default(), dead);
        self.store().beyond(&S::default(), theirs).each_piece(&mut |_, piece| {
            if bytes <= at_most {
                bytes += 2 * piece.bytes();
                missing.join(&Self::delta(piece, []));
            }
        });
        missing
    }

    fn ended(&self, key: Key, only_here: &BTreeSet<u64>, theirs: &CausalContext<A>) -> Self {
        let mut ended = Vec::new();
        self.store().each_piece(&mut |dot, piece| {
            if theirs.contains(dot) && only_here.contains(&key.hash(&piece)) {
                ended.push(dot.clone());
            }
        });
        Self::delta(S::default(), ended)
    }
}

macro_rules! nested {
    ($([$($bounds:tt)*] $nested:ty;)*) => {
        $(impl<A: Payload + Ord + Hash, $($bounds)*> Reconcile for $nested {
            type Summary = CausalContext<A>;

            fn summary(&self) -> CausalContext<A> {
                self.causal().summary()
            }

            fn summary_bytes(summary: &CausalContext<A>) -> usize {
                crate::payload::context(summary)
            }

            fn each_part(&self, key: Key, visit: &mut dyn FnMut(u64)) {
                self.causal().each_part(key, visit);
            }

            fn missing(&self, key: Key, only_here: &BTreeSet<u64>, theirs: &CausalContext<A>, at_most: usize) -> Self {
                Self::from_causal(self.causal().missing(key, only_here, theirs, at_most))
            }

            fn ended(&self, key: Key, only_here: &BTreeSet<u64>, theirs: &CausalContext<A>) -> Self {
                Self::from_causal(self.causal().ended(key, only_here, theirs))
            }
        })*
    };
}

nested! {
    [] Tally<A>;
    [] EnableWinsFlag<A>;
    [] DisableWinsFlag<A>;
    [T: Payload + Ord + Hash] MvRegister<A, T>;
    [T: Payload + Ord + Hash] AddWinsSet<A, T>;
    [T: Payload + Ord + Hash] RemoveWinsSet<A, T>;
    [K: Payload + Ord + Hash, V: Nested<A, Store: Divide<A> + Payload + PartialEq + Hash> + Clone + PartialEq] AddWinsMap<A, K, V>;
}
