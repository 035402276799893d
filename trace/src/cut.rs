use alloc::vec::Vec;

use tidings_clocks::Rank;

use crate::HappenedBefore;

/// A cut through a trace: of each process, its first so many events.
///
/// It is [consistent](HappenedBefore::is_consistent) if with every event it has all that happened before it, so that it can have been the state of
/// the whole system at one moment (Chandy and Lamport, *Distributed snapshots*, 1985; Mattern 1989). Consistent cuts are a lattice: joining and meeting two
/// of them gives consistent cuts.
///
/// A cut belongs to the [`HappenedBefore`] that made it; with another one of other processes it means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cut {
    /// How many events of each process, as the order has its processes.
    counts: Vec<u32>,
}

/// Why counts are no cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotACut {
    /// A process that did nothing has no events to count.
    #[error("{process} has no events")]
    NoSuchProcess {
        /// That process.
        process: Rank,
    },
    /// A process has fewer events.
    #[error("{process} has {events} events, not {count}")]
    TooMany {
        /// That process.
        process: Rank,
        /// How many events it has.
        events: usize,
        /// How many were asked for.
        count: usize,
    },
}

impl Cut {
    /// Takes in the events of `other`. Says whether that changed anything. O(n).
    pub fn join(&mut self, other: &Self) -> bool {
        self.merge(other, u32::max)
    }

    /// Leaves out the events that `other` does not have. Says whether that changed anything. O(n).
    pub fn meet(&mut self, other: &Self) -> bool {
        self.merge(other, u32::min)
    }

    /// How many events it has. O(n).
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.iter().map(|count| *count as usize).sum()
    }

    /// Whether it has no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    fn merge(&mut self, other: &Self, choose: impl Fn(u32, u32) -> u32) -> bool {
        let mut changed = false;
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            let chosen = choose(*mine, *theirs);
            changed |= chosen != *mine;
            *mine = chosen;
        }
        changed
    }
}

impl HappenedBefore {
    /// The cut with the first so many events of each of these processes, and none of the others. Consistent or not. O(n log n).
    ///
    /// # Errors
    /// [`NotACut`] if a process has not so many events.
    pub fn cut(&self, counts: impl IntoIterator<Item = (Rank, usize)>) -> Result<Cut, NotACut> {
        let mut cut = Cut { counts: alloc::vec![0; self.processes().len()] };
        for (process, count) in counts {
            let Some(column) = self.column(process) else { return Err(NotACut::NoSuchProcess { process }) };
            let events = self.events_of(column).len();
            if count > events {
                return Err(NotACut::TooMany { process, events, count });
            }
            cut.counts[column] = u32::try_from(count).unwrap_or(u32::MAX);
        }
        Ok(cut)
    }

    /// The causal past of an event: the event and all that happened before it. The smallest consistent cut that has it. O(n).
    ///
    /// # Panics
    /// If the trace has no such event.
    #[must_use]
    pub fn past(&self, event: usize) -> Cut {
        Cut { counts: (0..self.processes().len()).map(|column| self.known(event, column)).collect() }
    }

    /// All but the causal future of an event: what is neither the event nor after it. The largest consistent cut that does not have it. O(n log e).
    ///
    /// Its complement is the future; the [first events beyond it](Self::beyond) are the future's frontier.
    ///
    /// # Panics
    /// If the trace has no such event.
    #[must_use]
    pub fn without_future(&self, event: usize) -> Cut {
        // What a process knows only grows, so that its events that follow are the last ones.
        let follows = |other: &u32| *other as usize == event || self.before(event, *other as usize);
        let before = |column| self.events_of(column).partition_point(|other| !follows(other));
        Cut { counts: (0..self.processes().len()).map(|column| u32::try_from(before(column)).unwrap_or(u32::MAX)).collect() }
    }

    /// The smallest consistent cut that has all events of this one. O(n²).
    ///
    /// # Panics
    /// If the cut is of another order and has more events of a process than there are.
    #[must_use]
    pub fn closure(&self, cut: &Cut) -> Cut {
        let mut closure = cut.clone();
        for event in self.frontier(cut) {
            closure.join(&self.past(event));
        }
        closure
    }

    /// Whether a cut has with every event all that happened before it. O(n²).
    ///
    /// # Panics
    /// If the cut is of another order and has more events of a process than there are.
    #[must_use]
    pub fn is_consistent(&self, cut: &Cut) -> bool {
        self.frontier(cut).all(|event| cut.counts.iter().enumerate().all(|(column, count)| self.known(event, column) <= *count))
    }

    /// Whether a cut has an event. O(1).
    ///
    /// # Panics
    /// If the trace has no such event.
    #[must_use]
    pub fn contains(&self, cut: &Cut, event: usize) -> bool {
        let (column, position) = self.place(event);
        cut.counts.get(column).is_some_and(|count| position <= *count)
    }

