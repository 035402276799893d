//! Editing traces: small ones made here, and the recorded ones that `TIDINGS_DATA` names.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::program::{Ran, holds, replay, tidings_in};

/// Two writers who type at the two ends of a text and hear of each other now and then.
fn two_writers(rounds: usize) -> Value {
    let (mut transactions, mut text) = (Vec::new(), String::from("-"));
    let mut heads = vec![0];
    transactions.push(json!({"parents": [], "agent": 0, "time": "2024-01-01T00:00:00Z", "patches": [[0, 0, "-"]]}));
    for round in 0..rounds {
        let length = text.chars().count();
        let (front, back) = (round.to_string(), "é".repeat(round % 3 + 1));
        let first = transactions.len();
        // Each types on top of what both had, in two transactions.
        transactions.push(json!({"parents": heads, "agent": 0, "patches": [[0, 0, front]]}));
        transactions.push(json!({"parents": [first], "agent": 0, "patches": [[0, 0, "<"]]}));
        transactions.push(json!({"parents": heads, "agent": 1, "patches": [[length, 0, back]]}));
        transactions.push(json!({"parents": [first + 2], "agent": 1, "patches": [[length, 1, ""], [length, 0, ">"]]}));
        text = format!("<{front}{text}>{}", back.chars().skip(1).collect::<String>());
        heads = vec![first + 1, first + 3];
    }
    json!({"kind": "concurrent", "endContent": text, "numAgents": 2, "txns": transactions})
}

fn written(trace: &Value) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.json");
    fs::write(&path, trace.to_string()).unwrap();
    (folder, path)
}

#[test]
fn a_sequential_trace_ends_as_recorded() {
    let trace = json!({"startContent": "grün", "endContent": "größer\n", "txns": [
        {"time": "2021-04-19T06:06:58.219Z", "patches": [[2, 2, "öß"]]},
        {"time": "2021-04-19T06:06:57.219Z", "patches": [[4, 0, "er"], [6, 0, "\n"]]},
        {"patches": []},
    ]});
    let (_folder, path) = written(&trace);
    let report = holds(&path);
    assert_eq!((&report["history"]["events"], &report["history"]["chains"]), (&json!(4), &json!(1)));
    assert_eq!((&report["clocks"]["inversions"], &report["clocks"]["largest_skew_ms"]), (&json!(1), &json!(1000)));
}

#[test]
fn a_concurrent_trace_ends_as_recorded_with_several_heads_too() {
    let (_folder, path) = written(&two_writers(50));
    let report = holds(&path);
    assert_eq!((&report["history"]["events"], &report["history"]["chains"]), (&json!(201), &json!(2)));
    assert_eq!(report["history"]["merges"], 98);
}

#[test]
fn a_trace_that_ends_otherwise_is_a_violation() {
    let mut trace = two_writers(3);
    trace["endContent"] = json!("something else");
    let (_folder, path) = written(&trace);
    let ran = replay(&path, &[]);
    assert_eq!((ran.code, ran.violated()), (1, vec!["replicas_end_as_recorded".to_owned()]));
    let shown = tidings_in(path.parent().unwrap(), &["replay", "trace.json", "--quiet"]);
    assert!(shown.stdout.contains("replicas_end_as_recorded: process p0: the file \"\" has other content"), "{}", shown.stdout);
    assert!(
        shown.stdout.contains("to see it again: tidings replay --seed 1 --loss 10 --duplicate 5 --replicas 3 trace.json"),
        "{}",
        shown.stdout
    );
}

/// What breaking a rule must be found by, and what the finding shows: two events and the command that shows them again.
fn is_found(ran: &Ran, property: &str, command: &str) {
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.lines().any(|line| line.starts_with(&format!("{property}: "))), "{property} is not in\n{}", ran.stdout);
    assert!(ran.stdout.matches("  event ").count() >= 2, "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("to see it again: {command}")), "{}", ran.stdout);
}

#[test]
fn a_broken_rule_is_found_and_the_command_shows_it_again() {
    let (folder, _path) = written(&two_writers(200));
    for (rule, property) in [("causal", "causal_delivery"), ("fifo", "fifo_delivery"), ("dedupe", "no_duplication")] {
        let ran = tidings_in(folder.path(), &["replay", "trace.json", "--quiet", "--break", rule]);
        let command = format!("tidings replay --seed 1 --loss 10 --duplicate 5 --replicas 3 --break {rule} trace.json");
        is_found(&ran, property, &command);
        let arguments: Vec<&str> = command.split(' ').skip(1).chain(["--quiet"]).collect();
        assert_eq!(tidings_in(folder.path(), &arguments).stdout, ran.stdout);
    }
}

/// A file of the data set that `TIDINGS_DATA` names.
fn data(name: &str) -> PathBuf {
    let folder = std::env::var_os("TIDINGS_DATA").expect("TIDINGS_DATA names the folder of the data sets");
    PathBuf::from(folder).join("editing").join(name)
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn friendsforever_ends_as_recorded() {
    let report = holds(&data("friendsforever.json.gz"));
    assert_eq!(
        (&report["history"]["events"], &report["history"]["merges"], &report["history"]["chains"]),
        (&json!(26_078), &json!(2_258), &json!(2))
    );
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn automerge_paper_ends_as_recorded() {
    assert_eq!(holds(&data("automerge-paper.json.gz"))["history"]["events"], 259_778);
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn each_broken_rule_is_found_on_friendsforever() {
    let path = data("friendsforever.json.gz");
    let folder = tempfile::tempdir().unwrap();
    for (rule, property) in [("causal", "causal_delivery"), ("fifo", "fifo_delivery"), ("dedupe", "no_duplication")] {
        let ran = tidings_in(folder.path(), &["replay", path.to_str().unwrap(), "--quiet", "--break", rule]);
        let command = format!("tidings replay --seed 1 --loss 10 --duplicate 5 --replicas 3 --break {rule} {}", path.display());
        is_found(&ran, property, &command);
    }
}
