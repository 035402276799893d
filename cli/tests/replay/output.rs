//! What the program prints and writes.

use std::fs;
use std::path::Path;

use tidings_trace::shiviz;

use crate::program::{replay, tidings_in};
use crate::scratch::{Repository, Scratch, files};

/// Two people, three commits each, who merge twice.
fn two_people() -> Repository {
    let mut scratch = Scratch::new();
    let text = |words: [&str; 4]| files([("f", &words.map(|word| format!("{word}\n")).concat())]);
    let root = scratch.commit(&[], &text(["a", "b", "c", "d"]));
    let one = scratch.commit(&[root], &text(["A", "b", "c", "d"]));
    let other = scratch.commit(&[root], &text(["a", "b", "c", "D"]));
    let merge = scratch.commit(&[one, other], &text(["A", "b", "c", "D"]));
    let more = scratch.commit(&[other], &text(["a", "b", "C", "D"]));
    let last = scratch.commit(&[merge, more], &text(["A", "b", "C", "D"]));
    scratch.finish(last)
}

fn run_json(folder: &Path, source: &Path, out: &str, more: &[&str]) -> Vec<u8> {
    let arguments = ["replay", source.to_str().unwrap(), "--quiet", "--out", out];
    let ran = tidings_in(folder, &[&arguments, more].concat());
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    fs::read(folder.join(out).join("run.json")).unwrap()
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_seed_holds_too() {
    let (repository, folder) = (two_people(), tempfile::tempdir().unwrap());
    let first = run_json(folder.path(), repository.path(), "first", &["--seed", "9", "--loss", "30"]);
    let again = run_json(folder.path(), repository.path(), "again", &["--seed", "9", "--loss", "30"]);
    let other = run_json(folder.path(), repository.path(), "other", &["--seed", "10", "--loss", "30"]);
    assert!(first == again);
    assert_ne!(first, other);
    let log = |out: &str| fs::read(folder.path().join(out).join("run.shiviz.log")).unwrap();
    assert!(log("first") == log("again"));
    assert_ne!(log("first"), log("other"));
}

#[test]
fn json_on_standard_output_is_what_is_written() {
    let (repository, folder) = (two_people(), tempfile::tempdir().unwrap());
    let ran = tidings_in(folder.path(), &["replay", repository.path().to_str().unwrap(), "--json"]);
    assert_eq!(ran.code, 0);
    // The folder that is written to if nothing is said.
    assert_eq!(ran.stdout.as_bytes(), fs::read(folder.path().join("target/tidings/run.json")).unwrap());
    assert!(ran.stderr.contains("wrote target/tidings/run.json and target/tidings/run.shiviz.log"), "{}", ran.stderr);
    let report = ran.report();
    assert_eq!(report["schema"], 1);
    assert!(!ran.stdout.contains("wall"), "the report holds a figure of the wall clock");
    let written: Vec<String> = fs::read_dir(folder.path().join("target/tidings"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(written.len(), 2, "{written:?}");
}

#[test]
fn the_log_is_one_that_shiviz_reads_and_its_clocks_contradict_nothing() {
    let (repository, folder) = (two_people(), tempfile::tempdir().unwrap());
    run_json(folder.path(), repository.path(), "out", &[]);
    let log = fs::read_to_string(folder.path().join("out/run.shiviz.log")).unwrap();
    let head = repository.git(&["rev-parse", "HEAD"]);
    assert!(log.contains(&format!("broadcasts p0:5 (commit {}) at ", &head[..12])), "{log}");
    let log = shiviz::read(&log, None).unwrap();
    assert_eq!(log.hosts().len(), 3);
    // Six broadcasts, and each is delivered three times.
    assert_eq!(log.entries().len(), 6 + 18);
    log.verify().unwrap();
}

#[test]
fn the_table_names_every_check_and_is_plain_when_it_is_no_terminal() {
    let (repository, folder) = (two_people(), tempfile::tempdir().unwrap());
    let arguments = ["replay", repository.path().to_str().unwrap()];
    let ran = tidings_in(folder.path(), &arguments);
    assert_eq!(ran.code, 0);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'));
    assert!(!ran.stderr.contains("replicating"), "a progress bar is for terminals: {}", ran.stderr);
    for row in [
        "events",
        "processes",
        "messages broadcast",
        "packets sent",
        "lost",
        "duplicated",
        "retransmitted",
        "held back",
        "virtual time",
        "wall time",
    ] {
        assert!(ran.stdout.lines().any(|line| line.trim_start().starts_with(row)), "{row} is not in\n{}", ran.stdout);
    }
    let report = replay(repository.path(), &[]).report();
    for check in report["checks"].as_array().unwrap() {
        let name = check["name"].as_str().unwrap();
        assert!(ran.stdout.lines().any(|line| line.contains(name) && line.contains("held")), "{name} is not in\n{}", ran.stdout);
    }
    let coloured = tidings_in(folder.path(), &[&arguments[..], &["--color", "always"]].concat());
    assert!(coloured.stdout.contains('\u{1b}'));
}

#[test]
fn help_tells_a_newcomer_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let help = tidings_in(folder.path(), &["replay", "--help"]);
    assert_eq!(help.code, 0);
    for word in
        ["--seed", "--loss", "--duplicate", "--replicas", "--break", "--out", "--json", "--quiet", "--color", "Exit codes", "Examples"]
    {
        assert!(help.stdout.contains(word), "{word} is not in\n{}", help.stdout);
    }
    assert_eq!(tidings_in(folder.path(), &["--version"]).code, 0);
}

#[test]
fn any_number_of_replicas_any_network() {
    let repository = two_people();
    for replicas in ["1", "2", "7", "64"] {
        let ran = replay(repository.path(), &["--replicas", replicas]);
        assert_eq!(ran.code, 0, "{replicas} replicas: {}", ran.stdout);
    }
    for (loss, duplicate) in [("0", "0"), ("90", "0"), ("0", "100"), ("66.6", "33.3")] {
        let ran = replay(repository.path(), &["--loss", loss, "--duplicate", duplicate]);
        assert_eq!(ran.code, 0, "{loss} % lost, {duplicate} % twice: {}", ran.stdout);
        assert_eq!(ran.report()["network"]["lost"] == 0, loss == "0");
    }
}
