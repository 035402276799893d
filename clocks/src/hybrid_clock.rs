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
    /// How far ahead of the physical clock a stamp may be; `None` for any distance.
    bound: Option<Duration>,
    /// The greatest stamp that may be issued.
    floor: HybridStamp,
}

impl HybridClock {
    /// A clock whose stamps are at most `bound` ahead of the physical clock.
    #[must_use]
    pub const fn bounded(bound: Duration) -> Self {
        Self { latest: HybridStamp::ZERO, bound: Some(bound), floor: HybridStamp::MAX }
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
    pub fn now(&mut self, physical: UnixTime) -> Result<HybridStamp, Drift> {
        self.advance(self.latest, physical)
    }

    /// Stamps the receipt of a message stamped `remote`: strictly after it, and after all stamps issued and received.
    ///
    /// # Errors
    /// [`Drift::Remote`] if it is too far ahead, which is checked first; [`Drift::Local`], [`Drift::Unreserved`] or [`Drift::Exhausted`]. The clock is unchanged.
    pub fn update(&mut self, remote: HybridStamp, physical: UnixTime) -> Result<HybridStamp, Drift> {
        if let Some((lead, bound)) = self.excess(remote, physical) {
            return Err(Drift::Remote { lead, bound });
        }
        self.advance(self.latest.max(remote), physical)
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
        HybridStamp::from_bits(from.saturating_add(u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX)))
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
        self.bound
    }

    /// How far the time of the latest stamp is ahead of `physical`; zero if it is not.
    #[must_use]
    pub const fn lead(&self, physical: UnixTime) -> Duration {
        lead(self.latest, physical)
    }

    /// The least stamp after `known` that is not before `physical`.
    fn advance(&mut self, known: HybridStamp, physical: UnixTime) -> Result<HybridStamp, Drift> {
        let next = known.next().ok_or(Drift::Exhausted)?.max(HybridStamp::at(physical));
        if let Some((lead, bound)) = self.excess(next, physical) {
            return Err(Drift::Local { lead, bound });
        }
        if next > self.floor {
            return Err(Drift::Unreserved { floor: self.floor });
        }
        self.latest = next;
        Ok(next)
    }

    /// The lead of `stamp` and the bound, if it is more than that.
    fn excess(&self, stamp: HybridStamp, physical: UnixTime) -> Option<(Duration, Duration)> {
        let (lead, bound) = (lead(stamp, physical), self.bound?);
        (lead > bound).then_some((lead, bound))
    }
}

const fn lead(stamp: HybridStamp, physical: UnixTime) -> Duration {
    let physical = HybridStamp::at(physical).time().as_nanos();
    Duration::from_nanos(stamp.time().as_nanos().saturating_sub(physical))
}
