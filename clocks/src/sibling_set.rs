use alloc::vec::Vec;

#[cfg(feature = "serde")]
use crate::serial;
use crate::wire::{self, Malformed, Wire};
use crate::{Dot, Overflow, VersionVector};

/// A dotted version vector set: the concurrent versions of one value (its siblings), with one vector for all of them.
///
/// A replicated store keeps one for each key. A client reads the [`values`](SiblingSet::values) and the [`context`](SiblingSet::context); with a
/// [`write`](SiblingSet::write) it gives back the context of what it has read, and its value takes the place of what the context covers and stands beside what it does not. Servers
/// [`join`](SiblingSet::join) their sets. What a server has seen is one counter for each server, however many clients there are.
///
/// Almeida, Baquero, Gonçalves, Preguiça, Fonte, *Scalable and Accurate Causality Tracking for Eventually Consistent Stores*, 2014 (there called a
/// dotted version vector set). For each server: the last event seen, and the values of the latest so many
/// events, newest first. Below, n is the number of servers, v that of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiblingSet<A, V> {
    /// Strictly increasing by actor.
    entries: Vec<Entry<A, V>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry<A, V> {
    actor: A,
    /// The last event of the actor that was seen. Not zero.
    counter: u64,
    /// Written by the events `counter`, `counter - 1` and so on; no more than there are.
    values: Vec<V>,
}

impl<A, V> SiblingSet<A, V> {
    /// The set in which nothing was written.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The values that no later one has replaced, with what wrote them: by actor, newest first.
    pub fn versions(&self) -> impl Iterator<Item = (Dot<&A>, &V)> {
        self.entries.iter().flat_map(|entry| {
            entry.values.iter().zip(0..).map(move |(value, back)| (Dot { actor: &entry.actor, counter: entry.counter - back }, value))
        })
    }

    /// The values that no later one has replaced; more than one if they were written concurrently.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().flat_map(|entry| &entry.values)
    }

    /// How many values there are. O(n).
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.values.len()).sum()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| entry.values.is_empty())
    }
}

impl<A: Ord, V> SiblingSet<A, V> {
    /// Writes `value` at server `actor`, for a client that has read what `context` covers. Returns the dot of the write. O((n + m) log n + v), m = servers in the context.
    ///
    /// # Errors
    /// [`Overflow`] if the counter of `actor` is `u64::MAX`, here or in the context; the set is unchanged.
    pub fn write(&mut self, actor: A, value: V, context: &VersionVector<A>) -> Result<Dot<A>, Overflow>
    where
        A: Clone,
    {
        let seen = self.place(&actor).map_or(0, |place| self.entries[place].counter);
        let counter = seen.max(context.entry(&actor)).checked_add(1).ok_or(Overflow)?;
        self.discard(context);
        let place = match self.place(&actor) {
            Ok(place) => place,
            Err(place) => {
                self.entries.insert(place, Entry { actor: actor.clone(), counter: 0, values: Vec::new() });
                place
            }
        };
        let entry = &mut self.entries[place];
        entry.counter = counter;
        entry.values.insert(0, value);
        Ok(Dot { actor, counter })
    }

    /// Drops the values that `context` covers, and takes in what it has seen. Says whether that changed anything. O((n + m) log n + v), m = servers in the other.
    pub fn discard(&mut self, context: &VersionVector<A>) -> bool
    where
        A: Clone,
    {
        let (mut changed, known) = (false, self.entries.len());
        for (actor, seen) in context.iter() {
            match self.place_among(known, actor) {
                Ok(place) => changed |= self.entries[place].discard(seen),
                Err(_) => self.entries.push(Entry { actor: actor.clone(), counter: seen, values: Vec::new() }),
            }
        }
        self.take_in(known) || changed
    }

    /// Takes in all that `other` has seen: values that either has replaced go, values that one has not seen come. Says whether that changed anything. O((n + m) log n + v), m = servers in the other.
    pub fn join(&mut self, other: &Self) -> bool
    where
        A: Clone,
        V: Clone,
    {
        let (mut changed, known) = (false, self.entries.len());
        for theirs in &other.entries {
            match self.place_among(known, &theirs.actor) {
                Ok(place) => changed |= self.entries[place].join(theirs),
                Err(_) => self.entries.push(theirs.clone()),
            }
        }
        self.take_in(known) || changed
    }

    /// What somebody who reads the values now has seen. O(n).
    #[must_use]
    pub fn context(&self) -> VersionVector<A>
    where
        A: Clone,
    {
        self.entries.iter().map(|entry| (entry.actor.clone(), entry.counter)).collect()
    }

    fn place(&self, actor: &A) -> Result<usize, usize> {
        self.place_among(self.entries.len(), actor)
    }

    fn place_among(&self, known: usize, actor: &A) -> Result<usize, usize> {
        self.entries[..known].binary_search_by(|entry| entry.actor.cmp(actor))
    }

