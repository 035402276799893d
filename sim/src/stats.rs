/// What happened in a run, in figures.
///
/// When nothing is in flight, `sent + duplicated + looped + replayed + forged = lost + overflowed + partitioned + unheard + delivered`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Stats {
    /// Inputs given to protocols: requests, messages, wakes, exclusions.
    pub events: u64,
    /// Requests that were taken.
    pub requests: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// What the protocols indicated.
    pub indications: u64,
    /// Calls of `wake`.
    pub wakes: u64,
    /// Packets given to the network, one for each destination.
    pub sent: u64,
    /// The bytes of these, as the application weighs them.
    pub bytes: u64,
    /// Messages that a process sent to itself; they are no packets.
    pub looped: u64,
    /// Packets that the network lost.
    pub lost: u64,
    /// Packets that the network could have lost, but had lost so many before them on that link as it may in a row.
    pub spared: u64,
    /// Copies that a full queue dropped.
    pub overflowed: u64,
    /// Packets that waited for the bandwidth of their link.
    pub queued: u64,
    /// Copies that the network altered; those that became unreadable are also lost.
    pub corrupted: u64,
    /// Old packets that came again.
    pub replayed: u64,
    /// Packets that came in another's name too.
    pub forged: u64,
    /// Packets that a liar did not send.
    pub silenced: u64,
    /// Packets in which a liar sent something else.
    pub lies: u64,
    /// Packets that the bound of the timing model made earlier.
    pub hastened: u64,
    /// Packets that the network repeated.
    pub duplicated: u64,
    /// Copies that a cut between two processes ate, when they were sent or when they should have arrived.
    pub partitioned: u64,
    /// Copies that came to a crashed process, or were waiting for it when it crashed.
    pub unheard: u64,
    /// Copies that waited in the network because the application took nothing, or the process stood still.
    pub waited: u64,
    /// Messages given to protocols, from the network or from themselves.
    pub delivered: u64,
    /// Of these, packets that arrived after a later one of the same sender.
    pub overtaken: u64,
    /// Of these, messages that the protocol rejected.
    pub rejected: u64,
    /// Records persisted: written, and durable before any later effect.
    pub persisted: u64,
    /// Times that a process waited for its disk.
    pub syncs: u64,
    /// Records that were written and not yet synced, and that a crash lost.
    pub unsynced: u64,
    /// Of these, records of which a part was left, and cut off.
    pub torn: u64,
    /// Processes that stopped because their disk was full. They count as crashes too.
    pub full_disks: u64,
    /// Processes that would have come back with their records, and found their disk gone.
    pub lost_disks: u64,
    /// Processes that crashed.
    pub crashes: u64,
    /// Processes that came back after a crash.
    pub restarts: u64,
    /// Packets and effects that a crash cut off.
    pub cut_off: u64,
    /// Times that a process was told of a crash.
    pub exclusions: u64,
    /// Partitions that came by themselves, or by [`World::partition`](crate::World::partition).
    pub partitions: u64,
    /// Times that a partition was gone for a moment, or there again after that.
    pub flaps: u64,
    /// Pauses, those of a script too.
    pub pauses: u64,
    /// Times that a time of day jumped, those of a script too.
    pub clock_jumps: u64,
    /// Times that a time of day began to be corrected without a jump.
    pub clock_smears: u64,
    /// Times that a time of day stood still for a while.
    pub clock_freezes: u64,
    /// The most copies in flight at once, those that wait and those of a process to itself too.
    pub most_in_flight: u64,
}
