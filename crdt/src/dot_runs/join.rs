use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot};

use super::{DotRuns, Run};
use crate::keyed::runs;
use crate::{Change, Divide, DotStore, Position};

/// More pieces than this are not put in one by one: each may move all that stands behind it.
const FEW: usize = 16;

impl<A: Ord + Clone, T: Ord + Clone> DotRuns<A, T> {
    /// The values alive here whose end the other side has seen, in pieces of runs: first dot and how many.
    fn ended(&self, theirs: &Self, known_there: &CausalContext<A>) -> Vec<(Dot<A>, usize)> {
        let mut ended = Vec::new();
        for (actor, first, last) in runs(known_there) {
            let dot = |counter| Dot { actor: actor.clone(), counter };
            let before = self.find(&dot(first)).map(|(at, _)| self.runs[at].dot(0)).filter(|start| start.counter < first);
            let starts = self.index.range(dot(first)..=dot(last)).map(|(start, _)| start.clone());
            for start in before.into_iter().chain(starts) {
                let (at, _) = self.find(&start).expect("a run begins with it");
                let run = &self.runs[at];
                let (mut counter, end) = (start.counter.max(first), last.min(start.counter + run.values.len() as u64 - 1));
                // Either of the two sides may be cut into more pieces than the other.
                while counter <= end {
                    let (until, stays) = theirs.piece_at(&dot(counter), end, &run.start, counter - start.counter);
                    if !stays {
                        ended.push((dot(counter), usize::try_from(until - counter + 1).expect("at most a run")));
                    }
                    if until == end {
                        break;
                    }
                    counter = until + 1;
                }
            }
        }
        ended
    }

    /// Up to which counter, `end` at most, it is the same, and whether the dots so far are alive here at the positions from `start` and `offset` on.
    fn piece_at(&self, dot: &Dot<A>, end: u64, start: &Position<A>, offset: u64) -> (u64, bool) {
        if let Some((at, inside)) = self.find(dot) {
            let run = &self.runs[at];
            let left = (run.values.len() - inside) as u64;
            return (end.min(dot.counter + left - 1), same_place(start, offset, &run.start, inside as u64));
        }
        let last = Dot { actor: dot.actor.clone(), counter: end };
        let next = self.index.range(dot..=&last).next();
        (next.map_or(end, |(next, _)| next.counter - 1), false)
    }

    /// The pieces of the other side's runs that were not known here.
    fn begun(&self, theirs: &Self, known: &CausalContext<A>) -> Vec<(Position<A>, Vec<T>)> {
        let mut begun = Vec::new();
        for run in &theirs.runs {
            let first = run.dot(0);
            let is_new = |offset: usize| !known.contains(&Dot { actor: first.actor.clone(), counter: first.counter + offset as u64 });
            let mut from = 0;
            while from < run.values.len() {
                let fresh = (from..run.values.len()).take_while(|&offset| is_new(offset)).count();
                if fresh > 0 {
                    let start = run.start.forward(from as u64).expect("more than one value is in a run forward");
                    begun.push((start, run.values[from..from + fresh].to_vec()));
                }
                from += fresh.max(1);
            }
        }
        begun
    }

    /// Of two values at one place with one dot, which no correct actor makes, the greater stays. Says whether any changed.
    fn settle(&mut self, theirs: &Self) -> bool {
        let mut changed = false;
        for run in &theirs.runs {
            for (offset, value) in run.values.iter().enumerate() {
                if let Some((at, inside)) = self.same(run, offset)
                    && self.runs[at].values[inside] < *value
                {
                    self.runs[at].values[inside].clone_from(value);
                    changed = true;
                }
            }
        }
        changed
    }

    /// Where the value is that stands at the same place and has the same dot as one of the other side.
    fn same(&self, run: &Run<A, T>, offset: usize) -> Option<(usize, usize)> {
        let (at, inside) = self.find(&run.dot(offset))?;
        same_place(&self.runs[at].start, inside as u64, &run.start, offset as u64).then_some((at, inside))
    }
}

/// Whether `offset` values behind one start is the same position as `other_offset` behind the other.
fn same_place<A: Ord>(start: &Position<A>, offset: u64, other: &Position<A>, other_offset: u64) -> bool {
    match offset.checked_sub(other_offset) {
        Some(0) => start == other,
        Some(ahead) => start.runs_to(other) == Some(ahead),
        None => other.runs_to(start) == Some(other_offset - offset),
    }
}

impl<A: Ord + Clone, T: Ord + Clone> DotStore<A> for DotRuns<A, T> {
    fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        for run in &self.runs {
            (0..run.values.len()).for_each(|offset| visit(&run.dot(offset)));
        }
    }

    /// O(m log n + r log n) for the m values of the other side and the r runs here of dots that it knows; and O(n) to move what stands behind.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let settled = self.settle(theirs);
        let (ended, begun) = (self.ended(theirs, known_there), self.begun(theirs, known));
        if ended.is_empty() && begun.is_empty() {
            return settled;
        }
        for (first, count) in &ended {
            let dots = (first.counter..).take(*count);
            dots.for_each(|counter| changes(Change::Removed(&Dot { actor: first.actor.clone(), counter })));
        }
        for (start, values) in &begun {
            let Dot { actor, counter } = start.dot();
            let dots = (counter..).take(values.len());
            dots.for_each(|counter| changes(Change::Added(&Dot { actor: actor.clone(), counter })));
        }
        if ended.len() + begun.len() > FEW {
            self.rebuild(&ended, begun);
        } else {
            ended.iter().for_each(|(first, count)| self.cut(first, *count));
            begun.into_iter().for_each(|(start, values)| self.put(start, values));
        }
        true
    }

    /// A dot at another position there, or with another value.
    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        theirs.runs.iter().find_map(|run| {
            (0..run.values.len()).find_map(|offset| {
                let dot = run.dot(offset);
                self.find(&dot)?;
                match self.same(run, offset) {
                    Some((at, inside)) if self.runs[at].values[inside] == run.values[offset] => None,
                    _ => Some(dot),
                }
            })
        })
    }
}

impl<A: Ord + Clone, T: Ord + Clone> Divide<A> for DotRuns<A, T> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        for run in &self.runs {
            for (offset, value) in run.values.iter().enumerate() {
                let position = run.start.forward(offset as u64).expect("more than one value is in a run forward");
                visit(&run.dot(offset), Self::of(position, alloc::vec![value.clone()]));
            }
        }
    }

    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        let mut pieces = Vec::new();
        for run in &self.runs {
            let is_more = |offset: usize| match theirs.same(run, offset) {
                Some((at, inside)) => theirs.runs[at].values[inside] < run.values[offset],
                None => !known_there.contains(&run.dot(offset)) || theirs.find(&run.dot(offset)).is_some(),
            };
            let mut from = 0;
            while from < run.values.len() {
                let more = (from..run.values.len()).take_while(|&offset| is_more(offset)).count();
                if more > 0 {
                    let start = run.start.forward(from as u64).expect("more than one value is in a run forward");
                    pieces.push(Run { start, values: run.values[from..from + more].to_vec() });
                }
                from += more.max(1);
            }
        }
        let mut beyond = Self::new();
        beyond.lay(pieces);
        beyond
    }
}
