use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::RangeInclusive;

#[cfg(feature = "serde")]
use crate::serial;
use crate::wire::{self, Malformed, Wire};
use crate::{CausalContext, Dot, VersionVector};

/// A version vector with exceptions: for every actor the latest event known, and which events before it are missing.
///
/// The same sets of dots as a [`CausalContext`], seen from the other side: it answers at once what to ask for ([`missing`](ExceptionVector::missing)), which is what a
/// receiver of updates out of order wants to know. Missing counters are kept as runs, so a dot far ahead costs no more than one nearby, and equal sets are
/// equal values. `PartialOrd` is inclusion. (Malkhi, Terry, *Concise Version Vectors in WinFS*, 2005, section 3.)
///
/// Below, n is the number of actors and k the number of runs of one actor. Each dot of a peer that skips counters can cost one run: who takes single dots from peers
/// bounds [`gaps`](ExceptionVector::gaps).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExceptionVector<A> {
    /// Strictly increasing by actor.
    entries: Vec<Entry<A>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry<A> {
    actor: A,
    /// Not zero.
    latest: u64,
    /// Runs of missing counters, first and last; in order, not touching, all before `latest`.
    missing: Vec<(u64, u64)>,
}

impl<A> ExceptionVector<A> {
    /// The vector that knows of no event. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The actors of which an event is known, in order, with the latest.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, u64)> + ExactSizeIterator {
        self.entries.iter().map(|entry| (&entry.actor, entry.latest))
    }

    /// All runs of missing counters, in the order of the actors and then of the counters.
    pub fn missing(&self) -> impl DoubleEndedIterator<Item = (&A, RangeInclusive<u64>)> {
        self.entries.iter().flat_map(|entry| entry.missing.iter().map(|&(first, last)| (&entry.actor, first..=last)))
    }

    /// How many runs of missing counters there are. O(n).
    #[must_use]
    pub fn gaps(&self) -> usize {
        self.entries.iter().map(|entry| entry.missing.len()).sum()
    }

    /// Whether no event is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<A: Ord> ExceptionVector<A> {
    /// Takes in one dot. Says whether it was new. O(log n + log k), and O(n + k) where an actor is new or a gap splits or closes.
    pub fn insert(&mut self, dot: Dot<A>) -> bool {
        let Dot { actor, counter } = dot;
        if counter == 0 {
            return false;
        }
        match self.place(&actor) {
            Ok(place) => self.entries[place].insert(counter),
            Err(place) => {
                let missing = if counter == 1 { Vec::new() } else { alloc::vec![(1, counter - 1)] };
                self.entries.insert(place, Entry { actor, latest: counter, missing });
                true
            }
        }
    }

    /// Takes in all that `other` knows. Says whether that changed anything. O((n + m) log n) and the runs of the actors that both know.
    pub fn join(&mut self, other: &Self) -> bool
    where
        A: Clone,
    {
        let (mut changed, known) = (false, self.entries.len());
        for theirs in &other.entries {
            match self.entries[..known].binary_search_by(|entry| entry.actor.cmp(&theirs.actor)) {
                Ok(place) => changed |= self.entries[place].join(theirs),
                Err(_) => self.entries.push(theirs.clone()),
            }
        }
        if self.entries.len() > known {
            // Two sorted runs, which a stable sort merges in one pass, however many are new.
            self.entries.sort_by(|one, other| one.actor.cmp(&other.actor));
            changed = true;
        }
        changed
    }

    /// The latest event of `actor` that is known; 0 if none is. O(log n).
    #[must_use]
    pub fn latest(&self, actor: &A) -> u64 {
        self.place(actor).map_or(0, |place| self.entries[place].latest)
    }

    /// Whether the event `dot` is known. O(log n + log k).
    #[must_use]
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        dot.counter == 0 || self.place(&dot.actor).is_ok_and(|place| self.entries[place].contains(dot.counter))
    }

    /// What is known without a gap. O(n).
    #[must_use]
    pub fn contiguous(&self) -> VersionVector<A>
    where
        A: Clone,
    {
        let known = |entry: &Entry<A>| entry.missing.first().map_or(entry.latest, |(first, _)| first - 1);
        self.entries.iter().map(|entry| (entry.actor.clone(), known(entry))).collect()
    }

    fn place(&self, actor: &A) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.actor.cmp(actor))
    }

    /// Whether `other` knows all that this vector knows.
    fn is_within(&self, other: &Self) -> bool {
        self.entries.iter().all(|entry| other.place(&entry.actor).is_ok_and(|place| entry.is_within(&other.entries[place])))
    }

    /// The vector with these entries, if it can be one.
    fn from_entries(entries: Vec<Entry<A>>) -> Result<Self, Malformed> {
        if !entries.is_sorted_by(|one, next| one.actor < next.actor) {
            return Err(Malformed::Disorder);
        }
        if entries.iter().all(Entry::is_canonical) { Ok(Self { entries }) } else { Err(Malformed::Contradiction) }
    }
}

