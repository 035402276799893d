//! The program itself.

use std::path::Path;
use std::process::{Command, Output};

fn tidings(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidings")).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn a_campaign_prints_figures_and_points() {
    let output = tidings(&["simulate", "causal", "--seeds", "0..40"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(
        ["all held", "latency", "packets for a message", "points reached", "lost_in_a_row", "out of reach"]
            .iter()
            .all(|word| out.contains(word)),
        "{out}"
    );
}

/// One row alone cannot reach what only another one does.
#[test]
fn a_point_that_is_never_reached_fails_a_campaign_that_is_to_cover() {
    let output = tidings(&["simulate", "causal", "--seeds", "0..40", "--cover", "--quiet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("never reached: ") && text(&output.stderr).contains("disk_full"), "{}", text(&output.stderr));
}

#[test]
fn a_violation_is_written_as_a_golden_script_that_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("found");
    let output = tidings(&["simulate", "fifo", "--break", "fifo", "--seeds", "0..100", "--golden", at.to_str().expect("text")]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("fifo_delivery") && out.contains("to see it again: tidings simulate fifo --seeds"), "{out}");
    let written = std::fs::read_dir(&at).expect("the folder").next().expect("a file").expect("a file").path();
    let output = tidings(&["simulate", "--script", written.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("fifo_delivery"));
}

#[test]
fn the_scenario_of_the_documentation_runs() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/partial-synchrony.toml");
    let output = tidings(&["simulate", "causal", "--seeds", "0..20", "--scenario", file.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = tidings(&["simulate", "--scenario", "no-such-file.toml"]);
    assert_eq!(output.status.code(), Some(3));
}
