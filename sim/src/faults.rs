use alloc::vec::Vec;
use core::time::Duration;

use tidings_clocks::Rank;

use crate::{Byzantine, Chance, Chooser, Disk, Links, Site, TimeOfDay, Timing};

/// Partitions that come by themselves: the processes fall into two sides that do not hear each other, and later they do again. By default they are
/// symmetric and total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Partitions {
    /// How many there are at most in a run, one after the other.
    pub at_most: u32,
    /// The mean time from the start of the run, or from the end of the partition before, to the next: uniform from 0 to twice this.
    pub gap: Duration,
    /// The mean length of one: uniform from 0 to twice this.
    pub length: Duration,
    /// How likely a partition cuts one direction only.
    pub one_way: Chance,
    /// How likely it cuts just one link, while both its ends reach all others.
    pub partial: Chance,
    /// How likely one process stays on both sides: a bridge between two halves that do not hear each other.
    pub bridge: Chance,
    /// How likely it flaps: it is there and gone in turn, two to five times within its length, each for as long as the others.
    pub flapping: Chance,
}

impl Partitions {
    /// None.
    pub const NONE: Self = Self {
        at_most: 0,
        gap: Duration::ZERO,
        length: Duration::ZERO,
        one_way: Chance::NEVER,
        partial: Chance::NEVER,
        bridge: Chance::NEVER,
        flapping: Chance::NEVER,
    };
}

/// Pauses that come by themselves: a process stands still and goes on believing that nothing happened. Its messages wait for it, its deadlines pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Pauses {
    /// How many there are at most in a run, one after the other.
    pub at_most: u32,
    /// The mean time from the start of the run, or from the end of the pause before, to the next: uniform from 0 to twice this.
    pub gap: Duration,
    /// The mean length of one: uniform from 0 to twice this.
    pub length: Duration,
}

impl Pauses {
    /// None.
    pub const NONE: Self = Self { at_most: 0, gap: Duration::ZERO, length: Duration::ZERO };
}

/// How far the clocks of the processes may be from the world's and from each other. They are monotonic clocks: they do not jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Clocks {
    /// How far a clock is ahead at the start of the run, at most.
    pub ahead: Duration,
    /// How many parts of a million a clock is too fast or too slow, at most; 500,000 if this is more. Quartz does 100.
    pub drift: u32,
}

impl Clocks {
    /// All clocks are the world's.
    pub const PERFECT: Self = Self { ahead: Duration::ZERO, drift: 0 };
}

/// What may go wrong in a run: the model of links, processes and detection.
///
/// Losses, repetitions, partitions, pauses and crashes happen during the chaos phase only, the first [`chaos`](Faults::chaos) of the run. Then
/// everything heals, and liveness can be judged; delays go on, within the same bounds. What a script does to a world (cuts, crashes) is not bound to
/// the phase.
///
/// With the feature `serde`, what a text does not say is as in [`Faults::calm`], and what this does not know is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Faults {
    /// How likely a packet is lost.
    pub loss: Chance,
    /// How likely a packet that is not lost arrives twice, each time with a delay of its own.
    pub duplicate: Chance,
    /// The shortest delay of a packet.
    pub min_delay: Duration,
    /// The longest. Packets overtake each other within these two; if it is less than the shortest, every packet takes the shortest.
    pub max_delay: Duration,
    /// What else links do.
    pub links: Links,
    /// What is known about delays.
    pub timing: Timing,
    /// Who lies, and how.
    pub byzantine: Byzantine,
    /// Partitions that come by themselves.
    pub partitions: Partitions,
    /// Pauses that come by themselves.
    pub pauses: Pauses,
    /// How many processes crash, at most; each once, between two packets or effects of one input.
    pub crashes: u32,
    /// Within what time a process that crashed so comes back; `None`: it has stopped for ever.
    pub downtime: Option<Duration>,
    /// Processes that do not crash by themselves, such as a sequencer.
    pub protected: Vec<Rank>,
    /// The time within which every live process is told that another one has crashed, unless that has come back; a paused process is told when it
    /// goes on. `None`: nobody is ever told. Packets of the crashed process may still arrive after that.
    pub detection: Option<Duration>,
    /// What becomes of the records of processes.
    pub disk: Disk,
    /// How wrong clocks are, through all of the run: nothing heals a clock.
    pub clocks: Clocks,
    /// How wrong the time of day is, which is another thing.
    pub time_of_day: TimeOfDay,
    /// How long the chaos phase lasts.
    pub chaos: Duration,
}

impl Faults {
    /// No faults. Every packet takes 1 ms; a crash made by a script is known after at most 50 ms. The chaos phase lasts 10 s, for what is changed in
    /// this.
    #[must_use]
    pub const fn calm() -> Self {
        Self {
            loss: Chance::NEVER,
            duplicate: Chance::NEVER,
            min_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(1),
            links: Links::PERFECT,
            timing: Timing::Asynchronous,
            byzantine: Byzantine::NOBODY,
            partitions: Partitions::NONE,
            pauses: Pauses::NONE,
            crashes: 0,
            downtime: None,
            protected: Vec::new(),
            detection: Some(Duration::from_millis(50)),
            disk: Disk::PERFECT,
            clocks: Clocks::PERFECT,
            time_of_day: TimeOfDay::RIGHT,
            chaos: Duration::from_secs(10),
        }
    }