impl<A> Entry<A> {
    fn insert(&mut self, counter: u64) -> bool {
        if counter > self.latest {
            if counter - self.latest > 1 {
                self.missing.push((self.latest + 1, counter - 1));
            }
            self.latest = counter;
            return true;
        }
        let place = self.missing.partition_point(|&(_, last)| last < counter);
        match self.missing.get_mut(place) {
            Some((first, last)) if *first <= counter => {
                let rest = (counter < *last).then(|| (counter + 1, *last));
                if *first == counter {
                    match rest {
                        Some(rest) => (*first, *last) = rest,
                        None => drop(self.missing.remove(place)),
                    }
                } else {
                    *last = counter - 1;
                    if let Some(rest) = rest {
                        self.missing.insert(place + 1, rest);
                    }
                }
                true
            }
            _ => false,
        }
    }

    /// What both miss, where all beyond the latest counts as missing.
    fn join(&mut self, other: &Self) -> bool {
        let latest = self.latest.max(other.latest);
        let beyond = |entry: &Self| entry.latest.checked_add(1).map(|first| (first, u64::MAX));
        let mut ours = self.missing.iter().copied().chain(beyond(self)).peekable();
        let mut theirs = other.missing.iter().copied().chain(beyond(other)).peekable();
        let mut missing = Vec::new();
        while let (Some(&(our_first, our_last)), Some(&(their_first, their_last))) = (ours.peek(), theirs.peek()) {
            let (first, last) = (our_first.max(their_first), our_last.min(their_last));
            if first <= last && first <= latest {
                missing.push((first, last));
            }
            if our_last <= their_last {
                ours.next();
            } else {
                theirs.next();
            }
        }
        let changed = latest != self.latest || missing != self.missing;
        (self.latest, self.missing) = (latest, missing);
        changed
    }

    fn contains(&self, counter: u64) -> bool {
        let place = self.missing.partition_point(|&(_, last)| last < counter);
        counter <= self.latest && self.missing.get(place).is_none_or(|&(first, _)| first > counter)
    }

    /// Whether all that `other` misses is missing here, or beyond the latest.
    fn is_within(&self, other: &Self) -> bool {
        let mut ours = self.missing.iter().peekable();
        self.latest <= other.latest
            && other.missing.iter().take_while(|(first, _)| *first <= self.latest).all(|&(first, last)| {
                while ours.next_if(|(_, our_last)| *our_last < first).is_some() {}
                // The latest is known here, so a run of the other's that reaches it is not missing.
                ours.peek().is_some_and(|&&(our_first, our_last)| our_first <= first && last <= our_last)
            })
    }

    fn is_canonical(&self) -> bool {
        let apart = self.missing.is_sorted_by(|&(_, last), &(first, _)| last < first && last + 1 < first);
        self.latest > 0 && apart && self.missing.iter().all(|&(first, last)| 1 <= first && first <= last && last < self.latest)
    }
}

