use alloc::vec::Vec;

use tidings_clocks::VersionVector;

use crate::{BoundedCounter, Decompose, GCounter, PnCounter, ResettableCounter};

/// An entry of a grow-only counter is a chain: the greater total knows the smaller.
impl<A: Ord + Clone> Decompose for GCounter<A> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.iter().map(|(actor, added)| Self::of(single(actor.clone(), added)))
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        Self::of(self.iter().filter(|(actor, added)| *added > known.added_by(actor)).map(owned).collect())
    }
}

/// Each half by itself.
impl<A: Ord + Clone> Decompose for PnCounter<A> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        let added = self.added().irreducibles().map(|added| Self::of(added, GCounter::new()));
        added.chain(self.taken().irreducibles().map(|taken| Self::of(GCounter::new(), taken)))
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        Self::of(self.added().difference(known.added()), self.taken().difference(known.taken()))
    }
}

/// Rights given and amounts taken, each entry a chain.
impl<A: Ord + Clone> Decompose for BoundedCounter<A> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        let given = self.given().map(|(from, to, rights)| Self::of(single((from.clone(), to.clone()), rights), GCounter::new()));
        given.chain(self.taken().irreducibles().map(|taken| Self::of(VersionVector::new(), taken)))
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        let theirs: VersionVector<(&A, &A)> = known.given().map(|(from, to, rights)| ((from, to), rights)).collect();
        let given = self.given().filter(|(from, to, rights)| *rights > theirs.entry(&(*from, *to)));
        let given = given.map(|(from, to, rights)| ((from.clone(), to.clone()), rights)).collect();
        Self::of(given, self.taken().difference(known.taken()))
    }
}

/// A floor never stands without what it is the floor of, so an entry (counted, floor) comes from two chains: (c, 0), and (f, f).
impl<A: Ord + Clone> Decompose for ResettableCounter<A> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        let half = |half: PnCounter<A>| Self::of(half, PnCounter::new());
        let both = |half: PnCounter<A>| Self::of(half.clone(), half);
        let floors: Vec<Self> = self.floor().irreducibles().map(both).collect();
        self.counted().difference(self.floor()).irreducibles().map(half).collect::<Vec<_>>().into_iter().chain(floors)
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        let floor = self.floor().difference(known.floor());
        // What is counted in all comes along where it is more than the floor that says it already.
        let mut counted = self.counted().difference(known.counted()).difference(&floor);
        crate::Join::join(&mut counted, &floor);
        Self::of(counted, floor)
    }
}

fn single<K: Ord>(key: K, entry: u64) -> VersionVector<K> {
    VersionVector::from_iter([(key, entry)])
}

fn owned<A: Clone>((actor, entry): (&A, u64)) -> (A, u64) {
    (actor.clone(), entry)
}
