use crate::index::Index;
use crate::properties::{no_creation, no_duplication};
use crate::{Property, Violation};

/// Nothing is delivered twice, and nothing that its origin has not broadcast before. O(steps).
///
/// Uniform integrity of Hadzilacos and Toueg, *A modular approach to fault-tolerant broadcasts and related problems* (1994), which Cachin and others
/// split into RB2 and RB3. The violation is the one of the two that the trace shows first.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let halves = [no_duplication::check(index), no_creation::check(index)];
    let first = halves.into_iter().filter_map(Result::err).min_by_key(|violation| violation.events.last().copied());
    first.map_or(Ok(()), |violation| Err(Violation { property: Property::Integrity, ..violation }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Facts, Kept, SEEDS, any_trace, broken, found_at_once, kept, run};
    use proptest::prelude::*;

    const IT: Property = Property::Integrity;

    #[test]
    fn a_delivery_repeated_at_once() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Fifo);
            kept(IT, &trace, seed);
            let Some(first) = Draw(seed).one_of(&Facts::of(&trace).deliveries) else { continue };
            trace.events.insert(first.event + 1, trace.events[first.event]);
            assert_eq!(broken(IT, &trace, seed).events, [first.event, first.event + 1], "seed {seed}");
            trace.events.remove(first.event + 1);
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn a_broadcast_that_comes_after_a_delivery() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Fifo);
            let facts = Facts::of(&trace);
            let Some(delivery) = Draw(seed).one_of(&facts.deliveries) else { continue };
            let origin = facts.origin(delivery.id).unwrap().event;
            let broadcast = trace.events.remove(origin);
            trace.events.push(broadcast);
            let first = facts.deliveries.iter().find(|other| other.id == delivery.id).unwrap().event - 1;
            assert_eq!(broken(IT, &trace, seed).events, [trace.events.len() - 1, first], "seed {seed}");
            trace.events.pop();
            trace.events.insert(origin, broadcast);
            kept(IT, &trace, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn both_or_neither(trace in any_trace()) {
            let halves = Property::NoDuplication.check(&trace).is_ok() && Property::NoCreation.check(&trace).is_ok();
            prop_assert_eq!(IT.check(&trace).is_ok(), halves);
        }
    }

    #[test]
    fn it_is_found_at_once() {
        let mut shown = 0;
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Nothing);
            let mut draw = Draw(seed);
            let facts = Facts::of(&trace);
            let (Some(one), Some(two)) = (draw.one_of(&facts.deliveries), draw.one_of(&facts.deliveries)) else { continue };
            trace.events[one.event].what = trace.events[two.event].what;
            if let Err(violation) = IT.check(&trace) {
                let created = Property::NoCreation.check(&trace).is_err();
                assert!(created || found_at_once(&violation, &trace), "seed {seed}");
                shown += 1;
            }
        }
        assert!(shown > 100, "{shown} seeds");
    }
}
