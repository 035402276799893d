use alloc::collections::BTreeMap;

use tidings_clocks::Dot;

/// Which key each dot is under: a map from dots, kept in runs of consecutive ones under one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owners<A, K> {
    /// By first dot. Runs neither overlap nor could be one.
    runs: BTreeMap<Dot<A>, Owned<K>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Owned<K> {
    last: u64,
    key: K,
}

impl<A, K> Owners<A, K> {
    pub(super) const fn new() -> Self {
        Self { runs: BTreeMap::new() }
    }
}

impl<A: Ord + Clone, K: Ord + Clone> Owners<A, K> {
    /// The key of a dot, and the run it is in.
    fn run(&self, dot: &Dot<A>) -> Option<(&Dot<A>, &Owned<K>)> {
        let (first, owned) = self.runs.range(..=dot).next_back()?;
        (first.actor == dot.actor && dot.counter <= owned.last).then_some((first, owned))
    }

    /// The key that a dot is under.
    pub(super) fn key(&self, dot: &Dot<A>) -> Option<&K> {
        self.run(dot).map(|(_, owned)| &owned.key)
    }

    /// Puts a dot under a key. Says whether it was under none; if it was, it stays where it is.
    pub(super) fn insert(&mut self, dot: &Dot<A>, key: &K) -> bool {
        if self.run(dot).is_some() {
            return false;
        }
        let mut last = dot.counter;
        if let Some(counter) = dot.counter.checked_add(1) {
            let next = Dot { actor: dot.actor.clone(), counter };
            if self.runs.get(&next).is_some_and(|owned| owned.key == *key) {
                last = self.runs.remove(&next).expect("just found").last;
            }
        }
        match self.runs.range_mut(..dot).next_back() {
            Some((first, owned)) if first.actor == dot.actor && owned.last == dot.counter - 1 && owned.key == *key => owned.last = last,
            _ => drop(self.runs.insert(dot.clone(), Owned { last, key: key.clone() })),
        }
        true
    }

    pub(super) fn remove(&mut self, dot: &Dot<A>) {
        let Some((first, owned)) = self.run(dot) else { return };
        let (first, Owned { last, key }) = (first.clone(), owned.clone());
        if first.counter == dot.counter {
            self.runs.remove(&first);
        } else {
            self.runs.get_mut(&first).expect("just found").last = dot.counter - 1;
        }
        if dot.counter < last {
            self.runs.insert(Dot { actor: first.actor, counter: dot.counter + 1 }, Owned { last, key });
        }
    }

    /// The keys of the dots of one actor from `first` to `last`, once for each run.
    pub(super) fn within<'o>(&'o self, actor: &'o A, first: u64, last: u64) -> impl Iterator<Item = &'o K> {
        let dot = |counter| Dot { actor: actor.clone(), counter };
        let before = self.run(&dot(first)).filter(|(start, _)| start.counter < first);
        before.into_iter().chain(self.runs.range(dot(first)..=dot(last))).map(|(_, owned)| &owned.key)
    }

    /// The first dot that both have under different keys. O(n log m).
    pub(super) fn differs(&self, other: &Self) -> Option<Dot<A>> {
        self.runs.iter().find_map(|(first, owned)| {
            let dot = |counter| Dot { actor: first.actor.clone(), counter };
            let before = other.run(first).filter(|(start, _)| start.counter < first.counter);
            let mut there = before.into_iter().chain(other.runs.range(first.clone()..=dot(owned.last)));
            there.find(|(_, theirs)| theirs.key != owned.key).map(|(start, _)| dot(start.counter.max(first.counter)))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// The naive twin: a map with an entry for each dot.
        #[test]
        fn equals_a_map_of_dots(steps in prop::collection::vec((0_u8..2, 1_u64..20, 0_u8..3, any::<bool>()), 0..120), other in prop::collection::vec((0_u8..2, 1_u64..20, 0_u8..3), 0..20)) {
            let (mut owners, mut twin) = (Owners::new(), BTreeMap::new());
            for (actor, counter, key, adds) in steps {
                let dot = Dot { actor, counter };
                if adds {
                    prop_assert_eq!(owners.insert(&dot, &key), !twin.contains_key(&dot));
                    twin.entry(dot).or_insert(key);
                } else {
                    owners.remove(&dot);
                    twin.remove(&dot);
                }
                for counter in 0..22 {
                    let dot = Dot { actor, counter };
                    prop_assert_eq!(owners.run(&dot).map(|(_, owned)| owned.key), twin.get(&dot).copied());
                }
                let mut again = Owners::new();
                for (dot, key) in &twin {
                    again.insert(dot, key);
                }
                prop_assert_eq!(&owners, &again, "whatever the way, the runs are the longest");
                let mut keys: Vec<u8> = twin.range(Dot { actor, counter: 5 }..=Dot { actor, counter: 9 }).map(|(_, key)| *key).collect();
                keys.dedup();
                let mut found: Vec<u8> = owners.within(&actor, 5, 9).copied().collect();
                found.dedup();
                prop_assert_eq!(found, keys);
            }
            let (mut theirs, mut twin_there) = (Owners::new(), BTreeMap::new());
            for (actor, counter, key) in other {
                theirs.insert(&Dot { actor, counter }, &key);
                twin_there.entry(Dot { actor, counter }).or_insert(key);
            }
            let differs = twin.iter().find(|(dot, key)| twin_there.get(dot).is_some_and(|other| other != *key));
            prop_assert_eq!(owners.differs(&theirs), differs.map(|(dot, _)| *dot));
        }
    }
}
