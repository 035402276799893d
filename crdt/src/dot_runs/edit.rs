//! Putting values into the runs, and taking them out.

use alloc::vec::Vec;

use tidings_clocks::Dot;

use super::{DotRuns, Run};
use crate::Position;

impl<A: Ord + Clone, T: Clone> DotRuns<A, T> {
    /// The values in one run from `start` on.
    pub(crate) fn of(start: Position<A>, values: Vec<T>) -> Self {
        let mut runs = Self::new();
        if !values.is_empty() {
            runs.put(start, values);
        }
        runs
    }

    /// The store of new values, at least one, before the one at `index`: `first` is the dot of the first one. The last counter fits. O(runs).
    pub(crate) fn insertion(&self, index: usize, first: &Dot<A>, mut values: Vec<T>) -> Self {
        let left = index.checked_sub(1).and_then(|before| self.position(before));
        let right = self.position(index);
        let next = Dot { actor: first.actor.clone(), counter: first.counter.saturating_add(1) };
        let start = Position::between(left.as_ref(), right.as_ref(), first);
        if start.forward(values.len() as u64 - 1).is_some() {
            return Self::of(start, values);
        }
        // In a chain to the left each is by itself: those after the first one are a chain to its right.
        let rest = values.split_off(1);
        let second = Position::between(Some(&start), right.as_ref(), &next);
        let mut store = Self::of(start, values);
        store.put(second, rest);
        store
    }

    /// Puts values that are not there at `start` and the positions that follow it in its run: other runs may stand between these. O(log n) for each piece to find
    /// the place.
    pub(super) fn put(&mut self, start: Position<A>, values: Vec<T>) {
        self.len += values.len();
        let mut rest = Some(Run { start, values });
        while let Some(mut run) = rest.take() {
            let mut at = self.runs.partition_point(|other| other.start < run.start);
            if let Some(before) = at.checked_sub(1) {
                let tail = self.runs[before].split_before(&run.start);
                if let Some(tail) = tail {
                    self.insert_run(at, tail);
                }
            }
            if let Some(next) = self.runs.get(at) {
                rest = run.split_before(&next.start);
            }
            self.insert_run(at, run);
            self.mend(at + 1);
            at = at.min(self.runs.len() - 1);
            self.mend(at);
        }
    }

    /// Takes out the values of `count` dots from `first` on, which are alive and in one run. O(log n) to find them.
    pub(super) fn cut(&mut self, first: &Dot<A>, count: usize) {
        let (at, offset) = self.find(first).expect("it is alive");
        self.len -= count;
        if let Some(after) = self.runs[at].split_off(offset + count) {
            self.insert_run(at + 1, after);
        }
        if offset > 0 {
            self.runs[at].values.truncate(offset);
        } else {
            let run = self.runs.remove(at);
            self.index.remove(&run.start.dot());
            // What stood on both sides of it may have been one run.
            self.mend(at);
        }
    }

    fn insert_run(&mut self, at: usize, run: Run<A, T>) {
        self.index.insert(run.start.dot(), run.start.clone());
        self.runs.insert(at, run);
    }

    /// Makes one run of two where they are.
    fn mend(&mut self, at: usize) {
        if let (Some(before), Some(run)) = (at.checked_sub(1), self.runs.get(at))
            && self.runs[before].precedes(&run.start)
        {
            let run = self.runs.remove(at);
            self.index.remove(&run.start.dot());
            self.runs[before].values.extend(run.values);
        }
    }

    /// All at once what [`cut`](Self::cut) and [`put`](Self::put) do one by one: O(n + m log m).
    pub(super) fn rebuild(&mut self, cuts: &[(Dot<A>, usize)], puts: Vec<(Position<A>, Vec<T>)>) {
        let mut cuts: Vec<(usize, usize, usize)> = cuts
            .iter()
            .map(|(first, count)| {
                let (at, offset) = self.find(first).expect("it is alive");
                (at, offset, *count)
            })
            .collect();
        cuts.sort_unstable();
        let mut cuts = cuts.into_iter().peekable();
        let mut pieces: Vec<Run<A, T>> = Vec::with_capacity(self.runs.len() + puts.len());
        for (at, run) in core::mem::take(&mut self.runs).into_iter().enumerate() {
            let (mut left, mut from) = (Some(run), 0);
            while let Some((_, offset, count)) = cuts.next_if(|cut| cut.0 == at) {
                let mut gone = left.as_mut().and_then(|run| if offset > from { run.split_off(offset - from) } else { None });
                if offset == from {
                    gone = left.take();
                }
                pieces.extend(left.take());
                left = gone.and_then(|mut gone| gone.split_off(count));
                from = offset + count;
            }
            pieces.extend(left);
        }
        pieces.extend(puts.into_iter().map(|(start, values)| Run { start, values }));
        self.lay(pieces);
    }

    /// Puts pieces in order, which may stand inside of one another, but do not overlap: a subtree stands in one gap of a run.
    pub(super) fn lay(&mut self, mut pieces: Vec<Run<A, T>>) {
        // A few sorted runs and some more: the stable sort merges them.
        pieces.sort_by(|one, next| one.start.cmp(&next.start));
        let mut laid: Vec<Run<A, T>> = Vec::with_capacity(pieces.len());
        let mut open: Vec<Run<A, T>> = Vec::new();
        let emit = |laid: &mut Vec<Run<A, T>>, piece: Run<A, T>| match laid.last_mut() {
            Some(last) if last.precedes(&piece.start) => last.values.extend(piece.values),
            _ => laid.push(piece),
        };
        for piece in pieces {
            while let Some(mut outer) = open.pop_if(|outer| outer.start < piece.start) {
                let rest = outer.split_before(&piece.start);
                emit(&mut laid, outer);
                if rest.is_some() {
                    open.extend(rest);
                    break;
                }
            }
            open.push(piece);
        }
        while let Some(piece) = open.pop() {
            emit(&mut laid, piece);
        }
        self.runs = laid;
        self.index = self.runs.iter().map(|run| (run.start.dot(), run.start.clone())).collect();
        self.len = self.runs.iter().map(|run| run.values.len()).sum();
    }
}

impl<A: Ord, T> Run<A, T> {
    /// Whether a run from `start` on is the continuation of this one.
    pub(super) fn precedes(&self, start: &Position<A>) -> bool {
        self.start.runs_to(start) == Some(self.values.len() as u64)
    }
}

impl<A: Ord + Clone, T> Run<A, T> {
    /// Cuts off and returns what comes after the first `count` values, which are at least one.
    fn split_off(&mut self, count: usize) -> Option<Self> {
        if count >= self.values.len() {
            return None;
        }
        let start = self.start.forward(count as u64).expect("more than one value is in a run forward");
        Some(Self { start, values: self.values.split_off(count) })
    }

    /// Cuts off and returns what stands after `position`, which is after the run's start. O(log n).
    fn split_before(&mut self, position: &Position<A>) -> Option<Self> {
        let place = |offset: usize| self.start.forward(offset as u64).expect("more than one value is in a run forward");
        if place(self.values.len() - 1) < *position {
            return None;
        }
        let (mut before, mut after) = (1, self.values.len() - 1);
        while before < after {
            let middle = before.midpoint(after);
            if place(middle) < *position { before = middle + 1 } else { after = middle }
        }
        self.split_off(before)
    }
}
