use crate::{CausalLengthSet, Decompose, GSet, TwoPhaseSet};

/// Each element by itself.
impl<T: Ord + Clone> Decompose for GSet<T> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.iter().map(|element| Self::of([element.clone()]))
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        Self::of(self.iter().filter(|element| !known.contains(*element)).cloned())
    }
}

/// Of each element two things can be known in turn: that it was added, and that it was removed.
impl<T: Ord + Clone> Decompose for TwoPhaseSet<T> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        let present = self.iter().map(|element| Self::of([element.clone()], []));
        present.chain(self.removed().map(|element| Self::of([], [element.clone()])))
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        let present = self.iter().filter(|element| !known.contains(*element) && !known.has_removed(*element));
        Self::of(present.cloned(), self.removed().filter(|element| !known.has_removed(*element)).cloned())
    }
}

/// The lengths of an element are a chain.
impl<T: Ord + Clone> Decompose for CausalLengthSet<T> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.lengths().map(|(element, length)| Self::of([(element.clone(), length)]))
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        Self::of(
            self.lengths().filter(|(element, length)| *length > known.length(*element)).map(|(element, length)| (element.clone(), length)),
        )
    }
}
