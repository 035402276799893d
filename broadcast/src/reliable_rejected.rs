use tidings_clocks::Rank;

use crate::Class;

/// Why a reliable broadcast does not believe a message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReliableRejected<R> {
    /// The link rejects it; nothing changed.
    #[error(transparent)]
    Link(R),
    /// The link took it, and what it carried was dropped; the broadcast is unchanged.
    #[error(transparent)]
    Malformed(MalformedRelay),
}

/// What no correct peer relays. The link has taken and acknowledged it, or it would stand in the way of an honest relayer (rule 6); the broadcast is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRelay {
    /// The origin is not a member of the view.
    #[error("process {from} relays a message of process {origin}, which is not a member of the view")]
    UnknownOrigin {
        /// Who relays it.
        from: Rank,
        /// Who is said to have broadcast it.
        origin: Rank,
    },
    /// A message of this process that it never broadcast.
    #[error("process {from} relays {class:?} message {sequence} of this process, which broadcast {sent}")]
    NeverBroadcast {
        /// Who relays it.
        from: Rank,
        /// Its class.
        class: Class,
        /// Its number.
        sequence: u64,
        /// How many this process broadcast.
        sent: u64,
    },
    /// A message for which the origin had no credit.
    #[error("process {from} relays {class:?} message {sequence} of process {origin}, which has credit below {limit}")]
    BeyondCredit {
        /// Who relays it.
        from: Rank,
        /// Who is said to have broadcast it.
        origin: Rank,
        /// Its class.
        class: Class,
        /// Its number.
        sequence: u64,
        /// The first number without credit.
        limit: u64,
    },
    /// Messages of this process are said to be done with that it never broadcast.
    #[error("process {from} is done with {class:?} messages below {next}, and this process broadcast {sent}")]
    DoneUnsent {
        /// Who says so.
        from: Rank,
        /// Their class.
        class: Class,
        /// Below which number.
        next: u64,
        /// How many this process broadcast.
        sent: u64,
    },
}
