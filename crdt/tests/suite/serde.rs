//! What is written is read back, and what no correct peer writes is refused.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidings_crdt::{
    AddWinsMap, AddWinsSet, BoundedCounter, CausalLengthSet, DisableWinsFlag, EnableWinsFlag, GCounter, GSet, Join, LwwMap, LwwRegister,
    MvRegister, PnCounter, RemoveWinsSet, ResettableCounter, Tally, TwoPhaseSet,
};

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
fn every_further_counter_and_flag_is_read_back_as_written() {
    let mut resettable = ResettableCounter::new();
    resettable.add('a', 3).unwrap();
    resettable.reset();
    resettable.take('a', 1).unwrap();
    is_read_back(&resettable, r#"{"counted":{"added":[["a",3]],"taken":[["a",1]]},"floor":{"added":[["a",3]],"taken":[]}}"#);

    let mut bounded = BoundedCounter::new();
    bounded.add('a', 3).unwrap();
    bounded.give('a', 'b', 2).unwrap();
    bounded.take('b', 1).unwrap();
    is_read_back(&bounded, r#"{"given":[[["a","a"],3],[["a","b"],2]],"taken":[["b",1]]}"#);

    let mut tally = Tally::new();
    tally.count('a', -7).unwrap();
    is_read_back(&tally, r#"{"store":[[{"actor":"a","counter":1},-7]],"context":[[["a",1]],[]]}"#);

    let mut on = EnableWinsFlag::new();
    on.enable('a').unwrap();
    is_read_back(&on, r#"{"store":[{"actor":"a","counter":1}],"context":[[["a",1]],[]]}"#);

    let mut off = DisableWinsFlag::new();
    off.disable('a').unwrap();
    is_read_back(&off, r#"{"store":[[false,[{"actor":"a","counter":1}]]],"context":[[["a",1]],[]]}"#);
}

#[test]
fn every_further_set_and_map_is_read_back_as_written() {
    let mut grown = GSet::new();
    grown.add(2);
    grown.add(1);
    is_read_back(&grown, "[1,2]");

    let mut phased = TwoPhaseSet::new();
    phased.add(1).unwrap();
    phased.add(2).unwrap();
    phased.remove(&1);
    is_read_back(&phased, r#"{"present":[2],"removed":[1]}"#);

    let mut lengths = CausalLengthSet::new();
    lengths.add(5).unwrap();
    lengths.remove(5).unwrap();
    is_read_back(&lengths, r#"{"lengths":[[5,2]]}"#);

    let mut removing = RemoveWinsSet::new();
    removing.remove('a', 5).unwrap();
    is_read_back(&removing, r#"{"store":[[5,[[false,[{"actor":"a","counter":1}]]]]],"context":[[["a",1]],[]]}"#);

    let mut last = LwwMap::new();
    last.put(1, 'a', 5, "x".to_owned()).unwrap();
    last.remove(2, 'a', 6).unwrap();
    let text = r#"{"writes":[[5,{"stamp":1,"actor":"a","value":"x"}],[6,{"stamp":2,"actor":"a","value":null}]]}"#;
    is_read_back(&last, text);

    let mut map: AddWinsMap<char, u8, AddWinsMap<char, u8, Tally<char>>> = AddWinsMap::new();
    map.update(1, |inner| inner.update(2, |tally| tally.count('a', 3))).unwrap();
    is_read_back(&map, r#"{"store":[[1,[[2,[[{"actor":"a","counter":1},3]]]]]],"context":[[["a",1]],[]]}"#);
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

#[test]
fn what_no_correct_peer_writes_is_refused_of_the_further_types() {
    let above = r#"{"counted":{"added":[["a",3]],"taken":[]},"floor":{"added":[["a",4]],"taken":[]}}"#;
    is_refused::<ResettableCounter<char>>(above, "has seen more");
    let elsewhere = r#"{"counted":{"added":[["a",3]],"taken":[]},"floor":{"added":[],"taken":[["a",1]]}}"#;
    is_refused::<ResettableCounter<char>>(elsewhere, "has seen more");
    is_refused::<BoundedCounter<char>>(r#"{"given":[[["a","b"],0]],"taken":[]}"#, "not zero");
    is_refused::<TwoPhaseSet<u8>>(r#"{"present":[1,2],"removed":[2]}"#, "both");
    is_refused::<CausalLengthSet<u8>>(r#"{"lengths":[[5,0]]}"#, "not zero");
    is_refused::<CausalLengthSet<u8>>(r#"{"lengths":[[5,1],[5,2]]}"#, "increase");
    is_refused::<LwwMap<char, u8, u8, u8>>(r#"{"writes":[[5,null]]}"#, "struct Write");
    let twice = r#"{"writes":[[5,{"stamp":1,"actor":"a","value":1}],[5,{"stamp":2,"actor":"a","value":1}]]}"#;
    is_refused::<LwwMap<char, u8, u8, u8>>(twice, "increase");

    type Map = AddWinsMap<char, u8, MvRegister<char, u8>>;
    is_refused::<Map>(r#"{"store":[[1,[]]],"context":[[],[]]}"#, "has a dot");
    let moved = r#"{"store":[[1,[[{"actor":"a","counter":1},3]]],[2,[[{"actor":"a","counter":1},3]]]],"context":[[["a",1]],[]]}"#;
    is_refused::<Map>(moved, "two places");
}
