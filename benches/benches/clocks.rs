//! Wall times of the clocks. Only ratios taken in one run mean anything: see the `versus` binary for those.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tidings_clocks::{HybridClock, Rank, UnixTime, VectorClock};

fn clock(n: usize, step: u64) -> VectorClock {
    (0..n as u64).map(|rank| 1_000 + rank * step % 13).collect()
}

fn vector_clocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vector clock");
    for n in [4, 16, 64, 256, 1024] {
        let (mut one, other) = (clock(n, 7), clock(n, 5));
        group.bench_function(BenchmarkId::new("join", n), |bencher| bencher.iter(|| one.join(black_box(&other))));
        let (one, other) = (clock(n, 7), clock(n, 7));
        group.bench_function(BenchmarkId::new("compare equal", n), |bencher| {
            bencher.iter(|| black_box(&one).partial_cmp(black_box(&other)))
        });
        let mut ticking = clock(n, 7);
        group.bench_function(BenchmarkId::new("tick", n), |bencher| bencher.iter(|| ticking.tick(black_box(Rank(0)))));
    }
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

criterion_group!(benches, vector_clocks, hybrid_clocks);
criterion_main!(benches);
