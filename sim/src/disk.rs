use core::time::Duration;

use crate::{Chance, Spread};

/// How the disks of the processes are: what becomes of a record on its way to being durable.
///
/// The world's driver is the simplest that keeps the contract of `tidings-protocol`, that a record is durable before any later effect is carried
/// out: it writes the records that follow one another, syncs them together, and does nothing else until that is done. Its next inputs wait for it
/// meanwhile, in the network, where [`Links::queue`](crate::Links::queue) bounds them. A crash in between finds records that were written and not
/// synced: no later effect has shown them to anybody, so the disk may keep them all, or lose the last of them.
///
/// A torn record, of which the crash left a part, is cut off: records are given back whole or not at all
/// ([`Recover::apply`](tidings_protocol::Recover::apply)), for whoever writes them frames them with a checksum.
///
/// The default is a disk that syncs at once, loses nothing and is never full. How long it takes to sync lasts; all else goes wrong during the chaos
/// phase only, crashes made by a script apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Disk {
    /// The longest time that a sync takes.
    pub sync: Duration,
    /// How that time is distributed from zero to the longest: with [`Spread::HeavyTail`] a disk is fast, and stalls now and then.
    pub spread: Spread,
    /// How likely a crash that finds records not yet synced loses some of them: the last, the last two, … or all.
    pub unsynced: Chance,
    /// How likely the first record lost so is torn.
    pub torn: Chance,
    /// How many records a disk holds; `None`: any number. One more is refused. Its process cannot carry out any later effect, and so it stops as if it
    /// had crashed; where processes come back by themselves, it does when the chaos phase ends and room is made. This is a capacity and no choice: it
    /// stops processes in a run of calm choices too, and those that are [protected](crate::Faults::protected).
    pub room: Option<u32>,
    /// How likely a process that would come back by itself with its records finds its disk gone: it comes back with nothing, in its next incarnation.
    pub lost: Chance,
}

impl Disk {
    /// Syncs at once, loses nothing, is never full.
    pub const PERFECT: Self = Self {
        sync: Duration::ZERO,
        spread: Spread::Uniform,
        unsynced: Chance::NEVER,
        torn: Chance::NEVER,
        room: None,
        lost: Chance::NEVER,
    };
}
