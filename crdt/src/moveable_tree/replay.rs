//! Doing, undoing and doing again.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Logged, Move, MoveableTree, Place};
use crate::{Decompose, Join};

impl<A, S, N, M> MoveableTree<A, S, N, M>
where
    A: Ord + Clone,
    S: Ord + Clone,
    N: Ord + Clone,
    M: Ord + Clone,
{
    /// Puts new moves, which are in strict order and none of which is in the log as it is, into their places.
    pub(super) fn take_in(&mut self, news: Vec<Move<A, S, N, M>>) {
        let Some(first) = news.first() else { return };
        let from = self.log.partition_point(|logged| logged.step.arbitrate(first) == Ordering::Less);
        let mut later = Vec::with_capacity(self.log.len() - from);
        while self.log.len() > from {
            later.extend(self.undo());
        }
        let (mut news, mut later) = (news.into_iter().peekable(), later.into_iter().rev().peekable());
        loop {
            let step = match (news.peek(), later.peek()) {
                (Some(new), Some(old)) => match new.arbitrate(old) {
                    Ordering::Less => news.next(),
                    Ordering::Greater => later.next(),
                    // Equivocation: all replicas let the greater one count.
                    Ordering::Equal => news.next().max(later.next()),
                },
                (Some(_), None) => news.next(),
                (None, _) => later.next(),
            };
            let Some(step) = step else { break };
            self.redo(step);
        }
    }

    /// Does a move that is later than all in the log, if it makes no cycle, and logs it (the paper's `do_op`, with the check of `move`).
    pub(super) fn redo(&mut self, step: Move<A, S, N, M>) {
        let done = !self.makes_cycle(&step);
        let before = self.places.get(&step.child).cloned();
        if done {
            self.place(&step.child, Some(&Place { parent: step.parent.clone(), meta: step.meta.clone() }));
        }
        self.log.push(Logged { step, before, done });
    }

    /// Takes back the last move in the log (the paper's `undo_op`).
    pub(super) fn undo(&mut self) -> Option<Move<A, S, N, M>> {
        let Logged { step, before, done } = self.log.pop()?;
        if done {
            self.place(&step.child, before.as_ref());
        }
        Some(step)
    }

    pub(super) fn makes_cycle(&self, step: &Move<A, S, N, M>) -> bool {
        step.parent == step.child || self.is_below(&step.parent, &step.child)
    }

    /// Puts a node somewhere, or nowhere.
    pub(super) fn place(&mut self, child: &N, to: Option<&Place<N, M>>) {
        let from = match to {
            Some(place) => {
                self.children.entry(place.parent.clone()).or_default().insert((place.meta.clone(), child.clone()));
                self.places.insert(child.clone(), place.clone())
            }
            None => self.places.remove(child),
        };
        if let Some(from) = from.filter(|from| to != Some(from)) {
            let siblings = self.children.get_mut(&from.parent).expect("a place is known from above too");
            siblings.remove(&(from.meta, child.clone()));
            if siblings.is_empty() {
                self.children.remove(&from.parent);
            }
        }
    }

    /// The tree of what is pruned: all in the log undone.
    pub(super) fn base(&self) -> Self {
        let mut base = self.clone();
        while base.undo().is_some() {}
        base
    }

    /// Where everything was after the moves stamped up to `stamp`.
    pub(super) fn places_at(&self, stamp: &S) -> BTreeMap<N, Place<N, M>> {
        let mut then = self.clone();
        while then.log.last().is_some_and(|last| last.step.stamp > *stamp) {
            then.undo();
        }
        then.places
    }

    /// Takes over what the other side has pruned and this one has not: its moves up to there are among these.
    fn adopt(&mut self, other: &Self) {
        let mut base = other.base();
        let later = self.log.partition_point(|logged| Some(&logged.step.stamp) <= other.floor.as_ref());
        base.take_in(self.log.drain(later..).map(|logged| logged.step).collect());
        *self = base;
    }
}

impl<A, S, N, M> Join for MoveableTree<A, S, N, M>
where
    A: Ord + Clone,
    S: Ord + Clone,
    N: Ord + Clone,
    M: Ord + Clone,
{
    /// All moves of both, replayed from the first one that is new: O(m log n) to find it, and O(d log n) for each of those and of the known ones after it.
    ///
    /// Where one side has pruned more, its tree of what is pruned counts, as it stands for the same moves.
    fn join(&mut self, other: &Self) -> bool {
        let behind = self.floor < other.floor;
        if behind {
            self.adopt(other);
        }
        let mut news = Vec::new();
        for step in other.moves().filter(|step| Some(&step.stamp) > self.floor.as_ref()) {
            let at = self.log.partition_point(|logged| logged.step.arbitrate(step) == Ordering::Less);
            let known = self.log.get(at).map(|logged| &logged.step).filter(|known| known.arbitrate(step) == Ordering::Equal);
            if known.is_none_or(|known| known < step) {
                news.push(step.clone());
            }
        }
        let changed = !news.is_empty();
        self.take_in(news);
        changed || behind
    }
}

impl<A, S, N, M> Decompose for MoveableTree<A, S, N, M>
where
    A: Ord + Clone,
    S: Ord + Clone,
    N: Ord + Clone,
    M: Ord + Clone,
{
    /// Each move; and what is pruned, which is one piece.
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        let pruned = self.floor.is_some().then(|| self.base());
        pruned.into_iter().chain(self.moves().cloned().map(Self::from))
    }

    /// O(n + m log m) for the m moves here, if what is pruned is the same, and what it takes to do the new ones.
    fn difference(&self, known: &Self) -> Self {
        let mut difference = if self.floor > known.floor { self.base() } else { Self::new() };
        let is_new = |step: &&Move<A, S, N, M>| {
            let at = known.log.partition_point(|logged| logged.step.arbitrate(step) == Ordering::Less);
            let same = known.log.get(at).filter(|other| other.step.arbitrate(step) == Ordering::Equal);
            Some(&step.stamp) > known.floor.as_ref() && same.is_none_or(|other| other.step < **step)
        };
        difference.take_in(self.moves().filter(is_new).cloned().collect());
        difference
    }
}
