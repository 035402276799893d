#[cfg(feature = "serde")]
use alloc::vec::Vec;

use smallvec::SmallVec;
use tidings_clocks::{CausalContext, Dot};

use crate::{Change, DotStore};

/// A value for each dot that is alive: the store of a multi-value register.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. The paper joins two values of one dot; here they are what
/// one actor wrote in one event and so are equal. If they are not, that actor is a clone or lies, and the greater value stays on all replicas.
/// A sorted array, inline while it has one dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotFun<A, T> {
    /// Strictly increasing by dot.
    values: SmallVec<[(Dot<A>, T); 1]>,
}

impl<A, T> DotFun<A, T> {
    /// No value. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { values: SmallVec::new_const() }
    }

    /// One value.
    #[must_use]
    pub fn of(dot: Dot<A>, value: T) -> Self {
        Self { values: SmallVec::from_iter([(dot, value)]) }
    }

    /// The function of these values, whose dots strictly increase.
    pub(crate) fn of_sorted(values: impl IntoIterator<Item = (Dot<A>, T)>) -> Self {
        Self { values: values.into_iter().collect() }
    }

    /// The dots and their values, in the order of the dots.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Dot<A>, &T)> + ExactSizeIterator {
        self.values.iter().map(|(dot, value)| (dot, value))
    }
}

impl<A: Ord, T> DotFun<A, T> {
    /// What `dot` stands for, if it is alive. O(log n).
    #[must_use]
    pub fn value(&self, dot: &Dot<A>) -> Option<&T> {
        self.place(dot).ok().map(|place| &self.values[place].1)
    }

    fn place(&self, dot: &Dot<A>) -> Result<usize, usize> {
        self.values.binary_search_by(|(other, _)| other.cmp(dot))
    }
}

impl<A, T> Default for DotFun<A, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, T: Ord + Clone> DotStore<A> for DotFun<A, T> {
    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.values.iter().for_each(|(dot, _)| visit(dot));
    }

    /// O(n log m + m log n) and the look-ups in the contexts, O((n + m) log k) for k entries.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let before = self.values.len();
        self.values.retain(|(dot, _)| {
            let stays = theirs.place(dot).is_ok() || !known_there.contains(dot);
            if !stays {
                changes(Change::Removed(dot));
            }
            stays
        });
        let mut changed = self.values.len() != before;
        let kept = self.values.len();
        for (dot, value) in &theirs.values {
            match self.values[..kept].binary_search_by(|(other, _)| other.cmp(dot)) {
                Ok(place) if self.values[place].1 < *value => self.values[place].1.clone_from(value),
                Err(_) if !known.contains(dot) => {
                    self.values.push((dot.clone(), value.clone()));
                    changes(Change::Added(dot));
                }
                _ => continue,
            }
            changed = true;
        }
        // Two sorted runs: inserted one by one, many dots from a peer would cost their square. The stable sort merges them in O(n + m).
        if kept != 0 && kept != self.values.len() {
            self.values.sort_by(|(dot, _), (other, _)| dot.cmp(other));
        }
        changed
    }

    /// A dot with another value there.
    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        let differs = |(dot, value): &&(Dot<A>, T)| theirs.value(dot).is_some_and(|other| other != value);
        self.values.iter().find(differs).map(|(dot, _)| dot.clone())
    }
}

/// A sequence of pairs, in the order of the dots.
#[cfg(feature = "serde")]
impl<A: serde::Serialize, T: serde::Serialize> serde::Serialize for DotFun<A, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.values)
    }
}

/// Takes only what `Serialize` gives: dots in strict order, with counters from 1 on.
#[cfg(feature = "serde")]
impl<'de, A: Ord + serde::Deserialize<'de>, T: serde::Deserialize<'de>> serde::Deserialize<'de> for DotFun<A, T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<(Dot<A>, T)>::deserialize(deserializer)?;
        if values.is_sorted_by(|(dot, _), (next, _)| dot < next) && values.iter().all(|(dot, _)| dot.counter != 0) {
            Ok(Self { values: values.into() })
        } else {
            Err(serde::de::Error::custom("the dots of a function increase and count from 1"))
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::{Causal, Join, laws};

    /// The naive twin: all dots that are known, and those of them that are alive, with their values.
    type Twin = (BTreeSet<Dot<u8>>, BTreeMap<Dot<u8>, u8>);

    /// Any dots, some of them alive, with gaps and up to the end of the range: what only a hostile peer has, too.
    fn twin() -> impl Strategy<Value = Twin> {
        let counter = prop_oneof![1_u64..8, Just(u64::MAX), Just(u64::MAX - 1)];
        let dot = (0_u8..3, counter).prop_map(|(actor, counter)| Dot { actor, counter });
        proptest::collection::btree_map(dot, proptest::option::of(0_u8..3), 0..16).prop_map(|dots| {
            let known = dots.keys().copied().collect();
            (known, dots.into_iter().filter_map(|(dot, value)| Some((dot, value?))).collect())
        })
    }

    fn state((known, live): &Twin) -> Causal<u8, DotFun<u8, u8>> {
        let values = live.iter().map(|(dot, value)| (*dot, *value)).collect();
        Causal::delta(DotFun { values }, known.iter().copied())
    }

    /// What is alive on both sides, or on one and not known to the other; of two values the greater one.
    fn joined((known, live): &Twin, (known_there, live_there): &Twin) -> Twin {
        let mut alive = BTreeMap::new();
        for (dot, value) in live.iter().filter(|(dot, _)| live_there.contains_key(dot) || !known_there.contains(dot)) {
            alive.insert(*dot, *live_there.get(dot).unwrap_or(value).max(value));
        }
        alive.extend(live_there.iter().filter(|(dot, _)| !known.contains(dot)));
        (known | known_there, alive)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn join_is_that_of_the_naive_twin(x in twin(), y in twin(), z in twin()) {
            let (a, b, c) = (state(&x), state(&y), state(&z));
            prop_assert_eq!(a.clone().joined(&b), state(&joined(&x, &y)));
            prop_assert_eq!(laws::joins(&a, &b, &c), Ok(()));
            let clashes = x.1.iter().any(|(dot, value)| y.1.get(dot).is_some_and(|other| other != value));
            prop_assert_eq!(a.clone().join_checked(&b).is_err(), clashes);
        }
    }
}
