mod replay;
#[cfg(feature = "serde")]
mod wire;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::Join;

/// A tree whose nodes can be moved by anybody at any time: every node has one parent, and there never is a cycle.
///
/// Kleppmann, Mulligan, Gomes, Beresford, *A highly-available move operation for replicated trees* (2022). The tree is what all known moves make when they are
/// done one after the other in the order of their stamps, where a move that would put a node below itself is left out. A move that comes late is put in
/// its place: what was done after it is undone, and done again. So a move costs O(d) if it is the last one, for a depth of d, and O(d + log n) for each move
/// that it precedes otherwise.
///
/// A node is any id `N`. It needs no creation: moving it somewhere the first time creates it. Ids that were never moved are roots: one for the tree, and another one,
/// as in the paper, for what is deleted. `M` is what a move says of its node beside the parent, as a name or a fractional index: siblings are ordered by
/// it, then by their ids. A stamp `S` is anything ordered that grows along happened-before, a Lamport counter or a hybrid stamp, and with the actor `A` it names one move.
///
/// The log of moves grows until [`prune`](Self::prune) is told what is stable.
///
/// ```
/// use tidings_crdt::{Join, MoveableTree};
///
/// let (root, a, b) = (0, 1, 2);
/// let mut ann = MoveableTree::new();
/// ann.move_to(1, "ann", a, root, "a")?;
/// ann.move_to(2, "ann", b, root, "b")?;
/// let mut bob = ann.clone();
///
/// // Each puts one below the other. The move with the later stamp would make a cycle, so all leave it out.
/// let down = ann.move_to(3, "ann", a, b, "a")?;
/// let up = bob.move_to(3, "bob", b, a, "b")?;
/// ann.join(&up);
/// bob.join(&down);
/// assert_eq!((ann.parent(&a), ann.parent(&b)), (Some(&b), Some(&root)));
/// assert_eq!(ann, bob);
/// # Ok::<(), tidings_crdt::MoveError<&str, i32, i32>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MoveableTree<A, S, N, M> {
    /// In strict order, all beyond the floor.
    log: Vec<Logged<A, S, N, M>>,
    /// Where each node is that was ever moved. No cycles.
    places: BTreeMap<N, Place<N, M>>,
    /// The same from above; no set is empty.
    children: BTreeMap<N, BTreeSet<(M, N)>>,
    /// Moves stamped up to this are in `places` and no longer in the log.
    floor: Option<S>,
}

/// One move: ordered by its stamp, then by its actor, and then, which only matters under equivocation, by the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Move<A, S, N, M> {
    /// When it was made.
    pub stamp: S,
    /// Who made it.
    pub actor: A,
    /// What was moved.
    pub child: N,
    /// Below which node.
    pub parent: N,
    /// What its order among its siblings depends on.
    pub meta: M,
}

/// A parent, and what the node is called there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place<N, M> {
    parent: N,
    meta: M,
}

/// A move, and what undoes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Logged<A, S, N, M> {
    step: Move<A, S, N, M>,
    /// Where the node was before; `None` if it was nowhere.
    before: Option<Place<N, M>>,
    /// Whether the move was done: it made no cycle.
    done: bool,
}

/// Why a node was not moved. The tree is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError<A, S, N> {
    /// The node would be below itself.
    #[error("a node would be below itself")]
    Cycle {
        /// What was to be moved.
        child: N,
        /// The node at or below it, where it was to go.
        parent: N,
    },
    /// The stamp and actor are not greater than those of the last move known: the tree's stamps were not taken into the clock before it made the new one.
    #[error("the move's stamp is not later than that of the last move in the tree")]
    NotLater {
        /// The stamp.
        stamp: S,
        /// The actor.
        actor: A,
    },
    /// The stamp is not beyond the floor of what is pruned: the move is either one of these, or comes from a replica that was away for longer, and has to be given the
    /// whole state.
    #[error("the move's stamp is not beyond what is pruned")]
    Pruned {
        /// The stamp.
        stamp: S,
        /// The floor.
        floor: S,
    },
    /// One actor has made two different moves with one stamp: it was cloned, or lost its memory, or lies.
    #[error("one actor has made two different moves with one stamp")]
    TwoMoves {
        /// The stamp.
        stamp: S,
        /// The actor.
        actor: A,
    },
}

