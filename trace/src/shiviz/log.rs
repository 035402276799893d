use alloc::string::String;
use alloc::vec::Vec;

use super::Form;

/// A log as it was read: its hosts and events. Whether the clocks agree, [`verify`](Log::verify) says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub(super) form: Form,
    pub(super) hosts: Vec<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) others: Vec<Other>,
}

/// One event of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Where: a position in [`Log::hosts`].
    pub host: usize,
    /// The vector clock: positions in [`Log::hosts`], increasing, with entries of at least 1. An entry of 0 is the same as none.
    pub clock: Vec<(usize, u64)>,
    /// What happened.
    pub text: String,
    /// What else stood on the line before the host and the clock.
    pub context: String,
    /// When, in the log's own unit, if the form has time stamps.
    pub timestamp: Option<u64>,
    /// The line in which the event begins, from 1.
    pub line: usize,
}

/// A line that is not empty and holds no event. Logs with an event on each line may have such.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Other {
    /// Which line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

impl Log {
    /// The form in which it was laid out.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Every host that an event or a clock names, in the order in which they are first named.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// The events, in the order of the log.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines without events.
    #[must_use]
    pub fn others(&self) -> &[Other] {
        &self.others
    }
}

impl Entry {
    /// How many events of this host happened before it, itself included if it is its own. O(log n).
    #[must_use]
    pub fn knows(&self, host: usize) -> u64 {
        self.clock.binary_search_by_key(&host, |(host, _)| *host).map_or(0, |place| self.clock[place].1)
    }

    /// Its own entry: which event of its host it is, from 1.
    #[must_use]
    pub fn own(&self) -> u64 {
        self.knows(self.host)
    }
}
