use core::convert::Infallible;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effects, Incarnation, Protocol, Refused, To, View};

use crate::Majority;
use crate::rank_set::RankSet;

/// How often the members are asked, and how long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probing {
    interval: Duration,
    timeout: Duration,
}

/// Why two durations are no [`Probing`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAProbing {
    /// No answer comes in no time.
    #[error("a timeout of zero counts no answer")]
    NoTime,
    /// A round ends before the next one begins.
    #[error("the timeout {timeout:?} is longer than the interval {interval:?}")]
    Overlapping {
        /// From one round to the next.
        interval: Duration,
        /// How long an answer may take.
        timeout: Duration,
    },
}

impl Probing {
    /// Asks every `interval`, and counts what is answered within `timeout`, which should be above the usual round trip.
    ///
    /// # Errors
    /// [`NotAProbing`] if the timeout is zero or longer than the interval.
    pub const fn new(interval: Duration, timeout: Duration) -> Result<Self, NotAProbing> {
        if timeout.is_zero() {
            return Err(NotAProbing::NoTime);
        }
        if timeout.as_nanos() > interval.as_nanos() {
            return Err(NotAProbing::Overlapping { interval, timeout });
        }
        Ok(Self { interval, timeout })
    }

    /// From the beginning of one round to that of the next.
    #[must_use]
    pub const fn interval(self) -> Duration {
        self.interval
    }

    /// How long after the beginning of a round an answer counts.
    #[must_use]
    pub const fn timeout(self) -> Duration {
        self.timeout
    }

    /// How long after a partition begins a side without a majority may still be writable: `interval` + `timeout`.
    #[must_use]
    pub const fn detection_bound(self) -> Duration {
        self.interval.saturating_add(self.timeout)
    }
}

impl Default for Probing {
    /// Every second, answers within 500 ms.
    fn default() -> Self {
        Self { interval: Duration::from_secs(1), timeout: Duration::from_millis(500) }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Probing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.interval, self.timeout).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Probing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (interval, timeout) = <(Duration, Duration)>::deserialize(deserializer)?;
        Self::new(interval, timeout).map_err(serde::de::Error::custom)
    }
}

/// What the members say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Probe {
    /// Do you hear me?
    Ping {
        /// Which life of the asker.
        incarnation: Incarnation,
        /// Its round, from 1.
        round: u64,
    },
    /// I heard you in that round.
    Pong {
        /// Which life of the asker.
        incarnation: Incarnation,
        /// The asker's round.
        round: u64,
    },
}

/// What a process may do, as far as counting can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Standing {
    /// At most half of the members answered: read, do not write.
    ReadOnly,
    /// More than half of the members, this one counted, answered a round that is not too old.
    Writable,
}

/// Why a probe does not count. Nothing changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeRejected {
    /// The sender is not another member.
    #[error("process {from} is not another one of the {members} members")]
    NotAMember {
        /// Who sent it.
        from: Rank,
        /// How many members there are.
        members: usize,
    },
    /// The sender is known to have crashed; it is not counted among those that answer.
    #[error("process {from} was excluded")]
    Excluded {
        /// Who sent it.
        from: Rank,
    },
    /// An answer to an earlier round or to a former life of this process, or one that took longer than the timeout: old evidence.
    #[error("process {from} answers round {round} of life {incarnation}, which is over")]
    Stale {
        /// Who sent it.
        from: Rank,
        /// The life that is answered.
        incarnation: Incarnation,
        /// The round that is answered.
        round: u64,
    },
    /// An answer to what was never asked.
    #[error("process {from} answers round {round} of life {incarnation}, which was never asked")]
    NeverAsked {
        /// Who sent it.
        from: Rank,
        /// The life that is answered.
        incarnation: Incarnation,
        /// The round that is answered.
        round: u64,
    },
}

