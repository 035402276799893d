use alloc::format;
use alloc::vec;

use crate::index::Index;
use crate::{Property, Violation};

/// The sequences of deliveries of all processes, those that crash included, are prefixes of one sequence. O(steps).
///
/// Stronger than UTOB5: it forbids gaps as well as opposite orders. If there is such a sequence, the longest of them is one.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let sequences = index.sequences();
    let Some((longest, whole)) = sequences.iter().enumerate().max_by_key(|(_, sequence)| sequence.len()) else { return Ok(()) };
    let parted = sequences.iter().enumerate().filter_map(|(life, sequence)| {
        let place = sequence.iter().zip(whole).position(|(a, b)| a.message != b.message)?;
        Some((whole[place], sequence[place], life, place))
    });
    let earliest = parted.min_by_key(|(a, b, ..)| a.event.max(b.event));
    let Some((expected, found, life, place)) = earliest else { return Ok(()) };
    let [expected_id, found_id] = [expected.message, found.message].map(|message| index.messages[message]);
    Err(Violation {
        property: Property::UniformTotalOrder,
        events: vec![expected.event, found.event],
        explanation: format!(
            "delivery {} of {} is {expected_id}, but that of {} is {found_id}",
            place + 1,
            index.lives[longest],
            index.lives[life]
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Fact, Facts, Kept, SEEDS, any_trace, broken, kept, run};
    use crate::{MessageId, Trace};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const IT: Property = Property::UniformTotalOrder;

    /// The deliveries of each life.
    fn sequences(facts: &Facts) -> Vec<Vec<Fact>> {
        let firsts = |life| facts.deliveries.iter().filter(move |fact| fact.life == life && facts.first(life, fact.id) == Some(fact.event));
        facts.lives.iter().map(|life| firsts(*life).copied().collect()).collect()
    }

    fn ids(sequence: &[Fact]) -> Vec<MessageId> {
        sequence.iter().map(|fact| fact.id).collect()
    }

    /// The events are deliveries of different messages at the same place of two sequences.
    fn shows(violation: &Violation, trace: &Trace) -> bool {
        let sequences = sequences(&Facts::of(trace));
        let place = |event| sequences.iter().find_map(|sequence| sequence.iter().position(|fact| fact.event == event));
        let [a, b] = [violation.events[0], violation.events[1]];
        place(a).is_some() && place(a) == place(b) && trace.events[a].what != trace.events[b].what
    }

    #[test]
    fn a_delivery_left_out_at_any_process_even_one_that_crashes() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Total);
            kept(IT, &trace, seed);
            let facts = Facts::of(&trace);
            let followed = |fact: &&Fact| {
                let later = facts.deliveries.iter().any(|later| later.life == fact.life && later.event > fact.event);
                later && facts.deliveries.iter().any(|other| other.id == fact.id && other.life != fact.life)
            };
            let candidates: Vec<Fact> = facts.deliveries.iter().filter(followed).copied().collect();
            let Some(left_out) = Draw(seed).one_of(&candidates) else { continue };
            let removed = trace.events.remove(left_out.event);
            let violation = broken(IT, &trace, seed);
            assert!(shows(&violation, &trace), "seed {seed}");
            assert!(violation.events.iter().any(|event| trace.events[*event].what == removed.what), "seed {seed}");
            kept(Property::TotalOrder, &trace, seed);
            trace.events.insert(left_out.event, removed);
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn two_deliveries_swapped() {
        for seed in SEEDS {
            let mut trace = run(seed, Kept::Total);
            let sequences = sequences(&Facts::of(&trace));
            let at_two = sequences.iter().filter(|sequence| sequence.len() >= 2);
            let swapped: Vec<[usize; 2]> = at_two.map(|sequence| [sequence[0].event, sequence[1].event]).collect();
            if swapped.len() < 2 {
                continue;
            }
            let [one, two] = Draw(seed).one_of(&swapped).unwrap();
            let swap = |trace: &mut Trace| {
                let what = trace.events[one].what;
                trace.events[one].what = core::mem::replace(&mut trace.events[two].what, what);
            };
            swap(&mut trace);
            let violation = broken(IT, &trace, seed);
            assert!(shows(&violation, &trace), "seed {seed}");
            swap(&mut trace);
            kept(IT, &trace, seed);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let sequences = sequences(&Facts::of(&trace));
            let prefix = |a: &[Fact], b: &[Fact]| ids(b).starts_with(&ids(a)) || ids(a).starts_with(&ids(b));
            let broken = sequences.iter().any(|a| sequences.iter().any(|b| !prefix(a, b)));
            let found = IT.check(&trace);
            prop_assert_eq!(found.is_err(), broken);
            if let Err(violation) = found {
                prop_assert!(shows(&violation, &trace));
            }
        }
    }
}
