use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::borrow::Borrow;

use tidings_clocks::{CausalContext, Dot};

use crate::{Change, DotStore};

/// A store for each key: the store of a set, whose keys are the elements, and of a map of any nested types.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. A key is there while a dot below it is alive. Beside the entries
/// goes an index from the dots to the keys, so that a join costs what the other side knows and not what this one holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotMap<A, K, S> {
    /// No store is empty.
    entries: BTreeMap<K, S>,
    /// Under which key each dot is alive.
    keys: BTreeMap<Dot<A>, K>,
}

impl<A, K, S> DotMap<A, K, S> {
    /// No keys. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new(), keys: BTreeMap::new() }
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys and their stores, in the order of the keys. None of the stores is empty.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &S)> + ExactSizeIterator {
        self.entries.iter()
    }

    /// All dots that are alive, in their order.
    pub fn dots(&self) -> impl DoubleEndedIterator<Item = &Dot<A>> + ExactSizeIterator {
        self.keys.keys()
    }
}

impl<A, K: Ord, S> DotMap<A, K, S> {
    /// The store of `key`; never empty. O(log n).
    #[must_use]
    pub fn entry<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&S>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key)
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: DotStore<A>> DotMap<A, K, S> {
    /// One key with its store; no key at all if that is empty.
    #[must_use]
    pub fn of(key: K, store: S) -> Self {
        let mut map = Self::new();
        if !store.is_empty() {
            map.insert_new(key, store);
        }
        map
    }

    /// Puts a store that is not empty under a key that is not there. O(log n) for each dot.
    pub(crate) fn insert_new(&mut self, key: K, store: S) {
        store.each_dot(&mut |dot| {
            self.keys.insert(dot.clone(), key.clone());
        });
        self.entries.insert(key, store);
    }

    /// The dots that are alive here under one key and there under another: no correct actor brings that about. O(n + m).
    pub(crate) fn moved<'m>(&'m self, theirs: &'m Self) -> impl Iterator<Item = &'m Dot<A>> {
        let mut there = theirs.keys.iter().peekable();
        self.keys.iter().filter_map(move |(dot, key)| {
            while there.next_if(|(other, _)| *other < dot).is_some() {}
            there.peek().is_some_and(|(other, below)| *other == dot && *below != key).then_some(dot)
        })
    }

    /// The keys that are not there, and under which the other side knows a dot that is alive here: it has seen that dot's end.
    fn ended(&self, theirs: &Self, known_there: &CausalContext<A>) -> BTreeSet<K> {
        let mut ended = BTreeSet::new();
        let vector = known_there.vector().iter().map(|(actor, last)| (actor, 1, last));
        let beyond = known_there.exceptions().map(|(actor, run)| (actor, *run.start(), *run.end()));
        for (actor, first, last) in vector.chain(beyond) {
            let dots = Dot { actor: actor.clone(), counter: first }..=Dot { actor: actor.clone(), counter: last };
            // Both walk along the dots in order, so that two equal maps are compared in one pass.
            let mut there = theirs.keys.range(dots.clone()).peekable();
            for (dot, key) in self.keys.range(dots) {
                while there.next_if(|(other, _)| *other < dot).is_some() {}
                if there.peek() != Some(&(dot, key)) && !theirs.entries.contains_key(key) {
                    ended.insert(key.clone());
                }
            }
        }
        ended
    }

    /// Joins the store of one key, and keeps the index. Says whether anything changed.
    fn join_entry(
        &mut self,
        known: &CausalContext<A>,
        key: &K,
        there: &S,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let keys = &mut self.keys;
        let mut note = |change: Change<'_, A>| {
            match change {
                Change::Added(dot) => drop(keys.insert(dot.clone(), key.clone())),
                Change::Removed(dot) => drop(keys.remove(dot)),
            }
            changes(change);
        };
        if let Some(here) = self.entries.get_mut(key) {
            let changed = here.join(known, there, known_there, &mut note);
            if here.is_empty() {
                self.entries.remove(key);
            }
            changed
        } else {
            let mut here = S::default();
            let changed = here.join(known, there, known_there, &mut note);
            if !here.is_empty() {
                self.entries.insert(key.clone(), here);
            }
            changed
        }
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: DotStore<A> + Clone> DotMap<A, K, S> {
    /// The join with one that has about as many keys: both are walked through in the order of the keys, and the index takes all that is new at once.
    fn join_side_by_side(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let (mut changed, nothing) = (false, S::default());
        let (mut added, mut removed, mut new, mut empty) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut join = |key: &K, here: &mut S, there: &S| {
            here.join(known, there, known_there, &mut |change| {
                match change {
                    Change::Added(dot) => added.push((dot.clone(), key.clone())),
                    Change::Removed(dot) => removed.push(dot.clone()),
                }
                changes(change);
            })
        };
        let mut there = theirs.entries.iter().peekable();
        for (key, here) in &mut self.entries {
            while let Some((key, store)) = there.next_if(|(other, _)| *other < key) {
                let mut here = S::default();
                changed |= join(key, &mut here, store);
                if !here.is_empty() {
                    new.push((key.clone(), here));
                }
            }
            let store = there.next_if(|(other, _)| *other == key).map_or(&nothing, |(_, store)| store);
            changed |= join(key, here, store);
            if here.is_empty() {
                empty.push(key.clone());
            }
        }
        for (key, store) in there {
            let mut here = S::default();
            changed |= join(key, &mut here, store);
            if !here.is_empty() {
                new.push((key.clone(), here));
            }
        }
        for key in &empty {
            self.entries.remove(key);
        }
        put_all(&mut self.entries, new);
        // One dot may have moved from one key to another, if somebody lies: so first what is gone.
        for dot in &removed {
            self.keys.remove(dot);
        }
        put_all(&mut self.keys, added);
        changed
    }
}

/// Of a map with so many times fewer keys each is looked up; otherwise the two are walked through.
const FAR_SMALLER: usize = 16;

fn put_all<K: Ord, V>(map: &mut BTreeMap<K, V>, new: Vec<(K, V)>) {
    if new.len() < map.len() / FAR_SMALLER {
        map.extend(new);
    } else {
        map.append(&mut new.into_iter().collect());
    }
}

impl<A, K, S> Default for DotMap<A, K, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: DotStore<A> + Clone> DotStore<A> for DotMap<A, K, S> {
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.entries.values().for_each(|store| store.each_dot(visit));
    }

    /// O((k + e) log n + d) for k keys that the other side has and e keys that it has seen the end of, of d dots that it knows and that are alive on either
    /// side; and joining the stores of these keys. O(n + k), without look-ups among the keys, where the two are of a size; of equal ones one pass.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        if theirs.entries.len() >= self.entries.len() / FAR_SMALLER && theirs.entries.len() > 1 {
            return self.join_side_by_side(known, theirs, known_there, changes);
        }
        let (mut changed, nothing) = (false, S::default());
        for key in self.ended(theirs, known_there) {
            changed |= self.join_entry(known, &key, &nothing, known_there, changes);
        }
        for (key, there) in &theirs.entries {
            changed |= self.join_entry(known, key, there, known_there, changes);
        }
        changed
    }

    /// A dot under another key there, or one that clashes below the same key.
    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        let moved = self.keys.iter().find(|(dot, key)| theirs.keys.get(dot).is_some_and(|other| other != *key));
        let below = || self.entries.iter().find_map(|(key, store)| store.clash(theirs.entries.get(key)?));
        moved.map(|(dot, _)| dot.clone()).or_else(below)
    }
}

