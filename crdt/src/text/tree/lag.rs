use super::{NONE, Place, Sum, Tree};

/// What the inner nodes have not been told yet: that in one leaf characters came to spans that were there, or were deleted. Typing and erasing go on for a while where they began, and whoever goes on
/// changes a span and the sum of all, no matter how deep the tree is; the nodes in between are told when the next edit is elsewhere. Whoever asks meanwhile gets the right answer all the same,
/// a [`Tree`] that is shared included: positions before the leaf and in it do not depend on what is missing, and beyond it they are off by that.
///
/// On which rung a span begins is told at once, and so are spans that come and go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lag {
    /// The leaf, or [`NONE`].
    pub(super) leaf: u32,
    /// What the root adds up to.
    pub(super) told: Sum,
}

impl Lag {
    pub(super) const NOWHERE: Self = Self { leaf: NONE, told: Sum::ZERO };
}

impl Tree {
    /// Lets the nodes above `leaf` lag behind from now on, and no others.
    #[inline]
    pub(super) fn fall_behind(&mut self, leaf: u32) {
        if self.lag.leaf != leaf {
            self.catch_up();
            self.lag = Lag { leaf, told: self.sum };
        }
    }

    /// Tells the inner nodes all. O(log n).
    pub(in crate::text) fn catch_up(&mut self) {
        if self.lag.leaf == NONE {
            return;
        }
        let leaf = &self.leaves[self.lag.leaf as usize];
        let (mut slot, mut parent) = (leaf.slot, leaf.parent);
        while parent != NONE {
            let inner = &mut self.inners[parent as usize];
            inner.sums[usize::from(slot)].follow(self.lag.told, self.sum);
            (slot, parent) = (inner.slot, inner.parent);
        }
        self.lag = Lag::NOWHERE;
    }

    /// What the nodes know of the leaf that lags behind, if there is one that they know anything of.
    #[inline]
    pub(super) fn lagging(&self) -> Option<(u32, &Sum)> {
        if self.lag.leaf == NONE {
            return None;
        }
        let leaf = &self.leaves[self.lag.leaf as usize];
        let parent = self.inners.get(leaf.parent as usize)?;
        Some((self.lag.leaf, &parent.sums[usize::from(leaf.slot)]))
    }

    /// What stands before a span. O(log n).
    pub(in crate::text) fn before(&self, place: Place) -> Sum {
        let leaf = &self.leaves[place.leaf as usize];
        let mut sum = Sum::ZERO;
        for span in &leaf.spans()[..place.span] {
            sum.add(Sum::of(span));
        }
        let (mut slot, mut parent) = (leaf.slot, leaf.parent);
        // Where the way up from the leaf that lags behind is on the same level.
        let (mut other_slot, mut other) = self.leaves.get(self.lag.leaf as usize).map_or((0, NONE), |leaf| (leaf.slot, leaf.parent));
        while parent != NONE {
            let inner = &self.inners[parent as usize];
            for child in &inner.sums[..usize::from(slot)] {
                sum.add(*child);
            }
            if other == parent && other_slot < slot {
                sum.follow(self.lag.told, self.sum);
                other = NONE;
            }
            (slot, parent) = (inner.slot, inner.parent);
            if let Some(inner) = self.inners.get(other as usize) {
                (other_slot, other) = (inner.slot, inner.parent);
            }
        }
        sum
    }
}
