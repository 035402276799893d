use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::{Chance, Chooser, Site};

/// The choices of one run, site by site, in the order in which they were made.
///
/// Replaying by tape outlives changes of generators. The sites have a track each, so that taking a choice out of one moves no choice of another: that
/// is how a failing run shrinks. What is past the end of a track is 0, the calm choice, so an empty tape is a calm run and trailing zeros mean
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tape {
    /// The choices made at each site.
    pub tracks: BTreeMap<Site, Vec<u32>>,
}

impl Tape {
    /// Writes one choice to the end of its track.
    pub fn push(&mut self, site: Site, choice: u32) {
        self.tracks.entry(site).or_default().push(choice);
    }

    /// How many choices are on all tracks together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tracks.values().map(Vec::len).sum()
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tracks.values().all(Vec::is_empty)
    }

    /// How many choices are not the calm one.
    #[must_use]
    pub fn wild(&self) -> usize {
        self.tracks.values().flatten().filter(|choice| **choice != 0).count()
    }
}

impl fmt::Display for Tape {
    /// The choices that are not the calm one, as `place:choice` on their tracks: `Lose 0:1, Delay 1:17 3:2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (site, track) in &self.tracks {
            let mut wild = track.iter().enumerate().filter(|(_, choice)| **choice != 0).peekable();
            if wild.peek().is_some() {
                write!(f, "{separator}{site:?}")?;
                separator = ", ";
            }
            for (place, choice) in wild {
                write!(f, " {place}:{choice}")?;
            }
        }
        Ok(())
    }
}

/// Plays a [`Tape`] back. A choice that is out of range there becomes the last option.
#[derive(Clone, Debug)]
pub struct Replay {
    tape: Tape,
    played: BTreeMap<Site, usize>,
}

impl Replay {
    /// From the beginning.
    #[must_use]
    pub const fn new(tape: Tape) -> Self {
        Self { tape, played: BTreeMap::new() }
    }

    /// The tape.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }
}

impl Chooser for Replay {
    fn choose(&mut self, site: Site, options: u32) -> u32 {
        let next = self.played.entry(site).or_default();
        let choice = self.tape.tracks.get(&site).and_then(|track| track.get(*next)).copied().unwrap_or(0);
        *next += 1;
        choice.min(options.saturating_sub(1))
    }
}

/// Lets another engine choose, and writes down what it chose.
#[derive(Clone, Debug)]
pub struct Recorded<C> {
    chooser: C,
    tape: Tape,
}

impl<C: Chooser> Recorded<C> {
    /// Records `chooser` from here on.
    #[must_use]
    pub const fn new(chooser: C) -> Self {
        Self { chooser, tape: Tape { tracks: BTreeMap::new() } }
    }

    /// What was chosen so far.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The engine, and what it chose.
    #[must_use]
    pub fn into_parts(self) -> (C, Tape) {
        (self.chooser, self.tape)
    }
}

impl<C: Chooser> Chooser for Recorded<C> {
    fn choose(&mut self, site: Site, options: u32) -> u32 {
        let choice = self.chooser.choose(site, options);
        self.tape.push(site, choice);
        choice
    }

    fn happens(&mut self, site: Site, chance: Chance) -> bool {
        if chance == Chance::NEVER {
            return false;
        }
        let happens = self.chooser.happens(site, chance);
        self.tape.push(site, u32::from(happens));
        happens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_tape_is_read_aloud_by_what_is_not_calm() {
        let mut tape = Tape::default();
        for choice in [0, 17, 0, 2, 0] {
            tape.push(Site::Delay, choice);
        }
        tape.push(Site::Crash, 0);
        tape.push(Site::Lose, 1);
        assert_eq!(tape.to_string(), "Lose 0:1, Delay 1:17 3:2");
        assert_eq!((tape.len(), tape.wild(), tape.is_empty()), (7, 3, false));
        assert_eq!(Tape::default().to_string(), "");
    }

    #[test]
    fn tracks_are_played_apart_and_end_calm() {
        let mut tape = Tape::default();
        tape.push(Site::Delay, 5);
        tape.push(Site::Lose, 1);
        tape.push(Site::Delay, 9);
        let mut replay = Replay::new(tape);
        assert_eq!([replay.choose(Site::Delay, 10), replay.choose(Site::Delay, 8), replay.choose(Site::Delay, 8)], [5, 7, 0]);
        assert!(replay.happens(Site::Lose, Chance::percent(1)) && !replay.happens(Site::Lose, Chance::percent(99)));
        assert_eq!(replay.choose(Site::Crash, 4), 0);
    }
}
