mod build;
mod lag;
mod search;
mod split;

use alloc::vec::Vec;

use self::lag::Lag;
use super::extent::Extent;
use super::index::Index;
use super::span::{Rung, Span};

/// All spans of a text in their order, visible and deleted: a B-tree whose leaves hold spans and whose inner nodes add up what is below them, with an
/// [`Index`] from ids to leaves.
///
/// Nodes live in two arrays and know their parents, so that a position can be told from a leaf (O(log n)) as well as a leaf from a position, and a clone is
/// a copy of arrays.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    leaves: Vec<Leaf>,
    inners: Vec<Inner>,
    root: u32,
    /// How many levels of inner nodes there are: with 0 the root is a leaf.
    height: u32,
    sum: Sum,
    /// Whose last changes the inner nodes have not been told.
    lag: Lag,
    index: Index,
    /// Leaves and inner nodes that are no longer part of the tree.
    spare_leaves: Vec<u32>,
    spare_inners: Vec<u32>,
}

/// A span: which leaf, and which of its spans. Valid until the next change of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) leaf: u32,
    pub(super) span: usize,
}

impl Place {
    /// A place that does not exist.
    pub(super) const NOWHERE: Self = Self { leaf: u32::MAX, span: 0 };
}

/// A character: its span, and how many of the span's characters come before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) place: Place,
    pub(super) offset: u32,
}

/// What is kept of the spans below a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Visible characters.
    pub(super) chars: u32,
    /// The bytes of the visible characters.
    pub(super) bytes: u32,
    /// The visible characters that are two units of UTF-16.
    pub(super) wide: u32,
    /// All characters, deleted ones too.
    pub(super) all: u32,
    /// The lowest rung on which a span begins.
    lowest: Rung,
}

const NONE: u32 = u32::MAX;
const LEAF: usize = 32;
const INNER: usize = 16;

#[derive(Clone, Debug)]
struct Leaf {
    spans: [Span; LEAF],
    len: u8,
    slot: u8,
    parent: u32,
}

#[derive(Clone, Debug)]
struct Inner {
    sums: [Sum; INNER],
    children: [u32; INNER],
    len: u8,
    /// Which of its parent's children this is.
    slot: u8,
    parent: u32,
}

impl Sum {
    const ZERO: Self = Self { chars: 0, bytes: 0, wide: 0, all: 0, lowest: Rung::MAX };

    fn of(span: &Span) -> Self {
        let extent = span.extent();
        Self { chars: extent.chars(), bytes: extent.bytes(), wide: extent.wide(), all: span.len(), lowest: span.rung() }
    }

    #[inline]
    fn add(&mut self, other: Self) {
        self.chars += other.chars;
        self.bytes += other.bytes;
        self.wide += other.wide;
        self.all += other.all;
        self.lowest = self.lowest.min(other.lowest);
    }

    /// Counts more visible characters in spans that were there.
    #[inline]
    fn show(&mut self, extent: Extent) {
        self.chars += extent.chars();
        self.bytes += extent.bytes();
        self.wide += extent.wide();
        self.all += extent.chars();
    }

    /// Counts in what makes `after` of `before`.
    #[inline]
    fn follow(&mut self, before: Self, after: Self) {
        let change = |counted: &mut u32, before: u32, after: u32| *counted = counted.wrapping_add(after.wrapping_sub(before));
        change(&mut self.chars, before.chars, after.chars);
        change(&mut self.bytes, before.bytes, after.bytes);
        change(&mut self.wide, before.wide, after.wide);
        change(&mut self.all, before.all, after.all);
    }

    #[inline]
    fn hide(&mut self, extent: Extent) {
        self.chars -= extent.chars();
        self.bytes -= extent.bytes();
        self.wide -= extent.wide();
    }
}

impl Leaf {
    const EMPTY: Self = Self { spans: [Span::EMPTY; LEAF], len: 0, slot: 0, parent: NONE };

    fn spans(&self) -> &[Span] {
        &self.spans[..usize::from(self.len)]
    }

