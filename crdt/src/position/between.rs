//! Making a position between two others.

use alloc::vec::Vec;
use core::cmp::Ordering;

use tidings_clocks::Dot;

use super::{Fence, Position, Shared, Side, Step};

/// Fences nested deeper than this are not made, and not believed.
pub(super) const NESTING: usize = 16;

impl<A: Ord + Clone> Position<A> {
    /// The position for `dot`, the next one of its actor, between two that stand next to each other: after `left`, or the beginning, and before `right`, or the
    /// end. O(length).
    ///
    /// It is a left child of `right` if that comes from `left`, and else a right child of `left` (algorithm 1). Where its fence would be nested too
    /// deep, which takes as many concurrent insertions at one place, each made in sight of the next, it is a left child of `right` too.
    #[must_use]
    pub fn between(left: Option<&Self>, right: Option<&Self>, dot: &Dot<A>) -> Self {
        let way = left.map_or(&[][..], |left| &left.way[..]);
        let (before, end) = (right.map_or(&[][..], |right| &right.way[..]), right.is_none());
        let position = Self::child(way, before, end, dot);
        if position.length() <= Self::TURNS {
            return position;
        }
        // The shortest that lies there: below some node on the way to either.
        let below_left = (0..way.len().min(Self::TURNS))
            .filter_map(|steps| Self::right_child(&way[..steps], Fence::seen_from(&way[..steps], before, end)?, dot));
        let below_right = (1..before.len().min(Self::TURNS)).map(|steps| Self::left_child(&before[..steps], dot));
        let fits = |position: &Self| left.is_none_or(|left| left < position) && right.is_none_or(|right| position < right);
        let shortest = below_left.chain(below_right).filter(fits).min_by_key(Self::length);
        shortest.filter(|short| short.length() < position.length()).unwrap_or(position)
    }

    /// The child that algorithm 1 makes.
    fn child(left: &[Step<A>], right: &[Step<A>], end: bool, dot: &Dot<A>) -> Self {
        let fence = Fence::seen_from(left, right, end).filter(|fence| fence.nesting() <= NESTING);
        fence.and_then(|fence| Self::right_child(left, fence, dot)).unwrap_or_else(|| Self::left_child(right, dot))
    }

    /// Directly before all that is now on the left of a node, or in its chain.
    fn left_child(way: &[Step<A>], dot: &Dot<A>) -> Self {
        Self::chained(way, Step { side: Side::Left, actor: dot.actor.clone(), counter: dot.counter })
    }

    fn right_child(way: &[Step<A>], fence: Fence<A>, dot: &Dot<A>) -> Option<Self> {
        (fence.nesting() <= NESTING)
            .then(|| Self::chained(way, Step { side: Side::Right(fence), actor: dot.actor.clone(), counter: dot.counter }))
    }

    fn chained(way: &[Step<A>], step: Step<A>) -> Self {
        let mut way = way.to_vec();
        match way.last_mut() {
            Some(last) if last.chains_with(&step) => *last = step,
            _ => way.push(step),
        }
        Self { way: way.into() }
    }
}

impl<A: Ord + Clone> Fence<A> {
    /// A right origin as seen from the node at the end of `left`. `None` if it comes from that node.
    fn seen_from(left: &[Step<A>], right: &[Step<A>], end: bool) -> Option<Self> {
        if end {
            return Some(Self::end());
        }
        let same = left.iter().zip(right).take_while(|(x, y)| x == y).count();
        let (shared, rest) = match (left.get(same), right.get(same)) {
            // They go on along one chain, and one of them leaves it before the other.
            (Some(x), Some(y)) if x.chains_with(y) => match x.counter.cmp(&y.counter) {
                Ordering::Less => (Shared { steps: same + 1, counter: x.counter }, &right[same..]),
                _ => (Shared { steps: same + 1, counter: y.counter }, &right[same + 1..]),
            },
            _ => (Shared::all(&left[..same]), &right[same..]),
        };
        let below = shared == Shared::all(left);
        (!below).then(|| Self { shared, rest: Vec::from(rest).into() })
    }
}
