use alloc::vec::Vec;

use tidings_clocks::{EventStamp, Rank, VectorClock};
use tidings_protocol::Refused;

use super::deliveries::Deliveries;
use super::{Behind, Log, Logged, Pruned, Pure, Rejected, Stranger};

/// One replica of a [`Pure`] data type: the operations that are not yet stable, in a partially ordered log, and the state that the stable ones have become.
///
/// Baquero, Almeida, Shoker, *Pure Operation-Based Replicated Data Types* (2017), algorithm 3. The log also holds the operations that are redundant, until
/// they are stable: another replica that missed some can be [given](Replica::since) them, and an operation is checked against all that its maker had seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica<P: Pure> {
    pub(super) limits: Limits,
    /// What is stable is in the state.
    pub(super) deliveries: Deliveries,
    pub(super) state: P,
    /// All that is delivered and not stable, in the order of delivery.
    pub(super) log: Vec<Entry<P::Operation>>,
}

/// An operation as it travels.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stamped<O> {
    /// When and by whom it was made: it counts all that its maker had delivered, and itself.
    pub stamp: EventStamp,
    /// What it does.
    pub operation: O,
}

/// An operation that a replica does not take, handed back with the reason.
pub type NotTaken<P, R> = Refused<R, Rejected<<P as Pure>::Refused>>;

/// How many operations may be delivered and not yet stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of those that this replica makes: it makes no more, until some are stable. At least 1.
    pub own: u32,
    /// Of those of each other replica. Greater than `own` is there, for the frontier may be known here later.
    pub each: u32,
}

/// An operation in the log.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Entry<O> {
    pub(super) stamped: Stamped<O>,
    /// Whether no other has made it redundant.
    pub(super) alive: bool,
}

impl<P: Pure> Replica<P> {
    /// The replica of `me`, one of `members`, before any operation.
    ///
    /// # Errors
    /// [`Stranger`] if `me` is none of them.
    pub fn new(me: Rank, members: usize, limits: Limits) -> Result<Self, Stranger> {
        Ok(Self { limits, deliveries: Deliveries::new(me, members)?, state: P::default(), log: Vec::new() })
    }

    /// Does `operation` here at once, and returns what is to be broadcast. O(u + n) for u operations that are not stable and n members.
    ///
    /// # Errors
    /// [`Rejected::Refused`] if the type says that it cannot be done as things stand here, [`Rejected::Full`] if too many of this replica's are not yet stable,
    /// [`Rejected::Overflow`] if it has made `u64::MAX`; the replica is unchanged and the operation comes back.
    pub fn operate(&mut self, operation: P::Operation) -> Result<Stamped<P::Operation>, NotTaken<P, P::Operation>> {
        let stamp = self.deliveries.stamp().map_err(Rejected::from);
        match stamp.and_then(|stamp| self.admit(&stamp, &operation, self.limits.own.max(1)).map(|()| stamp)) {
            Err(why) => Err(Refused { request: operation, why }),
            Ok(stamp) => {
                let stamped = Stamped { stamp, operation };
                self.take(stamped.clone());
                Ok(stamped)
            }
        }
    }

    /// Takes in an operation of another replica. They come in causal order: that, and that nothing comes twice, is checked here. O(u + n) for u operations that are not stable and n members.
    ///
    /// # Errors
    /// [`Rejected`], with what is wrong; the replica is unchanged and the operation comes back.
    pub fn deliver(&mut self, stamped: Stamped<P::Operation>) -> Result<(), NotTaken<P, Stamped<P::Operation>>> {
        let Stamped { stamp, operation } = &stamped;
        let place = self.deliveries.place(&stamped, self.log.iter().map(|entry| &entry.stamped));
        match place.and_then(|()| self.admit(stamp, operation, self.limits.each)) {
            Err(why) => Err(Refused { request: stamped, why }),
            Ok(()) => {
                self.take(stamped);
                Ok(())
            }
        }
    }

