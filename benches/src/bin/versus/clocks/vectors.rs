//! Dense vector clocks: merge, compare, increment.

use std::cmp::Ordering;
use std::hint::black_box;
use std::io;

use crdts::CmRDT;
use tidings_benches::Bound;
use tidings_clocks::{Rank, VectorClock};

use super::{Random, SIZES, TURNS, at_once, peers, row};
use crate::Table;
use crate::limits::{self, Limits};

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    for n in SIZES {
        merge_all_new(table, n)?;
        merge_nothing_new(table, n)?;
        compare_equal(table, n)?;
        compare_concurrent(table, n)?;
        increment(table, n)?;
    }
    Ok(())
}

/// Counters that are known, and later ones of the same processes.
fn counters(n: usize) -> (Vec<u64>, Vec<u64>) {
    let mut random = Random(n as u64);
    let known: Vec<u64> = (0..n).map(|_| 1_000 + random.next() % 1_000).collect();
    let later = known.iter().map(|counter| counter + 1 + random.next() % 10).collect();
    (known, later)
}

/// The same as peers want it.
fn keyed(counters: &[u64]) -> Vec<(u64, u64)> {
    (0..).zip(counters.iter().copied()).collect()
}

/// Every entry of the stamp is newer: all are read, and all are written.
fn merge_all_new(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "dense merge, every entry newer";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let limits = Limits::detect();
    let (known, later) = counters(n);
    let (mine, stamp) = (VectorClock::from(&*known), VectorClock::from(&*later));
    let (mut merged, mut plain) = (mine.clone(), known.clone());
    assert!(merged.join(&stamp) && merged == stamp);
    limits.raise(&mut plain, &later);
    assert_eq!(plain, merged.entries());

    let join = |mine: &mut VectorClock| mine.join(black_box(&stamp));
    let bound = if n >= 256 { Bound::AtMost(1.3) } else { Bound::None };
    let copy = |plain: &mut Vec<u64>| plain.copy_from_slice(black_box(&later));
    table.push(row(ROW, n, "memcpy of 8n bytes", bound).measure_prepared(at_once(n), (&mine, join), (&known, copy)))?;
    let raise = |plain: &mut Vec<u64>| limits::raise(plain, black_box(&later));
    table.push(row(ROW, n, "max loop, default", Bound::None).measure_prepared(at_once(n), (&mine, join), (&known, raise)))?;
    let raise = |plain: &mut Vec<u64>| limits.raise(plain, black_box(&later));
    table.push(row(ROW, n, "max loop, native", Bound::None).measure_prepared(at_once(n), (&mine, join), (&known, raise)))
}

/// The stamp is known already, as most are in a running system. In place, so no peer is charged for a copy.
fn merge_nothing_new(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "dense merge, nothing newer";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let (known, later) = counters(n);
    let (mut mine, stamp) = (VectorClock::from(&*later), VectorClock::from(&*known));
    let (stamps, later_ones) = (keyed(&known), keyed(&later));

    let (source, mut target) = (known.clone(), later.clone());
    let copy = || target.copy_from_slice(black_box(&source));
    let bound = if n >= 256 { Bound::AtMost(1.3) } else { Bound::None };
    table.push(row(ROW, n, "memcpy of 8n bytes", bound).measure(|| mine.join(black_box(&stamp)), copy))?;

    // Nothing is to be written, but two arrays are to be read where a copy reads one: this is the loop that only reads them.
    let limits = Limits::detect();
    let (source, target) = (known.clone(), later.clone());
    let read = || limits.is_below(black_box(&source), black_box(&target));
    assert!(read());
    table.push(row(ROW, n, "reading both, native", Bound::None).measure(|| mine.join(black_box(&stamp)), read))?;

    let (mut theirs, stamps_of) = (peers::crdts(&later_ones), peers::crdts(&stamps));
    let merge = || peers::crdts_merge(&mut theirs, black_box(&stamps_of));
    table.push(row(ROW, n, "crdts", Bound::None).measure(|| mine.join(black_box(&stamp)), merge))?;
    assert!(later_ones.iter().all(|(actor, counter)| theirs.get(actor) == *counter));

    let (mut theirs, stamps_of) = (peers::loro(&later_ones), peers::loro(&stamps));
    table.push(row(ROW, n, "loro", Bound::None).measure(|| mine.join(black_box(&stamp)), || theirs.merge(black_box(&stamps_of))))?;
    assert_eq!(theirs, peers::loro(&later_ones));

    let (mut theirs, stamps_of) = (peers::yrs(&later_ones), peers::yrs(&stamps));
    let merge = || peers::yrs_merge(&mut theirs, black_box(&stamps_of));
    table.push(row(ROW, n, "yrs", Bound::None).measure(|| mine.join(black_box(&stamp)), merge))?;
    assert_eq!(theirs, peers::yrs(&later_ones));

    let (mut theirs, stamps_of) = (peers::vclock(&later_ones), peers::vclock(&stamps));
    table.push(row(ROW, n, "vclock", Bound::None).measure(|| mine.join(black_box(&stamp)), || theirs.merge(black_box(&stamps_of))))?;
    assert!(later_ones.iter().all(|(actor, counter)| theirs.get(actor) == Some(*counter)));

    let (mut theirs, stamps_of) = (peers::threshold(&later_ones), peers::threshold(&stamps));
    table.push(row(ROW, n, "threshold", Bound::None).measure(|| mine.join(black_box(&stamp)), || theirs.join(black_box(&stamps_of))))?;
    assert!(theirs == peers::threshold(&later_ones));

    // This one always counts the receipt too, so ours does.
    let mut theirs = peers::vec_clock(&later_ones);
    let receive = || theirs.nocheck_time_by(black_box(&known)).len();
    table.push(row(ROW, n, "vec_clock, and tick", Bound::None).measure(|| mine.receive(Rank(0), black_box(&stamp)), receive))?;
    assert_eq!(theirs.as_slice()[1..], later[1..]);
    Ok(())
}