    /// The last events of a cut, one of each process that has any in it: what it consists of is these and what is before them at their processes.
    ///
    /// # Panics
    /// If the cut is of another order and has more events of a process than there are.
    pub fn frontier<'a>(&'a self, cut: &'a Cut) -> impl Iterator<Item = usize> + 'a {
        let last = |(column, count): (usize, &u32)| (*count as usize).checked_sub(1).map(|last| self.events_of(column)[last] as usize);
        cut.counts.iter().enumerate().filter_map(last)
    }

    /// The first events outside of a cut, one of each process that has any.
    pub fn beyond<'a>(&'a self, cut: &'a Cut) -> impl Iterator<Item = usize> + 'a {
        let first = |(column, count): (usize, &u32)| self.events_of(column).get(*count as usize).map(|event| *event as usize);
        cut.counts.iter().enumerate().filter_map(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::any_passes;
    use crate::{Trace, What};
    use proptest::prelude::*;
    use tidings_clocks::Time;

    /// The events of a cut.
    fn events(order: &HappenedBefore, cut: &Cut) -> Vec<usize> {
        (0..order.len()).filter(|event| order.contains(cut, *event)).collect()
    }

    /// The definition, pair by pair.
    fn consistent(order: &HappenedBefore, cut: &Cut) -> bool {
        let inside = events(order, cut);
        inside.iter().all(|b| (0..order.len()).all(|a| !order.before(a, *b) || inside.contains(&a)))
    }

    /// Any cut, by a share of each process's events.
    fn any_cut(order: &HappenedBefore, shares: &[usize]) -> Cut {
        let count = |rank: &Rank| (0..order.len()).filter(|event| order.processes()[order.place(*event).0] == *rank).count();
        order.cut(order.processes().iter().zip(shares).map(|(rank, share)| (*rank, share % (count(rank) + 1)))).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn cuts_are_as_defined(trace in any_passes(), shares in prop::array::uniform4(0..100_usize), others in prop::array::uniform4(0..100_usize)) {
            let order = HappenedBefore::of(&trace).unwrap();
            let cut = any_cut(&order, &shares);
            prop_assert_eq!(cut.len(), events(&order, &cut).len());
            prop_assert_eq!(cut.is_empty(), events(&order, &cut).is_empty());
            prop_assert_eq!(order.is_consistent(&cut), consistent(&order, &cut));
            // The closure is consistent, and whatever of it is not in the cut is needed.
            let closure = order.closure(&cut);
            prop_assert!(consistent(&order, &closure));
            let inside = events(&order, &cut);
            for event in events(&order, &closure) {
                prop_assert!(inside.iter().any(|of| *of == event || order.before(event, *of)));
            }
            for event in order.frontier(&cut) {
                prop_assert!(inside.contains(&event) && order.beyond(&cut).all(|beyond| order.place(beyond).0 != order.place(event).0 || beyond > event));
            }
            // Consistent cuts are a lattice.
            let other = order.closure(&any_cut(&order, &others));
            let (mut join, mut meet) = (closure.clone(), closure.clone());
            prop_assert_eq!(join.join(&other), join != closure);
            prop_assert_eq!(meet.meet(&other), meet != closure);
            prop_assert!(consistent(&order, &join) && consistent(&order, &meet));
            for event in 0..order.len() {
                let (in_one, in_other) = (order.contains(&closure, event), order.contains(&other, event));
                prop_assert_eq!(order.contains(&join, event), in_one || in_other);
                prop_assert_eq!(order.contains(&meet, event), in_one && in_other);
            }
        }

        #[test]
        fn past_and_future(trace in any_passes()) {
            let order = HappenedBefore::of(&trace).unwrap();
            for event in 0..order.len() {
                let (past, rest) = (order.past(event), order.without_future(event));
                prop_assert!(order.is_consistent(&past) && order.is_consistent(&rest));
                for other in 0..order.len() {
                    prop_assert_eq!(order.contains(&past, other), other == event || order.before(other, event));
                    prop_assert_eq!(order.contains(&rest, other), other != event && !order.before(event, other));
                }
            }
        }
    }

    #[test]
    fn counts_that_are_no_cut() {
        let mut trace = Trace::new(3);
        trace.push(Time::ZERO, Rank(1), What::Internal(0));
        let order = HappenedBefore::of(&trace).unwrap();
        assert_eq!(order.cut([(Rank(0), 1)]), Err(NotACut::NoSuchProcess { process: Rank(0) }));
        assert_eq!(order.cut([(Rank(1), 2)]), Err(NotACut::TooMany { process: Rank(1), events: 1, count: 2 }));
        assert_eq!(order.cut([(Rank(1), 1)]).unwrap().len(), 1);
    }
}
