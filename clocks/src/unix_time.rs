use core::fmt;

/// A reading of a time-of-day clock: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Such a clock may stand still, jump, and run back. It is kept apart by type from [`Time`](crate::Time), which does not. Readings before 1970 or after July
/// 2554 are taken as the nearest instant that can be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct UnixTime(u64);

impl UnixTime {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last instant that can be said, in July 2554.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the epoch.
    #[inline]
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The instant `millis` milliseconds after the epoch, or before it if negative; the nearest that can be said.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self::from_parts(millis, 1_000_000)
    }

    /// The instant `seconds` seconds after the epoch, or before it if negative; the nearest that can be said.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_parts(seconds, 1_000_000_000)
    }

    /// The instant that is so many seconds and nanoseconds, fewer than a second of them, after the epoch; the nearest that can be said.
    #[cfg(all(feature = "std", unix))]
    #[inline]
    #[expect(clippy::cast_sign_loss, reason = "negative values were taken out")]
    pub(crate) const fn from_seconds_and_nanos(seconds: i64, nanos: i64) -> Self {
        if seconds < 0 || nanos < 0 {
            Self::EPOCH
        } else {
            Self((seconds as u64).saturating_mul(1_000_000_000).saturating_add(nanos as u64))
        }
    }

    /// Nanoseconds since the epoch.
    #[inline]
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    #[expect(clippy::cast_sign_loss, reason = "negative values were taken out")]
    const fn from_parts(units: i64, nanos: u64) -> Self {
        if units < 0 { Self::EPOCH } else { Self((units as u64).saturating_mul(nanos)) }
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for UnixTime {
    /// The nearest instant that can be said.
    #[inline]
    fn from(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(since.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(since.subsec_nanos())))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One library panics at a clock that shows a time before 1970 or after 2106.
    #[test]
    fn times_out_of_range_are_the_nearest_that_can_be_said() {
        assert_eq!(UnixTime::from_seconds(-1), UnixTime::EPOCH);
        assert_eq!(UnixTime::from_seconds(i64::MIN), UnixTime::EPOCH);
        assert_eq!(UnixTime::from_seconds(i64::MAX), UnixTime::MAX);
        assert_eq!(UnixTime::from_millis(i64::MAX), UnixTime::MAX);
        assert_eq!(UnixTime::from_seconds(5_000_000_000).as_nanos(), 5_000_000_000_000_000_000);
        assert_eq!(UnixTime::from_millis(1_500), UnixTime::from_nanos(1_500_000_000));
    }

    #[cfg(feature = "std")]
    #[test]
    fn system_times_out_of_range_likewise() {
        use std::time::{Duration, SystemTime};
        assert_eq!(UnixTime::from(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), UnixTime::EPOCH);
        assert_eq!(UnixTime::from(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40)), UnixTime::MAX);
        assert_eq!(UnixTime::from(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500)), UnixTime::from_millis(1_500));
    }

    #[cfg(all(feature = "std", unix))]
    #[test]
    fn readings_of_the_system_out_of_range_are_the_nearest_that_can_be_said() {
        assert_eq!(UnixTime::from_seconds_and_nanos(1, 500_000_000), UnixTime::from_millis(1_500));
        assert_eq!(UnixTime::from_seconds_and_nanos(-1, 999_999_999), UnixTime::EPOCH);
        assert_eq!(UnixTime::from_seconds_and_nanos(i64::MIN, 0), UnixTime::EPOCH);
        assert_eq!(UnixTime::from_seconds_and_nanos(18_446_744_073, 709_551_615), UnixTime::MAX);
        assert_eq!(UnixTime::from_seconds_and_nanos(18_446_744_073, 709_551_614), UnixTime::from_nanos(u64::MAX - 1));
        assert_eq!(UnixTime::from_seconds_and_nanos(i64::MAX, 999_999_999), UnixTime::MAX);
    }
}
