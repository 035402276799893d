use tidings_clocks::Rank;

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum To {
    /// One process; its own rank too, if a protocol wants to hear itself after what it persisted is durable.
    One(Rank),
    /// Every other member of the view. The driver fans out, so the payload need not be cloned here.
    Others,
}
