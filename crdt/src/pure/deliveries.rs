use tidings_clocks::{Dot, EventStamp, Overflow, Rank, VectorClock};

use super::{Behind, Pruned, Rejected, Stale, Stamped, Stranger};

/// What one member has delivered of everybody's operations, and what it knows to be stable: it says what comes next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deliveries {
    pub(crate) me: Rank,
    pub(crate) members: usize,
    /// How many operations of each have been delivered, this one's own too.
    pub(crate) delivered: VectorClock,
    /// How many of them are known to be stable; never more than were delivered.
    pub(crate) stable: VectorClock,
}

impl Deliveries {
    /// Of `me`, one of `members`, before any operation.
    pub(crate) fn new(me: Rank, members: usize) -> Result<Self, Stranger> {
        Self { me, members, delivered: VectorClock::new(), stable: VectorClock::new() }.of(me)
    }

    /// The same of another member.
    pub(crate) fn of(self, me: Rank) -> Result<Self, Stranger> {
        if me.index() >= self.members { Err(Stranger { rank: me, members: self.members }) } else { Ok(Self { me, ..self }) }
    }

    /// Notes that the operation is delivered.
    pub(crate) fn note(&mut self, stamp: &EventStamp) {
        self.delivered.raise(stamp.rank(), stamp.dot().counter);
    }

    /// Notes that everybody has delivered what `frontier` counts. Says whether that is news.
    pub(crate) fn stabilise(&mut self, frontier: &VectorClock) -> Result<bool, Behind> {
        match first_missing(frontier, &self.delivered) {
            Some(missing) => Err(Behind { missing, stable: frontier.entry(missing.actor) }),
            None => Ok(self.stable.join(frontier)),
        }
    }

    /// The stamp of this member's next operation.
    pub(crate) fn stamp(&self) -> Result<EventStamp, Overflow> {
        let mut clock = self.delivered.clone();
        clock.tick(self.me)?;
        Ok(EventStamp::new(self.me, clock).expect("it was just counted"))
    }

    /// Whether `stamped` is the next operation of its maker that can be delivered here. `log` has all that is delivered and not stable.
    pub(crate) fn place<'l, O: PartialEq + 'l, W>(
        &self,
        stamped: &Stamped<O>,
        mut log: impl Iterator<Item = &'l Stamped<O>>,
    ) -> Result<(), Rejected<W>> {
        let (dot, clock) = (stamped.stamp.dot(), stamped.stamp.clock());
        let greatest = Rank::new(clock.processes().saturating_sub(1)).max(dot.actor);
        if greatest.index() >= self.members {
            return Err(Stranger { rank: greatest, members: self.members }.into());
        }
        let delivered = self.delivered.entry(dot.actor);
        if dot.counter <= delivered {
            let other = log.find(|known| known.stamp.dot() == dot).is_some_and(|known| known != stamped);
            return Err(if other { Rejected::TwoOperations { dot } } else { Rejected::Duplicate { dot } });
        }
        if dot.actor == self.me {
            return Err(Rejected::NotMine { dot, made: delivered });
        }
        self.follows(&stamped.stamp)
    }

    /// Whether all that its maker had seen is delivered, and it had seen all that is stable.
    pub(crate) fn follows<W>(&self, stamp: &EventStamp) -> Result<(), Rejected<W>> {
        let dot = stamp.dot();
        let due = |rank: Rank| self.delivered.entry(rank) + u64::from(rank == dot.actor);
        let mut ranks = (0..stamp.clock().processes()).map(Rank::new);
        if let Some(rank) = ranks.find(|rank| stamp.clock().entry(*rank) > due(*rank)) {
            return Err(Rejected::Early { dot, missing: Dot::new(rank, self.delivered.entry(rank) + 1) });
        }
        match first_missing(&self.stable, stamp.clock()) {
            Some(unseen) => Err(Rejected::Late { dot, unseen }),
            None => Ok(()),
        }
    }

    /// Whether fewer than `limit` operations of `maker` are delivered and not stable.
    pub(crate) fn has_room<W>(&self, maker: Rank, limit: u32) -> Result<(), Rejected<W>> {
        let unstable = self.delivered.entry(maker) - self.stable.entry(maker);
        if unstable >= u64::from(limit) { Err(Rejected::Full { maker, limit }) } else { Ok(()) }
    }

    /// Whether what is not stable is all that somebody may lack who has delivered what `known` counts.
    pub(crate) fn suffices(&self, known: &VectorClock) -> Result<(), Pruned> {
        match first_missing(&self.stable, known) {
            Some(missing) => Err(Pruned { missing, stable: self.stable.entry(missing.actor) }),
            None => Ok(()),
        }
    }

    /// Whether somebody who has `delivered` that much has all that is stable here.
    pub(crate) fn is_covered_by(&self, delivered: &VectorClock) -> Result<(), Stale> {
        first_missing(&self.stable, delivered).map_or(Ok(()), |missing| Err(Stale { missing }))
    }
}

/// The first event, by rank, that `wanted` counts and `known` does not.
fn first_missing(wanted: &VectorClock, known: &VectorClock) -> Option<Dot> {
    let missing = |rank: &Rank| wanted.entry(*rank) > known.entry(*rank);
    let rank = (0..wanted.processes()).map(Rank::new).find(missing)?;
    Some(Dot::new(rank, known.entry(rank) + 1))
}
