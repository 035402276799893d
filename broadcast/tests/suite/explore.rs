//! Everything that can happen within a small scope: every promise is kept, and every broken rule is found.

use crate::explored::{CAUSAL, FIFO, Found, LIMITS, Make, RELIABLE, TOTAL, broadcast};
use tidings_broadcast::{BestEffort, Rule};
use tidings_clocks::Rank;
use tidings_protocol::Limits;
use tidings_sim::explore::{Breach, Exploration, Links, Reductions, Scope};
use tidings_trace::Property;

const LINK: &[Property] = &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation];

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

/// Crashes are not told of, as in the asynchronous model; with the room that the processes have, nothing waits for that.
fn silent(text: &str, promises: &[Property]) -> Exploration {
    Exploration { detection: false, ..Exploration::of(scope(text), promises) }
}

fn lossy(text: &str) -> Exploration {
    Exploration { links: Links::FairLoss, ..Exploration::of(scope(text), LINK) }
}

#[test]
fn reliable_broadcast_agrees_whoever_crashes() {
    for text in ["3x1,losses=1,duplicates=1,crashes=1", "3x1,crashes=2", "2x2,duplicates=1,crashes=1"] {
        let make = Make::of(scope(text).processes);
        broadcast(silent(text, RELIABLE), |me| make.reliable(me)).unwrap();
    }
}

/// With credit for a single message, every request is taken at last, also after a crash, once that is known.
#[test]
fn the_least_credit_is_enough() {
    for text in ["2x2", "3x1,crashes=1", "2x3,crashes=1"] {
        let make = Make { limits: Limits { held: LIMITS.held, ..Limits::TINY }, ..Make::of(scope(text).processes) };
        broadcast(Exploration::of(scope(text), RELIABLE), |me| make.reliable(me)).unwrap();
    }
    // If nobody says that a process has crashed, the others wait for it for ever; the search sees that.
    let make = Make { limits: Limits::TINY, ..Make::of(2) };
    let found = broadcast(silent("2x2,crashes=1", RELIABLE), |me| make.reliable(me)).unwrap_err();
    assert_eq!(found.breach, Breach::Stuck);
}

#[test]
fn fifo_delivery_in_every_interleaving() {
    for text in ["2x2,losses=1,duplicates=1,crashes=1", "3x1,crashes=1", "3x2"] {
        let make = Make::of(scope(text).processes);
        broadcast(silent(text, FIFO), |me| make.fifo(me)).unwrap();
    }
}

#[test]
fn causal_delivery_in_every_interleaving() {
    for text in ["2x2,losses=1,duplicates=1,crashes=1", "3x1,losses=1,duplicates=1,crashes=1"] {
        let make = Make::of(scope(text).processes);
        broadcast(silent(text, CAUSAL), |me| make.causal(me)).unwrap();
    }
    let make = Make::of(3);
    let reductions = Reductions { symmetry: true, sleep: false, ..Reductions::ALL };
    broadcast(silent("3x2", CAUSAL).with(reductions), |me| make.causal(me)).unwrap();
}

#[test]
fn total_orders_in_every_interleaving() {
    for text in ["2x2,losses=1,duplicates=1", "3x1", "2x2,crashes=1"] {
        let make = Make::of(scope(text).processes);
        let sequenced = Exploration { protected: vec![Rank(0)], ..Exploration::of(scope(text), TOTAL) };
        broadcast(sequenced, |me| make.sequencer(me)).unwrap();
        broadcast(Exploration::of(scope(text), TOTAL), |me| make.all_acknowledge(me)).unwrap();
    }
}

/// The link by itself, seen through a best-effort broadcast: whatever is lost or repeated, all is heard, once.
#[test]
fn a_perfect_link_over_a_network_that_loses_and_repeats() {
    for text in ["2x1,losses=2,duplicates=1,wakes=2", "2x2,losses=1,wakes=1"] {
        for window in [1, 2] {
            let make = Make { limits: Limits { window, ..LIMITS }, ..Make::of(2) };
            let counts = broadcast(Exploration { progress: window > 1, ..lossy(text) }, |me| BestEffort::new(make.perfect(me))).unwrap();
            assert!(counts.cut_off > 0, "{text}: {counts:?}");
        }
    }
}

