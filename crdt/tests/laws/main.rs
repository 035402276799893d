//! Every type of this crate against its specification, in all small histories and in random large ones.
#![expect(unreachable_pub, reason = "this is a program of tests: nothing in it is reachable from outside")]

mod counters;
mod decomposition;
mod dots;
mod flags;
mod maps;
mod mistakes;
mod oracle;
mod registers;
mod sets;
mod trees;

use std::sync::atomic::{AtomicUsize, Ordering};

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
    wander: fn(&[[u8; 3]]) -> Result<(), Violation>,
}

const fn row<S: Specification>(name: &'static str, histories: u64) -> Row {
    Row { name, histories, counted: oracle::histories::<S>, exhaust: oracle::exhaust::<S>, wander: oracle::wander::<S> }
}

const EVENTS: u32 = 5;

const TABLE: &[Row] = &[
    row::<counters::GrowOnly>("grow-only counter", 255_588),
    row::<counters::PositiveNegative>("positive-negative counter", 255_588),
    row::<counters::ResetsByTotals>("resettable counter", 255_588),
    row::<counters::Bounded>("bounded counter", 1_532_799),
    row::<counters::Resets>("tally", 255_588),
    row::<registers::LastWriterWins>("last-writer-wins register", 522_528),
    row::<registers::MultiValue>("multi-value register", 255_588),
    row::<flags::EnableWins>("enable-wins flag", 87_104),
    row::<flags::DisableWins>("disable-wins flag", 87_104),
    row::<sets::GrowOnly>("grow-only set", 87_104),
    row::<sets::TwoPhase>("two-phase set", 255_588),
    row::<sets::CausalLength>("causal-length set", 255_588),
    row::<sets::AddWins>("add-wins set", 603_952),
    row::<sets::RemoveWins>("remove-wins set", 603_952),
    row::<maps::LastWriterWins>("last-writer-wins map", 1_532_799),
    row::<maps::MapOfSets>("add-wins map of add-wins sets", 1_241_786),
    row::<maps::MapOfRegisters>("add-wins map of multi-value registers", 603_952),
    row::<maps::MapOfTallies>("add-wins map of tallies", 603_952),
    row::<maps::MapOfMaps>("add-wins map of add-wins maps", 1_241_786),
    row::<trees::Tree>("moveable tree", 522_528),
];

/// Value and context are those of the visible operations, the delta is what the mutator did, and state and deltas agree, after every event.
#[test]
fn every_small_history_is_as_specified() {
    for_each_row(|row| {
        let histories = (row.exhaust)(EVENTS as usize).unwrap_or_else(|violation| panic!("{}: {violation}", row.name));
        println!("{}: {histories} histories of 3 replicas and {EVENTS} events", row.name);
        assert_eq!(histories, (row.counted)(EVENTS), "{}: not all histories were run", row.name);
        assert_eq!(histories, row.histories, "{}: the alphabet has changed", row.name);
    });
}

/// Join laws over states met on random ways, and convergence once every delta has come, after loss, duplication and reordering.
#[test]
fn random_histories_converge() {
    for_each_row(|row| {
        let choices = proptest::collection::vec(any::<[u8; 3]>(), 0..60);
        let mut runner = TestRunner::new(Config { cases: 1_000, failure_persistence: None, ..Config::default() });
        runner
            .run(&choices, |choices| (row.wander)(&choices).map_err(|violation| TestCaseError::fail(violation.to_string())))
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
