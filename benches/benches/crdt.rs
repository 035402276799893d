//! Wall times of the replicated data types. Only ratios taken in one run mean anything: see the `versus` binary for those.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use tidings_crdt::{AddWinsMap, AddWinsSet, GCounter, Join, LwwMap, MvRegister, Text, TextDelta};

const SIZES: [u64; 3] = [1_000, 10_000, 100_000];

/// Keys in no order.
fn keys(from: u64, n: u64) -> impl Iterator<Item = u64> + Clone {
    (from..from + n).map(|place| place.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn sets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("add-wins set");
    for n in SIZES {
        let grown = |actor, from| {
            let mut set = AddWinsSet::new();
            for element in keys(0, n / 2) {
                set.add(0, element).expect("far from the end");
            }
            for element in keys(from, n / 2) {
                set.add(actor, element).expect("far from the end");
            }
            set
        };
        let (one, other) = (grown(1_u8, n), grown(2, 2 * n));
        for (name, other) in [("join an equal one", &one), ("join, half of it new", &other)] {
            group.bench_function(BenchmarkId::new(name, n), |bencher| {
                bencher.iter_batched_ref(|| one.clone(), |one| one.join(black_box(other)), BatchSize::LargeInput);
            });
        }
        group.bench_function(BenchmarkId::new("contains", n), |bencher| {
            let mut places = keys(0, n / 2).cycle();
            bencher.iter(|| one.contains(&places.next().expect("endless")));
        });
    }
    group.finish();
}

fn counters(criterion: &mut Criterion) {
    let counter = |factor: u64| {
        let mut counter = GCounter::new();
        for actor in 0..1024_u64 {
            counter.add(actor, 1_000 + actor * factor % 13).expect("far from the end");
        }
        counter
    };
    let (one, other) = (counter(5), counter(7));
    criterion.bench_function("grow-only counter/join, 1024 actors", |bencher| {
        bencher.iter_batched_ref(|| one.clone(), |one| one.join(black_box(&other)), BatchSize::SmallInput);
    });
}

fn maps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("map");
    for n in SIZES {
        let written = |actor, stamp, n| {
            let mut map = LwwMap::new();
            for key in keys(0, n) {
                map.put(stamp, actor, key, key).expect("the first write");
            }
            map
        };
        let (one, other) = (written(1_u8, 1_u64, n), written(2, 2, n / 2));
        group.bench_function(BenchmarkId::new("last writer, join, half of it later", n), |bencher| {
            bencher.iter_batched_ref(|| one.clone(), |one| one.join(black_box(&other)), BatchSize::LargeInput);
        });
        let mut map: AddWinsMap<u8, u64, MvRegister<u8, u64>> = AddWinsMap::new();
        let mut put = |key| map.update(key, |register| register.write(1, key)).expect("far from the end");
        keys(0, n).for_each(|key| drop(put(key)));
        let mut places = keys(0, n).cycle();
        group.bench_function(BenchmarkId::new("nested, put", n), |bencher| bencher.iter(|| put(places.next().expect("endless"))));
    }
    group.finish();
}

/// A thousand words, each typed character by character at any place; `hear` gets every delta.
fn type_words(mut hear: impl FnMut(&TextDelta<u8>)) -> usize {
    let mut text = Text::new();
    for place in keys(0, 1_000) {
        let start = usize::try_from(place % (text.len() as u64 + 1)).expect("a position");
        for (at, letter) in (start..).zip(["w", "o", "r", "d", " "]) {
            hear(&text.insert(1, at, letter).expect("in range"));
        }
    }
    text.len()
}

fn texts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("text");
    group.bench_function("type 1000 words", |bencher| bencher.iter(|| type_words(|delta| _ = black_box(delta))));
    group.bench_function("type and receive 1000 words", |bencher| {
        bencher.iter(|| {
            let mut other = Text::new();
            type_words(|delta| assert_eq!(other.apply(delta), Ok(true)))
        });
    });
    group.finish();
}

criterion_group!(benches, sets, counters, maps, texts);
criterion_main!(benches);
