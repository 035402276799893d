//! Types whose updates write several dots each, as plain sets: what an update makes and ends follows from what is alive to its replica, and what is visible is what no visible
//! update has ended.

use std::collections::{BTreeMap, BTreeSet};

use crate::laws::dots::Dots;
use crate::laws::oracle::{Actor, History, Operations};

/// The name of an event.
pub type Dot = (Actor, u64);

/// What the operations of a history wrote, which of their dots each stands for an `L`.
#[derive(Debug)]
pub struct Written<L> {
    operations: Vec<Writing<L>>,
}

/// What one operation wrote.
#[derive(Debug)]
pub struct Writing<L> {
    /// The dots that it made, in their order.
    made: Vec<(Dot, L)>,
    ended: Dots,
}

/// The writing of one operation: its actor, what is alive to it, and what it has written so far.
pub struct Pen<'w, L> {
    pub alive: BTreeMap<Dot, &'w L>,
    actor: Actor,
    made: Vec<(Dot, L)>,
    ended: Dots,
    last: u64,
}

impl<L> Written<L> {
    /// Lets each operation write, in their order. An actor has seen what it wrote itself.
    pub fn by<U>(history: &History<U>, mut write: impl FnMut(&mut Pen<'_, L>, &U)) -> Self {
        let mut written = Self { operations: Vec::new() };
        for operation in history {
            let made = written.operations.iter().flat_map(|writing| &writing.made);
            let last = made.filter(|((actor, _), _)| *actor == operation.actor).map(|((_, counter), _)| *counter).max().unwrap_or(0);
            let alive = written.alive(operation.seen);
            let mut pen = Pen { alive, actor: operation.actor, made: Vec::new(), ended: Dots::new(), last };
            write(&mut pen, &operation.update);
            let Pen { made, ended, .. } = pen;
            written.operations.push(Writing { made, ended });
        }
        written
    }

    /// What stands for something to whoever has seen `visible`: what was made and not ended.
    pub fn alive(&self, visible: Operations) -> BTreeMap<Dot, &L> {
        let made = visible.iter().flat_map(|operation| &self.operations[operation].made);
        let ended: BTreeSet<&Dot> = visible.iter().flat_map(|operation| &self.operations[operation].ended).collect();
        made.filter(|(dot, _)| !ended.contains(dot)).map(|(dot, leaf)| (*dot, leaf)).collect()
    }

    /// The dots that whoever has seen `visible` knows: those that were made, and those that were ended. No others.
    pub fn known(&self, visible: Operations) -> Dots {
        let writings = visible.iter().map(|operation| &self.operations[operation]);
        writings.flat_map(|writing| writing.made.iter().map(|(dot, _)| *dot).chain(writing.ended.iter().copied())).collect()
    }
}

impl<L> Pen<'_, L> {
    /// The dot that is made next.
    pub const fn next(&self) -> Dot {
        (self.actor, self.last + 1)
    }

    pub fn make(&mut self, leaf: L) {
        let dot = self.next();
        self.made.push((dot, leaf));
        self.last += 1;
    }

    pub fn end_dot(&mut self, dot: Dot) {
        self.ended.insert(dot);
    }

    /// Ends what is alive here and of that kind.
    pub fn end(&mut self, is_meant: impl Fn(&L) -> bool) {
        self.ended.extend(self.alive.iter().filter(|(_, leaf)| is_meant(leaf)).map(|(dot, _)| *dot));
    }

    /// Whether something of that kind is alive here.
    pub fn has(&self, is_meant: impl Fn(&L) -> bool) -> bool {
        self.alive.values().any(|leaf| is_meant(leaf))
    }
}
