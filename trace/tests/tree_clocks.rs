//! Tree clocks against vector clocks, event for event: on recorded executions, and on generated ones that fork and join, share locks, and send messages.
//!
//! The recorded ones are no part of the project: the folder that `TIDINGS_DATA` names holds them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use tidings_clocks::{Rank, TreeClock, VectorClock};
use tidings_trace::shiviz;

/// Both clocks of one thread, lock or message.
#[derive(Clone)]
struct Twins {
    tree: TreeClock,
    vector: VectorClock,
}

/// What a thread does; each step is one event of it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Local,
    Acquire(usize),
    Release(usize),
    /// The other begins: its first event is after this one.
    Fork(usize),
    /// The other has ended: this event is after all of its.
    Join(usize),
    Send,
    /// Receives what was sent at that place among all messages.
    Receive(usize),
}

/// An execution that both clocks follow.
struct Execution {
    threads: Vec<Twins>,
    locks: BTreeMap<usize, Twins>,
    messages: Vec<Twins>,
    /// By whom each event was, and the clocks when it had happened.
    events: Vec<(usize, Twins)>,
}

impl Execution {
    fn new(threads: usize) -> Self {
        let thread = |rank| Twins { tree: TreeClock::new(Rank::new(rank), threads).unwrap(), vector: VectorClock::new() };
        Self { threads: (0..threads).map(thread).collect(), locks: BTreeMap::new(), messages: Vec::new(), events: Vec::new() }
    }

    /// One step of thread `me`, after which its clocks must say the same of what it knows, and of its order with other events. `about` names the run.
    fn step(&mut self, me: usize, step: Step, about: &str) {
        match step {
            Step::Local => self.tick(me),
            Step::Acquire(lock) => match self.locks.get(&lock).cloned() {
                Some(lock) => self.receive(me, &lock),
                None => self.tick(me),
            },
            Step::Release(lock) => {
                self.tick(me);
                let holder = &self.threads[me];
                let ownerless = || Twins { tree: TreeClock::ownerless(self.threads.len()), vector: VectorClock::new() };
                let lock = self.locks.entry(lock).or_insert_with(ownerless);
                lock.tree.copy_from(&holder.tree).unwrap_or_else(|error| panic!("{about}: {error}"));
                lock.vector = holder.vector.clone();
                assert_eq!(lock.tree.vector(), lock.vector, "{about}: a lock after event {}", self.events.len());
            }
            Step::Fork(child) => {
                self.tick(me);
                let parent = self.threads[me].clone();
                self.note(me, about);
                self.receive(child, &parent);
                return self.note(child, about);
            }
            Step::Join(child) => {
                let child = self.threads[child].clone();
                self.receive(me, &child);
            }
            Step::Send => {
                self.tick(me);
                self.messages.push(self.threads[me].clone());
            }
            Step::Receive(message) => {
                let message = self.messages[message].clone();
                self.receive(me, &message);
            }
        }
        self.note(me, about);
    }

    fn tick(&mut self, me: usize) {
        let thread = &mut self.threads[me];
        assert_eq!(thread.tree.tick().unwrap(), thread.vector.tick(Rank::new(me)).unwrap());
    }

    fn receive(&mut self, me: usize, from: &Twins) {
        let thread = &mut self.threads[me];
        assert_eq!(thread.tree.receive(&from.tree).unwrap(), thread.vector.receive(Rank::new(me), &from.vector).unwrap());
    }

    /// Notes the latest event of `me`, and holds it against those before it: the last ones, and some of all.
    fn note(&mut self, me: usize, about: &str) {
        let (event, twins) = (self.events.len(), self.threads[me].clone());
        assert_eq!(twins.tree.vector(), twins.vector, "{about}: event {event}");
        for (earlier, (_, other)) in self.events.iter().enumerate().filter(|(earlier, _)| event - earlier <= 16 || earlier % 101 == 0) {
            let order = other.vector.partial_cmp(&twins.vector);
            assert_eq!(other.tree.partial_cmp(&twins.tree), order, "{about}: events {earlier} and {event}");
            assert_eq!(twins.tree.partial_cmp(&other.tree), order.map(Ordering::reverse), "{about}: events {event} and {earlier}");
        }
        self.events.push((me, twins));
    }

    /// How many pairs of events are concurrent, of those a stride apart: a run without any would show nothing.
    fn concurrent(&self, stride: usize) -> usize {
        let pairs = self.events.iter().zip(self.events.iter().skip(stride));
        pairs.filter(|((_, one), (_, other))| one.tree.partial_cmp(&other.tree).is_none()).count()
    }
}

/// A small generator (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

/// Threads that start others, work, and wait for those that they started, in the order in which these end.
#[test]
fn fork_and_join() {
    for seed in 0..60 {
        let about = format!("seed {seed}");
        let mut random = Random(seed);
        let threads = 2 + random.below(30);
        let mut execution = Execution::new(threads);
        // Who runs, with how many of its children still run, and who started it.
        let mut parents = vec![None; threads];
        let (mut running, mut children, mut next) = (vec![0], vec![0_usize; threads], 1);
        for _ in 0..20 * threads {
            let at = random.below(running.len());
            let me = running[at];
            match random.below(6) {
                0 | 1 if next < threads => {
                    execution.step(me, Step::Fork(next), &about);
                    parents[next] = Some(me);
                    children[me] += 1;
                    running.push(next);
                    next += 1;
                }
                2 if children[me] == 0 && me != 0 => {
                    let parent = parents[me].expect("only the first was not started");
                    running.swap_remove(at);
                    children[parent] -= 1;
                    execution.step(parent, Step::Join(me), &about);
                }
                _ => execution.step(me, Step::Local, &about),
            }
        }
        assert!(threads < 4 || execution.concurrent(1) > 0, "{about}");
    }
}

