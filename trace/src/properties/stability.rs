use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;

use tidings_clocks::Rank;

use crate::index::{Index, Said};
use crate::{Property, Violation};

/// If p knows m to be stable, every process that p has not excluded by then has delivered m before. O(e log e + notes of stability × exclusions by one
/// process).
///
/// Stability is what lets a process forget a message (Birman, Schiper and Stephenson, *Lightweight causal and atomic group multicast*, 1991). A process
/// that crashed may have missed the message and may ask for it when it is back, so that it counts until it is excluded. What a process delivered in one
/// life, it has delivered; whom it excluded in one life, it has excluded.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let deliveries = index.lives.iter().flat_map(|life| {
        let inside = life.rank.index() < index.processes;
        life.steps.iter().filter(move |step| step.delivers && inside).map(move |step| (step.event, life.rank, step.message))
    });
    let mut deliveries: alloc::vec::Vec<(usize, Rank, usize)> = deliveries.collect();
    deliveries.sort_unstable();
    let mut deliveries = deliveries.into_iter().peekable();
    let mut heard: BTreeMap<usize, BTreeSet<Rank>> = BTreeMap::new();
    let mut excluded: BTreeMap<Rank, BTreeSet<Rank>> = BTreeMap::new();
    let nobody = BTreeSet::new();
    for note in &index.notes {
        while let Some((_, rank, message)) = deliveries.next_if(|(event, ..)| *event < note.event) {
            heard.entry(message).or_default().insert(rank);
        }
        let message = match note.said {
            Said::Excluded(rank) => {
                excluded.entry(note.by).or_default().insert(rank);
                continue;
            }
            Said::Installed(_) => continue,
            Said::Stable(message) => message,
        };
        let heard = heard.get(&message).unwrap_or(&nobody);
        let excluded = excluded.get(&note.by).unwrap_or(&nobody);
        let settled = heard.len() + excluded.iter().filter(|rank| rank.index() < index.processes && !heard.contains(rank)).count();
        if settled >= index.processes {
            continue;
        }
        let missing = (0..=u32::MAX).map(Rank).take(index.processes).find(|rank| !heard.contains(rank) && !excluded.contains(rank));
        let Some(missing) = missing else { continue };
        let id = index.messages[message];
        return Err(Violation {
            property: Property::Stability,
            events: index.origins[message].map(|origin| origin.event).into_iter().chain([note.event]).collect(),
            explanation: format!("{} knows {id} to be stable, but {missing} has not delivered it", note.by),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Facts, Kept, SEEDS, any_trace, broken, found_at_once, kept, run};
    use crate::{Event, MessageId, Trace, What};
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use tidings_clocks::Time;

    const IT: Property = Property::Stability;

    /// A good run at whose end a survivor excludes whoever missed a message, and knows it to be stable.
    fn good(seed: u64) -> Option<(Trace, MessageId)> {
        let mut trace = run(seed, Kept::Causal);
        let facts = Facts::of(&trace);
        let survivor = *facts.correct.first()?;
        let id = Draw(seed).one_of(&facts.broadcasts)?.id;
        let end = trace.events.last()?.time;
        for rank in (0..trace.processes).map(Rank::new).filter(|rank| !facts.hears(*rank, id)) {
            trace.push(end, survivor, What::Exclude(rank));
        }
        trace.push(end, survivor, What::Stable(id));
        Some((trace, id))
    }

    /// Each delivery is needed: without any one process's, the message is not stable.
    #[test]
    fn a_process_that_has_not_delivered_it() {
        for seed in SEEDS {
            let Some((trace, id)) = good(seed) else { continue };
            kept(IT, &trace, seed);
            let facts = Facts::of(&trace);
            let Some(victim) = Draw(seed + 1).one_of(&facts.deliveries.iter().filter(|fact| fact.id == id).copied().collect::<Vec<_>>())
            else {
                continue;
            };
            let mut missing = trace.clone();
            missing.events.retain(|event| event.process != victim.life.0 || event.what != What::Deliver(id));
            let violation = broken(IT, &missing, seed);
            assert_eq!(violation.events.last(), Some(&(missing.events.len() - 1)), "seed {seed}");
            assert!(violation.explanation.contains(&alloc::format!("{} has not delivered it", victim.life.0)), "seed {seed}: {violation}");
        }
    }

    /// An exclusion settles the account of a process; without it the message is not stable.
    #[test]
    fn a_crashed_process_that_nobody_has_excluded() {
        let mut shown = 0;
        for seed in SEEDS {
            let Some((mut trace, _)) = good(seed) else { continue };
            let Some(place) = trace.events.iter().rposition(|event| matches!(event.what, What::Exclude(_))) else { continue };
            let exclusion = trace.events.remove(place);
            let violation = broken(IT, &trace, seed);
            assert!(found_at_once(&violation, &trace), "seed {seed}");
            trace.events.insert(place, exclusion);
            kept(IT, &trace, seed);
            shown += 1;
        }
        assert!(shown > 30, "{shown} seeds");
    }

    #[test]
    fn known_too_early() {
        for seed in SEEDS {
            let Some((mut trace, id)) = good(seed) else { continue };
            let note = trace.events.pop().unwrap();
            let last = trace.events.iter().rposition(|event| event.what == What::Deliver(id)).unwrap();
            let again =
                trace.events[..last].iter().any(|event| event.process == trace.events[last].process && event.what == What::Deliver(id));
            if !again {
                trace.events.insert(last, note);
                assert_eq!(broken(IT, &trace, seed).events.last(), Some(&last), "seed {seed}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(mut trace in any_trace(), notes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u32, 0..4_u32, 0..4_u64), 0..6)) {
            for (place, by, origin, number) in notes {
                let what = What::Stable(MessageId { origin: Rank(origin), number });
                trace.events.insert(place.index(trace.events.len() + 1), Event { time: Time::ZERO, process: Rank(by), what });
            }
            let before = |event: usize, process: Rank, what: What| trace.events[..event].iter().any(|e| e.process == process && e.what == what);
            let unstable = |(event, noted): (usize, &Event)| {
                let What::Stable(id) = noted.what else { return None };
                let missing = (0..trace.processes).map(Rank::new).any(|rank| {
                    !before(event, rank, What::Deliver(id)) && !before(event, noted.process, What::Exclude(rank))
                });
                missing.then_some(event)
            };
            let first = trace.events.iter().enumerate().find_map(unstable);
            prop_assert_eq!(IT.check(&trace).err().and_then(|violation| violation.events.last().copied()), first);
        }
    }
}