    /// Sorts in the entries after the first `known`, which are sorted themselves: two runs, which a stable sort merges in one pass. Says whether there are any.
    fn take_in(&mut self, known: usize) -> bool {
        let more = self.entries.len() > known;
        if more {
            self.entries.sort_by(|one, other| one.actor.cmp(&other.actor));
        }
        more
    }

    /// The set with these entries, if it can be one.
    fn from_entries(entries: Vec<Entry<A, V>>) -> Result<Self, Malformed> {
        if entries.iter().any(|entry| entry.counter == 0) {
            return Err(Malformed::Zero);
        }
        if entries.iter().any(|entry| entry.values.len() as u64 > entry.counter) {
            return Err(Malformed::Contradiction);
        }
        if entries.is_sorted_by(|one, next| one.actor < next.actor) { Ok(Self { entries }) } else { Err(Malformed::Disorder) }
    }
}

impl<A, V> Entry<A, V> {
    fn discard(&mut self, seen: u64) -> bool {
        let before = (self.counter, self.values.len());
        self.values.truncate(usize::try_from(self.counter.saturating_sub(seen)).unwrap_or(usize::MAX));
        self.counter = self.counter.max(seen);
        before != (self.counter, self.values.len())
    }

    fn join(&mut self, other: &Self) -> bool
    where
        V: Clone,
    {
        // Of the one that has seen more, the values stay that the other has not seen or still has.
        let (ahead, behind) = if self.counter >= other.counter { (&*self, other) } else { (other, &*self) };
        let kept = (ahead.counter - behind.counter).saturating_add(behind.values.len() as u64);
        let kept = usize::try_from(kept).unwrap_or(usize::MAX).min(ahead.values.len());
        if self.counter >= other.counter {
            let changed = kept < self.values.len();
            self.values.truncate(kept);
            changed
        } else {
            self.counter = other.counter;
            self.values = other.values[..kept].to_vec();
            true
        }
    }
}

impl<A, V> Default for SiblingSet<A, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Wire, V: Wire> Wire for SiblingSet<A, V> {
    /// The number of servers; for each the id, the counter, the number of values, and the values.
    fn encode(&self, out: &mut Vec<u8>) {
        wire::encode_length(self.entries.len(), out);
        for entry in &self.entries {
            entry.actor.encode(out);
            entry.counter.encode(out);
            wire::encode_length(entry.values.len(), out);
            for value in &entry.values {
                value.encode(out);
            }
        }
    }

    /// The limit is on the actors, and on the versions in all.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (length, mut rest) = wire::decode_length(bytes, limit)?;
        // Three bytes each, at least.
        let (mut entries, mut room) = (Vec::with_capacity(length.min(rest.len() / 3)), limit);
        for _ in 0..length {
            let (actor, after) = A::decode(rest, limit)?;
            let (counter, after) = u64::decode(after, limit)?;
            let (versions, mut after) = wire::decode_length(after, room)?;
            room -= versions;
            let mut values = Vec::with_capacity(versions);
            for _ in 0..versions {
                let (value, next) = V::decode(after, limit)?;
                values.push(value);
                after = next;
            }
            entries.push(Entry { actor, counter, values });
            rest = after;
        }
        Ok((Self::from_entries(entries)?, rest))
    }
}

/// A sequence of (actor, counter, values); at most 65,536 of each, in either direction.
#[cfg(feature = "serde")]
impl<A: serde::Serialize, V: serde::Serialize> serde::Serialize for SiblingSet<A, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serial::serialize(serializer, self.entries.iter().map(|entry| (&entry.actor, entry.counter, &entry.values)))
    }
}

