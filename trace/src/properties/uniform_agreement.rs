use alloc::format;

use crate::index::Index;
use crate::{Property, Violation};

/// If any process delivers m, whether it crashes or not, every correct process delivers m at last (URB4). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let audiences = index.audiences();
    let partly = audiences.iter().enumerate().filter(|(_, audience)| !index.is_everybody(audience));
    let earliest = partly.filter_map(|(message, audience)| audience.first.map(|event| (event, message))).min();
    let Some((event, message)) = earliest else { return Ok(()) };
    let Some(missing) = index.missing(message) else { return Ok(()) };
    let id = index.messages[message];
    Err(Violation {
        property: Property::UniformAgreement,
        events: index.origins[message].map(|origin| origin.event).into_iter().chain([event]).collect(),
        explanation: format!("some process delivers {id}, but {missing}, which is correct, never does"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::What;
    use crate::runs::{Fact, Facts, Kept, SEEDS, any_trace, broken, kept, run};
    use alloc::vec;
    use proptest::prelude::*;

    const IT: Property = Property::UniformAgreement;

    /// The way that a reliable broadcast that is not uniform breaks it: who delivered, crashed.
    #[test]
    fn a_message_that_only_a_crashed_process_delivers() {
        let mut shown = 0;
        for seed in SEEDS {
            let good = run(seed, Kept::Causal);
            kept(IT, &good, seed);
            let facts = Facts::of(&good);
            let lost = facts.deliveries.iter().find(|fact| !facts.correct.contains(&fact.life.0));
            let (Some(delivery), false) = (lost, facts.correct.is_empty()) else { continue };
            let mut trace = good.clone();
            trace.events.retain(|event| event.what != What::Deliver(delivery.id) || !facts.correct.contains(&event.process));
            let facts = Facts::of(&trace);
            let first = facts.deliveries.iter().find(|fact| fact.id == delivery.id).unwrap();
            assert_eq!(broken(IT, &trace, seed).events, [facts.origin(delivery.id).unwrap().event, first.event], "seed {seed}");
            shown += 1;
        }
        assert!(shown > 100, "{shown} seeds");
    }

    #[test]
    fn a_message_that_one_correct_process_misses() {
        for seed in SEEDS {
            let good = run(seed, Kept::Causal);
            let facts = Facts::of(&good);
            let Some(missed) = facts.deliveries.iter().rfind(|fact| facts.correct.contains(&fact.life.0)) else { continue };
            let mut trace = good.clone();
            trace.events.remove(missed.event);
            let Some(first) = Facts::of(&trace).deliveries.iter().find(|fact| fact.id == missed.id).copied() else { continue };
            assert_eq!(broken(IT, &trace, seed).events, [facts.origin(missed.id).unwrap().event, first.event], "seed {seed}");
            kept(IT, &good, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let broken = |delivery: &&Fact| facts.correct.iter().any(|rank| !facts.hears(*rank, delivery.id));
            let first = facts.deliveries.iter().find(broken);
            let shown = first.map(|delivery| match facts.origin(delivery.id) {
                Some(origin) => vec![origin.event, delivery.event],
                None => vec![delivery.event],
            });
            prop_assert_eq!(IT.check(&trace).err().map(|violation| violation.events), shown);
        }
    }
}
