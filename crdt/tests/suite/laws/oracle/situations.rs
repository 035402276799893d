//! Histories of more events, by way of the situations that they come to: histories that come to the same one go on alike, so what may happen in it is run once.
//!
//! That is sound since every step is checked: what a replica holds is the join of the deltas of what it has seen, and a delta is what its maker made of what it held. So who made what having seen
//! what, and who has seen what, say all; and what a step gives depends on what the replicas that take part in it have seen. What equal states may still differ in, how they came to be, is for
//! [`exhaust`](super::exhaust), which runs each history by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Actor, Event, History, Operation, Operations, Specification, Violation, World};

/// How many histories there are, and how many situations fewer events come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub histories: u64,
    pub situations: usize,
}

/// So many operations at most: a set of them fits into a byte.
const MOST: usize = 8;

/// An event, an update with its number in the alphabet.
type Numbered<U> = (Event<U>, u8);

/// Who made what having seen what, and who has seen what.
struct Past<U> {
    history: History<U>,
    /// The number of each operation's update.
    updates: Vec<u8>,
    seen: [Operations; 3],
}

/// A past in numbers: how many operations each replica has made, which it has seen, and of each operation its update and what its maker had seen; and perhaps what happens next.
///
/// An operation is named by its maker and its place among what that has made, so that events which have nothing to do with each other come to the same in any order; and replicas are named so that it
/// is the least, where their names are meaningless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Situation {
    made: [u8; 3],
    seen: [u8; 3],
    operations: [(u8, u8); MOST],
    next: [u8; 3],
}

impl<U: Copy + fmt::Debug + 'static> Past<U> {
    fn of<S: Specification<Update = U>>(events: &[Numbered<U>]) -> Self {
        let mut past = Self { history: History::new(), updates: Vec::new(), seen: [Operations::default(); 3] };
        events.iter().for_each(|event| past.go_on::<S>(*event));
        past
    }

    fn go_on<S: Specification<Update = U>>(&mut self, (event, number): Numbered<U>) {
        match event {
            Event::Update { at, update } => {
                let actor = Actor::try_from(at).expect("few replicas");
                self.history.push(Operation { actor, update, seen: self.seen[at] });
                self.updates.push(number);
                self.seen[at] = self.seen[at].with(self.history.len() - 1);
            }
            Event::State { from, to } => self.seen[to] = self.seen[to].union(self.seen[from]),
            Event::Delta { operation, to } => self.seen[to] = self.seen[to].union(S::carried(&self.history, operation)),
        }
    }

    /// Every letter of the alphabet, as it is in [`exhaust`](super::exhaust).
    fn letters<S: Specification<Update = U>>(&self) -> Vec<Numbered<U>> {
        let others = |one: usize| (0..3).filter(move |&other| other != one);
        let updates = (0..3).flat_map(|at| (0..).zip(S::UPDATES).map(move |(number, &update)| (Event::Update { at, update }, number)));
        let states = (0..3).flat_map(|from| others(from).map(move |to| (Event::State { from, to }, 0)));
        let deltas = (0..self.history.len())
            .flat_map(|operation| others(self.history[operation].actor.into()).map(move |to| (Event::Delta { operation, to }, 0)));
        updates.chain(states).chain(deltas).collect()
    }

    fn situation<S: Specification<Update = U>>(&self) -> Situation {
        let all = (0..self.history.len()).fold(Operations::default(), Operations::with);
        self.least::<S>(|naming| self.named(naming, all, self.seen, None))
    }

    /// The event, and all of the past that has to do with it: what the replicas have seen that take part in it, and what was seen by those who made that.
    fn step<S: Specification<Update = U>>(&self, event: Numbered<U>) -> Situation {
        let (mut seen, mut past) = ([Operations::default(); 3], Operations::default());
        let replicas = match event.0 {
            Event::Update { at, .. } => [at, at],
            Event::State { from, to } => [from, to],
            Event::Delta { operation, to } => {
                past = S::carried(&self.history, operation).with(operation);
                [to, to]
            }
        };
        for replica in replicas {
            seen[replica] = self.seen[replica];
            past = past.union(seen[replica]);
        }
        for operation in (0..self.history.len()).rev() {
            if past.contains(operation) {
                past = past.union(self.history[operation].seen);
            }
        }
        self.least::<S>(|naming| self.named(naming, past, seen, Some(event)))
    }

    fn least<S: Specification>(&self, named: impl Fn(&[usize; 3]) -> Situation) -> Situation {
        const NAMINGS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        NAMINGS[..if S::RENAMES { 6 } else { 1 }].iter().map(named).min().expect("there is one")
    }

    /// Of these operations, with the replicas in this order.
    fn named(&self, naming: &[usize; 3], operations: Operations, seen: [Operations; 3], next: Option<Numbered<U>>) -> Situation {
        let name = |replica: usize| naming.iter().position(|&named| named == replica).expect("all are named");
        let (mut place, mut made, mut count) = ([0_u8; MOST], [0; 3], 0_u8);
        for (new, &replica) in naming.iter().enumerate() {
            for operation in operations.iter().filter(|&operation| usize::from(self.history[operation].actor) == replica) {
                place[operation] = count;
                made[new] += 1;
                count += 1;
            }
        }
        let set = |of: Operations| of.iter().fold(0, |set, operation| set | 1 << place[operation]);
        let mut named = [(0, 0); MOST];
        for operation in operations.iter() {
            named[usize::from(place[operation])] = (self.updates[operation], set(self.history[operation].seen));
        }
        let byte = |small: usize| u8::try_from(small).expect("few replicas");
        let next = next.map_or([0; 3], |(event, number)| match event {
            Event::Update { at, .. } => [1, byte(name(at)), number],
            Event::State { from, to } => [2, byte(name(from)), byte(name(to))],
            Event::Delta { operation, to } => [3, place[operation], byte(name(to))],
        });
        Situation { made, seen: naming.map(|replica| set(seen[replica])), operations: named, next }
    }
}

