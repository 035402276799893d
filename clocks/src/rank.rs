use core::fmt;

/// The dense number of a process in its view: 0, 1, … n − 1.
///
/// A rank means something within one view only. Identities that outlive a view are the caller's own type; see `View` in `tidings-protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Rank(pub u32);

impl Rank {
    /// The rank at position `index` of a dense array.
    ///
    /// # Panics
    /// If `index` does not fit in 32 bits; a view never has that many members.
    #[must_use]
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a view has fewer than 2^32 members"))
    }

    /// The position of this process in a dense array.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}
