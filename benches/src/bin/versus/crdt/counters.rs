//! Counters that only grow.

use std::hint::black_box;
use std::io;

use crdts::{CmRDT, CvRDT};
use tidings_benches::Bound;
use tidings_crdt::{GCounter, Join};

use super::row;
use crate::random::Random;
use crate::{Table, limits};

/// How many counters are worked on at once.
const AT_ONCE: usize = 16;

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    merge(table, 1024)
}

/// All actors have counted on both sides, half of them more on the other side. Neither side is charged for the copy that is merged into, nor a peer for a copy of the other one.
fn merge(table: &mut Table, n: u64) -> io::Result<()> {
    const ROW: &str = "grow-only counter, merge";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let mut random = Random(n);
    let mut draw = || (0..n).map(|_| 1_000 + random.next() % 1_000).collect::<Vec<_>>();
    let (here, there) = (draw(), draw());
    let size = here.len();

    let ours = |counts: &[u64]| {
        let mut counter = GCounter::new();
        for (actor, count) in (0..n).zip(counts) {
            counter.add(actor, *count).expect("far from the end");
        }
        counter
    };
    let (mine, other) = (ours(&here), ours(&there));
    let join = |mine: &mut GCounter<u64>| mine.join(black_box(&other));
    let mut sum = mine.clone();
    join(&mut sum);
    assert_eq!(sum.value(), here.iter().zip(&there).map(|(a, b)| u128::from(*a.max(b))).sum());

    let theirs = |counts: &[u64]| {
        let mut counter = crdts::GCounter::new();
        for (actor, count) in (0..n).zip(counts) {
            counter.apply(counter.inc_many(actor, *count));
        }
        counter
    };
    let state = (theirs(&here), theirs(&there));
    let merge = |(into, other): &mut (crdts::GCounter<u64>, crdts::GCounter<u64>)| into.merge(std::mem::take(other));
    let mut merged = state.clone();
    merge(&mut merged);
    assert_eq!(merged.0.read().to_string(), sum.value().to_string());
    table.push(row(ROW, size, "crdts", Bound::Below { nanos: 750.0, beside: 19_900.0 }).measure_prepared(
        AT_ONCE,
        (&mine, join),
        (&state, merge),
    ))?;

    let raise = |into: &mut Vec<u64>| limits::raise(into, black_box(&there));
    table.push(row(ROW, size, "max loop", Bound::Below { nanos: 750.0, beside: 480.0 }).measure_prepared(
        AT_ONCE,
        (&mine, join),
        (&here, raise),
    ))
}
