//! The order of a sequence against FugueMax as the paper has it, on every small history and on random large ones.

use crate::text::twin::{Operation, Twin};
use proptest::prelude::*;
use tidings_crdt::{Join, Sequence};

/// A sequence, and the tree of the paper beside it. Without removals they have to agree: the tree then knows no more than the sequence.
#[derive(Clone)]
struct Replica {
    sequence: Sequence<u32, char>,
    twin: Twin,
    /// How many events of each replica it has seen.
    seen: Vec<usize>,
}

#[derive(Clone)]
struct Event {
    delta: Sequence<u32, char>,
    operations: Vec<Operation>,
    /// What its author had seen.
    after: Vec<usize>,
}

impl Replica {
    fn new(replicas: usize) -> Self {
        Self { sequence: Sequence::new(), twin: Twin::default(), seen: vec![0; replicas] }
    }

    fn insert(&mut self, me: usize, position: usize, text: &str) -> Event {
        let (actor, after) = (u32::try_from(me).unwrap(), self.seen.clone());
        let delta = self.sequence.insert(actor, position, text.chars()).unwrap();
        let operations = text.chars().enumerate().map(|(at, character)| self.twin.insert(actor, position + at, character)).collect();
        self.seen[me] += 1;
        self.check();
        Event { delta, operations, after }
    }

    fn is_ready(&self, event: &Event) -> bool {
        event.after.iter().zip(&self.seen).all(|(needed, seen)| needed <= seen)
    }

    fn deliver(&mut self, from: usize, event: &Event) {
        self.sequence.join(&event.delta);
        event.operations.iter().for_each(|operation| self.twin.apply(operation));
        self.seen[from] += 1;
        self.check();
    }

    fn check(&self) {
        assert_eq!(self.sequence.iter().collect::<String>(), self.twin.text());
        let dots: Vec<_> = (0..self.sequence.len()).map(|at| self.sequence.value(at).unwrap().0).collect();
        assert_eq!(dots, self.twin.visible());
        assert!(self.twin.deleted().is_empty());
    }
}

fn explore(replicas: &[Replica], events: &[Vec<Event>], depth: usize, histories: &mut u64) {
    if depth == 0 {
        *histories += 1;
        return;
    }
    for me in 0..replicas.len() {
        for position in 0..=replicas[me].sequence.len() {
            let (mut replicas, mut events) = (replicas.to_vec(), events.to_vec());
            let letter = char::from(b'a' + u8::try_from(depth).unwrap());
            let event = replicas[me].insert(me, position, &letter.to_string());
            events[me].push(event);
            explore(&replicas, &events, depth - 1, histories);
        }
        for from in (0..replicas.len()).filter(|&from| from != me) {
            if let Some(event) = events[from].get(replicas[me].seen[from]).filter(|event| replicas[me].is_ready(event)) {
                let mut replicas = replicas.to_vec();
                replicas[me].deliver(from, event);
                explore(&replicas, events, depth - 1, histories);
            }
        }
    }
}

/// All ways in which three replicas insert anywhere and hear of one another, in causal order, up to six events.
#[test]
fn all_small_histories_are_in_the_order_of_the_paper() {
    let mut histories = 0;
    explore(&vec![Replica::new(3); 3], &vec![Vec::new(); 3], 6, &mut histories);
    assert_eq!(histories, 138_312);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    /// Three replicas insert words anywhere, often where the last one ended or before it, and hear of one another late.
    #[test]
    fn random_histories_are_in_the_order_of_the_paper(steps in prop::collection::vec((0_usize..3, 0_u8..8, any::<prop::sample::Index>(), 1_usize..4), 1..50)) {
        let mut replicas = vec![Replica::new(3); 3];
        let mut events: Vec<Vec<Event>> = vec![Vec::new(); 3];
        let mut last = [0_usize; 3];
        for (me, kind, at, count) in steps {
            if kind < 6 {
                let len = replicas[me].sequence.len();
                let position = match kind { 0..2 => last[me], 2..4 => last[me].saturating_sub(1), _ => at.index(len + 1) }.min(len);
                let event = replicas[me].insert(me, position, &"xyz"[..count]);
                last[me] = if kind < 2 { position + count } else { position };
                events[me].push(event);
            } else {
                let from = (me + count) % 3;
                if let Some(event) = events[from].get(replicas[me].seen[from]).filter(|event| replicas[me].is_ready(event)) {
                    replicas[me].deliver(from, event);
                }
            }
        }
        let all = replicas.iter().fold(Sequence::new(), |all, replica| all.joined(&replica.sequence));
        for replica in &mut replicas {
            while let Some((from, event)) = (0..3).find_map(|from| events[from].get(replica.seen[from]).filter(|event| replica.is_ready(event)).map(|event| (from, event))) {
                replica.deliver(from, event);
            }
            prop_assert_eq!(&replica.sequence, &all);
        }
    }
}
