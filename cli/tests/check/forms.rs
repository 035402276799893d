//! Each form: recognised, judged, printed.

use crate::program::{check, figure, file, findings, packed, with};

/// Two processes that deliver two messages in opposite orders.
const TRACE: &str = r#"{"tidings_trace": 1, "processes": 2, "events": [
    {"time":1,"process":0,"what":{"broadcast":{"origin":0,"number":1}}},
    {"time":2,"process":1,"what":{"broadcast":{"origin":1,"number":1}}},
    {"time":3,"process":0,"what":{"deliver":{"origin":0,"number":1}}},
    {"time":4,"process":0,"what":{"deliver":{"origin":1,"number":1}}},
    {"time":5,"process":1,"what":{"deliver":{"origin":1,"number":1}}},
    {"time":6,"process":1,"what":{"deliver":{"origin":0,"number":1}}}]}"#;

const SHIVIZ: &str = "ask\nclient {\"client\":1}\nanswer\nserver {\"server\":1, \"client\":1}\n";

const TIMED: &str = "17 one\na {\"a\":1}\n16 two\na {\"a\":2}\n";

/// A read that sees what was overwritten before it began.
const HISTORY: &str = "\
{:process 0 :type :invoke :f :write :value 1}\n{:process 0 :type :ok :f :write :value 1}\n\
{:process 0 :type :invoke :f :write :value 2}\n{:process 0 :type :ok :f :write :value 2}\n\
{:process 1 :type :invoke :f :read :value nil}\n{:process 1 :type :ok :f :read :value 2}\n\
{:process 1 :type :invoke :f :read :value nil}\n{:process 1 :type :ok :f :read :value 1}\n";

const RAFT: &str = r#"{"tag":"trace","event":{"name":"BecomeLeader","nid":"1","state":{"term":2,"vote":"1","commit":5},"role":"StateLeader","log":5}}
{"tag":"trace","event":{"name":"Ready","nid":"1","state":{"term":2,"vote":"1","commit":4},"role":"StateLeader","log":5}}
"#;