/// A situation, by a shortest history that comes to it.
struct Reached<U> {
    events: Vec<Numbered<U>>,
    /// The situations that its letters lead to; where they are the last, each letter leads to one of its own, which has no number.
    next: Vec<usize>,
}

/// Runs every letter in every situation that fewer than `events` events come to, once for all where the same goes before it, and says how many histories of 3 replicas and `events` events that are. None
/// is left out as a renaming of another.
///
/// # Errors
/// A shortest history after which something is not as specified.
pub fn exhaust<S: Specification>(events: usize) -> Result<Found, Violation> {
    let mut reached = vec![Reached::<S::Update> { events: Vec::new(), next: Vec::new() }];
    let (mut known, mut run) = (BTreeMap::from([(Past::of::<S>(&[]).situation::<S>(), 0)]), BTreeSet::new());
    let mut at = 0;
    while at < reached.len() {
        let before = reached[at].events.clone();
        let is_last = before.len() + 1 == events;
        let (past, mut world) = (Past::of::<S>(&before), None);
        for letter in past.letters::<S>() {
            if run.insert(past.step::<S>(letter)) {
                check(world.get_or_insert_with(|| world_after::<S>(&before)), &before, letter.0)?;
            }
            let mut next = usize::MAX;
            if !is_last {
                let history: Vec<_> = before.iter().copied().chain([letter]).collect();
                let fresh = reached.len();
                next = *known.entry(Past::of::<S>(&history).situation::<S>()).or_insert(fresh);
                if next == fresh {
                    reached.push(Reached { events: history, next: Vec::new() });
                }
            }
            reached[at].next.push(next);
        }
        at += 1;
    }
    Ok(Found { histories: count(&reached, events), situations: reached.len() })
}

fn world_after<S: Specification>(events: &[Numbered<S::Update>]) -> World<S> {
    let mut world = World::new(3);
    for (event, _) in events {
        world.step(*event).expect("it was checked");
    }
    world
}

fn check<S: Specification>(world: &mut World<S>, before: &[Numbered<S::Update>], event: Event<S::Update>) -> Result<(), Violation> {
    let (undo, result) = world.take_step(event);
    world.undo(undo);
    let story = || before.iter().map(|(event, _)| *event).chain([event]).collect::<Vec<_>>();
    result.map_err(|what| Violation { events: format!("{:?}", story()), what })
}

/// In how many ways so many letters can follow each other.
fn count<U>(reached: &[Reached<U>], events: usize) -> u64 {
    let mut ways = vec![0; reached.len()];
    ways[0] = 1;
    for _ in 1..events {
        let mut longer = vec![0; reached.len()];
        for (situation, ways) in reached.iter().zip(&ways).filter(|(_, ways)| **ways != 0) {
            for &next in &situation.next {
                longer[next] += ways;
            }
        }
        ways = longer;
    }
    reached.iter().zip(ways).map(|(situation, ways)| ways * situation.next.len() as u64).sum()
}
