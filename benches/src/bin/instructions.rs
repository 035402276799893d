//! Does one kind of work on clocks a given number of times: what `instructions.sh` counts the instructions of.
//!
//! Times on a shared machine waver; instruction counts do not. They say nothing of caches and vector units, so they are for noticing a change, not for comparing with others.

use std::hint::black_box;
use std::process::ExitCode;

use tidings_clocks::{HybridClock, IntervalTree, Rank, UnixTime, VectorClock, VersionVector};

/// Makes what is worked on for n entries, and does the work so many times.
type Work = fn(n: u64, times: u64);

const WORK: [(&str, Work); 6] = [
    ("merge", merge),
    ("compare", compare),
    ("tick", tick),
    ("sparse-merge", sparse_merge),
    ("hybrid-tick", hybrid_tick),
    ("interval-join", interval_join),
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
