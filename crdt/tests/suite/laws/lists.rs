//! Sequences and lists: what is there is what no visible removal has seen, and it stands in the order of FugueMax over all places that were ever made.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tidings_crdt::{MoveableList, MvRegister, Sequence};

use crate::laws::dots::{self, Dots};
use crate::laws::oracle::{Actor, History, Operations, Specification};
use crate::laws::written::{Dot, Pen, Written};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// A node of the tree of Weidner and Kleppmann 2023, algorithm 1: one for each place that was ever made, and none is taken out.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    dot: Dot,
    parent: Option<Dot>,
    side: Side,
    right_origin: Option<Dot>,
    /// The first parent of the chain: what one actor puts on one side of one node, before one right origin, hangs below what it put there last.
    chain: Option<Dot>,
}

/// The tree, and its nodes in order.
#[derive(Debug, Default)]
struct Tree {
    /// As they were made.
    nodes: Vec<Node>,
    order: Vec<Dot>,
}

impl Tree {
    /// Makes a place between two that stand next to each other: a left child of the right one if that comes from the left one, or else a right child of that.
    fn between(&mut self, dot: Dot, left: Option<Dot>, right: Option<Dot>) -> Node {
        let (parent, side, right_origin) = match right {
            Some(origin) if self.comes_from(origin, left) => (right, Side::Left, None),
            _ => (left, Side::Right, right),
        };
        let is_of_chain = |node: &&Node| node.dot.0 == dot.0 && node.side == side && node.right_origin == right_origin;
        let above = parent.and_then(|parent| self.find(parent));
        let chain = above.filter(is_of_chain).map_or(parent, |node| node.chain);
        let last = self.nodes.iter().rfind(|node| is_of_chain(node) && node.chain == chain);
        let node = Node { dot, parent: last.map_or(parent, |node| Some(node.dot)), side, right_origin, chain };
        self.order.insert(self.index_for(&node), dot);
        self.nodes.push(node);
        node
    }

    fn find(&self, dot: Dot) -> Option<&Node> {
        self.nodes.iter().find(|node| node.dot == dot)
    }

    fn place(&self, dot: Dot) -> Option<usize> {
        self.order.iter().position(|other| *other == dot)
    }

    /// Whether `root` is above a node, or is that node.
    fn comes_from(&self, dot: Dot, root: Option<Dot>) -> bool {
        Some(dot) == root || self.find(dot).is_some_and(|node| node.parent.map_or(root.is_none(), |parent| self.comes_from(parent, root)))
    }

    /// Before all that comes from the next of its siblings, or else where the children on its side end: left ones before the parent, right ones behind all that comes from it. Left siblings stand in
    /// the order of their actors, right ones in that of their right origins, the last first, and then of their actors.
    fn index_for(&self, new: &Node) -> usize {
        let rank = |node: &Node| {
            let origin = node.right_origin.map_or(self.order.len(), |origin| self.place(origin).expect("it was made before"));
            (Reverse(if node.side == Side::Right { origin } else { 0 }), node.dot)
        };
        let siblings = self.nodes.iter().filter(|node| node.parent == new.parent && node.side == new.side && rank(node) > rank(new));
        let of_sibling =
            siblings.min_by_key(|node| rank(node)).map(|next| self.order.iter().position(|dot| self.comes_from(*dot, Some(next.dot))));
        let end = || match (new.side, new.parent) {
            (Side::Left, Some(parent)) => self.place(parent),
            _ => self.order.iter().rposition(|dot| self.comes_from(*dot, new.parent)).map(|last| last + 1),
        };
        of_sibling.unwrap_or_else(end).unwrap_or(0)
    }
}

/// On a sequence.
#[derive(Clone, Copy, Debug)]
pub enum Edit {
    /// One value before all others.
    First,
    /// Two values behind the first one.
    Inside,
    /// Removes the first value.
    Remove,
}

pub struct Values;

impl Values {
    /// What is alive, in order.
    fn shown(tree: &Tree, alive: &BTreeMap<Dot, &()>) -> Vec<Dot> {
        tree.order.iter().filter(|dot| alive.contains_key(dot)).copied().collect()
    }

    fn written(history: &History<Edit>) -> (Written<()>, Tree) {
        let mut tree = Tree::default();
        let written = Written::by(history, |pen, edit| {
            let shown = Self::shown(&tree, &pen.alive);
            let (count, index) = match edit {
                Edit::First => (1, 0),
                Edit::Inside => (2, 1.min(shown.len())),
                Edit::Remove => return shown.first().into_iter().for_each(|dot| pen.end_dot(*dot)),
            };
            let mut left = index.checked_sub(1).map(|before| shown[before]);
            for _ in 0..count {
                left = Some(tree.between(pen.next(), left, shown.get(index).copied()).dot);
                pen.make(());
            }
        });
        (written, tree)
    }
}

impl Specification for Values {
    type State = Sequence<Actor, u8>;
    type Update = Edit;
    type Value = Vec<Dot>;
    type Context = Dots;
    const UPDATES: &'static [Edit] = &[Edit::First, Edit::Inside, Edit::Remove];
    const RENAMES: bool = false;

    fn update(state: &mut Self::State, actor: Actor, edit: Edit) -> Self::State {
        match edit {
            Edit::First => state.insert(actor, 0, [1]),
            Edit::Inside => state.insert(actor, 1.min(state.len()), [2, 3]),
            Edit::Remove => return state.remove(0..1.min(state.len())).expect("within the sequence"),
        }
        .expect("few dots")
    }

    fn value(state: &Self::State) -> Vec<Dot> {
        (0..state.len()).map(|index| state.value(index).expect("within the sequence").0).map(|dot| (dot.actor, dot.counter)).collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<Edit>, visible: Operations) -> Vec<Dot> {
        Self::specified(history, visible).0
    }

