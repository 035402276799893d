//! The runs against a map with an entry for each value. For tests only.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use tidings_clocks::Dot;

use super::{DotRuns, Run};
use crate::{Change, DotStore, Join, Nested, Position, Sequence, laws};

/// The naive twin: every value that is alive, by its position, and all dots that are known.
#[derive(Clone, Debug, Default, PartialEq)]
struct Twin {
    live: BTreeMap<Position<u8>, char>,
    known: BTreeSet<Dot<u8>>,
}

impl Twin {
    fn of(delta: &Sequence<u8, char>) -> Self {
        let known =
            crate::keyed::runs(delta.context()).flat_map(|(&actor, first, last)| (first..=last).map(move |counter| Dot { actor, counter }));
        Self { live: singles(delta.causal().store()).into_iter().collect(), known: known.collect() }
    }

    /// (s ∩ s′) ∪ (s \ c′) ∪ (s′ \ c).
    fn join(&mut self, other: &Self) {
        let known = &self.known;
        self.live.retain(|position, _| other.live.contains_key(position) || !other.known.contains(&position.dot()));
        self.live.extend(
            other.live.iter().filter(|(position, _)| !known.contains(&position.dot())).map(|(position, value)| (position.clone(), *value)),
        );
        self.known.extend(&other.known);
    }
}

fn singles(store: &DotRuns<u8, char>) -> Vec<(Position<u8>, char)> {
    store
        .runs
        .iter()
        .flat_map(|run| run.values.iter().enumerate().map(|(at, value)| (run.start.forward(at as u64).unwrap(), *value)))
        .collect()
}

/// All that is kept is what the values by themselves, put in one by one, make.
fn audit(store: &DotRuns<u8, char>) {
    let mut again = DotRuns::new();
    again.lay(singles(store).into_iter().map(|(start, value)| Run { start, values: vec![value] }).collect());
    assert_eq!(*store, again);
    assert!(singles(store).is_sorted_by(|(one, _), (next, _)| one < next));
    for (at, (position, value)) in singles(store).into_iter().enumerate() {
        assert_eq!(store.value(at), Some((position.dot(), &value)));
        assert_eq!(store.position(at), Some(position));
    }
}

/// What a replica does next: which, what, where, how much.
type Step = (usize, u8, prop::sample::Index, usize);

