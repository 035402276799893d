use alloc::string::String;

/// Why the clocks of a log cannot have happened. Events are named by their positions in the log, and by their lines in the sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// A host's own entries do not go 1, 2, 3, ….
    #[error("line {line}: {host} counts {found} where its event {expected} should come")]
    Gap {
        /// Whose entries.
        host: String,
        /// The event with the first entry that does not fit.
        event: usize,
        /// Its line.
        line: usize,
        /// Its own entry.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// Two events of a host have the same own entry.
    #[error("line {line}: {host} counts {own} once more, as on line {first_line}")]
    Twice {
        /// Whose entries.
        host: String,
        /// The first of them.
        first: usize,
        /// Its line.
        first_line: usize,
        /// The second.
        event: usize,
        /// Its line.
        line: usize,
        /// The own entry of both.
        own: u64,
    },
    /// A clock knows of an event that the log does not have.
    #[error("line {line}: the clock knows of event {entry} of {host}, which has {events}")]
    Missing {
        /// The event with that clock.
        event: usize,
        /// Its line.
        line: usize,
        /// Whose event.
        host: String,
        /// The clock's entry.
        entry: u64,
        /// How many events that host has.
        events: u64,
    },
    /// An event does not know what the event before it at the same host, or one that its clock names, knew.
    #[error("line {line}: the clock follows line {cause_line}, but knows of {known} events of {host}, not {lost}")]
    Forgotten {
        /// The event that comes before.
        cause: usize,
        /// Its line.
        cause_line: usize,
        /// The event that should know as much.
        event: usize,
        /// Its line.
        line: usize,
        /// Of which host it knows too little.
        host: String,
        /// How many events the first one knows.
        lost: u64,
        /// How many the second one knows.
        known: u64,
    },
    /// Two events know of each other.
    #[error("lines {first_line} and {line}: each of the two events knows of the other")]
    Circle {
        /// The one.
        first: usize,
        /// Its line.
        first_line: usize,
        /// The other.
        event: usize,
        /// Its line.
        line: usize,
    },
}