    fn specified_context(history: &History<Edit>, visible: Operations) -> Dots {
        Self::written(history).0.known(visible)
    }

    fn specified(history: &History<Edit>, visible: Operations) -> (Vec<Dot>, Dots) {
        let (written, tree) = Self::written(history);
        (Self::shown(&tree, &written.alive(visible)), written.known(visible))
    }
}

/// On a list of registers.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Inserts an element before all others.
    Insert,
    /// Moves the first element to the end.
    Move,
    /// Writes to the register of the first element.
    Write,
    /// Removes the first element.
    Remove,
}

/// What a dot of a list stands for.
#[derive(Clone, Copy, Debug)]
pub enum Leaf {
    /// A value of an element, which is named by the dot of its first place.
    Value(Dot),
    /// Where it was put, after how many moves. Who writes to an element says again where it is.
    Place { of: Dot, moves: u64, node: Node },
}

impl Leaf {
    const fn element(&self) -> Dot {
        match self {
            Self::Value(of) | Self::Place { of, .. } => *of,
        }
    }

    const fn is_place(&self) -> bool {
        matches!(self, Self::Place { .. })
    }
}

/// An element: its name, how many values its register has, its place.
type Element = (Dot, usize, (u64, Node));

pub struct Elements;

impl Elements {
    /// The elements that have a value, in the order of the last of their places: that after the most moves, of these that of the greatest dot.
    fn shown(tree: &Tree, alive: &BTreeMap<Dot, &Leaf>) -> Vec<Element> {
        let mut places: BTreeMap<Dot, (u64, Node)> = BTreeMap::new();
        let mut values: BTreeMap<Dot, usize> = BTreeMap::new();
        for leaf in alive.values() {
            match **leaf {
                Leaf::Value(of) => *values.entry(of).or_default() += 1,
                Leaf::Place { of, moves, node } => {
                    let last = places.entry(of).or_insert((moves, node));
                    if (last.0, last.1.dot) < (moves, node.dot) {
                        *last = (moves, node);
                    }
                }
            }
        }
        let mut shown: Vec<Element> = values.into_iter().filter_map(|(of, count)| Some((of, count, *places.get(&of)?))).collect();
        shown.sort_by_key(|(_, _, (_, node))| tree.place(node.dot));
        shown
    }

    fn written(history: &History<Step>) -> (Written<Leaf>, Tree) {
        let mut tree = Tree::default();
        let written = Written::by(history, |pen, step| Self::write(pen, &mut tree, step));
        (written, tree)
    }

    fn write(pen: &mut Pen<'_, Leaf>, tree: &mut Tree, step: &Step) {
        let shown = Self::shown(tree, &pen.alive);
        let dot = |index: usize| shown.get(index).map(|(_, _, (_, node))| node.dot);
        match (step, shown.first()) {
            (Step::Insert, _) => {
                // The value comes first, and then the place that names the element.
                let (actor, value) = pen.next();
                let name = (actor, value + 1);
                pen.make(Leaf::Value(name));
                pen.make(Leaf::Place { of: name, moves: 0, node: tree.between(name, None, dot(0)) });
            }
            (Step::Move, Some(&(of, _, (moves, _)))) if shown.len() > 1 => {
                let node = tree.between(pen.next(), dot(shown.len() - 1), None);
                pen.end(|leaf| leaf.is_place() && leaf.element() == of);
                pen.make(Leaf::Place { of, moves: moves + 1, node });
            }
            (Step::Write, Some(&(of, _, (moves, node)))) => {
                pen.end(|leaf| leaf.element() == of);
                pen.make(Leaf::Value(of));
                pen.make(Leaf::Place { of, moves, node });
            }
            (Step::Remove, Some(&(of, ..))) => pen.end(|leaf| leaf.element() == of),
            _ => {}
        }
    }
}

impl Specification for Elements {
    type State = MoveableList<Actor, MvRegister<Actor, u8>>;
    type Update = Step;
    /// The elements' names, and how many values each has.
    type Value = Vec<(Dot, usize)>;
    type Context = Dots;
    const UPDATES: &'static [Step] = &[Step::Insert, Step::Move, Step::Write, Step::Remove];
    const RENAMES: bool = false;

    fn update(state: &mut Self::State, actor: Actor, step: Step) -> Self::State {
        match step {
            Step::Insert => state.insert(actor, 0, |register| register.write(actor, 1)).expect("few dots"),
            Step::Move if state.len() > 1 => state.move_to(actor, 0, state.len() - 1).expect("few dots"),
            Step::Write if !state.is_empty() => state.update(actor, 0, |register| register.write(actor, 1)).expect("few dots"),
            Step::Remove if !state.is_empty() => state.remove(0).expect("there is one"),
            _ => MoveableList::new(),
        }
    }

    fn value(state: &Self::State) -> Self::Value {
        let name = |index| state.name(index).map(|dot| (dot.actor, dot.counter)).expect("within the list");
        state.iter().enumerate().map(|(index, register)| (name(index), register.values().count())).collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<Step>, visible: Operations) -> Self::Value {
        Self::specified(history, visible).0
    }

    fn specified_context(history: &History<Step>, visible: Operations) -> Dots {
        Self::written(history).0.known(visible)
    }

    fn specified(history: &History<Step>, visible: Operations) -> (Self::Value, Dots) {
        let (written, tree) = Self::written(history);
        let shown = Self::shown(&tree, &written.alive(visible));
        (shown.into_iter().map(|(name, values, _)| (name, values)).collect(), written.known(visible))
    }
}
