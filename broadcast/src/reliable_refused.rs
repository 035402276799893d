use crate::Class;

/// Why a reliable broadcast cannot take a request. Nothing changed, nothing was sent.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReliableRefused {
    /// As many messages of this class as the credit allows are not yet done with everywhere. Ask again after the next input.
    #[error("no credit is left for another {class:?} message")]
    NoCredit {
        /// The class.
        class: Class,
    },
    /// The payload and its header are larger than the limits allow.
    #[error("a message of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Their size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Every sequence number of this class is used up.
    #[error("the sequence numbers of {class:?} messages are used up")]
    Exhausted {
        /// The class.
        class: Class,
    },
    /// The layer above did not take its own message.
    #[error("the layer above does not take its own message now")]
    NotTaken,
}
