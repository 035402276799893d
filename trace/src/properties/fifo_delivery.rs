use alloc::format;
use alloc::vec;

use crate::index::{Index, Seen};
use crate::{Property, Violation};

/// If a process broadcasts m1 before m2, no process delivers m2 unless it has delivered m1 (FRB5). O(steps).
///
/// It is enough to ask for the broadcast just before: the one before that is then asked for when that one is delivered.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    judge(index, Property::FifoDelivery)
}

/// The same, reported as a part of another property.
pub(crate) fn judge(index: &Index, property: Property) -> Result<(), Violation> {
    let mut before = vec![None; index.messages.len()];
    for life in &index.lives {
        let mut last = None;
        for step in life.steps.iter().filter(|step| !step.delivers) {
            before[step.message] = last.replace(*step);
        }
    }
    let mut seen = Seen::new(index);
    let mut earliest = None;
    for life in &index.lives {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            if let Some(cause) = before[step.message]
                && seen.at(cause.message).is_none()
                && seen.at(step.message).is_none()
            {
                if earliest.is_none_or(|(_, effect, _): (_, crate::index::Step, _)| step.event < effect.event) {
                    earliest = Some((cause, *step, life));
                }
                break;
            }
            seen.mark(*step);
        }
    }
    let Some((cause, effect, life)) = earliest else { return Ok(()) };
    let [first, second] = [cause.message, effect.message].map(|message| index.messages[message]);
    let origin = index.origins[effect.message].map(|origin| origin.event);
    Err(Violation {
        property,
        events: [Some(cause.event), origin, Some(effect.event)].into_iter().flatten().collect(),
        explanation: format!("{life} delivers {second} without having delivered {first}, which {} broadcasts first", second.origin),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trace;
    use crate::runs::{Draw, Fact, Facts, Kept, SEEDS, any_trace, broken, found_at_once, kept, run};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const IT: Property = Property::FifoDelivery;

    /// A good run, and two broadcasts of one life, one just after the other, with their deliveries in one life.
    fn good(seed: u64, order: Kept) -> Option<(Trace, [Fact; 2], [usize; 2])> {
        let trace = run(seed, order);
        kept(IT, &trace, seed);
        let facts = Facts::of(&trace);
        let mut pairs: Vec<([Fact; 2], [usize; 2])> = Vec::new();
        for (place, second) in facts.broadcasts.iter().enumerate() {
            let Some(first) = facts.broadcasts[..place].iter().rfind(|first| first.life == second.life) else { continue };
            for life in &facts.lives {
                if let (Some(one), Some(two)) = (facts.first(*life, first.id), facts.first(*life, second.id)) {
                    pairs.push(([*first, *second], [one, two]));
                }
            }
        }
        let (broadcasts, deliveries) = Draw(seed).one_of(&pairs)?;
        Some((trace, broadcasts, deliveries))
    }

    #[test]
    fn two_messages_of_one_process_swapped() {
        for seed in SEEDS {
            let Some((mut trace, [first, second], [one, two])) = good(seed, Kept::Fifo) else { continue };
            let swap = |trace: &mut Trace| {
                let what = trace.events[one].what;
                trace.events[one].what = core::mem::replace(&mut trace.events[two].what, what);
            };
            swap(&mut trace);
            assert_eq!(broken(IT, &trace, seed).events, [first.event, second.event, one], "seed {seed}");
            swap(&mut trace);
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn a_message_left_out() {
        for seed in SEEDS {
            let Some((mut trace, [first, second], [one, two])) = good(seed, Kept::Causal) else { continue };
            let removed = trace.events.remove(one);
            let shift = |event: usize| event - usize::from(event > one);
            assert_eq!(broken(IT, &trace, seed).events, [first.event, second.event, two].map(shift), "seed {seed}");
            trace.events.insert(one, removed);
            kept(IT, &trace, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let unheard = |cause: &Fact, delivery: &Fact| facts.first(delivery.life, cause.id).is_none_or(|first| first > delivery.event);
            let broken = facts.deliveries.iter().any(|delivery| {
                let second = facts.origin(delivery.id);
                second.is_some_and(|second| {
                    facts.broadcasts.iter().any(|first| first.life == second.life && first.event < second.event && unheard(first, delivery))
                })
            });
            let found = IT.check(&trace);
            prop_assert_eq!(found.is_err(), broken);
            if let Err(violation) = found {
                let [first, second] = [0, 1].map(|place| facts.broadcast(violation.events[place]).unwrap());
                let delivery = facts.delivery(violation.events[2]).unwrap();
                prop_assert!(first.life == second.life && first.event < second.event);
                prop_assert!(delivery.id == second.id && unheard(&first, &delivery));
            }
        }
    }

    #[test]
    fn it_is_found_at_once() {
        for seed in SEEDS {
            let trace = run(seed, Kept::Nothing);
            if let Err(violation) = IT.check(&trace) {
                assert!(found_at_once(&violation, &trace), "seed {seed}");
            }
        }
    }
}
