//! Histories of real registers and stores, recorded by others: each gets its recorded verdict.
//!
//! The histories are no part of the project: the folder that `TIDINGS_DATA` names holds them, under `linearizability/`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use tidings_trace::linearizability::{Recording, Verdict, read};

/// More steps than any of the histories needs.
const LIMIT: usize = 10_000_000;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::var_os("TIDINGS_DATA").expect("TIDINGS_DATA names the folder of recorded data");
    PathBuf::from(folder).join("linearizability").join(name)
}

fn text(path: &Path) -> String {
    let mut file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    if path.extension().is_some_and(|end| end == "gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        file.read_to_string(&mut text).unwrap();
    }
    text
}

fn recording(path: &Path) -> Recording {
    read(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn histories(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn registers_that_are_linearizable() {
    let paths = histories(&folder("knossos/good"));
    assert_eq!(paths.len(), 32);
    for path in paths {
        assert_eq!(recording(&path).verdict(LIMIT), Verdict::Linearizable, "{}", path.display());
    }
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn registers_that_are_not() {
    let paths = histories(&folder("knossos/bad"));
    assert_eq!(paths.len(), 3);
    for path in paths {
        // Here calls without an answer can each explain one of many reads, so that many of them are needed.
        let most = if path.ends_with("cas-failure.edn") { 200 } else { 7 };
        let recording = recording(&path);
        let Verdict::NotLinearizable(found) = recording.verdict(LIMIT) else { panic!("{} is not linearizable", path.display()) };
        let shown: Vec<String> = found.counterexample.iter().map(|call| recording.describe(*call)).collect();
        assert!((1..=most).contains(&shown.len()) && found.counterexample.contains(&found.call), "{}: {shown:#?}", path.display());
    }
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn stores_of_many_keys() {
    for (name, linearizable) in [("c01-ok.txt", true), ("c01-bad.txt", false), ("c10-ok.txt.gz", true), ("c10-bad.txt.gz", false)] {
        let recording = recording(&folder("kv").join(name));
        assert!(recording.objects() > 1, "{name}");
        let verdict = recording.verdict(100_000);
        match verdict {
            Verdict::Linearizable => assert!(linearizable, "{name}"),
            Verdict::NotLinearizable(found) => {
                assert!(!linearizable, "{name}");
                assert!(found.counterexample.contains(&found.call), "{name}");
                for call in found.counterexample {
                    println!("{name}: {}", recording.describe(call));
                }
            }
            undecided => panic!("{name}: {undecided:?}"),
        }
    }
}

/// Whatever is cut off or changed, the answer is a history or an error with a place, in bounded time.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn damaged_histories() {
    for name in ["knossos/bad/cas-failure.edn", "kv/c01-ok.txt"] {
        let whole = text(&folder(name));
        for step in 0..400 {
            let at = whole.len() * step / 400;
            if let Err(error) = read(&whole[..at]) {
                assert!(error.line <= whole[..at].lines().count() + 1, "{name}: {error}");
            }
            let mut changed = whole.clone();
            changed.insert(at, ['{', '"', '\n', '9', ']', '}', ':', '#'][step % 8]);
            if let Ok(recording) = read(&changed) {
                let _ = recording.verdict(1_000);
            }
        }
    }
}