/// A sequence of pairs, in the order of the keys.
#[cfg(feature = "serde")]
impl<A, K: serde::Serialize, S: serde::Serialize> serde::Serialize for DotMap<A, K, S> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(&self.entries)
    }
}

/// Takes only what `Serialize` gives: keys in strict order, no empty store, no dot under two keys.
#[cfg(feature = "serde")]
impl<'de, A, K, S> serde::Deserialize<'de> for DotMap<A, K, S>
where
    A: Ord + Clone,
    K: Ord + Clone + serde::Deserialize<'de>,
    S: DotStore<A> + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(K, S)>::deserialize(deserializer)?;
        if !pairs.is_sorted_by(|(key, _), (next, _)| key < next) || pairs.iter().any(|(_, store)| store.is_empty()) {
            return Err(serde::de::Error::custom("the keys of a map increase and each has a dot"));
        }
        let (mut keys, mut twice) = (BTreeMap::new(), false);
        for (key, store) in &pairs {
            store.each_dot(&mut |dot| twice |= keys.insert(dot.clone(), key.clone()).is_some());
        }
        if twice {
            return Err(serde::de::Error::custom("a dot stands in two places"));
        }
        Ok(Self { entries: pairs.into_iter().collect(), keys })
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{Causal, DotFun, DotSet, Join};

    type Nested = DotMap<u8, u8, DotMap<u8, u8, DotSet<u8>>>;

    /// The naive twin: every live dot with the path to it, and all dots that are known.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Twin {
        live: BTreeSet<(Dot<u8>, u8, u8)>,
        known: BTreeSet<Dot<u8>>,
    }

    impl Twin {
        fn of(state: &Causal<u8, Nested>, known: &BTreeSet<Dot<u8>>) -> Self {
            let mut live = BTreeSet::new();
            for (&key, below) in state.store().iter() {
                for (&inner, dots) in below.iter() {
                    live.extend(dots.iter().map(|&dot| (dot, key, inner)));
                }
            }
            Self { live, known: known.clone() }
        }

        /// (s ∩ s′) ∪ (s \ c′) ∪ (s′ \ c).
        fn join(&self, other: &Self) -> Self {
            let both = self.live.intersection(&other.live);
            let mine = self.live.iter().filter(|(dot, ..)| !other.known.contains(dot));
            let theirs = other.live.iter().filter(|(dot, ..)| !self.known.contains(dot));
            Self { live: both.chain(mine).chain(theirs).copied().collect(), known: self.known.union(&other.known).copied().collect() }
        }
    }

    /// Dots that are known, and of some of them under which two keys they are alive. Two states may disagree: one of them is a clone's.
    fn state() -> impl Strategy<Value = (Causal<u8, Nested>, Twin)> {
        let counter = prop_oneof![1_u64..6, Just(u64::MAX), Just(u64::MAX - 1)];
        let entry = ((0_u8..3, counter), proptest::option::of((0_u8..3, 0_u8..2)));
        proptest::collection::btree_map(entry.clone().prop_map(|(dot, _)| dot), entry.prop_map(|(_, keys)| keys), 0..12).prop_map(|dots| {
            let mut state = Causal::<u8, Nested>::new();
            let mut known = BTreeSet::new();
            for ((actor, counter), keys) in dots {
                let dot = Dot { actor, counter };
                known.insert(dot);
                let one = match keys {
                    Some((key, inner)) => Causal::delta(DotMap::of(key, DotMap::of(inner, DotSet::of(dot))), []),
                    None => Causal::delta(DotMap::new(), [dot]),
                };
                state.join(&one);
            }
            let twin = Twin::of(&state, &known);
            (state, twin)
        })
    }

    fn reindexed<S: DotStore<u8> + Clone>(map: &DotMap<u8, u8, S>) -> DotMap<u8, u8, S> {
        let mut again = DotMap::new();
        for (&key, store) in map.iter() {
            let one = DotMap::of(key, store.clone());
            again.entries.extend(one.entries);
            again.keys.extend(one.keys);
        }
        again
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Also for states that no correct actors make: gaps, dots at the end of the range, one dot under two keys.
        #[test]
        fn join_is_that_of_the_naive_twin((a, x) in state(), (b, y) in state(), (c, z) in state()) {
            let joined = a.clone().joined(&b);
            let twin = x.join(&y);
            prop_assert_eq!(&Twin::of(&joined, &twin.known), &twin);
            prop_assert_eq!(joined.context(), &twin.known.iter().copied().collect::<CausalContext<u8>>());
            prop_assert_eq!(joined.store(), &reindexed(joined.store()));
            for (_, below) in joined.store().iter() {
                prop_assert!(!below.is_empty());
                prop_assert_eq!(below, &reindexed(below));
            }
            prop_assert_eq!(crate::laws::joins(&a, &b, &c), Ok(()));
            let three = twin.join(&z);
            prop_assert_eq!(&Twin::of(&joined.joined(&c), &three.known), &three);
        }

        #[test]
        fn the_changes_told_are_those_made((a, x) in state(), (b, y) in state()) {
            let (mut added, mut removed) = (BTreeSet::new(), BTreeSet::new());
            let mut store = a.store().clone();
            store.join(a.context(), b.store(), b.context(), &mut |change| match change {
                Change::Added(&dot) => drop(added.insert(dot)),
                Change::Removed(&dot) => drop(removed.insert(dot)),
            });
            let twin = x.join(&y);
            let news = |of: &Twin, less: &Twin| of.live.difference(&less.live).map(|(dot, ..)| *dot).collect::<BTreeSet<_>>();
            prop_assert_eq!((added, removed), (news(&twin, &x), news(&x, &twin)));
        }
    }

    /// A cloned actor gives one dot to two keys: it is told, and joined all the same neither key has it on any replica.
    #[test]
    fn one_dot_under_two_keys_is_a_clash() {
        let dot = Dot { actor: 1, counter: 1 };
        let here = Causal::delta(DotMap::of(1, DotSet::of(dot)), []);
        let there = Causal::delta(DotMap::of(2, DotSet::of(dot)), []);
        let mut state = here.clone();
        assert_eq!(state.join_checked(&there).unwrap_err().dot, dot);
        assert_eq!(state, here);
        assert_eq!(here.clone().joined(&there), there.joined(&here));
        let below = |value| Causal::delta(DotMap::of(1, DotFun::of(dot, value)), []);
        assert_eq!(below('a').join_checked(&below('b')).unwrap_err().dot, dot);
        assert_eq!(below('a').join_checked(&below('a')), Ok(false));
    }

    /// What another actor seems to know for the whole range of a counter costs no more than what is held here.
    #[test]
    fn a_forged_context_costs_what_is_held() {
        let mut state: Causal<u8, DotMap<u8, u8, DotSet<u8>>> = Causal::new();
        for key in 0..3 {
            state.join(&Causal::delta(DotMap::of(key, DotSet::of(Dot { actor: key, counter: 1 })), []));
        }
        let forged = Causal::delta(DotMap::new(), [Dot { actor: 1, counter: u64::MAX }]);
        assert!(state.join(&forged));
        assert_eq!(state.store().len(), 3);
        assert_eq!(state.context().exceptions().collect::<Vec<_>>(), [(&1, u64::MAX..=u64::MAX)]);
        assert!(state.context().next(1).is_err());
    }
}
