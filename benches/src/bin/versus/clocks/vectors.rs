//! Dense and sparse vector clocks.

use std::hint::black_box;
use std::io;

use tidings_benches::{Area, Bound, Comparison};
use tidings_clocks::VectorClock;

use crate::Table;

/// The sizes that every row is taken at.
const SIZES: [usize; 5] = [4, 16, 64, 256, 1024];

/// Two clocks of n entries, each ahead of the other somewhere, as ours and as plain counters.
fn entries(n: usize) -> (Vec<u64>, Vec<u64>) {
    let one = (0..n as u64).map(|rank| 1_000 + rank * 7 % 13).collect();
    let other = (0..n as u64).map(|rank| 1_000 + rank * 5 % 11).collect();
    (one, other)
}

fn ours(entries: &[u64]) -> VectorClock {
    entries.into()
}

#[expect(clippy::disallowed_types, reason = "the peer is made from it")]
fn vclock(entries: &[u64]) -> vclock::VClock<u64, u64> {
    entries.iter().enumerate().map(|(key, counter)| (key as u64, *counter)).collect::<std::collections::HashMap<_, _>>().into()
}

pub(crate) fn measure(table: &mut Table) -> io::Result<()> {
    for n in SIZES {
        merge(table, n)?;
    }
    Ok(())
}

fn merge(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "dense merge";
    if !table.wants(Area::Clocks, ROW) {
        return Ok(());
    }
    let (one, other) = entries(n);
    let (mut mine, stamp) = (ours(&one), ours(&other));
    let comparison = |peer, bound| Comparison { area: Area::Clocks, row: ROW, n, peer, bound };

    let (source, mut target) = (other.clone(), one.clone());
    let limit = if n >= 256 { Bound::AtMost(1.3) } else { Bound::None };
    table.push(comparison("memcpy of 8n bytes", limit).measure(
        || mine.join(black_box(&stamp)),
        || {
            target.copy_from_slice(black_box(&source));
            target[0]
        },
    ))?;

    let (mut theirs, their_stamp) = (vclock(&one), vclock(&other));
    table.push(comparison("vclock", Bound::None).measure(|| mine.join(black_box(&stamp)), || theirs.merge(black_box(&their_stamp))))
}