impl<A, S, N, M> MoveableTree<A, S, N, M> {
    /// The tree in which nothing was moved. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { log: Vec::new(), places: BTreeMap::new(), children: BTreeMap::new(), floor: None }
    }

    /// The moves that are kept, in the order in which they count; done or left out.
    pub fn moves(&self) -> impl DoubleEndedIterator<Item = &Move<A, S, N, M>> + ExactSizeIterator {
        self.log.iter().map(|logged| &logged.step)
    }

    /// The last stamp below which moves are pruned.
    #[must_use]
    pub const fn floor(&self) -> Option<&S> {
        self.floor.as_ref()
    }

    /// All nodes that have a parent, with it, in the order of their ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&N, &N, &M)> + ExactSizeIterator {
        self.places.iter().map(|(child, place)| (child, &place.parent, &place.meta))
    }
}

impl<A, S, N: Ord, M> MoveableTree<A, S, N, M> {
    /// Below which node `node` is; `None` for a root. O(log n).
    #[must_use]
    pub fn parent(&self, node: &N) -> Option<&N> {
        self.places.get(node).map(|place| &place.parent)
    }

    /// What the last move of `node` that was done said of it; `None` for a root. O(log n).
    #[must_use]
    pub fn meta(&self, node: &N) -> Option<&M> {
        self.places.get(node).map(|place| &place.meta)
    }

    /// What is directly below `node`, in the order of what was said of each, then of the ids. O(log n) and their number.
    pub fn children(&self, node: &N) -> impl DoubleEndedIterator<Item = (&N, &M)> {
        self.children.get(node).into_iter().flatten().map(|(meta, child)| (child, meta))
    }

    /// Whether `node` is below `above`, at any depth. A node is not below itself. O(d log n).
    #[must_use]
    pub fn is_below(&self, node: &N, above: &N) -> bool {
        let mut at = node;
        while let Some(parent) = self.parent(at) {
            if parent == above {
                return true;
            }
            at = parent;
        }
        false
    }
}

