use crate::Rank;

/// The name of one event: the `counter`-th of `actor`.
///
/// Counters begin at 1; a dot with counter 0 names no event, and whatever knows dots knows it already. (Almeida, Baquero, Gonçalves, Preguiça,
/// Fonte, *Scalable and Accurate Causality Tracking for Eventually Consistent Stores*, 2014, section 3.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dot<A = Rank> {
    /// Whose event.
    pub actor: A,
    /// Which one, counted from 1.
    pub counter: u64,
}

impl<A> Dot<A> {
    /// The `counter`-th event of `actor`.
    pub const fn new(actor: A, counter: u64) -> Self {
        Self { actor, counter }
    }
}
