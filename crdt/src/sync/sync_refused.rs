use tidings_protocol::Incarnation;

use tidings_clocks::Rank;

/// Why a replica does not take a change. Nothing changed, nothing was sent.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncRefused<U> {
    /// The delta is larger than the limits allow.
    #[error("a delta of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The state would be larger than the limits allow.
    #[error("a state of {bytes} bytes would be over the limit of {limit}")]
    Full {
        /// What it would take at most.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The delta does not fit the state.
    #[error("the delta does not fit the state")]
    Unfit(U),
    /// 2⁶⁴ − 1 deltas were counted: the replica needs a new incarnation.
    #[error("as many deltas were counted as can be")]
    Exhausted,
}

/// Why a replica does not believe a message. The replica is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncRejected<U> {
    /// The sender is not a member of the view.
    #[error("process {from} is not a member of the view")]
    NotAMember {
        /// The sender.
        from: Rank,
    },
    /// A replica does not synchronise with itself.
    #[error("a message came from this very process")]
    FromOneself,
    /// The sender was excluded.
    #[error("process {from} was excluded")]
    Excluded {
        /// The sender.
        from: Rank,
    },
    /// A message of a former life of the sender.
    #[error("a message of life {incarnation} of process {from}, which is in life {known}")]
    Stale {
        /// The sender.
        from: Rank,
        /// The life that sent the message.
        incarnation: Incarnation,
        /// The sender's latest life known here.
        known: Incarnation,
    },
    /// A message for a life of this process that has not begun.
    #[error("process {from} means life {incarnation} of this process, which is in life {mine}")]
    Unborn {
        /// The sender.
        from: Rank,
        /// The life that was meant.
        incarnation: Incarnation,
        /// The life of this process.
        mine: Incarnation,
    },
    /// An acknowledgement of what was never sent.
    #[error("process {from} acknowledges {sequence} deltas, and there are {sent}")]
    AcknowledgesUnsent {
        /// The sender.
        from: Rank,
        /// What it acknowledges.
        sequence: u64,
        /// How many there are.
        sent: u64,
    },
    /// The delta cannot be taken: too large, or unfit.
    #[error("process {from} sent a delta that cannot be taken")]
    Delta {
        /// The sender.
        from: Rank,
        /// Why.
        why: SyncRefused<U>,
    },
    /// More symbols or hashes than the limits allow.
    #[error("process {from} sent {count} symbols or hashes, over the limit of {limit}")]
    TooMany {
        /// The sender.
        from: Rank,
        /// How many there would be.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// Symbols that no set of parts gives. The session is given up.
    #[error("process {from} sent symbols that no set gives")]
    Garbled {
        /// The sender.
        from: Rank,
    },
}
