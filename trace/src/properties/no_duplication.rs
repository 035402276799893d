use alloc::format;
use alloc::vec;

use crate::index::{Index, Life, Seen};
use crate::{Property, Violation};

/// No process delivers a message twice (RB2). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let mut seen = Seen::new(index);
    let mut earliest: Option<(usize, usize, &Life, usize)> = None;
    for life in &index.lives {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            if let Some(first) = seen.mark(*step) {
                if earliest.is_none_or(|(_, again, ..)| step.event < again) {
                    earliest = Some((first, step.event, life, step.message));
                }
                break;
            }
        }
    }
    let Some((first, again, life, message)) = earliest else { return Ok(()) };
    Err(Violation {
        property: Property::NoDuplication,
        events: vec![first, again],
        explanation: format!("{life} delivers {} twice", index.messages[message]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::What;
    use crate::runs::{Draw, Facts, Kept, SEEDS, any_trace, broken, found_at_once, kept, run};
    use proptest::prelude::*;

    const IT: Property = Property::NoDuplication;

    #[test]
    fn a_delivery_repeated_later_in_the_same_life() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Causal);
            kept(IT, &trace, seed);
            let mut draw = Draw(seed);
            let Some(first) = draw.one_of(&Facts::of(&trace).deliveries) else { continue };
            let event = trace.events[first.event];
            let rest = &trace.events[first.event + 1..];
            let lives = rest.iter().position(|later| later.process == event.process && later.what == What::Crash).unwrap_or(rest.len());
            let again = first.event + 1 + draw.below(lives + 1);
            trace.events.insert(again, event);
            assert_eq!(broken(IT, &trace, seed).events, [first.event, again], "seed {seed}");
            trace.events.remove(again);
            kept(IT, &trace, seed);
        }
    }

    /// A process that restarted is another process: it may hear again what its former self heard.
    #[test]
    fn a_delivery_in_another_life_is_no_duplicate() {
        let mut trace = run(0, Kept::Causal);
        let delivery = Facts::of(&trace).deliveries[0];
        let (time, process) = (trace.events.last().unwrap().time, delivery.life.0);
        trace.push(time, process, What::Crash);
        trace.push(time, process, What::Restart);
        trace.push(time, process, What::Deliver(delivery.id));
        kept(IT, &trace, 0);
        trace.push(time, process, What::Deliver(delivery.id));
        let last = trace.events.len() - 1;
        assert_eq!(broken(IT, &trace, 0).events, [last - 1, last]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let twice = facts.deliveries.iter().any(|a| facts.deliveries.iter().any(|b| a.event < b.event && (a.life, a.id) == (b.life, b.id)));
            let found = IT.check(&trace);
            prop_assert_eq!(found.is_err(), twice);
            if let Err(violation) = found {
                let [a, b] = [0, 1].map(|place| facts.delivery(violation.events[place]).unwrap());
                prop_assert!(a.event < b.event && (a.life, a.id) == (b.life, b.id));
                prop_assert!(found_at_once(&violation, &trace));
            }
        }
    }
}