/// The partition rule: ask all N, count the responses R with oneself; at R ≤ ⌊N/2⌋ be read-only, else writable.
///
/// # What it promises
///
/// Let a network be cut into sides such that no message crosses, and let D = [`Probing::detection_bound`] = interval + timeout, on each process's own clock.
/// From D after the cut on, no two processes on different sides are [`writable`](PartitionRule::writable), until the cut is mended. This
/// is by counting alone: an answer proves that its sender was heard *after* the question; a round counts until the next one should have ended, D
/// after it began; so D after the cut only rounds count that began after it, whose answers come from one side; and only one side has more than half.
/// It holds for any loss, repetition, delay and reordering, for crashes and restarts, and also if wakes come late or never: `writable` reads the
/// time it is given. It asks of the clocks only that they advance at the same rate for D; where they drift, make the interval longer by it.
///
/// Live: with round trips below the timeout and without loss, every process of the side with more than half is writable within an interval and a round trip.
/// An even split leaves both halves read-only. A partial partition does not stop anybody who reaches a majority.
///
/// # Why not more
///
/// Counting cannot tell one who is cut off from one who is slow, so a cut is known only when answers are missing: *within D both sides may write*. And
/// where the cut is not into sides, majorities overlap in members that do not object: *A and B may both write* while both reach C and not each other.
/// Who needs a single writer needs a quorum to grant each write (consensus, a lease with fencing tokens), not to be counted now and then.
///
/// ```
/// use std::time::Duration;
/// use tidings_protocol::{Incarnation, Rank, Time, View};
/// use tidings_quorum::{PartitionRule, Probing};
/// use tidings_sim::{Faults, Seeded, World};
///
/// let view = View::of(3);
/// let probing = Probing::new(Duration::from_millis(100), Duration::from_millis(50)).unwrap();
/// let build = |me, incarnation| PartitionRule::new(&view, me, incarnation, probing);
/// let [a, b, c] = [Rank(0), Rank(1), Rank(2)];
///
/// let mut world = World::new(3, Faults::calm(), Seeded::new(1), (), build);
/// let _ = world.run_for(Duration::from_millis(105));
/// world.partition(&[a]);
/// let _ = world.run_for(Duration::from_millis(10));
/// let writable = |world: &World<_, _, _, _>, rank| PartitionRule::writable(world.process(rank), world.now());
/// // Within the bound both sides may write ...
/// assert!(writable(&world, a) && writable(&world, b));
/// // ... and after it only one.
/// let _ = world.run_for(probing.detection_bound());
/// assert!(!writable(&world, a) && writable(&world, b) && writable(&world, c));
///
/// // A and B do not hear each other, and both hear C: both write, for ever.
/// world.heal();
/// world.cut(a, b);
/// world.cut(b, a);
/// let _ = world.run_for(Duration::from_secs(10));
/// assert!(writable(&world, a) && writable(&world, b));
/// ```
///
/// # How
///
/// Every interval a round begins: [`Probe::Ping`] to all others with the number of the round and the [`Incarnation`] of the asker. Each answers with a
/// [`Probe::Pong`]; those that belong to an earlier round, to a former life, or come after the timeout do not count. As soon as more than half have answered, the process is
/// writable until D after the beginning of that round. Its changes are indicated, at the latest in the next call after they came to be; who is about to write asks `writable` with the time read just before.
///
/// N is the number of configured members and never changes: [`exclude`](Protocol::exclude) means that the answers of that process are no longer counted, not that fewer are needed.
///
/// Cost: 2 (n − 1) messages for each process and interval; O(1) for each; n bits of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionRule {
    me: Rank,
    incarnation: Incarnation,
    probing: Probing,
    system: Majority,
    /// The round that began last; 0 before the first.
    round: u64,
    begun: Time,
    /// Who answered it, with oneself.
    heard: RankSet,
    excluded: RankSet,
    /// Until when the last round that a majority answered counts.
    writable_until: Option<Time>,
    /// What the layer above was told last.
    told: Standing,
    /// Half of the members are enough, as they must not be.
    takes_half: bool,
}

impl PartitionRule {
    /// The rule at `me`, read-only until a first round is answered. A process that restarts must come back in a greater `incarnation`.
    ///
    /// # Panics
    /// If `me` is not a member of the view.
    #[must_use]
    pub fn new<A>(view: &View<A>, me: Rank, incarnation: Incarnation, probing: Probing) -> Self {
        assert!(view.contains(me), "{me} is not a member of a view of {}", view.len());
        Self {
            me,
            incarnation,
            probing,
            system: Majority::of(view.len()),
            round: 0,
            begun: Time::ZERO,
            heard: RankSet::new(view.len()),
            excluded: RankSet::new(view.len()),
            writable_until: None,
            told: Standing::ReadOnly,
            takes_half: false,
        }
    }

