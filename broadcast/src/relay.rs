use tidings_clocks::Rank;
use tidings_protocol::{Digest, Fingerprint, Payload};

use crate::Class;

/// What a [`Reliable`](crate::Reliable) broadcast gives to its link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Relay<T> {
    /// A copy of a broadcast message, from its origin or from whoever relays it.
    Copy {
        /// Who broadcast it.
        origin: Rank,
        /// Which credit it takes.
        class: Class,
        /// The number of the message among those of this origin and class, from 0.
        sequence: u64,
        /// Whether the origin asks to be told when this message was handed on. Means something in the origin's own copies only.
        ask: bool,
        /// What was broadcast.
        payload: T,
    },
    /// To an origin: its messages were delivered, and handed on to everybody who may lack them.
    Done {
        /// Which credit it gives back.
        class: Class,
        /// All messages below this one are done with.
        next: u64,
    },
}

impl<T: Payload> Payload for Relay<T> {
    /// What a plain fixed-width encoding takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Copy { payload, .. } => Self::HEADER + payload.bytes(),
            Self::Done { .. } => Self::DONE,
        }
    }
}

impl<T> Relay<T> {
    /// The bytes that a copy adds to its payload.
    pub(crate) const HEADER: usize = 16;
    /// The bytes of what an origin is told.
    pub(crate) const DONE: usize = 10;
}

impl<T: Fingerprint> Fingerprint for Relay<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        match self {
            Self::Copy { origin, class, sequence, ask, payload } => {
                digest.flag(true);
                digest.rank(*origin);
                class.fingerprint(digest);
                digest.number(*sequence);
                digest.flag(*ask);
                payload.fingerprint(digest);
            }
            Self::Done { class, next } => {
                digest.flag(false);
                class.fingerprint(digest);
                digest.number(*next);
            }
        }
    }
}
