use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::{ClockSource, UnixTime};

/// A clock that shows what it was told: for tests and simulations. Stands still until it is set, and can be set back.
#[derive(Debug, Default)]
pub struct ManualClock {
    nanos: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `time`.
    #[must_use]
    pub const fn showing(time: UnixTime) -> Self {
        Self { nanos: AtomicU64::new(time.as_nanos()) }
    }

    /// Sets it to `time`, which may be earlier.
    pub fn set(&self, time: UnixTime) {
        self.nanos.store(time.as_nanos(), Ordering::SeqCst);
    }

    /// Lets it go on by `rest`; it stops at [`UnixTime::MAX`].
    pub fn advance(&self, rest: Duration) {
        let rest = u64::try_from(rest.as_nanos()).unwrap_or(u64::MAX);
        // The update never fails, since it always gives a new value.
        let _ = self.nanos.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |nanos| Some(nanos.saturating_add(rest)));
    }
}

impl ClockSource for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_nanos(self.nanos.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_it_was_told() {
        let clock = ManualClock::showing(UnixTime::from_seconds(2));
        assert_eq!(clock.now(), UnixTime::from_seconds(2));
        clock.advance(Duration::from_secs(3));
        assert_eq!(clock.now(), UnixTime::from_seconds(5));
        clock.set(UnixTime::from_seconds(1));
        assert_eq!(clock.now(), UnixTime::from_seconds(1));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), UnixTime::MAX);
    }
}
