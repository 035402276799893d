use super::Cut;

/// One step of the search, by the numbers that the system gives to processes and packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) act: Act,
    /// The process crashes when these effects were carried out.
    pub(super) cut: Option<Cut>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The application asks for its next message.
    Request { at: u8 },
    /// A packet arrives; a copy of it may stay.
    Deliver { packet: u32, copy: bool },
    /// A packet is lost.
    Lose { packet: u32 },
    /// The last broadcast of a crashed process, which nobody alive has taken, is lost to all.
    LoseLast { of: u8 },
    /// A process is woken.
    Wake { at: u8 },
    /// A process crashes between two inputs.
    Crash { at: u8 },
    /// A process is told of a crash.
    Exclude { at: u8, whom: u8 },
}

/// What a protocol is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Request,
    Packet(u32),
    Wake,
    Exclude(u8),
}

impl Input {
    /// A number of its own.
    pub(super) const fn code(self) -> u64 {
        match self {
            Self::Request => 0,
            Self::Wake => 1,
            Self::Exclude(whom) => 2 + whom as u64,
            Self::Packet(packet) => 1_024 + packet as u64,
        }
    }
}

impl From<Act> for Choice {
    fn from(act: Act) -> Self {
        Self { act, cut: None }
    }
}
