use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::wire::{Malformed, Wire};
use crate::{Dot, VersionVector};

/// A dotted version vector: the one event that a value was written by, and all that its writer had seen.
///
/// It stands for the causal history `past ∪ {dot}`, where the dot may lie beyond a gap: so two clients that write through one server with the same past
/// are told apart, which a plain version vector cannot do. One version comes before another exactly if its dot is in the other one's past: O(log n).
/// (Preguiça, Baquero, Almeida, Fonte, Gonçalves, *Dotted Version Vectors: Logical Clocks for Optimistic Replication*, 2010, sections 4 and 5.)
///
/// A client that writes must have read all versions that a server had at one moment, and its past be the join of their [contexts](DottedVersionVector::context).
/// The order is that of versions that were written in one run; two with the same dot are the same version.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DottedVersionVector<A> {
    dot: Dot<A>,
    past: VersionVector<A>,
}

impl<A: Ord> DottedVersionVector<A> {
    /// The version written as `dot` by somebody who had seen `past`; `None` if `dot` is no event or in its own past.
    #[must_use]
    pub fn new(dot: Dot<A>, past: VersionVector<A>) -> Option<Self> {
        (!past.contains(&dot)).then_some(Self { dot, past })
    }

    /// Whether `other` was written by somebody who had seen this version. O(log n).
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        other.past.contains(&self.dot)
    }

    /// The event that wrote it.
    #[must_use]
    pub const fn dot(&self) -> &Dot<A> {
        &self.dot
    }

    /// What its writer had seen.
    #[must_use]
    pub const fn past(&self) -> &VersionVector<A> {
        &self.past
    }

    /// What somebody who reads this version has seen: a version vector, which also counts what lies between the past and the dot.
    #[must_use]
    pub fn context(&self) -> VersionVector<A>
    where
        A: Clone,
    {
        let mut context = self.past.clone();
        context.raise(self.dot.actor.clone(), self.dot.counter);
        context
    }
}

impl<A: Ord> PartialEq for DottedVersionVector<A> {
    /// Whether it is the same version.
    fn eq(&self, other: &Self) -> bool {
        self.dot == other.dot
    }
}

impl<A: Ord> Eq for DottedVersionVector<A> {}

impl<A: Ord> PartialOrd for DottedVersionVector<A> {
    /// Which version was written in knowledge of the other; `None` means neither. O(log n).
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.is_before(other), other.is_before(self)) {
            _ if self.dot == other.dot => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            // Each before the other: no server wrote these, and nothing can be said of them.
            _ => None,
        }
    }
}

impl<A: Ord + Wire> Wire for DottedVersionVector<A> {
    /// The dot, then the past.
    fn encode(&self, out: &mut Vec<u8>) {
        self.dot.encode(out);
        self.past.encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (dot, rest) = Dot::decode(bytes, limit)?;
        let (past, rest) = VersionVector::decode(rest, limit)?;
        Ok((Self::new(dot, past).ok_or(Malformed::Contradiction)?, rest))
    }
}

/// Takes only a dot that is an event outside its own past.
#[cfg(feature = "serde")]
impl<'de, A: Ord + serde::Deserialize<'de>> serde::Deserialize<'de> for DottedVersionVector<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "DottedVersionVector", bound = "A: Ord + serde::Deserialize<'de>")]
        struct Parts<A> {
            dot: Dot<A>,
            past: VersionVector<A>,
        }

        let Parts { dot, past } = Parts::deserialize(deserializer)?;
        Self::new(dot, past).ok_or_else(|| serde::de::Error::custom("the dot of a version is not in its past"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    /// The naive twin: the whole causal history as a set of dots.
    type History = BTreeSet<(u8, u64)>;

    fn naive_order(a: &History, b: &History) -> Option<Ordering> {
        match (a.is_subset(b), b.is_subset(a)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// Clients read all that a server has, and write later through any server; servers take in each other's versions. Then the order of two versions, by
        /// one lookup, is the inclusion of their whole histories.
        #[test]
        fn order_is_inclusion_of_histories(steps in prop::collection::vec((0_u8..3, 0_usize..3, 0_usize..3), 1..24)) {
            let mut servers: [Vec<DottedVersionVector<u8>>; 3] = Default::default();
            let mut clients: [VersionVector<u8>; 3] = Default::default();
            let mut counters = VersionVector::new();
            let mut versions: Vec<(DottedVersionVector<u8>, History)> = Vec::new();
            for (step, one, other) in steps {
                match step {
                    0 => {
                        clients[one] = VersionVector::new();
                        for version in &servers[other] {
                            clients[one].join(&version.context());
                        }
                    }
                    1 => {
                        let past = clients[one].clone();
                        let dot = counters.increment(u8::try_from(other).unwrap()).unwrap();
                        let before = past.iter().flat_map(|(actor, counter)| (1..=counter).map(|counter| (*actor, counter)));
                        let history = before.chain([(dot.actor, dot.counter)]).collect();
                        let version = DottedVersionVector::new(dot, past).unwrap();
                        servers[other].retain(|known| !known.is_before(&version));
                        servers[other].push(version.clone());
                        versions.push((version, history));
                    }
                    _ => {
                        let all = [&servers[one][..], &servers[other][..]].concat();
                        let mut kept: Vec<_> = all.iter().filter(|version| !all.iter().any(|later| version.is_before(later))).cloned().collect();
                        kept.sort_by_key(|version| (version.dot.actor, version.dot.counter));
                        kept.dedup();
                        servers[one] = kept;
                    }
                }
            }
            for (a, a_history) in &versions {
                for (b, b_history) in &versions {
                    prop_assert_eq!(a.partial_cmp(b), naive_order(a_history, b_history));
                    laws::order(a, b, &versions[0].0);
                }
                laws::wire(a, 8);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_version(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<DottedVersionVector<u8>>(&bytes, 4);
        }
    }

    /// Two clients that have read the same and write through the same server: the second write does not seem to know the first.
    #[test]
    fn two_clients_of_one_server_are_concurrent() {
        let past: VersionVector<char> = [('s', 1)].into_iter().collect();
        let one = DottedVersionVector::new(Dot::new('s', 2), past.clone()).unwrap();
        let other = DottedVersionVector::new(Dot::new('s', 3), past.clone()).unwrap();
        assert_eq!(one.partial_cmp(&other), None);
        assert!(one < DottedVersionVector::new(Dot::new('t', 1), one.context()).unwrap());
        assert_eq!(DottedVersionVector::new(Dot::new('s', 1), past.clone()), None);
        assert_eq!(DottedVersionVector::new(Dot::new('t', 0), past), None);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written_and_nothing_else() {
        let version = DottedVersionVector::new(Dot::new(1_u8, 3), [(1, 1), (2, 5)].into_iter().collect()).unwrap();
        let bytes = postcard::to_allocvec(&version).unwrap();
        assert_eq!(postcard::from_bytes::<DottedVersionVector<u8>>(&bytes).map(|version| version.past), Ok(version.past));
        assert!(serde_json::from_str::<DottedVersionVector<u8>>(r#"{"dot":{"actor":1,"counter":1},"past":[[1,1]]}"#).is_err());
    }
}
