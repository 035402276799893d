use tidings_clocks::Rank;
use tidings_protocol::Incarnation;

/// Why a link does not believe a frame. The link is unchanged, its [`LinkStats`](crate::LinkStats) apart.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRejected {
    /// The sender is not a member of the view.
    #[error("process {from} is not a member of the view")]
    NotAMember {
        /// The sender.
        from: Rank,
    },
    /// A process does not send to itself over a link.
    #[error("a frame came from this very process")]
    FromOneself,
    /// The sender was excluded.
    #[error("process {from} was excluded")]
    Excluded {
        /// The sender.
        from: Rank,
    },
    /// A frame of a former life of the sender.
    #[error("a frame of life {incarnation} of process {from}, which is in life {known}")]
    Stale {
        /// The sender.
        from: Rank,
        /// The life that sent the frame.
        incarnation: Incarnation,
        /// The sender's latest life known here.
        known: Incarnation,
    },
    /// A frame for a life of this process that has not begun.
    #[error("process {from} means life {incarnation} of this process, which is in life {mine}")]
    Unborn {
        /// The sender.
        from: Rank,
        /// The life that was meant.
        incarnation: Incarnation,
        /// The life of this process.
        mine: Incarnation,
    },
    /// The message is the window or more ahead of the next one expected.
    #[error("message {sequence} of process {from} is too far ahead of {expected}")]
    TooFarAhead {
        /// The sender.
        from: Rank,
        /// The next message expected.
        expected: u64,
        /// The message that came.
        sequence: u64,
    },
    /// The payload is larger than the limits allow.
    #[error("a payload of {bytes} bytes from process {from} is over the limit of {limit}")]
    TooLarge {
        /// The sender.
        from: Rank,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// An acknowledgement of a message that was never sent.
    #[error("process {from} acknowledges message {sequence}, and {sent} were sent to it")]
    AcknowledgesUnsent {
        /// The sender.
        from: Rank,
        /// The highest message that it acknowledges.
        sequence: u64,
        /// How many messages were sent to it.
        sent: u64,
    },
}
