//! Random concurrent editing on three replicas, delivered in every causal order that comes up.

use std::ops::Range;

use tidings_clocks::VersionVector;
use tidings_crdt::{Join, Text, TextDelta, TextError};

use crate::text::twin::{Operation, Twin};

/// A small generator of test input (Steele, Lea, Flood 2014: SplitMix).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).expect("small")
    }
}

/// An edit, as it travels: to the fast routine, and to its twin.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) author: usize,
    pub(crate) delta: TextDelta<u32>,
    pub(crate) operations: Vec<Operation>,
    /// How many events of each replica the author had seen.
    pub(crate) seen: Vec<usize>,
}

#[derive(Clone, Default)]
pub(crate) struct Replica {
    pub(crate) text: Text<u32>,
    pub(crate) twin: Twin,
    /// How many events of each replica were delivered.
    pub(crate) seen: Vec<usize>,
    /// Where the last edit ended.
    cursor: usize,
}

const ALPHABET: [char; 6] = ['a', 'b', 'c', 'é', '語', '🦀'];

impl Replica {
    pub(crate) fn new(replicas: usize) -> Self {
        Self { seen: vec![0; replicas], ..Self::default() }
    }

    /// Types, goes on typing, erases, deletes a range, or replaces one.
    pub(crate) fn edit(&mut self, me: usize, dice: &mut Dice) -> Event {
        let len = self.text.len();
        self.cursor = self.cursor.min(len);
        let position = if dice.roll(3) > 0 { self.cursor } else { dice.roll(len + 1) };
        let removed = match dice.roll(8) {
            0 if position > 0 => position - 1..position,
            1 => position..position + dice.roll(len - position + 1).min(5),
            2 => position.saturating_sub(dice.roll(4))..position,
            _ => position..position,
        };
        let length = if removed.is_empty() || dice.roll(4) == 0 { 1 + dice.roll(4) } else { 0 };
        let typed: String = (0..length).map(|_| ALPHABET[dice.roll(ALPHABET.len())]).collect();
        let event = self.splice(me, removed.clone(), &typed);
        self.cursor = removed.start + if dice.roll(6) == 0 { 0 } else { typed.chars().count() };
        event
    }

    /// One edit, of the text and of its twin.
    pub(crate) fn splice(&mut self, me: usize, removed: Range<usize>, typed: &str) -> Event {
        let seen = self.seen.clone();
        let actor = u32::try_from(me).expect("small");
        let mut operations: Vec<_> = removed.clone().map(|_| self.twin.delete(removed.start)).collect();
        operations.extend(typed.chars().enumerate().map(|(at, c)| self.twin.insert(actor, removed.start + at, c)));
        // As three kinds of call, which must do the same.
        let delta = match (removed.is_empty(), typed.is_empty()) {
            (true, false) => self.text.insert(actor, removed.start, typed),
            (false, true) => self.text.remove(removed),
            _ => self.text.splice(actor, removed, typed),
        };
        self.seen[me] += 1;
        Event { author: me, delta: delta.expect("in range"), operations, seen }
    }

    pub(crate) fn deliver(&mut self, event: &Event) {
        // An editor's own copy, kept by what is told of changes.
        let mut copy: Vec<char> = self.text.to_string().chars().collect();
        for splice in self.text.apply_splices(&event.delta).expect("what it builds on has come") {
            copy.splice(splice.position..splice.position + splice.removed, splice.inserted.chars());
        }
        assert_eq!(copy.into_iter().collect::<String>(), self.text.to_string());
        for operation in &event.operations {
            self.twin.apply(operation);
        }
        self.seen[event.author] += 1;
    }

    pub(crate) fn is_ready(&self, event: &Event) -> bool {
        event.seen.iter().zip(&self.seen).all(|(needed, seen)| needed <= seen) && self.seen[event.author] == event.seen[event.author]
    }

    pub(crate) fn check(&self, seed: u64) {
        assert_eq!(self.text.to_string(), self.twin.text(), "seed {seed}");
        let names: Vec<_> = (0..self.text.len()).map(|at| self.text.dot_at(at).expect("visible")).collect();
        assert_eq!(names, self.twin.visible(), "seed {seed}");
    }
}

pub(crate) fn run(seed: u64, steps: usize, typing: usize) -> (Vec<Replica>, Vec<Vec<Event>>) {
    let mut dice = Dice(seed);
    let mut replicas = vec![Replica::new(3); 3];
    let mut events: Vec<Vec<Event>> = vec![Vec::new(); 3];
    for _ in 0..steps {
        let me = dice.roll(3);
        if dice.roll(typing + 2) < typing {
            let event = replicas[me].edit(me, &mut dice);
            events[me].push(event);
        } else {
            let from = dice.roll(3);
            if let Some(event) = events[from].get(replicas[me].seen[from]).filter(|event| replicas[me].is_ready(event)) {
                replicas[me].deliver(event);
            }
        }
        replicas[me].check(seed);
    }
    (replicas, events)
}

