use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use alloc::string::{String, ToString as _};
use alloc::vec;

use tidings_clocks::Rank;

use crate::{Byzantine, Chance, Clocks, Disk, Faults, Links, Overflow, Partitions, Pauses, Spread, TimeOfDay, Timing};

/// A system model of the textbook, by name: of links, processes, clocks or time (Cachin, Guerraoui, Rodrigues 2011, chapter 2).
///
/// A model says one thing about a world, and leaves the rest as it is, so that several together say all: links that are fair-loss, processes that
/// recover, time that is partially synchronous ([`Faults::with`]). Each is a value with usual strengths, to be changed where others are wanted.
///
/// ```
/// use tidings_sim::{Chance, Faults, Model};
///
/// let faults = Faults::calm().with(Model::FairLoss).with(Model::CrashRecovery);
/// assert_eq!((faults.loss, faults.crashes), (Chance::percent(20), 2));
/// assert_eq!("fair-loss".parse(), Ok(Model::FairLoss));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Model {
    /// Links lose, repeat and alter nothing (2.4.4).
    PerfectLinks,
    /// Links lose a packet in five, repeat one in ten, and let them overtake each other within 1 to 20 ms; not more than ten in a row are lost, so
    /// that whoever goes on sending is heard (2.4.2).
    FairLoss,
    /// Links alter a packet in twenty, deliver as many again later, and as many in another's name (2.4.1).
    CorruptingLinks,
    /// Links hold 16 packets and carry 100,000 bytes in a second: what comes too fast waits, and of what is too much any packet is dropped: omission.
    BoundedLinks,
    /// Up to three partitions of half a second in the mean: symmetric and total, one-way, of one link, with a bridge, flapping.
    Partitions,
    /// One process crashes, and has stopped for ever (2.2.2).
    CrashStop,
    /// Two processes crash and come back within half a second, with what was durable; syncing takes up to 20 ms, seldom so long, and what was not
    /// synced is lost in half of the crashes (2.2.4).
    CrashRecovery,
    /// Processes stand still for 300 ms in the mean, up to three times, and go on believing that nothing happened.
    Pauses,
    /// The process of rank 0 lies: a packet in five is not sent, one in five says something else (2.2.6).
    Byzantine,
    /// Clocks start up to 5 s apart and drift by up to 100 millionths; the time of day is off by up to a second, jumps, is smeared, and stands still.
    WrongClocks,
    /// No bound on delays that a process can rely on: up to a second, seldom so long (2.5.1).
    Asynchronous,
    /// An unknown bound of at most 50 ms, after an unknown time of at most 3 s (2.5.3).
    PartiallySynchronous,
    /// Every packet that is not lost takes at most 20 ms (2.5.2).
    Synchronous,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::PerfectLinks,
        Self::FairLoss,
        Self::CorruptingLinks,
        Self::BoundedLinks,
        Self::Partitions,
        Self::CrashStop,
        Self::CrashRecovery,
        Self::Pauses,
        Self::Byzantine,
        Self::WrongClocks,
        Self::Asynchronous,
        Self::PartiallySynchronous,
        Self::Synchronous,
    ];

    /// What it is called in a scenario.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PerfectLinks => "perfect-links",
            Self::FairLoss => "fair-loss",
            Self::CorruptingLinks => "corrupting-links",
            Self::BoundedLinks => "bounded-links",
            Self::Partitions => "partitions",
            Self::CrashStop => "crash-stop",
            Self::CrashRecovery => "crash-recovery",
            Self::Pauses => "pauses",
            Self::Byzantine => "byzantine",
            Self::WrongClocks => "wrong-clocks",
            Self::Asynchronous => "asynchronous",
            Self::PartiallySynchronous => "partially-synchronous",
            Self::Synchronous => "synchronous",
        }
    }
}

