//! Maps: of last writers, and of maps.

mod last_writer;
mod nested;

use std::io;

use crate::Table;

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    last_writer::measure(table)?;
    nested::measure(table)
}
