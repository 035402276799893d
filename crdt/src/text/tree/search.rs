use core::ops::{Add, Sub, SubAssign};

use super::{Leaf, NONE, Place, Point, Sum, Tree};
use crate::text::span::{Key, Rung, Span, rung};

/// How things are found.
impl Tree {
    /// The visible character at `position`, which must exist, and how many visible characters stand before its span. O(log n).
    pub(in crate::text) fn at_char(&self, position: u32) -> (Point, u32) {
        let (place, offset) = self.descend(position, |sum| sum.chars, Span::chars);
        (Point { place, offset }, position - offset)
    }

    /// The character at `rank`, counted with the deleted ones, which must exist. O(log n).
    fn at_rank(&self, rank: u32) -> Point {
        let (place, offset) = self.descend(rank, |sum| sum.all, Span::len);
        Point { place, offset }
    }

    /// The span that holds the visible byte at `position`, which must exist, and how many bytes of the span stand before it. O(log n).
    pub(in crate::text) fn at_byte(&self, position: u32) -> (Place, u32) {
        self.descend(position, |sum| sum.bytes, Span::bytes)
    }

    /// The span that holds the visible unit of UTF-16 at `position`, which must exist, and how many such units of the span stand before it. O(log n).
    pub(in crate::text) fn at_utf16(&self, position: u64) -> (Place, u64) {
        let of_sum = |sum: &Sum| u64::from(sum.chars) + u64::from(sum.wide);
        self.descend(position, of_sum, |span| u64::from(span.chars() + span.extent().wide()))
    }

    /// Whether there is a character with this id. O(log n).
    pub(in crate::text) fn holds(&self, key: Key) -> bool {
        let leaf = self.index.leaf_if_any(key);
        leaf.is_some_and(|leaf| self.leaves[leaf as usize].spans().iter().any(|span| span.contains(key)))
    }

    /// The character with this id, which must exist. O(log n).
    pub(in crate::text) fn find(&self, key: Key) -> Point {
        let leaf = self.index.leaf(key);
        let spans = self.leaves[leaf as usize].spans();
        let span = spans.iter().position(|span| span.contains(key)).expect("the index knows the leaf of every character");
        Point { place: Place { leaf, span }, offset: key.counter - spans[span].id.counter }
    }

    /// The same, without a search if it is in the span at `hint`, which may no longer exist, or beside it.
    #[inline]
    pub(in crate::text) fn find_near(&self, hint: Place, key: Key) -> Point {
        let spans = self.leaves.get(hint.leaf as usize).map_or(&[][..], Leaf::spans);
        let first = hint.span.saturating_sub(1);
        for (at, span) in spans.iter().enumerate().skip(first).take(3) {
            if span.contains(key) {
                return Point { place: Place { leaf: hint.leaf, span: at }, offset: key.counter - span.id.counter };
            }
        }
        self.find(key)
    }

    /// The left origin of a character: the nearest one before it that is less deep. O(log n).
    pub(in crate::text) fn left_of(&self, point: Point) -> Key {
        let span = self.span(point.place);
        if point.offset > 0 {
            return span.id.plus(point.offset - 1);
        }
        let depth = span.depth - 1;
        let before = if depth == 0 { None } else { self.previous_low(point.place, rung(depth, u32::MAX)) };
        before.map_or(Key::NONE, |place| {
            let span = self.span(place);
            span.id.plus((span.len() - 1).min(depth - span.depth))
        })
    }

    /// How many characters, deleted ones too, stand before this one. O(log n).
    pub(in crate::text) fn rank(&self, point: Point) -> u32 {
        self.before(point.place).all + point.offset
    }

    /// The first span from `place` on that begins on `rung` or a lower one. O(log n).
    pub(in crate::text) fn next_low(&self, place: Place, rung: Rung) -> Option<Place> {
        let leaf = &self.leaves[place.leaf as usize];
        for (at, span) in leaf.spans().iter().enumerate().skip(place.span) {
            if span.rung() <= rung {
                return Some(Place { leaf: place.leaf, span: at });
            }
        }
        let (mut slot, mut parent, mut level) = (leaf.slot, leaf.parent, 0);
        while parent != NONE {
            let inner = &self.inners[parent as usize];
            let after = usize::from(slot) + 1;
            if let Some(at) = inner.sums()[after..].iter().position(|sum| sum.lowest <= rung) {
                let mut node = inner.children[after + at];
                for _ in 0..level {
                    let inner = &self.inners[node as usize];
                    let at = inner.sums().iter().position(|sum| sum.lowest <= rung).expect("the sum says that there is one below");
                    node = inner.children[at];
                }
                let span = self.leaves[node as usize].spans().iter().position(|span| span.rung() <= rung);
                return Some(Place { leaf: node, span: span.expect("the sum says that there is one") });
            }
            (slot, parent, level) = (inner.slot, inner.parent, level + 1);
        }
        None
    }

