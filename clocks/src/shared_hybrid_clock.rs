use core::time::Duration;

#[cfg(not(loom))]
use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};

use crate::hybrid_clock::{lead_nanos, local_drift, remote_drift, whole_nanos};
use crate::{Drift, HybridStamp, Steady, UnixTime};

/// How often a shard reads the physical clock anew, for it to leave the window in which the call began.
const READINGS: u32 = if cfg!(loom) { 2 } else { 8 };

/// A hybrid clock that threads share: stamps are unique, and increase along every hand-off between threads.
///
/// If one thread obtains a stamp, and then anything (a channel, a lock, a join) lets another thread know, what that one obtains is greater; so it is within one
/// thread. Drift bound and restart floor are those of [`HybridClock`](crate::HybridClock).
///
/// A common counter would do, but then every stamp moves one cache line between the processors, and two threads are slower than one. Here every thread takes a
/// [`Shard`], and shards share nothing that they write. Time is cut into windows of 2ᵏ ns, with room for one stamp of each of up to 2ᵏ − 1 shards. A shard
/// waits until the source has left the window in which the call began, and takes its own place in the new one: stamps that were handed to it were issued in
/// the window of the call's beginning at the latest, because the source is [`Steady`], and so are less. What that cannot serve is served by a counter that all
/// share and all read, and that no shard's stamp ever falls below: a source that stands still, and stamps received from the future.
///
/// A stamp costs two readings of the source, more if windows are long.
#[derive(Debug)]
pub struct SharedHybridClock<C> {
    source: C,
    /// In nanoseconds.
    bound: Option<u64>,
    /// The greatest stamp issued or received outside the shards' windows. Its lowest bits are zero, no shard's.
    shared: AtomicU64,
    /// The greatest stamp that may be issued.
    floor: AtomicU64,
    /// One bit for each shard that is taken.
    taken: AtomicU64,
    /// As a power of two of nanoseconds: the shards have the numbers from 1 to 2ᵏ − 1.
    window: u32,
}

/// One thread's own part of a [`SharedHybridClock`]; given back when it is dropped.
#[derive(Debug)]
pub struct Shard<'c, C: Steady> {
    clock: &'c SharedHybridClock<C>,
    number: u64,
    /// The greatest stamp issued or received here.
    latest: HybridStamp,
}

impl<C: Steady> SharedHybridClock<C> {
    /// The most shards that a clock can have.
    pub const MAX_SHARDS: u32 = 63;

    /// A clock for up to `shards` threads at a time ([`MAX_SHARDS`](Self::MAX_SHARDS) if that is less), whose stamps are at most `bound` ahead of the source; `None` for any distance.
    #[must_use]
    pub fn new(source: C, shards: u32, bound: Option<Duration>) -> Self {
        Self::with_floor(source, shards, bound, HybridStamp::ZERO, HybridStamp::MAX)
    }

    /// The clock after a restart: it issues stamps above `floor` only, and none before more is [reserved](SharedHybridClock::reserve).
    #[must_use]
    pub fn restore(source: C, shards: u32, bound: Option<Duration>, floor: HybridStamp) -> Self {
        Self::with_floor(source, shards, bound, floor, floor)
    }

    fn with_floor(source: C, shards: u32, bound: Option<Duration>, latest: HybridStamp, floor: HybridStamp) -> Self {
        let shards = shards.clamp(1, Self::MAX_SHARDS);
        let window = (shards + 1).next_power_of_two().trailing_zeros();
        // Rounded up, so that its own lowest bits do not meet a shard's.
        let latest = latest.to_bits().checked_next_multiple_of(1 << window).unwrap_or(u64::MAX << window);
        Self {
            source,
            bound: bound.map(whole_nanos),
            shared: AtomicU64::new(latest),
            floor: AtomicU64::new(floor.to_bits()),
            taken: AtomicU64::new(0),
            window,
        }
    }

