use core::cmp::Ordering;

use crate::Join;

/// A register in which the last write wins: last by its stamp, and between equal stamps by the greater actor.
///
/// Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative Replicated Data Types* (2011), specification 8. Of concurrent
/// writes one is lost; that is what this register is for ([`MvRegister`](crate::MvRegister) keeps them all). A stamp is anything ordered that
/// grows along happened-before: a hybrid stamp, a Lamport counter. A stamp from a wild clock wins until real time has caught up with it, so check a
/// received stamp's drift (`HybridClock` does) before joining.
///
/// O(1) but for copying the value. A register nobody has written is the bottom.
///
/// ```
/// use core::time::Duration;
/// use tidings_clocks::{HybridClock, UnixTime};
/// use tidings_crdt::{Join, LwwRegister};
///
/// let mut fast = HybridClock::bounded(Duration::from_secs(1));
/// let mut slow = HybridClock::bounded(Duration::from_secs(1));
/// let mut title = LwwRegister::new();
/// let draft = title.write(fast.now(UnixTime::from_millis(5_040))?, "ann", "Draft")?;
///
/// // Bob's clock is 40 ms behind. It takes in the stamp first, and refuses one that is too far ahead; so his later write is the last one.
/// let mut copy = draft.clone();
/// slow.update(copy.last().expect("just written").stamp, UnixTime::from_millis(5_000))?;
/// let news = copy.write(slow.now(UnixTime::from_millis(5_001))?, "bob", "News")?;
/// assert!(title.join(&news));
/// assert_eq!(title.value(), Some(&"News"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct LwwRegister<A, S, T> {
    last: Option<Write<A, S, T>>,
}

/// One write to a [`LwwRegister`]: ordered by its stamp, then by its actor, and then, which only matters under equivocation, by its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Write<A, S, T> {
    /// When it was written.
    pub stamp: S,
    /// Who wrote it.
    pub actor: A,
    /// What was written.
    pub value: T,
}

/// A write that would not be the last one: its stamp and actor are not greater than those of the write in the register, which is unchanged.
///
/// The register's stamp was not taken into the clock before that clock made the new one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write's stamp is not later than that of the write in the register")]
pub struct NotLater<A, S, T> {
    /// The write, handed back.
    pub write: Write<A, S, T>,
}

/// One actor has made two different writes with one stamp: it was cloned, or lost its memory, or lies. Both are the evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one actor has made two different writes with one stamp")]
pub struct TwoWrites<A, S, T> {
    /// The write that was in the register, and still is.
    pub mine: Write<A, S, T>,
    /// The one that came.
    pub theirs: Write<A, S, T>,
}

impl<A, S, T> LwwRegister<A, S, T> {
    /// The register nobody has written.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// The value last written, as far as is known here.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.last.as_ref().map(|write| &write.value)
    }

    /// The last write, with its stamp and its actor.
    #[must_use]
    pub const fn last(&self) -> Option<&Write<A, S, T>> {
        self.last.as_ref()
    }
}

impl<A: Ord + Clone, S: Ord + Clone, T: Ord + Clone> LwwRegister<A, S, T> {
    /// Writes and returns the delta, which is the register as it then is.
    ///
    /// # Errors
    /// [`NotLater`] if the stamp is less than that of the last write, or equal to it and the actor not greater; the register is unchanged and the
    /// write comes back. Joined silently it would be lost.
    pub fn write(&mut self, stamp: S, actor: A, value: T) -> Result<Self, NotLater<A, S, T>> {
        let write = Write { stamp, actor, value };
        if self.last.as_ref().is_some_and(|last| last.arbitrate(&write) != Ordering::Less) {
            return Err(NotLater { write });
        }
        self.last = Some(write);
        Ok(self.clone())
    }

    /// Joins, unless that shows an equivocation: one actor, one stamp, two values.
    ///
    /// [`Join::join`] lets the greater value win then, so that all replicas agree; this one tells. It is seen only while one of the two is the last
    /// write: the register remembers nothing else.
    ///
    /// # Errors
    /// [`TwoWrites`] with both; the register is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoWrites<A, S, T>> {
        if let (Some(mine), Some(theirs)) = (&self.last, &other.last)
            && mine.arbitrate(theirs) == Ordering::Equal
            && mine.value != theirs.value
        {
            return Err(TwoWrites { mine: mine.clone(), theirs: theirs.clone() });
        }
        Ok(self.join(other))
    }
}

impl<A: Ord, S: Ord, T> Write<A, S, T> {
    /// Which of the two is the last, value aside. Equal only for one write, or under equivocation.
    #[must_use]
    pub fn arbitrate(&self, other: &Self) -> Ordering {
        self.stamp.cmp(&other.stamp).then_with(|| self.actor.cmp(&other.actor))
    }
}

impl<A, S, T> Default for LwwRegister<A, S, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, S: Ord + Clone, T: Ord + Clone> Join for LwwRegister<A, S, T> {
    /// The later write. Between two of one actor with one stamp, which no correct actor makes, the one with the greater value.
    fn join(&mut self, other: &Self) -> bool {
        let later = other.last > self.last;
        if later {
            self.last.clone_from(&other.last);
        }
        later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_stamp_wins_and_the_greater_actor_breaks_ties() {
        let (mut a, mut b) = (LwwRegister::new(), LwwRegister::new());
        let first = a.write(1, 'a', "first").unwrap();
        let rival = b.write(1, 'b', "rival").unwrap();
        a.join(&rival);
        b.join(&first);
        assert_eq!((a.value(), b.value()), (Some(&"rival"), Some(&"rival")));
        let last = a.write(2, 'a', "last").unwrap();
        assert!(b.join(&last));
        assert_eq!(a, b);
        assert_eq!(b.last().map(|write| (write.stamp, write.actor)), Some((2, 'a')));
    }

    #[test]
    fn a_write_that_would_be_lost_comes_back() {
        let mut register = LwwRegister::new();
        register.write(5, 'b', "kept").unwrap();
        for (stamp, actor) in [(4, 'z'), (5, 'a'), (5, 'b')] {
            let before = register.clone();
            assert_eq!(register.write(stamp, actor, "lost"), Err(NotLater { write: Write { stamp, actor, value: "lost" } }));
            assert_eq!(register, before);
        }
    }

    #[test]
    fn a_cloned_actor_is_told_and_all_agree_anyhow() {
        let (mut one, mut two) = (LwwRegister::new(), LwwRegister::new());
        one.write(1, 'a', "one").unwrap();
        two.write(1, 'a', "two").unwrap();
        let before = one.clone();
        let evidence = one.join_checked(&two).unwrap_err();
        assert_eq!((evidence.mine.value, evidence.theirs.value), ("one", "two"));
        assert_eq!(one, before);
        assert_eq!(one.joined(&two), two.joined(&before));
    }
}
