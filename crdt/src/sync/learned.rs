use tidings_clocks::Rank;

/// What a replica has learned from another one: a delta that was news, and has been joined to the state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Learned<D> {
    /// From whom.
    pub from: Rank,
    /// The part of it that was not known.
    pub delta: D,
}
