use core::time::Duration;

/// Where the world chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Site {
    /// Whether the network loses this packet.
    Lose,
    /// Whether the network repeats this packet.
    Duplicate,
    /// How late this packet arrives.
    Delay,
    /// Whether, when and how long a partition is there.
    Partition,
    /// On which side of it a process is, or which link it cuts.
    Side,
    /// Whether and when a process crashes, between which two effects, and how long it is away.
    Crash,
    /// How long until a crash is known.
    Detection,
    /// What an application does next, and when.
    Application,
    /// Whether, when and how long a process stands still.
    Pause,
    /// How strong each fault is in this run.
    Strength,
    /// How wrong the clock of a process is.
    Clock,
    /// From when on packets take at most how long.
    Timing,
    /// Whether a packet is altered, and how.
    Corrupt,
    /// Whether an old packet comes again, and which.
    Replay,
    /// Whether a packet comes in another's name, and whose.
    Forge,
    /// Whether a liar is silent or lies, and what it says.
    Lie,
    /// Which copy a full queue drops.
    Overflow,
    /// How long a disk takes to sync, what a crash leaves of what was not synced, and whether a disk is gone.
    Disk,
}

/// A probability, in parts of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Chance(pub u32);

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Always, by an engine that knows probabilities.
    pub const ALWAYS: Self = Self(1_000_000);

    /// `percent` in a hundred.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self(percent.saturating_mul(10_000))
    }
}

/// The one source of choice: everything that the world decides, it asks here.
///
/// Choice 0 is always the calm one (deliver, once, at once, no crash), so that an exhausted tape or an all-zero input is a calm run.
///
/// Engines: [`Seeded`](crate::Seeded) draws, [`Replay`](crate::Replay) plays a recorded [`Tape`](crate::Tape) back, [`Bytes`](crate::Bytes) reads
/// what a fuzzer gives, [`Recorded`](crate::Recorded) writes down what another engine chooses. Whoever enumerates all runs implements this trait: the
/// number of options is there for it.
pub trait Chooser {
    /// At this site, which of `options`? The answer is below `options`, which is at least 1.
    fn choose(&mut self, site: Site, options: u32) -> u32;

    /// At this site, does it happen? An engine without probabilities takes it as a choice of two. What never happens is no choice, and is not asked.
    fn happens(&mut self, site: Site, chance: Chance) -> bool {
        chance > Chance::NEVER && self.choose(site, 2) == 1
    }
}

impl<C: Chooser + ?Sized> Chooser for &mut C {
    fn choose(&mut self, site: Site, options: u32) -> u32 {
        (**self).choose(site, options)
    }

    fn happens(&mut self, site: Site, chance: Chance) -> bool {
        (**self).happens(site, chance)
    }
}

impl<C: Chooser + ?Sized> Chooser for alloc::boxed::Box<C> {
    fn choose(&mut self, site: Site, options: u32) -> u32 {
        (**self).choose(site, options)
    }

    fn happens(&mut self, site: Site, chance: Chance) -> bool {
        (**self).happens(site, chance)
    }
}

/// A choice of a time is one of at most so many, so that two bytes of a fuzzer's make it.
pub(crate) const STEPS: u32 = 1 << 16;

/// The time that choice number `choice` of `options` stands for: zero for the first, `span` for the last.
pub(crate) fn fraction(span: Duration, choice: u32, options: u32) -> Duration {
    let last = u64::from(options.saturating_sub(1)).max(1);
    let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let part = match nanos.checked_mul(u64::from(choice)) {
        Some(product) => product / last,
        None => nanos / last * u64::from(choice),
    };
    Duration::from_nanos(part)
}

/// Chooses a time from zero to `span`. No time to choose is no choice.
pub(crate) fn draw(chooser: &mut impl Chooser, site: Site, span: Duration) -> Duration {
    let options = u32::try_from(span.as_nanos().saturating_add(1)).unwrap_or(u32::MAX).min(STEPS);
    if options <= 1 { Duration::ZERO } else { fraction(span, chooser.choose(site, options), options) }
}
