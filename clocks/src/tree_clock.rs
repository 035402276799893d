use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::{NotAMember, Overflow, Rank, VectorClock};

/// Why a tree clock does not change. It is as it was.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeClockError {
    /// The counter of the owner is at its limit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The owner is no member of the view.
    #[error(transparent)]
    NotAMember(#[from] NotAMember),
    /// The clock belongs to nobody, so it has no events of its own.
    #[error("a clock without an owner has no events")]
    Ownerless,
    /// The other clock knows events of the owner that the owner does not: they are not of one run.
    #[error("the other clock knows {theirs} events of {owner}, who knows of {known}")]
    Ahead {
        /// Whose clock this is.
        owner: Rank,
        /// How many of its events it knows.
        known: u64,
        /// How many the other clock knows.
        theirs: u64,
    },
    /// The other clock does not know all that this one does, so it cannot take its place.
    #[error("the other clock does not know all that this one does")]
    NotMonotonic,
    /// The clocks are of views of different sizes.
    #[error("a clock of {theirs} members does not fit one of {members}")]
    Size {
        /// Members here.
        members: usize,
        /// Members there.
        theirs: usize,
    },
}

/// No rank: the end of a list, or nobody's.
const NOBODY: u32 = u32::MAX;

/// A tree clock: a vector clock that remembers through whom it learned each entry, so that a merge need not look at what cannot be new.
///
/// Mathur, Pavlogiannis, Tunç, Viswanathan, *A Tree Clock Data Structure for Causal Orderings in Concurrent Executions*, 2022, algorithm 2. The owner is the root; below every process are
/// those whose entries were learned through it, the latest first, with the owner's time when they were. If the receiver of a clock knows a process at that time already, it
/// knows all that is below: so a merge visits only entries that change, and their children.
///
/// This holds for clocks of one run that were made by [`tick`](TreeClock::tick), [`receive`](TreeClock::receive) and [`copy_from`](TreeClock::copy_from) alone; so
/// it has no wire form, and is for analysing executions in memory. It pays only where few entries change with each merge: as threads that meet at few locks do. Where everybody talks to everybody it is slower than [`VectorClock`], whose merge is
/// one run over an array. Space is O(n), n = members.
///
/// The time of a send and its receipt, as a multiple of the dense clock's (seen on a 2-core Xeon with AVX-512; less than 1 is faster):
///
/// | members | two that alternate | groups of 4 in turn | neighbours on a ring | to any of n/4 | everybody through one | random pairs |
/// |---|---|---|---|---|---|---|
/// | 16 | 1.0 | 2.9 | 3.7 | 3.9 | 5.2 | 26 |
/// | 64 | 0.9 | 2.6 | 5.8 | 8.0 | 24 | 84 |
/// | 256 | 0.5 | 1.0 | 1.2 | 4.0 | 38 | 62 |
/// | 1024 | 0.2 | 0.5 | 0.1 | 2.1 | 16 | 75 |
#[derive(Clone, Debug)]
pub struct TreeClock {
    /// The owner; `NOBODY` for a clock that has learned nothing.
    root: u32,
    /// By rank.
    nodes: Vec<Node>,
    /// Which nodes a merge raises, kept for its capacity. Empty between calls.
    updated: Vec<u32>,
    /// Which nodes a merge has still to look at, likewise: the next child, and its parent's entry here.
    open: Vec<(u32, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    counter: u64,
    /// The parent's counter when it learned this node's entry.
    learned: u64,
    /// All `NOBODY` while nothing of the process is known, and the first also for the root.
    parent: u32,
    first_child: u32,
    older: u32,
    newer: u32,
}

const UNKNOWN: Node = Node { counter: 0, learned: 0, parent: NOBODY, first_child: NOBODY, older: NOBODY, newer: NOBODY };

impl TreeClock {
    /// The clock of `owner`, one of `members`, before its first event.
    ///
    /// # Errors
    /// [`TreeClockError::NotAMember`] if the owner is none of them.
    pub fn new(owner: Rank, members: usize) -> Result<Self, TreeClockError> {
        if owner.index() >= members {
            return Err(NotAMember { rank: owner, members }.into());
        }
        Ok(Self { root: owner.0, ..Self::ownerless(members) })
    }

    /// A clock that belongs to nobody and knows of no event: what a lock or a message buffer has, to [copy](TreeClock::copy_from) into.
    #[must_use]
    pub fn ownerless(members: usize) -> Self {
        Self { root: NOBODY, nodes: alloc::vec![UNKNOWN; members], updated: Vec::new(), open: Vec::new() }
    }

