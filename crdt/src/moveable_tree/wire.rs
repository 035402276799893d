//! What is written of a tree: what the pruned moves made, and the log. All else follows from these.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Ordering;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Move, MoveableTree, Place};

#[derive(Serialize, Deserialize)]
#[serde(rename = "MoveableTree")]
struct Written<A, S, N, M> {
    floor: Option<S>,
    /// Child, parent, and what is said of it, in the order of the children.
    pruned: Vec<(N, N, M)>,
    log: Vec<Move<A, S, N, M>>,
}

impl<A, S, N, M> Serialize for MoveableTree<A, S, N, M>
where
    A: Ord + Clone + Serialize,
    S: Ord + Clone + Serialize,
    N: Ord + Clone + Serialize,
    M: Ord + Clone + Serialize,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let pruned = self.base().places.into_iter().map(|(child, place)| (child, place.parent, place.meta)).collect();
        Written { floor: self.floor.clone(), pruned, log: self.moves().cloned().collect() }.serialize(serializer)
    }
}

/// Takes only what `Serialize` gives: moves in strict order beyond the floor, and a tree without cycles that has a floor.
impl<'de, A, S, N, M> Deserialize<'de> for MoveableTree<A, S, N, M>
where
    A: Ord + Clone + Deserialize<'de>,
    S: Ord + Clone + Deserialize<'de>,
    N: Ord + Clone + Deserialize<'de>,
    M: Ord + Clone + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { floor, pruned, log } = Written::<A, S, N, M>::deserialize(deserializer)?;
        if !log.is_sorted_by(|step, next| step.arbitrate(next) == Ordering::Less) {
            return Err(D::Error::custom("the moves of a log increase"));
        }
        if log.first().is_some_and(|first| Some(&first.stamp) <= floor.as_ref()) || (floor.is_none() && !pruned.is_empty()) {
            return Err(D::Error::custom("the moves of a log are beyond its floor, and all others below it"));
        }
        if !pruned.is_sorted_by(|(child, ..), (next, ..)| child < next) {
            return Err(D::Error::custom("the nodes of a tree increase"));
        }
        let mut tree = Self { floor, ..Self::new() };
        for (child, parent, meta) in pruned {
            tree.place(&child, Some(&Place { parent, meta }));
        }
        if tree.has_cycle() {
            return Err(D::Error::custom("a node is below itself"));
        }
        for step in log {
            tree.redo(step);
        }
        Ok(tree)
    }
}

impl<A, S, N: Ord, M> MoveableTree<A, S, N, M> {
    /// Whether some node is below itself. O(n log n): each is walked over once.
    fn has_cycle(&self) -> bool {
        let mut clear = BTreeSet::new();
        for node in self.places.keys() {
            let mut walked = BTreeSet::new();
            let mut at = Some(node);
            while let Some(node) = at.filter(|node| !clear.contains(node)) {
                if !walked.insert(node) {
                    return true;
                }
                at = self.parent(node);
            }
            clear.extend(walked);
        }
        false
    }
}