    /// The last span before `place` that begins on `rung` or a lower one. O(log n).
    pub(in crate::text) fn previous_low(&self, place: Place, rung: Rung) -> Option<Place> {
        let leaf = &self.leaves[place.leaf as usize];
        if let Some(span) = leaf.spans()[..place.span].iter().rposition(|span| span.rung() <= rung) {
            return Some(Place { leaf: place.leaf, span });
        }
        let (mut slot, mut parent, mut level) = (leaf.slot, leaf.parent, 0);
        while parent != NONE {
            let inner = &self.inners[parent as usize];
            if let Some(at) = inner.sums[..usize::from(slot)].iter().rposition(|sum| sum.lowest <= rung) {
                let mut node = inner.children[at];
                for _ in 0..level {
                    let inner = &self.inners[node as usize];
                    let at = inner.sums().iter().rposition(|sum| sum.lowest <= rung).expect("the sum says that there is one below");
                    node = inner.children[at];
                }
                let span = self.leaves[node as usize].spans().iter().rposition(|span| span.rung() <= rung);
                return Some(Place { leaf: node, span: span.expect("the sum says that there is one") });
            }
            (slot, parent, level) = (inner.slot, inner.parent, level + 1);
        }
        None
    }

    /// The last span among those on exactly `rung` that `precedes` what is looked for, between the ranks `from` and `to`. On no lower rung does a span begin
    /// there, and those that precede come before those that do not. O(log² n), with O(log n) calls.
    pub(in crate::text) fn last_sibling(
        &self,
        mut from: u32,
        mut to: u32,
        rung: Rung,
        mut precedes: impl FnMut(&Span) -> bool,
    ) -> Option<Place> {
        let mut last = None;
        while from < to {
            let middle = from + (to - from) / 2;
            let Point { place, offset } = self.at_rank(middle);
            // A span that begins before the middle is not looked at from inside.
            let begins = if offset == 0 { Some(place) } else { self.next(place) };
            let found = begins.and_then(|place| self.next_low(place, rung)).map(|place| (place, self.before(place).all));
            match found {
                Some((place, rank)) if rank < to => {
                    debug_assert_eq!(self.span(place).rung(), rung, "siblings are the lowest between their parents");
                    if precedes(self.span(place)) {
                        last = Some(place);
                        from = rank + 1;
                    } else {
                        to = middle;
                    }
                }
                _ => to = middle,
            }
        }
        last
    }

    /// Goes down to the span in which the sum reaches beyond `rest`, and says how much of `rest` remains in that span.
    #[inline]
    fn descend<N>(&self, mut rest: N, measure: impl Fn(&Sum) -> N, length: impl Fn(&Span) -> N) -> (Place, N)
    where
        N: Copy + PartialOrd + Add<Output = N> + Sub<Output = N> + SubAssign,
    {
        if let Some((leaf, told)) = self.lagging() {
            // The nodes are right about what is before this leaf; what is beyond it they find where they take it to be.
            let before = measure(&self.before(Place { leaf, span: 0 }));
            if rest >= before {
                let inside = measure(&self.leaves[leaf as usize].sum());
                if rest - before < inside {
                    return self.walk(leaf, rest - before, length);
                }
                rest = rest - inside + measure(told);
            }
        }
        let mut node = self.root;
        for _ in 0..self.height {
            let inner = &self.inners[node as usize];
            let mut at = 0;
            while measure(&inner.sums()[at]) <= rest {
                rest -= measure(&inner.sums()[at]);
                at += 1;
            }
            node = inner.children[at];
        }
        self.walk(node, rest, length)
    }

    /// The same inside of a leaf.
    #[inline]
    fn walk<N: Copy + PartialOrd + SubAssign>(&self, leaf: u32, mut rest: N, length: impl Fn(&Span) -> N) -> (Place, N) {
        let spans = self.leaves[leaf as usize].spans();
        let mut span = 0;
        while length(&spans[span]) <= rest {
            rest -= length(&spans[span]);
            span += 1;
        }
        (Place { leaf, span }, rest)
    }
}