#[test]
fn a_trace() {
    let (_folder, path) = file("any-name", TRACE);
    let (code, findings) = findings(&path, &[]);
    assert_eq!((code, findings["form"].as_str(), findings["held"].as_bool()), (1, Some("trace"), Some(false)));
    assert_eq!(with(&findings, "violated"), ["total_order", "uniform_total_order", "fifo_total"]);
    assert_eq!(with(&findings, "held").len(), 12);
    assert_eq!((figure(&findings, "processes"), figure(&findings, "events")), (2, 6));
    let ran = check(&[path.to_str().unwrap(), "--property", "total_order", "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[1].starts_with("total_order: p") && lines.len() == 6, "{}", ran.stdout);
    assert!(lines[2..].iter().all(|line| line.starts_with("  event ") && line.contains(" delivers ")), "{}", ran.stdout);
    let held = check(&[path.to_str().unwrap(), "--property", "causal_delivery", "--property", "execution", "--quiet"]);
    assert_eq!((held.code, held.stdout.as_str(), held.stderr.as_str()), (0, "", ""));
}

#[test]
fn a_log_with_clocks() {
    let (_folder, path) = file("log", SHIVIZ);
    let (code, good) = findings(&path, &[]);
    assert_eq!((code, good["form"].as_str()), (0, Some("shiviz")));
    assert_eq!((figure(&good, "hosts"), figure(&good, "events"), figure(&good, "messages")), (2, 2, 1));
    assert_eq!(with(&good, "held"), ["clocks"]);
    let (_folder, path) = file("log", SHIVIZ.replace("\"server\":1, \"client\":1", "\"server\":1, \"client\":2"));
    let ran = check(&[path.to_str().unwrap(), "-q"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "\nclocks: line 3: the clock knows of event 2 of client, which has 1\n"));
    let (_folder, path) = file("log", TIMED);
    let (code, timed) = findings(&path, &[]);
    assert_eq!((code, with(&timed, "violated")), (1, vec!["times".to_owned()]));
}

#[test]
fn a_history() {
    let (_folder, path) = file("log", HISTORY);
    let (code, stale) = findings(&path, &["--property", "linearizability"]);
    assert_eq!((code, stale["form"].as_str()), (1, Some("history")));
    let evidence: Vec<&str> = stale["checks"][0]["evidence"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(evidence[0].ends_with("lines 7 to 8: process 1 reads 1"), "{evidence:?}");
    // The write of 1, one of what shows that 2 came after it, and the stale read.
    assert_eq!(evidence.len(), 1 + 3, "{evidence:?}");
    assert_eq!((evidence[1], evidence[3]), ("lines 1 to 2: process 0 writes 1", "lines 7 to 8: process 1 reads 1"));
    let (_folder, path) = file("log", ["; a comment\n(", &HISTORY[..HISTORY.len() / 2], ")"].concat());
    assert_eq!(findings(&path, &[]).0, 0);
}

#[test]
fn a_history_that_is_too_hard_for_the_steps() {
    let entry = |process: u32, kind: &str, rest: &str| format!("{{:process {process} :type :{kind} :key \"k\" {rest}}}\n");
    let mut hard: String = (0..12).map(|process| entry(process, "invoke", &format!(":f :append :value \"{process}\""))).collect();
    hard += &entry(99, "invoke", ":f :get");
    hard += &entry(99, "ok", ":f :get :value \"none of these\"");
    let (_folder, path) = file("log", hard);
    let (code, findings) = findings(&path, &["--steps", "1000"]);
    assert_eq!((code, with(&findings, "undecided")), (3, vec!["linearizability".to_owned()]));
    assert!(findings["checks"][0]["evidence"][0].as_str().unwrap().starts_with("1000 steps are not enough"));
}

#[test]
fn a_log_of_raft() {
    let (_folder, path) = file("log", RAFT);
    let (code, broken) = findings(&path, &[]);
    assert_eq!((code, broken["form"].as_str(), with(&broken, "violated")), (1, Some("raft"), vec!["commit_monotone".to_owned()]));
    assert_eq!(broken["checks"][3]["evidence"][0], "line 2: 1 has committed 4 after 5");
    assert_eq!(findings(&path, &["--property", "one_leader_per_term"]).0, 0);
}

#[test]
fn compressed_or_not_recognised_or_given() {
    for (content, form) in [(TRACE, "trace"), (SHIVIZ, "shiviz"), (HISTORY, "history"), (RAFT, "raft")] {
        let (_folder, plain) = file("log", content);
        let (_other, small) = file("log", packed(content));
        let (code, mut one) = findings(&plain, &[]);
        let (again, mut two) = findings(&small, &["--format", form]);
        (one["source"], two["source"]) = ("".into(), "".into());
        assert_eq!((code, &one), (again, &two));
        assert_eq!(one["form"], form);
        assert_eq!(one["schema"], 1);
    }
}

#[test]
fn a_table_for_people_is_plain_when_it_is_no_terminal() {
    let (_folder, path) = file("log", HISTORY);
    let ran = check(&[path.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    for row in ["(history)", "processes", "calls", "objects", "linearizability", "VIOLATED"] {
        assert!(ran.stdout.contains(row), "{row} is not in\n{}", ran.stdout);
    }
    assert!(check(&[path.to_str().unwrap(), "--color", "always"]).stdout.contains('\u{1b}'));
}

/// What a log says reaches the terminal without the power to move its cursor.
#[test]
fn escapes_in_a_log_are_not_printed() {
    let (_folder, path) = file("log", "x\na\u{9b}2J {\"a\u{9b}2J\":1}\ny\na\u{9b}2J {\"a\u{9b}2J\":1}\n");
    let ran = check(&[path.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("a 2J") && !ran.stdout.contains('\u{9b}'), "{ran:?}");
}
