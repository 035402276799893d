use core::time::Duration;

use crate::bounded_clock::elapsed;
use crate::{Time, TimeInterval, UnixTime};

/// Why four timestamps are not those of a question and its answer.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Implausible {
    /// The answer arrived before the question was sent.
    #[error("the answer arrived before the question was sent")]
    ArrivedBeforeSent,
    /// The answer was sent before the question had come.
    #[error("the answer was sent before the question had come")]
    AnsweredBeforeAsked,
    /// By its own account the server took longer than the whole round trip, or the messages less than is possible.
    #[error("the server says that it took longer than the round trip allows")]
    TooLong,
}

/// A question to a time server and its answer: four timestamps in, the true time and its error bound out.
///
/// Between the server's stamp on the answer and its arrival lies at least the least delay of a message, and at most what the round trip leaves when the server's own time and the least
/// delay of the question are taken off. The middle of that is Cristian's estimate, and NTP's; the bound holds however the delay was shared out between the
/// two ways. (Cristian, *Probabilistic Clock Synchronization*, 1989, section 3; RFC 5905, section 8.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RoundTrip {
    /// When the question was sent, by the local monotonic clock.
    pub sent: Time,
    /// When it came, by the server.
    pub server_received: UnixTime,
    /// When the answer was sent, by the server.
    pub server_sent: UnixTime,
    /// When the answer arrived, by the local monotonic clock.
    pub received: Time,
}

impl RoundTrip {
    /// What the true time was when the answer arrived, if the server is right.
    ///
    /// `least` is a delay that no message stays under (zero if nothing is known); the local clock gains or loses at most `drift_ppm` millionths, half a million at most; for the short time of an
    /// answer, the server's clock is taken to run true.
    ///
    /// # Errors
    /// [`Implausible`] if no such round trip can have been.
    pub fn arrival(&self, least: Duration, drift_ppm: u32) -> Result<TimeInterval, Implausible> {
        let took = self.received.as_nanos().checked_sub(self.sent.as_nanos()).ok_or(Implausible::ArrivedBeforeSent)?;
        let served = self.server_sent.as_nanos().checked_sub(self.server_received.as_nanos()).ok_or(Implausible::AnsweredBeforeAsked)?;
        let (_, longest) = elapsed(took, drift_ppm);
        let least = i128::try_from(least.as_nanos()).unwrap_or(i128::MAX);
        let most = (longest - i128::from(served)).saturating_sub(least);
        if most < least {
            return Err(Implausible::TooLong);
        }
        let sent = TimeInterval::around(self.server_sent, Duration::ZERO);
        Ok(sent.moved(least, most))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{BoundedClock, laws};

    proptest! {
        #![proptest_config(laws::config(2_000))]

        /// A client whose clock drifts asks again and again over links of any and unequal delays: the true time is in the interval always, at the arrival and later.
        #[test]
        fn the_true_time_is_in_the_interval_always(
            drift in -300_i64..=300,
            start in 1_u64 << 40..1 << 60,
            trips in prop::collection::vec((1_u64..1 << 34, 50_000_u64..1 << 30, 0_u64..1 << 20, 50_000_u64..1 << 30), 1..20),
        ) {
            // True time is counted from the client's start; its clock shows that at a rate of 1 + drift/10⁶.
            let local = |passed: u64| Time::from_nanos(u64::try_from(u128::from(passed) * u128::try_from(1_000_000 + drift).unwrap() / 1_000_000).unwrap());
            let (mut passed, mut clock) = (0_u64, None);
            for (pause, there, served, back) in trips {
                passed += pause;
                let (asked, answered) = (passed + there, passed + there + served);
                let arrived = answered + back;
                let trip = RoundTrip {
                    sent: local(passed),
                    server_received: UnixTime::from_nanos(start + asked),
                    server_sent: UnixTime::from_nanos(start + answered),
                    received: Time::from_nanos(local(arrived).as_nanos() + 1),
                };
                passed = arrived;
                let truth = UnixTime::from_nanos(start + arrived);
                let interval = trip.arrival(Duration::from_nanos(50_000), 300).unwrap();
                prop_assert!(interval.contains(truth), "{interval} without {truth}");
                prop_assert!(interval.error().as_nanos() <= u128::from(there + back) / 2 + u128::from(there + served + back) / 1_000);
                let clock = clock.get_or_insert_with(|| BoundedClock::new(trip.received, interval, 300));
                prop_assert_eq!(clock.synchronise(trip.received, interval), Ok(()));
                let now = clock.now(trip.received);
                prop_assert!(now.contains(truth) && now.error() <= interval.error());
            }
        }
    }

    #[test]
    fn cristians_example() {
        let trip = RoundTrip {
            sent: Time::from_millis(1_000),
            server_received: UnixTime::from_millis(500_020),
            server_sent: UnixTime::from_millis(500_030),
            received: Time::from_millis(1_050),
        };
        let interval = trip.arrival(Duration::from_millis(5), 0).unwrap();
        assert_eq!((interval.earliest(), interval.latest()), (UnixTime::from_millis(500_035), UnixTime::from_millis(500_065)));
        assert_eq!((interval.middle(), interval.error()), (UnixTime::from_millis(500_050), Duration::from_millis(15)));
    }

    #[test]
    fn what_cannot_have_been_is_refused() {
        let (early, late) = (Time::from_millis(1), Time::from_millis(9));
        let (asked, answered) = (UnixTime::from_millis(100), UnixTime::from_millis(104));
        let trip = RoundTrip { sent: early, server_received: asked, server_sent: answered, received: late };
        assert!(trip.arrival(Duration::from_millis(2), 0).is_ok());
        assert_eq!(trip.arrival(Duration::from_millis(3), 0), Err(Implausible::TooLong));
        assert_eq!(trip.arrival(Duration::MAX, u32::MAX), Err(Implausible::TooLong));
        assert_eq!(RoundTrip { sent: late, received: early, ..trip }.arrival(Duration::ZERO, 0), Err(Implausible::ArrivedBeforeSent));
        assert_eq!(
            RoundTrip { server_received: answered, server_sent: asked, ..trip }.arrival(Duration::ZERO, 0),
            Err(Implausible::AnsweredBeforeAsked)
        );
        let widest = RoundTrip { sent: Time::ZERO, server_received: UnixTime::EPOCH, server_sent: UnixTime::MAX, received: Time::MAX };
        assert!(widest.arrival(Duration::ZERO, 0).is_ok());
    }
}
