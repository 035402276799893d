/// A rule that synchronisation keeps and that can be broken on purpose, by a protocol's `without`, to see that a judge notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SyncRule {
    /// What counts as acknowledged, or as agreed, was acknowledged or agreed, and not only sent.
    Acknowledge,
    /// Who is behind the oldest delta held gets the whole state, and not what is left of the interval.
    Whole,
    /// What is acknowledged is durable.
    Persist,
}
