use core::time::Duration;

use crate::{HybridStamp, UnixTime};

/// Why a hybrid clock issues no stamp. The clock is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Drift {
    /// The remote stamp is further ahead of the physical clock here than the bound allows: one of the two clocks is wrong.
    #[error("the remote stamp is {lead:?} ahead, more than {bound:?}")]
    Remote {
        /// How far it is ahead.
        lead: Duration,
        /// How far it may be.
        bound: Duration,
    },
    /// The next stamp would be further ahead of the physical clock here than the bound allows: that clock stands still or was set back. Wait, or give up.
    #[error("the physical clock has fallen {lead:?} behind, more than {bound:?}")]
    Local {
        /// How far the next stamp would be ahead.
        lead: Duration,
        /// How far it may be.
        bound: Duration,
    },
    /// The next stamp is beyond what was reserved: a restart could issue it again. Reserve more.
    #[error("stamps are reserved up to {floor} only")]
    Unreserved {
        /// The last stamp that may be issued.
        floor: HybridStamp,
    },
    /// The last of all stamps was issued or received.
    #[error("no stamp is left")]
    Exhausted,
}

/// A hybrid logical clock: stamps that respect happened-before and stay close to physical time.
///
/// Kulkarni, Demirbas, Madappa, Avva, Leone, *Logical Physical Clocks*, 2014, figure 5, with the pair (l, c) packed into one [`HybridStamp`]. The
/// caller reads the physical clock, which may stand still or run back; every operation is O(1).
///
/// A bound on the drift keeps a wrong clock from spreading: no stamp is issued whose time is more than the bound ahead of the physical reading it was
/// issued at, and a remote stamp that is further ahead is refused before it is looked at any further. Leads are measured between the times of the stamps, so in steps of 65.536 µs.
///
/// # Restarts
/// A process that forgets its clock could issue a stamp twice if its physical clock was set back. Either it persists the stamps themselves and calls [`raise`](HybridClock::raise)
/// with the latest; or it persists a floor ahead of use: [`restore`](HybridClock::restore) from the last floor (or `ZERO`), then
/// [`floor_ahead`](HybridClock::floor_ahead), persist that, then [`reserve`](HybridClock::reserve) it, and again before it is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HybridClock {
    latest: HybridStamp,
    /// How far ahead of the physical clock a stamp may be, in nanoseconds; `None` for any distance.
    bound: Option<u64>,
    /// The greatest stamp that may be issued.
    floor: HybridStamp,
}

impl HybridClock {
    /// A clock whose stamps are at most `bound` ahead of the physical clock; 584 years if that is less.
    #[must_use]
    pub const fn bounded(bound: Duration) -> Self {
        Self { latest: HybridStamp::ZERO, bound: Some(whole_nanos(bound)), floor: HybridStamp::MAX }
    }

    /// A clock that follows whatever it hears of: for recorded stamps, whose drift is what one wants to measure. One wrong peer takes it anywhere.
    #[must_use]
    pub const fn unbounded() -> Self {
        Self { latest: HybridStamp::ZERO, bound: None, floor: HybridStamp::MAX }
    }

    /// The clock after a restart: it issues stamps above `floor` only, and none before more is [reserved](HybridClock::reserve).
    ///
    /// The floor is one's own, so however far ahead it is, it is believed; but if it is beyond the bound, the clock issues nothing until the physical one has come near.
    #[must_use]
    pub const fn restore(self, floor: HybridStamp) -> Self {
        Self { latest: floor, bound: self.bound, floor }
    }

    /// Stamps a local event, or a message that is sent: strictly after all stamps issued and received.
    ///
    /// # Errors
    /// [`Drift::Local`], [`Drift::Unreserved`] or [`Drift::Exhausted`]; the clock is unchanged.
    #[inline]
    pub fn now(&mut self, physical: UnixTime) -> Result<HybridStamp, Drift> {
        self.advance(self.latest, physical)
    }

