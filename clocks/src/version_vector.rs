use alloc::vec::Vec;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

use smallvec::SmallVec;

#[cfg(feature = "serde")]
use crate::serial;
use crate::wire::{self, Malformed, Wire};
use crate::{Dot, Overflow, kernels};

/// Up to so many new actors are inserted one by one, each of which moves what stands behind it; more are merged into new arrays.
const FEW_NEW: usize = 8;

/// A version vector: for every actor, how many of its events are known; sparse, over any ordered actor id.
///
/// `PartialOrd` is "knows no more than": `None` means that each knows something the other does not (Parker and others, *Detection of Mutual
/// Inconsistency in Distributed Systems*, 1983). An entry of zero is the same as no entry. Two sorted arrays, ids and counters: lookup O(log n), join
/// O(n + m), iteration in the order of the ids.
#[derive(Clone, Debug)]
pub struct VersionVector<A> {
    /// Strictly increasing.
    actors: Vec<A>,
    /// One for each actor, none of them zero.
    counters: Vec<u64>,
    /// Where [`increment`](VersionVector::increment) found its actor last: it is mostly the same again. No part of the value, and possibly wrong.
    recent: usize,
}

impl<A> VersionVector<A> {
    /// The vector that knows of no event. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { actors: Vec::new(), counters: Vec::new(), recent: 0 }
    }

    fn with_capacity(n: usize) -> Self {
        Self { actors: Vec::with_capacity(n), counters: Vec::with_capacity(n), recent: 0 }
    }

    /// How many actors are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actors.len()
    }

    /// Whether no event is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty()
    }

    /// The actors of which an event is known, in order, with how many.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, u64)> + ExactSizeIterator {
        self.actors.iter().zip(self.counters.iter().copied())
    }
}

impl<A: Ord> VersionVector<A> {
    /// Counts one more event of `actor` and returns its dot. O(1) for the actor counted last, O(log n) for others; O(n) for the first event of an actor.
    ///
    /// # Errors
    /// [`Overflow`] if its counter is `u64::MAX`; the vector is unchanged.
    pub fn increment(&mut self, actor: A) -> Result<Dot<A>, Overflow>
    where
        A: Clone,
    {
        let place = if self.actors.get(self.recent) == Some(&actor) { Ok(self.recent) } else { self.actors.binary_search(&actor) };
        let counter = match place {
            Ok(place) => {
                self.recent = place;
                let counter = &mut self.counters[place];
                *counter = counter.checked_add(1).ok_or(Overflow)?;
                *counter
            }
            Err(place) => {
                self.actors.insert(place, actor.clone());
                self.counters.insert(place, 1);
                1
            }
        };
        Ok(Dot { actor, counter })
    }

    /// Takes in that the first `counter` events of `actor` are known. Says whether that changed anything.
    pub fn raise(&mut self, actor: A, counter: u64) -> bool {
        match self.actors.binary_search(&actor) {
            Ok(place) => {
                let entry = &mut self.counters[place];
                let raised = counter > *entry;
                *entry = counter.max(*entry);
                raised
            }
            Err(_) if counter == 0 => false,
            Err(place) => {
                self.actors.insert(place, actor);
                self.counters.insert(place, counter);
                true
            }
        }
    }

    /// Takes in all that `other` knows: the pointwise maximum. Says whether that changed anything. O(n + m).
    pub fn join(&mut self, other: &Self) -> bool
    where
        A: Clone,
    {
        if self.actors == other.actors {
            return kernels::merge(&mut self.counters, &other.counters);
        }
        // First what needs no room: raise the entries of the actors known here, and note where the others belong.
        let mut raised = false;
        let mut place = 0;
        let mut missing: SmallVec<[(usize, usize); 16]> = SmallVec::new();
        let sparse = other.len() < self.len() / 16;
        for (theirs, actor) in other.actors.iter().enumerate() {
            // Mostly the next one here is the same.
            if self.actors.get(place) != Some(actor) {
                place += if sparse { gallop(&self.actors[place..], actor) } else { walk(&self.actors[place..], actor) };
                if self.actors.get(place) != Some(actor) {
                    missing.push((place, theirs));
                    continue;
                }
            }
            let (counter, known) = (other.counters[theirs], &mut self.counters[place]);
            raised |= counter > *known;
            *known = counter.max(*known);
            place += 1;
        }
        self.insert_all(other, &missing);
        raised || !missing.is_empty()
    }

