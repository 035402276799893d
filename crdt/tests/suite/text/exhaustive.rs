//! All small histories, against the naive tree.

use tidings_crdt::{Join, Origins};

use crate::text::random::{Event, Replica};

/// Everything that replicas do: insert one new character at any position, remove any character, take in the next event of another one if it has all that
/// this one builds on. Nothing is left out as symmetrical: actors' ids order siblings, so that replicas cannot be renamed.
struct Search {
    replicas: usize,
    /// Histories of any length up to the limit.
    histories: u64,
    /// Those of full length.
    ends: u64,
    /// Those in which two actors typed between the same two characters without knowing it.
    siblings: u64,
}

impl Search {
    fn run(replicas: usize, depth: usize) -> Self {
        let mut search = Self { replicas, histories: 0, ends: 0, siblings: 0 };
        search.explore(&vec![Replica::new(replicas); replicas], &vec![Vec::new(); replicas], depth);
        search
    }

    fn explore(&mut self, replicas: &[Replica], events: &[Vec<Event>], depth: usize) {
        self.histories += 1;
        if depth == 0 {
            self.end(replicas, events);
            return;
        }
        for me in 0..self.replicas {
            let len = replicas[me].text.len();
            for position in 0..=len {
                let letter = char::from(b'a' + u8::try_from(depth).expect("small"));
                self.step(replicas, events, depth, me, |replica| replica.splice(me, position..position, &letter.to_string()));
            }
            for position in 0..len {
                self.step(replicas, events, depth, me, |replica| replica.splice(me, position..position + 1, ""));
            }
            for from in (0..self.replicas).filter(|&from| from != me) {
                if let Some(event) = events[from].get(replicas[me].seen[from]).filter(|event| replicas[me].is_ready(event)) {
                    let mut replicas = replicas.to_vec();
                    replicas[me].deliver(event);
                    replicas[me].check(0);
                    self.explore(&replicas, events, depth - 1);
                }
            }
        }
    }

    fn step(&mut self, replicas: &[Replica], events: &[Vec<Event>], depth: usize, me: usize, edit: impl Fn(&mut Replica) -> Event) {
        let (mut replicas, mut events) = (replicas.to_vec(), events.to_vec());
        let event = edit(&mut replicas[me]);
        events[me].push(event);
        replicas[me].check(0);
        self.explore(&replicas, &events, depth - 1);
    }

    /// In the end all learn everything, as deltas in two orders and as states, and are the same.
    fn end(&mut self, replicas: &[Replica], events: &[Vec<Event>]) {
        self.ends += 1;
        let mut settled = replicas.to_vec();
        for (me, replica) in settled.iter_mut().enumerate() {
            let order: Vec<usize> = if me == 0 { (0..self.replicas).collect() } else { (0..self.replicas).rev().collect() };
            while let Some(event) =
                order.iter().find_map(|&from| events[from].get(replica.seen[from]).filter(|event| replica.is_ready(event)))
            {
                replica.deliver(event);
            }
            replica.check(0);
        }
        let mut joined = replicas[0].text.clone();
        for replica in &replicas[1..] {
            joined.join(&replica.text);
        }
        let all = &settled[0].text;
        assert!(settled.iter().all(|replica| replica.text == *all) && joined == *all, "{events:?}");
        let inserts: Vec<&Event> = events.iter().flatten().filter(|event| !event.delta.runs().is_empty()).collect();
        let between = |event: &Event| match &event.delta.runs()[0].origins {
            Origins::Between { left, right } => Some((*left, *right)),
            _ => None,
        };
        let are_siblings = |a: &Event, b: &Event| a.author < b.author && between(a).is_some() && between(a) == between(b);
        let both = inserts.iter().any(|a| inserts.iter().any(|b| are_siblings(a, b)));
        self.siblings += u64::from(both);
    }
}

/// All histories of 3 replicas and up to 6 events.
#[test]
fn all_histories_of_three_replicas() {
    let search = Search::run(3, 6);
    assert_eq!((search.histories, search.ends, search.siblings), (372_043, 345_471, 271_458));
}

/// All histories of 2 replicas and up to 6 events.
#[test]
fn all_histories_of_two_replicas() {
    let search = Search::run(2, 6);
    assert_eq!((search.histories, search.ends, search.siblings), (53_423, 48_344, 28_744));
}
