//! The program `tidings explore`, as somebody runs it: what it prints, says and ends with.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tidings::EXPLORED;

fn explore(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidings")).arg("explore").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The verdict, and how many states, transitions and interleavings, of each line of the table.
fn table(output: &Output) -> Vec<[String; 4]> {
    let lines =
        text(&output.stdout).lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>();
    lines.into_iter().filter(|fields| fields.len() == 8).map(|fields| [2, 3, 4, 5].map(|field| fields[field].clone())).collect()
}

#[test]
fn a_scope_is_explored_and_counted() {
    let output = explore(&["best-effort", "--scope", "2x1"]);
    assert_eq!(output.status.code(), Some(0));
    // Two chains of two steps, which look alike: 6 interleavings, and with symmetry 6 states.
    assert_eq!(table(&output), [["kept", "6", "8", "6.000e0"].map(str::to_owned)], "{}", text(&output.stdout));
    assert_eq!(text(&output.stderr), "", "nothing but the table goes into a pipe");
}

/// For each protocol and each rule that its layers enforce: broken, it is found, the schedule is printed, and the program ends with 1.
#[test]
fn every_broken_rule_is_found_and_its_schedule_is_printed() {
    let mut found = 0;
    for row in EXPLORED {
        for rule in row.rules {
            let rule = format!("{rule:?}").to_lowercase();
            let scopes = ["2x1,duplicates=1", "2x2", "3x1"];
            let broken = scopes
                .iter()
                .map(|scope| explore(&[row.name, "--scope", scope, "--break", &rule]))
                .find(|output| output.status.code() == Some(1));
            let output = broken.unwrap_or_else(|| panic!("{} without {rule}", row.name));
            let out = text(&output.stdout);
            assert!(out.contains("BROKEN") && out.contains("\n  event ") && out.contains("\n  step 1: p"), "{out}");
            found += 1;
        }
    }
    assert!(found >= 8);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_was_expected() {
    for (scope, why) in [
        ("3", "it reads as 3x2,losses=1"),
        ("3x2,gains=1", "it reads as 3x2,losses=1"),
        ("9x1", "1 to 8 processes"),
        ("3x99999999999", "is no scope"),
    ] {
        let output = explore(&["causal", "--scope", scope]);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(why) && output.stdout.is_empty(), "{scope}: {said}");
    }
    for arguments in [
        &["nobody"][..],
        &["causal", "--break", "nothing"],
        &["causal", "--states", "many"],
        &["--save", "file"],
        &["causal", "--resume", "file"],
    ] {
        assert_eq!(explore(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let output = explore(&["best-effort", "--break", "total"]);
    assert_eq!((output.status.code(), text(&output.stderr).trim_end()), (Some(2), "tidings: best-effort has no layer that enforces total"));
}

/// Stopped and kept again and again, a search comes to the counts of one that was never stopped.
#[test]
fn a_kept_search_goes_on_to_the_same_counts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("search");
    let file = file.to_str().unwrap();
    let search = ["causal", "--scope", "3x1,duplicates=1,crashes=1"];
    let whole = table(&explore(&search));
    assert_eq!(whole[0][0], "kept");
    let mut stops = 0;
    let mut resume = vec![];
    let last = loop {
        let output = explore(&[&search[..], &["--states", "100", "--save", file], &resume].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let line = table(&output);
        if line[0][0] != "stopped" {
            break line;
        }
        stops += 1;
        resume = vec!["--resume", file];
    };
    assert!(stops >= 2, "{stops}");
    assert_eq!(last, whole);
}

#[test]
fn a_kept_search_of_something_else_or_damaged_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search");
    let file = path.to_str().unwrap();
    assert_eq!(explore(&["causal", "--scope", "3x1", "--states", "10", "--save", file]).status.code(), Some(0));
    let refused = |arguments: &[&str], why: &str| {
        let output = explore(arguments);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(3) && said.contains(why), "{arguments:?}: {said}");
    };
    refused(&["fifo", "--scope", "3x1", "--resume", file], "it explored causal");
    refused(&["causal", "--scope", "3x1", "--break", "causal", "--resume", file], "it explored causal");
    refused(&["causal", "--scope", "3x1,losses=1", "--resume", file], "it explored something else: 3x1, with Reductions");
    refused(&["causal", "--scope", "3x1", "--raw", "--resume", file], "it explored something else");
    let bytes = fs::read(&path).unwrap();
    let damaged = |bytes: &[u8], why: &str| {
        fs::write(Path::new(file), bytes).unwrap();
        refused(&["causal", "--scope", "3x1", "--resume", file], why);
    };
    for place in [30, bytes.len() / 2, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[place] ^= 4;
        damaged(&other, "it is damaged");
    }
    damaged(&bytes[..bytes.len() - 5], "it is damaged");
    damaged(&bytes[..10], "too short");
    damaged(&[b"a line of text\n", &bytes[..]].concat(), "no search that this version");
}
