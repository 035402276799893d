use crate::Protocol;

/// A protocol that survives a crash with its memory: recovery is replay, state = fold(snapshot, records).
pub trait Recover: Protocol {
    /// All of the durable state at one moment, including what it was constructed with.
    type Snapshot;

    /// The state now. Records persisted so far may be thrown away once this is durable.
    fn snapshot(&self) -> Self::Snapshot;

    /// The state as it was at `snapshot`.
    fn restore(snapshot: Self::Snapshot) -> Self;

    /// Does again what was persisted after the snapshot. Called once for each record, in the order in which they were persisted, before any input.
    fn apply(&mut self, record: Self::Record);
}
