use crate::{Overflow, Rank};

/// When an event happened, by a Lamport clock: the counter, then the process that breaks ties.
///
/// If one event happened before another, its stamp is less. The converse does not hold: a lesser stamp may belong to a concurrent event. The order
/// is total, as long as no two processes share an id (Lamport 1978, the relation ⇒).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LamportStamp<P = Rank> {
    /// One more than any counter that this event knew of. The first event of all has 1.
    pub counter: u64,
    /// Whose event it was.
    pub process: P,
}

/// A Lamport clock: a counter that is always beyond all that was heard of.
///
/// Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978, rules IR1 and IR2. All operations are O(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LamportClock<P = Rank> {
    latest: LamportStamp<P>,
}

impl<P: Copy> LamportClock<P> {
    /// The clock of `process` before its first event.
    #[must_use]
    pub const fn new(process: P) -> Self {
        Self::from_stamp(LamportStamp { counter: 0, process })
    }

    /// The clock of `stamp.process` just after the event `stamp`: how a process goes on after a restart.
    #[must_use]
    pub const fn from_stamp(stamp: LamportStamp<P>) -> Self {
        Self { latest: stamp }
    }

    /// Counts a local event (IR1); a message that is sent now carries the stamp returned.
    ///
    /// # Errors
    /// [`Overflow`] if the counter is `u64::MAX`; the clock is unchanged.
    pub const fn tick(&mut self) -> Result<LamportStamp<P>, Overflow> {
        self.advance(self.latest.counter)
    }

    /// Counts the receipt of a message stamped `stamp` (IR2): the receipt is later than the message and than all that happened here.
    ///
    /// # Errors
    /// [`Overflow`] if either counter is `u64::MAX`; the clock is unchanged.
    pub fn receive(&mut self, stamp: &LamportStamp<P>) -> Result<LamportStamp<P>, Overflow> {
        self.advance(self.latest.counter.max(stamp.counter))
    }

    /// The stamp of the last event here; counter 0 before the first.
    #[must_use]
    pub const fn latest(&self) -> LamportStamp<P> {
        self.latest
    }

    const fn advance(&mut self, known: u64) -> Result<LamportStamp<P>, Overflow> {
        match known.checked_add(1) {
            Some(counter) => {
                self.latest.counter = counter;
                Ok(self.latest)
            }
            None => Err(Overflow),
        }
    }
}
