//! One execution, followed by every clock that tells what happened before what: they must agree, event for event.

use std::collections::VecDeque;

use arbitrary::Unstructured;
use tidings_clocks::{
    BloomClock, DifferentialClock, DifferentialReceiver, DifferentialSender, DifferentialStamp, Dot, EventStamp, Likely, Matrix,
    MatrixClock, NotNext, Rank, Stability, TreeClock, TreeClockError, VectorClock, Wire,
};

use crate::clocks::one_form;

const MEMBERS: usize = 4;
const LOCKS: usize = 2;

/// A process with all its clocks. The vector clock is the one that the others are held against.
struct Process {
    vector: VectorClock,
    tree: TreeClock,
    matrix: MatrixClock,
    /// What the matrix should hold.
    rows: Vec<VectorClock>,
    differential: DifferentialClock,
    bloom: BloomClock,
    stability: Stability,
}

/// A message with a stamp of each kind.
#[derive(Clone)]
struct Message {
    vector: VectorClock,
    tree: TreeClock,
    matrix: Matrix,
    rows: Vec<VectorClock>,
    differential: DifferentialStamp,
    bloom: BloomClock,
}

/// From one process to another, in order.
struct Link {
    sender: DifferentialSender,
    receiver: DifferentialReceiver,
    sent: VecDeque<Message>,
    /// Whether a message was lost: then nothing that comes later may be taken for the next.
    broken: bool,
}

struct Execution {
    processes: Vec<Process>,
    links: Vec<Link>,
    locks: Vec<(VectorClock, TreeClock)>,
    events: Vec<(EventStamp, BloomClock)>,
    excluded: Option<Rank>,
}

/// Ticks, messages over links that may lose some, locks, an exclusion, and forged stamps.
pub(crate) fn executions(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = Execution::new().run(&mut input);
}

impl Execution {
    fn new() -> Self {
        let process = |rank| Process {
            vector: VectorClock::new(),
            tree: TreeClock::new(rank, MEMBERS).expect("a member"),
            matrix: MatrixClock::new(rank, MEMBERS).expect("a member"),
            rows: vec![VectorClock::new(); MEMBERS],
            differential: DifferentialClock::new(rank, MEMBERS).expect("a member"),
            bloom: BloomClock::new(16, 2),
            stability: Stability::new(MEMBERS),
        };
        let link = || Link {
            sender: DifferentialSender::new(),
            receiver: DifferentialReceiver::new(MEMBERS),
            sent: VecDeque::new(),
            broken: false,
        };
        Self {
            processes: (0..MEMBERS).map(Rank::new).map(process).collect(),
            links: (0..MEMBERS * MEMBERS).map(|_| link()).collect(),
            locks: vec![(VectorClock::new(), TreeClock::ownerless(MEMBERS)); LOCKS],
            events: Vec::new(),
            excluded: None,
        }
    }

    fn run(mut self, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        while !input.is_empty() && self.events.len() < 200 {
            let (at, other) = (input.choose_index(MEMBERS)?, input.choose_index(MEMBERS)?);
            match input.int_in_range(0..=7)? {
                0 => self.tick(at),
                1 | 2 if at != other => self.send(at, other),
                3 | 4 if at != other => self.receive(other, at),
                5 => self.lock(at, input.choose_index(LOCKS)?, input.arbitrary()?),
                6 if at != other && input.ratio(1, 4)? => self.lose(at, other),
                7 => self.forge(at, input)?,
                _ => self.exclude(at, input)?,
            }
            self.check(at);
        }
        Ok(())
    }

    fn tick(&mut self, at: usize) {
        let (me, process) = (Rank::new(at), &mut self.processes[at]);
        let count = process.vector.tick(me).expect("far from the end");
        assert_eq!(process.tree.tick(), Ok(count));
        assert_eq!(process.matrix.tick(), Ok(count));
        assert_eq!(process.differential.tick(), Ok(count));
        process.rows[at] = process.vector.clone();
        self.happened(at);
    }

