mod owners;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use owners::Owners;
use tidings_clocks::{CausalContext, Dot};

use crate::{Change, Divide, DotStore};

/// A store for each key, as [`DotMap`](crate::DotMap) is, with an index that holds one entry for each run of dots and not for each dot.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. Below a key of a document may stand a text, each of whose characters has
/// a dot: most of them were typed one after the other and have consecutive ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Keyed<A, K, S> {
    /// No store is empty.
    entries: BTreeMap<K, S>,
    /// Under which key each dot is alive.
    owners: Owners<A, K>,
}

impl<A, K, S> Keyed<A, K, S> {
    pub(crate) const fn new() -> Self {
        Self { entries: BTreeMap::new(), owners: Owners::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &S)> + ExactSizeIterator {
        self.entries.iter()
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: DotStore<A>> Keyed<A, K, S> {
    /// One key with its store; no key at all if that is empty.
    pub(crate) fn of(key: K, store: S) -> Self {
        let mut map = Self::new();
        map.put(key, store);
        map
    }

    /// Puts the store of a key that is not there, unless that is empty. Says whether all its dots are new here.
    pub(crate) fn put(&mut self, key: K, store: S) -> bool {
        let mut all_new = true;
        if !store.is_empty() {
            store.each_dot(&mut |dot| all_new &= self.owners.insert(dot, &key));
            self.entries.insert(key, store);
        }
        all_new
    }

    pub(crate) fn entry<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&S>
    where
        K: core::borrow::Borrow<Q>,
    {
        self.entries.get(key)
    }

    /// Joins, and tells which keys may have changed.
    pub(crate) fn join_and_tell(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
        touched: &mut dyn FnMut(&K),
    ) -> bool {
        let (mut changed, nothing) = (false, S::default());
        for key in self.ended(theirs, known_there) {
            changed |= self.join_entry(known, &key, &nothing, known_there, changes);
            touched(&key);
        }
        for (key, there) in &theirs.entries {
            changed |= self.join_entry(known, key, there, known_there, changes);
            touched(key);
        }
        changed
    }

    /// The keys that are not there, and under which the other side knows a dot that is alive here: it has seen that dot's end.
    fn ended(&self, theirs: &Self, known_there: &CausalContext<A>) -> BTreeSet<K> {
        let mut ended = BTreeSet::new();
        for (actor, first, last) in runs(known_there) {
            for key in self.owners.within(actor, first, last) {
                if !ended.contains(key) && !theirs.entries.contains_key(key) {
                    ended.insert(key.clone());
                }
            }
        }
        ended
    }

    fn join_entry(
        &mut self,
        known: &CausalContext<A>,
        key: &K,
        there: &S,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let owners = &mut self.owners;
        let mut note = |change: Change<'_, A>| {
            match change {
                Change::Added(dot) => {
                    owners.insert(dot, key);
                }
                Change::Removed(dot) => owners.remove(dot),
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

/// What a context knows, as runs of counters: actor, first, last.
pub(crate) fn runs<A: Ord>(context: &CausalContext<A>) -> impl Iterator<Item = (&A, u64, u64)> {
    let vector = context.vector().iter().map(|(actor, last)| (actor, 1, last));
    vector.chain(context.exceptions().map(|(actor, run)| (actor, *run.start(), *run.end())))
}

impl<A, K, S> Default for Keyed<A, K, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: DotStore<A>> DotStore<A> for Keyed<A, K, S> {
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.entries.values().for_each(|store| store.each_dot(visit));
    }

    /// O((k + e) log n + r) for k keys that the other side has, e keys that it has seen the end of, and r runs of dots that it knows and that are alive here; and
    /// joining the stores of these keys.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        self.join_and_tell(known, theirs, known_there, changes, &mut |_| {})
    }

    /// A dot under another key there, or one that clashes below the same key.
    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        let below = || self.entries.iter().find_map(|(key, store)| store.clash(theirs.entries.get(key)?));
        self.owners.differs(&theirs.owners).or_else(below)
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: Divide<A> + Clone> Divide<A> for Keyed<A, K, S> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        for (key, store) in &self.entries {
            store.each_piece(&mut |dot, piece| visit(dot, Self::of(key.clone(), piece)));
        }
    }

    /// A dot that stands under another key there is not known there as what it is here.
    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        let mut elsewhere = Vec::new();
        if self.owners.differs(&theirs.owners).is_some() {
            for (key, store) in &self.entries {
                store.each_dot(&mut |dot| elsewhere.extend(theirs.owners.key(dot).filter(|other| *other != key).map(|_| dot.clone())));
            }
        }
        let known_there = &known_there.difference(&elsewhere.into_iter().collect());
        let (nothing, mut beyond) = (S::default(), Self::new());
        for (key, store) in &self.entries {
            beyond.put(key.clone(), store.beyond(theirs.entries.get(key).unwrap_or(&nothing), known_there));
        }
        beyond
    }
}
