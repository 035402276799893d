//! Histories of real registers and stores, recorded by others: each gets its recorded verdict.
//!
//! The histories are no part of the project: the folder that `TIDINGS_DATA` names holds them, under `linearizability/`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use tidings_trace::linearizability::{Append, AppendCall, CasRegister, History, Refuted, RegisterCall, check, check_by};

/// More states than any of the histories needs.
const LIMIT: usize = 1_000_000;

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

/// The maps of a history in EDN, each as its words by key: `{:process 0, :value [1 2]}` is process → ["0"], value → ["1", "2"].
fn maps(text: &str) -> Vec<BTreeMap<String, Vec<String>>> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            ';' => rest.find('\n').unwrap_or(rest.len()),
            '"' => 2 + rest[1..].find('"').expect("a string ends"),
            '{' | '}' | '[' | ']' | '(' | ')' => 1,
            space if space.is_whitespace() || space == ',' => space.len_utf8(),
            _ => rest.find(|end: char| end.is_whitespace() || ",{}[]()\"".contains(end)).unwrap_or(rest.len()),
        };
        if next != ';' && next != ',' && !next.is_whitespace() {
            words.push(rest[..length].to_string());
        }
        rest = &rest[length..];
    }
    let mut maps = Vec::new();
    let mut key = String::new();
    for word in words {
        match word.as_str() {
            "{" => maps.push(BTreeMap::new()),
            "}" | "[" | "]" | "(" | ")" => {}
            _ => {
                let Some(map) = maps.last_mut() else { continue };
                let map: &mut BTreeMap<String, Vec<String>> = map;
                match word.strip_prefix(':') {
                    Some(name) if ["process", "type", "f", "value", "key"].contains(&name) => key = name.to_string(),
                    _ => map.entry(key.clone()).or_default().push(word),
                }
            }
        }
    }
    maps
}

/// The calls of a history: an invocation and what its process says next. A call that failed never happened; one of which that is not known stays without an
/// answer.
fn history<O>(text: &str, mut call: impl FnMut(&BTreeMap<String, Vec<String>>) -> O) -> History<O> {
    let maps: Vec<_> = maps(text).into_iter().filter(|map| map["process"][0].parse::<u64>().is_ok()).collect();
    let mut history = History::new();
    let mut open = BTreeMap::new();
    for (place, map) in maps.iter().enumerate() {
        let process = &map["process"][0];
        match map["type"][0].as_str() {
            ":invoke" => {
                let outcome = maps[place + 1..].iter().find(|later| later["process"][0] == *process);
                if outcome.is_none_or(|outcome| outcome["type"][0] != ":fail") {
                    open.insert(process.clone(), history.invoke(call(map)));
                }
            }
            ":ok" => history.answer(open.remove(process).expect("an answer follows a call"), call(map)).unwrap(),
            _ => {}
        }
    }
    history
}

fn register(text: &str) -> History<RegisterCall> {
    history(text, |map| {
        let values: Vec<Option<i64>> = map["value"].iter().map(|value| value.parse().ok()).collect();
        match (map["f"][0].as_str(), values.as_slice()) {
            (":read", [value]) => RegisterCall::Read(*value),
            (":write", [Some(value)]) => RegisterCall::Write(*value),
            (":cas", [Some(expected), Some(new)]) => RegisterCall::CompareAndSet { expected: *expected, new: *new },
            other => panic!("{other:?} is no call of a register"),
        }
    })
}

fn verdicts(folder: &Path) -> Vec<(String, Result<(), Refuted>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), check(&CasRegister, &register(&text(path)), LIMIT))).collect()
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn registers_that_are_linearizable() {
    let verdicts = verdicts(&folder("knossos/good"));
    assert_eq!(verdicts.len(), 32);
    for (name, verdict) in verdicts {
        assert_eq!(verdict, Ok(()), "{name}");
    }
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn registers_that_are_not() {
    let verdicts = verdicts(&folder("knossos/bad"));
    assert_eq!(verdicts.len(), 3);
    for (name, verdict) in verdicts {
        assert!(matches!(verdict, Err(Refuted::NotLinearizable { .. })), "{name}: {verdict:?}");
    }
}

#[test]
#[ignore = "set TIDINGS_DATA"]
fn stores_of_many_keys() {
    for (name, linearizable) in [("c01-ok.txt", true), ("c01-bad.txt", false), ("c10-ok.txt.gz", true), ("c10-bad.txt.gz", false)] {
        let mut keys = Vec::new();
        let history = history(&text(&folder("kv").join(name)), |map| {
            let value = map["value"][0].trim_matches('"').to_string();
            if map["type"][0] == ":invoke" {
                keys.push(map["key"][0].clone());
            }
            match map["f"][0].as_str() {
                ":get" => AppendCall::Get(value),
                ":put" => AppendCall::Put(value),
                ":append" => AppendCall::Append(value),
                other => panic!("{other:?} is no call of a store"),
            }
        });
        let verdict = check_by(&Append, &history, |call, _| keys[call].clone(), LIMIT);
        assert_eq!(verdict.is_ok(), linearizable, "{name}: {verdict:?}");
        assert!(!matches!(verdict, Err(Refuted::Undecided { .. })), "{name}: {verdict:?}");
    }
}
