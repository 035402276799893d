use alloc::vec::Vec;
use core::fmt;

use tidings_clocks::Rank;
use tidings_trace::{MessageId, Trace, Violation};

use super::{Breach, Cut};

/// A way in which a protocol breaks a promise.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What breaks.
    pub breach: Breach,
    /// What happens, step by step.
    pub script: Vec<Move>,
    /// The same as a trace, recorded from the protocol itself as it was given that script.
    pub trace: Trace,
    /// What the checker of the property says about the trace; `None` where the breach is not one of a property.
    pub violation: Option<Violation>,
}

/// One step of a script. Packets are numbered as they are sent, from 0; a fan-out is one packet for each destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Move {
    /// The application of a process asks for its next message to be broadcast.
    Broadcast {
        /// Where.
        process: Rank,
        /// Which.
        message: MessageId,
        /// The process crashes in the middle of the effects.
        cut: Option<Cut>,
    },
    /// A packet arrives.
    Receive {
        /// Where.
        process: Rank,
        /// From whom.
        from: Rank,
        /// Which.
        packet: u64,
        /// A copy of it stays under way.
        copy: bool,
        /// The process crashes in the middle of the effects.
        cut: Option<Cut>,
    },
    /// A packet is lost.
    Lose {
        /// For whom it was.
        process: Rank,
        /// From whom.
        from: Rank,
        /// Which.
        packet: u64,
    },
    /// A process is woken.
    Wake {
        /// Which.
        process: Rank,
        /// It crashes in the middle of the effects.
        cut: Option<Cut>,
    },
    /// A process crashes between two inputs.
    Crash {
        /// Which.
        process: Rank,
    },
    /// A process is told that another one has crashed.
    Exclude {
        /// Who is told.
        process: Rank,
        /// Who crashed.
        rank: Rank,
        /// The process that is told crashes in the middle of the effects.
        cut: Option<Cut>,
    },
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = match *self {
            Self::Broadcast { process, message, cut } => {
                write!(f, "{process} broadcasts {message}")?;
                cut
            }
            Self::Receive { process, from, packet, copy, cut } => {
                write!(f, "{process} receives packet {packet} from {from}")?;
                if copy {
                    f.write_str(", and a copy of it stays under way")?;
                }
                cut
            }
            Self::Lose { process, from, packet } => {
                write!(f, "packet {packet} from {from} to {process} is lost")?;
                None
            }
            Self::Wake { process, cut } => {
                write!(f, "{process} is woken")?;
                cut
            }
            Self::Crash { process } => {
                write!(f, "{process} crashes")?;
                None
            }
            Self::Exclude { process, rank, cut } => {
                write!(f, "{process} is told that {rank} has crashed")?;
                cut
            }
        };
        match cut {
            None => Ok(()),
            Some(cut) => write!(f, ", and crashes {cut}"),
        }
    }
}

/// What breaks, the script line by line, and the events that show it.
impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.violation {
            Some(violation) => write!(f, "{}", violation.show(&self.trace))?,
            None => write!(f, "{}", self.breach)?,
        }
        for (place, step) in self.script.iter().enumerate() {
            write!(f, "\n  step {}: {step}", place + 1)?;
        }
        Ok(())
    }
}