    #[inline]
    fn sum(&self) -> Sum {
        let mut sum = Sum::ZERO;
        for span in self.spans() {
            sum.add(Sum::of(span));
        }
        sum
    }
}

impl Inner {
    const EMPTY: Self = Self { sums: [Sum::ZERO; INNER], children: [NONE; INNER], len: 0, slot: 0, parent: NONE };

    fn sums(&self) -> &[Sum] {
        &self.sums[..usize::from(self.len)]
    }

    fn sum(&self) -> Sum {
        let mut sum = Sum::ZERO;
        for child in self.sums() {
            sum.add(*child);
        }
        sum
    }
}

impl Tree {
    pub(super) const fn new() -> Self {
        Self {
            leaves: Vec::new(),
            inners: Vec::new(),
            root: NONE,
            height: 0,
            sum: Sum::ZERO,
            lag: Lag::NOWHERE,
            index: Index::new(),
            spare_leaves: Vec::new(),
            spare_inners: Vec::new(),
        }
    }

    /// What the whole tree holds.
    #[inline]
    pub(super) fn sum(&self) -> Sum {
        self.sum
    }

    /// No more spans than this are in the tree.
    #[inline]
    pub(super) fn spans_at_most(&self) -> usize {
        self.leaves.len() * LEAF
    }

    /// The span at a place that exists.
    #[inline]
    pub(super) fn span(&self, place: Place) -> &Span {
        &self.leaves[place.leaf as usize].spans()[place.span]
    }

    /// The span at a place that may no longer exist.
    #[inline]
    pub(super) fn peek(&self, place: Place) -> Option<&Span> {
        self.leaves.get(place.leaf as usize)?.spans().get(place.span)
    }

    /// The first span of all.
    pub(super) fn first(&self) -> Option<Place> {
        if self.root == NONE {
            return None;
        }
        let mut node = self.root;
        for _ in 0..self.height {
            node = self.inners[node as usize].children[0];
        }
        (self.leaves[node as usize].len > 0).then_some(Place { leaf: node, span: 0 })
    }

    /// The span after this one.
    #[inline]
    pub(super) fn next(&self, place: Place) -> Option<Place> {
        let leaf = &self.leaves[place.leaf as usize];
        if place.span + 1 < usize::from(leaf.len) {
            return Some(Place { leaf: place.leaf, span: place.span + 1 });
        }
        self.next_leaf(leaf.slot, leaf.parent)
    }

    /// The first span of the leaf after the one that is this child of that parent.
    fn next_leaf(&self, mut slot: u8, mut parent: u32) -> Option<Place> {
        let mut climbed = 0;
        while parent != NONE {
            let inner = &self.inners[parent as usize];
            climbed += 1;
            if slot + 1 < inner.len {
                let mut node = inner.children[usize::from(slot) + 1];
                for _ in 1..climbed {
                    node = self.inners[node as usize].children[0];
                }
                return Some(Place { leaf: node, span: 0 });
            }
            (slot, parent) = (inner.slot, inner.parent);
        }
        None
    }

    /// All spans from the first on.
    pub(super) fn spans(&self) -> impl Iterator<Item = &Span> {
        let mut at = self.first();
        core::iter::from_fn(move || {
            let place = at?;
            at = self.next(place);
            Some(self.span(place))
        })
    }

    /// Puts `span` before the one at `place`, or at the end of that leaf, and says where it is now. O(log n).
    pub(super) fn insert(&mut self, place: Place, span: Span) -> Place {
        let place = self.make_room(place);
        self.put(place, span);
        self.index.insert(span.id, place.leaf);
        self.add(place.leaf, Sum::of(&span));
        place
    }

    /// Where to insert before everything else.
    pub(super) fn origin(&mut self) -> Place {
        if self.root == NONE {
            self.root = self.new_leaf();
        }
        self.first().unwrap_or(Place { leaf: self.root, span: 0 })
    }

    /// Where to insert after everything else. The tree is not empty.
    pub(super) fn end(&self) -> Place {
        let mut node = self.root;
        for _ in 0..self.height {
            let inner = &self.inners[node as usize];
            node = inner.children[usize::from(inner.len) - 1];
        }
        Place { leaf: node, span: usize::from(self.leaves[node as usize].len) }
    }

