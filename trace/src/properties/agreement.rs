use alloc::format;

use crate::index::Index;
use crate::{Property, Violation};

/// If a correct process delivers m, every correct process delivers m at last (RB4). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let audiences = index.audiences();
    let partly = audiences.iter().enumerate().filter(|(_, audience)| !index.is_everybody(audience));
    let earliest = partly.filter_map(|(message, audience)| audience.first_correct.map(|event| (event, message))).min();
    let Some((event, message)) = earliest else { return Ok(()) };
    let Some(missing) = index.missing(message) else { return Ok(()) };
    let id = index.messages[message];
    Err(Violation {
        property: Property::Agreement,
        events: index.origins[message].map(|origin| origin.event).into_iter().chain([event]).collect(),
        explanation: format!("a correct process delivers {id}, but {missing}, correct too, never does"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Fact, Facts, Kept, SEEDS, any_trace, broken, kept, run};
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const IT: Property = Property::Agreement;

    #[test]
    fn a_correct_process_that_misses_what_another_delivers() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Causal);
            kept(IT, &trace, seed);
            let facts = Facts::of(&trace);
            let owed: Vec<Fact> = facts.deliveries.iter().filter(|fact| facts.correct.contains(&fact.life.0)).copied().collect();
            let Some(delivery) = Draw(seed).one_of(&owed) else { continue };
            let Some(other) = owed.iter().find(|other| other.id == delivery.id && other.event != delivery.event) else { continue };
            let removed = trace.events.remove(delivery.event);
            let shown = other.event - usize::from(other.event > delivery.event);
            assert_eq!(broken(IT, &trace, seed).events, [facts.origin(delivery.id).unwrap().event, shown], "seed {seed}");
            trace.events.insert(delivery.event, removed);
            kept(IT, &trace, seed);
        }
    }

    /// Agreement says nothing of what only crashed processes delivered.
    #[test]
    fn a_message_that_only_crashed_processes_deliver() {
        let mut shown = 0;
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Nothing);
            let facts = Facts::of(&trace);
            let lost = facts.deliveries.iter().find(|fact| !facts.correct.contains(&fact.life.0));
            let Some(id) = lost.map(|fact| fact.id) else { continue };
            trace.events.retain(|event| !(event.what == crate::What::Deliver(id) && facts.correct.contains(&event.process)));
            kept(IT, &trace, seed);
            shown += 1;
        }
        assert!(shown > 100, "{shown} seeds");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let broken = |delivery: &&Fact| {
                facts.correct.contains(&delivery.life.0) && facts.correct.iter().any(|rank| !facts.hears(*rank, delivery.id))
            };
            let first = facts.deliveries.iter().find(broken);
            let shown = first.map(|delivery| match facts.origin(delivery.id) {
                Some(origin) => vec![origin.event, delivery.event],
                None => vec![delivery.event],
            });
            prop_assert_eq!(IT.check(&trace).err().map(|violation| violation.events), shown);
        }
    }
}
