use alloc::format;
use alloc::vec;

use crate::index::{Index, Life, Seen};
use crate::{Property, Violation};

/// If a correct process broadcasts m, it delivers m at last (RB1). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let mut seen = Seen::new(index);
    let mut earliest: Option<(usize, &Life, usize)> = None;
    for life in index.lives.iter().filter(|life| index.is_correct(life.rank)) {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            seen.mark(*step);
        }
        let undelivered = life.steps.iter().find(|step| !step.delivers && seen.at(step.message).is_none());
        if let Some(step) = undelivered
            && earliest.is_none_or(|(event, ..)| step.event < event)
        {
            earliest = Some((step.event, life, step.message));
        }
    }
    let Some((event, life, message)) = earliest else { return Ok(()) };
    Err(Violation {
        property: Property::Validity,
        events: vec![event],
        explanation: format!("{life} is correct and broadcasts {}, but never delivers it", index.messages[message]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Fact, Facts, Kept, SEEDS, any_trace, broken, kept, run};
    use crate::{Event, What};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const IT: Property = Property::Validity;

    #[test]
    fn a_correct_process_that_does_not_deliver_its_own() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Causal);
            kept(IT, &trace, seed);
            let facts = Facts::of(&trace);
            let own = |fact: &&Fact| fact.life.0 == fact.id.origin && facts.correct.contains(&fact.life.0);
            let own: Vec<Fact> = facts.deliveries.iter().filter(own).copied().collect();
            let Some(delivery) = Draw(seed).one_of(&own) else { continue };
            let removed = trace.events.remove(delivery.event);
            assert_eq!(broken(IT, &trace, seed).events, [facts.origin(delivery.id).unwrap().event], "seed {seed}");
            // A process that others gave up owes nothing.
            let mut excluded = trace.clone();
            excluded.events.push(Event { what: What::Exclude(delivery.life.0), ..removed });
            kept(IT, &excluded, seed);
            trace.events.insert(delivery.event, removed);
            kept(IT, &trace, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let broken = |broadcast: &Fact| facts.correct.contains(&broadcast.life.0) && !facts.hears(broadcast.life.0, broadcast.id);
            let found = IT.check(&trace);
            let first = facts.broadcasts.iter().find(|broadcast| broken(broadcast));
            prop_assert_eq!(found.err().map(|violation| violation.events), first.map(|broadcast| vec![broadcast.event]));
        }
    }
}