/// Causal order over reliable broadcast over the link itself, all of it at once.
#[test]
fn a_whole_stack_over_a_network_that_loses() {
    let text = "2x1,losses=1,duplicates=1,wakes=1";
    let exploration = Exploration { links: Links::FairLoss, ..Exploration::of(scope(text), CAUSAL) };
    broadcast(exploration, |me| Make::of(2).causal_over_links(me)).unwrap();
}

/// Which property shows that a rule is broken, and by which script.
fn shows(found: Found, property: Property, steps: usize) {
    let found = found.unwrap_err();
    assert_eq!(found.violation.as_ref().map(|violation| violation.property), Some(property), "{found}");
    assert_eq!(found.script.len(), steps, "{found}");
    found.trace.verify().unwrap();
}

#[test]
fn every_broken_rule_is_found_by_the_shortest_script() {
    use Property::{CausalDelivery, FifoDelivery, NoDuplication, TotalOrder};
    let three = |rule| Make::of(3).without(rule);
    // Broadcast, arrive twice.
    shows(broadcast(silent("3x1", &[NoDuplication]), |me| three(Rule::Dedupe).reliable(me)), NoDuplication, 4);
    // Two broadcasts, the second arrives first.
    shows(broadcast(silent("2x2", FIFO), |me| Make::of(2).without(Rule::Fifo).fifo(me)), FifoDelivery, 3);
    // A question and its answer; a third process hears the answer first.
    shows(broadcast(silent("3x1", CAUSAL), |me| three(Rule::Causal).causal(me)), CausalDelivery, 4);
    // Two messages cross.
    let sequenced = |promises| Exploration { protected: vec![Rank(0)], ..Exploration::of(scope("2x1"), promises) };
    shows(broadcast(sequenced(&[TotalOrder]), |me| Make::of(2).without(Rule::Total).sequencer(me)), TotalOrder, 4);
    shows(
        broadcast(Exploration::of(scope("2x1"), &[TotalOrder]), |me| Make::of(2).without(Rule::Total).all_acknowledge(me)),
        TotalOrder,
        4,
    );
    let once_more = lossy("2x1,duplicates=1");
    shows(broadcast(once_more, |me| BestEffort::new(Make::of(2).without(Rule::Dedupe).perfect(me))), NoDuplication, 3);
}

/// The reductions forget states and no verdict, on the real stacks too.
#[test]
fn reductions_change_no_verdict() {
    for text in ["2x2", "2x1,duplicates=1,crashes=1", "3x1"] {
        let make = Make::of(scope(text).processes);
        for without in [None, Some(Rule::Causal), Some(Rule::Fifo)] {
            let make = Make { without, ..make };
            let run = |reductions| broadcast(silent(text, CAUSAL).with(reductions), |me| make.causal(me));
            let raw = run(Reductions::NONE);
            for bits in (1..32).chain([32, 35, 47]) {
                let reductions = Reductions {
                    stale: bits & 1 > 0,
                    delivered: bits & 2 > 0,
                    symmetry: bits & 4 > 0,
                    sleep: bits & 8 > 0,
                    stamps: bits & 16 > 0,
                    ample: bits & 32 > 0,
                };
                match (&raw, run(reductions)) {
                    (Ok(all), Ok(fewer)) => {
                        assert!(fewer.states <= all.states);
                        // States that are taken for one have the same future, so every interleaving is still counted.
                        let same = fewer.interleavings == all.interleavings;
                        assert!(
                            same || reductions.stale || reductions.sleep || reductions.ample,
                            "{text} {reductions:?}: {all:?} becomes {fewer:?}"
                        );
                    }
                    (Err(one), Err(other)) => assert_eq!(one.breach, other.breach),
                    (raw, reduced) => panic!("{text} without {without:?}: {raw:?} becomes {reduced:?} by {reductions:?}"),
                }
            }
        }
    }
}
