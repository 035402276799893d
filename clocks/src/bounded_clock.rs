use crate::{Time, TimeInterval, UnixTime};

/// Two statements about the true time contradict each other: one of their sources is wrong. The clock is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("by this clock it is {own}, by the new source {source_says}")]
pub struct Contradiction {
    /// What this clock says of that moment.
    pub own: TimeInterval,
    /// What the source says of it.
    pub source_says: TimeInterval,
}

/// A clock that knows how wrong it is: the true time is in an interval, which widens until the clock is synchronised again.
///
/// It is told once in a while what the true time was, within bounds, at some reading of the local monotonic clock (see [`RoundTrip`](crate::RoundTrip)); in between it assumes of that clock only
/// that it gains or loses no more than a stated rate. Then `now` always contains the true time. (Corbett and others, *Spanner*, 2012, section 3; commit wait: section 4.1.2.)
/// All operations are O(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundedClock {
    /// A reading of the local clock.
    at: Time,
    /// When that was, in true time.
    then: TimeInterval,
    /// How many millionths the local clock may gain or lose.
    drift_ppm: u32,
}

impl BoundedClock {
    /// A clock synchronised once: at the local reading `at` the true time was in `then`. The local clock gains or loses at most `drift_ppm` millionths (a quartz some tens;
    /// from half a million on, half a million is meant).
    #[must_use]
    pub fn new(at: Time, then: TimeInterval, drift_ppm: u32) -> Self {
        Self { at, then, drift_ppm: drift_ppm.min(MAX_DRIFT_PPM) }
    }

    /// Takes in that at the local reading `at` the true time was in `then`, from any source that is trusted; what was known before stays true.
    ///
    /// # Errors
    /// [`Contradiction`] if both cannot be true; the clock is unchanged.
    pub fn synchronise(&mut self, at: Time, then: TimeInterval) -> Result<(), Contradiction> {
        // What is known is known of the later of the two moments, so that it does not widen backwards.
        let later = at.max(self.at);
        let own = self.now(later);
        let source_says = Self { at, then, drift_ppm: self.drift_ppm }.now(later);
        let then = own.intersection(&source_says).ok_or(Contradiction { own, source_says })?;
        (self.at, self.then) = (later, then);
        Ok(())
    }

    /// When it is now, or was, at the local reading `now`.
    #[must_use]
    pub fn now(&self, now: Time) -> TimeInterval {
        let (slow, fast) = if now >= self.at {
            elapsed(now.as_nanos() - self.at.as_nanos(), self.drift_ppm)
        } else {
            let (slow, fast) = elapsed(self.at.as_nanos() - now.as_nanos(), self.drift_ppm);
            (-fast, -slow)
        };
        self.then.moved(slow, fast)
    }

    /// Whether `time` has certainly passed.
    #[must_use]
    pub fn after(&self, time: UnixTime, now: Time) -> bool {
        self.now(now).earliest() > time
    }

    /// Whether `time` has certainly not come yet.
    #[must_use]
    pub fn before(&self, time: UnixTime, now: Time) -> bool {
        self.now(now).latest() < time
    }

    /// Commit wait: the first local reading at which [`after`](BoundedClock::after)`(time)` holds, if the clock is not synchronised before. `None` if it never does.
    ///
    /// Who stamps an event with `now.latest()` and makes it visible only from then on, makes stamps agree with the order in which events are seen to happen.
    #[must_use]
    pub fn passes(&self, time: UnixTime) -> Option<Time> {
        let holds = |reading: u64| self.after(time, Time::from_nanos(reading));
        if !holds(u64::MAX) {
            return None;
        }
        // `after` is monotonic in the reading: its first is found by halving, in at most 64 steps and with the arithmetic of `now` itself.
        let (mut below, mut holding) = (0, u64::MAX);
        if holds(below) {
            return Some(Time::ZERO);
        }
        while holding - below > 1 {
            let middle = below.midpoint(holding);
            if holds(middle) {
                holding = middle;
            } else {
                below = middle;
            }
        }
        Some(Time::from_nanos(holding))
    }

    /// How many millionths the local clock is assumed to gain or lose at most.
    #[must_use]
    pub const fn drift_ppm(&self) -> u32 {
        self.drift_ppm
    }
}

/// Half the speed of a true clock, and its double, are the worst that can be said.
pub(crate) const MAX_DRIFT_PPM: u32 = 500_000;