    /// Takes in entries of `other` that have no actor here: where they belong among those here, and where they stand there, in order.
    fn insert_all(&mut self, other: &Self, missing: &[(usize, usize)])
    where
        A: Clone,
    {
        if missing.len() <= FEW_NEW {
            // From the back, so that the places hold.
            for &(place, theirs) in missing.iter().rev() {
                self.actors.insert(place, other.actors[theirs].clone());
                self.counters.insert(place, other.counters[theirs]);
            }
            return;
        }
        let room = self.len() + missing.len();
        let old = core::mem::replace(self, Self::with_capacity(room));
        let (mut actors, mut start) = (old.actors.into_iter(), 0);
        for &(place, theirs) in missing {
            self.actors.extend(actors.by_ref().take(place - start));
            self.counters.extend_from_slice(&old.counters[start..place]);
            self.push(other.actors[theirs].clone(), other.counters[theirs]);
            start = place;
        }
        self.actors.extend(actors);
        self.counters.extend_from_slice(&old.counters[start..]);
    }

    /// How many events of `actor` are known. O(log n).
    #[must_use]
    pub fn entry(&self, actor: &A) -> u64 {
        self.actors.binary_search(actor).map_or(0, |place| self.counters[place])
    }

    /// Whether the event `dot` is known. O(log n).
    #[must_use]
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        dot.counter <= self.entry(&dot.actor)
    }

    /// The vector with these entries, if it could have written them so.
    #[cfg(feature = "serde")]
    fn from_sorted(entries: Vec<(A, u64)>) -> Option<Self> {
        let valid = entries.iter().all(|(_, counter)| *counter != 0) && entries.is_sorted_by(|(one, _), (next, _)| one < next);
        let (actors, counters) = entries.into_iter().unzip();
        valid.then_some(Self { actors, counters, recent: 0 })
    }

    fn push(&mut self, actor: A, counter: u64) {
        self.actors.push(actor);
        self.counters.push(counter);
    }
}

/// How many of `actors` are less than `actor`, one by one: fast if there are few.
fn walk<A: Ord>(actors: &[A], actor: &A) -> usize {
    actors.iter().position(|known| known >= actor).unwrap_or(actors.len())
}

/// How many of `actors` are less than `actor`, in steps that double: O(log of the result).
fn gallop<A: Ord>(actors: &[A], actor: &A) -> usize {
    let mut end = 1;
    while end < actors.len() && actors[end] < *actor {
        end *= 2;
    }
    let start = end / 2;
    start + actors[start..actors.len().min(end)].partition_point(|known| known < actor)
}

impl<A> Default for VersionVector<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: PartialEq> PartialEq for VersionVector<A> {
    fn eq(&self, other: &Self) -> bool {
        self.actors == other.actors && self.counters == other.counters
    }
}

impl<A: Eq> Eq for VersionVector<A> {}

impl<A: Hash> Hash for VersionVector<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.actors.hash(state);
        self.counters.hash(state);
    }
}

