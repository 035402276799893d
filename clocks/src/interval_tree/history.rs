use alloc::vec::Vec;

use super::identity::{Identity, Owner, Share};
use super::{IntervalTreeError, MAX_DEPTH, MAX_NODES};
use crate::Overflow;
use crate::wire::{Malformed, Wire};

/// How many events are known at each point of the interval: a binary tree in preorder. A node's counter is added to all below it.
///
/// In normal form, one of a node's two children has the counter 0, and they are not both leaves with it. So a node's counter is the least of its subtree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct History {
    nodes: Vec<Node>,
}

/// Twice the counter, plus one if the node has children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node(u64);

impl Node {
    const fn leaf(counter: u64) -> Self {
        Self(counter << 1)
    }

    const fn inner(counter: u64) -> Self {
        Self(counter << 1 | 1)
    }

    const fn counter(self) -> u64 {
        self.0 >> 1
    }

    const fn is_leaf(self) -> bool {
        self.0 & 1 == 0
    }

    /// The same kind of node with another counter.
    const fn with(self, counter: u64) -> Self {
        Self(counter << 1 | self.0 & 1)
    }
}

/// A place in a preorder array, from which subtrees are read one after the other.
#[derive(Clone, Copy)]
struct Reader<'h> {
    rest: &'h [Node],
}

impl<'h> Reader<'h> {
    fn next(&mut self) -> Node {
        let (node, rest) = self.rest.split_first().expect("a tree has as many subtrees as its nodes say");
        self.rest = rest;
        *node
    }

    /// Passes over `open` subtrees, and gives back their nodes.
    fn skip(&mut self, mut open: usize) -> &'h [Node] {
        let all = self.rest;
        while open > 0 {
            open = if self.next().is_leaf() { open - 1 } else { open + 1 };
        }
        &all[..all.len() - self.rest.len()]
    }

    /// The greatest counter of the next subtree, on top of `above`.
    fn greatest(&mut self, above: u64) -> u64 {
        let node = self.next();
        let counter = above + node.counter();
        if node.is_leaf() { counter } else { self.greatest(counter).max(self.greatest(counter)) }
    }
}

impl History {
    pub(super) fn new() -> Self {
        Self { nodes: alloc::vec![Node::leaf(0)] }
    }

    /// Whether at no point more is known here than in `other` (section 5.3.1).
    pub(super) fn is_within(&self, other: &Self) -> bool {
        fn within(a: &mut Reader<'_>, a_above: u64, b: &mut Reader<'_>, b_above: u64) -> bool {
            let (a_node, b_node) = (a.next(), b.next());
            let (a_counter, b_counter) = (a_above + a_node.counter(), b_above + b_node.counter());
            match (a_node.is_leaf(), b_node.is_leaf()) {
                // A node's counter is the least of its subtree, so a leaf need not look further.
                (true, b_leaf) => {
                    b.skip(if b_leaf { 0 } else { 2 });
                    a_counter <= b_counter
                }
                (false, true) => a.greatest(a_counter) <= b_counter && a.greatest(a_counter) <= b_counter,
                (false, false) => a_counter <= b_counter && within(a, a_counter, b, b_counter) && within(a, a_counter, b, b_counter),
            }
        }

        within(&mut self.reader(), 0, &mut other.reader(), 0)
    }