    /// Stamps the receipt of a message stamped `remote`: strictly after it, and after all stamps issued and received.
    ///
    /// # Errors
    /// [`Drift::Remote`] if it is too far ahead, which is checked first; [`Drift::Local`], [`Drift::Unreserved`] or [`Drift::Exhausted`]. The clock is unchanged.
    #[inline]
    pub fn update(&mut self, remote: HybridStamp, physical: UnixTime) -> Result<HybridStamp, Drift> {
        if let Some(bound) = self.exceeded(remote, physical) {
            return Err(remote_drift(remote, physical, bound));
        }
        self.advance(self.latest.max(remote), physical)
    }

    /// Takes in `remote` without a stamp for the receipt: later stamps are after it. Asks for a reading only if the stamp is news.
    ///
    /// # Errors
    /// [`Drift::Remote`] if it is too far ahead; the clock is unchanged.
    #[inline]
    pub fn observe(&mut self, remote: HybridStamp, physical: impl FnOnce() -> UnixTime) -> Result<(), Drift> {
        if remote > self.latest {
            let physical = physical();
            if let Some(bound) = self.exceeded(remote, physical) {
                return Err(remote_drift(remote, physical, bound));
            }
            self.latest = remote;
        }
        Ok(())
    }

    /// Takes in a stamp of one's own past, such as the latest in a log that survived: later stamps are after it. Exempt from the drift bound.
    pub fn raise(&mut self, own: HybridStamp) {
        self.latest = self.latest.max(own);
    }

    /// A floor that leaves room for `ahead` of stamps from now on. Persist it, then [`reserve`](HybridClock::reserve) it.
    ///
    /// The less it is ahead, the less a restarted clock leads; with more than half the drift bound, a quick restart may have to wait.
    #[must_use]
    pub fn floor_ahead(&self, physical: UnixTime, ahead: Duration) -> HybridStamp {
        let from = self.latest.max(HybridStamp::at(physical)).to_bits();
        HybridStamp::from_bits(from.saturating_add(whole_nanos(ahead)))
    }

    /// Allows stamps up to `floor`, which has been made durable. Never takes back what was allowed before.
    pub fn reserve(&mut self, floor: HybridStamp) {
        self.floor = self.floor.max(floor);
    }

    /// The greatest stamp issued or received.
    #[must_use]
    pub const fn latest(&self) -> HybridStamp {
        self.latest
    }

    /// How far ahead of the physical clock a stamp may be; `None` for any distance.
    #[must_use]
    pub const fn bound(&self) -> Option<Duration> {
        match self.bound {
            Some(bound) => Some(Duration::from_nanos(bound)),
            None => None,
        }
    }

    /// How far the time of the latest stamp is ahead of `physical`; zero if it is not.
    #[must_use]
    pub const fn lead(&self, physical: UnixTime) -> Duration {
        lead(self.latest, physical)
    }

    /// The least stamp after `known` that is not before `physical`.
    #[inline]
    fn advance(&mut self, known: HybridStamp, physical: UnixTime) -> Result<HybridStamp, Drift> {
        let next = known.next().ok_or(Drift::Exhausted)?.max(HybridStamp::at(physical));
        if let Some(bound) = self.exceeded(next, physical) {
            return Err(local_drift(next, physical, bound));
        }
        if next > self.floor {
            return Err(Drift::Unreserved { floor: self.floor });
        }
        self.latest = next;
        Ok(next)
    }

    /// The bound, if the lead of `stamp` is more than that.
    #[inline]
    fn exceeded(&self, stamp: HybridStamp, physical: UnixTime) -> Option<u64> {
        self.bound.filter(|bound| lead_nanos(stamp, physical) > *bound)
    }
}

/// How far the time of `stamp` is ahead of that of `physical`, in nanoseconds.
#[inline]
pub(crate) const fn lead_nanos(stamp: HybridStamp, physical: UnixTime) -> u64 {
    stamp.time().as_nanos().saturating_sub(HybridStamp::at(physical).time().as_nanos())
}

/// How far the time of `stamp` is ahead of that of `physical`.
pub(crate) const fn lead(stamp: HybridStamp, physical: UnixTime) -> Duration {
    Duration::from_nanos(lead_nanos(stamp, physical))
}

/// The nanoseconds of `duration`, which saturate after 584 years: no two times are further apart.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit was taken out")]
pub(crate) const fn whole_nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}

