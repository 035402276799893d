use alloc::format;
use alloc::vec;

use crate::index::Index;
use crate::{Property, Violation};

/// If a correct process broadcasts m, every correct process delivers m at last (BEB1). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let audiences = index.audiences();
    let neglected = |message: &usize| !index.is_everybody(&audiences[*message]);
    let by_correct = (0..index.messages.len()).filter(|&message| index.is_correct(index.messages[message].origin)).filter(neglected);
    let earliest = by_correct.filter_map(|message| index.origins[message].map(|origin| (origin.event, message))).min();
    let Some((event, message)) = earliest else { return Ok(()) };
    let Some(missing) = index.missing(message) else { return Ok(()) };
    let id = index.messages[message];
    Err(Violation {
        property: Property::BestEffortValidity,
        events: vec![event],
        explanation: format!("{} and {missing} are correct, but {missing} never delivers {id}", id.origin),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Fact, Facts, Kept, SEEDS, any_trace, broken, kept, run};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const IT: Property = Property::BestEffortValidity;

    #[test]
    fn a_correct_process_that_misses_what_a_correct_process_broadcast() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Causal);
            kept(IT, &trace, seed);
            let facts = Facts::of(&trace);
            let owed = |fact: &&Fact| facts.correct.contains(&fact.id.origin) && facts.correct.contains(&fact.life.0);
            let owed: Vec<Fact> = facts.deliveries.iter().filter(owed).copied().collect();
            let Some(delivery) = Draw(seed).one_of(&owed) else { continue };
            let removed = trace.events.remove(delivery.event);
            assert_eq!(broken(IT, &trace, seed).events, [facts.origin(delivery.id).unwrap().event], "seed {seed}");
            trace.events.insert(delivery.event, removed);
            kept(IT, &trace, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let broken = |broadcast: &&Fact| {
                facts.correct.contains(&broadcast.life.0) && facts.correct.iter().any(|rank| !facts.hears(*rank, broadcast.id))
            };
            let first = facts.broadcasts.iter().find(broken);
            prop_assert_eq!(IT.check(&trace).err().map(|violation| violation.events), first.map(|broadcast| vec![broadcast.event]));
        }
    }
}
