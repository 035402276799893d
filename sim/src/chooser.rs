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
    /// On which side of it a process is.
    Side,
    /// Whether and when a process crashes, and between which two effects.
    Crash,
    /// How long until a crash is known.
    Detection,
    /// What an application does next, and when.
    Application,
}

/// A probability, in parts of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Chance(pub u32);

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);

    /// `percent` in a hundred.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self(percent.saturating_mul(10_000))
    }
}

/// The one source of choice: everything that the world decides, it asks here.
///
/// Choice 0 is always the calm one (deliver, once, at once, no crash), so that an exhausted tape or an all-zero input is a calm run.
pub trait Chooser {
    /// At this site, which of `options`? The answer is below `options`, which is at least 1.
    fn choose(&mut self, site: Site, options: u32) -> u32;

    /// At this site, does it happen? An engine without probabilities takes it as a choice of two.
    fn happens(&mut self, site: Site, chance: Chance) -> bool {
        chance > Chance::NEVER && self.choose(site, 2) == 1
    }
}