/// The least and the most true time that passes while a clock with this drift counts `nanos`: it runs at a rate between 1 - ρ and 1 + ρ.
pub(crate) fn elapsed(nanos: u64, drift_ppm: u32) -> (i128, i128) {
    const MILLION: i128 = 1_000_000;
    let (nanos, drift) = (i128::from(nanos), i128::from(drift_ppm.min(MAX_DRIFT_PPM)));
    // Rounded outwards.
    (nanos * MILLION / (MILLION + drift), (nanos * MILLION + MILLION - drift - 1) / (MILLION - drift))
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    /// The true time at a local reading, for a clock that started at `start` and runs at a rate of 1 + drift/10⁶.
    fn truth(reading: u64, start: u64, drift: i64) -> UnixTime {
        let elapsed = i128::from(reading) * 1_000_000 / i128::from(1_000_000 + drift);
        UnixTime::from_nanos(start + u64::try_from(elapsed).unwrap())
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// However the local clock drifts within its bound, and whatever sources say that is true: the true time is in the interval always, and waiting is long enough.
        #[test]
        fn the_true_time_is_in_the_interval_always(
            drift in -200_i64..=200,
            start in 1_000_000_u64..1 << 60,
            readings in prop::collection::vec((0_u64..1 << 40, 0_u64..1 << 30, 0_u64..1 << 30, any::<bool>()), 1..30),
        ) {
            let first = TimeInterval::around(truth(0, start, drift), Duration::from_nanos(1_000));
            let mut clock = BoundedClock::new(Time::ZERO, first, 200);
            for (reading, before, after, synchronise) in readings {
                let (now, true_time) = (Time::from_nanos(reading), truth(reading, start, drift));
                if synchronise {
                    let says = TimeInterval::new(UnixTime::from_nanos(true_time.as_nanos().saturating_sub(before)), UnixTime::from_nanos(true_time.as_nanos() + after + 1));
                    prop_assert_eq!(clock.synchronise(now, says.unwrap()), Ok(()));
                }
                // The truth is rounded down to whole nanoseconds, the bounds outwards.
                let interval = clock.now(now);
                prop_assert!(interval.earliest() <= true_time && true_time <= interval.latest(), "{interval} without {true_time}");
                prop_assert!(!clock.after(true_time, now) && !clock.before(true_time, now));
                let commit = interval.latest();
                let passes = clock.passes(commit).unwrap();
                prop_assert!(clock.after(commit, passes));
                prop_assert!(!clock.after(commit, Time::from_nanos(passes.as_nanos() - 1)));
                prop_assert!(truth(passes.as_nanos(), start, drift) >= commit);
            }
        }
    }

    #[test]
    fn widens_with_the_drift_both_ways() {
        let clock = BoundedClock::new(Time::from_millis(5_000), TimeInterval::around(UnixTime::from_seconds(100), Duration::ZERO), 100);
        let later = clock.now(Time::from_millis(15_000));
        assert!(later.contains(UnixTime::from_seconds(110)));
        assert!(later.error() >= Duration::from_micros(999) && later.error() <= Duration::from_micros(1_001));
        let earlier = clock.now(Time::ZERO);
        assert!(earlier.contains(UnixTime::from_seconds(95)));
        assert!(earlier.error() >= Duration::from_micros(499) && earlier.error() <= Duration::from_micros(501));
    }

    /// A true clock may count nothing, or two, while one that may be wrong by a millionth counts a nanosecond.
    #[test]
    fn bounds_are_rounded_outwards() {
        let clock = BoundedClock::new(Time::ZERO, TimeInterval::around(UnixTime::from_nanos(100), Duration::ZERO), 1);
        let now = clock.now(Time::from_nanos(1));
        assert_eq!((now.earliest(), now.latest()), (UnixTime::from_nanos(100), UnixTime::from_nanos(102)));
    }

    /// At its ends an interval still allows the moment: it has neither passed nor is it to come.
    #[test]
    fn the_ends_of_the_interval_are_not_certain() {
        let clock = BoundedClock::new(Time::ZERO, TimeInterval::new(UnixTime::from_nanos(100), UnixTime::from_nanos(110)).unwrap(), 0);
        let says = |nanos| (clock.after(UnixTime::from_nanos(nanos), Time::ZERO), clock.before(UnixTime::from_nanos(nanos), Time::ZERO));
        assert_eq!([99, 100, 110, 111].map(says), [(true, false), (false, false), (false, false), (false, true)]);
    }

    /// What is learned late of an earlier moment does not make the clock forget what it knows of now.
    #[test]
    fn a_late_answer_widens_nothing() {
        let exact = TimeInterval::around(UnixTime::from_seconds(110), Duration::ZERO);
        let mut clock = BoundedClock::new(Time::from_millis(10_000), exact, 100);
        clock.synchronise(Time::ZERO, TimeInterval::around(UnixTime::from_seconds(100), Duration::from_secs(1))).unwrap();
        assert_eq!(clock.now(Time::from_millis(10_000)), exact);
    }

    #[test]
    fn a_source_that_contradicts_changes_nothing() {
        let mut clock = BoundedClock::new(Time::ZERO, TimeInterval::around(UnixTime::from_seconds(100), Duration::from_secs(1)), 100);
        let before = clock;
        assert!(clock.synchronise(Time::ZERO, TimeInterval::around(UnixTime::from_seconds(103), Duration::from_millis(500))).is_err());
        assert_eq!(clock, before);
        clock.synchronise(Time::ZERO, TimeInterval::around(UnixTime::from_seconds(101), Duration::from_millis(500))).unwrap();
        assert_eq!(clock.now(Time::ZERO).error(), Duration::from_millis(250));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let clock = BoundedClock::new(Time::MAX, TimeInterval::around(UnixTime::MAX, Duration::MAX), u32::MAX);
        assert_eq!(clock.drift_ppm(), MAX_DRIFT_PPM);
        assert_eq!(clock.now(Time::ZERO).earliest(), UnixTime::EPOCH);
        assert_eq!(clock.passes(UnixTime::MAX), None);
        let early = BoundedClock::new(Time::ZERO, TimeInterval::around(UnixTime::from_seconds(9), Duration::ZERO), 0);
        assert_eq!(early.passes(UnixTime::from_seconds(8)), Some(Time::ZERO));
    }
}
