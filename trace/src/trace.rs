use alloc::vec::Vec;
use core::fmt;

use tidings_clocks::{Rank, Time};

/// One broadcast message, by who broadcast it and a number that is that process's own.
///
/// Two messages with equal content are two messages. Numbers need not be dense or increasing: order is read off the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageId {
    /// Who broadcast it.
    pub origin: Rank,
    /// Which of its messages.
    pub number: u64,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum What {
    /// The process broadcast this message: the request was taken.
    Broadcast(MessageId),
    /// The process delivered this message to its application.
    Deliver(MessageId),
    /// The process gave a packet to the network. A packet's number is unique in the run; a fan-out is one `Send` for each destination.
    Send {
        /// Its number.
        packet: u64,
        /// Where it goes.
        to: Rank,
    },
    /// The process took a packet from the network; twice, if the network duplicated it.
    Receive {
        /// Its number.
        packet: u64,
        /// Who sent it.
        from: Rank,
    },
    /// The process stopped. A crashed process does nothing until it restarts.
    Crash,
    /// The process came back, with nothing but what was durable. What it does from here on is another life, judged as another process.
    Restart,
    /// The process was told that `rank` has crashed.
    Exclude(Rank),
    /// Something of the protocol's or the application's own, by a number that they give a meaning.
    Internal(u64),
    /// The process knows this message to be stable: everybody whom it does not take for crashed has delivered it.
    Stable(MessageId),
    /// The process goes over to the view of this number. What it broadcasts and delivers from here on, it does in that view.
    Install(u64),
}

/// One event at one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// When, by the world's clock, which no process sees.
    pub time: Time,
    /// Where.
    pub process: Rank,
    /// What.
    pub what: What,
}

/// A recorded execution: all events, in an order that agrees with happened-before and with each process's own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trace {
    /// How many processes took part.
    pub processes: usize,
    /// What happened.
    pub events: Vec<Event>,
}

impl Trace {
    /// An empty trace of `processes` processes.
    #[must_use]
    pub const fn new(processes: usize) -> Self {
        Self { processes, events: Vec::new() }
    }

    /// Records one event.
    pub fn push(&mut self, time: Time, process: Rank, what: What) {
        self.events.push(Event { time, process, what });
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.origin, self.number)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broadcast(message) => write!(f, "broadcasts {message}"),
            Self::Deliver(message) => write!(f, "delivers {message}"),
            Self::Send { packet, to } => write!(f, "sends packet {packet} to {to}"),
            Self::Receive { packet, from } => write!(f, "receives packet {packet} from {from}"),
            Self::Crash => f.write_str("crashes"),
            Self::Restart => f.write_str("restarts"),
            Self::Exclude(rank) => write!(f, "excludes {rank}"),
            Self::Internal(number) => write!(f, "internal {number}"),
            Self::Stable(message) => write!(f, "knows {message} to be stable"),
            Self::Install(view) => write!(f, "installs view {view}"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.time, self.process, self.what)
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;
    use alloc::string::String;

    /// The form in which traces are kept in files: fields by name.
    #[test]
    fn a_golden_json() {
        let mut trace = Trace::new(2);
        trace.push(Time::from_nanos(5), Rank(0), What::Broadcast(MessageId { origin: Rank(0), number: 7 }));
        trace.push(Time::from_nanos(6), Rank(0), What::Send { packet: 1, to: Rank(1) });
        trace.push(Time::from_nanos(9), Rank(1), What::Crash);
        let json = r#"{"processes":2,"events":[{"time":5,"process":0,"what":{"broadcast":{"origin":0,"number":7}}},{"time":6,"process":0,"what":{"send":{"packet":1,"to":1}}},{"time":9,"process":1,"what":"crash"}]}"#;
        assert_eq!(serde_json::to_string(&trace).unwrap(), json);
        assert_eq!(serde_json::from_str::<Trace>(json).unwrap(), trace);
    }

    #[test]
    fn every_run_comes_back_from_json() {
        for seed in crate::runs::SEEDS {
            let trace = crate::runs::run(seed, crate::runs::Kept::Causal);
            let json: String = serde_json::to_string(&trace).unwrap();
            assert_eq!(serde_json::from_str::<Trace>(&json).unwrap(), trace, "seed {seed}");
        }
    }
}
