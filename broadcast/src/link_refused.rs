use tidings_clocks::Rank;

/// Why a link cannot take a request. The link is unchanged and has sent nothing.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    /// As many messages as the window holds are on the way to a destination. Ask again after the next input.
    #[error("the window to process {to} is full")]
    Full {
        /// The first such destination.
        to: Rank,
    },
    /// The payload is larger than the limits allow.
    #[error("a payload of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A process hears itself without a link.
    #[error("a process does not send to itself over a link")]
    ToOneself,
    /// The destination is not a member of the view.
    #[error("process {to} is not a member of the view")]
    NotAMember {
        /// The destination.
        to: Rank,
    },
    /// The destination was excluded.
    #[error("process {to} was excluded")]
    Excluded {
        /// The destination.
        to: Rank,
    },
    /// Every sequence number to this destination is used up. Only another life or view can send to it again.
    #[error("the sequence numbers to process {to} are used up")]
    Exhausted {
        /// The destination.
        to: Rank,
    },
}