    /// Moves the operations that `frontier` counts into the state, where they lose their stamps: everybody has delivered them, and whatever still comes has seen them. Returns how many.
    /// What is below an earlier frontier is there already. O(u log n).
    ///
    /// # Errors
    /// [`Behind`] if it counts what was never delivered here: this replica was away. It is unchanged, and needs a [`Snapshot`](super::Snapshot).
    pub fn stabilise(&mut self, frontier: &VectorClock) -> Result<usize, Behind> {
        if !self.deliveries.stabilise(frontier)? {
            return Ok(0);
        }
        let before = self.log.len();
        let (state, stable) = (&mut self.state, &self.deliveries.stable);
        let mut left = Vec::new();
        for entry in core::mem::take(&mut self.log) {
            if !entry.stamped.stamp.is_known_to(stable) {
                left.push(entry);
            } else if entry.alive {
                state.settle(entry.stamped.stamp.rank(), entry.stamped.operation);
            }
        }
        self.log = left;
        if !P::COMMUTES {
            self.state.prune(alive(&self.log));
        }
        Ok(before - self.log.len())
    }

    /// What this replica shows.
    #[must_use]
    pub fn value(&self) -> P::Value {
        self.state.value(self.alive())
    }

    /// The operations that another replica lacks which has delivered what `known` counts, in an order in which it can take them. O(u).
    ///
    /// # Errors
    /// [`Pruned`] if it lacks some that are stable here: it was away too long, and needs a [`Snapshot`](super::Snapshot).
    pub fn since<'r>(&'r self, known: &'r VectorClock) -> Result<impl Iterator<Item = &'r Stamped<P::Operation>>, Pruned> {
        self.deliveries.suffices(known)?;
        Ok(self.log.iter().map(|entry| &entry.stamped).filter(move |stamped| !stamped.stamp.is_known_to(known)))
    }

    /// How many operations of each replica have been delivered here, this one's own too.
    #[must_use]
    pub const fn delivered(&self) -> &VectorClock {
        &self.deliveries.delivered
    }

    /// How many operations of each replica are known to be stable.
    #[must_use]
    pub const fn stable(&self) -> &VectorClock {
        &self.deliveries.stable
    }

    /// How many operations are in the log: delivered, and not known to be stable.
    #[must_use]
    pub const fn unstable(&self) -> usize {
        self.log.len()
    }

    /// What the stable operations have become.
    #[must_use]
    pub const fn state(&self) -> &P {
        &self.state
    }

    /// The operations in the log that are alive.
    pub fn alive(&self) -> impl Log<'_, P::Operation> {
        alive(&self.log)
    }

    /// Who this is.
    #[must_use]
    pub const fn me(&self) -> Rank {
        self.deliveries.me
    }

    /// Takes back an operation of whomever, this replica too, that it had delivered before it began anew; returns it if it no longer can be.
    pub(super) fn retake(&mut self, stamped: Stamped<P::Operation>) -> Result<(), Stamped<P::Operation>> {
        let Stamped { stamp, operation } = &stamped;
        match self.deliveries.follows(stamp).and_then(|()| self.admit(stamp, operation, self.limits.each.max(self.limits.own))) {
            Err(_) => Err(stamped),
            Ok(()) => {
                self.take(stamped);
                Ok(())
            }
        }
    }

    /// Whether there is room for it, and the type finds nothing wrong with it.
    fn admit(&self, stamp: &EventStamp, operation: &P::Operation, limit: u32) -> Result<(), Rejected<P::Refused>> {
        self.deliveries.has_room(stamp.rank(), limit)?;
        let all = self.log.iter().map(Entry::logged);
        self.state.check(self.deliveries.members, all, Logged { stamp, operation, alive: true }).map_err(Rejected::Refused)
    }

    /// Takes in an operation that is in its place: `effect` of the paper.
    fn take(&mut self, stamped: Stamped<P::Operation>) {
        let Stamped { stamp, operation } = &stamped;
        if P::COMMUTES {
            self.state.settle(stamp.rank(), operation.clone());
        } else {
            let new = Logged { stamp, operation, alive: true };
            for entry in self.log.iter_mut().filter(|entry| entry.alive) {
                entry.alive = !P::obsoletes(new, entry.logged());
            }
            self.state.supersede(operation);
        }
        self.deliveries.note(stamp);
        let alive = !P::COMMUTES && !P::is_redundant(operation);
        self.log.push(Entry { stamped, alive });
    }
}

impl<O> Entry<O> {
    pub(super) const fn logged(&self) -> Logged<'_, O> {
        Logged { stamp: &self.stamped.stamp, operation: &self.stamped.operation, alive: self.alive }
    }
}

impl Default for Limits {
    /// 1,024 of its own, 4,096 of each other.
    fn default() -> Self {
        Self { own: 1_024, each: 4_096 }
    }
}

fn alive<O>(log: &[Entry<O>]) -> impl Log<'_, O> {
    log.iter().filter(|entry| entry.alive).map(Entry::logged)
}