impl<A> Default for ExceptionVector<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord> PartialOrd for ExceptionVector<A> {
    /// Inclusion of the sets of dots.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.is_within(other), other.is_within(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

impl<A: Ord + Clone> FromIterator<Dot<A>> for ExceptionVector<A> {
    fn from_iter<I: IntoIterator<Item = Dot<A>>>(dots: I) -> Self {
        let mut vector = Self::new();
        for dot in dots {
            vector.insert(dot);
        }
        vector
    }
}

impl<A: Ord + Clone> From<&CausalContext<A>> for ExceptionVector<A> {
    /// The same dots. O(n + k).
    fn from(context: &CausalContext<A>) -> Self {
        let known = context.vector().iter().map(|(actor, latest)| Entry { actor: actor.clone(), latest, missing: Vec::new() });
        let mut vector = Self { entries: known.collect() };
        for (actor, run) in context.exceptions() {
            vector.insert(Dot { actor: actor.clone(), counter: *run.start() });
            let place = vector.place(actor).unwrap_or_else(|_| unreachable!("its first dot was inserted"));
            vector.entries[place].latest = *run.end();
        }
        vector
    }
}

impl<A: Ord + Wire> Wire for ExceptionVector<A> {
    /// The number of actors; for each the id, the latest counter, the number of runs, and for each run the first and the last counter.
    fn encode(&self, out: &mut Vec<u8>) {
        wire::encode_length(self.entries.len(), out);
        for entry in &self.entries {
            entry.actor.encode(out);
            entry.latest.encode(out);
            wire::encode_length(entry.missing.len(), out);
            for (first, last) in &entry.missing {
                first.encode(out);
                last.encode(out);
            }
        }
    }

    /// The limit is on the actors, and on the runs of all of them together.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (length, mut rest) = wire::decode_length(bytes, limit)?;
        // Three bytes each, at least.
        let (mut entries, mut room) = (Vec::with_capacity(length.min(rest.len() / 3)), limit);
        for _ in 0..length {
            let (actor, after) = A::decode(rest, limit)?;
            let (latest, after) = u64::decode(after, limit)?;
            let (runs, mut after) = wire::decode_length(after, room)?;
            room -= runs;
            let mut missing = Vec::with_capacity(runs.min(after.len() / 2));
            for _ in 0..runs {
                let (first, next) = u64::decode(after, limit)?;
                let (last, next) = u64::decode(next, limit)?;
                missing.push((first, last));
                after = next;
            }
            entries.push(Entry { actor, latest, missing });
            rest = after;
        }
        Ok((Self::from_entries(entries)?, rest))
    }
}

/// A sequence of (actor, latest, runs); at most 65,536 of each, in either direction.
#[cfg(feature = "serde")]
impl<A: serde::Serialize> serde::Serialize for ExceptionVector<A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serial::serialize(serializer, self.entries.iter().map(|entry| (&entry.actor, entry.latest, &entry.missing)))
    }
}

