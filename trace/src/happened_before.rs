use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;

use crate::{MessageId, Trace, What};

/// A trace whose clocks would take more memory than [`HappenedBefore::MAX_ENTRIES`] entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clocks of {events} events at {processes} processes take more than {limit} entries", limit = HappenedBefore::MAX_ENTRIES)]
pub struct TooLarge {
    /// How many events the trace has.
    pub events: usize,
    /// At how many processes.
    pub processes: usize,
}

/// Happened-before over a trace, asked in O(1) (Lamport 1978; vector clocks after Fidge 1988 and Mattern 1989).
///
/// An event happened before another if it is earlier at the same process, if it sends the packet or broadcasts the message that the other receives or
/// delivers, or through a chain of these. This is the world's own truth of what could have influenced what, whatever clocks the processes carry:
///
/// - all packets count, also those that carry acknowledgements, and those that a link held back. Causal order is about less than this;
///   [`Property::CausalDelivery`](crate::Property::CausalDelivery) judges it by broadcasts and deliveries alone.
/// - a process that restarts is the same process here, since what it had made durable it may still know.
/// - a receipt without an earlier sending, or a delivery without an earlier broadcast, follows nothing.
///
/// Memory: 12 bytes an event, and 4 bytes × processes for each event that learns something from another process.
#[derive(Clone, Debug)]
pub struct HappenedBefore {
    /// The processes that did anything, in rank order: the columns of a row.
    processes: Vec<Rank>,
    stamps: Vec<Stamp>,
    /// What was known of each process, a row after the other. Event k of a process is known if its entry is at least k; the first is 1.
    rows: Vec<u32>,
    /// The events of each column.
    events: Vec<Vec<u32>>,
}

/// The clock of an event: a row, but for the entry of the event's own process, which is `position`.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    column: u32,
    position: u32,
    row: u32,
}

impl HappenedBefore {
    /// The most clock entries that are kept: 2²⁸, or 1 GiB.
    pub const MAX_ENTRIES: usize = 1 << 28;

    /// Stamps every event. O(e log e + r × n) for e events of n processes, r of which learn something from another process.
    ///
    /// # Errors
    /// [`TooLarge`] if more than [`MAX_ENTRIES`](Self::MAX_ENTRIES) entries would be needed.
    pub fn of(trace: &Trace) -> Result<Self, TooLarge> {
        let mut processes: Vec<Rank> = trace.events.iter().map(|event| event.process).collect();
        processes.sort_unstable();
        processes.dedup();
        let width = processes.len();
        let too_large = TooLarge { events: trace.events.len(), processes: width };
        if trace.events.len() > Self::MAX_ENTRIES {
            return Err(too_large);
        }
        let mut passes = Passes::default();
        let mut latest = vec![0_u32; width];
        let mut all =
            Self { stamps: Vec::with_capacity(trace.events.len()), rows: vec![0; width], events: vec![Vec::new(); width], processes };
        for (event, happened) in trace.events.iter().enumerate() {
            let column = all.column(happened.process).expect("every process of an event is a column");
            if let Some(sent) = passes.follow(event, happened.what)
                && all.is_news(latest[column], column, sent)
            {
                if all.rows.len() + width > Self::MAX_ENTRIES {
                    return Err(too_large);
                }
                latest[column] = all.learn(latest[column], sent);
            }
            all.events[column].push(small(event));
            all.stamps.push(Stamp { column: small(column), position: small(all.events[column].len()), row: latest[column] });
        }
        Ok(all)
    }

    /// Whether event `a` happened before event `b`; positions in [`Trace::events`]. O(1). No event happened before itself.
    ///
    /// # Panics
    /// If the trace has no such event.
    #[must_use]
    pub fn before(&self, a: usize, b: usize) -> bool {
        let (column, position) = self.place(a);
        a != b && self.known(b, column) >= position
    }

    /// Whether neither happened before the other, and they are not the same. O(1).
    ///
    /// # Panics
    /// If the trace has no such event.
    #[must_use]
    pub fn concurrent(&self, a: usize, b: usize) -> bool {
        a != b && !self.before(a, b) && !self.before(b, a)
    }

    /// The vector clock of an event: of each process it knows anything of, in rank order, how many of its events happened before it, itself included. O(n).
    ///
    /// # Panics
    /// If the trace has no such event.
    pub fn stamp(&self, event: usize) -> impl Iterator<Item = (Rank, usize)> + '_ {
        let known = self.processes.iter().enumerate().map(move |(column, rank)| (*rank, self.known(event, column) as usize));
        known.filter(|(_, known)| *known > 0)
    }

    /// The processes that did anything, in rank order.
    #[must_use]
    pub fn processes(&self) -> &[Rank] {
        &self.processes
    }

    /// How many events there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.stamps.len()
    }

    /// Whether nothing happened.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.stamps.is_empty()
    }

    /// The column of a process.
    pub(crate) fn column(&self, rank: Rank) -> Option<usize> {
        self.processes.binary_search(&rank).ok()
    }

    /// The events of a column, in order.
    pub(crate) fn events_of(&self, column: usize) -> &[u32] {
        &self.events[column]
    }

    /// The column of an event, and which of its events it is, from 1.
    pub(crate) fn place(&self, event: usize) -> (usize, u32) {
        let stamp = self.stamps[event];
        (stamp.column as usize, stamp.position)
    }

    /// How many events of a column happened before an event, itself included.
    pub(crate) fn known(&self, event: usize, column: usize) -> u32 {
        let stamp = self.stamps[event];
        if column == stamp.column as usize { stamp.position } else { self.rows[self.cell(stamp.row, column)] }
    }

    const fn cell(&self, row: u32, column: usize) -> usize {
        row as usize * self.processes.len() + column
    }

    /// Whether a process of this column whose row is `row` does not know of `sent` yet. Who knows of an event knows all that happened before it.
    fn is_news(&self, row: u32, column: usize, sent: usize) -> bool {
        let sent = self.stamps[sent];
        sent.column as usize != column && self.rows[self.cell(row, sent.column as usize)] < sent.position
    }

    /// A new row: what `row` and the event `sent` know.
    fn learn(&mut self, row: u32, sent: usize) -> u32 {
        let sent = self.stamps[sent];
        let new = small(self.rows.len() / self.processes.len());
        for column in 0..self.processes.len() {
            let known = self.rows[self.cell(row, column)].max(self.rows[self.cell(sent.row, column)]);
            self.rows.push(known);
        }
        let own = self.cell(new, sent.column as usize);
        self.rows[own] = sent.position;
        new
    }
}