    /// Counts one event of the owner; returns the new count. O(1).
    ///
    /// # Errors
    /// [`TreeClockError::Overflow`] or [`TreeClockError::Ownerless`]; the clock is unchanged.
    pub fn tick(&mut self) -> Result<u64, TreeClockError> {
        let root = self.nodes.get_mut(self.root as usize).ok_or(TreeClockError::Ownerless)?;
        root.counter = root.counter.checked_add(1).ok_or(Overflow)?;
        Ok(root.counter)
    }

    /// Counts one event of the owner, and takes in all that `other` knows; returns the new count. O(1) if that is known, otherwise O(entries that change, and their children).
    ///
    /// # Errors
    /// [`TreeClockError`], but for `NotMonotonic`; the clock is unchanged.
    pub fn receive(&mut self, other: &Self) -> Result<u64, TreeClockError> {
        self.fit(other)?;
        let owner = self.owner().ok_or(TreeClockError::Ownerless)?;
        let (known, theirs) = (self.entry(owner), other.entry(owner));
        if theirs > known {
            return Err(TreeClockError::Ahead { owner, known, theirs });
        }
        // The event comes first: what is learned now is unknown to all who know only the events before it.
        let count = self.tick()?;
        if let Some(root) = other.owner().filter(|root| other.entry(*root) > self.entry(*root)) {
            self.find_updated(other, root.0, NOBODY);
            self.detach_updated();
            self.attach_updated(other);
            self.nodes[root.index()].learned = count;
            self.push_child(root.0, owner.0);
        }
        Ok(count)
    }

    /// Becomes a copy of `other`, which knows all that this clock does: as a lock does when its holder leaves it. O(entries that change, and their children).
    ///
    /// # Errors
    /// [`TreeClockError::NotMonotonic`] or [`TreeClockError::Size`]; the clock is unchanged.
    pub fn copy_from(&mut self, other: &Self) -> Result<(), TreeClockError> {
        self.fit(other)?;
        if !self.is_within(other) {
            return Err(TreeClockError::NotMonotonic);
        }
        // Nobody's clock knows nothing, and then neither does this one.
        let Some(root) = other.owner() else { return Ok(()) };
        if self.root == NOBODY && other.entry(root) == 0 {
            self.root = root.0;
            return Ok(());
        }
        self.find_updated(other, root.0, self.root);
        self.detach_updated();
        self.attach_updated(other);
        self.root = root.0;
        let node = &mut self.nodes[root.index()];
        (node.parent, node.older, node.newer, node.learned) = (NOBODY, NOBODY, NOBODY, 0);
        Ok(())
    }

    /// How many events of `rank` are known. O(1).
    #[must_use]
    pub fn entry(&self, rank: Rank) -> u64 {
        self.nodes.get(rank.index()).map_or(0, |node| node.counter)
    }

    /// Whether `other` knows all that this clock does. O(1): it does if it knows the owner's latest event.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.owner().is_none_or(|owner| self.entry(owner) <= other.entry(owner))
    }

    /// Whose clock it is.
    #[must_use]
    pub fn owner(&self) -> Option<Rank> {
        (self.root != NOBODY).then_some(Rank(self.root))
    }

    /// The same as a vector clock. O(n).
    #[must_use]
    pub fn vector(&self) -> VectorClock {
        self.nodes.iter().map(|node| node.counter).collect()
    }

    fn fit(&self, other: &Self) -> Result<(), TreeClockError> {
        let (members, theirs) = (self.nodes.len(), other.nodes.len());
        if members == theirs { Ok(()) } else { Err(TreeClockError::Size { members, theirs }) }
    }

    /// Notes which nodes of `other`, from `root` down, are to be taken over: every one before its children, and these the latest first. `moving` is the root that is replaced by a copy: it
    /// is taken over even if its entry does not change, because its place does.
    fn find_updated(&mut self, other: &Self, root: u32, moving: u32) {
        self.updated.push(root);
        self.open.push((other.nodes[root as usize].first_child, self.nodes[root as usize].counter));
        while let Some((child, parent_known)) = self.open.pop() {
            let Some(node) = other.nodes.get(child as usize) else { continue };
            let known = self.nodes[child as usize].counter;
            if known < node.counter {
                self.updated.push(child);
                self.open.push((node.older, parent_known));
                self.open.push((node.first_child, known));
                continue;
            }
            if child == moving {
                self.updated.push(child);
            }
            // What was learned before what this clock knows of the parent is known, and so is all that was learned earlier still.
            if node.learned > parent_known {
                self.open.push((node.older, parent_known));
            }
        }
    }

