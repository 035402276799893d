//! Does one kind of work on clocks a given number of times: what `instructions.sh` counts the instructions of.
//!
//! Times on a shared machine waver; instruction counts do not. They say nothing of caches and vector units, so they are for noticing a change, not for comparing with others.

use std::hint::black_box;
use std::process::ExitCode;

use tidings_clocks::{
    ActorTable, Agreement, CausalContext, Dot, ExceptionVector, HybridClock, IntervalTree, Rank, SiblingSet, TimeInterval, UnixTime,
    VectorClock, VersionVector, Wire,
};

/// Makes what is worked on for n entries, and does the work so many times.
type Work = fn(n: u64, times: u64);

const WORK: [(&str, Work); 15] = [
    ("merge", merge),
    ("compare", compare),
    ("tick", tick),
    ("sparse-merge", sparse_merge),
    ("hybrid-tick", hybrid_tick),
    ("interval-join", interval_join),
    // What a peer can send the worst of.
    ("decode-vector", decode_vector),
    ("decode-siblings", decode_siblings),
    ("decode-exceptions", decode_exceptions),
    ("new-ids", new_ids),
    ("context-join", context_join),
    ("exception-join", exception_join),
    ("sibling-join", sibling_join),
    ("to-dense", to_dense),
    ("agreement", agreement),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parsed = match arguments.as_slice() {
        [name, n, times] => WORK.iter().find(|(known, _)| known == name).zip(n.parse().ok().zip(times.parse().ok())),
        _ => None,
    };
    match parsed {
        Some(((_, work), (n, times))) => {
            work(n, times);
            ExitCode::SUCCESS
        }
        None => ExitCode::from(2),
    }
}

fn merge(n: u64, times: u64) {
    let (mut mine, stamp): (VectorClock, VectorClock) =
        ((0..n).map(|rank| 10 + rank % 3).collect(), (0..n).map(|rank| 10 + rank % 5).collect());
    for _ in 0..times {
        black_box(mine.join(black_box(&stamp)));
    }
}

fn compare(n: u64, times: u64) {
    let (one, other): (VectorClock, VectorClock) = ((1..=n).collect(), (1..=n).collect());
    for _ in 0..times {
        black_box(black_box(&one).partial_cmp(black_box(&other)));
    }
}

fn tick(n: u64, times: u64) {
    let mut clock: VectorClock = (1..=n).collect();
    for _ in 0..times {
        black_box(clock.tick(black_box(Rank(0)))).expect("far from the end");
    }
}

fn sparse_merge(n: u64, times: u64) {
    let mut mine: VersionVector<u64> = (0..n).map(|id| (id * 7, 10 + id % 3)).collect();
    let stamp: VersionVector<u64> = (0..n).map(|id| (id * 7, 10 + id % 5)).collect();
    for _ in 0..times {
        black_box(mine.join(black_box(&stamp)));
    }
}

fn hybrid_tick(_: u64, times: u64) {
    let mut clock = HybridClock::unbounded();
    for time in 0..times {
        black_box(clock.now(black_box(UnixTime::from_nanos(time * 50)))).expect("no bound");
    }
}

/// A message from one of n processes to another.
fn interval_join(n: u64, times: u64) {
    let mut clocks = vec![IntervalTree::seed()];
    while (clocks.len() as u64) < n {
        let given: Vec<_> = clocks.iter_mut().map(|clock| clock.fork().expect("not too deep")).collect();
        clocks.extend(given);
    }
    for clock in &mut clocks {
        clock.event().expect("it owns a share");
    }
    let message = clocks[0].peek();
    let mut receiver = clocks.swap_remove(clocks.len() - 1);
    for _ in 0..times {
        black_box(receiver.join(black_box(&message))).expect("a message owns no share");
    }
}

fn decode_vector(n: u64, times: u64) {
    let bytes = (1..=n).collect::<VectorClock>().to_wire();
    for _ in 0..times {
        black_box(VectorClock::from_wire(black_box(&bytes), usize::MAX)).expect("its own form");
    }
}

/// As many servers, each with one version that nobody has seen.
fn siblings(n: u64, odd: u64) -> SiblingSet<u64, u64> {
    let mut siblings = SiblingSet::new();
    for actor in 0..n {
        siblings.write(2 * actor + odd, actor, &VersionVector::new()).expect("its first version");
    }
    siblings
}

fn decode_siblings(n: u64, times: u64) {
    let bytes = siblings(n, 0).to_wire();
    for _ in 0..times {
        black_box(SiblingSet::<u64, u64>::from_wire(black_box(&bytes), usize::MAX)).expect("its own form");
    }
}

/// Every second event of one process is missing.
fn exceptions(n: u64, odd: u64) -> ExceptionVector<u64> {
    let mut vector = ExceptionVector::new();
    for counter in 1..=n {
        vector.insert(Dot::new(7, 4 * counter + 2 * odd));
    }
    vector
}

fn decode_exceptions(n: u64, times: u64) {
    let bytes = exceptions(n, 0).to_wire();
    for _ in 0..times {
        black_box(ExceptionVector::<u64>::from_wire(black_box(&bytes), usize::MAX)).expect("its own form");
    }
}

/// As many new ids as are known, one between every two of them.
fn new_ids(n: u64, times: u64) {
    let [mine, other] = [0, 1].map(|odd| (0..n).map(|id| (2 * id + odd, 1)).collect::<VersionVector<u64>>());
    for _ in 0..times {
        black_box(mine.clone().join(black_box(&other)));
    }
}

/// Gaps everywhere, and nothing in common.
fn context_join(n: u64, times: u64) {
    let [mine, other] = [0, 1].map(|odd| {
        let mut context = CausalContext::new();
        for counter in 1..=n {
            context.insert(Dot::new(7_u64, 4 * counter + 2 * odd));
        }
        context
    });
    for _ in 0..times {
        black_box(mine.clone().join(black_box(&other)));
    }
}

fn exception_join(n: u64, times: u64) {
    let [mine, other] = [0, 1].map(|odd| exceptions(n, odd));
    for _ in 0..times {
        black_box(mine.clone().join(black_box(&other)));
    }
}

fn sibling_join(n: u64, times: u64) {
    let [mine, other] = [0, 1].map(|odd| siblings(n, odd));
    for _ in 0..times {
        black_box(mine.clone().join(black_box(&other)));
    }
}

fn to_dense(n: u64, times: u64) {
    let table = ActorTable::new(usize::MAX);
    let vector: VersionVector<u64> = (0..n).rev().map(|id| (id * 7, 1)).collect();
    for _ in 0..times {
        black_box(table.clone().to_dense(black_box(&vector))).expect("there is room");
    }
}

/// Sources of which each agrees with some others.
fn agreement(n: u64, times: u64) {
    let at = UnixTime::from_nanos;
    let sources: Vec<_> = (0..n)
        .map(|place| place * 7_919 % n)
        .map(|start| TimeInterval::new(at(start), at(start + n / 2)).expect("it ends later"))
        .collect();
    for _ in 0..times {
        black_box(Agreement::largest(black_box(&sources)));
    }
}