/// Equal clocks: every entry must be read.
fn compare_equal(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "dense compare, all entries read";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let limits = Limits::detect();
    let (known, _) = counters(n);
    let (one, other, entries) = (VectorClock::from(&*known), VectorClock::from(&*known), keyed(&known));
    let equal = Some(Ordering::Equal);
    assert_eq!(one.partial_cmp(&other), equal);
    let ours = || black_box(&one).partial_cmp(black_box(&other));

    let (a, b) = (known.clone(), known.clone());
    let kernel = || limits.compare(black_box(&a), black_box(&b));
    assert_eq!(kernel(), (false, false));
    table.push(row(ROW, n, "block kernel, native", Bound::AtMost(1.1)).measure(ours, kernel))?;

    let (a, b) = (peers::crdts(&entries), peers::crdts(&entries));
    assert_eq!(a.partial_cmp(&b), equal);
    table.push(row(ROW, n, "crdts", Bound::None).measure(ours, || black_box(&a).partial_cmp(black_box(&b))))?;

    let (a, b) = (peers::loro(&entries), peers::loro(&entries));
    assert_eq!(a.partial_cmp(&b), equal);
    table.push(row(ROW, n, "loro", Bound::None).measure(ours, || black_box(&a).partial_cmp(black_box(&b))))?;

    let (a, b) = (peers::yrs(&entries), peers::yrs(&entries));
    assert_eq!(a.partial_cmp(&b), equal);
    table.push(row(ROW, n, "yrs", Bound::None).measure(ours, || black_box(&a).partial_cmp(black_box(&b))))?;

    let (a, b) = (peers::vclock(&entries), peers::vclock(&entries));
    assert_eq!(a.partial_cmp(&b), equal);
    table.push(row(ROW, n, "vclock", Bound::None).measure(ours, || black_box(&a).partial_cmp(black_box(&b))))?;

    let a = peers::vec_clock(&entries);
    assert!(matches!(a.compare(&known), Ok(vec_clock::CompareState::Same)));
    table.push(row(ROW, n, "vec_clock", Bound::None).measure(ours, || black_box(&a).compare(black_box(&known))))
}

