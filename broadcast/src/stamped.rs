use tidings_clocks::VectorClock;
use tidings_protocol::{Digest, Fingerprint, Payload};

/// What an [`Order`](tidings_protocol::Order) puts beside a payload, weighed so that it counts against the limits.
pub trait Stamp: Clone {
    /// How many bytes of memory this holds, to within a small constant.
    fn bytes(&self) -> usize;

    /// The most that this is in a view of `processes`.
    fn most_bytes(processes: usize) -> usize;
}

impl Stamp for u64 {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn most_bytes(_: usize) -> usize {
        size_of::<Self>()
    }
}

impl Stamp for VectorClock {
    fn bytes(&self) -> usize {
        size_of_val(self.entries())
    }

    fn most_bytes(processes: usize) -> usize {
        processes.saturating_mul(size_of::<u64>())
    }
}

/// A payload with the stamp by which it is ordered: what an ordered broadcast gives to the broadcast below it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stamped<S, T> {
    /// Where the payload belongs.
    pub stamp: S,
    /// What is broadcast.
    pub payload: T,
}

impl<S: Stamp, T: Payload> Payload for Stamped<S, T> {
    fn bytes(&self) -> usize {
        self.stamp.bytes() + self.payload.bytes()
    }
}

impl<S: Fingerprint, T: Fingerprint> Fingerprint for Stamped<S, T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.stamp.fingerprint(digest);
        self.payload.fingerprint(digest);
    }
}
