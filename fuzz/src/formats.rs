//! Readers of files that other programs wrote.

use tidings::EditingTrace;
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
