use alloc::format;
use alloc::vec;

use crate::index::Index;
use crate::{Property, Violation};

/// If a process delivers m with origin s, then s has broadcast m before (RB3). O(steps).
///
/// The order of a trace agrees with happened-before, so that *before* is earlier in the trace.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let created = |step: &&crate::index::Step| step.delivers && index.origins[step.message].is_none_or(|origin| origin.event > step.event);
    let first = index.lives.iter().filter_map(|life| life.steps.iter().find(created).map(|step| (step, life)));
    let Some((step, life)) = first.min_by_key(|(step, _)| step.event) else { return Ok(()) };
    let id = index.messages[step.message];
    let (events, explanation) = match index.origins[step.message] {
        Some(origin) => (vec![origin.event, step.event], format!("{life} delivers {id} before {} broadcasts it", id.origin)),
        None => (vec![step.event], format!("{life} delivers {id}, which {} never broadcasts", id.origin)),
    };
    Err(Violation { property: Property::NoCreation, events, explanation })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Fact, Facts, Kept, SEEDS, any_trace, broken, found_at_once, kept, run};
    use crate::{Event, MessageId, What};
    use proptest::prelude::*;
    use tidings_clocks::Rank;

    const IT: Property = Property::NoCreation;

    /// A good run, one of its messages and the first delivery of that.
    fn good(seed: u64) -> (crate::Trace, Fact, Fact) {
        let trace = run(seed, Kept::Causal);
        kept(IT, &trace, seed);
        let facts = Facts::of(&trace);
        let broadcast = Draw(seed).one_of(&facts.broadcasts).unwrap();
        let delivery = facts.deliveries.iter().copied().find(|delivery| delivery.id == broadcast.id).unwrap();
        (trace, broadcast, delivery)
    }

    #[test]
    fn a_message_that_nobody_broadcast() {
        for seed in SEEDS {
            let (mut trace, broadcast, delivery) = good(seed);
            let removed = trace.events.remove(broadcast.event);
            assert_eq!(broken(IT, &trace, seed).events, [delivery.event - 1], "seed {seed}");
            trace.events.insert(broadcast.event, removed);
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn a_delivery_before_the_broadcast() {
        for seed in SEEDS {
            let (mut trace, broadcast, delivery) = good(seed);
            let repaired = trace.clone();
            let moved = trace.events.remove(broadcast.event);
            trace.events.insert(delivery.event, moved);
            assert_eq!(broken(IT, &trace, seed).events, [delivery.event, delivery.event - 1], "seed {seed}");
            kept(IT, &repaired, seed);
        }
    }

    #[test]
    fn a_message_broadcast_by_another_than_its_origin() {
        for seed in SEEDS {
            let (mut trace, broadcast, delivery) = good(seed);
            let origin = trace.events[broadcast.event].process;
            let other = Rank((origin.0 + 1) % u32::try_from(trace.processes).unwrap());
            trace.events[broadcast.event].process = other;
            assert_eq!(broken(IT, &trace, seed).events, [delivery.event], "seed {seed}");
            trace.events[broadcast.event].process = origin;
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn a_number_that_was_never_used() {
        for seed in SEEDS {
            let (mut trace, _, delivery) = good(seed);
            let event = &mut trace.events[delivery.event];
            let good = core::mem::replace(event, Event { what: What::Deliver(MessageId { number: u64::MAX, ..delivery.id }), ..*event });
            assert_eq!(broken(IT, &trace, seed).events, [delivery.event], "seed {seed}");
            trace.events[delivery.event] = good;
            kept(IT, &trace, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let created = |delivery: &Fact| facts.origin(delivery.id).is_none_or(|origin| origin.event > delivery.event);
            let found = IT.check(&trace);
            prop_assert_eq!(found.is_err(), facts.deliveries.iter().any(created));
            if let Err(violation) = found {
                let delivery = facts.delivery(*violation.events.last().unwrap()).unwrap();
                prop_assert!(created(&delivery));
                prop_assert_eq!(violation.events.len() == 2, facts.origin(delivery.id).is_some());
                prop_assert!(facts.deliveries.iter().all(|earlier| earlier.event >= delivery.event || !created(earlier)));
            }
        }
    }

    #[test]
    fn it_is_found_at_once() {
        for seed in SEEDS {
            let (mut trace, broadcast, _) = good(seed);
            trace.events.remove(broadcast.event);
            assert!(found_at_once(&broken(IT, &trace, seed), &trace), "seed {seed}");
        }
    }
}