/// Delivers everything to everybody.
pub(crate) fn settle(replicas: &mut [Replica], events: &[Vec<Event>], dice: &mut Dice) {
    while let Some(me) = (0..3).find(|&me| (0..3).any(|from| replicas[me].seen[from] < events[from].len())) {
        let from = dice.roll(3);
        if let Some(event) = events[from].get(replicas[me].seen[from]).filter(|event| replicas[me].is_ready(event)) {
            replicas[me].deliver(event);
        }
    }
}

/// Whatever is typed and deleted where and whenever it arrives: the text is that of the naive tree, and all converge.
#[test]
fn equals_the_twin_and_converges() {
    for seed in 0..1_500 {
        let (mut replicas, events) = run(seed, 60, 1 + usize::try_from(seed % 4).expect("small"));
        settle(&mut replicas, &events, &mut Dice(seed));
        for replica in &replicas {
            replica.check(seed);
            assert_eq!(replica.text, replicas[0].text, "seed {seed}");
            assert_eq!(replica.text.to_string(), replicas[0].text.to_string(), "seed {seed}");
        }
    }
}

/// Longer histories, so that leaves and inner nodes split and content is swept.
#[test]
fn equals_the_twin_when_large() {
    for seed in 0..6 {
        let (mut replicas, events) = run(seed, 700, 3);
        settle(&mut replicas, &events, &mut Dice(seed));
        for replica in &replicas {
            replica.check(seed);
            assert_eq!(replica.text, replicas[0].text, "seed {seed}");
        }
    }
}

/// Joining states gives what delivering all deltas gives, in any order and grouping, and again changes nothing; so does what one state lacks of another.
#[test]
fn joining_states_is_delivering_deltas() {
    for seed in 0..1_000 {
        let (mut replicas, events) = run(seed, 50, 2);
        let apart = replicas.clone();
        settle(&mut replicas, &events, &mut Dice(seed));
        let all = &replicas[0].text;
        let [a, b, c] = [0, 1, 2].map(|at| &apart[at].text);
        let joined = |order: [&Text<u32>; 3]| {
            let mut text = order[0].clone();
            text.join(order[1]);
            text.join(order[2]);
            text
        };
        for order in [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            let mut text = joined(order);
            assert_eq!(text, *all, "seed {seed}");
            assert!(!order.iter().any(|other| text.join(other)), "seed {seed}: nothing is new");
        }
        let mut bc = b.clone();
        bc.join(c);
        let mut text = a.clone();
        assert_eq!(text.join(&bc), *all != *a, "seed {seed}: join says whether it changed anything");
        assert_eq!(text, *all, "seed {seed}");

        let mut text = a.clone();
        assert_eq!(text.apply(&all.since(&a.version())), Ok(*all != *a), "seed {seed}");
        assert_eq!(text, *all, "seed {seed}");
        let mut text = Text::new();
        text.apply(&all.since(&VersionVector::new())).expect("everything comes");
        assert_eq!(text, *all, "seed {seed}");
        assert!(all.difference(&text).is_empty(), "seed {seed}");
        assert_eq!(text.removed().map(|range| range.length).sum::<u64>(), replicas[0].twin.deleted().len() as u64, "seed {seed}");
    }
}

/// Deltas that come twice, or before what they build on, change nothing; the latter say what is missing.
#[test]
fn repeated_and_early_deltas_change_nothing() {
    let (mut repeated, mut early) = (0, 0);
    for seed in 0..400 {
        let (_, events) = run(seed, 40, 2);
        let mut dice = Dice(seed);
        let mut replica = Replica::new(3);
        let mut left: Vec<&Event> = events.iter().flatten().collect();
        while !left.is_empty() {
            let at = dice.roll(left.len());
            if replica.is_ready(left[at]) {
                let event = left.swap_remove(at);
                replica.deliver(event);
                let before = replica.text.clone();
                for known in events.iter().flatten().filter(|event| event.seen[event.author] < replica.seen[event.author]) {
                    assert_eq!(replica.text.apply(&known.delta), Ok(false), "seed {seed}");
                    repeated += 1;
                }
                assert_eq!(replica.text, before, "seed {seed}");
            } else {
                let before = replica.text.clone();
                match replica.text.apply(&left[at].delta) {
                    Ok(_) => replica.text = before, // All that it names is there, though not all that its author had seen.
                    Err(TextError::Missing(dot)) => {
                        assert!(replica.text.known(&dot.actor) < dot.counter, "seed {seed}: {dot:?} is known");
                        assert_eq!(replica.text, before, "seed {seed}");
                        early += 1;
                    }
                    Err(other) => panic!("seed {seed}: {other}"),
                }
            }
            replica.check(seed);
        }
    }
    assert!(repeated > 10_000 && early > 1_000, "both cases are reached: {repeated}, {early}");
}
