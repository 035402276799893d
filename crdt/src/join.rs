/// A state that can be joined with another one: a join-semilattice.
///
/// Join is commutative, associative and idempotent, and `Default` is its bottom (Shapiro, Preguiça, Baquero, Zawirski, *Conflict-free Replicated Data
/// Types*, 2011, definition 2.4). Whoever joins the same states in any order, any number of times, has the same state.
pub trait Join {
    /// Takes in all that `other` knows. Says whether that changed anything.
    fn join(&mut self, other: &Self) -> bool;
}
