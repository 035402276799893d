use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{Property, Trace};

/// A property that a trace breaks, and the events that show it.
///
/// As text it is one line: the property, then what happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{property}: {explanation}")]
pub struct Violation {
    /// What is broken.
    pub property: Property,
    /// Positions of the events that show it, in [`Trace::events`]: in the order in which the explanation needs them, the one that breaks the property last.
    pub events: Vec<usize>,
    /// What happened, in one sentence that names the processes and messages.
    pub explanation: String,
}

impl Violation {
    /// The violation and its events, one line each, for a person to read. `trace` is the trace in which it was found; positions outside of it are left out.
    #[must_use]
    pub const fn show<'a>(&'a self, trace: &'a Trace) -> Shown<'a> {
        Shown { violation: self, trace }
    }
}

/// A violation with its events. Made by [`Violation::show`].
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    violation: &'a Violation,
    trace: &'a Trace,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.violation)?;
        for &position in &self.violation.events {
            if let Some(event) = self.trace.events.get(position) {
                write!(f, "\n  event {position}: {event}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageId, What};
    use alloc::string::ToString;
    use tidings_clocks::{Rank, Time};

    #[test]
    fn a_violation_is_one_line_and_its_events_are_one_line_each() {
        let id = MessageId { origin: Rank(0), number: 7 };
        let mut trace = Trace::new(2);
        trace.push(Time::from_millis(1), Rank(0), What::Broadcast(id));
        trace.push(Time::from_millis(2), Rank(1), What::Deliver(id));
        trace.push(Time::from_millis(3), Rank(1), What::Deliver(id));
        let violation = Property::NoDuplication.check(&trace).unwrap_err();
        assert_eq!(violation.to_string(), "no_duplication: p1 delivers p0:7 twice");
        assert_eq!(
            violation.show(&trace).to_string(),
            "no_duplication: p1 delivers p0:7 twice\n  event 1: 2.000000ms p1 delivers p0:7\n  event 2: 3.000000ms p1 delivers p0:7"
        );
    }

    #[test]
    fn events_of_another_trace_are_left_out() {
        let violation = Violation { property: Property::Validity, events: alloc::vec![9], explanation: "none".to_string() };
        assert_eq!(violation.show(&Trace::new(1)).to_string(), "validity: none");
    }
}
