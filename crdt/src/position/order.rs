//! The order: a walk over the tree, read off the two ways where they part.

use core::cmp::{Ordering, Reverse};

use super::{Fence, Position, Shared, Side, Step};

/// Where a way goes on from a node: to a chain below it, or not at all.
enum Edge<'s, A> {
    Left {
        actor: &'s A,
    },
    /// The node itself.
    Here,
    Right {
        fence: &'s Fence<A>,
        actor: &'s A,
    },
}

impl<A: Ord> Ord for Position<A> {
    /// O(length).
    fn cmp(&self, other: &Self) -> Ordering {
        walk(&self.way, &other.way)
    }
}

impl<A: Ord> PartialOrd for Position<A> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares two ways from one node on.
fn walk<A: Ord>(one: &[Step<A>], other: &[Step<A>]) -> Ordering {
    for (at, (x, y)) in one.iter().zip(other).enumerate() {
        let chain = Edge::of(Some(x));
        let part = chain.compare(&Edge::of(Some(y))).then_with(|| match x.counter.cmp(&y.counter) {
            Ordering::Equal => Ordering::Equal,
            // The other one goes on along the chain, on the same side, from where this one leaves it.
            Ordering::Less => Edge::of(one.get(at + 1)).compare(&chain),
            Ordering::Greater => chain.compare(&Edge::of(other.get(at + 1))),
        });
        if part != Ordering::Equal {
            return part;
        }
    }
    let at = one.len().min(other.len());
    Edge::of(one.get(at)).compare(&Edge::of(other.get(at)))
}

impl<A: Ord> Fence<A> {
    /// Compares two fences as seen from one parent. What shares less of the parent's way stands later: it is outside of what the other is still in.
    fn compare(&self, other: &Self) -> Ordering {
        Reverse(self.shared).cmp(&Reverse(other.shared)).then_with(|| {
            let is_end = |fence: &Self| fence.shared == Shared::ROOT && fence.rest.is_empty();
            is_end(self).cmp(&is_end(other)).then_with(|| walk(&self.rest, &other.rest))
        })
    }
}

impl<A: Ord> Edge<'_, A> {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Left { actor }, Self::Left { actor: other }) => actor.cmp(other),
            (Self::Right { fence, actor }, Self::Right { fence: beyond, actor: other }) => {
                beyond.compare(fence).then_with(|| actor.cmp(other))
            }
            _ => self.side().cmp(&other.side()),
        }
    }
}

impl<'s, A> Edge<'s, A> {
    fn of(step: Option<&'s Step<A>>) -> Self {
        match step {
            None => Self::Here,
            Some(Step { side: Side::Left, actor, .. }) => Self::Left { actor },
            Some(Step { side: Side::Right(fence), actor, .. }) => Self::Right { fence, actor },
        }
    }

    const fn side(&self) -> u8 {
        match self {
            Self::Left { .. } => 0,
            Self::Here => 1,
            Self::Right { .. } => 2,
        }
    }
}
