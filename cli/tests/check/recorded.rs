//! Logs recorded by others: each gets its recorded verdict.
//!
//! They are no part of the project: the folder that `TIDINGS_DATA` names holds them.

use std::fs;
use std::path::PathBuf;

use crate::program::{figure, findings, with};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os("TIDINGS_DATA").expect("TIDINGS_DATA names the folder of recorded data")).join(name)
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn logs_with_clocks() {
    for (name, hosts, events, messages) in [
        ("chord.log", 8, 1_235, 541),
        ("simpledb.log", 5, 509, 95),
        ("reliable-broadcast.log", 4, 116, 48),
        ("tsviz_shared_var_4_threads.log.gz", 4, 5_000, 548),
    ] {
        let (code, log) = findings(&folder("shiviz").join(name), &[]);
        assert_eq!((code, log["form"].as_str()), (0, Some("shiviz")), "{name}: {log}");
        let counted = ["hosts", "events", "messages"].map(|of| figure(&log, of));
        assert_eq!(counted, [hosts, events, messages], "{name}");
    }
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn histories() {
    for (name, code, files) in [("good", 0, 32), ("bad", 1, 3)] {
        let mut seen = 0;
        for file in fs::read_dir(folder("linearizability/knossos").join(name)).unwrap() {
            let path = file.unwrap().path();
            let (ended, history) = findings(&path, &[]);
            assert_eq!((ended, history["form"].as_str()), (code, Some("history")), "{}: {history}", path.display());
            seen += 1;
        }
        assert_eq!(seen, files, "{name}");
    }
    for (name, code) in [("c01-ok.txt", 0), ("c01-bad.txt", 1), ("c10-ok.txt.gz", 0), ("c10-bad.txt.gz", 1)] {
        let (ended, history) = findings(&folder("linearizability/kv").join(name), &["--property", "linearizability"]);
        assert!(ended == code && figure(&history, "objects") > 1, "{name}: {history}");
    }
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn a_run_of_raft() {
    let (code, log) = findings(&folder("raft-trace/etcd-example.ndjson.gz"), &[]);
    assert_eq!((code, log["form"].as_str()), (0, Some("raft")), "{log}");
    assert_eq!((figure(&log, "events"), figure(&log, "messages received")), (4_888, 1_661));
    assert_eq!(with(&log, "held").len(), 7);
}
