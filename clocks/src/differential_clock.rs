use alloc::vec::Vec;

use crate::{DifferentialStamp, NotAMember, Overflow, Rank, VectorClock};

/// Why a differential clock takes no event. It is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DifferentialError {
    /// The stamp counts events of somebody who is no member.
    #[error(transparent)]
    NotAMember(#[from] NotAMember),
    /// The counter of this process is at its limit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// No rank: the end of a list.
const NOBODY: u32 = u32::MAX;

/// A vector clock that knows which of its entries changed since when, so that a message need only carry those.
///
/// Singhal, Kshemkalyani, *An Efficient Implementation of Vector Clocks*, 1992: one number for each entry (when it changed last) and one for each link (what
/// was sent last, in a [`DifferentialSender`](crate::DifferentialSender)) do instead of a copy of the clock for each link. Here the entries are also kept in the order of their last changes, so finding c changed ones takes O(c)
/// and not O(n). Needs links that keep the order of messages, and says so when one did not: see [`DifferentialReceiver`](crate::DifferentialReceiver).
#[derive(Clone, Debug)]
pub struct DifferentialClock {
    me: Rank,
    entries: Vec<Entry>,
    /// The entry that changed last.
    newest: u32,
    /// How often anything has changed; the time by which changes are dated.
    changes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    counter: u64,
    /// The number of its last change.
    changed: u64,
    /// The entry that changed next after this one, and the one before.
    newer: u32,
    older: u32,
}

impl DifferentialClock {
    /// The clock of `me`, one of `members`, before its first event.
    ///
    /// # Errors
    /// [`NotAMember`] if `me` is none of them.
    pub fn new(me: Rank, members: usize) -> Result<Self, NotAMember> {
        if me.index() >= members {
            return Err(NotAMember { rank: me, members });
        }
        // In any order at first: nothing has changed yet.
        let link = |rank: usize, end: bool| if end { NOBODY } else { Rank::new(rank).0 };
        let entries = (0..members).map(|rank| Entry {
            counter: 0,
            changed: 0,
            newer: link(rank.wrapping_sub(1), rank == 0),
            older: link(rank + 1, rank + 1 == members),
        });
        Ok(Self { me, entries: entries.collect(), newest: 0, changes: 0 })
    }

    /// Counts one event here; returns the new count. O(1).
    ///
    /// # Errors
    /// [`Overflow`] if the counter is `u64::MAX`; the clock is unchanged.
    pub fn tick(&mut self) -> Result<u64, Overflow> {
        let count = self.entries[self.me.index()].counter.checked_add(1).ok_or(Overflow)?;
        self.changes = self.changes.checked_add(1).ok_or(Overflow)?;
        self.change(self.me, count);
        Ok(count)
    }

    /// Takes in the entries of a stamp that a [`DifferentialReceiver`](crate::DifferentialReceiver) has found to be the next of its link, and counts the receipt; returns the new count. O(c) for c entries.
    ///
    /// # Errors
    /// [`DifferentialError`]; the clock is unchanged.
    pub fn receive(&mut self, stamp: &DifferentialStamp) -> Result<u64, DifferentialError> {
        let members = self.entries.len();
        // The ranks of a stamp increase, so the last one is the greatest.
        if let Some(&(rank, _)) = stamp.changes().last().filter(|(rank, _)| rank.index() >= members) {
            return Err(NotAMember { rank, members }.into());
        }
        let own = stamp.changes().iter().find(|(rank, _)| *rank == self.me).map_or(0, |(_, counter)| *counter);
        let known = self.entries[self.me.index()].counter.max(own);
        if known == u64::MAX || self.changes == u64::MAX {
            return Err(Overflow.into());
        }
        self.changes += 1;
        for &(rank, counter) in stamp.changes() {
            if counter > self.entries[rank.index()].counter {
                self.change(rank, counter);
            }
        }
        self.change(self.me, known + 1);
        Ok(known + 1)
    }

    /// The entries that changed after the change number `since`, the latest first. O(1) for each.
    pub fn changed_since(&self, since: u64) -> impl Iterator<Item = (Rank, u64)> {
        let mut at = self.newest;
        core::iter::from_fn(move || {
            let rank = Rank(at);
            let entry = self.entries.get(rank.index()).filter(|entry| entry.changed > since)?;
            at = entry.older;
            Some((rank, entry.counter))
        })
    }

    /// How many changes there were so far.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// How many events of `rank` are known. O(1).
    #[must_use]
    pub fn entry(&self, rank: Rank) -> u64 {
        self.entries.get(rank.index()).map_or(0, |entry| entry.counter)
    }

    /// The whole clock. O(n).
    #[must_use]
    pub fn vector(&self) -> VectorClock {
        self.entries.iter().map(|entry| entry.counter).collect()
    }

    /// Sets an entry, and moves it to the front of the list.
    fn change(&mut self, rank: Rank, counter: u64) {
        let entry = &mut self.entries[rank.index()];
        (entry.counter, entry.changed) = (counter, self.changes);
        if self.newest == rank.0 {
            return;
        }
        let (newer, older) = (entry.newer, entry.older);
        (entry.newer, entry.older) = (NOBODY, self.newest);
        // It is not the first, so there is a newer one.
        self.entries[newer as usize].older = older;
        if older != NOBODY {
            self.entries[older as usize].newer = newer;
        }
        self.entries[self.newest as usize].newer = rank.0;
        self.newest = rank.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DifferentialSender;

    /// Changes are dated by a number of their own, which must not wrap either.
    #[test]
    fn after_the_last_change_none_is_taken() {
        let mut other = DifferentialClock::new(Rank(1), 2).unwrap();
        other.tick().unwrap();
        let stamp = DifferentialSender::new().stamp(&other);
        let mut clock = DifferentialClock { changes: u64::MAX, ..DifferentialClock::new(Rank(0), 2).unwrap() };
        assert_eq!(clock.tick(), Err(Overflow));
        assert_eq!(clock.receive(&stamp), Err(DifferentialError::Overflow(Overflow)));
        assert_eq!((clock.vector(), clock.changes()), (VectorClock::new(), u64::MAX));
    }
}
