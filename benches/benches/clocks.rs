//! Wall times of the clocks. Only ratios taken in one run mean anything: see the `versus` binary for those.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use tidings_clocks::{HybridClock, IntervalTree, Rank, UnixTime, VectorClock, VersionVector};

fn clock(n: usize, step: u64) -> VectorClock {
    (0..n as u64).map(|rank| 1_000 + rank * step % 13).collect()
}

fn vector_clocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vector clock");
    for n in [4, 16, 64, 256, 1024] {
        let (mut one, other) = (clock(n, 7), clock(n, 5));
        group.bench_function(BenchmarkId::new("join", n), |bencher| bencher.iter(|| one.join(black_box(&other))));
        let (base, newer): (VectorClock, VectorClock) = (clock(n, 7), clock(n, 7).entries().iter().map(|entry| entry + 1).collect());
        group.bench_function(BenchmarkId::new("join newer", n), |bencher| {
            bencher.iter_batched_ref(|| base.clone(), |one| one.join(black_box(&newer)), BatchSize::SmallInput);
        });
        let (one, other) = (clock(n, 7), clock(n, 7));
        group.bench_function(BenchmarkId::new("compare equal", n), |bencher| {
            bencher.iter(|| black_box(&one).partial_cmp(black_box(&other)));
        });
        let mut ticking = clock(n, 7);
        group.bench_function(BenchmarkId::new("tick", n), |bencher| bencher.iter(|| ticking.tick(black_box(Rank(0)))));
    }
    group.finish();
}

fn version_vectors(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("version vector");
    for n in [4, 16, 64, 256, 1024] {
        let id = |place: u64| place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let known: VersionVector<u64> = (0..n).map(|place| (id(place), 1_000)).collect();
        let same: VersionVector<u64> = (0..n).map(|place| (id(place), 999 + place % 3)).collect();
        let newer: VersionVector<u64> = (0..n).map(|place| (id(place + n * u64::from(place % 10 == 9)), 1_000)).collect();
        for (name, other) in [("join, the same ids", same), ("join, a tenth of them new", newer)] {
            group.bench_function(BenchmarkId::new(name, n), |bencher| {
                bencher.iter_batched_ref(|| known.clone(), |one| one.join(black_box(&other)), BatchSize::SmallInput);
            });
        }
        let mut counting = known.clone();
        group.bench_function(BenchmarkId::new("increment", n), |bencher| bencher.iter(|| counting.increment(black_box(id(n / 2)))));
    }
    group.finish();
}

/// A run of 256 processes, forked level by level, each with an event of its own and a message from its neighbour.
fn interval_trees(criterion: &mut Criterion) {
    let mut clocks = vec![IntervalTree::seed()];
    while clocks.len() < 256 {
        let given: Vec<_> = clocks.iter_mut().map(|clock| clock.fork().expect("not too deep")).collect();
        clocks.extend(given);
    }
    for at in 0..clocks.len() {
        clocks[at].event().expect("it owns a share");
        let message = clocks[at].peek();
        clocks[(at + 1) % 256].join(&message).expect("a message owns no share");
    }
    let (base, message) = (clocks[7].clone(), clocks[200].peek());
    let mut group = criterion.benchmark_group("interval tree");
    group.bench_function("join", |bencher| {
        bencher.iter_batched_ref(|| base.clone(), |one| one.join(black_box(&message)), BatchSize::SmallInput);
    });
    group.bench_function("event", |bencher| bencher.iter_batched_ref(|| base.clone(), IntervalTree::event, BatchSize::SmallInput));
    group.finish();
}

fn hybrid_clocks(criterion: &mut Criterion) {
    let mut clock = HybridClock::unbounded();
    let mut physical = 1_700_000_000_000_000_000;
    criterion.bench_function("hybrid clock/now", |bencher| {
        bencher.iter(|| {
            physical += 50;
            clock.now(black_box(UnixTime::from_nanos(physical)))
        });
    });
}

criterion_group!(benches, vector_clocks, version_vectors, interval_trees, hybrid_clocks);
criterion_main!(benches);
