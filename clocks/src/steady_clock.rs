use std::time::Instant;

use crate::{ClockSource, Steady, UnixTime};

/// The operating system's monotonic clock, set to a time of day once: it goes on evenly from there, whatever is done to the time of day.
///
/// So it does not jump, but drifts away from the true time as the machine's oscillator does, some parts per million. To correct it, make a new one.
#[derive(Clone, Copy, Debug)]
pub struct SteadyClock {
    origin: Instant,
    shown: UnixTime,
}

impl SteadyClock {
    /// A clock that shows `time` now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "reading the clock is what the caller chose this source for")]
    pub fn showing(time: UnixTime) -> Self {
        Self { origin: Instant::now(), shown: time }
    }
}

impl ClockSource for SteadyClock {
    #[inline]
    fn now(&self) -> UnixTime {
        let since = self.origin.elapsed();
        // In 64 bits: the machine does not run for 584 years.
        let nanos = since.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(since.subsec_nanos()));
        UnixTime::from_nanos(self.shown.as_nanos().saturating_add(nanos))
    }
}

/// What the standard library says of `Instant`.
impl Steady for SteadyClock {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_from_what_it_was_set_to_and_never_back() {
        let clock = SteadyClock::showing(UnixTime::from_seconds(5));
        let mut last = UnixTime::from_seconds(5);
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert!(last > UnixTime::from_seconds(5));
    }

    #[test]
    fn stops_at_the_end_of_time() {
        assert_eq!(SteadyClock::showing(UnixTime::MAX).now(), UnixTime::MAX);
    }
}