/// Lets three replicas edit one sequence and hear of each other's edits in any order; tells of all deltas, all states and all twins.
#[expect(clippy::type_complexity, reason = "it is taken apart at once")]
fn run(steps: Vec<Step>) -> (Vec<Sequence<u8, char>>, Vec<(Sequence<u8, char>, Twin)>) {
    let mut replicas = vec![(Sequence::<u8, char>::new(), Twin::default()); 3];
    let mut deltas = Vec::new();
    for (at, kind, place, count) in steps {
        let actor = u8::try_from(at).unwrap();
        let other = replicas[(at + count) % 3].clone();
        let (sequence, twin) = &mut replicas[at];
        let (before, index) = (sequence.clone(), place.index(sequence.len() + 1));
        let delta = match kind {
            0..4 => sequence.insert(actor, index, "abcde"[..1 + count % 5].chars()).unwrap(),
            4 => sequence.insert(actor, 0, ['<']).unwrap(),
            5 => sequence.remove(index..sequence.len().min(index + count)).unwrap(),
            6 => {
                sequence.join(&other.0);
                twin.join(&other.1);
                audit(sequence.causal().store());
                continue;
            }
            _ if deltas.is_empty() => continue,
            _ => {
                let delta: &Sequence<u8, char> = &deltas[place.index(deltas.len())];
                let news = sequence.clone().joined(delta) != before;
                assert_eq!(sequence.join(delta), news);
                twin.join(&Twin::of(delta));
                audit(sequence.causal().store());
                assert_eq!(singles(sequence.causal().store()), twin.live.clone().into_iter().collect::<Vec<_>>());
                continue;
            }
        };
        assert_eq!(laws::mutates(&before, sequence, &delta), Ok(()));
        audit(sequence.causal().store());
        twin.join(&Twin::of(&delta));
        assert_eq!(singles(sequence.causal().store()), twin.live.clone().into_iter().collect::<Vec<_>>());
        deltas.push(delta);
    }
    (deltas, replicas)
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_usize..3, 0_u8..10, any::<prop::sample::Index>(), 0_usize..9), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equals_the_naive_twin_and_converges(steps in steps(60)) {
        let (deltas, replicas) = run(steps);
        let [a, b, c] = [0, 1, 2].map(|at: usize| replicas[at].0.clone());
        prop_assert_eq!(laws::joins(&a, &b, &c), Ok(()));
        prop_assert!(laws::decomposes(&a, &b).is_ok());
        let all = a.clone().joined(&b).joined(&c);
        // In whatever order the deltas come.
        let there = deltas.iter().fold(Sequence::new(), Sequence::joined);
        let back = deltas.iter().rev().fold(Sequence::new(), Sequence::joined);
        prop_assert_eq!(&there, &all);
        prop_assert_eq!(&back, &all);
        for (sequence, _) in &replicas {
            prop_assert_eq!(sequence.clone().joined(&all), all.clone());
        }
    }

    #[test]
    fn the_changes_told_are_those_made(steps in steps(40)) {
        let (_, replicas) = run(steps);
        let [(a, x), (b, y), _] = &replicas[..] else { unreachable!() };
        let (mut store, mut told) = (a.causal().store().clone(), (BTreeSet::new(), BTreeSet::new()));
        store.join(a.context(), b.causal().store(), b.context(), &mut |change| match change {
            Change::Added(&dot) => drop(told.0.insert(dot)),
            Change::Removed(&dot) => drop(told.1.insert(dot)),
        });
        let mut twin = x.clone();
        twin.join(y);
        let news = |of: &Twin, less: &Twin| of.live.keys().filter(|position| !less.live.contains_key(position)).map(Position::dot).collect::<BTreeSet<_>>();
        prop_assert_eq!(told, (news(&twin, x), news(x, &twin)));
        prop_assert!(a.clone().join_checked(b).is_ok());
    }

    /// Also one value at a time, and all at once.
    #[test]
    fn many_pieces_at_once_are_as_one_by_one(steps in steps(60), gone in prop::collection::vec(any::<bool>(), 40)) {
        let (_, replicas) = run(steps);
        let store = replicas[0].0.causal().store();
        let all = singles(store);
        let (cuts, kept): (Vec<_>, Vec<_>) = all.into_iter().zip(gone.iter().cycle()).partition(|(_, gone)| **gone);
        let cuts: Vec<(Dot<u8>, usize)> = cuts.into_iter().map(|((position, _), _)| (position.dot(), 1)).collect();
        let (mut one, mut at_once) = (store.clone(), store.clone());
        cuts.iter().for_each(|(dot, count)| one.cut(dot, *count));
        at_once.rebuild(&cuts, Vec::new());
        prop_assert_eq!(&one, &at_once);
        let puts: Vec<(Position<u8>, Vec<char>)> = kept.into_iter().map(|((position, value), _)| (position, vec![value])).collect();
        let (mut one, mut at_once) = (DotRuns::new(), DotRuns::new());
        puts.iter().rev().cloned().for_each(|(start, values)| one.put(start, values));
        at_once.rebuild(&[], puts);
        prop_assert_eq!(one, at_once);
    }
}

/// A cloned actor gives one dot to two positions, or to two values: it is told, and joined all replicas agree anyhow.
#[test]
fn one_dot_for_two_values_is_a_clash() {
    let start = Sequence::new().insert(1, 0, "ab".chars()).unwrap();
    let (mut one, mut two, mut other) = (start.clone(), start.clone(), start);
    one.insert(2, 0, ['x']).unwrap();
    two.insert(2, 1, ['x']).unwrap();
    other.insert(2, 0, ['y']).unwrap();
    for clone in [two, other] {
        assert_eq!(one.clone().join_checked(&clone).unwrap_err().dot, Dot { actor: 2, counter: 1 });
        let joined = one.clone().joined(&clone);
        audit(joined.causal().store());
        assert_eq!(joined, clone.joined(&one));
    }
}

/// What is gone leaves nothing but its place in the context.
#[test]
fn no_tombstones() {
    let mut sequence = Sequence::new();
    for at in 0..100 {
        sequence.insert('a', at / 2, "xyz".chars()).unwrap();
    }
    sequence.remove(0..300).unwrap();
    assert_eq!(sequence.causal().store(), &DotRuns::new());
    assert_eq!(sequence.context().vector().entry(&'a'), 300);
}