    /// The greater at each point (section 5.3.3).
    pub(super) fn join(&self, other: &Self) -> Result<Self, IntervalTreeError> {
        fn join(a: &mut Reader<'_>, a_above: u64, b: &mut Reader<'_>, b_above: u64, out: &mut Vec<Node>) -> Result<(), IntervalTreeError> {
            let (a_node, b_node) = (a.next(), b.next());
            let (a_counter, b_counter) = (a_above + a_node.counter(), b_above + b_node.counter());
            match (a_node.is_leaf(), b_node.is_leaf()) {
                (true, _) => raise(b, b_node.with(b_counter), a_counter, out),
                (_, true) => raise(a, a_node.with(a_counter), b_counter, out),
                (false, false) => {
                    let root = out.len();
                    out.push(Node::inner(0));
                    join(a, a_counter, b, b_counter, out)?;
                    let right = out.len();
                    join(a, a_counter, b, b_counter, out)?;
                    normalise(out, root, right);
                }
            }
            if out.len() > MAX_NODES { Err(IntervalTreeError::TooLarge) } else { Ok(()) }
        }

        /// Writes the subtree whose root is `node`, with all that is above it, and whose children come next: no point less than `least`.
        fn raise(reader: &mut Reader<'_>, node: Node, least: u64, out: &mut Vec<Node>) {
            if node.is_leaf() || least <= node.counter() {
                out.push(node.with(node.counter().max(least)));
                out.extend_from_slice(reader.skip(if node.is_leaf() { 0 } else { 2 }));
                return;
            }
            let root = out.len();
            out.push(node);
            let left = reader.next();
            raise(reader, left.with(node.counter() + left.counter()), least, out);
            let place = out.len();
            let right = reader.next();
            raise(reader, right.with(node.counter() + right.counter()), least, out);
            normalise(out, root, place);
        }

        let mut nodes = Vec::with_capacity(self.nodes.len().max(other.nodes.len()));
        join(&mut self.reader(), 0, &mut other.reader(), 0, &mut nodes)?;
        Ok(Self { nodes })
    }

    /// Counts one event of `identity` (section 5.3.4): fill, and if that changes nothing, grow.
    pub(super) fn event(&mut self, identity: &Identity) -> Result<(), IntervalTreeError> {
        if identity.is_none() {
            return Err(IntervalTreeError::Anonymous);
        }
        let mut filled = Vec::with_capacity(self.nodes.len());
        fill(&mut identity.reader(), &mut self.reader(), 0, &mut filled);
        if filled != self.nodes {
            self.nodes = filled;
            return Ok(());
        }
        self.grow(identity)
    }

    /// Adds one event at the place that makes the tree grow least, which is the least deep of those.
    fn grow(&mut self, identity: &Identity) -> Result<(), IntervalTreeError> {
        let mut ways = alloc::vec![false; identity.nodes()];
        let (new, _) = cost(&mut identity.reader(), Some(&mut self.reader()), &mut ways).ok_or(IntervalTreeError::Anonymous)?;
        if self.nodes.len() + 2 * new > MAX_NODES {
            return Err(IntervalTreeError::TooLarge);
        }
        let (mut owner, mut reader, mut above) = (identity.reader(), self.reader(), 0);
        // Down the way of least cost, as far as there are nodes.
        let mut share = owner.next();
        let mut node = reader.next();
        while share == Share::Fork && !node.is_leaf() {
            above += node.counter();
            if ways[owner.place() - 1] {
                owner.skip(1);
                reader.skip(1);
            }
            (share, node) = (owner.next(), reader.next());
        }
        // A leaf in any case: what the identity owns wholly was filled. Nobody's counter is beyond its limit, so neither is the sum.
        if above + node.counter() == Node(u64::MAX).counter() {
            return Err(IntervalTreeError::Overflow(Overflow));
        }
        let place = self.nodes.len() - reader.rest.len() - 1;
        let mut counter = node.counter();
        let (mut grown, mut behind) = (Vec::with_capacity(2 * new + 1), 0);
        while share == Share::Fork {
            grown.push(Node::inner(counter));
            counter = 0;
            if ways[owner.place() - 1] {
                grown.push(Node::leaf(0));
                owner.skip(1);
            } else {
                behind += 1;
            }
            share = owner.next();
        }
        grown.push(Node::leaf(counter + 1));
        grown.resize(grown.len() + behind, Node::leaf(0));
        // Still in normal form: had this leaf been less than all of the other half, it would have been filled; so the other half has the zero.
        self.nodes.splice(place..=place, grown);
        Ok(())
    }

    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    fn reader(&self) -> Reader<'_> {
        Reader { rest: &self.nodes }
    }

    #[cfg(test)]
    pub(super) fn is_normal(&self) -> bool {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        Self::decode(&bytes, MAX_NODES).is_ok_and(|(again, rest)| again == *self && rest.is_empty())
    }
}

