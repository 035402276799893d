//! Every type is taken apart, on all states that three replicas can come to in a few events.

use std::fmt;

use tidings_clocks::Dot;
use tidings_crdt::{AddWinsMap, AddWinsSet, Causal, Decompose, DotFun, DotMap, DotSet, DotStore, Join, laws};

use crate::laws::oracle::{self, Specification};
use crate::laws::{counters, documents, flags, lists, maps, registers, sets, trees};

/// How many events lead to the states that are compared with one another.
const EVENTS: usize = 3;

/// All states and deltas that histories of three replicas come to, each once.
///
/// On the way no irreducible is the join of what is strictly below it, of all that there is in its history: in another one the same dot may stand for something
/// else, and two meanings of one dot make a dead one.
fn universe<S: Specification<State: Decompose>>(name: &str) -> Vec<S::State> {
    let mut met: Vec<S::State> = Vec::new();
    oracle::visit::<S>(EVENTS, &mut |world| {
        let mut here: Vec<S::State> = world.states().iter().chain(world.deltas()).cloned().collect();
        for state in &here {
            if !met.contains(state) {
                met.push(state.clone());
            }
        }
        let parts: Vec<S::State> = here.iter().flat_map(|state| state.irreducibles().collect::<Vec<_>>()).collect();
        here.extend(parts.iter().cloned());
        for part in parts {
            let below = |state: &&S::State| **state != part && !part.clone().join(state);
            let made = here.iter().filter(below).fold(S::State::default(), S::State::joined);
            assert!(made != part, "{name}: {part:?} is the join of what is below it");
        }
    })
    .unwrap_or_else(|violation| panic!("{violation}"));
    met
}

/// Each state is the join of its irreducibles, none of which is redundant, and the difference of each two states is the least.
fn taken_apart<S: Specification<State: Decompose>>(name: &str, at_least: usize) {
    let universe = universe::<S>(name);
    assert!(universe.len() >= at_least, "{name}: only {} states", universe.len());
    for state in &universe {
        for known in &universe {
            let kept = laws::decomposes(state, known);
            assert!(kept.is_ok(), "{name}: {} of {state:?} to {known:?}", kept.unwrap_err());
        }
    }
}

/// The same of all states and deltas of each history by itself: where an update writes several dots, one dot may stand for different things in different histories.
fn taken_apart_within<S: Specification<State: Decompose>>(name: &str) {
    let mut pairs = 0;
    oracle::visit::<S>(EVENTS, &mut |world| {
        let states = || world.states().iter().chain(world.deltas());
        for (state, known) in states().flat_map(|state| states().map(move |known| (state, known))) {
            let kept = laws::decomposes(state, known);
            assert!(kept.is_ok(), "{name}: {} of {state:?} to {known:?}", kept.unwrap_err());
            pairs += 1;
        }
    })
    .unwrap_or_else(|violation| panic!("{violation}"));
    assert!(pairs > 20_000, "{name}: only {pairs} pairs");
}

#[test]
fn every_type_is_taken_apart_into_irreducibles_and_back() {
    let rows: &[fn()] = &[
        || taken_apart::<counters::GrowOnly>("grow-only counter", 15),
        || taken_apart::<counters::PositiveNegative>("positive-negative counter", 20),
        || taken_apart::<counters::ResetsByTotals>("resettable counter", 20),
        || taken_apart::<counters::Bounded>("bounded counter", 20),
        || taken_apart::<counters::Resets>("tally", 20),
        || taken_apart::<registers::LastWriterWins>("last-writer-wins register", 10),
        || taken_apart::<registers::MultiValue>("multi-value register", 20),
        || taken_apart::<flags::EnableWins>("enable-wins flag", 10),
        || taken_apart::<flags::DisableWins>("disable-wins flag", 20),
        || taken_apart::<sets::GrowOnly>("grow-only set", 4),
        || taken_apart::<sets::TwoPhase>("two-phase set", 5),
        || taken_apart::<sets::CausalLength>("causal-length set", 5),
        || taken_apart::<sets::AddWins>("add-wins set", 20),
        || taken_apart::<sets::RemoveWins>("remove-wins set", 20),
        || taken_apart::<maps::LastWriterWins>("last-writer-wins map", 20),
        || taken_apart::<maps::MapOfSets>("add-wins map of add-wins sets", 20),
        || taken_apart::<maps::MapOfRegisters>("add-wins map of multi-value registers", 20),
        || taken_apart::<maps::MapOfTallies>("add-wins map of tallies", 20),
        || taken_apart::<maps::MapOfMaps>("add-wins map of add-wins maps", 20),
        || taken_apart_within::<lists::Values>("sequence"),
        || taken_apart_within::<lists::Elements>("moveable list"),
        || taken_apart_within::<documents::Field>("document"),
        || taken_apart::<trees::Tree>("moveable tree", 20),
    ];
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    row();
                }
            });
        }
    });
}

/// Dots in any order, with gaps, some dead, and, as cloned actors make them, some that stand for two things.
fn any_states<S: DotStore<u8> + fmt::Debug + Clone>(
    store: impl Fn(Dot<u8>, u8) -> S,
) -> impl proptest::strategy::Strategy<Value = Causal<u8, S>> {
    use proptest::prelude::*;
    let counter = prop_oneof![1_u64..5, Just(u64::MAX)];
    proptest::collection::btree_map((0_u8..3, counter), 0_u8..4, 0..8).prop_map(move |dots| {
        let mut state = Causal::new();
        for ((actor, counter), what) in dots {
            let dot = Dot { actor, counter };
            let one = if what == 0 { Causal::delta(S::default(), [dot]) } else { Causal::delta(store(dot, what), []) };
            state.join(&one);
        }
        state
    })
}

mod wild {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_set_of_dots_keeps_the_laws(a in any_states(|dot, _| DotSet::of(dot)), b in any_states(|dot, _| DotSet::of(dot))) {
            prop_assert_eq!(laws::decomposes(&a, &b), Ok(()));
        }

        #[test]
        fn a_function_of_dots_keeps_the_laws(a in any_states(DotFun::of), b in any_states(DotFun::of)) {
            prop_assert_eq!(laws::decomposes(&a, &b), Ok(()));
        }

        #[test]
        fn a_map_of_maps_keeps_the_laws(
            a in any_states(|dot, key| DotMap::of(key, DotMap::of(key % 2, DotFun::of(dot, key)))),
            b in any_states(|dot, key| DotMap::of(key, DotMap::of(key % 2, DotFun::of(dot, key)))),
        ) {
            prop_assert_eq!(laws::decomposes(&a, &b), Ok(()));
        }
    }
}

/// What one does not know is one addition, and one removal, however many elements there are.
#[test]
fn a_small_difference_of_large_sets_is_small() {
    let mut here: AddWinsSet<char, u32> = AddWinsSet::new();
    for element in 0..1_000 {
        here.add('h', element).expect("few dots");
    }
    let mut there = here.clone();
    let added = here.add('h', 1_000).expect("few dots");
    assert_eq!(here.difference(&there), added);
    let removed = there.remove(&7);
    assert_eq!(there.difference(&here), removed);
    let mut map: AddWinsMap<char, u8, AddWinsSet<char, u8>> = AddWinsMap::new();
    let delta = map.update(1, |set| set.add('a', 2)).expect("few dots");
    assert_eq!(map.difference(&AddWinsMap::new()), delta);
}