/// The remote stamp leads by more than the bound. Apart from those who ask, since to make a duration takes a division.
#[cold]
pub(crate) const fn remote_drift(stamp: HybridStamp, physical: UnixTime, bound: u64) -> Drift {
    Drift::Remote { lead: lead(stamp, physical), bound: Duration::from_nanos(bound) }
}

/// The next stamp would lead by more than the bound.
#[cold]
pub(crate) const fn local_drift(stamp: HybridStamp, physical: UnixTime, bound: u64) -> Drift {
    Drift::Local { lead: lead(stamp, physical), bound: Duration::from_nanos(bound) }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    /// One step of the time in a stamp.
    const STEP: u64 = 1 << 16;
    const BOUND: Duration = Duration::from_millis(500);

    fn at(millis: i64) -> UnixTime {
        UnixTime::from_millis(millis)
    }

    /// The naive twin: figure 5 of the paper, line by line, with a counter that has no end.
    #[derive(Clone, Copy)]
    struct Figure5 {
        l: u64,
        c: u64,
    }

    impl Figure5 {
        fn send(&mut self, pt: u64) {
            let old = self.l;
            self.l = old.max(pt);
            self.c = if self.l == old { self.c + 1 } else { 0 };
        }

        fn receive(&mut self, lm: u64, cm: u64, pt: u64) {
            let old = self.l;
            self.l = old.max(lm).max(pt);
            self.c = if self.l == old && self.l == lm {
                self.c.max(cm) + 1
            } else if self.l == old {
                self.c + 1
            } else if self.l == lm {
                cm + 1
            } else {
                0
            };
        }
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        #[test]
        fn agrees_with_figure_5(steps in prop::collection::vec((1_u64..40, prop::option::of((0_u64..40, 0_u64..100))), 1..60)) {
            let (mut clock, mut twin) = (HybridClock::unbounded(), Figure5 { l: 0, c: 0 });
            for (pt, remote) in steps {
                let physical = UnixTime::from_nanos(pt * STEP + pt);
                let stamp = match remote {
                    None => {
                        twin.send(pt);
                        clock.now(physical)
                    }
                    Some((l, c)) => {
                        twin.receive(l, c, pt);
                        clock.update(HybridStamp::from_bits(l * STEP + c), physical)
                    }
                };
                prop_assert_eq!(stamp, Ok(HybridStamp::from_bits(twin.l * STEP + twin.c)));
                prop_assert_eq!(clock.latest(), stamp.unwrap());
                prop_assert_eq!(clock.lead(physical), Duration::from_nanos((twin.l - pt) * STEP));
            }
        }

        /// Whatever the physical clock shows and the peers claim: stamps increase, their lead is within the bound, an error changes nothing.
        #[test]
        fn the_lead_is_within_the_bound_always(
            bound in prop_oneof![Just(0), 0_u64..10 * STEP, Just(u64::MAX)],
            steps in prop::collection::vec((any::<u64>(), 0_u32..64, prop::option::of((any::<u64>(), 0_u32..64))), 1..60),
        ) {
            let bound = Duration::from_nanos(bound);
            let mut clock = HybridClock::bounded(bound);
            for (physical, coarse, remote) in steps {
                let physical = UnixTime::from_nanos(physical >> coarse);
                let before = clock;
                if let Some((remote, coarse)) = remote {
                    let (remote, mut observer) = (HybridStamp::from_bits(remote >> coarse), clock);
                    let observed = observer.observe(remote, || physical);
                    prop_assert_eq!(observed.is_err(), remote > before.latest() && lead(remote, physical) > bound);
                    prop_assert_eq!(observer.latest(), if observed.is_ok() { before.latest().max(remote) } else { before.latest() });
                }
                let remote = remote.map(|(remote, coarse)| HybridStamp::from_bits(remote >> coarse));
                let stamp = match remote {
                    None => clock.now(physical),
                    Some(remote) => clock.update(remote, physical),
                };
                match stamp {
                    Ok(stamp) => {
                        prop_assert!(stamp > before.latest() && Some(stamp) > remote);
                        prop_assert!(stamp >= HybridStamp::at(physical));
                        prop_assert!(clock.lead(physical) <= bound);
                        prop_assert_eq!(clock.latest(), stamp);
                    }
                    Err(error) => {
                        prop_assert_eq!(clock, before);
                        match error {
                            Drift::Remote { lead: ahead, bound: most } => {
                                prop_assert_eq!((ahead, most), (lead(remote.unwrap(), physical), bound));
                                prop_assert!(ahead > bound);
                            }
                            Drift::Local { lead: ahead, bound: most } => prop_assert!(ahead > bound && most == bound),
                            Drift::Exhausted => prop_assert_eq!(Some(HybridStamp::MAX), remote.max(Some(before.latest()))),
                            Drift::Unreserved { .. } => prop_assert!(false, "nothing needs a reservation here"),
                        }
                    }
                }
            }
        }

        /// A process that crashes anywhere and comes back with a clock set anywhere never issues a stamp again, nor a lesser one.
        #[test]
        fn no_stamp_is_issued_twice_over_restarts(steps in prop::collection::vec((0_u8..5, 0_i64..10_000, 1_u64..50), 1..80)) {
            let mut disk = HybridStamp::ZERO;
            let mut clock = HybridClock::bounded(BOUND).restore(disk);
            let mut last = HybridStamp::ZERO;
            for (step, physical, ahead) in steps {
                let (physical, ahead) = (at(physical), Duration::from_millis(ahead));
                match step {
                    // The floor is computed, persisted, reserved: the process may crash after each.
                    0 => disk = disk.max(clock.floor_ahead(physical, ahead)),
                    1 => {
                        disk = disk.max(clock.floor_ahead(physical, ahead));
                        clock.reserve(disk);
                    }
                    2 => clock = HybridClock::bounded(BOUND).restore(disk),
                    _ => {
                        if let Ok(stamp) = clock.now(physical) {
                            prop_assert!(stamp > last && stamp <= disk);
                            last = stamp;
                        }
                    }
                }
            }
        }
    }

    /// One library panics, another spins, when a remote stamp has its counter at the end: here the counter carries into the time.
    #[test]
    fn a_remote_counter_at_the_end_carries_into_the_time() {
        let mut clock = HybridClock::bounded(BOUND);
        let remote = HybridStamp::from_bits(HybridStamp::at(at(1_000)).to_bits() | 0xffff);
        let stamp = clock.update(remote, at(1_000)).unwrap();
        assert!(stamp > remote);
        assert_eq!(stamp.counter(), 0);
        assert_eq!(stamp.time().as_nanos() - remote.time().as_nanos(), STEP);
        // The carry is within the bound as well.
        let mut strict = HybridClock::bounded(Duration::ZERO);
        let (lead, bound) = (Duration::from_nanos(STEP), Duration::ZERO);
        assert_eq!(strict.update(remote, at(1_000)), Err(Drift::Local { lead, bound }));
        assert_eq!(strict, HybridClock::bounded(Duration::ZERO));
    }

    /// Four million ticks on a clock that stands still stall one library for good: here time is taken from the lead, up to the bound.
    #[test]
    fn four_million_ticks_on_a_frozen_clock() {
        let mut clock = HybridClock::bounded(BOUND);
        let mut last = HybridStamp::ZERO;
        for _ in 0..1 << 22 {
            let stamp = clock.now(at(1_000)).unwrap();
            assert!(stamp > last);
            last = stamp;
        }
        assert_eq!(clock.lead(at(1_000)), Duration::from_nanos((1 << 22) - STEP));
    }

    /// A stalled physical clock does not let the local one run off: ticks end at the bound, and go on when the physical clock does.
    #[test]
    fn a_frozen_clock_ticks_up_to_the_bound_only() {
        let bound = Duration::from_nanos(3 * STEP);
        let mut clock = HybridClock::bounded(bound);
        let issued = (0..).take_while(|_| clock.now(at(1_000)).is_ok()).count();
        assert_eq!(issued, 4 << 16);
        let stopped = clock;
        assert_eq!(clock.now(at(1_000)), Err(Drift::Local { lead: Duration::from_nanos(4 * STEP), bound }));
        assert_eq!(clock, stopped);
        assert!(clock.now(UnixTime::from_nanos(at(1_000).as_nanos() + STEP)).is_ok());
    }

    /// One library panics at a remote clock from before 1970 or after 2106.
    #[test]
    fn remote_clocks_of_any_year_do_not_panic() {
        for seconds in [i64::MIN, -1, 0, 4_294_967_296, 16_725_225_600, i64::MAX] {
            let remote = HybridStamp::at(UnixTime::from_seconds(seconds));
            let mut clock = HybridClock::bounded(BOUND);
            let stamp = clock.update(remote, at(1_700_000_000_000));
            assert_eq!(stamp.is_ok(), remote.time() <= at(1_700_000_000_500), "{seconds}");
            assert_eq!(stamp.is_err(), clock == HybridClock::bounded(BOUND));
            let _ = HybridClock::unbounded().update(remote, UnixTime::from_seconds(seconds)).unwrap();
        }
    }

    /// A peer far in the future does not poison the clock; the caller learns how far, and may quarantine it.
    #[test]
    fn a_rejected_drift_moves_nothing_and_says_how_far() {
        let mut clock = HybridClock::bounded(BOUND);
        let first = clock.now(at(1_000)).unwrap();
        let remote = HybridStamp::at(at(9_000));
        let lead = Duration::from_nanos(remote.time().as_nanos() - first.time().as_nanos());
        assert_eq!(clock.update(remote, at(1_000)), Err(Drift::Remote { lead, bound: BOUND }));
        assert_eq!(clock.latest(), first);
        assert!(matches!(clock.update(HybridStamp::MAX, at(1_000)), Err(Drift::Remote { .. })));
        assert_eq!(clock.now(at(1_000)).unwrap().to_bits(), first.to_bits() + 1);
    }

    /// What is known already costs no reading of the clock.
    #[test]
    fn a_stale_stamp_asks_for_no_reading() {
        let mut clock = HybridClock::bounded(BOUND);
        let first = clock.now(at(1_000)).unwrap();
        assert_eq!(clock.observe(first, || unreachable!("nothing is to be read")), Ok(()));
        assert_eq!(clock.latest(), first);
    }

    #[test]
    fn at_the_very_end_no_stamp_is_left() {
        let mut clock = HybridClock::unbounded();
        assert_eq!(clock.update(HybridStamp::MAX, UnixTime::MAX), Err(Drift::Exhausted));
        assert!(clock.now(UnixTime::MAX).is_ok());
        clock.raise(HybridStamp::MAX);
        assert_eq!(clock.now(UnixTime::EPOCH), Err(Drift::Exhausted));
    }

    /// One library, restarted with its clock set back, issues lesser stamps than before and refuses its own old ones.
    #[test]
    fn a_restart_with_the_clock_set_back_goes_on_after_the_floor() {
        let mut clock = HybridClock::bounded(BOUND);
        let floor = clock.floor_ahead(at(10_000), Duration::from_millis(100));
        let before: Vec<_> = (0..3).map(|_| clock.now(at(10_000)).unwrap()).collect();
        let mut again = HybridClock::bounded(BOUND).restore(floor);
        assert_eq!(again.now(at(9_800)), Err(Drift::Unreserved { floor }));
        let next = again.floor_ahead(at(9_800), Duration::from_millis(100));
        again.reserve(next);
        assert!(again.now(at(9_800)).unwrap() > before[2]);
        // Set back further than the bound, it waits rather than lead by more.
        assert!(matches!(again.now(at(1_000)), Err(Drift::Local { .. })));
        // The log's own stamps are believed, however far ahead.
        let mut from_log = HybridClock::bounded(BOUND);
        from_log.raise(before[2]);
        assert!(from_log.now(at(9_999)).unwrap() > before[2]);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written() {
        let mut clock = HybridClock::bounded(BOUND).restore(HybridStamp::ZERO);
        clock.reserve(HybridStamp::at(at(2_000)));
        clock.now(at(1_000)).unwrap();
        let bytes = postcard::to_allocvec(&clock).unwrap();
        assert_eq!(postcard::from_bytes::<HybridClock>(&bytes), Ok(clock));
    }
}
