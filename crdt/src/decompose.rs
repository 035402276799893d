mod causal;
mod counters;
mod divide;
mod registers;
mod sets;

pub use divide::Divide;

use crate::Join;

/// A state that can be taken apart: it is the join of irreducible states, in exactly one way that has none too many.
///
/// Enes, Almeida, Baquero, Leitão, *Efficient Synchronization of State-Based CRDTs* (2019): join decompositions and optimal deltas. A state is irreducible if it is not the join of two
/// strictly smaller ones: one entry of a counter, one element of a set, one dot that is alive or dead. The difference of two states is the join of those
/// irreducible parts of the one that the other does not have: the least that must travel.
///
/// Of a [`Text`](crate::Text), whose states hold a character only with all that it builds on, the [`TextParts`](crate::TextParts) are taken apart, which may have gaps.
///
/// [`laws::decomposes`](crate::laws::decomposes) says whether a type keeps this promise on given states.
pub trait Decompose: Join + Clone + Default {
    /// The irreducible states whose join this state is. None of them can be left out.
    ///
    /// As many as there are entries, or as there are dots known, dead ones too, for a type that is made of dots; so take no more than are wanted where a
    /// context comes from somebody else.
    fn irreducibles(&self) -> impl Iterator<Item = Self>;

    /// The least state that, joined to `known`, gives what joining this state gives: Δ(a, b) = ⊔ {y ∈ ⇓a | y ⋢ b}.
    ///
    /// Never costs what the irreducibles would: a run of dead dots is one entry.
    #[must_use]
    fn difference(&self, known: &Self) -> Self;
}
