use std::time::SystemTime;

use crate::{ClockSource, UnixTime};

/// The operating system's time of day. Whoever administers the machine may set it to anything at any moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl ClockSource for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "reading the clock is what the caller chose this source for")]
    #[inline]
    fn now(&self) -> UnixTime {
        SystemTime::now().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_time_after_this_was_written() {
        assert!(SystemClock.now() > UnixTime::from_seconds(1_700_000_000));
    }
}
