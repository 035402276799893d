use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::RangeInclusive;

use smallvec::SmallVec;

#[cfg(feature = "serde")]
use crate::serial;
use crate::wire::{self, Malformed, Wire};
use crate::{Dot, Overflow, VersionVector};

/// A causal context: exactly which events are known, as a version vector and the exceptions beyond it.
///
/// A set of dots. What is known of an actor without a gap from its first event on is in the vector; what came ahead of a gap is kept as runs of
/// counters and moves into the vector when the gap closes. So a dot costs the same however far ahead it is, and equal sets are equal values. `PartialOrd` is
/// inclusion. (Almeida, Shoker, Baquero, *Delta State Replicated Data Types*, 2018, section 7.2; Malkhi, Terry, *Concise Version
/// Vectors in WinFS*, 2005.)
///
/// Below, n is the number of actors and k the number of runs; in a system without gaps k is 0. Each dot of a peer that skips counters can cost one run: who takes
/// single dots from peers bounds [`exceptions`](CausalContext::exceptions).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CausalContext<A> {
    vector: VersionVector<A>,
    /// Sorted by actor and counter. A run neither touches the vector nor another run of its actor.
    beyond: SmallVec<[Run<A>; 1]>,
}

/// Consecutive counters of one actor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Run<A> {
    actor: A,
    first: u64,
    last: u64,
}

impl<A> CausalContext<A> {
    /// The context that knows of no event. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { vector: VersionVector::new(), beyond: SmallVec::new_const() }
    }

    /// What is known without a gap: the greatest version vector that this context contains.
    #[must_use]
    pub const fn vector(&self) -> &VersionVector<A> {
        &self.vector
    }

    /// What is known beyond the vector, as runs of counters, in the order of the actors and then of the counters.
    pub fn exceptions(&self) -> impl DoubleEndedIterator<Item = (&A, RangeInclusive<u64>)> + ExactSizeIterator {
        self.beyond.iter().map(|run| (&run.actor, run.first..=run.last))
    }

    /// Whether no event is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vector.is_empty() && self.beyond.is_empty()
    }
}

impl<A: Ord> CausalContext<A> {
    /// Takes in one dot. Says whether it was new. O(log n + log k) where no gap opens or closes, otherwise O(n + k).
    pub fn insert(&mut self, dot: Dot<A>) -> bool {
        let Dot { actor, counter } = dot;
        let known = self.vector.entry(&actor);
        if counter <= known {
            return false;
        }
        let place = self.place(&actor, counter);
        if place.checked_sub(1).is_some_and(|before| self.beyond[before].contains(&actor, counter)) {
            return false;
        }
        let follows = place.checked_sub(1).filter(|&before| self.beyond[before].precedes(&actor, counter));
        let leads = self.beyond.get(place).is_some_and(|run| run.actor == actor && run.first == counter + 1);
        if counter == known + 1 {
            let last = if leads { self.beyond.remove(place).last } else { counter };
            self.vector.raise(actor, last);
        } else if let Some(before) = follows {
            self.beyond[before].last = if leads { self.beyond.remove(place).last } else { counter };
        } else if leads {
            self.beyond[place].first = counter;
        } else {
            self.beyond.insert(place, Run { actor, first: counter, last: counter });
        }
        true
    }

    /// Counts one more event of `actor` and returns its dot: [`next`](CausalContext::next), taken in at once. O(1) for the actor counted last, where no gap is known; O(log n + log k) for
    /// others, O(n) for the first event of an actor.
    ///
    /// # Errors
    /// [`Overflow`] if its greatest counter is `u64::MAX`; the context is unchanged.
    pub fn increment(&mut self, actor: A) -> Result<Dot<A>, Overflow>
    where
        A: Clone,
    {
        if self.beyond.is_empty() {
            return self.vector.increment(actor);
        }
        let dot = self.next(actor)?;
        self.insert(dot.clone());
        Ok(dot)
    }

