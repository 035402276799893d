//! Interval tree clocks.

use std::cmp::Ordering;
use std::hint::black_box;
use std::io;

use itc::{IntervalTreeClock as _, LessThanOrEqual, Stamp};
use tidings_benches::Bound;
use tidings_clocks::IntervalTree;
use treeclocks::ItcPair;

use super::{Random, row};
use crate::Table;

/// How many processes there are, forked from one another.
const SIZES: [usize; 3] = [16, 64, 256];

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    for n in SIZES {
        join_and_event(table, n)?;
    }
    Ok(())
}

/// The same run three times over: n processes, forked level by level, that have events and send to each other at random.
struct Run {
    ours: Vec<IntervalTree>,
    itc: Vec<Stamp>,
    treeclocks: Vec<ItcPair>,
}

impl Run {
    fn new(n: usize) -> Self {
        let mut run = Self { ours: vec![IntervalTree::seed()], itc: vec![Stamp::seed()], treeclocks: vec![ItcPair::new()] };
        while run.ours.len() < n {
            for at in 0..run.ours.len() {
                run.fork(at);
            }
        }
        let mut random = Random(n as u64);
        for _ in 0..4 * n {
            let (at, from) = (random.below(n), random.below(n));
            if random.below(4) == 0 {
                run.receive(at, from);
            } else {
                run.event(at);
            }
        }
        run
    }

    fn fork(&mut self, at: usize) {
        let given = self.ours[at].fork().expect("not too deep");
        self.ours.push(given);
        let (kept, given) = self.itc[at].fork();
        self.itc[at] = kept;
        self.itc.push(given);
        let given = self.treeclocks[at].fork();
        self.treeclocks.push(given);
    }

    fn event(&mut self, at: usize) {
        self.ours[at].event().expect("it owns a share");
        self.itc[at] = self.itc[at].event();
        self.treeclocks[at].event();
    }

    fn receive(&mut self, at: usize, from: usize) {
        let message = self.ours[from].peek();
        self.ours[at].join(&message).expect("a message owns no share");
        let (message, _) = self.itc[from].peek();
        self.itc[at] = self.itc[at].join(&message);
        let message = self.treeclocks[from].timestamp.clone();
        self.treeclocks[at].sync(&message);
    }

    /// All pairs stand to each other alike in all three.
    fn check(&self) {
        for (ours, itc, treeclocks) in self.each() {
            for (other_ours, other_itc, other_treeclocks) in self.each() {
                let order = match (itc.leq(other_itc), other_itc.leq(itc)) {
                    (true, true) => Some(Ordering::Equal),
                    (true, false) => Some(Ordering::Less),
                    (false, true) => Some(Ordering::Greater),
                    (false, false) => None,
                };
                assert_eq!(ours.partial_cmp(other_ours), order);
                assert_eq!(ours == other_ours, treeclocks.timestamp == other_treeclocks.timestamp);
            }
        }
    }

    fn each(&self) -> impl Iterator<Item = (&IntervalTree, &Stamp, &ItcPair)> {
        self.ours.iter().zip(&self.itc).zip(&self.treeclocks).map(|((ours, itc), treeclocks)| (ours, itc, treeclocks))
    }
}

fn join_and_event(table: &mut Table, n: usize) -> io::Result<()> {
    const JOIN: &str = "interval tree, join of a message";
    const EVENT: &str = "interval tree, event";
    const COMPARE: &str = "interval tree, compare";
    if ![JOIN, EVENT, COMPARE].iter().any(|row| super::wants(table, row)) {
        return Ok(());
    }
    let run = Run::new(n);
    run.check();
    let (at, from) = (n / 3, n / 2);
    let target = if n == 256 { Bound::AtMost(1.0 / 30.0) } else { Bound::None };
    let copies = super::at_once(n);
    if super::wants(table, JOIN) {
        let (ours, message) = (&run.ours[at], run.ours[from].peek());
        let join = |clock: &mut IntervalTree| clock.join(black_box(&message)).is_ok();
        let (message, _) = run.itc[from].peek();
        let work = |clock: &mut Stamp| clock.join(black_box(&message));
        table.push(row(JOIN, n, "itc", target).measure_prepared(copies, (ours, join), (&run.itc[at], work)))?;
        let message = &run.treeclocks[from].timestamp;
        let work = |clock: &mut ItcPair| clock.sync(black_box(message));
        table.push(row(JOIN, n, "treeclocks", Bound::None).measure_prepared(copies, (ours, join), (&run.treeclocks[at], work)))?;
    }
    if super::wants(table, EVENT) {
        let ours = &run.ours[at];
        let event = |clock: &mut IntervalTree| clock.event().is_ok();
        let work = |clock: &mut Stamp| clock.event();
        table.push(row(EVENT, n, "itc", target).measure_prepared(copies, (ours, event), (&run.itc[at], work)))?;
        let work = |clock: &mut ItcPair| clock.event();
        table.push(row(EVENT, n, "treeclocks", Bound::None).measure_prepared(copies, (ours, event), (&run.treeclocks[at], work)))?;
    }
    if super::wants(table, COMPARE) {
        let (one, other) = (&run.ours[at], &run.ours[from]);
        let ours = || black_box(one).partial_cmp(black_box(other));
        let (a, b) = (&run.itc[at], &run.itc[from]);
        table.push(
            row(COMPARE, n, "itc, both ways", Bound::None)
                .measure(ours, || (black_box(a).leq(black_box(b)), black_box(b).leq(black_box(a)))),
        )?;
        let (a, b) = (&run.treeclocks[at].timestamp, &run.treeclocks[from].timestamp);
        table.push(row(COMPARE, n, "treeclocks", Bound::None).measure(ours, || black_box(a).partial_cmp(black_box(b))))?;
    }
    Ok(())
}
