/// A state that can be joined with another one: a join-semilattice.
///
/// Join is commutative, associative and idempotent, and `Default` is its bottom (Shapiro, Preguiça, Baquero, Zawirski, *Conflict-free Replicated Data
/// Types*, 2011, definition 2.4). Whoever joins the same states in any order, any number of times, has the same state. A delta is a state too, so
/// deltas are sent, lost, repeated and grouped just as whole states are (Almeida, Shoker, Baquero, *Delta state replicated data types*, 2018).
///
/// The functions of [`laws`](crate::laws) say whether a type keeps this promise on given states.
pub trait Join {
    /// Takes in all that `other` knows. Says whether that changed anything.
    fn join(&mut self, other: &Self) -> bool;

    /// This state with all that `other` knows: the least upper bound of the two.
    #[must_use]
    fn joined(mut self, other: &Self) -> Self
    where
        Self: Sized,
    {
        self.join(other);
        self
    }
}
