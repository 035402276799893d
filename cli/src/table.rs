//! A report as a table for people.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::checks::grouped;
use crate::contents::Census;
use crate::{Check, Report};

const NAME: usize = 27;
const VALUE: usize = 11;

/// Prints a report as one table: figures, then checks, then what is violated.
///
/// # Errors
/// What the output says.
pub fn print(out: &mut impl Write, report: &Report, wall: Duration) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{} ({}, last {}){bold:#}\n", report.source, report.kind, report.history.last)?;
    for (name, value, remark) in figures(report, wall) {
        let row = format!("  {name:<NAME$}{value:>VALUE$}  {remark}");
        writeln!(out, "{}", row.trim_end())?;
    }
    writeln!(out)?;
    for check in &report.checks {
        let (style, verdict) =
            if check.held { (AnsiColor::Green.on_default(), "held") } else { (AnsiColor::Red.on_default().bold(), "VIOLATED") };
        writeln!(out, "  {:<NAME$}{style}{verdict:>VALUE$}{style:#}  {}", check.name, check.scope)?;
    }
    Ok(())
}

/// Prints what is violated, what shows it, and how to see it again. Nothing if all held.
///
/// # Errors
/// What the output says.
pub fn print_violations(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let violated: Vec<&Check> = report.checks.iter().filter(|check| !check.held).collect();
    let style = AnsiColor::Red.on_default().bold();
    for check in &violated {
        writeln!(out)?;
        for (place, line) in check.evidence.iter().enumerate() {
            if place == 0 {
                writeln!(out, "{style}{}{style:#}: {line}", check.name)?;
            } else {
                writeln!(out, "  {line}")?;
            }
        }
    }
    if !violated.is_empty() {
        writeln!(out, "\nto see it again: {}", report.command)?;
    }
    Ok(())
}

fn figures(report: &Report, wall: Duration) -> Vec<(&'static str, String, String)> {
    let Report { settings, history, clocks, network, replication, .. } = report;
    let number = |number: usize| grouped(number as u64);
    let counted = |count: usize, of: &str| format!("{} {of}{}", grouped(count as u64), if count == 1 { "" } else { "s" });
    let broken = settings.broken.map(|rule| format!(", without {rule}")).unwrap_or_default();
    let mut rows = vec![
        (
            "events",
            number(history.events),
            format!(
                "{}, {}, {}",
                counted(history.merges, "merge"),
                counted(history.roots, "root"),
                chains(history.chains, history.longest_chain)
            ),
        ),
        (
            "processes",
            grouped(u64::from(settings.replicas)),
            format!("causal over reliable broadcast over perfect links{broken}; seed {}", settings.seed),
        ),
        ("files at the end", number(history.files.text), left_out(&history.files, history.file_limit_bytes)),
        (
            "messages broadcast",
            grouped(replication.broadcasts),
            format!("{:.1} bytes each, the largest {}", replication.bytes_per_message, number(replication.largest_message)),
        ),
        ("messages delivered", grouped(replication.deliveries), early(replication.early, replication.repeated)),
        ("packets sent", grouped(network.sent), format!("{} bytes", grouped(network.bytes))),
        ("  lost", grouped(network.lost), format!("{} % asked for", settings.loss_percent)),
        ("  duplicated", grouped(network.duplicated), format!("{} % asked for", settings.duplicate_percent)),
        ("  overtaken", grouped(network.overtaken), format!("each packet takes {} to {} ms", settings.min_delay_ms, settings.max_delay_ms)),
        ("  retransmitted", grouped(network.retransmitted), String::new()),
        ("held back", number(network.held_most), format!("most at once; the longest for {}", span(network.held_longest_ms))),
    ];
    if history.merges > 0 && history.file_versions.is_some() {
        let corrected =
            format!("merges, by {} and {}", counted(replication.corrected_bytes, "byte"), counted(replication.corrected_files, "file"));
        rows.push(("corrected", number(replication.corrected_merges), corrected));
    }
    #[expect(clippy::cast_precision_loss, reason = "a span for people to read")]
    let remark = format!(
        "edges back in recorded time, by {} at most; the hybrid clock ran {} ahead",
        span(clocks.largest_skew_ms as f64),
        span(clocks.largest_lead_ms as f64)
    );
    rows.push(("clock inversions", number(clocks.inversions), remark));
    rows.push(("virtual time", span(network.virtual_ms), String::new()));
    rows.push(("wall time", span(wall.as_secs_f64() * 1_000.0), String::new()));
    if history.shallow {
        rows.insert(0, ("shallow clone", String::new(), "replayed from its boundary: what is older is not there".to_owned()));
    }
    rows
}

fn chains(chains: usize, longest: usize) -> String {
    if chains == 1 {
        "1 chain".to_owned()
    } else {
        format!("{} chains, the longest of {}", grouped(chains as u64), grouped(longest as u64))
    }
}

fn left_out(files: &Census, limit: u64) -> String {
    let kinds = [(files.binary, "binary"), (files.symlinks, "symbolic links"), (files.submodules, "submodules")];
    let mut kinds: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{} {kind}", grouped(*count as u64))).collect();
    if files.too_large > 0 {
        kinds.push(format!("{} over {} bytes", grouped(files.too_large as u64), grouped(limit)));
    }
    if kinds.is_empty() { "none left out".to_owned() } else { format!("left out: {}", kinds.join(", ")) }
}

fn early(early: u64, repeated: u64) -> String {
    match (early, repeated) {
        (0, 0) => String::new(),
        (early, repeated) => format!("{} before a parent, {} again", grouped(early), grouped(repeated)),
    }
}

/// A span of time, in the unit that suits it.
fn span(millis: f64) -> String {
    let seconds = millis / 1_000.0;
    match seconds {
        _ if seconds < 1.0 => format!("{millis:.1} ms"),
        _ if seconds < 120.0 => format!("{seconds:.1} s"),
        _ if seconds < 7_200.0 => format!("{:.1} min", seconds / 60.0),
        _ if seconds < 172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_unit_that_suits_it() {
        let spans = [0.0, 999.0, 1_000.0, 119_000.0, 120_000.0, 7_200_000.0, 172_800_000.0].map(span);
        assert_eq!(spans, ["0.0 ms", "999.0 ms", "1.0 s", "119.0 s", "2.0 min", "2.0 h", "2.0 days"]);
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(left_out(&Census::default(), 9), "none left out");
        let some = Census { text: 1, binary: 2, symlinks: 0, submodules: 1, too_large: 3 };
        assert_eq!(left_out(&some, 1_024), "left out: 2 binary, 1 submodules, 3 over 1,024 bytes");
    }
}