    /// Notes the event that `at` has just counted.
    fn happened(&mut self, at: usize) {
        let (me, process) = (Rank::new(at), &mut self.processes[at]);
        process.bloom.tick(&Dot::new(me, process.vector.entry(me))).expect("far from the end");
        let event = EventStamp::new(me, process.vector.clone()).expect("it counts the event");
        for (other, other_bloom) in &self.events {
            let order = event.partial_cmp(other);
            assert_eq!(order, event.clock().partial_cmp(other.clock()));
            assert_eq!(event.happened_before(other), order == Some(std::cmp::Ordering::Less));
            match process.bloom.compare(other_bloom).expect("of one shape") {
                Likely::Concurrent => assert_eq!(order, None),
                Likely::Same => assert_ne!(order, Some(std::cmp::Ordering::Less)),
                Likely::Before { error } => assert!(order != Some(std::cmp::Ordering::Greater) && (0.0..=1.0).contains(&error)),
                Likely::After { error } => assert!(order != Some(std::cmp::Ordering::Less) && (0.0..=1.0).contains(&error)),
            }
        }
        self.events.push((event, process.bloom.clone()));
    }

    fn send(&mut self, from: usize, to: usize) {
        self.tick(from);
        let (process, link) = (&self.processes[from], &mut self.links[from * MEMBERS + to]);
        let message = Message {
            vector: process.vector.clone(),
            tree: process.tree.clone(),
            matrix: process.matrix.matrix(),
            rows: process.rows.clone(),
            differential: link.sender.stamp(&process.differential),
            bloom: process.bloom.clone(),
        };
        link.sender.sent(&process.differential);
        one_form::<DifferentialStamp>(&message.differential.to_wire());
        one_form::<Matrix>(&message.matrix.to_wire());
        link.sent.push_back(message);
    }

    fn receive(&mut self, from: usize, to: usize) {
        let link = &mut self.links[from * MEMBERS + to];
        let Some(message) = link.sent.pop_front() else { return };
        let before = link.receiver.clone();
        match link.receiver.receive(&message.differential) {
            Ok(clock) => assert!(!link.broken && *clock == message.vector),
            Err(error) => {
                assert!(link.broken && matches!(error, NotNext::OutOfOrder { .. }), "{error:?}");
                assert_eq!(link.receiver, before);
                return;
            }
        }
        let (me, process) = (Rank::new(to), &mut self.processes[to]);
        let count = process.vector.receive(me, &message.vector).expect("far from the end");
        assert_eq!(process.tree.receive(&message.tree), Ok(count));
        assert_eq!(process.matrix.receive(Rank::new(from), &message.matrix), Ok(count));
        assert_eq!(process.differential.receive(&message.differential), Ok(count));
        process.bloom.join(&message.bloom).expect("of one shape");
        process.stability.learn(Rank::new(from), &message.vector).expect("a member's clock");
        for (rank, row) in process.rows.iter_mut().enumerate().filter(|(rank, _)| *rank != to) {
            row.join(&message.rows[rank]);
        }
        process.rows[to] = process.vector.clone();
        self.happened(to);
    }

    /// Takes a lock, which is a receipt, or leaves it, which is a copy.
    fn lock(&mut self, at: usize, lock: usize, acquire: bool) {
        let (process, (vector, tree)) = (&mut self.processes[at], &mut self.locks[lock]);
        if acquire {
            // Clocks that know only of locks would be a different execution from that of the messages: so this is followed by a clone.
            let (mut joined, mut mine) = (process.vector.clone(), process.tree.clone());
            let count = joined.receive(Rank::new(at), vector).expect("far from the end");
            assert_eq!(mine.receive(tree), Ok(count));
            assert_eq!(mine.vector(), joined);
        } else {
            let before = tree.clone();
            let fits = *vector <= process.vector;
            match tree.copy_from(&process.tree) {
                Ok(()) => {
                    assert!(fits);
                    *vector = process.vector.clone();
                }
                Err(error) => {
                    assert!(!fits && error == TreeClockError::NotMonotonic);
                    assert_eq!(tree.vector(), before.vector());
                }
            }
            assert_eq!(tree.vector(), *vector);
        }
    }

    fn lose(&mut self, from: usize, to: usize) {
        let link = &mut self.links[from * MEMBERS + to];
        link.broken |= link.sent.pop_front().is_some();
    }