impl Faults {
    /// These faults, with what `model` says in place of what they say about the same.
    #[must_use]
    pub fn with(mut self, model: Model) -> Self {
        let some = Chance::percent(5);
        match model {
            Model::PerfectLinks => {
                (self.loss, self.duplicate, self.links) = (Chance::NEVER, Chance::NEVER, Links::PERFECT);
            }
            Model::FairLoss => {
                (self.loss, self.duplicate) = (Chance::percent(20), Chance::percent(10));
                (self.min_delay, self.max_delay) = (Duration::from_millis(1), Duration::from_millis(20));
                self.links.losses_in_a_row = Some(10);
            }
            Model::CorruptingLinks => self.links = Links { corrupt: some, replay: some, forge: some, ..self.links },
            Model::BoundedLinks => {
                self.links = Links { queue: Some(16), overflow: Overflow::Any, bytes_per_second: Some(100_000), ..self.links };
            }
            Model::Partitions => {
                let often = Chance::percent(20);
                let (gap, length) = (Duration::from_millis(500), Duration::from_millis(500));
                self.partitions = Partitions { at_most: 3, gap, length, one_way: often, partial: often, bridge: often, flapping: often };
            }
            Model::CrashStop => (self.crashes, self.downtime) = (1, None),
            Model::CrashRecovery => {
                (self.crashes, self.downtime) = (2, Some(Duration::from_millis(500)));
                let half = Chance::percent(50);
                self.disk =
                    Disk { sync: Duration::from_millis(20), spread: Spread::HeavyTail, unsynced: half, torn: half, ..Disk::PERFECT };
            }
            Model::Pauses => {
                self.pauses = Pauses { at_most: 3, gap: Duration::from_millis(500), length: Duration::from_millis(300) };
            }
            Model::Byzantine => {
                self.byzantine = Byzantine { liars: vec![Rank(0)], silence: Chance::percent(20), lie: Chance::percent(20) };
            }
            Model::WrongClocks => {
                let second = Duration::from_secs(1);
                self.clocks = Clocks { ahead: Duration::from_secs(5), drift: 100 };
                self.time_of_day = TimeOfDay {
                    off: second,
                    at_most: 10,
                    gap: Duration::from_millis(200),
                    jump: second,
                    smear: Duration::from_millis(50),
                    frozen: second,
                    ..self.time_of_day
                };
            }
            Model::Asynchronous => {
                self.timing = Timing::Asynchronous;
                (self.max_delay, self.links.spread) = (Duration::from_secs(1), Spread::HeavyTail);
            }
            Model::PartiallySynchronous => {
                let (stabilises_within, bound) = (Duration::from_secs(3), Duration::from_millis(50));
                self.timing = Timing::PartiallySynchronous { stabilises_within, bound };
            }
            Model::Synchronous => self.timing = Timing::Synchronous { bound: Duration::from_millis(20) },
        }
        self
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no model has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAModel(pub String);

impl fmt::Display for NotAModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no system model {:?}; there are", self.0)?;
        Model::ALL.iter().enumerate().try_for_each(|(nth, model)| write!(f, "{} {model}", if nth == 0 { "" } else { "," }))
    }
}

impl core::error::Error for NotAModel {}

impl FromStr for Model {
    type Err = NotAModel;

    fn from_str(name: &str) -> Result<Self, NotAModel> {
        Self::ALL.into_iter().find(|model| model.name() == name).ok_or_else(|| NotAModel(name.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_model_has_a_name_of_its_own_that_is_read_back() {
        let names: BTreeSet<&str> = Model::ALL.into_iter().map(Model::name).collect();
        assert_eq!(names.len(), Model::ALL.len());
        assert!(Model::ALL.into_iter().all(|model| model.name().parse() == Ok(model)));
        let why = "asynchronuous".parse::<Model>().unwrap_err().to_string();
        assert!(why.starts_with("there is no system model \"asynchronuous\"; there are perfect-links, fair-loss,"), "{why}");
    }

    /// A model changes what it is about and nothing else: with perfect links after fair-loss ones, what was lossy is not.
    #[test]
    fn models_go_together() {
        let chaotic = Model::ALL.into_iter().rev().fold(Faults::calm(), Faults::with);
        assert_eq!((chaotic.loss, chaotic.links), (Chance::NEVER, Links::PERFECT));
        assert_ne!((chaotic.disk, chaotic.crashes), (Disk::PERFECT, 0));
        let names = [Model::FairLoss, Model::CrashRecovery, Model::WrongClocks, Model::Synchronous];
        let one = names.into_iter().fold(Faults::calm(), Faults::with);
        let other = names.into_iter().rev().fold(Faults::calm(), Faults::with);
        assert_eq!(one, other, "in any order, if they are about different things");
        for model in Model::ALL.into_iter().filter(|model| *model != Model::PerfectLinks) {
            assert_ne!(Faults::calm().with(model), Faults::calm(), "{model}");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn names_are_what_a_text_says() {
        for model in Model::ALL {
            assert_eq!(serde_json::to_value(model).unwrap(), model.name());
        }
        let why = serde_json::from_str::<Model>("\"fair\"").unwrap_err().to_string();
        assert!(why.contains("unknown variant `fair`, expected one of `perfect-links`, `fair-loss`"), "{why}");
    }
}
