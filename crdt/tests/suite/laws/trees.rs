//! A tree of moveable nodes: what is visible is the replay of the visible moves in the order of their stamps.

use std::collections::{BTreeMap, BTreeSet};

use tidings_crdt::{Join, Move, MoveableTree};

use crate::laws::oracle::{Actor, History, Operations, Specification};

/// Below which node a node is put.
#[derive(Clone, Copy, Debug)]
pub struct Put(u8, u8);

pub struct Tree;

impl Tree {
    /// The Lamport counters of the operations.
    fn stamps(history: &History<Put>) -> Vec<u64> {
        let mut stamps: Vec<u64> = Vec::new();
        for operation in history {
            stamps.push(1 + operation.seen.iter().map(|seen| stamps[seen]).max().unwrap_or(0));
        }
        stamps
    }
}

impl Specification for Tree {
    type State = MoveableTree<Actor, u64, u8, u8>;
    type Update = Put;
    type Value = BTreeMap<u8, u8>;
    type Context = BTreeSet<(u64, Actor)>;
    const UPDATES: &'static [Put] = &[Put(1, 2), Put(2, 1)];
    const RENAMES: bool = false;

    fn update(state: &mut Self::State, actor: Actor, Put(child, parent): Put) -> Self::State {
        let stamp = 1 + state.moves().map(|step| step.stamp).max().unwrap_or(0);
        // A move that makes a cycle here may make none where others are known.
        let delta = MoveableTree::from(Move { stamp, actor, child, parent, meta: 0 });
        state.join(&delta);
        delta
    }

    fn value(state: &Self::State) -> Self::Value {
        state.iter().map(|(&child, &parent, _)| (child, parent)).collect()
    }

    fn context(state: &Self::State) -> Self::Context {
        state.moves().map(|step| (step.stamp, step.actor)).collect()
    }

    fn specified_value(history: &History<Put>, visible: Operations) -> Self::Value {
        let stamps = Self::stamps(history);
        let mut order: Vec<usize> = visible.iter().collect();
        order.sort_by_key(|&operation| (stamps[operation], history[operation].actor));
        let mut parents = BTreeMap::new();
        for operation in order {
            let Put(child, parent) = history[operation].update;
            let mut above = Some(parent);
            while let Some(node) = above.filter(|&node| node != child) {
                above = parents.get(&node).copied();
            }
            if above.is_none() {
                parents.insert(child, parent);
            }
        }
        parents
    }

    fn specified_context(history: &History<Put>, visible: Operations) -> Self::Context {
        let stamps = Self::stamps(history);
        visible.iter().map(|operation| (stamps[operation], history[operation].actor)).collect()
    }
}
