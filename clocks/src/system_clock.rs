use crate::{ClockSource, UnixTime};

/// The operating system's time of day. Whoever administers the machine may set it to anything at any moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl ClockSource for SystemClock {
    #[cfg(unix)]
    #[inline]
    fn now(&self) -> UnixTime {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        UnixTime::from_seconds_and_nanos(now.tv_sec, now.tv_nsec)
    }

    #[cfg(not(unix))]
    #[expect(clippy::disallowed_methods, reason = "reading the clock is what the caller chose this source for")]
    #[inline]
    fn now(&self) -> UnixTime {
        std::time::SystemTime::now().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_time_after_this_was_written() {
        assert!(SystemClock.now() > UnixTime::from_seconds(1_700_000_000));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the clock of the standard library is what this is held against")]
    fn shows_what_the_standard_library_shows() {
        // The time of day may be set back between two readings: once is allowed for.
        let shows_the_same = || {
            let before = UnixTime::from(std::time::SystemTime::now());
            let shown = SystemClock.now();
            before <= shown && shown <= UnixTime::from(std::time::SystemTime::now())
        };
        assert!(shows_the_same() || shows_the_same());
    }
}