    /// Bytes that claim to be a stamp, to copies of the clocks: an error leaves them as they were.
    fn forge(&mut self, at: usize, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        let length = input.int_in_range(0..=24)?.min(input.len());
        let bytes = input.bytes(length)?;
        let process = &self.processes[at];
        if let Ok((stamp, _)) = DifferentialStamp::decode(bytes, 8) {
            let mut receiver = self.links[at].receiver.clone();
            let before = receiver.clone();
            if receiver.receive(&stamp).is_err() {
                assert_eq!(receiver, before);
            } else {
                assert!(before.clock() <= receiver.clock() && receiver.clock().processes() <= MEMBERS);
            }
            let mut clock = process.differential.clone();
            match clock.receive(&stamp) {
                Ok(_) => assert!(process.vector < clock.vector()),
                Err(_) => assert_eq!((clock.vector(), clock.changes()), (process.vector.clone(), process.differential.changes())),
            }
        }
        if let Ok((matrix, _)) = Matrix::decode(bytes, 8) {
            let mut clock = process.matrix.clone();
            for from in 0..MEMBERS + 1 {
                let before = clock.clone();
                match clock.receive(Rank::new(from), &matrix) {
                    Ok(_) => assert!(before.vector() < clock.vector()),
                    Err(_) => assert_eq!(clock, before),
                }
            }
        }
        if let Ok((vector, _)) = VectorClock::decode(bytes, 8) {
            let mut stability = process.stability.clone();
            if stability.learn(Rank::new(at + 1), &vector).is_err() {
                assert_eq!(stability, process.stability);
            }
            assert!(process.stability.stable() <= stability.stable());
        }
        if let Ok((bloom, _)) = BloomClock::decode(bytes, 16) {
            let mut clock = process.bloom.clone();
            match clock.join(&bloom) {
                Ok(changed) => assert_eq!(changed, clock != process.bloom),
                Err(_) => assert_eq!(clock, process.bloom),
            }
            if let Ok(compared) = clock.compare(&bloom) {
                assert!(matches!(compared, Likely::Same | Likely::After { .. }));
            }
            let before = clock.clone();
            if clock.tick(&Dot::new(Rank::new(at), 1)).is_err() {
                assert_eq!(clock, before);
            }
        }
        Ok(())
    }

    /// One member crashes, and all learn of it.
    fn exclude(&mut self, at: usize, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        if self.excluded.is_none() && input.ratio(1, 8)? {
            self.excluded = Some(Rank::new(at));
            for process in &mut self.processes {
                let (before, before_matrix) = (process.stability.stable(), process.matrix.stability().stable());
                let moved = process.stability.exclude(Rank::new(at)).expect("a member");
                assert_eq!(moved, process.stability.stable() != before);
                let moved = process.matrix.exclude(Rank::new(at)).expect("a member");
                assert_eq!(moved, process.matrix.stability().stable() != before_matrix);
            }
        }
        Ok(())
    }

    fn check(&self, at: usize) {
        let process = &self.processes[at];
        assert_eq!(process.tree.vector(), process.vector);
        assert_eq!(process.differential.vector(), process.vector);
        assert_eq!(process.matrix.vector(), process.vector);
        let live = |rank: &usize| self.excluded != Some(Rank::new(*rank));
        let least = |of: &dyn Fn(usize) -> VectorClock| -> VectorClock {
            let rows: Vec<_> = (0..MEMBERS).filter(live).map(of).collect();
            (0..MEMBERS).map(|column| rows.iter().map(|row| row.entry(Rank::new(column))).min().unwrap_or(0)).collect()
        };
        for (rank, row) in process.rows.iter().enumerate() {
            assert_eq!(VectorClock::from(process.matrix.stability().row(Rank::new(rank))), *row);
        }
        assert_eq!(process.matrix.stability().stable(), least(&|rank| process.rows[rank].clone()));
        let stability = &process.stability;
        assert_eq!(stability.stable(), least(&|rank| VectorClock::from(stability.row(Rank::new(rank)))));
        // What is stable has really been heard of by all that live.
        for rank in (0..MEMBERS).filter(live) {
            assert!(process.matrix.stability().stable() <= self.processes[rank].vector);
        }
    }
}
