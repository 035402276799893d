use alloc::vec::Vec;
use core::hash::Hash;

use tidings_clocks::{CausalContext, Dot};

use super::{DotTable, Row};
use crate::keyed::runs;
use crate::{Change, Divide, DotStore};

impl<A: Ord + Clone, T: Ord + Clone + Hash> DotTable<A, T> {
    /// The rows here whose end the other side has seen, and the rows there that were not known here.
    fn news<'t>(&self, known: &CausalContext<A>, theirs: &'t Self, known_there: &CausalContext<A>) -> (Vec<usize>, Vec<&'t Row<A, T>>) {
        let (mut ended, mut begun) = (Vec::new(), Vec::new());
        let is_gapless = known.exceptions().len() == 0;
        for (actor, first, last) in runs(known_there) {
            let seen = known.vector().entry(actor);
            let mut begins = |row: &'t Row<A, T>| {
                if row.dot.counter > seen && (is_gapless || !known.contains(&row.dot)) {
                    begun.push(row);
                }
            };
            let mut there = theirs.within(actor, first, last).map(|(_, row)| row);
            let mut next = there.next();
            for (row, Row { dot, element }) in self.within(actor, first, last) {
                while let Some(other) = next.filter(|other| other.dot.counter < dot.counter) {
                    begins(other);
                    next = there.next();
                }
                match next.filter(|other| other.dot.counter == dot.counter) {
                    Some(other) => {
                        // Of two elements under one dot, which no correct actor makes, neither stays.
                        if other.element != *element {
                            ended.push(row);
                        }
                        next = there.next();
                    }
                    None => ended.push(row),
                }
            }
            next.into_iter().chain(there).for_each(begins);
        }
        (ended, begun)
    }
}

impl<A: Ord + Clone, T: Ord + Clone + Hash> DotStore<A> for DotTable<A, T> {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.in_order().for_each(|row| visit(&row.dot));
    }

    /// O(r log n + d) for r runs of dots that the other side knows, and d dots of these that are alive on either side; and O(1) expected for each that begins or ends, O(log n) if somebody
    /// chose its element for its hash.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let (ended, begun) = self.news(known, theirs, known_there);
        let changed = !ended.is_empty() || !begun.is_empty();
        ended.iter().for_each(|row| changes(Change::Removed(&self.rows[*row].dot)));
        if !ended.is_empty() {
            self.remove_rows(ended);
        }
        if begun.len() > self.rows.len() / 8 {
            self.reserve(begun.len());
        }
        for Row { dot, element } in begun {
            changes(Change::Added(dot));
            self.put(dot.clone(), element.clone());
        }
        changed
    }

    /// A dot of another element there. O(n log m).
    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        let differs = |row: &&Row<A, T>| theirs.element(&row.dot).is_some_and(|other| *other != row.element);
        self.in_order().find(differs).map(|row| row.dot.clone())
    }
}

impl<A: Ord + Clone, T: Ord + Clone + Hash> Divide<A> for DotTable<A, T> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        self.in_order().for_each(|row| visit(&row.dot, Self::of(row.element.clone(), row.dot.clone())));
    }

    /// A dot that stands for another element there is not known there as what it is here.
    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        let mut beyond = Self::new();
        for row in self.in_order() {
            if !known_there.contains(&row.dot) || theirs.element(&row.dot).is_some_and(|other| *other != row.element) {
                beyond.put(row.dot.clone(), row.element.clone());
            }
        }
        beyond
    }
}
