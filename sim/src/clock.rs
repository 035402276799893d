use tidings_clocks::Time;

use crate::chooser::draw;
use crate::{Chooser, Clocks, Site};

/// A process's clock: some way ahead of the world's from the start, and a little faster or slower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Nanoseconds ahead when the world begins.
    pub(crate) ahead: u64,
    /// Microseconds gained in a second, or lost; more than −1,000,000.
    pub(crate) drift: i32,
}

impl Clocks {
    /// Chooses the clock of one process. What cannot be wrong is no choice.
    pub(crate) fn choose(self, chooser: &mut impl Chooser) -> Clock {
        let ahead = u64::try_from(draw(chooser, Site::Clock, self.ahead).as_nanos()).unwrap_or(u64::MAX);
        let most = self.drift.min(500_000);
        if most == 0 {
            return Clock { ahead, drift: 0 };
        }
        // 0, fast by 1, slow by 1, fast by 2, …: the calm choice is the first.
        let choice = i32::try_from(chooser.choose(Site::Clock, 2 * most + 1)).unwrap_or(0);
        let drift = (choice + 1) / 2;
        Clock { ahead, drift: if choice % 2 == 1 { drift } else { -drift } }
    }
}

impl Clock {
    /// What it says at a time of the world's.
    pub(crate) fn reading(self, world: Time) -> Time {
        if self.drift == 0 {
            return Time::from_nanos(world.as_nanos().saturating_add(self.ahead));
        }
        let run = u128::from(world.as_nanos()) * self.speed() / 1_000_000;
        Time::from_nanos(u64::try_from(run + u128::from(self.ahead)).unwrap_or(u64::MAX))
    }

    /// The first time of the world's at which it says `reading` or later.
    pub(crate) fn when(self, reading: Time) -> Time {
        let run = reading.as_nanos().saturating_sub(self.ahead);
        if self.drift == 0 {
            return Time::from_nanos(run);
        }
        let run = u128::from(run);
        let world = (run * 1_000_000).div_ceil(self.speed());
        Time::from_nanos(u64::try_from(world).unwrap_or(u64::MAX))
    }

    /// How far it runs in a million of the world's nanoseconds.
    fn speed(self) -> u128 {
        u128::try_from(1_000_000 + i64::from(self.drift)).unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seeded;

    #[test]
    fn a_reading_comes_at_its_first_time_and_not_before() {
        for seed in crate::seeds(2_000) {
            let mut chooser = Seeded::new(seed);
            let drift = if seed % 10 == 0 { 0 } else { i32::try_from(chooser.choose(Site::Clock, 1_000_001)).unwrap() - 500_000 };
            let clock = Clock { ahead: u64::from(chooser.choose(Site::Clock, 1_000)), drift };
            for nanos in [0, 1, 999, 1_000, u64::from(chooser.choose(Site::Clock, u32::MAX)), 1 << 50] {
                let reading = Time::from_nanos(nanos);
                let world = clock.when(reading);
                assert!(clock.reading(world) >= reading, "{clock:?} {nanos}");
                if let Some(before) = world.as_nanos().checked_sub(1) {
                    assert!(clock.reading(Time::from_nanos(before)) < reading, "{clock:?} {nanos}");
                }
            }
        }
    }

    #[test]
    fn a_clock_stops_at_the_end_of_time() {
        let clock = Clock { ahead: 5, drift: 100 };
        assert_eq!(clock.reading(Time::MAX), Time::MAX);
        assert!(clock.reading(clock.when(Time::MAX)) == Time::MAX);
        assert_eq!(Clock::default().when(Time::MAX), Time::MAX);
        assert_eq!(Clock { ahead: 7, drift: 0 }.when(Time::from_nanos(3)), Time::ZERO, "it said so from the start");
        assert_eq!(Clock { ahead: 0, drift: -500_000 }.when(Time::MAX), Time::MAX, "it never says so");
    }

    #[test]
    fn clocks_are_wrong_both_ways_within_their_bounds() {
        let clocks = Clocks { ahead: core::time::Duration::from_nanos(3), drift: 2 };
        let mut chooser = Seeded::new(1);
        let mut seen: alloc::vec::Vec<_> = (0..500).map(|_| clocks.choose(&mut chooser)).map(|clock| (clock.ahead, clock.drift)).collect();
        seen.sort_unstable();
        seen.dedup();
        let all: alloc::vec::Vec<_> = (0..=3).flat_map(|ahead| (-2..=2).map(move |drift| (ahead, drift))).collect();
        assert_eq!(seen, all);
        assert_eq!(Clocks::PERFECT.choose(&mut chooser), Clock::default());
    }
}
