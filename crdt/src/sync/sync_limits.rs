/// How much a replica that synchronises may hold, whatever others send. The replicas of one state use the same limits: what exceeds them is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SyncLimits {
    /// Bytes of the state, as its [`Payload`](tidings_protocol::Payload) counts them, and so of one message that carries all of it.
    pub state_bytes: usize,
    /// Bytes of one delta.
    pub delta_bytes: usize,
    /// Deltas that wait for acknowledgements ([`DeltaSync`](super::DeltaSync)); together they never hold more than `state_bytes`.
    pub deltas: usize,
    /// Coded symbols of one session, or parts that one asks for at a time ([`Reconciler`](super::Reconciler)); a digest lists no more parts than the state may have bytes.
    pub symbols: usize,
}

impl SyncLimits {
    /// The smallest with which tests still work: one delta in the buffer.
    pub const TINY: Self = Self { state_bytes: 1 << 14, delta_bytes: 1 << 10, deltas: 1, symbols: 1 << 8 };
}

impl Default for SyncLimits {
    /// States to 64 MiB, deltas to 1 MiB, 1,024 deltas, 2²⁰ symbols.
    fn default() -> Self {
        Self { state_bytes: 64 << 20, delta_bytes: 1 << 20, deltas: 1_024, symbols: 1 << 20 }
    }
}
