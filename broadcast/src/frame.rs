use tidings_protocol::{Digest, Fingerprint, Incarnation, Payload};

/// What a [`PerfectLink`](crate::PerfectLink) puts on the wire.
///
/// Every frame names two lives: the sender's, and the life of the receiver that the sender means (rule 8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Frame<T> {
    /// A message.
    Data {
        /// The sender's life.
        sender: Incarnation,
        /// The receiver's life, as the sender knows it.
        receiver: Incarnation,
        /// The number of the message among those of this sender's life to this receiver's life, from 0.
        sequence: u64,
        /// The message.
        payload: T,
    },
    /// What was taken so far.
    Ack {
        /// The life of the process that acknowledges.
        sender: Incarnation,
        /// The life of the process whose messages are acknowledged.
        receiver: Incarnation,
        /// All messages below this one were taken.
        next: u64,
        /// Bit `i` is set if message `next + 1 + i` was taken as well.
        ahead: u64,
    },
    /// The answer to a frame that was meant for a former life.
    Hello {
        /// The life of the process that answers.
        sender: Incarnation,
        /// The life that it was addressed by.
        receiver: Incarnation,
    },
}

impl<T> Frame<T> {
    /// The life that sent this, and the life that it is meant for.
    pub const fn incarnations(&self) -> (Incarnation, Incarnation) {
        let (Self::Data { sender, receiver, .. } | Self::Ack { sender, receiver, .. } | Self::Hello { sender, receiver }) = self;
        (*sender, *receiver)
    }
}

impl<T: Payload> Payload for Frame<T> {
    /// What a plain fixed-width encoding takes: one byte for the kind, eight for each number.
    fn bytes(&self) -> usize {
        match self {
            Self::Data { payload, .. } => 25 + payload.bytes(),
            Self::Ack { .. } => 33,
            Self::Hello { .. } => 17,
        }
    }
}

impl<T: Fingerprint> Fingerprint for Frame<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        let (sender, receiver) = self.incarnations();
        (sender, receiver).fingerprint(digest);
        match self {
            Self::Data { sequence, payload, .. } => {
                digest.number(0);
                digest.number(*sequence);
                payload.fingerprint(digest);
            }
            Self::Ack { next, ahead, .. } => {
                digest.number(1);
                digest.number(*next);
                digest.number(*ahead);
            }
            Self::Hello { .. } => digest.number(2),
        }
    }
}
