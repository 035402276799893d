use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use tidings_clocks::{Rank, Time};

use crate::{Trace, What};

/// A log of raft as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaftLog {
    pub(super) processes: Vec<String>,
    pub(super) events: Vec<RaftEvent>,
    pub(super) others: usize,
}

/// One event, with the state of its process after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RaftEvent {
    /// The line on which it stands, from 1.
    pub line: usize,
    /// What happened, as the log names it.
    pub name: String,
    /// Where: a position in [`RaftLog::processes`].
    pub process: usize,
    /// The term of the process.
    pub term: u64,
    /// For whom it has voted in that term: a position in [`RaftLog::processes`], if for anybody.
    pub vote: Option<usize>,
    /// Up to which index it knows its log to be committed.
    pub commit: u64,
    /// The last index of its log.
    pub last: u64,
    /// Whether it is the leader.
    pub leads: bool,
    /// The message that it sends or receives, if it does.
    pub message: Option<(Direction, RaftMessage)>,
}

/// Whether a message goes or comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The process of the event sends it.
    Send,
    /// The process of the event receives it.
    Receive,
}

/// A message, by its content: two of equal content cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct RaftMessage {
    /// Who sends it.
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// What kind, as the log names it.
    pub kind: String,
    /// What else it says: numbers by their names, `reject` among them as 0 or 1, in the order of the names.
    pub fields: Vec<(String, u64)>,
}

impl RaftLog {
    /// Every process that an event or a message names, in the order in which they are first named.
    #[must_use]
    pub fn processes(&self) -> &[String] {
        &self.processes
    }

    /// The events, in the order of the log.
    #[must_use]
    pub fn events(&self) -> &[RaftEvent] {
        &self.events
    }

    /// How many lines hold something else than an event.
    #[must_use]
    pub const fn others(&self) -> usize {
        self.others
    }

    /// For each event that receives: the sendings of equal messages before it, as positions among the events. One if it is known which was received;
    /// several if not. O(e log e + answers).
    #[must_use]
    pub fn candidates(&self) -> Vec<(usize, Vec<usize>)> {
        let mut sent: BTreeMap<&RaftMessage, Vec<usize>> = BTreeMap::new();
        let mut candidates = Vec::new();
        for (place, event) in self.events.iter().enumerate() {
            match &event.message {
                Some((Direction::Send, message)) => sent.entry(message).or_default().push(place),
                Some((Direction::Receive, message)) => candidates.push((place, sent.get(message).cloned().unwrap_or_default())),
                None => {}
            }
        }
        candidates
    }

    /// What is known for sure of the order: each event at its process, and each receipt after the first sending of an equal message. Event for event;
    /// a packet's number is the position of its sending, and what neither sends nor receives is internal, by its line.
    ///
    /// A receipt that no sending explains is internal too. Times are positions in milliseconds. O(e log e).
    #[must_use]
    pub fn trace(&self) -> Trace {
        let mut first: BTreeMap<&RaftMessage, u64> = BTreeMap::new();
        let mut trace = Trace::new(self.processes.len());
        for (number, event) in (0..).zip(&self.events) {
            let what = match &event.message {
                Some((Direction::Send, message)) => {
                    first.entry(message).or_insert(number);
                    Some(What::Send { packet: number, to: Rank::new(message.to) })
                }
                Some((Direction::Receive, message)) => {
                    first.get(message).map(|packet| What::Receive { packet: *packet, from: Rank::new(message.from) })
                }
                None => None,
            };
            let what = what.unwrap_or(What::Internal(event.line as u64));
            trace.push(Time::from_millis(number), Rank::new(event.process), what);
        }
        trace
    }
}
