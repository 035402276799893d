use alloc::collections::BinaryHeap;
use core::cmp::Ordering;

use tidings_clocks::{Rank, Time};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A process begins a life.
    Start(Rank),
    /// The copy in this slot of the network arrives.
    Arrival(u32),
    /// A copy that waited for the application may be tried again.
    Feed(Rank),
    /// A deadline, unless the process has set another one since.
    Wake { rank: Rank, generation: u32 },
    /// A process is told of a crash.
    Exclude { at: Rank, crashed: Rank },
    /// A process will crash in its next input that has an effect.
    Doom(Rank),
    /// A disk has synced, if it is the same life still.
    Synced { rank: Rank, life: u32 },
    /// A process comes back, if it is the same crash still.
    Return { rank: Rank, life: u32 },
    /// A process stands still.
    Pause,
    /// Somebody's time of day changes.
    ClockChange,
    /// A partition begins.
    Partition,
    /// It flaps: it is gone if it was there, and there if it was gone.
    Flap,
    /// It ends.
    Heal,
    /// The chaos phase ends.
    Calm,
}

impl Due {
    /// Whether this alone keeps a run from being over. A wake may be out of date: the world counts those that are not.
    const fn matters(self) -> bool {
        !matches!(self, Self::Wake { .. } | Self::Pause | Self::ClockChange | Self::Partition | Self::Flap | Self::Heal | Self::Calm)
    }
}

/// One thing that is due, and when. What is due at the same time happens in the order in which it was put down.
#[derive(Clone, Copy, Debug)]
struct Entry {
    time: Time,
    sequence: u64,
    due: Due,
}

impl Ord for Entry {
    /// The earliest is the greatest, for a heap that gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.sequence).cmp(&(self.time, self.sequence))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

/// All that is still to come, by time and then by the order in which it was put down: a total order, so that a run has one course only.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Entry>,
    sequence: u64,
    mattering: usize,
}

impl Agenda {
    /// Puts something down. O(log of what is due).
    pub(crate) fn push(&mut self, time: Time, due: Due) {
        self.sequence += 1;
        self.mattering += usize::from(due.matters());
        self.heap.push(Entry { time, sequence: self.sequence, due });
    }

    /// Takes the first thing if it is due by `limit`.
    pub(crate) fn pop(&mut self, limit: Time) -> Option<(Time, Due)> {
        if self.heap.peek()?.time > limit {
            return None;
        }
        let entry = self.heap.pop()?;
        self.mattering -= usize::from(entry.due.matters());
        Some((entry.time, entry.due))
    }

    /// How many things are due that can make a process do something, wakes apart.
    pub(crate) const fn mattering(&self) -> usize {
        self.mattering
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_and_ties_in_the_order_they_were_put_down() {
        let mut agenda = Agenda::default();
        for (millis, rank) in [(5, 0), (1, 1), (5, 2), (1, 3), (0, 4)] {
            agenda.push(Time::from_millis(millis), Due::Feed(Rank(rank)));
        }
        let mut order = alloc::vec::Vec::new();
        while let Some((_, Due::Feed(rank))) = agenda.pop(Time::MAX) {
            order.push(rank.0);
        }
        assert_eq!(order, [4, 1, 3, 0, 2]);
        assert_eq!(agenda.mattering(), 0);
    }

    /// The naive twin: a list, searched for the earliest that was put down first.
    #[test]
    fn it_agrees_with_a_list() {
        use crate::{Chooser, Seeded, Site};
        for seed in crate::seeds(200) {
            let mut chooser = Seeded::new(seed);
            let mut agenda = Agenda::default();
            let mut list: alloc::vec::Vec<(Time, Due)> = alloc::vec::Vec::new();
            for slot in 0..300 {
                if chooser.choose(Site::Delay, 3) > 0 {
                    let entry = (Time::from_nanos(u64::from(chooser.choose(Site::Delay, 20))), Due::Arrival(slot));
                    agenda.push(entry.0, entry.1);
                    list.push(entry);
                } else {
                    let limit = Time::from_nanos(u64::from(chooser.choose(Site::Delay, 25)));
                    let first = list.iter().enumerate().min_by_key(|(place, (time, _))| (*time, *place)).map(|(place, _)| place);
                    let expected = first.filter(|place| list[*place].0 <= limit).map(|place| list.remove(place));
                    assert_eq!(agenda.pop(limit), expected, "seed {seed}");
                }
                assert_eq!(agenda.mattering(), list.len());
            }
        }
    }

    #[test]
    fn what_only_changes_the_weather_keeps_nobody_busy() {
        let mut agenda = Agenda::default();
        agenda.push(Time::ZERO, Due::Calm);
        agenda.push(Time::ZERO, Due::Partition);
        assert_eq!(agenda.mattering(), 0);
        agenda.push(Time::from_millis(2), Due::Start(Rank(0)));
        assert_eq!(agenda.mattering(), 1);
        assert_eq!(agenda.pop(Time::from_millis(1)), Some((Time::ZERO, Due::Calm)));
        assert_eq!(agenda.pop(Time::from_millis(1)), Some((Time::ZERO, Due::Partition)));
        assert_eq!(agenda.pop(Time::from_millis(1)), None);
    }
}