    /// Lets a visible span grow at its end by so much, when its content is at `at`.
    #[inline]
    pub(super) fn grow(&mut self, place: Place, at: u32, more: Extent) {
        self.leaves[place.leaf as usize].spans[place.span].grow(at, more);
        self.fall_behind(place.leaf);
        self.sum.show(more);
    }

    /// Lets a visible span whose content ends at `end` grow there by a character of one byte. Says whether it has room.
    #[inline]
    pub(super) fn type_on(&mut self, place: Place, end: usize) -> bool {
        let Some(leaf) = self.leaves.get_mut(place.leaf as usize) else { return false };
        let Some(span) = leaf.spans.get_mut(place.span) else { return false };
        let may = span.has_room(1) && span.at() as usize + span.bytes() as usize == end;
        if may {
            span.grow(span.at(), Extent::ascii(1));
            self.fall_behind(place.leaf);
            self.sum.show(Extent::ascii(1));
        }
        may
    }

    /// Moves a span's content; nothing else about it changes.
    pub(super) fn relocate(&mut self, place: Place, at: u32) {
        self.leaves[place.leaf as usize].spans[place.span].relocate(at);
    }

    /// Cuts a span in two after `chars` characters, which are `head` if they are visible. Says where the halves are. O(log n).
    pub(super) fn split(&mut self, place: Place, chars: u32, head: Extent) -> (Place, Place) {
        let place = self.make_room(place);
        let leaf = &mut self.leaves[place.leaf as usize];
        let tail = leaf.spans[place.span].split(chars, head);
        let next = Place { leaf: place.leaf, span: place.span + 1 };
        self.put(next, tail);
        (place, next)
    }

    /// Deletes as much as `gone` of a visible span's characters from `offset` on, after the first `before`. Returns where what is now deleted stands, perhaps as a
    /// part of a longer span. O(log n).
    pub(super) fn delete(&mut self, point: Point, before: Extent, gone: Extent) -> Place {
        if let Some(place) = self.erase(point, gone) {
            return place;
        }
        let Point { mut place, offset } = point;
        let chars = gone.chars();
        if offset + chars < self.span(place).len() {
            let mut head = before;
            head += gone;
            (place, _) = self.split(place, offset + chars, head);
        }
        if offset > 0 {
            (_, place) = self.split(place, offset, before);
        }
        self.leaves[place.leaf as usize].spans[place.span].delete();
        self.fall_behind(place.leaf);
        self.sum.hide(gone);
        self.bury(place)
    }

    /// Deletes the first or the last characters, but not all, of a visible span, where the deleted span beside it in its leaf can take them in: erasing goes on where it
    /// began. Returns that one, if there is such.
    #[inline]
    pub(super) fn erase(&mut self, Point { place, offset }: Point, gone: Extent) -> Option<Place> {
        let leaf = &mut self.leaves[place.leaf as usize];
        let (chars, len) = (gone.chars(), leaf.spans[place.span].len());
        let taken = if offset > 0 && offset + chars == len && place.span + 1 < usize::from(leaf.len) {
            let [span, next] = &mut leaf.spans[place.span..place.span + 2] else { return None };
            next.take_end_of(span, gone).then_some(place.span + 1)
        } else if offset == 0 && chars < len && place.span > 0 {
            let [previous, span] = &mut leaf.spans[place.span - 1..=place.span] else { return None };
            previous.take_start_of(span, gone).then_some(place.span - 1)
        } else {
            None
        };
        let span = taken?;
        self.fall_behind(place.leaf);
        self.sum.hide(gone);
        Some(Place { span, ..place })
    }

    /// Takes a span out for good. O(log n).
    pub(super) fn remove(&mut self, place: Place) {
        self.catch_up();
        let span = self.span(place);
        let (start, end) = (span.id, span.end());
        self.index.clear(start, end);
        self.take(place);
        self.refresh(place.leaf);
        if self.leaves[place.leaf as usize].len == 0 {
            self.detach_leaf(place.leaf);
        }
    }

