use alloc::vec::Vec;
use core::cmp::Ordering;

mod history;
mod identity;

use crate::Overflow;
use crate::wire::{Malformed, Wire};
use history::History;
use identity::Identity;

/// The most forks that an identity may be deep. What lies deeper is refused, so that no input exhausts the stack.
pub(crate) const MAX_DEPTH: usize = 1 << 10;

/// The most nodes that a history may have.
pub(crate) const MAX_NODES: usize = 1 << 16;

/// Why an interval tree clock does not change. It is as it was.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntervalTreeError {
    /// The clock has no identity (it was [peeked](IntervalTree::peek)), so it can neither have events nor be forked.
    #[error("a clock without an identity has no events")]
    Anonymous,
    /// The identities overlap: one clock was copied instead of forked, or joined twice.
    #[error("the identities overlap")]
    Overlap,
    /// The identity would be forked more than 1,024 deep. Join clocks that are no longer needed.
    #[error("the identity is forked too deeply")]
    TooDeep,
    /// The history would have more than 65,536 nodes.
    #[error("the history has too many nodes")]
    TooLarge,
    /// A counter is at its limit of 2⁶³ − 1.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// An interval tree clock: happened-before among processes that come and go without any list of them.
///
/// Who takes part owns a share of the interval from 0 to 1, its identity; the history says for each point how many events are known. A newcomer gets half the share of anybody
/// ([`fork`](IntervalTree::fork)), and who leaves gives its share back ([`join`](IntervalTree::join)), so clocks are as large as the present membership is ragged and not as the past one was long. A
/// message carries a [`peek`](IntervalTree::peek), whose receipt is a join.
///
/// Almeida, Baquero, Fonte, *Interval Tree Clocks: A Logical Clock for Dynamic Systems*, 2008, section 5. Both trees are kept in normal form as flat arrays in preorder, so
/// every operation but the fork is one pass over them: O(nodes). Equality and order are those of the histories; the identities do not count.
#[derive(Clone, Debug)]
pub struct IntervalTree {
    identity: Identity,
    history: History,
}

impl IntervalTree {
    /// The clock of the first process, which owns all.
    #[must_use]
    pub fn seed() -> Self {
        Self { identity: Identity::whole(), history: History::new() }
    }

    /// Gives half of this clock's share to a new one, which knows the same. O(nodes × depth).
    ///
    /// # Errors
    /// [`IntervalTreeError::Anonymous`], or [`IntervalTreeError::TooDeep`].
    pub fn fork(&mut self) -> Result<Self, IntervalTreeError> {
        let (kept, given) = self.identity.split()?;
        self.identity = kept;
        Ok(Self { identity: given, history: self.history.clone() })
    }

    /// Counts one event: first by filling up what the identity can simplify, else by growing the history where it costs least.
    ///
    /// # Errors
    /// [`IntervalTreeError::Anonymous`], [`IntervalTreeError::Overflow`] or [`IntervalTreeError::TooLarge`].
    pub fn event(&mut self) -> Result<(), IntervalTreeError> {
        self.history.event(&self.identity)
    }

    /// Takes in all that `other` knows, and the share that it owns: the receipt of a message (a [`peek`](IntervalTree::peek)), or the retirement of a process. Says whether the history
    /// changed.
    ///
    /// # Errors
    /// [`IntervalTreeError::Overlap`] or [`IntervalTreeError::TooLarge`].
    pub fn join(&mut self, other: &Self) -> Result<bool, IntervalTreeError> {
        let identity = self.identity.sum(&other.identity)?;
        let history = self.history.join(&other.history)?;
        let changed = history != self.history;
        (self.identity, self.history) = (identity, history);
        Ok(changed)
    }

    /// What this clock knows, without its share: what a message carries.
    #[must_use]
    pub fn peek(&self) -> Self {
        Self { identity: Identity::none(), history: self.history.clone() }
    }

    /// Whether the clock owns no share, so has no events of its own.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.identity.is_none()
    }

    /// How many nodes the two trees have together: the clock's size.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.identity.nodes() + self.history.nodes()
    }
}

impl PartialEq for IntervalTree {
    /// Whether both know the same events.
    fn eq(&self, other: &Self) -> bool {
        self.history == other.history
    }
}

impl Eq for IntervalTree {}