/// Raises what the identity owns as far as that makes the tree simpler. Writes the root with all that is above it.
fn fill(owner: &mut Owner<'_>, reader: &mut Reader<'_>, above: u64, out: &mut Vec<Node>) {
    match owner.next() {
        Share::All => out.push(Node::leaf(reader.greatest(above))),
        Share::None => {
            let subtree = reader.skip(1);
            out.push(subtree[0].with(above + subtree[0].counter()));
            out.extend_from_slice(&subtree[1..]);
        }
        Share::Fork => {
            let node = reader.next();
            let counter = above + node.counter();
            if node.is_leaf() {
                owner.skip(2);
                return out.push(Node::leaf(counter));
            }
            let root = out.len();
            out.push(Node::inner(0));
            // What is owned wholly becomes a leaf, which is raised to the least of the other half.
            let left_is_owned = owner.peek() == Share::All;
            fill(owner, reader, counter, out);
            let right = out.len();
            let right_is_owned = owner.peek() == Share::All;
            fill(owner, reader, counter, out);
            let (left_least, right_least) = (out[root + 1].counter(), out[right].counter());
            if left_is_owned {
                out[root + 1] = Node::leaf(left_least.max(right_least));
            } else if right_is_owned {
                out[right] = Node::leaf(right_least.max(left_least));
            }
            normalise(out, root, right);
        }
    }
}

/// New nodes and depth of the best place in the next subtree (with none left to read, below a leaf), and which way it lies from each fork; `None` if nothing there is owned.
fn cost(owner: &mut Owner<'_>, mut reader: Option<&mut Reader<'_>>, ways: &mut [bool]) -> Option<(usize, usize)> {
    let share = owner.next();
    if share != Share::Fork {
        reader.map(|reader| reader.skip(1));
        return (share == Share::All).then_some((0, 0));
    }
    let at = owner.place() - 1;
    let mut inner = reader.take_if(|reader| !reader.next().is_leaf());
    let new = usize::from(inner.is_none());
    let left = cost(owner, inner.as_deref_mut(), ways);
    let right = cost(owner, inner, ways);
    ways[at] = match (left, right) {
        (Some(left), Some(right)) => left >= right,
        (left, _) => left.is_none(),
    };
    let (nodes, depth) = if ways[at] { right? } else { left? };
    Some((nodes + new, depth + 1))
}

/// Gives the node at `root` the least counter of its children, whose roots were written with all that is above them, and subtracts it from both.
fn normalise(out: &mut Vec<Node>, root: usize, right: usize) {
    let (left_node, right_node) = (out[root + 1], out[right]);
    let least = left_node.counter().min(right_node.counter());
    if left_node == right_node && left_node.is_leaf() {
        out.truncate(root);
        out.push(Node::leaf(least));
    } else {
        out[root] = Node::inner(least);
        out[root + 1] = left_node.with(left_node.counter() - least);
        out[right] = right_node.with(right_node.counter() - least);
    }
}

impl Wire for History {
    fn encode(&self, out: &mut Vec<u8>) {
        for node in &self.nodes {
            node.0.encode(out);
        }
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        /// A node whose children are read: its counter with all above, and its left child once that was read.
        struct Open {
            above: u64,
            left: Option<Node>,
        }

        let (mut nodes, mut open, mut rest): (Vec<Node>, Vec<Open>, &[u8]) = (Vec::new(), Vec::new(), bytes);
        loop {
            if nodes.len() >= limit {
                return Err(Malformed::TooMany { entries: nodes.len() as u64 + 1, limit });
            }
            let (bits, after) = u64::decode(rest, limit)?;
            let node = Node(bits);
            let above = open.last().map_or(0, |open| open.above);
            let counter =
                above.checked_add(node.counter()).filter(|counter| *counter <= Node(u64::MAX).counter()).ok_or(Malformed::Number)?;
            nodes.push(node);
            rest = after;
            if !node.is_leaf() {
                if open.len() == MAX_DEPTH {
                    return Err(Malformed::Contradiction);
                }
                open.push(Open { above: counter, left: None });
                continue;
            }
            // Roots are needed to tell whether a node is normal, and the root of a right child is still at hand only if it is remembered.
            let mut done = node;
            loop {
                match open.pop() {
                    None => return Ok((Self { nodes }, rest)),
                    Some(Open { above, left: None }) => {
                        open.push(Open { above, left: Some(done) });
                        break;
                    }
                    Some(Open { above, left: Some(left) }) => {
                        let normal = left.counter().min(done.counter()) == 0 && !(left == done && done.is_leaf());
                        if !normal {
                            return Err(Malformed::Contradiction);
                        }
                        let parent = open.last().map_or(0, |open| open.above);
                        done = Node::inner(above - parent);
                    }
                }
            }
        }
    }
}