impl<A: Ord> PartialOrd for VersionVector<A> {
    /// Pointwise. O(n + m), and stops as soon as each is known to be ahead of the other somewhere.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self.actors == other.actors {
            return kernels::compare(&self.counters, &other.counters);
        }
        let (mut less, mut greater) = (false, false);
        let (mut mine, mut theirs) = (0, 0);
        while mine < self.len() && theirs < other.len() && !(less && greater) {
            match self.actors[mine].cmp(&other.actors[theirs]) {
                Ordering::Less => {
                    greater = true;
                    mine += 1;
                }
                Ordering::Greater => {
                    less = true;
                    theirs += 1;
                }
                Ordering::Equal => {
                    less |= self.counters[mine] < other.counters[theirs];
                    greater |= self.counters[mine] > other.counters[theirs];
                    mine += 1;
                    theirs += 1;
                }
            }
        }
        greater |= mine < self.len();
        less |= theirs < other.len();
        if less && greater { None } else { Some(greater.cmp(&less)) }
    }
}

impl<A: Ord> FromIterator<(A, u64)> for VersionVector<A> {
    /// The vector that knows the first so many events of each actor; of two entries for one actor the greater counts. O(n log n).
    fn from_iter<I: IntoIterator<Item = (A, u64)>>(entries: I) -> Self {
        let mut entries: Vec<(A, u64)> = entries.into_iter().filter(|(_, counter)| *counter != 0).collect();
        entries.sort();
        // Of equal actors the last one, which has the greatest counter, is kept: `dedup_by` drops its first argument, so the counter moves over.
        entries.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1;
            }
            same
        });
        let (actors, counters) = entries.into_iter().unzip();
        Self { actors, counters, recent: 0 }
    }
}

impl<A: Ord + Wire> Wire for VersionVector<A> {
    /// The number of actors, then each with its counter.
    fn encode(&self, out: &mut Vec<u8>) {
        wire::encode_length(self.len(), out);
        for (actor, counter) in self.iter() {
            actor.encode(out);
            counter.encode(out);
        }
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (length, mut rest) = wire::decode_length(bytes, limit)?;
        // Two bytes each, at least.
        let room = length.min(rest.len() / 2);
        let mut vector = Self::with_capacity(room);
        for _ in 0..length {
            let (actor, after) = A::decode(rest, limit)?;
            let (counter, after) = u64::decode(after, limit)?;
            if counter == 0 {
                return Err(Malformed::Zero);
            }
            if vector.actors.last().is_some_and(|last| *last >= actor) {
                return Err(Malformed::Disorder);
            }
            vector.push(actor, counter);
            rest = after;
        }
        Ok((vector, rest))
    }
}

/// A sequence of pairs, in the order of the ids; at most 65,536 of them, in either direction.
#[cfg(feature = "serde")]
impl<A: serde::Serialize> serde::Serialize for VersionVector<A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serial::serialize(serializer, self.iter())
    }
}

