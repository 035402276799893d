//! Sparse version vectors over arbitrary ids: merge and increment.

use std::hint::black_box;
use std::io;

use crdts::CmRDT;
use tidings_benches::Bound;
use tidings_clocks::VersionVector;

use super::{Random, SIZES, at_once, peers, row};
use crate::Table;

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    for n in SIZES {
        let known = entries(n);
        let mut random = Random(2);
        let later: Vec<_> = known.iter().map(|(id, counter)| (*id, counter + random.next() % 3)).collect();
        let some: Vec<_> = later.iter().copied().step_by(4).collect();
        let (against_crdts, against_loro) =
            if n >= 64 { (Bound::AtMost(1.0 / 15.0), Bound::AtMost(1.0 / 2.5)) } else { (Bound::None, Bound::None) };
        merge(table, "sparse merge, the same ids", &known, &later, against_crdts, against_loro)?;
        merge(table, "sparse merge, a quarter of the ids", &known, &some, against_crdts, against_loro)?;
        if n >= 16 {
            // As many as are known, every tenth of them new.
            let mut newer = later.clone();
            for entry in newer.iter_mut().step_by(10) {
                entry.0 = id(&mut random);
            }
            merge(table, "sparse merge, a tenth of the ids new", &known, &newer, Bound::AtMost(1.0 / 12.0), Bound::AtMost(1.0 / 1.5))?;
        }
        increment(table, &known)?;
    }
    Ok(())
}

fn id(random: &mut Random) -> u64 {
    random.next() >> 11
}

fn entries(n: usize) -> Vec<(u64, u64)> {
    let mut random = Random(n as u64);
    (0..n).map(|_| (id(&mut random), 1_000 + random.next() % 1_000)).collect()
}

fn ours(entries: &peers::Entries) -> VersionVector<u64> {
    entries.iter().copied().collect()
}

/// What `other` knows is merged into a fresh copy of `known`, which is made while the clock is not looked at. No peer is charged for a copy of `other`.
fn merge(
    table: &mut Table,
    name: &'static str,
    known: &peers::Entries,
    other: &peers::Entries,
    against_crdts: Bound,
    against_loro: Bound,
) -> io::Result<()> {
    if !super::wants(table, name) {
        return Ok(());
    }
    let n = known.len();
    let (mine, stamp) = (ours(known), ours(other));
    let mut merged = mine.clone();
    merged.join(&stamp);
    let join = |mine: &mut VersionVector<u64>| mine.join(black_box(&stamp));

    if merged.len() > n {
        // New ids need room that a vector as long as it must be does not have: this is what the allocator and the copy alone take.
        let (actors, counters): (Vec<u64>, Vec<u64>) = merged.iter().map(|(actor, counter)| (*actor, counter)).unzip();
        let copy = |_: &mut ()| (actors.clone(), counters.clone());
        table.push(row(name, n, "two new arrays", Bound::None).measure_prepared(at_once(n), (&mine, join), (&(), copy)))?;
    }

    let (state, stamp_of) = (peers::crdts(known), peers::crdts(other));
    let work = |state: &mut crdts::VClock<u64>| peers::crdts_merge(state, black_box(&stamp_of));
    let mut result = state.clone();
    work(&mut result);
    assert!(result.dots.iter().map(|(id, counter)| (id, *counter)).eq(merged.iter()));
    table.push(row(name, n, "crdts", against_crdts).measure_prepared(at_once(n), (&mine, join), (&state, work)))?;

    let (state, stamp_of) = (peers::loro(known), peers::loro(other));
    let work = |state: &mut loro::VersionVector| state.merge(black_box(&stamp_of));
    let mut result = state.clone();
    work(&mut result);
    assert_eq!(result, peers::loro(&merged.iter().map(|(id, counter)| (*id, counter)).collect::<Vec<_>>()));
    table.push(row(name, n, "loro", against_loro).measure_prepared(at_once(n), (&mine, join), (&state, work)))?;

    let (state, stamp_of) = (peers::yrs(known), peers::yrs(other));
    let work = |state: &mut yrs::StateVector| peers::yrs_merge(state, black_box(&stamp_of));
    table.push(row(name, n, "yrs", Bound::None).measure_prepared(at_once(n), (&mine, join), (&state, work)))?;

    let (state, stamp_of) = (peers::threshold(known), peers::threshold(other));
    let work = |state: &mut threshold::VClock<u64>| state.join(black_box(&stamp_of));
    table.push(row(name, n, "threshold", Bound::None).measure_prepared(at_once(n), (&mine, join), (&state, work)))?;

    let (state, stamp_of) = (peers::vclock(known), peers::vclock(other));
    let work = |state: &mut vclock::VClock<u64, u64>| state.merge(black_box(&stamp_of));
    table.push(row(name, n, "vclock", Bound::None).measure_prepared(at_once(n), (&mine, join), (&state, work)))
}

/// A process counts its own events, again and again.
fn increment(table: &mut Table, known: &peers::Entries) -> io::Result<()> {
    const ROW: &str = "increment by id";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let (n, own) = (known.len(), known[known.len() / 2].0);
    let mut mine = ours(known);
    let mut ours = || mine.increment(*black_box(&own)).map(|dot| dot.counter);

    let mut theirs = peers::loro(known);
    let mut counter = 10_000;
    let work = || {
        // Its counters have 31 bits, so they go round.
        counter = if counter == i32::MAX { 10_000 } else { counter + 1 };
        theirs.set_end(loro::ID::new(*black_box(&own), counter));
    };
    table.push(row(ROW, n, "loro", Bound::Below { nanos: 3.0, beside: 2.2 }).measure(&mut ours, work))?;

    let mut theirs = peers::yrs(known);
    let own_id = yrs::ClientID::new(own);
    let mut counter = 10_000;
    let work = || {
        counter = if counter == u32::MAX { 10_000 } else { counter + 1 };
        theirs.set_max(*black_box(&own_id), counter);
    };
    table.push(row(ROW, n, "yrs", Bound::None).measure(&mut ours, work))?;

    let mut theirs = peers::crdts(known);
    let work = || {
        let dot = theirs.inc(*black_box(&own));
        theirs.apply(dot);
    };
    table.push(row(ROW, n, "crdts", Bound::None).measure(&mut ours, work))?;

    let mut theirs = peers::threshold(known);
    table.push(row(ROW, n, "threshold", Bound::None).measure(&mut ours, || theirs.next(black_box(&own))))?;

    let mut theirs = peers::vclock(known);
    table.push(row(ROW, n, "vclock", Bound::None).measure(&mut ours, || theirs.incr(black_box(&own))))
}
