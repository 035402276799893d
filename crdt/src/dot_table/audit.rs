//! The table against a map from dots to elements. For tests only.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use proptest::prelude::*;
use tidings_clocks::{CausalContext, Dot};

use super::{DotTable, FEW, hash};
use crate::{AddWinsSet, Causal, Change, Decompose, DotStore, Join, Nested, laws};

/// An element that some peer chose: all have one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Chosen(u8);

impl Hash for Chosen {
    fn hash<H: Hasher>(&self, state: &mut H) {
        0_u8.hash(state);
    }
}

impl From<u8> for Chosen {
    fn from(element: u8) -> Self {
        Self(element)
    }
}

trait Element: Ord + Copy + Hash + From<u8> + core::fmt::Debug {}

impl<T: Ord + Copy + Hash + From<u8> + core::fmt::Debug> Element for T {}

/// The naive twin: what is alive, and all dots that are known.
#[derive(Clone, Debug, PartialEq)]
struct Twin<T> {
    live: BTreeMap<Dot<u8>, T>,
    known: BTreeSet<Dot<u8>>,
}

impl<T: Element> Twin<T> {
    /// (s ∩ s′) ∪ (s \ c′) ∪ (s′ \ c), of pairs of a dot and an element.
    fn join(&self, other: &Self) -> Self {
        let mut live = self.live.clone();
        live.retain(|dot, element| other.live.get(dot) == Some(element) || !other.known.contains(dot));
        live.extend(other.live.iter().filter(|(dot, _)| !self.known.contains(dot)));
        Self { live, known: &self.known | &other.known }
    }

    fn dots(&self, element: T) -> BTreeSet<Dot<u8>> {
        self.live.iter().filter(|(_, other)| **other == element).map(|(dot, _)| *dot).collect()
    }

    /// The state, put together dot by dot.
    fn state(&self) -> Causal<u8, DotTable<u8, T>> {
        let mut store = DotTable::new();
        for (dot, element) in &self.live {
            store.put(*dot, *element);
        }
        Causal::delta(store, self.known.iter().copied())
    }
}

/// What the table shows is what the twin has, and all that leads to a row leads to it.
fn audit<T: Element>(table: &DotTable<u8, T>, twin: &Twin<T>) {
    assert!(table.iter().eq(&twin.live), "{table:?} {twin:?}");
    let elements: BTreeSet<T> = twin.live.values().copied().collect();
    assert_eq!((table.len(), table.is_empty()), (elements.len(), elements.is_empty()));
    assert!(table.elements().eq(&elements));
    for element in (0..=u8::MAX).map(T::from) {
        let dots: Vec<Dot<u8>> = table.dots(&element).copied().collect();
        assert_eq!(dots.iter().copied().collect::<BTreeSet<_>>(), twin.dots(element));
        assert_eq!((dots.len(), table.contains(&element)), (twin.dots(element).len(), elements.contains(&element)));
    }
    for (dot, element) in &twin.live {
        assert_eq!(table.element(dot), Some(element));
    }
    let Some(index) = &table.index else {
        assert!(table.rows.len() <= FEW);
        return;
    };
    assert_eq!(index.order.iter().collect::<BTreeSet<u32>>().len(), table.rows.len());
    for (number, row) in table.rows.iter().enumerate() {
        let in_buckets = index.buckets.find(hash(&row.element), |other| other == number).is_some();
        assert_ne!(in_buckets, index.crowded(&row.element).any(|other| other == number));
    }
}

/// Any dots, some of them alive, with gaps and up to the end of the range: what only a hostile peer has, too.
fn twin<T: Element>(most: usize) -> impl Strategy<Value = Twin<T>> {
    let counter = prop_oneof![20 => 1_u64..60, 1 => Just(u64::MAX), 1 => Just(u64::MAX - 1)];
    let dot = (0_u8..3, counter).prop_map(|(actor, counter)| Dot { actor, counter });
    prop::collection::btree_map(dot, prop::option::weighted(0.8, 0_u8..40), 0..most).prop_map(|dots| Twin {
        known: dots.keys().copied().collect(),
        live: dots.into_iter().filter_map(|(dot, element)| Some((dot, T::from(element?)))).collect(),
    })
}