    /// Takes in all that `other` knows. Says whether that changed anything. O(n + m) for the vectors, O((k + l) log n) for the exceptions.
    pub fn join(&mut self, other: &Self) -> bool
    where
        A: Clone,
    {
        let mut raised = self.vector.join(&other.vector);
        if other.beyond.is_empty() && (!raised || self.beyond.is_empty()) {
            return raised;
        }
        let mut beyond: SmallVec<[Run<A>; 1]> = SmallVec::with_capacity(self.beyond.len() + other.beyond.len());
        let (mut ours, mut theirs) = (self.beyond.iter().peekable(), other.beyond.iter().peekable());
        loop {
            let next = match (ours.peek(), theirs.peek()) {
                (Some(our), Some(their)) if (&their.actor, their.first) < (&our.actor, our.first) => theirs.next(),
                (Some(_), _) => ours.next(),
                (None, _) => theirs.next(),
            };
            let Some(run) = next else { break };
            let known = self.vector.entry(&run.actor);
            if run.first <= known.saturating_add(1) {
                raised |= self.vector.raise(run.actor.clone(), run.last);
            } else if let Some(before) = beyond.last_mut().filter(|before| before.touches(run)) {
                before.last = before.last.max(run.last);
            } else {
                beyond.push(run.clone());
            }
        }
        let changed = raised || beyond != self.beyond;
        self.beyond = beyond;
        changed
    }

    /// What is known here and not to `other`. O(r log r) for the r entries and runs of both, however many dots they stand for.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self
    where
        A: Clone,
    {
        let (mine, theirs) = (self.runs(), other.runs());
        let (mut vector, mut beyond, mut before) = (Vec::new(), SmallVec::new(), 0);
        for (actor, first, last) in mine {
            let mut keep = |first, last| {
                if first == 1 { vector.push((actor.clone(), last)) } else { beyond.push(Run { actor: actor.clone(), first, last }) }
            };
            while theirs.get(before).is_some_and(|&(other, _, end)| (other, end) < (actor, first)) {
                before += 1;
            }
            // What is left of the run begins here, if anything is left.
            let mut next = Some(first);
            for &(_, begin, end) in theirs[before..].iter().take_while(|&&(other, begin, _)| other == actor && begin <= last) {
                let Some(from) = next.filter(|&from| from <= last) else { break };
                if from < begin {
                    keep(from, begin - 1);
                }
                next = end.checked_add(1);
            }
            if let Some(from) = next.filter(|&from| from <= last) {
                keep(from, last);
            }
        }
        Self { vector: vector.into_iter().collect(), beyond }
    }

    /// All that is known, as runs in the order of the actors and then of the counters.
    fn runs(&self) -> Vec<(&A, u64, u64)> {
        let vector = self.vector.iter().map(|(actor, last)| (actor, 1, last));
        let mut runs: Vec<_> = vector.chain(self.beyond.iter().map(|run| (&run.actor, run.first, run.last))).collect();
        runs.sort_unstable_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
        runs
    }

    /// The dot for the next event of `actor`: one more than the greatest counter known, so that no known dot is ever named twice. Does not
    /// take it in. O(log n + log k).
    ///
    /// # Errors
    /// [`Overflow`] if that counter is `u64::MAX`.
    pub fn next(&self, actor: A) -> Result<Dot<A>, Overflow> {
        let counter = self.latest(&actor).checked_add(1).ok_or(Overflow)?;
        Ok(Dot { actor, counter })
    }

    /// Whether the event `dot` is known. O(log n + log k).
    #[must_use]
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        self.vector.contains(dot)
            || self
                .place(&dot.actor, dot.counter)
                .checked_sub(1)
                .is_some_and(|before| self.beyond[before].contains(&dot.actor, dot.counter))
    }

    /// The greatest counter of `actor` that is known, gaps or not; 0 if none is. O(log n + log k).
    #[must_use]
    pub fn latest(&self, actor: &A) -> u64 {
        match self.place(actor, u64::MAX).checked_sub(1).map(|before| &self.beyond[before]) {
            Some(run) if run.actor == *actor => run.last,
            _ => self.vector.entry(actor),
        }
    }

    /// Whether `other` knows all that this context knows.
    fn is_within(&self, other: &Self) -> bool {
        // A run of the other one's exceptions never begins at 1, so what the vector knows must be in the other vector.
        self.vector <= other.vector
            && self.beyond.iter().all(|run| {
                run.last <= other.vector.entry(&run.actor)
                    || other
                        .place(&run.actor, run.first)
                        .checked_sub(1)
                        .is_some_and(|before| other.beyond[before].contains(&run.actor, run.last))
            })
    }

    /// Whether the exceptions are as this type keeps them.
    #[cfg(any(test, feature = "serde"))]
    fn is_canonical(&self) -> bool {
        self.beyond.iter().all(|run| run.first <= run.last && run.first.saturating_sub(1) > self.vector.entry(&run.actor))
            && self.beyond.is_sorted_by(|run, next| (&run.actor, run.first) < (&next.actor, next.first) && !run.touches(next))
    }

    /// How many runs begin at or before `counter` of `actor`.
    fn place(&self, actor: &A, counter: u64) -> usize {
        self.beyond.partition_point(|run| (&run.actor, run.first) <= (actor, counter))
    }
}