    /// A part of the clock for one thread; `None` if as many are taken as there can be. What has no shard can still ask [`now`](SharedHybridClock::now).
    pub fn shard(&self) -> Option<Shard<'_, C>> {
        let all = u64::MAX >> (64 - ((1_u32 << self.window) - 1));
        let mut taken = self.taken.load(Ordering::Relaxed);
        loop {
            let free = (!taken & all).trailing_zeros();
            if free == 64 {
                return None;
            }
            // What the shard's last owner issued happened before.
            match self.taken.compare_exchange_weak(taken, taken | 1 << free, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Shard { clock: self, number: u64::from(free) + 1, latest: HybridStamp::ZERO }),
                Err(now) => taken = now,
            }
        }
    }

    /// Stamps a local event without a shard: as correct, but threads that do this all the time wait for each other, and the stamps lead by a window each.
    ///
    /// # Errors
    /// [`Drift::Local`], [`Drift::Unreserved`] or [`Drift::Exhausted`]; the clock is unchanged.
    pub fn now(&self) -> Result<HybridStamp, Drift> {
        self.advance(HybridStamp::ZERO, self.source.now())
    }

    /// Stamps the receipt of a message stamped `remote`, without a shard.
    ///
    /// # Errors
    /// [`Drift::Remote`] if it is too far ahead, which is checked first; and as [`now`](SharedHybridClock::now). The clock is unchanged.
    pub fn update(&self, remote: HybridStamp) -> Result<HybridStamp, Drift> {
        let physical = self.source.now();
        self.check(remote, physical)?;
        self.advance(remote, physical)
    }

    /// A floor that leaves room for `ahead` of stamps from now on. Persist it, then [`reserve`](SharedHybridClock::reserve) it.
    #[must_use]
    pub fn floor_ahead(&self, ahead: Duration) -> HybridStamp {
        let from = self.source.now().as_nanos().max(self.shared.load(Ordering::Relaxed));
        HybridStamp::from_bits(from.saturating_add(whole_nanos(ahead)))
    }

    /// Allows stamps up to `floor`, which has been made durable. Never takes back what was allowed before.
    pub fn reserve(&self, floor: HybridStamp) {
        self.floor.fetch_max(floor.to_bits(), Ordering::Relaxed);
    }

    /// Where the readings come from.
    #[must_use]
    pub const fn source(&self) -> &C {
        &self.source
    }

    /// The least stamp of the shared counter that is after `known`, after the window of `physical`, and after all that this counter gave.
    fn advance(&self, known: HybridStamp, physical: UnixTime) -> Result<HybridStamp, Drift> {
        let mut shared = self.shared.load(Ordering::Relaxed);
        loop {
            let last = shared.max(self.window_of(physical)).max(known.to_bits());
            // The window after that of the last one; a shard may have issued any stamp in the same window.
            let next = ((last >> self.window) + 1).checked_mul(1 << self.window).ok_or(Drift::Exhausted)?;
            let stamp = self.allow(HybridStamp::from_bits(next), physical)?;
            match self.shared.compare_exchange_weak(shared, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(stamp),
                Err(now) => shared = now,
            }
        }
    }

    #[inline]
    fn check(&self, remote: HybridStamp, physical: UnixTime) -> Result<(), Drift> {
        self.exceeded(remote, physical).map_or(Ok(()), |bound| Err(remote_drift(remote, physical, bound)))
    }

    #[inline]
    fn allow(&self, stamp: HybridStamp, physical: UnixTime) -> Result<HybridStamp, Drift> {
        if let Some(bound) = self.exceeded(stamp, physical) {
            return Err(local_drift(stamp, physical, bound));
        }
        let floor = HybridStamp::from_bits(self.floor.load(Ordering::Relaxed));
        if stamp > floor { Err(Drift::Unreserved { floor }) } else { Ok(stamp) }
    }

    /// The bound, if the lead of `stamp` is more than that.
    #[inline]
    fn exceeded(&self, stamp: HybridStamp, physical: UnixTime) -> Option<u64> {
        self.bound.filter(|bound| lead_nanos(stamp, physical) > *bound)
    }

    /// The first nanosecond of the window that `time` is in.
    const fn window_of(&self, time: UnixTime) -> u64 {
        time.as_nanos() >> self.window << self.window
    }
}

