use core::fmt;
use core::time::Duration;

use crate::UnixTime;

/// What is known of a moment: it was not before `earliest` and not after `latest`.
///
/// Two intervals that overlap do not say which moment came first; so they have no `PartialOrd`, and [`order`](TimeInterval::order) says so by type. (Corbett and others, *Spanner: Google's
/// Globally-Distributed Database*, 2012, section 3, there `TTinterval`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TimeInterval {
    earliest: UnixTime,
    latest: UnixTime,
}

/// How the moments of two intervals stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalOrder {
    /// The first moment was before the second: certain.
    Before,
    /// The first moment was after the second: certain.
    After,
    /// The intervals overlap: which came first is not known.
    Concurrent,
}

impl TimeInterval {
    /// From `earliest` to `latest`, both included; `None` if `latest` is before `earliest`.
    #[must_use]
    pub fn new(earliest: UnixTime, latest: UnixTime) -> Option<Self> {
        (earliest <= latest).then_some(Self { earliest, latest })
    }

    /// `time`, give or take `error`.
    #[must_use]
    pub fn around(time: UnixTime, error: Duration) -> Self {
        let error = i128::try_from(error.as_nanos()).unwrap_or(i128::MAX);
        Self { earliest: shifted(time, error.saturating_neg()), latest: shifted(time, error) }
    }

    /// Which moment came first, if that is certain.
    #[must_use]
    pub fn order(&self, other: &Self) -> IntervalOrder {
        if self.latest < other.earliest {
            IntervalOrder::Before
        } else if other.latest < self.earliest {
            IntervalOrder::After
        } else {
            IntervalOrder::Concurrent
        }
    }

    /// What both intervals allow, if they are of the same moment; `None` if nothing: then one of them is wrong.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.earliest.max(other.earliest), self.latest.min(other.latest))
    }

    /// Whether it could have been at `time`.
    #[must_use]
    pub fn contains(&self, time: UnixTime) -> bool {
        self.earliest <= time && time <= self.latest
    }

    /// It was not before this.
    #[must_use]
    pub const fn earliest(&self) -> UnixTime {
        self.earliest
    }

    /// It was not after this.
    #[must_use]
    pub const fn latest(&self) -> UnixTime {
        self.latest
    }

    /// The time in the middle: the guess that is wrong by the least at worst.
    #[must_use]
    pub const fn middle(&self) -> UnixTime {
        UnixTime::from_nanos(self.earliest.as_nanos().midpoint(self.latest.as_nanos()))
    }

    /// By how much the [`middle`](TimeInterval::middle) is wrong at most.
    #[must_use]
    pub const fn error(&self) -> Duration {
        Duration::from_nanos(self.latest.as_nanos() - self.middle().as_nanos())
    }

    /// The interval moved by so many nanoseconds at its beginning and at its end; at the ends of time it stops.
    pub(crate) fn moved(&self, earliest: i128, latest: i128) -> Self {
        let (earliest, latest) = (shifted(self.earliest, earliest), shifted(self.latest, latest));
        Self { earliest: earliest.min(latest), latest: latest.max(earliest) }
    }
}

/// `time` and so many nanoseconds more; the nearest that can be said.
pub(crate) fn shifted(time: UnixTime, nanos: i128) -> UnixTime {
    let sum = i128::from(time.as_nanos()).saturating_add(nanos).clamp(0, i128::from(u64::MAX));
    UnixTime::from_nanos(u64::try_from(sum).unwrap_or(u64::MAX))
}

impl fmt::Display for TimeInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}]", self.earliest, self.latest)
    }
}

/// Takes only an interval whose end is not before its beginning.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for TimeInterval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "TimeInterval")]
        struct Parts {
            earliest: UnixTime,
            latest: UnixTime,
        }

        let Parts { earliest, latest } = Parts::deserialize(deserializer)?;
        Self::new(earliest, latest).ok_or_else(|| serde::de::Error::custom("an interval does not end before it begins"))
    }
}

impl crate::Wire for TimeInterval {
    /// The beginning, then the length, in nanoseconds.
    fn encode(&self, out: &mut alloc::vec::Vec<u8>) {
        self.earliest.as_nanos().encode(out);
        (self.latest.as_nanos() - self.earliest.as_nanos()).encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), crate::Malformed> {
        let (earliest, rest) = u64::decode(bytes, limit)?;
        let (length, rest) = u64::decode(rest, limit)?;
        let latest = earliest.checked_add(length).ok_or(crate::Malformed::Number)?;
        Ok((Self { earliest: UnixTime::from_nanos(earliest), latest: UnixTime::from_nanos(latest) }, rest))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    fn interval(bounds: (u64, u64)) -> TimeInterval {
        let time = UnixTime::from_nanos;
        TimeInterval::new(time(bounds.0.min(bounds.1)), time(bounds.0.max(bounds.1))).unwrap()
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// The naive twin: all moments that each interval allows.
        #[test]
        fn says_what_holds_for_all_moments(a in (0_u64..12, 0_u64..12), b in (0_u64..12, 0_u64..12)) {
            let (a, b) = (interval(a), interval(b));
            let moments = |of: TimeInterval| (0_u64..12).filter(move |&nanos| of.contains(UnixTime::from_nanos(nanos)));
            let pairs: Vec<(u64, u64)> = moments(a).flat_map(|one| moments(b).map(move |other| (one, other))).collect();
            let order = if pairs.iter().all(|(one, other)| one < other) {
                IntervalOrder::Before
            } else if pairs.iter().all(|(one, other)| one > other) {
                IntervalOrder::After
            } else {
                IntervalOrder::Concurrent
            };
            prop_assert_eq!(a.order(&b), order);
            let both: Vec<u64> = moments(a).filter(|&nanos| b.contains(UnixTime::from_nanos(nanos))).collect();
            prop_assert_eq!(a.intersection(&b).map(moments).into_iter().flatten().collect::<Vec<_>>(), both);
            let worst = moments(a).map(|nanos| nanos.abs_diff(a.middle().as_nanos())).max();
            prop_assert_eq!(worst.map(Duration::from_nanos), Some(a.error()));
            laws::wire(&a, 0);
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_an_interval(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            laws::decode::<TimeInterval>(&bytes, 0);
        }
    }

    #[test]
    fn stops_at_the_ends_of_time() {
        let all = TimeInterval::around(UnixTime::from_seconds(1), Duration::MAX);
        assert_eq!((all.earliest(), all.latest()), (UnixTime::EPOCH, UnixTime::MAX));
        assert_eq!(all.error(), Duration::from_nanos(u64::MAX - u64::MAX / 2));
        assert_eq!(TimeInterval::new(UnixTime::MAX, UnixTime::EPOCH), None);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written_and_nothing_else() {
        let interval = interval((3, 9));
        assert_eq!(postcard::from_bytes::<TimeInterval>(&postcard::to_allocvec(&interval).unwrap()), Ok(interval));
        assert!(serde_json::from_str::<TimeInterval>(r#"{"earliest":9,"latest":3}"#).is_err());
    }
}