    /// Unites the deleted span at `place` with deleted neighbours of the same run in the same leaf.
    fn bury(&mut self, mut place: Place) -> Place {
        let leaf = &mut self.leaves[place.leaf as usize];
        if place.span + 1 < usize::from(leaf.len) {
            let next = leaf.spans[place.span + 1];
            if leaf.spans[place.span].bury(&next) {
                self.take(Place { leaf: place.leaf, span: place.span + 1 });
            }
        }
        if place.span > 0 {
            let leaf = &mut self.leaves[place.leaf as usize];
            let this = leaf.spans[place.span];
            if leaf.spans[place.span - 1].bury(&this) {
                self.take(place);
                place.span -= 1;
            }
        }
        place
    }

    /// Puts a span into a leaf that has room, without adding it up.
    fn put(&mut self, place: Place, span: Span) {
        let leaf = &mut self.leaves[place.leaf as usize];
        let len = usize::from(leaf.len);
        leaf.spans.copy_within(place.span..len, place.span + 1);
        leaf.spans[place.span] = span;
        leaf.len += 1;
    }

    /// Takes a span out of a leaf, without subtracting it.
    fn take(&mut self, place: Place) {
        let leaf = &mut self.leaves[place.leaf as usize];
        let len = usize::from(leaf.len);
        leaf.spans.copy_within(place.span + 1..len, place.span);
        leaf.len -= 1;
    }

    /// Adds to all sums from a leaf up.
    #[inline]
    fn add(&mut self, leaf: u32, more: Sum) {
        let leaf = &self.leaves[leaf as usize];
        let (mut slot, mut parent) = (leaf.slot, leaf.parent);
        while parent != NONE {
            let inner = &mut self.inners[parent as usize];
            inner.sums[usize::from(slot)].add(more);
            (slot, parent) = (inner.slot, inner.parent);
        }
        self.sum.add(more);
        if self.lag.leaf != NONE {
            self.lag.told.add(more);
        }
    }

    /// Adds up again from a leaf up, when no other lags behind.
    fn refresh(&mut self, leaf: u32) {
        let leaf = &self.leaves[leaf as usize];
        let mut sum = leaf.sum();
        let (mut slot, mut parent) = (leaf.slot, leaf.parent);
        while parent != NONE {
            let inner = &mut self.inners[parent as usize];
            inner.sums[usize::from(slot)] = sum;
            sum = inner.sum();
            (slot, parent) = (inner.slot, inner.parent);
        }
        self.sum = sum;
    }

    /// How much memory is reserved, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.leaves.capacity() * size_of::<Leaf>() + self.inners.capacity() * size_of::<Inner>() + self.index.capacity()
    }

    /// Adds up everything again and compares.
    #[cfg(test)]
    pub(super) fn audit(&self) {
        if self.lag.leaf != NONE {
            let mut tree = self.clone();
            tree.catch_up();
            return tree.audit();
        }
        if self.root == NONE {
            return assert_eq!(self.sum, Sum::ZERO);
        }
        let mut nodes = alloc::vec![(self.root, self.sum)];
        for level in (0..self.height).rev() {
            let mut below = Vec::new();
            for (node, sum) in nodes {
                let inner = &self.inners[node as usize];
                assert!(inner.len > 0 && inner.sum() == sum, "a node adds up what is below it");
                for (slot, (&child, &sum)) in inner.children.iter().zip(inner.sums()).enumerate() {
                    let parent = if level == 0 {
                        let leaf = &self.leaves[child as usize];
                        (leaf.parent, usize::from(leaf.slot))
                    } else {
                        let inner = &self.inners[child as usize];
                        (inner.parent, usize::from(inner.slot))
                    };
                    assert_eq!(parent, (node, slot), "a child knows where it is");
                    below.push((child, sum));
                }
            }
            nodes = below;
        }
        for (leaf, sum) in nodes {
            assert!(self.leaves[leaf as usize].sum() == sum, "a leaf adds up its spans");
        }
    }
}