impl<C: Steady> Shard<'_, C> {
    /// Stamps a local event, or a message that is sent: after all stamps issued or received here, and after all that were handed over.
    ///
    /// # Errors
    /// [`Drift::Local`], [`Drift::Unreserved`] or [`Drift::Exhausted`]; the clock is unchanged.
    #[inline]
    pub fn now(&mut self) -> Result<HybridStamp, Drift> {
        let began = self.clock.source.now();
        self.stamp(HybridStamp::ZERO, began)
    }

    /// Stamps the receipt of a message stamped `remote`: after that one too.
    ///
    /// # Errors
    /// [`Drift::Remote`] if it is too far ahead, which is checked first; [`Drift::Local`], [`Drift::Unreserved`] or [`Drift::Exhausted`]. The clock is unchanged.
    #[inline]
    pub fn update(&mut self, remote: HybridStamp) -> Result<HybridStamp, Drift> {
        let began = self.clock.source.now();
        self.clock.check(remote, began)?;
        self.stamp(remote, began)
    }

    /// Takes in `remote` without a stamp for the receipt: later stamps of this clock, in any thread that is told, are after it. Reads no clock if this shard has seen a later one.
    ///
    /// # Errors
    /// [`Drift::Remote`] if it is too far ahead; the clock is unchanged.
    #[inline]
    pub fn observe(&mut self, remote: HybridStamp) -> Result<(), Drift> {
        if remote <= self.latest {
            return Ok(());
        }
        let physical = self.clock.source.now();
        self.clock.check(remote, physical)?;
        if remote.to_bits() >= self.clock.window_of(physical) {
            // Down to the window's first: every stamp after that is in a later window.
            self.clock.shared.fetch_max(remote.to_bits() >> self.clock.window << self.clock.window, Ordering::Relaxed);
        }
        self.latest = remote;
        Ok(())
    }

    /// The greatest stamp issued or received here.
    #[must_use]
    pub const fn latest(&self) -> HybridStamp {
        self.latest
    }

    #[inline]
    fn stamp(&mut self, known: HybridStamp, began: UnixTime) -> Result<HybridStamp, Drift> {
        let clock = self.clock;
        // Relaxed is enough: what happened before this call and was written there cannot be missed by a later read of the same place.
        let before = clock.window_of(began).max(clock.shared.load(Ordering::Relaxed)).max(known.to_bits());
        for _ in 0..READINGS {
            let physical = clock.source.now();
            let window = clock.window_of(physical);
            if window > before {
                let stamp = clock.allow(HybridStamp::from_bits(window | self.number), physical)?;
                self.latest = stamp;
                return Ok(stamp);
            }
        }
        let stamp = clock.advance(known, began)?;
        self.latest = stamp;
        Ok(stamp)
    }
}