/// Takes only what `Serialize` gives.
#[cfg(feature = "serde")]
impl<'de, A: Ord + serde::Deserialize<'de>, V: serde::Deserialize<'de>> serde::Deserialize<'de> for SiblingSet<A, V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let serial::Bounded(entries) = serial::Bounded::<(A, u64, serial::Bounded<V>)>::deserialize(deserializer)?;
        let entries = entries.into_iter().map(|(actor, counter, serial::Bounded(values))| Entry { actor, counter, values });
        Self::from_entries(entries.collect()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::{CausalContext, laws};

    const SERVERS: usize = 3;

    /// The naive twin: every value under its dot, and the set of all dots ever seen.
    #[derive(Clone, Default, PartialEq, Debug)]
    struct Naive {
        versions: BTreeMap<(u8, u64), u32>,
        seen: CausalContext<u8>,
    }

    impl Naive {
        fn write(&mut self, actor: u8, value: u32, context: &CausalContext<u8>) {
            self.versions.retain(|&(actor, counter), _| !context.contains(&Dot { actor, counter }));
            self.seen.join(context);
            let dot = self.seen.next(actor).unwrap();
            self.versions.insert((dot.actor, dot.counter), value);
            self.seen.insert(dot);
        }

        fn join(&mut self, other: &Self) {
            let unseen = |of: &Self, (actor, counter): (u8, u64)| !of.seen.contains(&Dot { actor, counter });
            let ours = self.versions.iter().filter(|(dot, _)| other.versions.contains_key(dot) || unseen(other, **dot));
            let theirs = other.versions.iter().filter(|(dot, _)| unseen(self, **dot));
            self.versions = ours.chain(theirs).map(|(dot, value)| (*dot, *value)).collect();
            self.seen.join(&other.seen);
        }
    }

    fn same(set: &SiblingSet<u8, u32>, naive: &Naive) {
        let versions: BTreeMap<(u8, u64), u32> = set.versions().map(|(dot, value)| ((*dot.actor, dot.counter), *value)).collect();
        assert_eq!(versions, naive.versions);
        assert_eq!(CausalContext::from(set.context()), naive.seen);
        assert_eq!(set.len(), versions.len());
        assert_eq!(set.is_empty(), versions.is_empty());
        assert!(set.values().copied().collect::<Vec<_>>().len() == set.len());
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// A client reads at one server and keeps the context.
        Read { client: usize, server: usize },
        /// It writes at one, with the context it has.
        Write { client: usize, server: usize },
        /// One server takes in what another has.
        Join { into: usize, from: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_usize..3, 0..SERVERS).prop_map(|(client, server)| Step::Read { client, server }),
            (0_usize..3, 0..SERVERS).prop_map(|(client, server)| Step::Write { client, server }),
            (0..SERVERS, 0..SERVERS).prop_map(|(into, from)| Step::Join { into, from }),
        ]
    }

    fn run(steps: &[Step]) -> Vec<SiblingSet<u8, u32>> {
        let mut servers = vec![(SiblingSet::new(), Naive::default()); SERVERS];
        let mut clients = vec![VersionVector::new(); 3];
        for (value, step) in (0..).zip(steps) {
            match *step {
                Step::Read { client, server } => clients[client] = servers[server].0.context(),
                Step::Write { client, server } => {
                    let (set, naive) = &mut servers[server];
                    let actor = u8::try_from(server).unwrap();
                    set.write(actor, value, &clients[client]).unwrap();
                    naive.write(actor, value, &CausalContext::from(clients[client].clone()));
                }
                Step::Join { into, from } => {
                    let (other, other_naive) = servers[from].clone();
                    let (set, naive) = &mut servers[into];
                    let before = set.clone();
                    assert_eq!(set.join(&other), *set != before);
                    naive.join(&other_naive);
                }
            }
            for (set, naive) in &servers {
                same(set, naive);
            }
        }
        servers.into_iter().map(|(set, _)| set).collect()
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        #[test]
        fn keeps_what_was_not_replaced(steps in prop::collection::vec(step(), 0..40)) {
            let sets = run(&steps);
            let joined = |one: &SiblingSet<u8, u32>, other: &SiblingSet<u8, u32>| { let mut joined = one.clone(); joined.join(other); joined };
            let [a, b, c] = &sets[..] else { unreachable!("three servers") };
            prop_assert_eq!(joined(a, b), joined(b, a));
            prop_assert_eq!(joined(a, &joined(b, c)), joined(&joined(a, b), c));
            prop_assert_eq!(&joined(a, a), a);
            laws::wire(a, 40);
            let mut emptied = a.clone();
            prop_assert_eq!(emptied.discard(&b.context()), emptied != *a);
            emptied.discard(&a.context());
            prop_assert!(emptied.is_empty());
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_set(bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..24)) {
            laws::decode::<SiblingSet<u8, u8>>(&bytes, 4);
        }
    }

    /// Two clients that read the same and write through one server: both values stay, and a third, having read both, replaces them.
    #[test]
    fn concurrent_writes_through_one_server_are_siblings() {
        let mut set = SiblingSet::new();
        let nothing = VersionVector::new();
        set.write('s', "milk", &nothing).unwrap();
        set.write('s', "eggs", &nothing).unwrap();
        assert_eq!(set.values().copied().collect::<Vec<_>>(), ["eggs", "milk"]);
        let read = set.context();
        set.write('t', "milk and eggs", &read).unwrap();
        assert_eq!(set.values().copied().collect::<Vec<_>>(), ["milk and eggs"]);
    }

    /// A context that claims the last counter of all, which a client can make up, does not wrap the next write's.
    #[test]
    fn a_context_at_the_end_does_not_wrap_the_next_write() {
        let mut set = SiblingSet::new();
        set.write('s', 1, &VersionVector::new()).unwrap();
        let before = set.clone();
        assert_eq!(set.write('s', 2, &[('s', u64::MAX)].into_iter().collect()), Err(Overflow));
        assert_eq!(set, before);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written_and_nothing_else() {
        let mut set = SiblingSet::new();
        for value in 0..3_u32 {
            set.write(1_u8, value, &VersionVector::new()).unwrap();
        }
        let bytes = postcard::to_allocvec(&set).unwrap();
        assert_eq!(postcard::from_bytes::<SiblingSet<u8, u32>>(&bytes), Ok(set));
        for text in ["[[1,0,[]]]", "[[1,1,[5,6]]]", "[[2,1,[]],[1,1,[]]]", "[[1,1,[]],[1,2,[]]]"] {
            assert!(serde_json::from_str::<SiblingSet<u8, u32>>(text).is_err(), "{text}");
        }
    }
}
