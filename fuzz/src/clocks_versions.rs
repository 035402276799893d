//! Version vectors, with exceptions and dotted: sequences of operations against sets of dots and maps.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use arbitrary::Unstructured;
use tidings_clocks::{ActorTable, CausalContext, Dot, DottedVersionVector, ExceptionVector, SiblingSet, VersionVector};

use crate::clocks::{edge, one_form};

type Counters = BTreeMap<u8, u64>;

/// Version vectors against maps, through dense tables and back.
pub(crate) fn version_vectors(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = version_run(&mut input);
}

fn version_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    const ACTORS: usize = 12;
    let mut vectors = vec![(VersionVector::<u8>::new(), Counters::new()); 3];
    let mut table = ActorTable::new(ACTORS - 2);
    while !input.is_empty() {
        let (at, other) = (input.choose_index(3)?, input.choose_index(3)?);
        let actor = u8::try_from(input.choose_index(ACTORS)?).expect("few actors");
        let (theirs, their_twin) = vectors[other].clone();
        let (vector, twin) = &mut vectors[at];
        let (before, twin_before) = (vector.clone(), twin.clone());
        match input.int_in_range(0..=3)? {
            0 => {
                let next = twin.get(&actor).unwrap_or(&0).checked_add(1);
                assert_eq!(vector.increment(actor).ok().map(|dot| (dot.actor, dot.counter)), next.map(|next| (actor, next)));
                if let Some(next) = next {
                    twin.insert(actor, next);
                }
            }
            1 => {
                let counter = edge(input)?;
                let changed = vector.raise(actor, counter);
                raise(twin, actor, counter);
                assert_eq!(changed, *twin != twin_before);
            }
            2 => {
                let changed = vector.join(&theirs);
                their_twin.iter().for_each(|(actor, counter)| raise(twin, *actor, *counter));
                assert_eq!((changed, *vector != before), (*twin != twin_before, *twin != twin_before));
            }
            _ => {
                let known = table.len();
                match table.to_dense(vector) {
                    Ok(dense) => assert_eq!(table.to_sparse(&dense).as_ref(), Some(&*vector)),
                    Err(error) => {
                        let new = twin.keys().filter(|actor| table.rank_of(actor).is_none()).count();
                        assert!(known + new > error.limit && table.len() == known);
                    }
                }
            }
        }
        let (vector, twin) = &vectors[at];
        assert!(vector.iter().map(|(actor, counter)| (*actor, counter)).eq(twin.iter().map(|(actor, counter)| (*actor, *counter))));
        for (other, other_twin) in &vectors {
            assert_eq!(vector.partial_cmp(other), order(is_below(twin, other_twin), is_below(other_twin, twin)));
        }
        one_form::<VersionVector<u8>>(&tidings_clocks::Wire::to_wire(vector));
    }
    Ok(())
}

fn raise(twin: &mut Counters, actor: u8, counter: u64) {
    if counter > 0 {
        let entry = twin.entry(actor).or_default();
        *entry = counter.max(*entry);
    }
}

fn is_below(one: &Counters, other: &Counters) -> bool {
    one.iter().all(|(actor, counter)| other.get(actor).unwrap_or(&0) >= counter)
}

fn order(below: bool, above: bool) -> Option<Ordering> {
    match (below, above) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => None,
    }
}

/// Version vectors with exceptions against sets of dots, and against causal contexts, which are the same sets seen from the other side.
pub(crate) fn exception_vector(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = exception_run(&mut input);
}

fn exception_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let mut vectors = vec![(ExceptionVector::<u8>::new(), CausalContext::<u8>::new(), BTreeSet::<(u8, u64)>::new()); 2];
    while !input.is_empty() {
        let at = input.choose_index(2)?;
        let (other, other_context, other_twin) = vectors[1 - at].clone();
        let (vector, context, twin) = &mut vectors[at];
        let before = twin.len();
        let changed = if input.ratio(1, 5)? {
            twin.extend(other_twin.clone());
            context.join(&other_context);
            vector.join(&other)
        } else {
            let actor = input.int_in_range(0..=2)?;
            let counter = if input.ratio(1, 4)? { edge(input)? } else { input.int_in_range(0..=12)? };
            if counter > 0 {
                twin.insert((actor, counter));
            }
            context.insert(Dot::new(actor, counter));
            vector.insert(Dot::new(actor, counter))
        };
        assert_eq!(changed, twin.len() > before);
        let (vector, context) = (&*vector, &*context);
        assert_eq!(*vector, ExceptionVector::from(context));
        assert_eq!(vector.partial_cmp(&other), context.partial_cmp(&other_context));
        assert_eq!(vector.partial_cmp(&other), order(twin.is_subset(&other_twin), other_twin.is_subset(twin)));
        for actor in 0..=2 {
            let latest = twin.iter().filter(|(of, _)| *of == actor).map(|(_, counter)| *counter).max().unwrap_or(0);
            assert_eq!(vector.latest(&actor), latest);
            assert_eq!(vector.contiguous().entry(&actor), context.vector().entry(&actor));
            assert!((1..=13).all(|counter| vector.contains(&Dot::new(actor, counter)) == twin.contains(&(actor, counter))));
            let missing: u128 =
                vector.missing().filter(|(of, _)| **of == actor).map(|(_, run)| u128::from(run.end() - run.start()) + 1).sum();
            assert_eq!(missing + twin.iter().filter(|(of, _)| *of == actor).count() as u128, u128::from(latest));
        }
        one_form::<ExceptionVector<u8>>(&tidings_clocks::Wire::to_wire(vector));
    }
    Ok(())
}

