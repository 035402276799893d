use alloc::vec::Vec;

use super::Text;
use super::span::{Key, Span};

/// The longest run of characters that one span could hold if spans had no limit: what does not depend on how a text came about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) id: Key,
    pub(super) right: Key,
    pub(super) depth: u32,
    pub(super) level: u32,
    pub(super) len: u32,
    pub(super) is_visible: bool,
}

impl Run {
    fn of(span: &Span) -> Self {
        Self { id: span.id, right: span.right, depth: span.depth, level: span.level, len: span.len(), is_visible: span.is_visible() }
    }

    /// The depth of a character that comes from the last one.
    pub(super) const fn below(&self) -> u32 {
        self.depth + self.len
    }

    /// Takes in the span after this one if both are one run. Says whether it did.
    fn take_in(&mut self, next: &Span) -> bool {
        let continues = next.id == self.id.plus(self.len)
            && next.right == self.right
            && (next.depth, next.level) == (self.below(), 0)
            && next.is_visible() == self.is_visible;
        if continues {
            self.len += next.len();
        }
        continues
    }
}

/// The tree of left origins as a preorder walk goes through it: the runs that the next one can come from, each below the one before.
#[derive(Debug, Default)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    run: Run,
    index: usize,
}

impl Path {
    /// The depth of a character that comes from the one before: the greatest that can follow.
    pub(super) fn below(&self) -> u32 {
        self.steps.last().map_or(1, |step| step.run.below())
    }

    /// Leaves the runs that nothing of this depth comes from. Says how many these are, if the last of them begins at this very depth or if there are none.
    pub(super) fn leave(&mut self, depth: u32) -> Option<usize> {
        let (before, mut last) = (self.steps.len(), None);
        while let Some(step) = self.steps.pop_if(|step| step.run.depth >= depth) {
            last = Some(step.run.depth);
        }
        match last {
            None => (depth == self.below()).then_some(0),
            Some(last) => (last == depth).then_some(before - self.steps.len()),
        }
    }

    /// Leaves so many runs, and says at which depth the next one then begins. `None` if there are not so many.
    pub(super) fn leave_some(&mut self, steps: usize) -> Option<u32> {
        if steps == 0 {
            return Some(self.below());
        }
        let kept = self.steps.len().checked_sub(steps)?;
        let depth = self.steps[kept].run.depth;
        self.steps.truncate(kept);
        Some(depth)
    }

    /// The left origin of a character of this depth, and the run that it is in with that run's index. The runs beside it have been left.
    pub(super) fn left(&self, depth: u32) -> Option<(Key, &Run, usize)> {
        self.steps.last().map(|step| (step.run.id.plus(depth - 1 - step.run.depth), &step.run, step.index))
    }

    /// The character of this depth in the run of its left origin, if that goes on so far.
    pub(super) fn inside(&self, depth: u32) -> Option<Key> {
        self.steps.last().map(|step| step.run).filter(|run| depth < run.below()).map(|run| run.id.plus(depth - run.depth))
    }

    /// Goes on to the next run.
    pub(super) fn enter(&mut self, run: Run, index: usize) {
        self.steps.push(Step { run, index });
    }
}

impl<A: Clone + Ord> Text<A> {
    /// All runs in the order of the text. O(n).
    pub(super) fn whole_runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::with_capacity(self.tree.spans_at_most());
        for span in self.tree.spans() {
            if !runs.last_mut().is_some_and(|run| run.take_in(span)) {
                runs.push(Run::of(span));
            }
        }
        runs
    }
}