    /// Fair-loss links: one packet in five is lost, one in ten repeated, and they overtake each other (1 to 20 ms). Nobody crashes. 10 s of it.
    #[must_use]
    pub const fn lossy() -> Self {
        Self {
            loss: Chance::percent(20),
            duplicate: Chance::percent(10),
            min_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(20),
            links: Links::PERFECT,
            timing: Timing::Asynchronous,
            byzantine: Byzantine::NOBODY,
            partitions: Partitions::NONE,
            pauses: Pauses::NONE,
            crashes: 0,
            downtime: None,
            protected: Vec::new(),
            detection: Some(Duration::from_millis(50)),
            disk: Disk::PERFECT,
            clocks: Clocks::PERFECT,
            time_of_day: TimeOfDay::RIGHT,
            chaos: Duration::from_secs(10),
        }
    }

    /// Everything at once, for 10 s: three packets in ten lost, two in ten repeated, 0.1 to 200 ms late, up to three partitions of half a second in
    /// the mean, one crash, known after at most half a second.
    #[must_use]
    pub const fn wild() -> Self {
        Self {
            loss: Chance::percent(30),
            duplicate: Chance::percent(20),
            min_delay: Duration::from_micros(100),
            max_delay: Duration::from_millis(200),
            links: Links::PERFECT,
            timing: Timing::Asynchronous,
            byzantine: Byzantine::NOBODY,
            partitions: Partitions { at_most: 3, gap: Duration::from_millis(500), length: Duration::from_millis(500), ..Partitions::NONE },
            pauses: Pauses::NONE,
            crashes: 1,
            downtime: None,
            protected: Vec::new(),
            detection: Some(Duration::from_millis(500)),
            disk: Disk::PERFECT,
            clocks: Clocks::PERFECT,
            time_of_day: TimeOfDay::RIGHT,
            chaos: Duration::from_secs(10),
        }
    }

    /// These faults, but `rank` does not crash by itself.
    #[must_use]
    pub fn protecting(mut self, rank: Rank) -> Self {
        self.protected.push(rank);
        self
    }

    /// Faults from none to these, each as strong as chosen, so that some runs are calm, some wild, and some wild in one respect only.
    ///
    /// Probabilities and delays come in quarters, numbers one by one; capacities are there or not. Chosen at [`Site::Strength`]; nothing else changes,
    /// and what is not among these faults is no choice.
    #[must_use]
    pub fn varied(&self, chooser: &mut (impl Chooser + ?Sized)) -> Self {
        let mut quarters = || chooser.choose(Site::Strength, 5);
        let loss = Chance(self.loss.0 / 4 * quarters());
        let duplicate = Chance(self.duplicate.0 / 4 * quarters());
        let max_delay = self.min_delay + self.max_delay.saturating_sub(self.min_delay) / 4 * quarters();
        let clocks = Clocks { ahead: self.clocks.ahead / 4 * quarters(), drift: self.clocks.drift / 4 * quarters() };
        let mut of =
            |chance: Chance| if chance == Chance::NEVER { chance } else { Chance(chance.0 / 4 * chooser.choose(Site::Strength, 5)) };
        let (corrupt, replay, forge) = (of(self.links.corrupt), of(self.links.replay), of(self.links.forge));
        let (unsynced, lost) = (of(self.disk.unsynced), of(self.disk.lost));
        let (silence, lie) = (of(self.byzantine.silence), of(self.byzantine.lie));
        let mut up_to = |most: u32| chooser.choose(Site::Strength, most.saturating_add(1));
        let partitions = Partitions { at_most: up_to(self.partitions.at_most), ..self.partitions };
        let pauses = Pauses { at_most: up_to(self.pauses.at_most), ..self.pauses };
        let crashes = up_to(self.crashes);
        let at_most = if self.time_of_day.at_most == 0 { 0 } else { up_to(self.time_of_day.at_most) };
        let time_of_day = TimeOfDay { at_most, ..self.time_of_day };
        let mut is_there = |is_any: bool| is_any && chooser.choose(Site::Strength, 2) == 1;
        let links = Links {
            losses_in_a_row: self.links.losses_in_a_row.filter(|_| is_there(true)),
            queue: self.links.queue.filter(|_| is_there(true)),
            bytes_per_second: self.links.bytes_per_second.filter(|_| is_there(true)),
            corrupt,
            replay,
            forge,
            ..self.links
        };
        let sync = if is_there(!self.disk.sync.is_zero()) { self.disk.sync } else { Duration::ZERO };
        let disk = Disk { sync, unsynced, lost, room: self.disk.room.filter(|_| is_there(true)), ..self.disk };
        let byzantine = Byzantine { silence, lie, ..self.byzantine.clone() };
        let timing = if is_there(self.timing != Timing::Asynchronous) { self.timing } else { Timing::Asynchronous };
        Self {
            loss,
            duplicate,
            max_delay,
            links,
            timing,
            byzantine,
            partitions,
            pauses,
            crashes,
            disk,
            clocks,
            time_of_day,
            ..self.clone()
        }
    }

    /// These faults, but nobody crashes by itself.
    #[must_use]
    pub const fn without_crashes(mut self) -> Self {
        self.crashes = 0;
        self
    }
}

impl Default for Faults {
    /// [`Faults::calm`].
    fn default() -> Self {
        Self::calm()
    }
}
