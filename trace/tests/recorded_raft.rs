//! A trace of etcd's raft, recorded by others.
//!
//! It is no part of the project: the folder that `TIDINGS_DATA` names holds it, under `raft-trace/`.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use tidings_trace::raft::{Direction, RaftProperty, read};
use tidings_trace::{HappenedBefore, shiviz};

fn text() -> String {
    let folder = std::env::var_os("TIDINGS_DATA").expect("TIDINGS_DATA names the folder of recorded data");
    let path = PathBuf::from(folder).join("raft-trace/etcd-example.ndjson.gz");
    let mut text = String::new();
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn a_run_of_raft_keeps_everything() {
    let log = read(&text()).unwrap();
    assert_eq!((log.events().len(), log.processes().len(), log.others()), (4_888, 10, 0));
    for property in RaftProperty::ALL {
        assert_eq!(property.check(&log), Ok(()));
    }
    // Of every receipt at least one sending is known; of less than half of them exactly one.
    let candidates = log.candidates();
    assert!(candidates.iter().all(|(_, sendings)| !sendings.is_empty()));
    let known = candidates.iter().filter(|(_, sendings)| sendings.len() == 1).count();
    assert_eq!((candidates.len(), known), (1_661, 702));
    let trace = log.trace();
    assert_eq!(trace.verify(), Ok(()));
    let order = HappenedBefore::of(&trace).unwrap();
    assert!(candidates.iter().all(|(receipt, sendings)| order.before(sendings[0], *receipt)));
    // What is known of the order is a log that another program can show.
    let mut written = String::new();
    shiviz::write(&trace, &mut written).unwrap();
    assert!(shiviz::read(&written, None).unwrap().verify().is_ok());
}

/// A receipt moved before every sending of an equal message, and a term that falls.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn what_is_changed_is_found() {
    let whole = text();
    let log = read(&whole).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let (receipt, sendings) = log.candidates().into_iter().find(|(_, sendings)| sendings.len() == 1).unwrap();
    assert!(matches!(log.events()[receipt].message, Some((Direction::Receive, _))));
    let mut moved = lines.clone();
    let line = moved.remove(receipt);
    moved.insert(sendings[0], line);
    let broken = read(&moved.join("\n")).unwrap();
    let violation = RaftProperty::SendBeforeReceive.check(&broken).unwrap_err();
    assert_eq!(violation.events, [sendings[0]]);
    let fallen = whole.replacen("\"term\":2,\"vote\":\"2\",\"commit\":6}", "\"term\":1,\"vote\":\"2\",\"commit\":6}", 1);
    assert!(RaftProperty::TermMonotone.check(&read(&fallen).unwrap()).is_err());
}

/// Whatever is cut off or changed, the answer is a log or an error with a place.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn damaged_logs() {
    let whole: String = text().lines().take(60).flat_map(|line| [line, "\n"]).collect();
    for step in 0..600 {
        let at = whole.len() * step / 600;
        if let Err(error) = read(&whole[..at]) {
            assert!(error.line <= whole[..at].lines().count().max(1), "{error}");
        }
        let mut changed = whole.clone();
        changed.insert(at, ['{', '"', '\n', '9', ']', '}', ':', '\\'][step % 8]);
        if let Ok(log) = read(&changed) {
            for property in RaftProperty::ALL {
                let _ = property.check(&log);
            }
        }
    }
}