/// What a server of the naive store has: every version that was not replaced, and how far it has seen each server.
#[derive(Clone, Default)]
struct Naive {
    versions: BTreeMap<(u8, u64), u32>,
    seen: Counters,
}

impl Naive {
    fn discard(&mut self, context: &Counters) {
        self.versions.retain(|(actor, counter), _| context.get(actor).unwrap_or(&0) < counter);
        context.iter().for_each(|(actor, counter)| raise(&mut self.seen, *actor, *counter));
    }

    fn join(&mut self, other: &Self) {
        let keeps = |of: &Self, dot: &(u8, u64)| of.versions.contains_key(dot) || *of.seen.get(&dot.0).unwrap_or(&0) < dot.1;
        let mut versions = self.versions.clone();
        versions.extend(other.versions.iter().map(|(dot, value)| (*dot, *value)));
        versions.retain(|dot, _| keeps(self, dot) && keeps(other, dot));
        self.versions = versions;
        other.seen.iter().for_each(|(actor, counter)| raise(&mut self.seen, *actor, *counter));
    }
}

/// A store of three servers against one that keeps every dot by itself; clients that give back what they read, or what they made up.
pub(crate) fn dotted_versions(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = dotted_run(&mut input);
}

fn dotted_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let mut servers = vec![(SiblingSet::<u8, u32>::new(), Naive::default()); 3];
    let mut written = BTreeMap::<(u8, u64), DottedVersionVector<u8>>::new();
    let mut value = 0;
    while !input.is_empty() {
        let (at, other) = (input.choose_index(3)?, input.choose_index(3)?);
        let (theirs, their_twin) = servers[other].clone();
        let (siblings, twin) = &mut servers[at];
        let before = siblings.clone();
        match input.int_in_range(0..=4)? {
            0 => {
                let changed = siblings.join(&theirs);
                twin.join(&their_twin);
                assert_eq!(changed, *siblings != before);
            }
            kind => {
                // Mostly what some server has shown, sometimes what nobody has.
                let mut context = if kind == 1 { VersionVector::new() } else { theirs.context() };
                if kind == 2 {
                    context.raise(input.int_in_range(0..=4)?, edge(input)?);
                }
                let counters: Counters = context.iter().map(|(actor, counter)| (*actor, counter)).collect();
                let actor = u8::try_from(at).expect("three servers");
                let seen = *twin.seen.get(&actor).unwrap_or(&0).max(counters.get(&actor).unwrap_or(&0));
                value += 1;
                match (siblings.write(actor, value, &context), seen.checked_add(1)) {
                    (Ok(dot), Some(next)) => {
                        assert_eq!(dot, Dot::new(actor, next));
                        twin.discard(&counters);
                        raise(&mut twin.seen, actor, next);
                        twin.versions.insert((actor, next), value);
                        written.insert((actor, next), DottedVersionVector::new(dot, context).expect("a new dot is in no past"));
                    }
                    (Err(_), None) => assert_eq!(*siblings, before),
                    (got, expected) => panic!("{got:?} where the twin has {expected:?}"),
                }
            }
        }
        let (siblings, twin) = &servers[at];
        let versions: BTreeMap<_, _> = siblings.versions().map(|(dot, value)| ((*dot.actor, dot.counter), *value)).collect();
        assert_eq!((&versions, versions.len()), (&twin.versions, siblings.len()));
        let context: Counters = siblings.context().iter().map(|(actor, counter)| (*actor, counter)).collect();
        assert_eq!(context, twin.seen);
        // Whatever stands side by side was written by clients of whom none had read the other.
        for dot in versions.keys() {
            for other in versions.keys().filter(|other| *other != dot) {
                assert_eq!(written[dot].partial_cmp(&written[other]), None);
            }
        }
        one_form::<SiblingSet<u8, u32>>(&tidings_clocks::Wire::to_wire(siblings));
    }
    Ok(())
}