/// Threads that take locks, alone or one inside the other, and work with and without them.
#[test]
fn locks() {
    for seed in 0..60 {
        let about = format!("seed {seed}");
        let mut random = Random(seed);
        let (threads, locks) = (2 + random.below(15), 1 + random.below(6));
        let mut execution = Execution::new(threads);
        let mut holders: Vec<Option<usize>> = vec![None; locks];
        for _ in 0..40 * threads {
            let (me, lock) = (random.below(threads), random.below(locks));
            match holders[lock] {
                None => {
                    execution.step(me, Step::Acquire(lock), &about);
                    holders[lock] = Some(me);
                }
                Some(holder) if holder == me || random.below(2) == 0 => {
                    execution.step(holder, Step::Release(lock), &about);
                    holders[lock] = None;
                }
                Some(_) => execution.step(me, Step::Local, &about),
            }
        }
        assert!(execution.concurrent(1) > 0, "{about}");
    }
}

/// Processes that send, and receive whatever was sent at any time before, in any order and more than once.
#[test]
fn messages() {
    for seed in 0..60 {
        let about = format!("seed {seed}");
        let mut random = Random(seed);
        let processes = 2 + random.below(20);
        let mut execution = Execution::new(processes);
        for _ in 0..30 * processes {
            let (me, sent) = (random.below(processes), execution.messages.len());
            match random.below(5) {
                0 | 1 => execution.step(me, Step::Send, &about),
                // Mostly one of the latest.
                2 | 3 if sent > 0 => execution.step(me, Step::Receive(sent - 1 - random.below(sent.min(4))), &about),
                4 if sent > 0 => execution.step(me, Step::Receive(random.below(sent)), &about),
                _ => execution.step(me, Step::Local, &about),
            }
        }
        assert!(execution.concurrent(1) > 0, "{about}");
    }
}

fn data(folder: &str, name: &str) -> String {
    let root = std::env::var_os("TIDINGS_DATA").expect("TIDINGS_DATA names the folder of recorded data");
    let path = PathBuf::from(root).join(folder).join(name);
    let mut file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        file.read_to_string(&mut text).unwrap();
    }
    text
}

/// One line of the STD form: thread, what it does and with what, and where in the program.
fn std_step(line: &str) -> Option<(&str, &str, &str)> {
    let mut parts = line.split('|');
    let (thread, step) = (parts.next()?, parts.next()?);
    let (what, with) = step.strip_suffix(')')?.split_once('(')?;
    Some((thread.strip_prefix('T')?, what, with))
}

/// A web server's threads and locks. Who waits for a lock has an event of its own; reads and writes order nothing.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn a_recorded_web_server() {
    let text = data("races", "jigsaw.std.gz");
    let steps: Vec<_> = text.lines().map(|line| std_step(line).unwrap_or_else(|| panic!("{line:?} is no event"))).collect();
    assert_eq!(steps.len(), 19_463);
    let mut ranks = BTreeMap::new();
    for (thread, what, with) in &steps {
        for name in std::iter::once(thread).chain((*what == "fork").then_some(with)) {
            let rank = ranks.len();
            ranks.entry(*name).or_insert(rank);
        }
    }
    assert_eq!(ranks.len(), 3);
    let mut execution = Execution::new(ranks.len());
    for (line, (thread, what, with)) in steps.iter().enumerate() {
        let lock = || with.parse().unwrap_or_else(|error| panic!("line {}: {error}", line + 1));
        let step = match *what {
            "r" | "w" | "req" => Step::Local,
            "acq" => Step::Acquire(lock()),
            "rel" => Step::Release(lock()),
            "fork" => Step::Fork(ranks[with]),
            "join" => Step::Join(ranks[with]),
            other => panic!("line {}: {other:?} is no step", line + 1),
        };
        execution.step(ranks[thread], step, "jigsaw");
    }
    assert!(execution.locks.len() > 10);
    // The two that were started have a beginning besides.
    assert_eq!(execution.events.len(), 19_463 + 2);
}

/// The messages that the clocks of a log imply, sent and received once more: of all pairs of events the tree clocks say what the log's own clocks do.
fn follow(name: &str) {
    let log = shiviz::read(&data("shiviz", name), None).unwrap_or_else(|error| panic!("{name}: {error}"));
    let order = log.verify().unwrap_or_else(|contradiction| panic!("{name}: {contradiction}"));
    // What happened before an event knows less.
    let mut in_order: Vec<usize> = (0..log.entries().len()).collect();
    in_order.sort_by_key(|&event| log.entries()[event].clock.iter().map(|(_, count)| *count).sum::<u64>());

    let mut execution = Execution::new(log.hosts().len());
    let mut clocks: Vec<Option<Twins>> = vec![None; log.entries().len()];
    for event in in_order {
        let host = log.entries()[event].host;
        let heard: Vec<Twins> = order
            .messages()
            .iter()
            .filter(|message| message.to == event)
            .map(|message| clocks[message.from].clone().expect("it happened before"))
            .collect();
        if heard.is_empty() {
            execution.tick(host);
        }
        for message in &heard {
            execution.receive(host, message);
        }
        execution.note(host, name);
        clocks[event] = Some(execution.threads[host].clone());
    }
    let clocks: Vec<Twins> = clocks.into_iter().flatten().collect();
    for (a, one) in clocks.iter().enumerate() {
        for (b, other) in clocks.iter().enumerate() {
            assert_eq!(one.tree < other.tree, order.before(a, b), "{name}: events {a} and {b}");
        }
    }
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn recorded_logs() {
    for name in ["chord.log", "simpledb.log", "reliable-broadcast.log", "tsviz_shared_var_4_threads.log.gz"] {
        follow(name);
    }
}