/// Takes only what `Serialize` gives.
#[cfg(feature = "serde")]
impl<'de, A: Ord + serde::Deserialize<'de>> serde::Deserialize<'de> for ExceptionVector<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let serial::Bounded(entries) = serial::Bounded::<(A, u64, serial::Bounded<(u64, u64)>)>::deserialize(deserializer)?;
        let entries = entries.into_iter().map(|(actor, latest, serial::Bounded(missing))| Entry { actor, latest, missing });
        Self::from_entries(entries.collect()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    fn dots() -> impl Strategy<Value = Vec<Dot<u8>>> {
        let counter = prop_oneof![0_u64..12, Just(u64::MAX), Just(u64::MAX - 1), Just(u64::MAX - 2)];
        prop::collection::vec((0_u8..4, counter).prop_map(|(actor, counter)| Dot { actor, counter }), 0..24)
    }

    /// The naive twin: just the set of dots.
    fn naive(dots: &[Dot<u8>]) -> BTreeSet<Dot<u8>> {
        dots.iter().copied().filter(|dot| dot.counter != 0).collect()
    }

    proptest! {
        #![proptest_config(laws::config(2_000))]

        #[test]
        fn is_the_set_of_its_dots(list in dots(), probe in dots()) {
            let (mut vector, mut twin) = (ExceptionVector::new(), BTreeSet::new());
            for dot in list.iter().copied() {
                prop_assert_eq!(vector.insert(dot), dot.counter != 0 && twin.insert(dot));
                prop_assert!(vector.entries.iter().all(Entry::is_canonical), "{:?}", vector);
            }
            for dot in probe {
                prop_assert_eq!(vector.contains(&dot), dot.counter == 0 || twin.contains(&dot));
                prop_assert_eq!(vector.latest(&dot.actor), twin.iter().filter(|known| known.actor == dot.actor).map(|known| known.counter).max().unwrap_or(0));
            }
            let missing: u128 = vector.missing().map(|(_, run)| u128::from(run.end() - run.start()) + 1).sum();
            let latest: u128 = vector.iter().map(|(_, latest)| u128::from(latest)).sum();
            prop_assert_eq!(latest - missing, twin.len() as u128);
            let context: CausalContext<u8> = list.iter().copied().collect();
            prop_assert_eq!(&vector.contiguous(), context.vector());
            prop_assert_eq!(ExceptionVector::from(&context), vector);
        }

        #[test]
        fn join_is_union_and_order_is_inclusion(one in dots(), other in dots()) {
            let [a, b]: [ExceptionVector<u8>; 2] = [&one, &other].map(|dots| dots.iter().copied().collect());
            let (x, y) = (naive(&one), naive(&other));
            let mut joined = a.clone();
            prop_assert_eq!(joined.join(&b), !y.is_subset(&x));
            prop_assert_eq!(joined, [one, other].concat().into_iter().collect());
            prop_assert_eq!((a <= b, b <= a), (x.is_subset(&y), y.is_subset(&x)));
        }

        #[test]
        fn keeps_the_laws(a in dots(), b in dots(), c in dots()) {
            let [a, b, c]: [ExceptionVector<u8>; 3] = [a, b, c].map(|dots| dots.into_iter().collect());
            laws::order(&a, &b, &c);
            laws::hash(&a, &b);
            laws::join(&a, &b, &c, ExceptionVector::join);
            laws::wire(&a, 48);
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_vector(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<ExceptionVector<u8>>(&bytes, 4);
        }
    }

    /// A dot far ahead, which anybody can make up, takes one run and not the memory for all that it skips.
    #[test]
    fn a_dot_far_ahead_costs_no_more_than_one_nearby() {
        let vector: ExceptionVector<char> = [Dot::new('a', u64::MAX), Dot::new('a', 1)].into_iter().collect();
        assert_eq!(vector.missing().collect::<Vec<_>>(), [(&'a', 2..=u64::MAX - 1)]);
        assert_eq!(vector.gaps(), 1);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written_and_nothing_else() {
        let vector: ExceptionVector<u8> = [Dot::new(1, 4), Dot::new(1, 2), Dot::new(0, 1)].into_iter().collect();
        let bytes = postcard::to_allocvec(&vector).unwrap();
        assert_eq!(postcard::from_bytes::<ExceptionVector<u8>>(&bytes), Ok(vector));
        for text in ["[[1,0,[]]]", "[[1,3,[[0,1]]]]", "[[1,3,[[2,3]]]]", "[[1,5,[[1,2],[3,4]]]]", "[[1,9,[[4,3]]]]", "[[1,1,[]],[1,2,[]]]"]
        {
            assert!(serde_json::from_str::<ExceptionVector<u8>>(text).is_err(), "{text}");
        }
    }
}
