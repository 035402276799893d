use tidings_clocks::{Dot, Overflow, Rank};

/// Somebody is not in the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("process {rank} is not one of {members} members")]
pub struct Stranger {
    /// Who it would be.
    pub rank: Rank,
    /// How many members there are; their ranks are less.
    pub members: usize,
}

/// Why a replica does not take an operation. It is unchanged, and the operation comes back.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected<W> {
    /// Its maker, or somebody whom its stamp counts, is not in the view.
    #[error(transparent)]
    Stranger(#[from] Stranger),
    /// It was delivered before.
    #[error("operation {} of process {} was delivered before", dot.counter, dot.actor)]
    Duplicate {
        /// Its name.
        dot: Dot,
    },
    /// Another operation of this name was delivered before: its maker was cloned, or lost its memory, or lies.
    #[error("operation {} of process {} was delivered before, with other content", dot.counter, dot.actor)]
    TwoOperations {
        /// The name of both.
        dot: Dot,
    },
    /// It is in the name of this replica, which has not made it: it was cloned, or lost its memory, or somebody lies.
    #[error("this replica, process {}, has made {made} operations, and not operation {}", dot.actor, dot.counter)]
    NotMine {
        /// The operation.
        dot: Dot,
        /// How many this replica has made.
        made: u64,
    },
    /// Out of causal order: something that happened before it has not been delivered.
    #[error("operation {} of process {} comes before operation {} of process {}, which it has seen", dot.counter, dot.actor, missing.counter, missing.actor)]
    Early {
        /// The operation.
        dot: Dot,
        /// The first that is missing, of the first process that has one.
        missing: Dot,
    },
    /// Its maker had not seen something that is stable: it was away while the others went on, or the frontier was wrong.
    #[error("operation {} of process {} is concurrent with operation {} of process {}, which is stable", dot.counter, dot.actor, unseen.counter, unseen.actor)]
    Late {
        /// The operation.
        dot: Dot,
        /// A stable one that it should have seen.
        unseen: Dot,
    },
    /// So many operations of this process are not yet stable. Try again when more is.
    #[error("process {maker} has {limit} operations that are not stable, as many as it may have")]
    Full {
        /// Whose operations.
        maker: Rank,
        /// How many there may be.
        limit: u32,
    },
    /// This replica has made `u64::MAX` operations.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// No correct replica makes this operation after what it had seen.
    #[error("the operation does not fit what its maker had seen: {0}")]
    Refused(W),
}

/// A frontier counts operations that were never delivered here: this replica was away while the others went on without it. Unchanged, it shows what it
/// showed before, and lacks what they have; it needs a [`Snapshot`](super::Snapshot).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("of process {}, operations from {} to {stable} are stable and were never delivered here", missing.actor, missing.counter)]
pub struct Behind {
    /// The first operation that is missing.
    pub missing: Dot,
    /// Up to which they are stable.
    pub stable: u64,
}

/// What is asked for is no longer in the log: whoever asks was away too long, and needs a [`Snapshot`](super::Snapshot).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("of process {}, operations from {} to {stable} are pruned", missing.actor, missing.counter)]
pub struct Pruned {
    /// The first operation that is missing there and pruned here.
    pub missing: Dot,
    /// Up to which they are pruned.
    pub stable: u64,
}

/// A snapshot lacks operations that are stable here: it is older than this replica, or of another view. Nothing is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot lacks operation {} of process {}, which is stable here", missing.counter, missing.actor)]
pub struct Stale {
    /// The first operation that it lacks.
    pub missing: Dot,
}
