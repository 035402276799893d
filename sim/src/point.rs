/// A place in the world's code where a fault met what it was meant for.
///
/// A campaign that never reached one of these has shown nothing about it. A `sometimes` assertion, in other words: false in most runs, and yet wrong
/// if it is false in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Point {
    /// A packet was lost.
    Lost,
    /// A packet was lost, and so was the one before it on the same link.
    LostInARow,
    /// A packet was lost, and its sender has a deadline at which it may send it again.
    LostWithDeadline,
    /// A packet that was sent because a deadline had come, such as a retransmission, was lost.
    LostWhenWoken,
    /// The second copy of a packet was delivered too.
    DuplicateDelivered,
    /// The second copy of a packet was delivered after a later packet of the same link.
    DuplicateOvertaken,
    /// A packet was delivered after a later one of the same link.
    Overtaken,
    /// A partition ate a packet when it was sent.
    CutWhenSent,
    /// A partition ate a packet that was in flight when it began.
    CutInFlight,
    /// A partition was over after packets had been eaten while it was there.
    Healed,
    /// A crash came between two packets of one input: of one effect to all others, or of one effect for each.
    CrashWithinFanOut,
    /// A crash came after some and before other effects of one input.
    CrashBetweenEffects,
    /// A crash came before the first effect of an input.
    CrashBeforeEffects,
    /// A crash came right after a record became durable, and cut off what was to follow.
    CrashAfterPersist,
    /// A packet came to a process that had crashed.
    Unheard,
    /// A packet was delivered after its sender had crashed.
    HeardFromCrashed,
    /// A packet was delivered to a process that had been told of its sender's crash.
    HeardFromExcluded,
    /// A packet that a process sent in an earlier life was delivered in a later one.
    HeardFromEarlierLife,
    /// A packet of a process that had come back was delivered.
    RestartHeard,
    /// A process came back with records.
    Recovered,
    /// A process was told of a crash.
    Excluded,
    /// A packet waited for a process that stood still.
    PauseHeldPacket,
    /// A deadline passed while its process stood still.
    PauseAcrossDeadline,
    /// A process could have been told of a crash while it stood still.
    PauseAcrossExclusion,
    /// A packet waited because the application took nothing.
    WaitedForApplication,
    /// A protocol refused a request.
    Refused,
    /// A protocol rejected a message.
    Rejected,
    /// A process had a clock that was ahead of the world's at the start.
    ClockAhead,
    /// A process had a clock that ran fast.
    ClockFast,
    /// A process had a clock that ran slow.
    ClockSlow,
    /// A packet was delivered because as many before it were lost as may be in a row.
    SparedAfterLosses,
    /// A full queue dropped a copy.
    QueueOverflowed,
    /// A packet waited for those before it to leave.
    QueuedForBandwidth,
    /// A packet arrived earlier than it would have without the bound of the timing model.
    BoundedByTiming,
    /// A packet was altered so that nobody could read it.
    CorruptedBeyondReading,
    /// An altered packet was given to a protocol.
    AlteredDelivered,
    /// An old packet was given to a protocol again.
    ReplayDelivered,
    /// A packet in another's name was given to a protocol.
    ForgedDelivered,
    /// A liar sent something else than its protocol did.
    Lied,
    /// A packet waited for a process whose disk was at work.
    DiskHeldPacket,
    /// Something other than a record waited until the records before it were durable.
    DiskHeldEffect,
    /// A crash found records that were written and not yet synced.
    CrashWhileSyncing,
    /// A crash lost such records.
    UnsyncedLost,
    /// A crash left a part of a record, which was cut off.
    TornCutOff,
    /// A process stopped because its disk was full.
    DiskFull,
    /// A process came back without its disk.
    DiskGone,
    /// A process had an input after its time of day had jumped forward.
    TimeOfDayJumpedForward,
    /// A process had an input after its time of day had jumped back.
    TimeOfDayJumpedBack,
    /// A process had an input while its time of day was being corrected.
    TimeOfDaySmeared,
    /// A process had an input while its time of day stood still.
    TimeOfDayFrozen,
    /// A packet was delivered between two sides of a partition, because one of its ends is on both.
    BridgeHeard,
    /// A packet was delivered between two sides of a partition that was gone for a moment.
    HeardBetweenFlaps,
    /// A full queue dropped a copy that was under way, for a later one.
    OverflowedOlder,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 53] = [
        Self::Lost,
        Self::LostInARow,
        Self::LostWithDeadline,
        Self::LostWhenWoken,
        Self::DuplicateDelivered,
        Self::DuplicateOvertaken,
        Self::Overtaken,
        Self::CutWhenSent,
        Self::CutInFlight,
        Self::Healed,
        Self::CrashWithinFanOut,
        Self::CrashBetweenEffects,
        Self::CrashBeforeEffects,
        Self::CrashAfterPersist,
        Self::Unheard,
        Self::HeardFromCrashed,
        Self::HeardFromExcluded,
        Self::HeardFromEarlierLife,
        Self::RestartHeard,
        Self::Recovered,
        Self::Excluded,
        Self::PauseHeldPacket,
        Self::PauseAcrossDeadline,
        Self::PauseAcrossExclusion,
        Self::WaitedForApplication,
        Self::Refused,
        Self::Rejected,
        Self::ClockAhead,
        Self::ClockFast,
        Self::ClockSlow,
        Self::SparedAfterLosses,
        Self::QueueOverflowed,
        Self::QueuedForBandwidth,
        Self::BoundedByTiming,
        Self::CorruptedBeyondReading,
        Self::AlteredDelivered,
        Self::ReplayDelivered,
        Self::ForgedDelivered,
        Self::Lied,
        Self::DiskHeldPacket,
        Self::DiskHeldEffect,
        Self::CrashWhileSyncing,
        Self::UnsyncedLost,
        Self::TornCutOff,
        Self::DiskFull,
        Self::DiskGone,
        Self::TimeOfDayJumpedForward,
        Self::TimeOfDayJumpedBack,
        Self::TimeOfDaySmeared,
        Self::TimeOfDayFrozen,
        Self::BridgeHeard,
        Self::HeardBetweenFlaps,
        Self::OverflowedOlder,
    ];

    /// What it is called in a summary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::LostInARow => "lost_in_a_row",
            Self::LostWithDeadline => "lost_with_deadline",
            Self::LostWhenWoken => "lost_when_woken",
            Self::DuplicateDelivered => "duplicate_delivered",
            Self::DuplicateOvertaken => "duplicate_overtaken",
            Self::Overtaken => "overtaken",
            Self::CutWhenSent => "cut_when_sent",
            Self::CutInFlight => "cut_in_flight",
            Self::Healed => "healed",
            Self::CrashWithinFanOut => "crash_within_fan_out",
            Self::CrashBetweenEffects => "crash_between_effects",
            Self::CrashBeforeEffects => "crash_before_effects",
            Self::CrashAfterPersist => "crash_after_persist",
            Self::Unheard => "unheard",
            Self::HeardFromCrashed => "heard_from_crashed",
            Self::HeardFromExcluded => "heard_from_excluded",
            Self::HeardFromEarlierLife => "heard_from_earlier_life",
            Self::RestartHeard => "restart_heard",
            Self::Recovered => "recovered",
            Self::Excluded => "excluded",
            Self::PauseHeldPacket => "pause_held_packet",
            Self::PauseAcrossDeadline => "pause_across_deadline",
            Self::PauseAcrossExclusion => "pause_across_exclusion",
            Self::WaitedForApplication => "waited_for_application",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::ClockAhead => "clock_ahead",
            Self::ClockFast => "clock_fast",
            Self::ClockSlow => "clock_slow",
            Self::SparedAfterLosses => "spared_after_losses",
            Self::QueueOverflowed => "queue_overflowed",
            Self::QueuedForBandwidth => "queued_for_bandwidth",
            Self::BoundedByTiming => "bounded_by_timing",
            Self::CorruptedBeyondReading => "corrupted_beyond_reading",
            Self::AlteredDelivered => "altered_delivered",
            Self::ReplayDelivered => "replay_delivered",
            Self::ForgedDelivered => "forged_delivered",
            Self::Lied => "lied",
            Self::DiskHeldPacket => "disk_held_packet",
            Self::DiskHeldEffect => "disk_held_effect",
            Self::CrashWhileSyncing => "crash_while_syncing",
            Self::UnsyncedLost => "unsynced_lost",
            Self::TornCutOff => "torn_cut_off",
            Self::DiskFull => "disk_full",
            Self::DiskGone => "disk_gone",
            Self::TimeOfDayJumpedForward => "time_of_day_jumped_forward",
            Self::TimeOfDayJumpedBack => "time_of_day_jumped_back",
            Self::TimeOfDaySmeared => "time_of_day_smeared",
            Self::TimeOfDayFrozen => "time_of_day_frozen",
            Self::BridgeHeard => "bridge_heard",
            Self::HeardBetweenFlaps => "heard_between_flaps",
            Self::OverflowedOlder => "overflowed_older",
        }
    }
}