impl<C: Steady> Drop for Shard<'_, C> {
    fn drop(&mut self) {
        self.clock.taken.fetch_and(!(1 << (self.number - 1)), Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use std::sync::mpsc;

    use proptest::prelude::*;

    use super::*;
    use crate::hybrid_clock::lead;
    use crate::{ClockSource, ManualClock, laws};

    const BOUND: Duration = Duration::from_millis(500);

    /// A clock that the test never sets back, and that goes on by so many nanoseconds with every reading.
    struct Forward(ManualClock, u64);

    impl ClockSource for Forward {
        fn now(&self) -> UnixTime {
            self.0.advance(Duration::from_nanos(self.1));
            self.0.now()
        }
    }

    impl Steady for Forward {}

    fn at(nanos: u64) -> Forward {
        Forward(ManualClock::showing(UnixTime::from_nanos(nanos)), 0)
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// Called one after the other, which is a hand-off each time: whoever asks, with a shard or without, whatever the source does and the peers claim.
        #[test]
        fn every_stamp_is_greater_than_the_one_before(
            start in prop_oneof![Just(0_u64), any::<u64>()],
            step in prop_oneof![Just(0_u64), 0_u64..40],
            shards in 1_u32..70,
            steps in prop::collection::vec((0_usize..5, 0_u8..4, 0_u64..200, any::<u64>(), 0_u32..64), 1..80),
        ) {
            let clock = SharedHybridClock::new(Forward(at(start).0, step), shards, Some(BOUND));
            let mut parts: Vec<_> = (0..4).map_while(|_| clock.shard()).collect();
            prop_assert_eq!(parts.len(), (shards.min(63) + 1).next_power_of_two().saturating_sub(1).min(4) as usize);
            let mut last = HybridStamp::ZERO;
            for (who, what, rest, remote, coarse) in steps {
                clock.source().0.advance(Duration::from_nanos(rest));
                let physical = clock.source().now();
                let remote = HybridStamp::from_bits(match what {
                    0 => remote >> coarse,
                    _ => physical.as_nanos().saturating_add(remote >> 32),
                });
                let stamp = match (parts.get_mut(who), what) {
                    (Some(part), 1) => part.now(),
                    (Some(part), 2) => {
                        let (stale, known) = (remote <= part.latest(), part.latest());
                        if part.observe(remote).is_ok() {
                            prop_assert_eq!(part.latest(), known.max(remote));
                            prop_assert!(stale || lead(remote, clock.source().now()) <= BOUND);
                            last = last.max(remote);
                        } else {
                            prop_assert!(!stale && lead(remote, physical) > BOUND);
                        }
                        continue;
                    }
                    (Some(part), _) => part.update(remote),
                    (None, 1) => clock.now(),
                    (None, _) => clock.update(remote),
                };
                match stamp {
                    Ok(stamp) => {
                        prop_assert!(stamp > last, "{stamp} after {last}");
                        prop_assert!(what == 1 || stamp > remote);
                        prop_assert!(lead(stamp, clock.source().now()) <= BOUND);
                        prop_assert!(parts.get(who).is_none_or(|part| part.latest() == stamp));
                        last = stamp;
                    }
                    Err(Drift::Remote { .. }) => prop_assert!(what != 1 && lead(remote, physical) > BOUND),
                    Err(Drift::Local { lead, .. }) => prop_assert!(lead > BOUND),
                    Err(error) => prop_assert!(error == Drift::Exhausted && last.max(remote).to_bits() > u64::MAX - 128),
                }
            }
        }
    }

    /// Two threads that hand stamps to and fro, and stamp between, on a real clock and on one that stands still.
    fn hand_to_and_fro<C: Steady + Sync>(clock: &SharedHybridClock<C>) {
        let run = |to: mpsc::Sender<HybridStamp>, from: mpsc::Receiver<HybridStamp>| {
            let mut part = clock.shard().unwrap();
            let mut stamps = Vec::new();
            while let Ok(handed) = from.recv() {
                let first = part.now().unwrap();
                assert!(first > handed, "{first} after {handed} was handed over");
                let second = part.now().unwrap();
                assert!(second > first);
                stamps.extend([first, second]);
                if stamps.len() > 20_000 || to.send(second).is_err() {
                    break;
                }
            }
            stamps
        };
        let ((to_one, from_other), (to_other, from_one)) = (mpsc::channel(), mpsc::channel());
        to_one.send(HybridStamp::ZERO).unwrap();
        let stamps = std::thread::scope(|scope| {
            let one = scope.spawn(|| run(to_other, from_other));
            let other = scope.spawn(|| run(to_one, from_one));
            [one.join().unwrap(), other.join().unwrap()].concat()
        });
        assert!(stamps.len() > 30_000);
        assert_eq!(stamps.iter().collect::<BTreeSet<_>>().len(), stamps.len());
    }

    #[cfg(feature = "std")]
    #[test]
    fn stamps_increase_along_hand_offs() {
        let clock = SharedHybridClock::new(crate::SteadyClock::showing(UnixTime::from_seconds(1_700_000_000)), 2, Some(BOUND));
        hand_to_and_fro(&clock);
    }

    #[test]
    fn stamps_increase_along_hand_offs_on_a_frozen_clock() {
        hand_to_and_fro(&SharedHybridClock::new(at(1 << 60), 2, Some(BOUND)));
    }

    #[cfg(feature = "std")]
    #[test]
    fn stamps_of_threads_that_never_meet_are_unique() {
        let clock = SharedHybridClock::new(crate::SteadyClock::showing(UnixTime::from_seconds(1_700_000_000)), 4, Some(BOUND));
        let run = || {
            let mut part = clock.shard().unwrap();
            (0..20_000).map(|_| part.now().unwrap()).collect::<Vec<_>>()
        };
        let stamps = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(stamps.iter().collect::<BTreeSet<_>>().len(), 80_000);
    }

    /// Each sees the source leave the same window, as if all had begun at once: what tells their stamps apart is the shard's number, and the counter that all share has none.
    #[test]
    fn stamps_of_one_window_are_unique() {
        let clock = SharedHybridClock::new(Forward(at(1_000).0, 8), 3, None);
        let mut parts: Vec<_> = (0..3).map(|_| clock.shard().unwrap()).collect();
        let mut stamps: Vec<_> = parts
            .iter_mut()
            .map(|part| {
                clock.source().0.set(UnixTime::from_nanos(1_000));
                part.now().unwrap()
            })
            .collect();
        // Without a shard the stamp is of the window after the one in which the call began.
        clock.source().0.set(UnixTime::from_nanos(1_004));
        stamps.push(clock.now().unwrap());
        assert!(stamps.iter().all(|stamp| stamp.to_bits() >> 2 == stamps[0].to_bits() >> 2), "{stamps:?}");
        assert_eq!(stamps.iter().collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn a_shard_is_given_back() {
        let clock = SharedHybridClock::new(at(1_000), 3, None);
        let mut parts: Vec<_> = (0..3).map(|_| clock.shard().unwrap()).collect();
        assert!(clock.shard().is_none());
        let last = parts[1].now().unwrap();
        parts.remove(1);
        assert!(clock.shard().unwrap().now().unwrap() > last);
    }

    /// A frozen source ends at the bound; a restarted clock issues nothing that was not reserved, and nothing below its floor.
    #[test]
    fn bound_and_floor_hold_for_all_shards() {
        let clock = SharedHybridClock::new(at(1 << 60), 1, Some(Duration::from_nanos(1 << 16)));
        let mut part = clock.shard().unwrap();
        let issued = (0..1 << 20).take_while(|_| part.now().is_ok()).count();
        assert_eq!(issued, (1 << 17 >> 1) - 1);
        assert!(matches!(clock.now(), Err(Drift::Local { .. })));

        let floor = HybridStamp::from_bits(clock.floor_ahead(Duration::from_micros(1)).to_bits() | 1);
        let again = SharedHybridClock::restore(at(1 << 60), 1, None, floor);
        let mut part = again.shard().unwrap();
        assert_eq!(part.now(), Err(Drift::Unreserved { floor }));
        assert_eq!(again.now(), Err(Drift::Unreserved { floor }));
        again.reserve(again.floor_ahead(Duration::from_micros(1)));
        assert!(part.now().unwrap() > floor);
    }

    /// A remote stamp at the very end, or far ahead, moves nothing.
    #[test]
    fn a_rejected_drift_moves_nothing() {
        let clock = SharedHybridClock::new(at(1 << 60), 1, Some(BOUND));
        let mut part = clock.shard().unwrap();
        let first = part.now().unwrap();
        for remote in [HybridStamp::MAX, HybridStamp::from_bits((1 << 60) + (1 << 40))] {
            assert!(matches!(part.update(remote), Err(Drift::Remote { .. })));
            assert!(matches!(part.observe(remote), Err(Drift::Remote { .. })));
            assert!(matches!(clock.update(remote), Err(Drift::Remote { .. })));
        }
        assert_eq!(part.now().unwrap().to_bits(), first.to_bits() + 2);
        assert_eq!(SharedHybridClock::new(at(u64::MAX), 1, None).now(), Err(Drift::Exhausted));
    }
}

/// All interleavings of two threads, and all values that relaxed loads may see: `RUSTFLAGS="--cfg loom" cargo test -p tidings-clocks --release loom`.
#[cfg(all(test, loom))]
mod loom_tests {
    use core::mem::ManuallyDrop;

    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicU64, Ordering};
    use loom::thread;

    use super::*;
    use crate::ClockSource;

    /// Stands still in windows of four nanoseconds, or goes on by one with every reading.
    struct Source {
        nanos: AtomicU64,
        step: u64,
    }

    impl ClockSource for Source {
        fn now(&self) -> UnixTime {
            // The reading of a steady source is an exchange, so that a later one does not see an earlier value.
            UnixTime::from_nanos(self.nanos.fetch_add(self.step, Ordering::AcqRel))
        }
    }

    impl Steady for Source {}

    fn clock(step: u64) -> Arc<SharedHybridClock<Source>> {
        Arc::new(SharedHybridClock::new(Source { nanos: AtomicU64::new(1 << 20), step }, 2, None))
    }

    /// A part that was taken before and is not given back: what comes of that is looked at once, in `loom_a_shard_changes_hands`, and not in all interleavings with all else.
    fn part(clock: &SharedHybridClock<Source>, number: u64) -> ManuallyDrop<Shard<'_, Source>> {
        ManuallyDrop::new(Shard { clock, number, latest: HybridStamp::ZERO })
    }

    /// One thread stamps and hands over; the other, if it was told, has the greater stamp, and in any case another one.
    fn hand_over(step: u64, remote: Option<u64>) {
        loom::model(move || {
            let clock = clock(step);
            let handed = Arc::new(AtomicU64::new(0));
            let other = {
                let (clock, handed) = (clock.clone(), handed.clone());
                thread::spawn(move || {
                    let mut part = part(&clock, 1);
                    let stamp = match remote {
                        Some(remote) => part.update(HybridStamp::from_bits(remote)).unwrap(),
                        None => part.now().unwrap(),
                    };
                    handed.store(stamp.to_bits(), Ordering::Release);
                    stamp
                })
            };
            let mut part = part(&clock, 2);
            let told = HybridStamp::from_bits(handed.load(Ordering::Acquire));
            let stamp = part.now().unwrap();
            assert!(stamp > told);
            let theirs = other.join().unwrap();
            assert!(stamp != theirs);
            let last = part.now().unwrap();
            assert!(last > stamp && last > theirs);
        });
    }

    #[test]
    fn loom_hand_over_on_a_frozen_source() {
        hand_over(0, None);
    }

    #[test]
    fn loom_hand_over_on_a_slow_source() {
        hand_over(1, None);
    }

    #[test]
    fn loom_hand_over_on_a_fast_source() {
        hand_over(4, None);
    }

    #[test]
    fn loom_hand_over_of_a_stamp_from_the_future() {
        hand_over(4, Some((1 << 20) + 9));
    }

    /// What one thread has observed, the other stamps after once it is told, with a shard and without.
    #[test]
    fn loom_an_observed_stamp_is_handed_over() {
        loom::model(|| {
            let clock = clock(1);
            let told = Arc::new(AtomicU64::new(0));
            let remote = HybridStamp::from_bits((1 << 20) + 6);
            let other = {
                let (clock, told) = (clock.clone(), told.clone());
                thread::spawn(move || {
                    part(&clock, 1).observe(remote).unwrap();
                    told.store(1, Ordering::Release);
                })
            };
            let is_told = told.load(Ordering::Acquire) == 1;
            let stamp = part(&clock, 2).now().unwrap();
            assert!(!is_told || stamp > remote);
            other.join().unwrap();
            let last = clock.now().unwrap();
            assert!(last > remote && last > stamp);
        });
    }

    /// Two threads without a shard, who share the one counter, and one of them hands over.
    #[test]
    fn loom_hand_over_without_shards() {
        loom::model(|| {
            let clock = clock(1);
            let handed = Arc::new(AtomicU64::new(0));
            let other = {
                let (clock, handed) = (clock.clone(), handed.clone());
                thread::spawn(move || {
                    let stamp = clock.now().unwrap();
                    handed.store(stamp.to_bits(), Ordering::Release);
                    stamp
                })
            };
            let told = HybridStamp::from_bits(handed.load(Ordering::Acquire));
            let (stamp, of_shard) = (clock.now().unwrap(), part(&clock, 2).now().unwrap());
            assert!(stamp > told && of_shard > stamp);
            let theirs = other.join().unwrap();
            assert!(stamp != theirs && of_shard != theirs);
        });
    }

    /// A shard given back and taken again goes on after what its last owner issued.
    #[test]
    fn loom_a_shard_changes_hands() {
        loom::model(|| {
            let clock = clock(1);
            let other = {
                let clock = clock.clone();
                thread::spawn(move || clock.shard().map(|mut part| part.now().unwrap()))
            };
            let ours = clock.shard().map(|mut part| part.now().unwrap());
            let theirs = other.join().unwrap();
            assert!(ours != theirs);
            let last = clock.shard().unwrap().now().unwrap();
            assert!(Some(last) > ours && Some(last) > theirs);
        });
    }
}
