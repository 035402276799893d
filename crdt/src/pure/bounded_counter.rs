use alloc::collections::BTreeMap;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Replica};

/// A counter that never falls below zero: to take something off, a replica must hold the right to it.
///
/// Balegas and others (2015), as [`BoundedCounter`](crate::BoundedCounter). An operation shows by its stamp what rights its maker knew of, so one who spends what he does not have
/// is refused, by all replicas alike. Stable rights are a number for each replica; which gave which to whom is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct BoundedCounter {
    /// Who holds how many; 0 is none. Their sum is the value.
    #[cfg_attr(feature = "serde", serde(with = "crate::serial"))]
    rights: BTreeMap<Rank, i128>,
}

/// An operation on a [`BoundedCounter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BoundedOperation {
    /// Adds so much; the maker gets as many rights.
    Add(u64),
    /// Takes so much off, and uses up as many of the maker's rights.
    Take(u64),
    /// Gives so many of the maker's rights away.
    Give {
        /// To whom.
        to: Rank,
        /// How many.
        rights: u64,
    },
}

/// Why a replica cannot spend rights.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRight {
    /// It did not hold so many, by what it had seen.
    #[error("process {maker} held {held} rights and needed {needed}")]
    TooFew {
        /// Who spends them.
        maker: Rank,
        /// How many it held.
        held: i128,
        /// How many it spends.
        needed: u64,
    },
    /// Nobody of this rank is there to get them.
    #[error("process {to} is not one of {members} members")]
    Nobody {
        /// To whom they are given.
        to: Rank,
        /// How many members there are.
        members: usize,
    },
}

impl BoundedOperation {
    /// What it changes the rights of `of` by, if `maker` does it.
    fn change(self, maker: Rank, of: Rank) -> i128 {
        let of_maker = if maker == of { 1 } else { 0 };
        match self {
            Self::Add(amount) => of_maker * i128::from(amount),
            Self::Take(amount) => -of_maker * i128::from(amount),
            Self::Give { to, rights } => (i128::from(to == of) - of_maker) * i128::from(rights),
        }
    }
}

impl Replica<BoundedCounter> {
    /// How many rights `rank` holds, as far as is known here; of this replica itself that is exact. O(u).
    #[must_use]
    pub fn rights_of(&self, rank: Rank) -> u128 {
        u128::try_from(self.state().rights_of(rank, self.alive())).unwrap_or(0)
    }
}

impl BoundedCounter {
    fn rights_of<'l>(&self, rank: Rank, log: impl Log<'l, BoundedOperation>) -> i128 {
        let stable = self.rights.get(&rank).copied().unwrap_or(0);
        log.fold(stable, |rights, logged| rights + logged.operation.change(logged.stamp.rank(), rank))
    }
}

impl Pure for BoundedCounter {
    type Operation = BoundedOperation;
    type Value = u128;
    type Refused = NoRight;

    fn check<'l>(&self, members: usize, log: impl Log<'l, BoundedOperation>, new: Logged<'_, BoundedOperation>) -> Result<(), NoRight> {
        let needed = match *new.operation {
            BoundedOperation::Add(_) => return Ok(()),
            BoundedOperation::Give { to, .. } if to.index() >= members => return Err(NoRight::Nobody { to, members }),
            BoundedOperation::Take(rights) | BoundedOperation::Give { rights, .. } => rights,
        };
        let maker = new.stamp.rank();
        let held = self.rights_of(maker, log.filter(|old| old.is_seen_by(&new)));
        if held < i128::from(needed) { Err(NoRight::TooFew { maker, held, needed }) } else { Ok(()) }
    }

    /// Never overflows: 2⁶³ amounts of 2⁶⁴ fit.
    fn settle(&mut self, maker: Rank, operation: BoundedOperation) {
        let other = if let BoundedOperation::Give { to, .. } = operation { Some(to).filter(|to| *to != maker) } else { None };
        for rank in core::iter::once(maker).chain(other) {
            let rights = self.rights.get(&rank).copied().unwrap_or(0) + operation.change(maker, rank);
            if rights == 0 {
                self.rights.remove(&rank)
            } else {
                self.rights.insert(rank, rights)
            };
        }
    }

    /// Whoever takes has seen where his rights come from, so this is what was added less what was taken.
    fn value<'l>(&self, log: impl Log<'l, BoundedOperation>) -> u128 {
        let amount = |logged: Logged<'_, BoundedOperation>| match *logged.operation {
            BoundedOperation::Add(amount) => i128::from(amount),
            BoundedOperation::Take(amount) => -i128::from(amount),
            BoundedOperation::Give { .. } => 0,
        };
        let sum = self.rights.values().sum::<i128>() + log.map(amount).sum::<i128>();
        u128::try_from(sum).unwrap_or(0)
    }

    fn shows(value: &u128) -> bool {
        *value != 0
    }
}