/// What passes from one event to another: which event sent each packet and broadcast each message, so far.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    sent: BTreeMap<u64, usize>,
    broadcast: BTreeMap<MessageId, usize>,
}

impl Passes {
    /// Takes note of an event, and says which earlier one it follows.
    pub(crate) fn follow(&mut self, event: usize, what: What) -> Option<usize> {
        match what {
            What::Send { packet, .. } => {
                self.sent.entry(packet).or_insert(event);
                None
            }
            What::Broadcast(id) => {
                self.broadcast.entry(id).or_insert(event);
                None
            }
            What::Receive { packet, .. } => self.sent.get(&packet).copied(),
            What::Deliver(id) => self.broadcast.get(&id).copied(),
            What::Crash | What::Restart | What::Exclude(_) | What::Internal(_) | What::Stable(_) | What::Install(_) => None,
        }
    }
}

/// A count of events, which [`HappenedBefore::of`] has found to be small.
fn small(count: usize) -> u32 {
    u32::try_from(count).expect("there are at most 2^28 events")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::any_passes;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use tidings_clocks::Time;

    fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..count).flat_map(move |a| (0..count).map(move |b| (a, b)))
    }

    /// All pairs by reachability: `reaches[a][b]` if there is a path from a to b.
    fn reachability(trace: &Trace) -> Vec<Vec<bool>> {
        let count = trace.events.len();
        let mut reaches = vec![vec![false; count]; count];
        for (a, b) in pairs(count) {
            if a < b {
                let (first, second) = (trace.events[a], trace.events[b]);
                let passes = match (first.what, second.what) {
                    (What::Send { packet, .. }, What::Receive { packet: taken, .. }) => {
                        packet == taken
                            && !trace.events[..a].iter().any(|event| matches!(event.what, What::Send { packet: p, .. } if p == packet))
                    }
                    (What::Broadcast(id), What::Deliver(taken)) => {
                        id == taken && !trace.events[..a].iter().any(|event| event.what == What::Broadcast(id))
                    }
                    _ => false,
                };
                reaches[a][b] = passes || first.process == second.process;
            }
        }
        for middle in 0..count {
            for (a, b) in pairs(count) {
                reaches[a][b] |= reaches[a][middle] && reaches[middle][b];
            }
        }
        reaches
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn as_reachability_says(trace in any_passes()) {
            let reaches = reachability(&trace);
            let order = HappenedBefore::of(&trace).unwrap();
            for (a, b) in pairs(trace.events.len()) {
                prop_assert_eq!(order.before(a, b), reaches[a][b], "{} and {}", a, b);
                prop_assert_eq!(order.concurrent(a, b), a != b && !reaches[a][b] && !reaches[b][a]);
            }
            for (a, _) in trace.events.iter().enumerate() {
                let stamp: Vec<(Rank, usize)> = order.stamp(a).collect();
                for &rank in order.processes() {
                    let known = (0..=a).filter(|&b| trace.events[b].process == rank && (b == a || reaches[b][a])).count();
                    prop_assert_eq!(stamp.iter().find(|(of, _)| *of == rank).map_or(0, |(_, entry)| *entry), known);
                }
            }
        }
    }

    #[test]
    fn ranks_need_not_be_dense() {
        let mut trace = Trace::new(2);
        trace.push(Time::ZERO, Rank(u32::MAX), What::Send { packet: 0, to: Rank(7) });
        trace.push(Time::ZERO, Rank(7), What::Receive { packet: 0, from: Rank(u32::MAX) });
        let order = HappenedBefore::of(&trace).unwrap();
        assert!(order.before(0, 1) && !order.before(1, 0));
        assert_eq!(order.stamp(1).collect::<Vec<_>>(), [(Rank(7), 1), (Rank(u32::MAX), 1)]);
    }

    #[test]
    fn an_empty_trace_has_no_order() {
        assert!(HappenedBefore::of(&Trace::new(3)).unwrap().is_empty());
    }

    /// A trace of very many processes must not make memory grow past the limit.
    #[test]
    fn clocks_past_the_limit_are_refused() {
        let mut trace = Trace::new(0);
        for process in 0..40_000_u32 {
            trace.push(Time::ZERO, Rank(process), What::Send { packet: u64::from(process), to: Rank(process + 1) });
            trace.push(Time::ZERO, Rank(process + 1), What::Receive { packet: u64::from(process), from: Rank(process) });
        }
        assert_eq!(HappenedBefore::of(&trace).unwrap_err(), TooLarge { events: 80_000, processes: 40_001 });
    }
}