fn joins<T: Element>(x: &Twin<T>, y: &Twin<T>, z: &Twin<T>) {
    let (a, b, c) = (x.state(), y.state(), z.state());
    let (joined, both) = (a.clone().joined(&b), x.join(y));
    audit(joined.store(), &both);
    assert_eq!(joined, both.state());
    assert_eq!(laws::joins(&a, &b, &c), Ok(()));
    audit(joined.joined(&c).store(), &both.join(z));

    let (mut added, mut removed) = (BTreeMap::new(), BTreeMap::new());
    let mut store = a.store().clone();
    store.join(a.context(), b.store(), b.context(), &mut |change| match change {
        Change::Added(dot) => drop(added.insert(*dot, b.store().element(dot).copied())),
        Change::Removed(dot) => drop(removed.insert(*dot, a.store().element(dot).copied())),
    });
    let news = |of: &Twin<T>, less: &Twin<T>| -> BTreeMap<Dot<u8>, Option<T>> {
        of.live.iter().filter(|(dot, element)| less.live.get(dot) != Some(element)).map(|(dot, element)| (*dot, Some(*element))).collect()
    };
    assert_eq!((added, removed), (news(&both, x), news(x, &both)));

    let clashes = x.live.iter().any(|(dot, element)| y.live.get(dot).is_some_and(|other| other != element));
    assert_eq!(a.clone().join_checked(&b).is_err(), clashes);
    assert_eq!(a.difference(&b).joined(&b), a.clone().joined(&b));
    assert_eq!(a.irreducibles().fold(Causal::new(), |all, part| all.joined(&part)), a);
}

