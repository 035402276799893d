use alloc::collections::{BTreeMap, BTreeSet};
use core::borrow::Borrow;

use tidings_clocks::{CausalContext, Dot};

use crate::{Change, DotStore};

/// A store for each key: the store of a set, whose keys are the elements, and of a map of any nested types.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7.1. A key is there while a dot below it is alive. Beside the entries
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
            store.each_dot(&mut |dot| {
                map.keys.insert(dot.clone(), key.clone());
            });
            map.entries.insert(key, store);
        }
        map
    }

    /// The keys that a join with `theirs` can change: those there, and those here of which the other side knows a dot.
    fn touched(&self, theirs: &Self, known_there: &CausalContext<A>) -> BTreeSet<K> {
        let mut touched: BTreeSet<K> = theirs.entries.keys().cloned().collect();
        let vector = known_there.vector().iter().map(|(actor, last)| (actor, 1, last));
        let beyond = known_there.exceptions().map(|(actor, run)| (actor, *run.start(), *run.end()));
        for (actor, first, last) in vector.chain(beyond) {
            let dots = Dot { actor: actor.clone(), counter: first }..=Dot { actor: actor.clone(), counter: last };
            touched.extend(self.keys.range(dots).map(|(_, key)| key.clone()));
        }
        touched
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

    /// O(t log n) for t keys that the other side has or knew, and joining the stores of these.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let (mut changed, nothing) = (false, S::default());
        for key in self.touched(theirs, known_there) {
            let keys = &mut self.keys;
            let mut note = |change: Change<'_, A>| {
                match change {
                    Change::Added(dot) => drop(keys.insert(dot.clone(), key.clone())),
                    // Under equivocation the dot may by now stand for another key.
                    Change::Removed(dot) if keys.get(dot) == Some(&key) => drop(keys.remove(dot)),
                    Change::Removed(_) => {}
                }
                changes(change);
            };
            let there = theirs.entries.get(&key).unwrap_or(&nothing);
            let mut here = self.entries.remove(&key).unwrap_or_default();
            changed |= here.join(known, there, known_there, &mut note);
            if !here.is_empty() {
                self.entries.insert(key, here);
            }
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
        let pairs = alloc::vec::Vec::<(K, S)>::deserialize(deserializer)?;
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
