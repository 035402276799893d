use tidings_clocks::{CausalContext, Overflow};

use crate::{Causal, DotFun, Join, Nested, TwoEvents, View};

/// A register that keeps all concurrent writes: a write replaces those that its actor had seen.
///
/// Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative Replicated Data Types* (2011), specification 10, over dots as in
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. As large as the number of concurrent writes, and
/// the context. An actor id belongs to one incarnation of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: serde::Serialize, T: serde::Serialize",
        deserialize = "A: Ord + Clone + serde::Deserialize<'de>, T: Ord + Clone + serde::Deserialize<'de>"
    ))
)]
pub struct MvRegister<A, T>(Causal<A, DotFun<A, T>>);

impl<A, T> MvRegister<A, T> {
    /// The register nobody has written.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// The values that no other known write has replaced, in the order of their dots: none before the first write and after a clear, several after
    /// concurrent writes.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.0.store().iter().map(|(_, value)| value)
    }

    /// The events that are known.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A: Ord + Clone, T: Ord + Clone> MvRegister<A, T> {
    /// Writes in place of all values seen here, and returns the delta: the value under a new dot, with the dots of what it replaces. O(n) values.
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left; the register is unchanged.
    pub fn write(&mut self, actor: A, value: T) -> Result<Self, Overflow> {
        let delta = self.view().write(actor, value)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Removes all values seen here, and returns the delta: their dots. A concurrent write stays. O(n) values.
    pub fn clear(&mut self) -> Self {
        let delta = self.view().clear();
        self.join(&delta);
        delta
    }

    /// As [`Join::join`], but tells of two different values under one dot.
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the register is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        self.0.join_checked(&other.0)
    }
}

impl<'v, A: Ord + Clone, T: Ord + Clone> View<'v, A, MvRegister<A, T>> {
    /// The delta of [`MvRegister::write`].
    ///
    /// # Errors
    /// [`Overflow`] if `actor` has no dot left.
    pub fn write(&self, actor: A, value: T) -> Result<MvRegister<A, T>, Overflow> {
        let dot = self.context().next(actor)?;
        Ok(self.delta(DotFun::of(dot, value), self.store().iter().map(|(dot, _)| dot.clone())))
    }

    /// The values that no other known write has replaced, in the order of their dots.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &'v T> + ExactSizeIterator {
        self.store().iter().map(|(_, value)| value)
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Nested<A> for MvRegister<A, T> {
    type Store = DotFun<A, T>;

    fn from_causal(causal: Causal<A, Self::Store>) -> Self {
        Self(causal)
    }

    fn causal(&self) -> &Causal<A, Self::Store> {
        &self.0
    }

    fn into_causal(self) -> Causal<A, Self::Store> {
        self.0
    }
}

impl<A, T> Default for MvRegister<A, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Join for MvRegister<A, T> {
    /// A value stays if it is on both sides, or on one and its write not known to the other.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use tidings_clocks::Dot;

    use super::*;

    #[test]
    fn concurrent_writes_both_stay_until_one_has_seen_them() {
        let (mut here, mut there) = (MvRegister::new(), MvRegister::new());
        let left = here.write('h', "left").unwrap();
        let right = there.write('t', "right").unwrap();
        here.join(&right);
        there.join(&left);
        assert_eq!(here.values().collect::<Vec<_>>(), [&"left", &"right"]);
        assert_eq!(here, there);
        let settled = there.write('t', "middle").unwrap();
        assert!(here.join(&settled));
        assert_eq!(here.values().collect::<Vec<_>>(), [&"middle"]);
        let cleared = here.clear();
        assert!(there.join(&cleared));
        assert_eq!(there.values().len(), 0);
        assert_eq!(here, there);
    }

    #[test]
    fn overflow_leaves_the_register_unchanged() {
        let mut register = MvRegister::new();
        register.write('a', 1).unwrap();
        register.join(&MvRegister(Causal::delta(DotFun::new(), [Dot { actor: 'a', counter: u64::MAX }])));
        let before = register.clone();
        assert_eq!(register.write('a', 2), Err(Overflow));
        assert_eq!(register, before);
    }

    #[test]
    fn a_cloned_actor_is_told_and_all_agree_anyhow() {
        let (mut one, mut two) = (MvRegister::new(), MvRegister::new());
        one.write('a', 1).unwrap();
        two.write('a', 2).unwrap();
        let before = one.clone();
        assert_eq!(one.join_checked(&two), Err(TwoEvents { dot: Dot { actor: 'a', counter: 1 } }));
        assert_eq!(one, before);
        assert_eq!(one.joined(&two), two.joined(&before));
    }
}