/// Random pairs, each ahead of the other somewhere: in turns, so that no branch is learned by heart.
fn compare_concurrent(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "dense compare, random concurrent pairs";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let mut random = Random(n as u64);
    let mut pairs: Vec<(Vec<u64>, Vec<u64>)> = Vec::new();
    while pairs.len() < TURNS as usize {
        let mut clock = || -> Vec<u64> { (0..n).map(|_| 1_000 + random.next() % 1_000).collect() };
        let pair = (clock(), clock());
        if VectorClock::from(&*pair.0).partial_cmp(&VectorClock::from(&*pair.1)).is_none() {
            pairs.push(pair);
        }
    }
    let mine: Vec<_> = pairs.iter().map(|(a, b)| (VectorClock::from(&**a), VectorClock::from(&**b))).collect();
    let ours = || count(&mine, |a, b| a.partial_cmp(b).is_none());
    let all = TURNS as usize;
    assert_eq!(ours(), all);

    let plain = || count(&pairs, |a, b| is_concurrent(a, b));
    assert_eq!(plain(), all);
    table.push(row(ROW, n, "plain loop, early exit", Bound::None).measure_many(TURNS, ours, plain))?;

    let theirs = of_peer(&pairs, peers::crdts);
    let work = || count(&theirs, |a, b| a.partial_cmp(b).is_none());
    assert_eq!(work(), all);
    // 18 ns for the smallest clocks, 26 for the largest.
    table.push(row(ROW, n, "crdts", Bound::Below { nanos: 5.0, beside: 22.0 }).measure_many(TURNS, ours, work))?;

    let theirs = of_peer(&pairs, peers::loro);
    let work = || count(&theirs, |a, b| a.partial_cmp(b).is_none());
    assert_eq!(work(), all);
    table.push(row(ROW, n, "loro", Bound::None).measure_many(TURNS, ours, work))?;

    let theirs = of_peer(&pairs, peers::yrs);
    let work = || count(&theirs, |a, b| a.partial_cmp(b).is_none());
    assert_eq!(work(), all);
    table.push(row(ROW, n, "yrs", Bound::None).measure_many(TURNS, ours, work))?;

    let theirs = of_peer(&pairs, peers::vclock);
    let work = || count(&theirs, |a, b| a.partial_cmp(b).is_none());
    assert_eq!(work(), all);
    table.push(row(ROW, n, "vclock", Bound::None).measure_many(TURNS, ours, work))?;

    let theirs = of_peer(&pairs, peers::vec_clock);
    let work = || count(&theirs, |a, b| matches!(a.compare(b.as_slice()), Ok(vec_clock::CompareState::Concurrent)));
    assert_eq!(work(), all);
    table.push(row(ROW, n, "vec_clock", Bound::None).measure_many(TURNS, ours, work))
}

fn of_peer<T>(pairs: &[(Vec<u64>, Vec<u64>)], make: impl Fn(&peers::Entries) -> T) -> Vec<(T, T)> {
    pairs.iter().map(|(a, b)| (make(&keyed(a)), make(&keyed(b)))).collect()
}

fn count<T>(pairs: &[(T, T)], is: impl Fn(&T, &T) -> bool) -> usize {
    pairs.iter().filter(|(a, b)| is(black_box(a), black_box(b))).count()
}

/// The loop as anybody would write it.
fn is_concurrent(a: &[u64], b: &[u64]) -> bool {
    let (mut less, mut greater) = (false, false);
    for (a, b) in a.iter().zip(b) {
        less |= a < b;
        greater |= a > b;
        if less && greater {
            return true;
        }
    }
    false
}

/// Processes in turn count an event each.
fn increment(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "increment by rank";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let (known, _) = counters(n);
    let entries = keyed(&known);
    let mut random = Random(1);
    let turns: Vec<usize> = (0..TURNS).map(|_| random.below(n)).collect();
    let ids: Vec<u64> = turns.iter().map(|rank| *rank as u64).collect();
    let ranks: Vec<Rank> = turns.iter().copied().map(Rank::new).collect();
    let mut mine = VectorClock::from(&*known);
    let mut ours = || ranks.iter().filter(|rank| mine.tick(*black_box(*rank)).is_ok()).count();

    let mut plain = known.clone();
    let add = || turns.iter().for_each(|rank| plain[*black_box(rank)] += 1);
    table.push(row(ROW, n, "array of counters", Bound::None).measure_many(TURNS, &mut ours, add))?;

    // The target was set beside this one, which looks the process up in a hash map.
    let mut theirs = peers::loro(&entries);
    let mut counter = 10_000;
    let work = || {
        counter = if counter == i32::MAX { 10_000 } else { counter + 1 };
        ids.iter().for_each(|id| theirs.set_end(loro::ID::new(*black_box(id), counter)));
    };
    table.push(row(ROW, n, "loro", Bound::Below { nanos: 1.0, beside: 2.2 }).measure_many(TURNS, &mut ours, work))?;

    let mut theirs = peers::crdts(&entries);
    let work = || {
        ids.iter().for_each(|id| {
            let dot = theirs.inc(*black_box(id));
            theirs.apply(dot);
        });
    };
    table.push(row(ROW, n, "crdts", Bound::None).measure_many(TURNS, &mut ours, work))?;

    let mut theirs = peers::vclock(&entries);
    let work = || ids.iter().for_each(|id| theirs.incr(black_box(id)));
    table.push(row(ROW, n, "vclock", Bound::None).measure_many(TURNS, &mut ours, work))?;

    let mut theirs = peers::threshold(&entries);
    let work = || ids.iter().fold(0, |sum, id| sum ^ theirs.next(black_box(id)));
    table.push(row(ROW, n, "threshold", Bound::None).measure_many(TURNS, &mut ours, work))
}
