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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Facts, Kept, SEEDS, any_trace, broken, kept, run};
    use crate::{Trace, What};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const IT: Property = Property::TotalOrder;

    /// The events are two deliveries of one life and two of another, of the same two messages in opposite orders.
    fn shows(violation: &Violation, trace: &Trace) -> bool {
        let facts = Facts::of(trace);
        let shown: Vec<_> = violation.events.iter().map(|event| facts.delivery(*event).unwrap()).collect();
        let [a, b, c, d] = shown[..] else { return false };
        a.life == b.life && c.life == d.life && a.life != c.life && a.id == d.id && b.id == c.id && a.event < b.event && c.event < d.event
    }

    #[test]
    fn two_deliveries_of_one_process_swapped() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Total);
            kept(IT, &trace, seed);
            let facts = Facts::of(&trace);
            let mut pairs = Vec::new();
            for (place, one) in facts.deliveries.iter().enumerate() {
                for two in facts.deliveries[place + 1..].iter().filter(|two| two.life == one.life) {
                    let elsewhere = |life| facts.first(life, one.id).is_some() && facts.first(life, two.id).is_some();
                    if facts.lives.iter().any(|life| *life != one.life && elsewhere(*life)) {
                        pairs.push((one.event, two.event));
                    }
                }
            }
            let Some((one, two)) = Draw(seed).one_of(&pairs) else { continue };
            let swap = |trace: &mut Trace| {
                let what = trace.events[one].what;
                trace.events[one].what = core::mem::replace(&mut trace.events[two].what, what);
            };
            swap(&mut trace);
            let violation = broken(IT, &trace, seed);
            assert!(shows(&violation, &trace), "seed {seed}");
            assert!(violation.events.contains(&one) || violation.events.contains(&two), "seed {seed}");
            swap(&mut trace);
            kept(IT, &trace, seed);
        }
    }

    /// A process that misses messages breaks no order: agreement judges that.
    #[test]
    fn deliveries_left_out() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Total);
            let mut draw = Draw(seed);
            trace.events.retain(|event| !matches!(event.what, What::Deliver(_)) || draw.below(3) > 0);
            kept(IT, &trace, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let first = |life, id| facts.first(life, id);
            let opposite = |p, q| facts.deliveries.iter().any(|m1| facts.deliveries.iter().any(|m2| {
                let [p1, p2, q1, q2] = [first(p, m1.id), first(p, m2.id), first(q, m1.id), first(q, m2.id)];
                p1.is_some() && q2.is_some() && p1 < p2 && q2 < q1
            }));
            let broken = facts.lives.iter().any(|p| facts.lives.iter().any(|q| opposite(*p, *q)));
            let found = IT.check(&trace);
            prop_assert_eq!(found.is_err(), broken);
            if let Err(violation) = found {
                prop_assert!(shows(&violation, &trace));
            }
        }
    }
}