    /// The same, but half of the members are enough to write: breaks the rule on purpose, to see that a check notices.
    #[must_use]
    pub const fn without_majority(mut self) -> Self {
        self.takes_half = true;
        self
    }

    /// Whether this process may write at `now`. Ask with the time read just before the write, not with that of the last input. O(1).
    #[must_use]
    pub fn writable(&self, now: Time) -> bool {
        self.writable_until.is_some_and(|until| now < until)
    }

    /// What this process may do at `now`, as [`writable`](PartitionRule::writable).
    #[must_use]
    pub fn standing(&self, now: Time) -> Standing {
        if self.writable(now) { Standing::Writable } else { Standing::ReadOnly }
    }

    /// How many have answered the round that began last, with oneself: R.
    #[must_use]
    pub const fn responses(&self) -> usize {
        self.heard.len()
    }

    /// The round that began last, from 1; 0 before the first.
    #[must_use]
    pub const fn round(&self) -> u64 {
        self.round
    }

    /// How often members are asked.
    #[must_use]
    pub const fn probing(&self) -> Probing {
        self.probing
    }

    /// When the next round begins; `None` after 2⁶⁴ − 1 of them.
    fn next_round(&self) -> Option<Time> {
        match self.round {
            0 => Some(Time::ZERO),
            u64::MAX => None,
            _ => Some(self.begun + self.probing.interval),
        }
    }

    fn begin(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.round += 1;
        self.begun = now;
        self.heard.clear();
        effects.send(To::Others, Probe::Ping { incarnation: self.incarnation, round: self.round });
        self.count(self.me);
    }

    /// Counts one more response to the round.
    fn count(&mut self, from: Rank) {
        self.heard.insert(from);
        let is_half = self.takes_half && 2 * self.heard.len() >= self.system.members;
        if self.system.is_quorum(self.heard.len()) || is_half {
            self.writable_until = Some(self.begun + self.probing.detection_bound());
        }
    }

    fn check(&self, now: Time, from: Rank, incarnation: Incarnation, round: u64) -> Result<(), ProbeRejected> {
        if (incarnation, round) > (self.incarnation, self.round) || round == 0 {
            return Err(ProbeRejected::NeverAsked { from, incarnation, round });
        }
        if (incarnation, round) < (self.incarnation, self.round) || now.since(self.begun) >= self.probing.timeout {
            return Err(ProbeRejected::Stale { from, incarnation, round });
        }
        Ok(())
    }

    /// Tells the layer above if the standing is another one than it was told last.
    fn tell(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        let standing = self.standing(now);
        if standing == Standing::ReadOnly {
            self.writable_until = None;
        }
        // If it is not taken, the next call tells it; that is at the latest with the next round.
        if standing != self.told && effects.indicate(standing).is_ok() {
            self.told = standing;
        }
    }
}

impl Protocol for PartitionRule {
    /// Nothing can be asked for.
    type Request = Infallible;
    type Message = Probe;
    type Indication = Standing;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = ProbeRejected;

    fn request(&mut self, _: Time, request: Infallible, _: &mut impl Effects<Self>) -> Result<(), Refused<Infallible, Infallible>> {
        match request {}
    }

    fn receive(&mut self, now: Time, from: Rank, message: Probe, effects: &mut impl Effects<Self>) -> Result<(), ProbeRejected> {
        if from == self.me || !self.system.contains(from) {
            return Err(ProbeRejected::NotAMember { from, members: self.system.members });
        }
        if self.excluded.contains(from) {
            return Err(ProbeRejected::Excluded { from });
        }
        match message {
            Probe::Ping { incarnation, round } => effects.send(To::One(from), Probe::Pong { incarnation, round }),
            Probe::Pong { incarnation, round } => {
                self.check(now, from, incarnation, round)?;
                self.count(from);
            }
        }
        self.tell(now, effects);
        Ok(())
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.next_round().is_some_and(|due| due <= now) {
            self.begin(now, effects);
        }
        self.tell(now, effects);
    }

    fn deadline(&self) -> Option<Time> {
        match (self.writable_until, self.next_round()) {
            (Some(until), Some(round)) => Some(until.min(round)),
            (until, round) => until.or(round),
        }
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        if rank != self.me && self.system.contains(rank) {
            self.excluded.insert(rank);
        }
        self.tell(now, effects);
    }
}
