//! Readers of files that other programs wrote.

use tidings::{EditingTrace, LogForm, Subject};
use tidings_trace::linearizability::{self, Verdict};
use tidings_trace::raft::{self, RaftProperty};
use tidings_trace::shiviz;

/// Any text as a ShiViz log: an error, or a log that can be judged.
pub(crate) fn shiviz_log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(log) = shiviz::read(&text, None) {
        assert!(log.entries().iter().all(|entry| entry.knows(usize::MAX) == 0));
        if let Ok(order) = log.verify() {
            let events = log.entries().len().min(40);
            for (a, b) in (0..events).flat_map(|a| (0..events).map(move |b| (a, b))) {
                assert!(!(order.before(a, b) && order.before(b, a)), "events {a} and {b} are each before the other");
            }
        }
    }
}

/// Any bytes as an editing trace, plain or compressed: an error, or a trace whose transactions can all be looked at.
pub(crate) fn editing_trace(bytes: &[u8]) {
    if let Ok(trace) = EditingTrace::parse(bytes) {
        assert!(trace.end().len() <= bytes.len().saturating_mul(2_000));
    }
}

/// How many steps a history may take to be judged.
const STEPS: usize = 2_000;

/// Any text as a history of calls: an error with a place in the text, or a history that can be judged and whose counterexample is one of its calls.
pub(crate) fn edn_history(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match linearizability::read(&text) {
        Err(error) => assert!(error.line <= text.matches('\n').count() + 1 && error.column <= text.len() + 1, "{error}"),
        Ok(recording) => {
            assert_eq!(recording.keys().len(), recording.places().len());
            if let Verdict::NotLinearizable(found) = recording.verdict(STEPS) {
                assert!(found.counterexample.contains(&found.call) && !recording.describe(found.call).is_empty());
            }
        }
    }
}

/// Any text as a log of raft: an error with a place in the text, or a log that can be judged and whose order is an execution.
pub(crate) fn raft_log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match raft::read(&text) {
        Err(error) => assert!(error.line <= text.matches('\n').count() + 1 && error.column <= text.len() + 1, "{error}"),
        Ok(log) => {
            for property in RaftProperty::ALL {
                if let Err(violation) = property.check(&log) {
                    assert!(violation.events.iter().all(|event| *event < log.events().len()));
                }
            }
            assert_eq!(log.trace().verify(), Ok(()));
        }
    }
}

/// Any text as a log of whatever form it looks like, and as one of each: an error, or a log in which everything can be judged.
pub(crate) fn any_log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for form in [None, Some(LogForm::Trace), Some(LogForm::Shiviz), Some(LogForm::History), Some(LogForm::Raft)] {
        if let Ok(subject) = Subject::read(&text, form) {
            let inspection = subject.inspect("fuzz", &[], STEPS).expect("all that can be asked of a form can be asked of it");
            assert_eq!(inspection.held, inspection.checks.iter().all(|check| check.evidence.is_empty()));
        }
    }
}