    /// Takes the noted nodes out of the lists they are in. What is below them stays there.
    fn detach_updated(&mut self) {
        for place in 0..self.updated.len() {
            let Node { parent, older, newer, .. } = self.nodes[self.updated[place] as usize];
            if parent == NOBODY {
                continue;
            }
            if newer == NOBODY {
                self.nodes[parent as usize].first_child = older;
            } else {
                self.nodes[newer as usize].older = older;
            }
            if older != NOBODY {
                self.nodes[older as usize].newer = newer;
            }
        }
    }

    /// Gives the noted nodes the entries of `other`, and the places under their parents there, but for the first, whose parent is the caller's affair.
    fn attach_updated(&mut self, other: &Self) {
        // From the last to the first, so that of the children of one parent the latest is put in front last.
        for place in (0..self.updated.len()).rev() {
            let rank = self.updated[place];
            let theirs = other.nodes[rank as usize];
            let node = &mut self.nodes[rank as usize];
            (node.counter, node.learned) = (theirs.counter, theirs.learned);
            if place > 0 {
                self.push_child(rank, theirs.parent);
            }
        }
        self.updated.clear();
    }

    fn push_child(&mut self, rank: u32, parent: u32) {
        let older = core::mem::replace(&mut self.nodes[parent as usize].first_child, rank);
        if older != NOBODY {
            self.nodes[older as usize].newer = rank;
        }
        let node = &mut self.nodes[rank as usize];
        (node.parent, node.older, node.newer) = (parent, older, NOBODY);
    }
}

impl PartialEq for TreeClock {
    /// Whether both know the same, if they are of one run.
    fn eq(&self, other: &Self) -> bool {
        self.is_within(other) && other.is_within(self)
    }
}