/// Three replicas change and hear of each other's changes and states.
fn converges<T: Element>(steps: &[(usize, u8, u8, usize)]) {
    let mut replicas = [(); 3].map(|()| (AddWinsSet::<u8, T>::new(), Twin::<T> { live: BTreeMap::new(), known: BTreeSet::new() }));
    let mut deltas: Vec<(AddWinsSet<u8, T>, Twin<T>)> = Vec::new();
    for &(at, kind, element, other) in steps {
        let actor = u8::try_from(at).expect("three replicas");
        let heard = if kind < 12 { deltas.get(other % deltas.len().max(1)).cloned() } else { Some(replicas[other % 3].clone()) };
        let (set, twin) = &mut replicas[at];
        let before = set.clone();
        let ended = twin.dots(T::from(element));
        let (delta, mut change) = match kind {
            0..6 => {
                let delta = set.add(actor, T::from(element)).expect("far from the end");
                let dot = before.context().next(actor).expect("far from the end");
                (delta, Twin { live: BTreeMap::from([(dot, T::from(element))]), known: BTreeSet::from([dot]) })
            }
            6..9 => (set.remove(&T::from(element)), Twin { live: BTreeMap::new(), known: BTreeSet::new() }),
            9 if element == 0 => {
                let known = twin.live.keys().copied().collect();
                (set.clear(), Twin { live: BTreeMap::new(), known })
            }
            _ => {
                let Some((delta, change)) = heard else { continue };
                set.join(&delta);
                *twin = twin.join(&change);
                audit(set.causal().store(), twin);
                continue;
            }
        };
        if kind < 9 {
            change.known.extend(ended);
        }
        assert_eq!(laws::mutates(&before, set, &delta), Ok(()), "m(x) = x ⊔ mδ(x)");
        *twin = twin.join(&change);
        audit(set.causal().store(), twin);
        audit(delta.causal().store(), &change);
        assert_eq!(delta.context(), &change.known.iter().copied().collect::<CausalContext<u8>>());
        deltas.push((delta, change));
    }
    let all = deltas.iter().fold(AddWinsSet::new(), |all, (delta, _)| all.joined(delta));
    assert_eq!(deltas.iter().rev().fold(AddWinsSet::new(), |all, (delta, _)| all.joined(delta)), all);
    assert_eq!(replicas.iter().fold(AddWinsSet::new(), |all, (set, _)| all.joined(set)), all);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Also for states that no correct actors make: gaps, dots at the end of the range, one dot under two elements.
    #[test]
    fn join_is_that_of_the_naive_twin(x in twin::<u8>(200), y in twin::<u8>(200), z in twin::<u8>(12)) {
        joins(&x, &y, &z);
    }

    /// The same of elements whose hashes lead to one bucket, which cannot hold them.
    #[test]
    fn join_of_crowded_elements_is_that_of_the_naive_twin(x in twin::<Chosen>(120), y in twin::<Chosen>(120), z in twin::<Chosen>(12)) {
        joins(&x, &y, &z);
    }

    #[test]
    fn replicas_equal_the_naive_twin_and_converge(steps in prop::collection::vec((0_usize..3, 0_u8..15, 0_u8..30, any::<usize>()), 0..120)) {
        converges::<u8>(&steps);
    }

    #[test]
    fn replicas_with_crowded_elements_equal_the_naive_twin_and_converge(steps in prop::collection::vec((0_usize..3, 0_u8..15, 0_u8..60, any::<usize>()), 0..120)) {
        converges::<Chosen>(&steps);
    }

    /// Many dots of one actor, put and taken in any order, in chunks that split and go.
    #[test]
    fn the_order_of_many_dots_equals_the_naive_twin(steps in prop::collection::vec((any::<bool>(), 1_u64..2_000, 1_u64..300), 1..6)) {
        let mut table = DotTable::new();
        let mut twin = Twin { live: BTreeMap::new(), known: BTreeSet::new() };
        for (adds, first, count) in steps {
            let counters = (first..first + count).map(|counter| if first % 2 == 0 { counter } else { 2 * first + count - counter });
            for dot in counters.map(|counter| Dot { actor: 1_u8, counter }) {
                let element = u8::try_from(dot.counter % 251).expect("less than 251");
                if !adds {
                    let gone: BTreeSet<_> = table.remove(&element).into_iter().collect();
                    prop_assert_eq!(&gone, &twin.dots(element));
                    twin.live.retain(|dot, _| !gone.contains(dot));
                } else if twin.live.insert(dot, element).is_none() {
                    table.put(dot, element);
                }
            }
            audit(&table, &twin);
        }
        for (first, last) in [(1, 700), (650, 651), (1_999, u64::MAX)] {
            let found = table.within(&1, first, last).map(|(_, row)| row.dot);
            prop_assert!(found.eq(twin.live.range(Dot::new(1, first)..=Dot::new(1, last)).map(|(dot, _)| *dot)));
        }
    }
}

/// What was many and is few again takes the room of few.
#[test]
fn what_is_removed_leaves_no_room_behind() {
    let mut table = DotTable::new();
    for counter in 1..=10_000_u64 {
        table.put(Dot { actor: 'a', counter }, counter);
    }
    for counter in (1..=10_000).filter(|counter| counter % 1_000 != 0) {
        assert_eq!(table.remove(&counter).len(), 1);
    }
    assert_eq!((table.len(), table.rows.len()), (10, 10));
    assert!(table.rows.capacity() <= 40, "{}", table.rows.capacity());
    assert!(table.index.as_ref().is_some_and(|index| index.buckets.room() < 100));
}

/// Elements in no pattern fill the buckets to the mark, and none is crowded out; those of one hash are, all but two buckets of them.
#[test]
fn only_chosen_elements_are_crowded() {
    let crowded = |table: &DotTable<u8, u64>| table.index.as_ref().map_or(0, |index| index.crowded.len());
    let mut table = DotTable::new();
    for counter in 1..=100_000_u64 {
        table.put(Dot { actor: 1, counter }, counter.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17));
        assert_eq!(crowded(&table), 0);
    }
    let mut table: DotTable<u8, Chosen> = DotTable::new();
    for element in 0..=u8::MAX {
        table.put(Dot { actor: 1, counter: u64::from(element) + 1 }, Chosen(element));
    }
    assert!(table.index.as_ref().is_some_and(|index| index.crowded.len() >= 256 - 32 && index.buckets.room() <= 4 * 256));
}
