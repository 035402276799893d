use alloc::vec::Vec;

use super::{INNER, Inner, LEAF, Leaf, NONE, Sum, Tree};
use crate::text::index::Index;
use crate::text::span::Span;

/// How a whole tree is made at once.
impl Tree {
    /// Spans in a leaf of a new tree, and children of a node: with room for some edits before they must be split.
    pub(in crate::text) const FILL: usize = LEAF - 4;
    const CHILDREN: usize = INNER - 2;

    /// The tree of these spans, in their order, [`FILL`](Self::FILL) in each leaf in the order of the leaves' numbers. O(n).
    pub(in crate::text) fn of(spans: &[Span], index: Index) -> Self {
        if spans.is_empty() {
            return Self::new();
        }
        let mut leaves = Vec::with_capacity(spans.len().div_ceil(Self::FILL));
        for spans in spans.chunks(Self::FILL) {
            let mut leaf = Leaf::EMPTY;
            leaf.spans[..spans.len()].copy_from_slice(spans);
            leaf.len = small(spans.len());
            leaves.push(leaf);
        }
        let mut tree = Self { leaves, index, ..Self::new() };
        let mut sums: Vec<Sum> = tree.leaves.iter().map(Leaf::sum).collect();
        let mut nodes: Vec<u32> = (0..).take(sums.len()).collect();
        while nodes.len() > 1 {
            let mut above = Vec::with_capacity(nodes.len().div_ceil(Self::CHILDREN));
            let mut above_sums = Vec::with_capacity(above.capacity());
            for (nodes, sums) in nodes.chunks(Self::CHILDREN).zip(sums.chunks(Self::CHILDREN)) {
                let mut inner = Inner { len: small(nodes.len()), ..Inner::EMPTY };
                inner.children[..nodes.len()].copy_from_slice(nodes);
                inner.sums[..sums.len()].copy_from_slice(sums);
                above_sums.push(inner.sum());
                above.push(u32::try_from(tree.inners.len()).expect("there are fewer nodes than characters"));
                tree.inners.push(inner);
                tree.adopt_all(tree.height, above[above.len() - 1], 0);
            }
            (nodes, sums) = (above, above_sums);
            tree.height += 1;
        }
        (tree.root, tree.sum) = (nodes[0], sums[0]);
        debug_assert_ne!(tree.root, NONE, "there are fewer nodes than numbers");
        tree
    }
}

fn small(length: usize) -> u8 {
    u8::try_from(length).expect("a node is small")
}
