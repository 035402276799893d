use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use tidings_clocks::{Rank, VectorClock};

use crate::{Incarnation, To};

/// A value that an exhaustive search can tell from others.
///
/// Two values with equal fingerprints must have the same future: whatever decides what a value does from here on goes into the [`Digest`], and nothing
/// else does. So figures of the past are left out, and so are absolute times, for a search is untimed: of a timer counts whether it is set.
/// What was given at construction and is the same in all states may be left out as well.
///
/// A rank is put in by [`Digest::rank`], and what is held for each process by [`Digest::by_rank`], so that the digest can call processes by other names.
pub trait Fingerprint {
    /// Puts everything that decides the future into `digest`.
    fn fingerprint(&self, digest: &mut Digest<'_>);
}

/// Collects what a [`Fingerprint`] is made of into 128 bits.
///
/// Each word is mixed in by a multiplication modulo 2¹²⁸ and a rotation. It is no cryptographic hash. Taken as a random function, n different values
/// collide with a probability of at most n² / 2¹²⁹: below 10⁻²⁴ for ten million.
#[derive(Clone, Debug)]
pub struct Digest<'r> {
    state: u128,
    /// What each process is called instead; empty: what it is called.
    names: &'r [Rank],
    /// Whether vector clocks are put in.
    stamps: bool,
}

/// An odd number without a pattern: the fraction of the golden ratio.
const FACTOR: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

impl Digest<'static> {
    /// A digest of nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: FACTOR, names: &[], stamps: true }
    }
}

impl<'r> Digest<'r> {
    /// A digest of nothing yet, in which process `i` is called `names[i]`: a permutation of all ranks.
    #[must_use]
    pub const fn renaming(names: &'r [Rank]) -> Self {
        Self { state: FACTOR, names, stamps: true }
    }

    /// This digest, but vector clocks are left out: for a search that knows by other means what they say.
    ///
    /// The clock that travels with a message tells how many messages of each process its origin had broadcast and delivered before it. Whoever keeps a log of
    /// what each process broadcast and delivered knows that, and knows also which of it matters no more. What a process counts for itself goes in entry by
    /// entry instead.
    #[must_use]
    pub const fn without_stamps(mut self) -> Self {
        self.stamps = false;
        self
    }

    /// Puts in a number that is no rank.
    pub fn number(&mut self, number: u64) {
        self.state = (self.state ^ u128::from(number)).wrapping_mul(FACTOR).rotate_left(59);
    }

    /// Puts in a yes or no.
    pub fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    /// Puts in a length or an index that is no rank.
    pub fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    /// Puts in a rank, by the name that it has here.
    pub fn rank(&mut self, rank: Rank) {
        self.number(u64::from(self.name(rank).0));
    }

    /// Puts in what is held for each of `processes`, in the order of the names that they have here: `each` is called with every index once. If that is
    /// not the number of those that have names, it is taken for something else, and keeps its order.
    pub fn by_rank(&mut self, processes: usize, mut each: impl FnMut(usize, &mut Self)) {
        self.size(processes);
        for place in 0..processes {
            let names = if self.names.len() == processes { self.names } else { &[] };
            let index = names.iter().position(|name| name.index() == place).unwrap_or(place);
            each(index, self);
        }
    }

    /// What `rank` is called here.
    #[must_use]
    pub fn name(&self, rank: Rank) -> Rank {
        self.names.get(rank.index()).copied().unwrap_or(rank)
    }

    /// The 128 bits.
    #[must_use]
    pub const fn finish(&self) -> u128 {
        let mixed = (self.state ^ (self.state >> 67)).wrapping_mul(FACTOR);
        let mixed = (mixed ^ (mixed >> 61)).wrapping_mul(FACTOR);
        mixed ^ (mixed >> 64)
    }
}

impl Default for Digest<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl Fingerprint for Rank {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.rank(*self);
    }
}

impl Fingerprint for To {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        match self {
            Self::One(rank) => {
                digest.flag(true);
                digest.rank(*rank);
            }
            Self::Others => digest.flag(false),
        }
    }
}

impl Fingerprint for Incarnation {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.number(self.0);
    }
}

