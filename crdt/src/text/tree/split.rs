use super::{INNER, Inner, LEAF, Leaf, NONE, Place, Sum, Tree};

/// How nodes come and go.
impl Tree {
    /// Makes sure that a leaf has room for one more span, and says where `place` is then.
    pub(super) fn make_room(&mut self, place: Place) -> Place {
        if usize::from(self.leaves[place.leaf as usize].len) < LEAF {
            return place;
        }
        self.catch_up();
        let right = self.new_leaf();
        // What is inserted next will most often be inserted right behind: what stands before stays, and the new leaf is for what comes.
        let kept = (place.span + 1).clamp(LEAF / 2, LEAF - 4);
        let left = &mut self.leaves[place.leaf as usize];
        let mut moved = Leaf::EMPTY;
        moved.spans[..LEAF - kept].copy_from_slice(&left.spans[kept..]);
        left.len = u8::try_from(kept).expect("a leaf is small");
        moved.len = u8::try_from(LEAF - kept).expect("a leaf is small");
        for span in moved.spans() {
            self.index.assign(span.id, span.end(), right);
        }
        self.leaves[right as usize] = moved;
        self.attach(0, place.leaf, right);
        if place.span >= kept { Place { leaf: right, span: place.span - kept } } else { place }
    }

    pub(super) fn new_leaf(&mut self) -> u32 {
        if let Some(spare) = self.spare_leaves.pop() {
            return spare;
        }
        self.leaves.push(Leaf::EMPTY);
        u32::try_from(self.leaves.len() - 1).expect("there are fewer leaves than characters")
    }

    fn new_inner(&mut self) -> u32 {
        if let Some(spare) = self.spare_inners.pop() {
            return spare;
        }
        self.inners.push(Inner::EMPTY);
        u32::try_from(self.inners.len() - 1).expect("there are fewer nodes than characters")
    }

    /// Makes `right` the sibling after `left`, both on `level` (leaves are on 0), when `right` has taken a part of what `left` held.
    fn attach(&mut self, level: u32, left: u32, right: u32) {
        let (mut parent, mut slot) = self.parent(level, left);
        if parent == NONE {
            parent = self.new_inner();
            slot = 0;
            self.inners[parent as usize] = Inner { len: 1, ..Inner::EMPTY };
            self.inners[parent as usize].children[0] = left;
            self.adopt(level, left, parent, 0);
            self.root = parent;
            self.height += 1;
        } else if usize::from(self.inners[parent as usize].len) == INNER {
            self.split_inner(level + 1, parent);
            (parent, slot) = self.parent(level, left);
        }
        let (left_sum, right_sum) = (self.sum_of(level, left), self.sum_of(level, right));
        let inner = &mut self.inners[parent as usize];
        let (at, len) = (usize::from(slot) + 1, usize::from(inner.len));
        inner.children.copy_within(at..len, at + 1);
        inner.sums.copy_within(at..len, at + 1);
        inner.children[at] = right;
        inner.sums[at - 1] = left_sum;
        inner.sums[at] = right_sum;
        inner.len += 1;
        self.adopt_all(level, parent, at);
    }

    /// Moves the upper half of an inner node to a new one beside it.
    fn split_inner(&mut self, level: u32, left: u32) {
        const HALF: usize = INNER / 2;
        let right = self.new_inner();
        let inner = &mut self.inners[left as usize];
        let mut moved = Inner::EMPTY;
        moved.children[..HALF].copy_from_slice(&inner.children[HALF..]);
        moved.sums[..HALF].copy_from_slice(&inner.sums[HALF..]);
        inner.len = u8::try_from(HALF).expect("a node is small");
        moved.len = inner.len;
        self.inners[right as usize] = moved;
        self.adopt_all(level - 1, right, 0);
        self.attach(level, left, right);
    }

    /// Takes an empty leaf out of the tree, and what becomes empty above it.
    pub(super) fn detach_leaf(&mut self, leaf: u32) {
        self.spare_leaves.push(leaf);
        let (mut level, mut node) = (0, leaf);
        loop {
            let (parent, slot) = self.parent(level, node);
            if parent == NONE {
                self.root = NONE;
                self.height = 0;
                break;
            }
            let inner = &mut self.inners[parent as usize];
            let (at, len) = (usize::from(slot), usize::from(inner.len));
            inner.children.copy_within(at + 1..len, at);
            inner.sums.copy_within(at + 1..len, at);
            inner.len -= 1;
            if inner.len > 0 {
                self.adopt_all(level, parent, at);
                break;
            }
            self.spare_inners.push(parent);
            (level, node) = (level + 1, parent);
        }
        self.leaves[leaf as usize] = Leaf::EMPTY;
    }

    /// Tells the children of `parent` from `first` on where they are.
    pub(super) fn adopt_all(&mut self, level: u32, parent: u32, first: usize) {
        for slot in first..usize::from(self.inners[parent as usize].len) {
            let child = self.inners[parent as usize].children[slot];
            self.adopt(level, child, parent, u8::try_from(slot).expect("a node is small"));
        }
    }

    fn adopt(&mut self, level: u32, child: u32, parent: u32, slot: u8) {
        if level == 0 {
            let leaf = &mut self.leaves[child as usize];
            (leaf.parent, leaf.slot) = (parent, slot);
        } else {
            let inner = &mut self.inners[child as usize];
            (inner.parent, inner.slot) = (parent, slot);
        }
    }

    fn parent(&self, level: u32, node: u32) -> (u32, u8) {
        if level == 0 {
            let leaf = &self.leaves[node as usize];
            (leaf.parent, leaf.slot)
        } else {
            let inner = &self.inners[node as usize];
            (inner.parent, inner.slot)
        }
    }

    fn sum_of(&self, level: u32, node: u32) -> Sum {
        if level == 0 { self.leaves[node as usize].sum() } else { self.inners[node as usize].sum() }
    }
}