impl PartialOrd for IntervalTree {
    /// Happened-before, by what is known; `None` means concurrent.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.history.is_within(&other.history), other.history.is_within(&self.history)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

impl Wire for IntervalTree {
    /// The identity's nodes in preorder, a byte each (0 and 1 for leaves, 2 for a fork), then the history's, each twice its counter, plus one if it has children.
    fn encode(&self, out: &mut Vec<u8>) {
        self.identity.encode(out);
        self.history.encode(out);
    }

    /// The limit is on the nodes of each tree; deeper than 1,024 is refused always.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (identity, rest) = Identity::decode(bytes, limit)?;
        let (history, rest) = History::decode(rest, limit.min(MAX_NODES))?;
        Ok((Self { identity, history }, rest))
    }
}

/// As the bytes of its wire form; at most 65,536 nodes in each tree.
#[cfg(feature = "serde")]
impl serde::Serialize for IntervalTree {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::serial::serialize_bytes(serializer, self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for IntervalTree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::serial::deserialize_bytes(deserializer, MAX_NODES)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    /// The naive twin: the set of all events known.
    type Known = BTreeSet<u32>;

    #[derive(Clone, Debug)]
    enum Step {
        Event(prop::sample::Index),
        Fork(prop::sample::Index),
        /// The first takes in the second, which retires.
        Join(prop::sample::Index, prop::sample::Index),
        /// The first receives what the second knows.
        Receive(prop::sample::Index, prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        let one = any::<prop::sample::Index>;
        prop_oneof![
            3 => one().prop_map(Step::Event),
            2 => one().prop_map(Step::Fork),
            1 => (one(), one()).prop_map(|(one, other)| Step::Join(one, other)),
            2 => (one(), one()).prop_map(|(one, other)| Step::Receive(one, other)),
        ]
    }

    fn naive_order(a: &Known, b: &Known) -> Option<Ordering> {
        match (a.is_subset(b), b.is_subset(a)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }

    fn check(clocks: &[(IntervalTree, Known)]) {
        for (a, a_known) in clocks {
            for (b, b_known) in clocks {
                assert_eq!(a.partial_cmp(b), naive_order(a_known, b_known), "{a:?} {b:?}");
                assert_eq!(a == b, a_known == b_known);
            }
            assert!(a.identity.is_normal() && a.history.is_normal(), "{a:?}");
        }
    }

    fn run(steps: Vec<Step>) -> Vec<(IntervalTree, Known)> {
        let mut clocks = vec![(IntervalTree::seed(), Known::new())];
        for (event, step) in (0..).zip(steps) {
            let count = clocks.len();
            match step {
                Step::Event(one) => {
                    let (clock, known) = &mut clocks[one.index(count)];
                    clock.event().unwrap();
                    known.insert(event);
                }
                Step::Fork(one) if count < 24 => {
                    let (clock, known) = &mut clocks[one.index(count)];
                    let forked = (clock.fork().unwrap(), known.clone());
                    clocks.push(forked);
                }
                Step::Join(one, other) if one.index(count) != other.index(count) => {
                    let (clock, known) = clocks[other.index(count)].clone();
                    let (into, into_known) = &mut clocks[one.index(count)];
                    assert_eq!(into.join(&clock), Ok(!known.is_subset(into_known)));
                    into_known.extend(known);
                    clocks.remove(other.index(count));
                }
                Step::Receive(one, other) => {
                    let (message, known) = clocks[other.index(count)].clone();
                    let (into, into_known) = &mut clocks[one.index(count)];
                    assert_eq!(into.join(&message.peek()), Ok(!known.is_subset(into_known)));
                    into.event().unwrap();
                    into_known.extend(known);
                    into_known.insert(event);
                }
                _ => {}
            }
            check(&clocks);
        }
        clocks
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        #[test]
        fn order_is_inclusion_of_what_is_known(steps in prop::collection::vec(step(), 0..60)) {
            let clocks = run(steps);
            for (clock, _) in &clocks {
                laws::wire(clock, 1 << 10);
                let again = IntervalTree::from_wire(&clock.to_wire(), 1 << 10).unwrap();
                prop_assert_eq!(again.identity, clock.identity.clone());
            }
            let pick = |index: usize| &clocks[index % clocks.len()].0;
            laws::order(pick(0), pick(1), pick(2));
            let peeked = [0, 1, 2].map(|index| pick(index).peek());
            laws::join(&peeked[0], &peeked[1], &peeked[2], |into, from| into.join(from).unwrap());
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_clock(bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..24)) {
            laws::decode::<IntervalTree>(&bytes, 16);
        }
    }

    /// Forked twelve deep, with events everywhere, and joined again: all shares come back, and the history is one number again.
    #[test]
    fn twelve_forks_deep_and_back() {
        for keep_left in [false, true] {
            let mut clocks = vec![(IntervalTree::seed(), Known::new())];
            let mut event = 0;
            for depth in 0..12 {
                let at = if keep_left { 0 } else { depth };
                let (clock, known) = &mut clocks[at];
                let forked = (clock.fork().unwrap(), known.clone());
                clocks.push(forked);
                for (clock, known) in &mut clocks {
                    clock.event().unwrap();
                    known.insert(event);
                    event += 1;
                }
                check(&clocks);
            }
            while let Some((clock, known)) = clocks.pop() {
                let Some((into, into_known)) = clocks.first_mut() else {
                    assert_eq!(known.len(), event as usize);
                    assert_eq!(clock.identity, Identity::whole());
                    let mut clock = clock;
                    clock.event().unwrap();
                    assert_eq!(clock.nodes(), 2);
                    break;
                };
                into.join(&clock).unwrap();
                into_known.extend(known);
                check(&clocks);
            }
        }
    }

    #[test]
    fn a_copied_clock_is_found_out() {
        let mut clock = IntervalTree::seed();
        let mut forked = clock.fork().unwrap();
        forked.event().unwrap();
        let copy = clock.clone();
        clock.join(&forked).unwrap();
        let before = clock.clone();
        assert_eq!(clock.join(&forked), Err(IntervalTreeError::Overlap));
        assert_eq!(clock.join(&copy), Err(IntervalTreeError::Overlap));
        assert_eq!((clock.to_wire(), clock.nodes()), (before.to_wire(), before.nodes()));
    }

    #[test]
    fn what_was_peeked_has_no_events() {
        let clock = IntervalTree::seed();
        let mut peeked = clock.peek();
        assert!(peeked.is_anonymous() && !clock.is_anonymous());
        assert_eq!(peeked.event(), Err(IntervalTreeError::Anonymous));
        assert_eq!(peeked.fork().err(), Some(IntervalTreeError::Anonymous));
    }

    /// Forking the same clock over and over ends in an error and not in an exhausted stack.
    #[test]
    fn forks_too_deep_are_refused() {
        let mut clock = IntervalTree::seed();
        let forks = (0..2 * MAX_DEPTH).take_while(|_| clock.fork().is_ok()).count();
        assert_eq!(forks, MAX_DEPTH);
        clock.event().unwrap();
        let again = IntervalTree::from_wire(&clock.to_wire(), 1 << 12).unwrap();
        assert_eq!(again, clock);
        assert_eq!(IntervalTree::from_wire(&vec![2; 1 << 20], 1 << 20).err(), Some(Malformed::Contradiction));
        let mut deep = vec![1];
        deep.extend(vec![1; 1 << 20]);
        assert_eq!(IntervalTree::from_wire(&deep, 1 << 20).err(), Some(Malformed::Contradiction));
    }

    /// A peer that claims a counter at the end does not wrap the next event.
    #[test]
    fn a_counter_at_the_end_does_not_wrap() {
        let mut clock = IntervalTree::seed();
        let mut bytes = vec![0];
        (u64::MAX - 1).encode(&mut bytes);
        clock.join(&IntervalTree::from_wire(&bytes, 4).unwrap()).unwrap();
        let before = clock.clone();
        assert_eq!(clock.event(), Err(IntervalTreeError::Overflow(Overflow)));
        assert_eq!(clock, before);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written_and_nothing_else() {
        let mut clock = IntervalTree::seed();
        let _other = clock.fork().unwrap();
        clock.event().unwrap();
        let bytes = postcard::to_allocvec(&clock).unwrap();
        assert_eq!(postcard::from_bytes::<IntervalTree>(&bytes).unwrap().to_wire(), clock.to_wire());
        let text = serde_json::to_string(&clock).unwrap();
        assert_eq!(serde_json::from_str::<IntervalTree>(&text).unwrap().to_wire(), clock.to_wire());
        assert!(serde_json::from_str::<IntervalTree>("[2,0,0,0]").is_err());
    }
}