impl PartialOrd for TreeClock {
    /// Happened-before. O(1).
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.is_within(other), other.is_within(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    const MEMBERS: usize = 6;
    const LOCKS: usize = 3;

    #[derive(Clone, Debug)]
    enum Step {
        Local(usize),
        /// The one sends, the other receives at once.
        Message(usize, usize),
        /// The one receives what was sent at some time by somebody.
        Late(usize, prop::sample::Index),
        /// Takes a lock and leaves it.
        Lock(usize, usize),
        /// The first starts the second, if that has no event yet, or waits for its end.
        Fork(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let pair = (0..MEMBERS, 0..MEMBERS);
        prop_oneof![
            (0..MEMBERS).prop_map(Step::Local),
            pair.clone().prop_map(|(from, to)| Step::Message(from, to)),
            (0..MEMBERS, any::<prop::sample::Index>()).prop_map(|(to, message)| Step::Late(to, message)),
            (0..MEMBERS, 0..LOCKS).prop_map(|(who, lock)| Step::Lock(who, lock)),
            pair.prop_map(|(parent, child)| Step::Fork(parent, child)),
        ]
    }

    /// Every node known is in the list of its parent, once, and these are in the order of learning.
    fn check_shape(clock: &TreeClock) {
        let mut seen = 0;
        let mut open = vec![(clock.root, NOBODY)];
        while let Some((rank, parent)) = open.pop() {
            let Some(node) = clock.nodes.get(rank as usize) else { continue };
            seen += 1;
            assert!(node.parent == parent && seen <= MEMBERS, "{clock:?}");
            let (mut child, mut newer, mut learned) = (node.first_child, NOBODY, node.counter);
            while child != NOBODY {
                let node = &clock.nodes[child as usize];
                assert!(node.newer == newer && node.learned <= learned, "{clock:?}");
                open.push((child, rank));
                (newer, learned, child) = (child, node.learned, node.older);
            }
        }
        let known = clock.nodes.iter().enumerate().filter(|(rank, node)| node.counter > 0 || Rank::new(*rank).0 == clock.root).count();
        assert_eq!(seen, known, "{clock:?}");
        assert!(clock.updated.is_empty() && clock.open.is_empty());
    }

    proptest! {
        #![proptest_config(laws::config(2_000))]

        /// The naive twin: a dense vector clock. On messages, late messages, locks, forks and joins, event for event the same.
        #[test]
        fn agrees_with_the_vector_clock_event_for_event(steps in prop::collection::vec(step(), 1..80)) {
            let mut clocks: Vec<_> = (0..MEMBERS).map(|rank| TreeClock::new(Rank::new(rank), MEMBERS).unwrap()).collect();
            let mut vectors = vec![VectorClock::new(); MEMBERS];
            let mut locks = vec![(TreeClock::ownerless(MEMBERS), VectorClock::new()); LOCKS];
            let mut messages: Vec<(TreeClock, VectorClock)> = Vec::new();
            for step in steps {
                match step {
                    Step::Local(me) => {
                        prop_assert_eq!(clocks[me].tick().ok(), vectors[me].tick(Rank::new(me)).ok());
                    }
                    Step::Message(from, to) | Step::Fork(from, to) => {
                        clocks[from].tick().unwrap();
                        vectors[from].tick(Rank::new(from)).unwrap();
                        let (clock, vector) = (clocks[from].clone(), vectors[from].clone());
                        messages.push((clock.clone(), vector.clone()));
                        prop_assert_eq!(clocks[to].receive(&clock).ok(), vectors[to].receive(Rank::new(to), &vector).ok());
                    }
                    Step::Late(to, message) => {
                        if !messages.is_empty() {
                            let (clock, vector) = message.get(&messages);
                            prop_assert_eq!(clocks[to].receive(clock).ok(), vectors[to].receive(Rank::new(to), vector).ok());
                        }
                    }
                    Step::Lock(who, lock) => {
                        let (held, held_vector) = &mut locks[lock];
                        clocks[who].receive(held).unwrap();
                        vectors[who].receive(Rank::new(who), held_vector).unwrap();
                        clocks[who].tick().unwrap();
                        vectors[who].tick(Rank::new(who)).unwrap();
                        prop_assert_eq!(held.copy_from(&clocks[who]), Ok(()));
                        *held_vector = vectors[who].clone();
                        prop_assert_eq!(&held.vector(), held_vector);
                        check_shape(held);
                    }
                }
                for (clock, vector) in clocks.iter().zip(&vectors) {
                    prop_assert_eq!(&clock.vector(), vector);
                    check_shape(clock);
                }
                for (a, x) in messages.iter().rev().take(3) {
                    for (b, y) in clocks.iter().zip(&vectors).chain(locks.iter().map(|(clock, vector)| (clock, vector))) {
                        // Happened-before is asked of clocks that stand at an event; nobody has yet had one whose clock is empty.
                        if !y.is_empty() {
                            prop_assert_eq!(a.partial_cmp(b), x.partial_cmp(y));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_of_no_run_changes_nothing() {
        let mut clock = TreeClock::new(Rank(0), 2).unwrap();
        let mut twin = clock.clone();
        twin.tick().unwrap();
        assert_eq!(clock.receive(&twin), Err(TreeClockError::Ahead { owner: Rank(0), known: 0, theirs: 1 }));
        assert_eq!(clock.receive(&TreeClock::ownerless(3)), Err(TreeClockError::Size { members: 2, theirs: 3 }));
        assert_eq!(clock.vector(), VectorClock::new());
        assert_eq!(twin.copy_from(&clock), Err(TreeClockError::NotMonotonic));
        assert_eq!(twin.vector(), VectorClock::from([1]));
        let mut lock = TreeClock::ownerless(2);
        assert_eq!(lock.tick(), Err(TreeClockError::Ownerless));
        assert_eq!(lock.receive(&twin), Err(TreeClockError::Ownerless));
        assert_eq!(TreeClock::new(Rank(2), 2).err(), Some(NotAMember { rank: Rank(2), members: 2 }.into()));
        twin.nodes[0].counter = u64::MAX;
        assert_eq!(twin.tick(), Err(TreeClockError::Overflow(Overflow)));
        assert_eq!(twin.receive(&clock), Err(TreeClockError::Overflow(Overflow)));
        assert_eq!(twin.entry(Rank(0)), u64::MAX);
    }

    /// What is known already costs no look at the rest: a merge of a stale clock changes nothing but the owner's own count.
    #[test]
    fn a_stale_clock_is_seen_to_be_stale() {
        let mut one = TreeClock::new(Rank(0), 3).unwrap();
        let mut other = TreeClock::new(Rank(1), 3).unwrap();
        other.tick().unwrap();
        let stale = other.clone();
        other.tick().unwrap();
        one.receive(&other).unwrap();
        let before = one.nodes.clone();
        assert_eq!(one.receive(&stale), Ok(2));
        assert_eq!(one.nodes[1..], before[1..]);
    }
}
