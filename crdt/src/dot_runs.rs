#[cfg(test)]
mod audit;
mod edit;
mod flat;
mod join;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use tidings_clocks::Dot;

use crate::Position;

/// Values in a sequence, each at the position of its dot: the store of a [`Sequence`](crate::Sequence).
///
/// What is alive is kept in runs: values that stand together and were inserted one after the other by one actor. What is dead leaves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotRuns<A, T> {
    /// In the order of their positions; no two could be one, none is empty.
    runs: Vec<Run<A, T>>,
    /// Where the run begins whose first dot this is.
    index: BTreeMap<Dot<A>, Position<A>>,
    /// How many values.
    len: usize,
}

/// Values with consecutive dots, at consecutive positions of one run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run<A, T> {
    pub(crate) start: Position<A>,
    pub(crate) values: Vec<T>,
}

impl<A, T> DotRuns<A, T> {
    /// No value. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { runs: Vec::new(), index: BTreeMap::new(), len: 0 }
    }

    /// How many values there are. O(1).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values, in the order of their positions.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.runs.iter().flat_map(|run| &run.values)
    }

    /// In how many runs they are kept.
    #[must_use]
    pub const fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The runs, in order.
    pub(crate) fn each_run(&self) -> impl ExactSizeIterator<Item = &Run<A, T>> {
        self.runs.iter()
    }
}

impl<A: Ord + Clone, T> DotRuns<A, T> {
    /// The value at `index`, and its dot. O(runs).
    #[must_use]
    pub fn value(&self, index: usize) -> Option<(Dot<A>, &T)> {
        let (run, offset) = self.locate(index)?;
        Some((self.runs[run].dot(offset), &self.runs[run].values[offset]))
    }

    /// The position of the value at `index`. O(runs).
    #[must_use]
    pub fn position(&self, index: usize) -> Option<Position<A>> {
        let (run, offset) = self.locate(index)?;
        self.runs[run].start.forward(offset as u64)
    }

    /// The dots of the values from `start` on, up to `count` of them. O(runs + count).
    pub(crate) fn dots(&self, start: usize, count: usize) -> impl Iterator<Item = Dot<A>> {
        let (run, offset) = self.locate(start).unwrap_or((self.runs.len(), 0));
        let rest = self.runs[run..].iter().flat_map(|run| (0..run.values.len()).map(|offset| run.dot(offset)));
        rest.skip(offset).take(count)
    }

    /// Which run the value at `index` is in, and where in it.
    fn locate(&self, index: usize) -> Option<(usize, usize)> {
        let mut rest = index;
        for (at, run) in self.runs.iter().enumerate() {
            match rest.checked_sub(run.values.len()) {
                Some(after) => rest = after,
                None => return Some((at, rest)),
            }
        }
        None
    }

    /// Which run the value of `dot` is in, and where in it, if it is alive. O(log n).
    fn find(&self, dot: &Dot<A>) -> Option<(usize, usize)> {
        let (first, start) = self.index.range(..=dot).next_back().filter(|(first, _)| first.actor == dot.actor)?;
        let offset = usize::try_from(dot.counter - first.counter).ok()?;
        let at = self.runs.binary_search_by(|run| run.start.cmp(start)).expect("the index leads to runs");
        (offset < self.runs[at].values.len()).then_some((at, offset))
    }
}

impl<A: Clone, T> Run<A, T> {
    fn dot(&self, offset: usize) -> Dot<A> {
        let Dot { actor, counter } = self.start.dot();
        Dot { actor, counter: counter + offset as u64 }
    }
}

impl<A, T> Default for DotRuns<A, T> {
    fn default() -> Self {
        Self::new()
    }
}
