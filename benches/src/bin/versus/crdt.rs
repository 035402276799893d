//! Replicated data types against the peers' and the limits.

mod counters;
mod maps;
mod reconciliation;
mod sets;
mod texts;
mod traces;

use std::io;

use tidings_benches::{Area, Bound, Comparison};

use crate::Table;

/// An actor of the states that are compared: small ids, which make the peers' states smallest.
type Actor = u8;

pub(crate) fn measure(table: &mut Table) -> io::Result<()> {
    sets::measure(table)?;
    counters::measure(table)?;
    maps::measure(table)?;
    reconciliation::measure(table)?;
    texts::measure(table)
}

fn wants(table: &Table, row: &str) -> bool {
    table.wants(Area::Crdt, row)
}

fn row(row: &'static str, n: usize, peer: &'static str, bound: Bound) -> Comparison {
    Comparison { area: Area::Crdt, row, n, peer, bound }
}
