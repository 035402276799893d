//! Every type of this crate against its specification, in all small histories and in random large ones.

mod counters;
mod decomposition;
mod documents;
mod dots;
mod flags;
mod lists;
mod maps;
mod mistakes;
pub mod operations;
pub mod oracle;
mod registers;
mod sets;
mod slips;
mod trees;
mod written;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use operations::Operated;
use oracle::situations::{self, Found};
use oracle::{Specification, Violation};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// One type: to add a CRDT, add its row.
struct Row {
    name: &'static str,
    /// How many histories of 3 replicas and [`EVENTS`] events there are over its alphabet: so that they cannot silently become fewer.
    histories: u64,
    counted: fn(u32) -> u64,
    exhaust: fn(usize) -> Result<u64, Violation>,
    /// How many situations these come to: the histories of one event more are run by way of them.
    situations: usize,
    all: fn(u32) -> u64,
    exhaust_situations: fn(usize) -> Result<Found, Violation>,
    wander: fn(&[[u8; 3]]) -> Result<(), Violation>,
    /// If there is an operation form.
    forms: Option<Forms>,
}

/// A type in all three forms, under causal delivery.
struct Forms {
    /// How many histories there are of [`EVENTS`] events, and of one more.
    histories: (u64, u64),
    exhaust: fn(usize, usize) -> Result<u64, Violation>,
    extend: fn(usize) -> Result<u64, Violation>,
    wander: fn(&[[u8; 3]]) -> Result<(), Violation>,
}

const fn row<S: Specification>(name: &'static str, histories: u64, situations: usize) -> Row {
    Row {
        name,
        histories,
        counted: oracle::histories::<S>,
        exhaust: oracle::exhaust::<S>,
        situations,
        all: oracle::all_histories::<S>,
        exhaust_situations: situations::exhaust::<S>,
        wander: oracle::wander::<S>,
        forms: None,
    }
}

const fn forms<S: Operated>(name: &'static str, histories: u64, situations: usize, causal_histories: (u64, u64)) -> Row {
    let forms = Forms {
        histories: causal_histories,
        exhaust: operations::exhaust::<S>,
        extend: operations::extend::<S>,
        wander: operations::wander::<S>,
    };
    Row { forms: Some(forms), ..row::<S>(name, histories, situations) }
}

const EVENTS: u32 = 5;
/// Of a type with more histories than this, those of one event fewer are run by every `cargo test`, and all of them with what else takes long.
const MANY: u64 = 1_000_000;

const TABLE: &[Row] = &[
    forms::<counters::GrowOnly>("grow-only counter", 255_588, 7_814, (9_612, 63_855)),
    forms::<counters::PositiveNegative>("positive-negative counter", 255_588, 7_600, (9_612, 63_855)),
    forms::<counters::ResetsByTotals>("resettable counter", 255_588, 7_804, (9_612, 63_855)),
    forms::<counters::Bounded>("bounded counter", 1_532_799, 48_886, (11_013, 59_165)),
    forms::<counters::Resets>("tally", 255_588, 8_738, (9_612, 63_855)),
    forms::<registers::LastWriterWins>("last-writer-wins register", 522_528, 11_721, (4_128, 18_716)),
    forms::<registers::MultiValue>("multi-value register", 255_588, 8_738, (9_612, 63_855)),
    forms::<flags::EnableWins>("enable-wins flag", 87_104, 2_047, (1_964, 9_896)),
    forms::<flags::DisableWins>("disable-wins flag", 87_104, 2_047, (1_964, 9_896)),
    forms::<sets::GrowOnly>("grow-only set", 87_104, 2_047, (1_964, 9_896)),
    forms::<sets::TwoPhase>("two-phase set", 255_588, 8_738, (7_569, 48_312)),
    forms::<sets::CausalLength>("causal-length set", 255_588, 8_738, (7_469, 46_954)),
    forms::<sets::AddWins>("add-wins set", 603_952, 25_753, (31_344, 256_736)),
    forms::<sets::RemoveWins>("remove-wins set", 603_952, 25_753, (31_344, 256_736)),
    forms::<maps::LastWriterWins>("last-writer-wins map", 1_532_799, 50_203, (19_845, 118_773)),
    forms::<maps::MapOfSets>("add-wins map of add-wins sets", 1_241_786, 61_286, (80_750, 784_025)),
    forms::<maps::MapOfRegisters>("add-wins map of multi-value registers", 603_952, 25_753, (31_344, 256_736)),
    forms::<maps::MapOfTallies>("add-wins map of tallies", 603_952, 25_753, (31_344, 256_736)),
    forms::<maps::MapOfRemoveWins>("add-wins map of remove-wins sets", 255_588, 8_738, (9_612, 63_855)),
    forms::<maps::MapOfMaps>("add-wins map of add-wins maps", 1_241_786, 61_286, (80_750, 784_025)),
    row::<trees::Tree>("moveable tree", 522_528, 11_721),
    row::<lists::Values>("sequence", 1_532_799, 50_203),
    row::<lists::Elements>("moveable list", 3_620_640, 147_761),
    row::<documents::Field>("document", 603_952, 25_753),
];