impl<A: Ord> Run<A> {
    /// Whether the run, which begins at or before `counter`, has it.
    fn contains(&self, actor: &A, counter: u64) -> bool {
        self.actor == *actor && counter <= self.last
    }

    /// Whether the run ends just before `counter`, which is greater than its last one.
    fn precedes(&self, actor: &A, counter: u64) -> bool {
        self.actor == *actor && counter - 1 == self.last
    }

    /// Whether `later`, which does not begin before this run, leaves no gap to it.
    fn touches(&self, later: &Self) -> bool {
        self.actor == later.actor && later.first <= self.last.saturating_add(1)
    }
}

impl<A> Default for CausalContext<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord> PartialOrd for CausalContext<A> {
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

impl<A> From<VersionVector<A>> for CausalContext<A> {
    fn from(vector: VersionVector<A>) -> Self {
        Self { vector, beyond: SmallVec::new_const() }
    }
}

impl<A: Ord + Clone> Extend<Dot<A>> for CausalContext<A> {
    /// Takes in many dots. O(d log d + n + k) for d of them.
    fn extend<I: IntoIterator<Item = Dot<A>>>(&mut self, dots: I) {
        let mut dots: Vec<Dot<A>> = dots.into_iter().filter(|dot| dot.counter != 0).collect();
        dots.sort();
        let mut other = Self::new();
        let mut actors: Vec<(A, u64)> = Vec::new();
        for Dot { actor, counter } in dots {
            let known = actors.last().filter(|(last, _)| *last == actor).map_or(0, |(_, known)| *known);
            match other.beyond.last_mut().filter(|run| run.actor == actor) {
                Some(run) if counter - 1 <= run.last => run.last = counter,
                None if counter == 1 => actors.push((actor, 1)),
                None if counter - 1 <= known => actors.last_mut().expect("its entry is not zero").1 = counter,
                _ => other.beyond.push(Run { actor, first: counter, last: counter }),
            }
        }
        other.vector = actors.into_iter().collect();
        self.join(&other);
    }
}

impl<A: Ord + Clone> FromIterator<Dot<A>> for CausalContext<A> {
    /// The context of exactly these dots. O(d log d).
    fn from_iter<I: IntoIterator<Item = Dot<A>>>(dots: I) -> Self {
        let mut context = Self::new();
        context.extend(dots);
        context
    }
}

impl<A: Ord + Wire> Wire for CausalContext<A> {
    /// The vector, then for each run: the actor, the length of the gap before it less one, the length of the run less one.
    fn encode(&self, out: &mut Vec<u8>) {
        self.vector.encode(out);
        wire::encode_length(self.beyond.len(), out);
        let mut before: Option<&Run<A>> = None;
        for run in &self.beyond {
            let known =
                before.filter(|before| before.actor == run.actor).map_or_else(|| self.vector.entry(&run.actor), |before| before.last);
            run.actor.encode(out);
            (run.first - known - 2).encode(out);
            (run.last - run.first).encode(out);
            before = Some(run);
        }
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (vector, rest) = VersionVector::<A>::decode(bytes, limit)?;
        let (length, mut rest) = wire::decode_length(rest, limit)?;
        // Three bytes each, at least.
        let mut beyond: SmallVec<[Run<A>; 1]> = SmallVec::with_capacity(length.min(rest.len() / 3));
        for _ in 0..length {
            let (actor, after) = A::decode(rest, limit)?;
            let (gap, after) = u64::decode(after, limit)?;
            let (more, after) = u64::decode(after, limit)?;
            let known = match beyond.last() {
                Some(before) if before.actor > actor => return Err(Malformed::Disorder),
                Some(before) if before.actor == actor => before.last,
                _ => vector.entry(&actor),
            };
            let first = known.checked_add(2).and_then(|first| first.checked_add(gap)).ok_or(Malformed::Number)?;
            let last = first.checked_add(more).ok_or(Malformed::Number)?;
            beyond.push(Run { actor, first, last });
            rest = after;
        }
        Ok((Self { vector, beyond }, rest))
    }
}

/// A pair: the vector, and a sequence of (actor, first, last); at most 65,536 of each, in either direction.
#[cfg(feature = "serde")]
impl<A: serde::Serialize> serde::Serialize for CausalContext<A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Exceptions<'c, A>(&'c [Run<A>]);

        impl<A: serde::Serialize> serde::Serialize for Exceptions<'_, A> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serial::serialize(serializer, self.0.iter().map(|run| (&run.actor, run.first, run.last)))
            }
        }

        serde::Serialize::serialize(&(&self.vector, Exceptions(&self.beyond)), serializer)
    }
}

