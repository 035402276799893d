use alloc::format;
use alloc::vec;

use crate::index::{Index, Seen, Step};
use crate::{Property, Violation};

/// No two processes deliver two messages in opposite orders (TOB5). O(steps × lives) time, O(steps) memory.
///
/// Module 6.1 asks it of correct processes, 6.2 of all. Here it is asked of all, because a process cannot know that it will crash. Processes may
/// deliver different messages: only what both of two processes deliver is compared. (So three processes may still go round in a circle, each two of
/// them having a single message in common.)
///
/// Of two sequences it is enough to compare neighbours among the common messages: if all neighbours are in order, all are.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    judge(index, Property::TotalOrder)
}

/// The same, reported as a part of another property.
pub(crate) fn judge(index: &Index, property: Property) -> Result<(), Violation> {
    let sequences = index.sequences();
    let mut seen = Seen::new(index);
    let mut earliest: Option<Opposite> = None;
    for (one, sequence) in sequences.iter().enumerate() {
        seen.next_life();
        for step in sequence {
            seen.mark(*step);
        }
        for (other, opposing) in sequences.iter().enumerate().skip(one + 1) {
            let mut common = opposing.iter().filter_map(|step| seen.at(step.message).map(|at| (at, *step)));
            let Some(mut last) = common.next() else { continue };
            for next in common {
                if next.0 < last.0 {
                    let found = Opposite { one, other, events: [next.0, last.0, last.1.event, next.1.event], steps: [last.1, next.1] };
                    if earliest.as_ref().is_none_or(|earliest| found.complete() < earliest.complete()) {
                        earliest = Some(found);
                    }
                    break;
                }
                last = next;
            }
        }
    }
    let Some(found) = earliest else { return Ok(()) };
    let [first, second] = found.steps.map(|step| index.messages[step.message]);
    let (one, other) = (&index.lives[found.one], &index.lives[found.other]);
    Err(Violation {
        property,
        events: vec![found.events[0], found.events[1], found.events[2], found.events[3]],
        explanation: format!("{one} delivers {second} before {first}, {other} delivers {first} before {second}"),
    })
}

/// Two messages that two lives deliver in opposite orders.
struct Opposite {
    one: usize,
    other: usize,
    events: [usize; 4],
    steps: [Step; 2],
}

impl Opposite {
    /// The event at which it is there to be seen.
    fn complete(&self) -> usize {
        self.events[1].max(self.events[3])
    }
}
