//! What is written is read back, and what no correct peer writes is refused.
#![cfg(feature = "serde")]

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidings_crdt::{AddWinsSet, GCounter, Join, LwwRegister, MvRegister, PnCounter};

fn is_read_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(state: &T, text: &str) {
    assert_eq!(serde_json::to_string(state).unwrap(), text);
    assert_eq!(serde_json::from_str::<T>(text).unwrap(), *state);
}

fn is_refused<T: DeserializeOwned + Debug>(text: &str, why: &str) {
    let error = serde_json::from_str::<T>(text).expect_err(text).to_string();
    assert!(error.contains(why), "{text}: {error}");
}

#[test]
fn every_type_is_read_back_as_written() {
    let mut grown = GCounter::new();
    grown.add('a', 3).unwrap();
    is_read_back(&grown, r#"[["a",3]]"#);

    let mut both = PnCounter::new();
    both.add('a', 3).unwrap();
    both.take('b', 4).unwrap();
    is_read_back(&both, r#"{"added":[["a",3]],"taken":[["b",4]]}"#);

    let mut last = LwwRegister::new();
    is_read_back(&last, "null");
    last.write(7_u64, 'a', "x".to_owned()).unwrap();
    is_read_back(&last, r#"{"stamp":7,"actor":"a","value":"x"}"#);

    let mut several = MvRegister::new();
    several.write('a', 1).unwrap();
    several.join(&MvRegister::new().write('b', 2).unwrap());
    is_read_back(&several, r#"{"store":[[{"actor":"a","counter":1},1],[{"actor":"b","counter":1},2]],"context":[[["a",1],["b",1]],[]]}"#);

    let mut set = AddWinsSet::new();
    set.add('a', 5).unwrap();
    set.add('a', 6).unwrap();
    is_read_back(&set.remove(&6), r#"{"store":[],"context":[[],[["a",2,2]]]}"#);
    is_read_back(&set, r#"{"store":[[5,[{"actor":"a","counter":1}]]],"context":[[["a",2]],[]]}"#);
}

#[test]
fn what_no_correct_peer_writes_is_refused() {
    is_refused::<GCounter<char>>(r#"[["a",0]]"#, "not zero");
    is_refused::<GCounter<char>>(r#"[["b",1],["a",1]]"#, "increase");
    is_refused::<PnCounter<char>>(r#"{"added":[["a",1],["a",1]],"taken":[]}"#, "increase");

    type Register = MvRegister<char, u8>;
    is_refused::<Register>(r#"{"store":[[{"actor":"a","counter":1},1]],"context":[[],[]]}"#, "does not know");
    is_refused::<Register>(r#"{"store":[[{"actor":"a","counter":0},1]],"context":[[],[]]}"#, "from 1");
    let twice = r#"{"store":[[{"actor":"a","counter":1},1],[{"actor":"a","counter":1},2]],"context":[[["a",1]],[]]}"#;
    is_refused::<Register>(twice, "increase");

    type Set = AddWinsSet<char, u8>;
    is_refused::<Set>(r#"{"store":[[5,[{"actor":"a","counter":2}]]],"context":[[["a",1]],[]]}"#, "does not know");
    is_refused::<Set>(r#"{"store":[[5,[{"actor":"a","counter":0}]]],"context":[[["a",1]],[]]}"#, "from 1");
    is_refused::<Set>(r#"{"store":[[5,[]]],"context":[[["a",1]],[]]}"#, "has a dot");
    is_refused::<Set>(
        r#"{"store":[[6,[{"actor":"a","counter":1}]],[5,[{"actor":"a","counter":2}]]],"context":[[["a",2]],[]]}"#,
        "increase",
    );
    is_refused::<Set>(
        r#"{"store":[[5,[{"actor":"a","counter":1}]],[6,[{"actor":"a","counter":1}]]],"context":[[["a",1]],[]]}"#,
        "two places",
    );
}
