mod between;
mod flat;
mod order;

use alloc::sync::Arc;
use alloc::vec::Vec;

use tidings_clocks::Dot;

pub(crate) use flat::FlatStep;

/// A place in a sequence that is its own name: between any two there is room for another, and where it is does not depend on what else is there.
///
/// The order is that of FugueMax (Weidner, Kleppmann, *The Art of the Fugue: Minimizing Interleaving in Collaborative Text Editing*, 2023, algorithm 1 with FugueMax's
/// order of siblings): what several actors insert at one place at the same time stands side by side and does not interleave. The paper keeps a tree of all
/// that was ever inserted. Here each position says the whole way to it from the root, so that what is removed leaves nothing behind, and positions can be
/// joined in any order, just as dots can.
///
/// What one actor inserts after its own last insertion, or before it, is one step of the way, however many there are. So a position is as long as the
/// number of turns that actors took in inserting after, before and inside of each other's. From [`TURNS`](Self::TURNS) on the shortest position that lies between the same two is
/// taken instead of the tree's: then concurrent insertions of a third actor may come to stand between what two others wrote in turns, but never inside of
/// what one did. Whoever inserts again and again between the last two insertions makes each position a step longer than the one before: names that never change cannot
/// avoid that. To compare takes O(length); a clone shares the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position<A> {
    /// Never empty; from the root down.
    way: Arc<[Step<A>]>,
}

/// One node of a chain: all nodes that one actor put on one side of one node, with one fence. On the right each is the right child of the one before, on the left the
/// left child. Their counters increase, so that they are in order whichever of them are still alive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Step<A> {
    side: Side<A>,
    actor: A,
    counter: u64,
}

/// How a chain is attached to its parent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Side<A> {
    /// It and all below it stand before the parent; siblings in the order of their dots.
    Left,
    /// They stand after the parent; siblings in the order of their fences, the last first, then of their dots.
    Right(Fence<A>),
}

/// A right origin: what stood after the parent when the node was put there, as seen from the parent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Fence<A> {
    /// The last node that its way and the parent's have in common.
    shared: Shared,
    /// The rest of its way. If that is empty it is that node; and if that is the root, the end of the sequence.
    rest: Arc<[Step<A>]>,
}

/// A node on a way, or passed by on a chain: the steps to it, and how far the last of them goes. The deeper is the greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shared {
    steps: usize,
    counter: u64,
}

impl<A> Position<A> {
    /// How long positions become before short ones are preferred.
    pub const TURNS: usize = 32;

    /// In how many steps the way is kept, those to fences included: what it costs to hold, compare and send. O(length).
    #[must_use]
    pub fn length(&self) -> usize {
        self.way.iter().map(Step::length).sum()
    }

    fn last(&self) -> &Step<A> {
        self.way.last().expect("a way is never empty")
    }
}

impl<A: Clone> Position<A> {
    /// The dot that the position was made for, which no other position has. O(1).
    #[must_use]
    pub fn dot(&self) -> Dot<A> {
        let Step { actor, counter, .. } = self.last();
        Dot { actor: actor.clone(), counter: *counter }
    }

    /// The position `count` dots later in a chain to the right; `None` if this one is not in such a chain, or at the end of the counters. O(length).
    #[must_use]
    pub(crate) fn forward(&self, count: u64) -> Option<Self> {
        if count == 0 {
            return Some(self.clone());
        }
        let last = self.last();
        let counter = last.counter.checked_add(count)?;
        if matches!(last.side, Side::Left) {
            return None;
        }
        let mut way = self.way.to_vec();
        way.last_mut()?.counter = counter;
        Some(Self { way: way.into() })
    }
}

impl<A: Eq> Position<A> {
    /// How many dots `later` is ahead of this position in one chain to the right. `None` if they are not in one, or it is not ahead. O(length).
    #[must_use]
    pub(crate) fn runs_to(&self, later: &Self) -> Option<u64> {
        let (mine, other) = (self.last(), later.last());
        let ahead = other.counter.checked_sub(mine.counter)?;
        let one_chain = mine.side != Side::Left && mine.chains_with(other);
        let before = |position: &Self| position.way.len() - 1;
        (one_chain && self.way[..before(self)] == later.way[..before(later)]).then_some(ahead)
    }
}

impl<A: Eq> Step<A> {
    /// Whether the two are of one chain, if they have one parent.
    fn chains_with(&self, other: &Self) -> bool {
        self.actor == other.actor && self.side == other.side
    }
}

impl<A> Step<A> {
    fn length(&self) -> usize {
        let fence = match &self.side {
            Side::Left => 0,
            Side::Right(fence) => fence.rest.iter().map(Self::length).sum(),
        };
        1 + fence
    }

    /// How deep fences are nested in it.
    fn nesting(&self) -> usize {
        match &self.side {
            Side::Left => 0,
            Side::Right(fence) => fence.nesting(),
        }
    }
}

impl Shared {
    const ROOT: Self = Self { steps: 0, counter: 0 };

    /// All of a way.
    fn all<A>(way: &[Step<A>]) -> Self {
        way.last().map_or(Self::ROOT, |last| Self { steps: way.len(), counter: last.counter })
    }
}

impl<A> Fence<A> {
    /// The end of the sequence.
    fn end() -> Self {
        Self { shared: Shared::ROOT, rest: Arc::from(Vec::new()) }
    }

    /// How deep fences are nested in it.
    fn nesting(&self) -> usize {
        self.rest.iter().map(|step| step.nesting() + 1).max().unwrap_or(0)
    }
}
