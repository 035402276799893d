use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Inspection, Verdict};
use crate::checks::grouped;

const NAME: usize = 27;
const VALUE: usize = 11;

/// Prints what is in a log and what it keeps, as one table.
pub(super) fn table(out: &mut impl Write, inspection: &Inspection) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{} ({}){bold:#}\n", plain(&inspection.source), inspection.form)?;
    for figure in &inspection.figures {
        writeln!(out, "{}", format!("  {:<NAME$}{:>VALUE$}  {}", figure.name, grouped(figure.count), plain(&figure.remark)).trim_end())?;
    }
    writeln!(out)?;
    for check in &inspection.checks {
        let (style, verdict) = match check.verdict {
            Verdict::Held => (AnsiColor::Green.on_default(), "held"),
            Verdict::Violated => (AnsiColor::Red.on_default().bold(), "VIOLATED"),
            Verdict::Undecided => (AnsiColor::Yellow.on_default().bold(), "undecided"),
        };
        writeln!(out, "  {:<NAME$}{style}{verdict:>VALUE$}{style:#}", check.name)?;
    }
    Ok(())
}

/// Prints what does not hold and what shows it. Nothing if all holds.
pub(super) fn violations(out: &mut impl Write, inspection: &Inspection) -> io::Result<()> {
    let style = AnsiColor::Red.on_default().bold();
    for check in inspection.checks.iter().filter(|check| check.verdict != Verdict::Held) {
        writeln!(out)?;
        for (place, line) in check.evidence.iter().enumerate() {
            let line = plain(line);
            if place == 0 {
                writeln!(out, "{style}{}{style:#}: {line}", check.name)?;
            } else {
                writeln!(out, "  {line}")?;
            }
        }
    }
    Ok(())
}

/// Without what would move the cursor: the texts of a log are another's.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
