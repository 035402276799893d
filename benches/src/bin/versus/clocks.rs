//! Clocks against the peers' clocks and the limits.

mod hybrid;
mod intervals;
mod peers;
mod stamps;
mod vectors;
mod version_vectors;
mod wire;

use std::io;

use tidings_benches::{Area, Bound, Comparison};

use crate::Table;
use crate::random::Random;

/// The sizes that rows are taken at.
const SIZES: [usize; 5] = [4, 16, 64, 256, 1024];

/// How many different operands a row takes turns with, where one alone would be learned by heart.
const TURNS: u32 = 64;

pub(crate) fn measure(table: &mut Table) -> io::Result<()> {
    vectors::measure(table)?;
    stamps::measure(table)?;
    version_vectors::measure(table)?;
    hybrid::measure(table)?;
    intervals::measure(table)?;
    wire::measure(table)
}

fn wants(table: &Table, row: &str) -> bool {
    table.wants(Area::Clocks, row)
}

fn row(row: &'static str, n: usize, peer: &'static str, bound: Bound) -> Comparison {
    Comparison { area: Area::Clocks, row, n, peer, bound }
}

/// How many copies of n entries to work on at once: so many that the clock's own cost vanishes, so few that they stay in the cache.
fn at_once(n: usize) -> usize {
    (8192 / n).clamp(16, 1024)
}
