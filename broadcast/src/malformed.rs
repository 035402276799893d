use tidings_clocks::Rank;

/// Why a stamp cannot be right: no correct peer could have given it. The message is consumed and the order is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Malformed {
    /// The origin is not a member of the view.
    #[error("process {from} is not one of the {processes} members")]
    NotAMember {
        /// Who is said to have broadcast it.
        from: Rank,
        /// How many members there are.
        processes: usize,
    },
    /// Messages are numbered from 1, and nobody comes to 2⁶⁴ − 1.
    #[error("process {from} numbered a message {number}, which no message can have")]
    Number {
        /// Who broadcast it.
        from: Rank,
        /// The number that is impossible.
        number: u64,
    },
    /// The stamp speaks of more processes than there are.
    #[error("a stamp of process {from} has {width} entries in a view of {processes}")]
    Width {
        /// Who broadcast it.
        from: Rank,
        /// How many entries its stamp has.
        width: usize,
        /// How many members there are.
        processes: usize,
    },
    /// The stamp claims messages of this process that it never broadcast.
    #[error("a stamp of process {from} claims {claimed} messages of this process, which broadcast {sent}")]
    NeverSent {
        /// Who broadcast it.
        from: Rank,
        /// How many messages of ours it claims.
        claimed: u64,
        /// How many there are.
        sent: u64,
    },
}