/// As the stamp of a message: it is left out of a digest [without stamps](Digest::without_stamps).
impl Fingerprint for VectorClock {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        if !digest.stamps {
            return;
        }
        // Names permute the ranks below their number, and zeros at the end are not stored.
        let processes = self.processes().max(digest.names.len());
        digest.by_rank(processes, |index, digest| digest.number(self.entry(Rank::new(index))));
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Fingerprint for $number {
            fn fingerprint(&self, digest: &mut Digest<'_>) {
                digest.number(u64::from(*self));
            }
        })*
    };
}

numbers!(bool char u8 u16 u32 u64);

impl Fingerprint for usize {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.size(*self);
    }
}

impl Fingerprint for () {
    fn fingerprint(&self, _digest: &mut Digest<'_>) {}
}

impl Fingerprint for str {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.as_bytes().fingerprint(digest);
    }
}

impl Fingerprint for String {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.as_str().fingerprint(digest);
    }
}

impl<A: Fingerprint, B: Fingerprint> Fingerprint for (A, B) {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.0.fingerprint(digest);
        self.1.fingerprint(digest);
    }
}

impl<T: Fingerprint> Fingerprint for Option<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.flag(self.is_some());
        if let Some(value) = self {
            value.fingerprint(digest);
        }
    }
}

impl<T: Fingerprint> Fingerprint for [T] {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.size(self.len());
        self.iter().for_each(|value| value.fingerprint(digest));
    }
}

impl<T: Fingerprint, const N: usize> Fingerprint for [T; N] {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.as_slice().fingerprint(digest);
    }
}

impl<T: Fingerprint> Fingerprint for Vec<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.as_slice().fingerprint(digest);
    }
}

impl<T: Fingerprint> Fingerprint for VecDeque<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.size(self.len());
        self.iter().for_each(|value| value.fingerprint(digest));
    }
}

/// In the order of the set, which is that of the ranks if it holds ranks: a digest that renames them is not that of the renamed set.
impl<T: Fingerprint> Fingerprint for BTreeSet<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.size(self.len());
        self.iter().for_each(|value| value.fingerprint(digest));
    }
}

impl<T: Fingerprint + ?Sized> Fingerprint for &T {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        (**self).fingerprint(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn print(value: &impl Fingerprint) -> u128 {
        let mut digest = Digest::new();
        value.fingerprint(&mut digest);
        digest.finish()
    }

    /// All short lists of small numbers, cut in two at any place, have prints of their own, and each half of the bits tells them apart.
    #[test]
    fn different_values_have_different_fingerprints() {
        let mut prints = Vec::new();
        for length in 0..6_u32 {
            for code in 0..5_u64.pow(length) {
                let list: Vec<u64> = (0..length).map(|place| code / 5_u64.pow(place) % 5).collect();
                for split in 0..=list.len() {
                    let (front, back) = list.split_at(split);
                    prints.push(print(&vec![front.to_vec(), back.to_vec()]));
                }
            }
        }
        let count = prints.len();
        for half in [|print: &u128| *print >> 64, |print: &u128| *print & u128::from(u64::MAX)] {
            let mut halves: Vec<u128> = prints.iter().map(half).collect();
            halves.sort_unstable();
            halves.dedup();
            assert_eq!(halves.len(), count);
        }
    }

    /// A value in which processes are renamed looks as the value in which they have the other names.
    #[test]
    fn a_renaming_digest_is_that_of_the_renamed_value() {
        let names = [Rank(2), Rank(0), Rank(1)];
        let renamed = |value: &dyn Fn(&mut Digest<'_>)| {
            let mut digest = Digest::renaming(&names);
            value(&mut digest);
            digest.finish()
        };
        assert_eq!(renamed(&|digest| Rank(1).fingerprint(digest)), print(&Rank(0)));
        assert_eq!(renamed(&|digest| To::One(Rank(0)).fingerprint(digest)), print(&To::One(Rank(2))));
        let held = [10_u64, 20, 30];
        assert_eq!(renamed(&|digest| digest.by_rank(3, |index, digest| digest.number(held[index]))), {
            let mut digest = Digest::new();
            let after = [20_u64, 30, 10];
            digest.by_rank(3, |index, digest| digest.number(after[index]));
            digest.finish()
        });
        let same: [Rank; 3] = [Rank(0), Rank(1), Rank(2)];
        let (before, after) = (VectorClock::from([7]), VectorClock::from([0, 0, 7]));
        let mut digest = Digest::renaming(&same);
        after.fingerprint(&mut digest);
        assert_eq!(renamed(&|digest| before.fingerprint(digest)), digest.finish());
    }
}