/// Takes only what `Serialize` gives: ids in strict order, no zero.
#[cfg(feature = "serde")]
impl<'de, A: Ord + serde::Deserialize<'de>> serde::Deserialize<'de> for VersionVector<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let serial::Bounded(entries) = serial::Bounded::<(A, u64)>::deserialize(deserializer)?;
        Self::from_sorted(entries).ok_or_else(|| serde::de::Error::custom("a version vector's ids increase and its counters are not zero"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    /// The naive twin: a map in which what is missing is zero.
    type Entries = BTreeMap<u8, u64>;

    fn entries() -> impl Strategy<Value = Vec<(u8, u64)>> {
        prop_oneof![3 => some(10, 12), 1 => some(80, 60)]
    }

    fn some(actors: u8, length: usize) -> impl Strategy<Value = Vec<(u8, u64)>> {
        prop::collection::vec((0..actors, prop_oneof![0_u64..4, Just(u64::MAX)]), 0..length)
    }

    fn naive(list: &[(u8, u64)]) -> Entries {
        let mut entries = Entries::new();
        for &(actor, counter) in list {
            let entry = entries.entry(actor).or_default();
            *entry = counter.max(*entry);
        }
        entries
    }

    fn naive_order(x: &Entries, y: &Entries) -> Option<Ordering> {
        let entry = |of: &Entries, actor: u8| of.get(&actor).copied().unwrap_or(0);
        let below = |x: &Entries, y: &Entries| (0..80).all(|actor| entry(x, actor) <= entry(y, actor));
        match (below(x, y), below(y, x)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }

    proptest! {
        #![proptest_config(laws::config(2_000))]

        #[test]
        fn agrees_with_a_map(one in entries(), other in entries(), probe in 0_u8..10) {
            let (mut vector, x): (VersionVector<u8>, Entries) = (one.iter().copied().collect(), naive(&one));
            let (with, y): (VersionVector<u8>, Entries) = (other.iter().copied().collect(), naive(&other));
            prop_assert!(vector.iter().eq(x.iter().filter(|(_, counter)| **counter != 0).map(|(actor, counter)| (actor, *counter))));
            prop_assert_eq!(vector.partial_cmp(&with), naive_order(&x, &y));
            prop_assert_eq!(vector.entry(&probe), x.get(&probe).copied().unwrap_or(0));

            let mut raised = VersionVector::new();
            for &(actor, counter) in &one {
                let grows = counter > raised.entry(&actor);
                prop_assert_eq!(raised.raise(actor, counter), grows);
            }
            prop_assert_eq!(&raised, &vector);

            let before = vector.clone();
            match vector.increment(probe) {
                Ok(dot) => {
                    prop_assert_eq!(dot.counter, before.entry(&probe) + 1);
                    prop_assert!(vector.contains(&dot) && !before.contains(&dot) && before < vector);
                }
                Err(Overflow) => prop_assert!(before.entry(&probe) == u64::MAX && vector == before),
            }

            let both: VersionVector<u8> = one.iter().chain(&other).copied().collect();
            let mut joined = before;
            joined.join(&with);
            prop_assert_eq!(joined, both);
        }

        #[test]
        fn keeps_the_laws(a in entries(), b in entries(), c in entries()) {
            let [a, b, c] = [a, b, c].map(|list| list.into_iter().collect::<VersionVector<u8>>());
            laws::order(&a, &b, &c);
            laws::hash(&a, &b);
            laws::join(&a, &b, &c, VersionVector::join);
            laws::wire(&a, 80);
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_vector(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<VersionVector<u8>>(&bytes, 4);
        }

        #[cfg(feature = "serde")]
        #[test]
        fn is_read_back_as_written(list in entries()) {
            let vector: VersionVector<u8> = list.into_iter().collect();
            let bytes = postcard::to_allocvec(&vector).unwrap();
            prop_assert_eq!(postcard::from_bytes::<VersionVector<u8>>(&bytes).unwrap(), vector);
        }
    }

    /// One library finds `{1: 0}` and `{}` each greater than the other; another finds them equal by order and different by `==`.
    #[test]
    fn an_entry_of_zero_is_no_entry() {
        let zero: VersionVector<u8> = [(1, 0)].into_iter().collect();
        let none = VersionVector::new();
        assert_eq!(zero, none);
        assert_eq!(zero.partial_cmp(&none), Some(Ordering::Equal));
        laws::hash(&zero, &none);
        let mut raised = VersionVector::new();
        assert!(!raised.raise(1, 0));
        assert_eq!(raised, none);
    }

    /// In several libraries a peer that claims a counter of 2^64 - 1 makes the next increment wrap to 0.
    #[test]
    fn a_remote_counter_at_the_end_does_not_wrap_the_next_increment() {
        let mut vector: VersionVector<u8> = [(1, u64::MAX - 1)].into_iter().collect();
        assert_eq!(vector.increment(1), Ok(Dot { actor: 1, counter: u64::MAX }));
        let full = vector.clone();
        assert_eq!(vector.increment(1), Err(Overflow));
        assert_eq!(vector, full);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn what_no_vector_writes_is_not_read() {
        for text in ["[[0,0]]", "[[1,1],[0,1]]", "[[0,1],[0,2]]", "[[0,-1]]", "[[0]]", "{}"] {
            assert!(serde_json::from_str::<VersionVector<u8>>(text).is_err(), "{text}");
        }
    }
}