/// Takes only what `Serialize` gives: runs in order that touch neither each other nor the vector.
#[cfg(feature = "serde")]
impl<'de, A: Ord + serde::Deserialize<'de>> serde::Deserialize<'de> for CausalContext<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (vector, serial::Bounded(runs)) = <(VersionVector<A>, serial::Bounded<(A, u64, u64)>)>::deserialize(deserializer)?;
        let beyond = runs.into_iter().map(|(actor, first, last)| Run { actor, first, last }).collect();
        let context = Self { vector, beyond };
        if context.is_canonical() {
            Ok(context)
        } else {
            Err(serde::de::Error::custom("the exceptions of a causal context are in order and apart"))
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    /// The naive twin: just the set of dots.
    type Dots = BTreeSet<(u8, u64)>;

    fn dots() -> impl Strategy<Value = Vec<(u8, u64)>> {
        prop::collection::vec((0_u8..4, prop_oneof![1_u64..12, Just(u64::MAX), Just(u64::MAX - 1)]), 0..24)
    }

    fn context(dots: &[(u8, u64)]) -> CausalContext<u8> {
        let mut context = CausalContext::new();
        for &(actor, counter) in dots {
            context.insert(Dot { actor, counter });
        }
        context
    }

    fn naive(dots: &[(u8, u64)]) -> Dots {
        dots.iter().copied().collect()
    }

    proptest! {
        #![proptest_config(laws::config(2_000))]

        #[test]
        fn is_the_set_of_its_dots(list in dots(), probe in dots()) {
            let (mut context, mut twin) = (CausalContext::new(), Dots::new());
            for &(actor, counter) in &list {
                prop_assert_eq!(context.insert(Dot { actor, counter }), twin.insert((actor, counter)));
                prop_assert!(context.is_canonical(), "{:?}", context);
            }
            for (actor, counter) in probe {
                prop_assert_eq!(context.contains(&Dot { actor, counter }), twin.contains(&(actor, counter)));
                let latest = twin.range((actor, 0)..=(actor, u64::MAX)).next_back().map_or(0, |dot| dot.1);
                prop_assert_eq!(context.latest(&actor), latest);
                prop_assert_eq!(context.next(actor), latest.checked_add(1).map(|counter| Dot { actor, counter }).ok_or(Overflow));
            }
            for actor in 0..4 {
                let (mut counted, mut inserted) = (context.clone(), context.clone());
                let dot = context.next(actor);
                prop_assert_eq!(counted.increment(actor), dot);
                prop_assert_eq!(dot.is_ok_and(|dot| inserted.insert(dot)), dot.is_ok());
                prop_assert_eq!(counted, inserted);
            }
            let at_once: CausalContext<u8> = list.iter().map(|&(actor, counter)| Dot { actor, counter }).collect();
            prop_assert_eq!(&at_once, &context);
            let size: u128 = context.vector().iter().map(|(_, counter)| u128::from(counter)).sum::<u128>()
                + context.exceptions().map(|(_, run)| u128::from(run.end() - run.start()) + 1).sum::<u128>();
            prop_assert_eq!(size, twin.len() as u128);
        }

        #[test]
        fn join_is_union_and_order_is_inclusion(one in dots(), other in dots()) {
            let (a, b) = (context(&one), context(&other));
            let (x, y) = (naive(&one), naive(&other));
            let mut joined = a.clone();
            prop_assert_eq!(joined.join(&b), !y.is_subset(&x));
            prop_assert!(joined.is_canonical(), "{:?}", joined);
            prop_assert_eq!(&joined, &context(&[one, other].concat()));
            prop_assert!(a <= joined && b <= joined);
            prop_assert!(!joined.clone().join(&a) && !joined.clone().join(&b));
            let inclusion = match (x.is_subset(&y), y.is_subset(&x)) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            };
            prop_assert_eq!(a.partial_cmp(&b), inclusion);
            prop_assert_eq!(a == b, x == y);
        }

        #[test]
        fn difference_is_that_of_the_sets(one in dots(), other in dots()) {
            let (a, b) = (context(&one), context(&other));
            let left = a.difference(&b);
            prop_assert!(left.is_canonical(), "{:?}", left);
            let twin: Vec<_> = naive(&one).difference(&naive(&other)).copied().collect();
            prop_assert_eq!(left, context(&twin));
        }

        #[test]
        fn keeps_the_laws(a in dots(), b in dots(), c in dots()) {
            let (a, b, c) = (context(&a), context(&b), context(&c));
            laws::order(&a, &b, &c);
            laws::hash(&a, &b);
            laws::join(&a, &b, &c, CausalContext::join);
            laws::wire(&a, 24);
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_context(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<CausalContext<u8>>(&bytes, 4);
        }

        #[cfg(feature = "serde")]
        #[test]
        fn is_read_back_as_written(list in dots()) {
            let context = context(&list);
            let bytes = postcard::to_allocvec(&context).unwrap();
            prop_assert_eq!(postcard::from_bytes::<CausalContext<u8>>(&bytes).unwrap(), context);
        }
    }

    /// A dot far ahead, which anybody can make up, takes one run and not the memory for all that it skips.
    #[test]
    fn a_dot_far_ahead_costs_no_more_than_one_nearby() {
        let mut context = CausalContext::new();
        assert!(context.insert(Dot { actor: 'a', counter: u64::MAX }));
        assert!(context.insert(Dot { actor: 'a', counter: 1 }));
        assert!(!context.insert(Dot { actor: 'a', counter: u64::MAX }));
        assert_eq!(context.exceptions().collect::<Vec<_>>(), [(&'a', u64::MAX..=u64::MAX)]);
        assert_eq!(context.vector().entry(&'a'), 1);
        assert_eq!(context.next('a'), Err(Overflow));
    }

    /// Counters begin at 1: a dot with counter 0 is no event, and so is known to everybody.
    #[test]
    fn counter_zero_names_no_event() {
        let mut context = CausalContext::new();
        assert!(context.contains(&Dot { actor: 'a', counter: 0 }));
        assert!(!context.insert(Dot { actor: 'a', counter: 0 }));
        assert_eq!(context, CausalContext::from_iter([Dot { actor: 'a', counter: 0 }]));
        assert!(context.is_empty());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn what_no_context_writes_is_not_read() {
        let refused = [
            "[[[0,0]],[]]",
            "[[[1,1],[0,1]],[]]",
            "[[[0,1],[0,2]],[]]",
            "[[],[[0,1,1]]]",
            "[[],[[0,0,1]]]",
            "[[[0,1]],[[0,2,2]]]",
            "[[],[[0,5,4]]]",
            "[[],[[0,3,4],[0,5,6]]]",
            "[[],[[0,3,7],[0,5,9]]]",
            "[[],[[1,3,4],[0,3,4]]]",
            "[[],[[0,3,18446744073709551615],[0,18446744073709551615,18446744073709551615]]]",
        ];
        for text in refused {
            assert!(serde_json::from_str::<CausalContext<u8>>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<CausalContext<u8>>("[[[0,1]],[[0,3,4],[0,6,6],[1,2,2]]]").is_ok());
    }
}
