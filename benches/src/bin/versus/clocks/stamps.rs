//! Stamps of events: which happened before which, by one look.

use std::hint::black_box;
use std::io;

use tidings_benches::Bound;
use tidings_clocks::{EventStamp, Rank, VectorClock};

use super::{Random, SIZES, TURNS, row};
use crate::Table;

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    for n in SIZES {
        happened_before(table, n)?;
    }
    Ok(())
}

/// The last events of a run in which processes send to each other at random.
fn events(n: usize, how_many: usize) -> Vec<EventStamp> {
    let mut random = Random(n as u64);
    let mut clocks = vec![VectorClock::with_capacity(n); n];
    let steps = 6 * n + how_many;
    let mut events = Vec::new();
    for step in 0..steps {
        let (me, other) = (random.below(n), random.below(n));
        let rank = Rank::new(me);
        if random.below(2) == 0 && me != other {
            let stamp = std::mem::take(&mut clocks[other]);
            clocks[me].receive(rank, &stamp).expect("counters are small");
            clocks[other] = stamp;
        } else {
            clocks[me].tick(rank).expect("counters are small");
        }
        if step >= steps - how_many {
            events.push(EventStamp::new(rank, clocks[me].clone()).expect("it counts its event"));
        }
    }
    events
}

fn happened_before(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "which event happened before which";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let events = events(n, 2 * TURNS as usize);
    let (ones, others) = events.split_at(TURNS as usize);
    let pairs: Vec<_> = ones.iter().zip(others).collect();
    for (one, other) in &pairs {
        assert_eq!(one.partial_cmp(other), one.clock().partial_cmp(other.clock()), "{one:?} and {other:?}");
    }
    let ours = || pairs.iter().filter(|(one, other)| black_box(one).partial_cmp(black_box(other)).is_none()).count();

    // The two looks alone, at plain arrays.
    let plain: Vec<_> = events.iter().map(|event| (event.rank().index(), event.clock().entries().to_vec())).collect();
    let (ones, others) = plain.split_at(TURNS as usize);
    let plain: Vec<_> = ones.iter().zip(others).collect();
    let entry = |clock: &[u64], rank: usize| clock.get(rank).copied().unwrap_or(0);
    let looks = || {
        let concurrent = |(me, one): &(usize, Vec<u64>), (you, other): &(usize, Vec<u64>)| {
            entry(other, *me) < entry(one, *me) && entry(one, *you) < entry(other, *you)
        };
        plain.iter().filter(|(one, other)| concurrent(black_box(one), black_box(other))).count()
    };
    assert_eq!(ours(), looks());
    // Nobody else offers this, so the target was set beside nothing.
    table.push(row(ROW, n, "two looks at arrays", Bound::Unscaled(2.0)).measure_many(TURNS, ours, looks))?;

    let whole = || pairs.iter().filter(|(one, other)| black_box(one).clock().partial_cmp(black_box(other).clock()).is_none()).count();
    table.push(row(ROW, n, "our whole clocks", Bound::None).measure_many(TURNS, ours, whole))
}