/// Value and context are those of the visible operations, the delta is what the mutator did, and state and deltas agree, after every event.
#[test]
fn every_small_history_is_as_specified() {
    for_each_row(|row| as_specified(row, if row.histories > MANY { EVENTS - 1 } else { EVENTS }));
}

/// The same where there are many histories.
#[test]
#[ignore = "takes half a minute of one core"]
fn every_small_history_of_large_alphabets_is_as_specified() {
    for_each_row(|row| {
        if row.histories > MANY {
            as_specified(row, EVENTS);
        }
    });
}

fn as_specified(row: &Row, events: u32) {
    let histories = (row.exhaust)(events as usize).unwrap_or_else(|violation| panic!("{}: {violation}", row.name));
    println!("{}: {histories} histories of 3 replicas and {events} events", row.name);
    assert_eq!(histories, (row.counted)(events), "{}: not all histories were run", row.name);
    assert_eq!(row.histories, (row.counted)(EVENTS), "{}: the alphabet has changed", row.name);
}

/// Join laws over states met on random ways, and convergence once every delta has come, after loss, duplication and reordering.
#[test]
fn random_histories_converge() {
    for_each_row(|row| {
        let choices = proptest::collection::vec(any::<[u8; 3]>(), 0..60);
        let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
        runner
            .run(&choices, |choices| (row.wander)(&choices).map_err(|violation| TestCaseError::fail(violation.to_string())))
            .unwrap_or_else(|failure| panic!("{}: {failure}", row.name));
    });
}

/// The same of all histories of one event more, by way of the situations that they come to.
#[test]
#[ignore = "takes half a minute of one core"]
fn every_history_of_six_events_is_as_specified() {
    let events = EVENTS + 1;
    for_each_row(|row| {
        let found = (row.exhaust_situations)(events as usize).unwrap_or_else(|violation| panic!("{}: {violation}", row.name));
        let Found { histories, situations } = found;
        println!("{}: {histories} histories of 3 replicas and {events} events, by {situations} situations", row.name);
        assert_eq!(histories, (row.all)(events), "{}: not all histories were run", row.name);
        assert_eq!(situations, row.situations, "{}: the alphabet has changed", row.name);
    });
}

/// The state, delta and operation forms agree with each other and with the specification, in every history of causal delivery.
#[test]
fn every_small_history_is_the_same_in_all_forms() {
    counted(|row| {
        let forms = row.forms.as_ref()?;
        Some(((forms.exhaust)(3, EVENTS as usize), forms.histories.0, format!("causal delivery, 3 replicas and {EVENTS} events")))
    });
}

/// One event more.
#[test]
#[ignore = "takes half a minute of one core"]
fn every_history_of_six_events_is_the_same_in_all_forms() {
    let events = EVENTS + 1;
    counted(|row| {
        let forms = row.forms.as_ref()?;
        Some(((forms.exhaust)(3, events as usize), forms.histories.1, format!("causal delivery, 3 replicas and {events} events")))
    });
}

/// Runs the rows that `run` does not leave out; it says how many histories there were, how many there must be, and of what.
fn counted(run: impl Fn(&Row) -> Option<(Result<u64, Violation>, u64, String)> + Sync) {
    let wrong = Mutex::new(Vec::new());
    for_each_row(|row| {
        let Some((found, due, what)) = run(row) else { return };
        let histories = found.unwrap_or_else(|violation| panic!("{}: {violation}", row.name));
        println!("{}: {histories} histories of {what}", row.name);
        if histories != due {
            wrong.lock().expect("no row panics with it").push(format!("{}: {histories} histories of {what}, not {due}", row.name));
        }
    });
    let wrong = wrong.into_inner().expect("no row panics with it");
    assert!(wrong.is_empty(), "the alphabets have changed: {wrong:#?}");
}

/// Whoever hears all operations of a history shows the same, in every order that extends happened-before.
#[test]
fn every_linear_extension_converges() {
    for_each_row(|row| {
        let Some(forms) = &row.forms else { return };
        let orders = (forms.extend)(4).unwrap_or_else(|violation| panic!("{}: {violation}", row.name));
        println!("{}: {orders} orders after histories of 4 events", row.name);
        assert!(orders > 300, "{}", row.name);
    });
}

/// The same in operation form, with operations offered out of order and twice, and pruned all the way.
#[test]
fn random_operations_converge() {
    for_each_row(|row| {
        let Some(forms) = &row.forms else { return };
        let choices = proptest::collection::vec(any::<[u8; 3]>(), 0..40);
        let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
        runner
            .run(&choices, |choices| (forms.wander)(&choices).map_err(|violation| TestCaseError::fail(violation.to_string())))
            .unwrap_or_else(|failure| panic!("{}: {failure}", row.name));
    });
}

/// Two at a time: it takes seconds of one core.
fn for_each_row(check: impl Fn(&Row) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(row) = TABLE.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(row);
                }
            });
        }
    });
}
