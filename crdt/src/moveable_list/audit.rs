//! The list against a set of dots with what each stands for. For tests only.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use tidings_clocks::Dot;

use super::{MoveableList, Place};
use crate::{DotStore, Join, MvRegister, Nested, Position, laws};

type List = MoveableList<u8, MvRegister<u8, u8>>;

/// The last place of an element, and its values.
type Standing<'t> = (Option<&'t Place<u8>>, Vec<u8>);

/// What a dot stands for: a place or a value of an element.
#[derive(Clone, Debug, PartialEq)]
enum Leaf {
    Place(Place<u8>),
    Value(u8),
}

/// The naive twin: every dot that is alive, and all that are known.
#[derive(Clone, Debug, Default, PartialEq)]
struct Twin {
    live: BTreeMap<Dot<u8>, (Dot<u8>, Leaf)>,
    known: BTreeSet<Dot<u8>>,
}

impl Twin {
    fn of(list: &List) -> Self {
        let mut live = BTreeMap::new();
        for (name, element) in list.causal().store().elements() {
            live.extend(element.places.iter().map(|(dot, place)| (*dot, (*name, Leaf::Place(place.clone())))));
            live.extend(element.value.iter().map(|(dot, value)| (*dot, (*name, Leaf::Value(*value)))));
        }
        let dots = |(&actor, first, last): (&u8, u64, u64)| (first..=last).map(move |counter| Dot { actor, counter });
        Self { live, known: crate::keyed::runs(list.context()).flat_map(dots).collect() }
    }

    /// (s ∩ s′) ∪ (s \ c′) ∪ (s′ \ c).
    fn join(&mut self, other: &Self) {
        let known = &self.known;
        self.live.retain(|dot, _| other.live.contains_key(dot) || !other.known.contains(dot));
        self.live.extend(other.live.iter().filter(|(dot, _)| !known.contains(dot)).map(|(dot, leaf)| (*dot, leaf.clone())));
        self.known.extend(&other.known);
    }

    /// Each element that has a value, at the last of its places.
    fn shown(&self) -> Vec<Vec<u8>> {
        let mut elements: BTreeMap<Dot<u8>, Standing<'_>> = BTreeMap::new();
        for (name, leaf) in self.live.values() {
            let (place, values) = elements.entry(*name).or_default();
            match leaf {
                Leaf::Place(other) => {
                    let is_later = place.is_none_or(|last| (last.moves, last.position.dot()) < (other.moves, other.position.dot()));
                    *place = if is_later { Some(other) } else { *place };
                }
                Leaf::Value(value) => values.push(*value),
            }
        }
        let mut order: Vec<(&Position<u8>, Vec<u8>)> = elements
            .into_values()
            .filter_map(|(place, values)| Some((&place?.position, values)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(_, values)| values).collect()
    }
}

fn shown(list: &List) -> Vec<Vec<u8>> {
    list.iter().map(|value| value.values().copied().collect()).collect()
}

/// What is kept beside the elements is what they make.
fn audit(list: &List) {
    let elements = list.causal().store().elements().map(|(name, element)| (*name, element.clone())).collect();
    assert_eq!(super::DotList::from_elements(elements).as_ref(), Some(list.causal().store()));
    for index in 0..list.len() {
        assert_eq!(list.index_of(list.name(index).unwrap()), Some(index));
    }
}

#[derive(Clone, Debug)]
struct Replica {
    list: List,
    twin: Twin,
}

impl Replica {
    fn check(&self) {
        audit(&self.list);
        assert_eq!(Twin::of(&self.list), self.twin);
        assert_eq!(shown(&self.list), self.twin.shown());
    }

    /// One change, if it can be made here, and what the list must then show.
    fn change(&mut self, actor: u8, kind: u8, one: usize, two: usize, value: u8) -> Option<List> {
        let before = self.list.clone();
        let (len, mut due) = (before.len(), shown(&before));
        let delta = match kind {
            0 => {
                due.insert(one % (len + 1), vec![value]);
                self.list.insert(actor, one % (len + 1), |register| register.write(actor, value)).unwrap()
            }
            _ if len == 0 => return None,
            1 => {
                due[one % len] = vec![value];
                self.list.update(actor, one % len, |register| register.write(actor, value)).unwrap()
            }
            2 => {
                let moved = due.remove(one % len);
                due.insert(two % len, moved);
                self.list.move_to(actor, one % len, two % len).unwrap()
            }
            _ => {
                due.remove(one % len);
                self.list.remove(one % len).unwrap()
            }
        };
        assert_eq!(shown(&self.list), due);
        assert_eq!(laws::mutates(&before, &self.list, &delta), Ok(()));
        self.twin.join(&Twin::of(&delta));
        self.check();
        Some(delta)
    }

