//! FugueMax as the paper has it: a tree with a node for each character, walked anew after each insertion.
//!
//! Weidner, Kleppmann, *The Art of the Fugue: Minimizing Interleaving in Collaborative Text Editing* (2023): algorithm 1, with FugueMax's order of
//! right siblings. Nothing of it is shared with the fast routine: parents and sides instead of runs and rungs.

use std::collections::{BTreeMap, BTreeSet};

use tidings_clocks::Dot;

pub(crate) type Id = Dot<u32>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Left,
    Right,
}

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Insert { id: Id, parent: Option<Id>, side: Side, right_origin: Option<Id>, character: char },
    Delete { id: Id },
}

#[derive(Clone, Debug)]
struct Node {
    right_origin: Option<Id>,
    character: char,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Twin {
    nodes: BTreeMap<Id, Node>,
    children: BTreeMap<(Option<Id>, Side), Vec<Id>>,
    deleted: BTreeSet<Id>,
    /// All nodes in order, deleted ones too.
    walk: Vec<Id>,
}

impl Twin {
    pub(crate) fn insert(&mut self, actor: u32, position: usize, character: char) -> Operation {
        let left_origin = position.checked_sub(1).map(|before| self.visible()[before]);
        let after = left_origin.map_or(0, |left| self.place(left) + 1);
        let right_origin = self.walk.get(after).copied();
        let counter = 1 + self.nodes.keys().filter(|id| id.actor == actor).count() as u64;
        let (parent, side) = match self.children.get(&(left_origin, Side::Right)) {
            Some(_) => (right_origin, Side::Left),
            None => (left_origin, Side::Right),
        };
        let operation = Operation::Insert { id: Dot::new(actor, counter), parent, side, right_origin, character };
        self.apply(&operation);
        operation
    }

    pub(crate) fn delete(&mut self, position: usize) -> Operation {
        let operation = Operation::Delete { id: self.visible()[position] };
        self.apply(&operation);
        operation
    }

    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Insert { id, parent, side, right_origin, character } => {
                if self.nodes.insert(*id, Node { right_origin: *right_origin, character: *character }).is_none() {
                    self.children.entry((*parent, *side)).or_default().push(*id);
                    let places: BTreeMap<Id, usize> = self.walk.iter().enumerate().map(|(at, id)| (*id, at)).collect();
                    let mut walk = Vec::new();
                    self.visit(None, &places, &mut walk);
                    self.walk = walk;
                }
            }
            Operation::Delete { id } => {
                self.deleted.insert(*id);
            }
        }
    }

    /// The names of all characters, deleted ones too, in order.
    pub(crate) fn walk(&self) -> &[Id] {
        &self.walk
    }

    /// The names of the visible characters, in order.
    pub(crate) fn visible(&self) -> Vec<Id> {
        self.walk.iter().copied().filter(|id| !self.deleted.contains(id)).collect()
    }

    pub(crate) fn text(&self) -> String {
        self.visible().iter().map(|id| self.nodes[id].character).collect()
    }

    /// The names of the deleted characters.
    pub(crate) fn deleted(&self) -> &BTreeSet<Id> {
        &self.deleted
    }

    fn place(&self, id: Id) -> usize {
        self.walk.iter().position(|other| *other == id).expect("known")
    }

    /// Left children, the node itself, right children.
    fn visit(&self, node: Option<Id>, places: &BTreeMap<Id, usize>, walk: &mut Vec<Id>) {
        let mut left = self.children.get(&(node, Side::Left)).cloned().unwrap_or_default();
        left.sort_unstable();
        for child in left {
            self.visit(Some(child), places, walk);
        }
        walk.extend(node);
        let mut right = self.children.get(&(node, Side::Right)).cloned().unwrap_or_default();
        right.sort_unstable_by_key(|child| {
            let place = self.nodes[child].right_origin.map_or(usize::MAX, |origin| places[&origin]);
            (std::cmp::Reverse(place), *child)
        });
        for child in right {
            self.visit(Some(child), places, walk);
        }
    }
}
