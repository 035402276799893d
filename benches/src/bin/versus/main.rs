//! Ours against the peers and the limits, in one process, sample by sample in turn.

mod clocks;
mod crdt;
mod limits;
mod memory;
mod random;
mod versions;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use tidings_benches::{Area, Measured};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Prints a table of ours against the peers and the limits of the machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only the rows of this area: clocks, broadcast, crdt or quorum.
    #[arg(long)]
    only: Option<Area>,
    /// Only the rows whose name contains this.
    #[arg(long)]
    row: Option<String>,
    /// An array of rows instead of a table.
    #[arg(long)]
    json: bool,
}

/// Measures the rows that are wanted, one after the other.
struct Table {
    arguments: Arguments,
    rows: Vec<Measured>,
}

impl Table {
    fn wants(&self, area: Area, row: &str) -> bool {
        self.arguments.only.is_none_or(|only| only == area) && self.arguments.row.as_deref().is_none_or(|part| row.contains(part))
    }

    fn push(&mut self, measured: Measured) -> io::Result<()> {
        if !self.arguments.json {
            writeln!(io::stdout().lock(), "{measured}")?;
        }
        self.rows.push(measured);
        Ok(())
    }

    /// Tells of rows that cannot be taken; beside the table, so that it stays one.
    fn note(&self, what: &str) -> io::Result<()> {
        writeln!(io::stderr(), "versus: {what}")
    }
}

fn main() -> ExitCode {
    let mut table = Table { arguments: Arguments::parse(), rows: Vec::new() };
    match run(&mut table) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "versus: {error}");
            ExitCode::from(3)
        }
    }
}

fn run(table: &mut Table) -> io::Result<()> {
    if !table.arguments.json {
        let heads = format!("{:<44} {:>7} {:<22} {:>12} {:>12} {:>9}  target", "row", "n", "peer", "ours ns", "peer ns", "ratio");
        writeln!(io::stdout().lock(), "{heads}")?;
    }
    writeln!(io::stderr(), "peers: {}", versions::of_the_peers())?;
    clocks::measure(table)?;
    crdt::measure(table)?;
    if table.arguments.json {
        serde_json::to_writer_pretty(io::stdout().lock(), &table.rows)?;
    }
    let missed = table.rows.iter().filter(|row| row.met == Some(false)).count();
    writeln!(io::stderr(), "{} rows, {missed} of them miss their target", table.rows.len())
}