    fn hear(&mut self, delta: &List) {
        self.list.join(delta);
        self.twin.join(&Twin::of(delta));
        self.check();
    }
}

fn replicas() -> Vec<Replica> {
    vec![Replica { list: List::new(), twin: Twin::default() }; 3]
}

/// All replicas and any order of all deltas come to one list.
fn converges(replicas: &[Replica], deltas: &[List]) {
    let all = replicas.iter().fold(List::new(), |all, replica| all.joined(&replica.list));
    assert_eq!(deltas.iter().fold(List::new(), List::joined), all);
    assert_eq!(deltas.iter().rev().fold(List::new(), List::joined), all);
    audit(&all);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equals_the_naive_twin_and_converges(steps in prop::collection::vec((0_u8..3, 0_u8..10, 0_usize..30, 0_usize..30), 0..60)) {
        let (mut replicas, mut deltas) = (replicas(), Vec::new());
        for (at, kind, one, two) in steps {
            let other = replicas[one % 3].list.clone();
            let replica = &mut replicas[usize::from(at)];
            match kind {
                0..6 => deltas.extend(replica.change(at, kind.saturating_sub(2), one, two, u8::try_from(deltas.len()).unwrap())),
                6..9 if !deltas.is_empty() => replica.hear(&deltas[two % deltas.len()]),
                _ => replica.hear(&other),
            }
        }
        let [a, b, c] = &replicas[..] else { unreachable!() };
        prop_assert_eq!(laws::joins(&a.list, &b.list, &c.list), Ok(()));
        prop_assert!(a.list.clone().join_checked(&b.list).is_ok());
        prop_assert!(laws::decomposes(&a.list, &b.list).is_ok());
        converges(&replicas, &deltas);
    }
}

/// Three replicas, two elements to begin with, and every way to change the first or last of them, to move one to the other end, and to hear of any delta, up to
/// four events.
#[test]
fn every_small_history_equals_the_naive_twin() {
    let mut start = replicas();
    for value in 0..2 {
        let delta = start[0].change(0, 0, value, 0, u8::try_from(value).unwrap()).unwrap();
        start[1].hear(&delta);
        start[2].hear(&delta);
    }
    let mut histories = 0;
    explore(&start, &[], 4, &mut histories);
    assert_eq!(histories, HISTORIES);
}

const HISTORIES: u64 = 60_696;

fn explore(replicas: &[Replica], deltas: &[List], left: usize, histories: &mut u64) {
    if left == 0 {
        *histories += 1;
        let all = replicas.iter().fold(List::new(), |all, replica| all.joined(&replica.list));
        for order in [true, false] {
            let mut heard = replicas[0].list.clone();
            for at in 0..deltas.len() {
                heard.join(&deltas[if order { at } else { deltas.len() - 1 - at }]);
            }
            assert_eq!(heard, all);
        }
        return;
    }
    for at in 0..3_u8 {
        for (kind, one, two) in [(0, 0, 0), (1, 0, 0), (2, 0, 1), (3, 0, 0)] {
            let mut replicas = replicas.to_vec();
            if let Some(delta) = replicas[usize::from(at)].change(at, kind, one, two, 10 + u8::try_from(deltas.len()).unwrap()) {
                explore(&replicas, &[deltas, &[delta]].concat(), left - 1, histories);
            }
        }
        for delta in deltas {
            let mut replicas = replicas.to_vec();
            replicas[usize::from(at)].hear(delta);
            explore(&replicas, deltas, left - 1, histories);
        }
    }
}

/// Two move one element at once: it is in one place, and the same one for both. A concurrent change of its value holds too.
#[test]
fn concurrent_moves_leave_one_element_and_a_change_holds() {
    let mut start = replicas();
    for value in 0..3 {
        start[0].change(0, 0, usize::from(value), 0, value);
    }
    let (mut ann, mut bob, mut eve) = (start[0].list.clone(), start[0].list.clone(), start[0].list.clone());
    let one = ann.move_to(0, 2, 0).unwrap();
    let two = bob.move_to(1, 2, 1).unwrap();
    let set = eve.update(2, 2, |register| register.write(2, 9)).unwrap();
    for list in [&mut ann, &mut bob, &mut eve] {
        for delta in [&two, &set, &one] {
            list.join(delta);
        }
        assert_eq!(list.len(), 3);
    }
    assert_eq!((shown(&ann), &ann), (shown(&bob), &eve));
    // Of the two equally late moves that of the greater actor holds.
    assert_eq!(shown(&ann).iter().position(|values| *values == [9]), Some(1));
}

/// What is removed stays removed if it is moved at the same time, and comes back where it was if its value is changed.
#[test]
fn a_change_wins_over_a_removal_and_a_move_does_not() {
    let mut start = replicas();
    for value in 0..3 {
        start[0].change(0, 0, usize::from(value), 0, value);
    }
    for moves in [true, false] {
        let (mut ann, mut bob) = (start[0].list.clone(), start[0].list.clone());
        let removal = ann.remove(1).unwrap();
        let other = if moves { bob.move_to(1, 1, 0).unwrap() } else { bob.update(1, 1, |register| register.write(1, 7)).unwrap() };
        ann.join(&other);
        bob.join(&removal);
        assert_eq!(ann, bob);
        let due: &[&[u8]] = if moves { &[&[0], &[2]] } else { &[&[0], &[7], &[2]] };
        assert_eq!(shown(&ann), due);
        ann.clear();
        assert!(ann.is_empty() && DotStore::is_empty(ann.causal().store()), "not even a place is left");
    }
}

/// However three take turns at the ends, positions do not grow without bound.
#[test]
fn positions_stay_short() {
    for at_end in [true, false] {
        let mut list = List::new();
        for turn in 0..600_usize {
            let actor = u8::try_from(turn * 7 % 5 % 3).unwrap();
            let index = if at_end { list.len() } else { 0 };
            list.insert(actor, index, |register| register.write(actor, 0)).unwrap();
            let position = &list.causal().store().element(list.name(index).unwrap()).unwrap().place().unwrap().position;
            assert!(position.length() <= Position::<u8>::TURNS + 1, "{} after {turn} turns", position.length());
        }
    }
}
