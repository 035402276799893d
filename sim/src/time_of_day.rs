use core::time::Duration;

use tidings_clocks::{SlewedClock, Time, UnixTime};

use crate::chooser::draw;
use crate::clock::Clock;
use crate::{Chooser, Point, Site};

/// How wrong the time of day is that processes can read, beside their monotonic clocks ([`Clocks`](crate::Clocks)), which drive it.
///
/// A monotonic clock never runs back, and is what every input of a protocol carries. The time of day is another thing: somebody sets it, right or
/// wrong. Who needs it reads it from a handle ([`DayClock`](crate::DayClock)), and finds it off from the start, and changed by jumps forward and back,
/// by corrections that are smeared over a while, and by standing still.
///
/// Changes happen during the chaos phase only, and one after the other; what they did lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct TimeOfDay {
    /// What a clock that is right shows when the world begins.
    pub begins: UnixTime,
    /// How far a clock is off then, at most, either way.
    pub off: Duration,
    /// How many changes there are at most in a run, each of one process's clock. Each is one of those that the next three allow.
    pub at_most: u32,
    /// The mean time from the start of the run, or from the change before, to the next: uniform from 0 to twice this.
    pub gap: Duration,
    /// How far a clock jumps, forward or back, at most; zero: none jumps.
    pub jump: Duration,
    /// How much a clock is corrected without a jump, forward or back, at most; zero: none is.
    pub smear: Duration,
    /// How many millionths a clock that is being corrected runs faster or slower; 500,000 if this is more.
    pub smear_ppm: u32,
    /// For how long a clock stands still, at most, to go on from there; zero: none does.
    pub frozen: Duration,
}

impl TimeOfDay {
    /// All clocks show the true time, and the world begins in 2026.
    pub const RIGHT: Self = Self {
        begins: UnixTime::from_seconds(1_767_225_600),
        off: Duration::ZERO,
        at_most: 0,
        gap: Duration::ZERO,
        jump: Duration::ZERO,
        smear: Duration::ZERO,
        smear_ppm: 500,
        frozen: Duration::ZERO,
    };

    /// The clock of one process, which is off as chosen.
    pub(crate) fn choose(&self, chooser: &mut impl Chooser, clock: Clock) -> ShownTime {
        let off = draw(chooser, Site::Clock, self.off);
        let forward = off.is_zero() || chooser.choose(Site::Clock, 2) == 0;
        let shown = moved(self.begins, off, forward);
        ShownTime {
            slewed: SlewedClock::new(clock.reading(Time::ZERO), shown, self.smear_ppm),
            frozen_until: Time::ZERO,
            jumped: None,
            smear_ppm: self.smear_ppm,
        }
    }

    /// Chooses what changes about a clock, and by how much. The calm choice is nothing.
    pub(crate) fn choose_change(&self, chooser: &mut impl Chooser) -> Option<(Change, Duration)> {
        let all = [
            (Change::Jump { forward: true }, self.jump),
            (Change::Jump { forward: false }, self.jump),
            (Change::Smear { forward: true }, self.smear),
            (Change::Smear { forward: false }, self.smear),
            (Change::Freeze, self.frozen),
        ];
        let mut possible = all.into_iter().filter(|(_, most)| !most.is_zero());
        let options = u32::try_from(possible.clone().count()).unwrap_or(0) + 1;
        let nth = chooser.choose(Site::Clock, options).checked_sub(1)?;
        let (change, most) = possible.nth(nth as usize)?;
        Some((change, draw(chooser, Site::Clock, most)))
    }
}

impl Default for TimeOfDay {
    /// [`TimeOfDay::RIGHT`].
    fn default() -> Self {
        Self::RIGHT
    }
}

/// What happens to a clock of the time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Somebody sets it.
    Jump { forward: bool },
    /// Somebody corrects it, and it makes up for that little by little.
    Smear { forward: bool },
    /// It stands still, and goes on from there.
    Freeze,
}

/// What the clock of one process shows of the time of day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShownTime {
    slewed: SlewedClock,
    /// Until when, in the world's time, it stands still.
    frozen_until: Time,
    /// It jumped so, and its process had no input since.
    jumped: Option<Point>,
    smear_ppm: u32,
}

impl ShownTime {
    /// What it shows when the process's monotonic clock says `reading`.
    pub(crate) fn now(&self, reading: Time) -> UnixTime {
        self.slewed.now(reading)
    }

    /// Shows `shown` from the reading on, standing still before that.
    pub(crate) fn set(&mut self, reading: Time, shown: UnixTime) {
        let before = self.now(reading);
        self.slewed = SlewedClock::new(reading, shown, self.smear_ppm);
        self.frozen_until = Time::ZERO;
        self.jumped = match shown.cmp(&before) {
            core::cmp::Ordering::Less => Some(Point::TimeOfDayJumpedBack),
            core::cmp::Ordering::Equal => None,
            core::cmp::Ordering::Greater => Some(Point::TimeOfDayJumpedForward),
        };
    }

    /// Comes to `target` without a jump.
    pub(crate) fn smear(&mut self, reading: Time, target: UnixTime) {
        self.slewed.correct(reading, target);
    }

    /// Stands still until `until`, when the process's monotonic clock will say `then`.
    pub(crate) fn freeze(&mut self, reading: Time, until: Time, then: Time) {
        // A slewed clock shows what it began with until its first reading has come.
        self.slewed = SlewedClock::new(then, self.now(reading), self.smear_ppm);
        self.frozen_until = until;
    }

    /// What of all this an input meets.
    pub(crate) fn met(&mut self, now: Time, reading: Time) -> [Option<Point>; 2] {
        let going = if now < self.frozen_until {
            Some(Point::TimeOfDayFrozen)
        } else {
            (self.slewed.pending(reading) != 0).then_some(Point::TimeOfDaySmeared)
        };
        [self.jumped.take(), going]
    }
}

/// `time`, so much later or earlier; the nearest that can be said.
pub(crate) fn moved(time: UnixTime, by: Duration, forward: bool) -> UnixTime {
    let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    UnixTime::from_nanos(if forward { time.as_nanos().saturating_add(by) } else { time.as_nanos().saturating_sub(by) })
}