impl<A, S, N, M> MoveableTree<A, S, N, M>
where
    A: Ord + Clone,
    S: Ord + Clone,
    N: Ord + Clone,
    M: Ord + Clone,
{
    /// Moves `child` below `parent` in the name of `actor`, creates it if it is not there, and returns the delta. O(d log n).
    ///
    /// # Errors
    /// [`MoveError::Cycle`] if `parent` is `child` or below it, [`MoveError::NotLater`] and [`MoveError::Pruned`] if the stamp is not beyond all that is known; the tree
    /// is unchanged.
    pub fn move_to(&mut self, stamp: S, actor: A, child: N, parent: N, meta: M) -> Result<Self, MoveError<A, S, N>> {
        self.above_floor(&stamp)?;
        let step = Move { stamp, actor, child, parent, meta };
        if self.log.last().is_some_and(|last| last.step.arbitrate(&step) != Ordering::Less) {
            return Err(MoveError::NotLater { stamp: step.stamp, actor: step.actor });
        }
        if self.makes_cycle(&step) {
            return Err(MoveError::Cycle { child: step.child, parent: step.parent });
        }
        self.redo(step.clone());
        Ok(Self::from(step))
    }

    /// Takes in one move made elsewhere, in any order with others: the operation form. Says whether it was new. O(d log n), and as much for each known move
    /// that it precedes.
    ///
    /// # Errors
    /// [`MoveError::Pruned`] if it is not beyond the floor, [`MoveError::TwoMoves`] if another one has its stamp and actor; the tree is unchanged.
    pub fn apply(&mut self, step: Move<A, S, N, M>) -> Result<bool, MoveError<A, S, N>> {
        self.above_floor(&step.stamp)?;
        let at = self.log.partition_point(|logged| logged.step.arbitrate(&step) == Ordering::Less);
        if let Some(known) = self.log.get(at).filter(|known| known.step.arbitrate(&step) == Ordering::Equal) {
            let same = known.step == step;
            return if same { Ok(false) } else { Err(MoveError::TwoMoves { stamp: step.stamp, actor: step.actor }) };
        }
        self.take_in(alloc::vec![step]);
        Ok(true)
    }

    /// Joins, unless that shows that one side lacks what the other has pruned, or an equivocation.
    ///
    /// Where one side has pruned more, the moves that the other still has of these must have made the same tree, unless it has none at all. [`Join::join`] believes
    /// that they did; and it lets the greater of two moves under one name count. O((n + m) log n), and what the join costs.
    ///
    /// # Errors
    /// [`MoveError::Pruned`]: whoever has pruned less was away for longer, and takes over the other's whole state instead. [`MoveError::TwoMoves`]. The tree is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, MoveError<A, S, N>> {
        let (behind, ahead) = if self.floor < other.floor { (&*self, other) } else { (other, &*self) };
        if let (Some(floor), Some(first)) = (&ahead.floor, behind.log.first())
            && first.step.stamp <= *floor
            && behind.places_at(floor) != ahead.places_at(floor)
        {
            return Err(MoveError::Pruned { stamp: first.step.stamp.clone(), floor: floor.clone() });
        }
        for step in other.moves() {
            let at = self.log.partition_point(|logged| logged.step.arbitrate(step) == Ordering::Less);
            if self.log.get(at).is_some_and(|known| known.step.arbitrate(step) == Ordering::Equal && known.step != *step) {
                return Err(MoveError::TwoMoves { stamp: step.stamp.clone(), actor: step.actor.clone() });
            }
        }
        Ok(self.join(other))
    }

    /// Gives up the log of all moves stamped up to `stable`, and returns how many there were. What they made stays. O(their number).
    ///
    /// Every replica must have all moves with such stamps, and nobody may make another one: that is what a stability frontier says. Else replicas diverge; a
    /// move that comes late is refused by [`apply`](Self::apply) and [`join_checked`](Self::join_checked).
    pub fn prune(&mut self, stable: &S) -> usize {
        let end = self.log.partition_point(|logged| logged.step.stamp <= *stable);
        self.log.drain(..end);
        self.floor = self.floor.take().max(Some(stable.clone()));
        end
    }

    fn above_floor(&self, stamp: &S) -> Result<(), MoveError<A, S, N>> {
        match &self.floor {
            Some(floor) if stamp <= floor => Err(MoveError::Pruned { stamp: stamp.clone(), floor: floor.clone() }),
            _ => Ok(()),
        }
    }
}

impl<A: Ord, S: Ord, N, M> Move<A, S, N, M> {
    /// Which of the two counts first, by stamp and actor. Equal only for one move, or under equivocation.
    #[must_use]
    pub fn arbitrate(&self, other: &Self) -> Ordering {
        self.stamp.cmp(&other.stamp).then_with(|| self.actor.cmp(&other.actor))
    }
}

/// The delta of one move.
impl<A, S, N, M> From<Move<A, S, N, M>> for MoveableTree<A, S, N, M>
where
    A: Ord + Clone,
    S: Ord + Clone,
    N: Ord + Clone,
    M: Ord + Clone,
{
    fn from(step: Move<A, S, N, M>) -> Self {
        let mut tree = Self::new();
        tree.redo(step);
        tree
    }
}

impl<A, S, N, M> Default for MoveableTree<A, S, N, M> {
    fn default() -> Self {
        Self::new()
    }
}
