use crate::time_interval::shifted;
use crate::{Time, UnixTime};

/// A time of day that is corrected without a jump: it runs a little faster or slower until it is right, and never back.
///
/// The local monotonic clock drives it. A correction is worked off at a rate of so many millionths; while it is, the clock shows between 1 − r and 1 + r nanoseconds for
/// each of the local clock. (Cristian 1989, section 4, there amortisation.) All operations are O(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlewedClock {
    /// A reading of the local clock.
    at: Time,
    /// What was shown then.
    shown: UnixTime,
    /// How much is to be made up for, in nanoseconds: positive if the clock was behind.
    pending: i128,
    /// How many millionths faster or slower the clock may run. Less than a million.
    rate_ppm: u32,
}

impl SlewedClock {
    /// A clock that shows `shown` at the local reading `at`, and is corrected by `rate_ppm` millionths: 500 is usual; half a million at most.
    #[must_use]
    pub fn new(at: Time, shown: UnixTime, rate_ppm: u32) -> Self {
        Self { at, shown, pending: 0, rate_ppm: rate_ppm.min(500_000) }
    }

    /// Learns that it is `target` at the local reading `at`, and begins to correct itself to that; what was to be corrected before is forgotten. If `at` is before
    /// the last correction, nothing changes.
    pub fn correct(&mut self, at: Time, target: UnixTime) {
        if at >= self.at {
            let shown = self.now(at);
            self.pending = i128::from(target.as_nanos()) - i128::from(shown.as_nanos());
            (self.at, self.shown) = (at, shown);
        }
    }

    /// What the clock shows at the local reading `now`; before the last correction, what it showed then. Never decreases.
    #[must_use]
    pub fn now(&self, now: Time) -> UnixTime {
        let passed = i128::from(now.as_nanos().saturating_sub(self.at.as_nanos()));
        let most = passed * i128::from(self.rate_ppm) / 1_000_000;
        shifted(self.shown, passed + self.pending.clamp(-most, most))
    }

    /// How much is still to be corrected at the local reading `now`, in nanoseconds: positive if the clock is behind.
    #[must_use]
    pub fn pending(&self, now: Time) -> i128 {
        let passed = i128::from(now.as_nanos().saturating_sub(self.at.as_nanos()));
        let most = passed * i128::from(self.rate_ppm) / 1_000_000;
        self.pending - self.pending.clamp(-most, most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// However it is corrected, the clock never runs back, never faster or slower than its rate allows, and comes to what it was last told.
        #[test]
        fn never_runs_back(
            rate in 0_u32..600_000,
            steps in prop::collection::vec((0_u64..1 << 34, prop::option::of(prop_oneof![any::<u64>(), 1_u64 << 50..(1 << 50) + (1 << 36)])), 1..40),
        ) {
            let mut clock = SlewedClock::new(Time::ZERO, UnixTime::from_nanos(1 << 50), rate);
            let (mut reading, mut last) = (0, 1_u64 << 50);
            let rate = u128::from(rate.min(500_000));
            for (rest, target) in steps {
                reading += rest;
                let now = Time::from_nanos(reading);
                let shown = clock.now(now).as_nanos();
                prop_assert!(shown >= last);
                let allowed = u128::from(rest) * rate / 1_000_000 + 1;
                prop_assert!(u128::from((shown - last).abs_diff(rest)) <= allowed);
                last = shown;
                if let Some(target) = target {
                    clock.correct(now, UnixTime::from_nanos(target));
                    prop_assert_eq!(clock.now(now).as_nanos(), shown);
                    prop_assert_eq!(clock.pending(now), i128::from(target) - i128::from(shown));
                }
            }
        }
    }

    #[test]
    fn comes_to_what_it_was_told_and_then_runs_evenly() {
        let mut clock = SlewedClock::new(Time::ZERO, UnixTime::from_millis(1_000), 500);
        clock.correct(Time::ZERO, UnixTime::from_millis(995));
        assert_eq!(clock.now(Time::from_millis(5_000)), UnixTime::from_nanos(5_997_500_000));
        assert_eq!(clock.pending(Time::from_millis(5_000)), -2_500_000);
        assert_eq!(clock.now(Time::from_millis(10_000)), UnixTime::from_millis(10_995));
        assert_eq!(clock.now(Time::from_millis(20_000)), UnixTime::from_millis(20_995));
        assert_eq!(clock.pending(Time::from_millis(20_000)), 0);
        // A correction from the past changes nothing.
        clock.correct(Time::from_millis(20_000), UnixTime::from_millis(21_000));
        let before = clock;
        clock.correct(Time::from_millis(19_000), UnixTime::EPOCH);
        assert_eq!(clock, before);
    }
}
