use core::hash::Hash;

use tidings_protocol::{Digest, Fingerprint, Incarnation};

use super::Key;

/// What travels between two [`DeltaSync`](super::DeltaSync).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DeltaMessage<D> {
    /// All that the sender took in after what the receiver acknowledged last, up to its `until`-th delta; or all that it knows.
    Delta {
        /// The life of the sender.
        sender: Incarnation,
        /// The life of the receiver that is meant.
        receiver: Incarnation,
        /// How many deltas the sender has taken in.
        until: u64,
        /// These deltas, joined.
        delta: D,
    },
    /// The first `until` deltas of the receiver of this message are known to its sender, durably.
    Ack {
        /// The life of the sender.
        sender: Incarnation,
        /// The life of the receiver that is meant.
        receiver: Incarnation,
        /// How many.
        until: u64,
    },
    /// The sender lives, and knows nothing of what its former lives acknowledged.
    Hello {
        /// The life of the sender.
        sender: Incarnation,
        /// The life of the receiver that is meant.
        receiver: Incarnation,
    },
}

impl<D> DeltaMessage<D> {
    /// The lives of the sender and of the receiver that is meant.
    #[must_use]
    pub const fn incarnations(&self) -> (Incarnation, Incarnation) {
        match self {
            Self::Delta { sender, receiver, .. } | Self::Ack { sender, receiver, .. } | Self::Hello { sender, receiver } => {
                (*sender, *receiver)
            }
        }
    }
}

impl<D: Hash> Fingerprint for DeltaMessage<D> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        Key::print(self, digest);
    }
}
