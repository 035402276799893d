use alloc::format;
use alloc::vec;

use crate::index::{Index, Seen, Step};
use crate::{Property, Violation};

/// If m1 is in the causal past of m2, no process delivers m2 unless it has delivered m1 (CRB5). O(steps × lives) time, O(steps) memory.
///
/// m1 is in the causal past of m2 if the process that broadcast m2 had broadcast or delivered m1 before, or through a chain of these. What a link
/// received and held back does not count.
///
/// It is enough to ask for what the origin broadcast or delivered since its broadcast before: what is further back is asked for when those are
/// delivered. That is a range of the origin's own steps, so that no clock is needed.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let mut starts = vec![0; index.messages.len()];
    for life in &index.lives {
        let mut last = 0;
        for (place, step) in life.steps.iter().enumerate().filter(|(_, step)| !step.delivers) {
            starts[step.message] = core::mem::replace(&mut last, place);
        }
    }
    let mut seen = Seen::new(index);
    let mut earliest: Option<(Step, Step, _)> = None;
    for life in &index.lives {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            if seen.at(step.message).is_some() {
                continue;
            }
            if let Some(origin) = index.origins[step.message] {
                let causes = &index.lives[origin.life].steps[starts[step.message]..origin.step];
                if let Some(cause) = causes.iter().find(|cause| seen.at(cause.message).is_none() && cause.message != step.message) {
                    if earliest.is_none_or(|(_, effect, _)| step.event < effect.event) {
                        earliest = Some((*cause, *step, life));
                    }
                    break;
                }
            }
            seen.mark(*step);
        }
    }
    let Some((cause, effect, life)) = earliest else { return Ok(()) };
    let [first, second] = [cause.message, effect.message].map(|message| index.messages[message]);
    let knew = if cause.delivers { "delivers" } else { "broadcasts" };
    let origin = index.origins[effect.message].map(|origin| origin.event);
    Err(Violation {
        property: Property::CausalDelivery,
        events: [Some(cause.event), origin, Some(effect.event)].into_iter().flatten().collect(),
        explanation: format!(
            "{life} delivers {second} without having delivered {first}, which {} {knew} before it broadcasts {second}",
            second.origin
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Fact, Facts, Kept, SEEDS, any_trace, broken, found_at_once, kept, run};
    use crate::{MessageId, Trace, What};
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use tidings_clocks::{Rank, Time};

    const IT: Property = Property::CausalDelivery;

    /// For each message that was broadcast, all that its origin had broadcast or delivered before, and what that followed, by transitive closure.
    fn pasts(facts: &Facts) -> Vec<(Fact, Vec<MessageId>)> {
        let known = |life, event: usize| {
            let mine = facts.broadcasts.iter().chain(&facts.deliveries).filter(move |fact| fact.life == life && fact.event < event);
            mine.map(|fact| fact.id).collect::<Vec<_>>()
        };
        let mut pasts: Vec<(Fact, Vec<MessageId>)> = facts.broadcasts.iter().map(|fact| (*fact, known(fact.life, fact.event))).collect();
        loop {
            let before: usize = pasts.iter().map(|(_, past)| past.len()).sum();
            for place in 0..pasts.len() {
                let causes = pasts[place].1.clone();
                let further: Vec<MessageId> =
                    pasts.iter().filter(|(fact, _)| causes.contains(&fact.id)).flat_map(|(_, past)| past.clone()).collect();
                for id in further {
                    if !pasts[place].1.contains(&id) {
                        pasts[place].1.push(id);
                    }
                }
            }
            if pasts.iter().map(|(_, past)| past.len()).sum::<usize>() == before {
                return pasts;
            }
        }
    }

    /// A good run; what a process broadcast or delivered, its broadcast after that, and the deliveries of both in another life.
    fn good(seed: u64) -> Option<(Trace, MessageId, Fact, [usize; 2])> {
        let trace = run(seed, Kept::Causal);
        kept(IT, &trace, seed);
        let facts = Facts::of(&trace);
        let mut pairs = Vec::new();
        for effect in &facts.broadcasts {
            let mine = facts.broadcasts.iter().chain(&facts.deliveries);
            for cause in mine.filter(|fact| fact.life == effect.life && fact.event < effect.event) {
                for life in facts.lives.iter().filter(|life| **life != effect.life) {
                    if let (Some(one), Some(two)) = (facts.first(*life, cause.id), facts.first(*life, effect.id)) {
                        pairs.push((cause.id, *effect, [one, two]));
                    }
                }
            }
        }
        let (cause, effect, deliveries) = Draw(seed).one_of(&pairs)?;
        Some((trace, cause, effect, deliveries))
    }

    #[test]
    fn an_effect_swapped_with_its_cause() {
        for seed in SEEDS {
            let Some((mut trace, _, effect, [one, two])) = good(seed) else { continue };
            let swap = |trace: &mut Trace| {
                let what = trace.events[one].what;
                trace.events[one].what = core::mem::replace(&mut trace.events[two].what, what);
            };
            swap(&mut trace);
            let violation = broken(IT, &trace, seed);
            assert_eq!(violation.events[2], one, "seed {seed}");
            assert!(violation.events[1] == effect.event && violation.events[0] < effect.event, "seed {seed}");
            swap(&mut trace);
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn a_cause_left_out() {
        for seed in SEEDS {
            let Some((mut trace, cause, _, [one, two])) = good(seed) else { continue };
            let removed = trace.events.remove(one);
            let violation = broken(IT, &trace, seed);
            let delivery = violation.events[2];
            assert!(delivery >= one && delivery < two, "seed {seed}");
            let (What::Broadcast(named) | What::Deliver(named)) = trace.events[violation.events[0]].what else { panic!("seed {seed}") };
            assert_eq!(named, cause, "seed {seed}");
            trace.events.insert(one, removed);
            kept(IT, &trace, seed);
        }
    }

    const fn id(origin: u32) -> MessageId {
        MessageId { origin: Rank(origin), number: 0 }
    }

    fn trace(events: &[(u32, What)]) -> Trace {
        let mut trace = Trace::new(4);
        for (process, what) in events {
            trace.push(Time::ZERO, Rank(*process), *what);
        }
        trace
    }

    /// A chain through a third process counts, even if the one in the middle is never delivered where the order is broken.
    #[test]
    fn dependencies_of_dependencies_are_dependencies() {
        let all = trace(&[
            (0, What::Broadcast(id(0))),
            (1, What::Deliver(id(0))),
            (1, What::Broadcast(id(1))),
            (2, What::Deliver(id(0))),
            (2, What::Deliver(id(1))),
            (2, What::Broadcast(id(2))),
            (3, What::Deliver(id(1))),
            (3, What::Deliver(id(2))),
        ]);
        let violation = broken(IT, &all, 0);
        assert_eq!(violation.events, [1, 2, 6]);
        assert_eq!(violation.explanation, "p3 delivers p1:0 without having delivered p0:0, which p1 delivers before it broadcasts p1:0");
    }

    /// What a link received and held back is no cause: only a delivery is.
    #[test]
    fn a_packet_received_and_not_delivered_does_not_count() {
        let mut events = [
            (0, What::Broadcast(id(0))),
            (0, What::Send { packet: 1, to: Rank(1) }),
            (1, What::Receive { packet: 1, from: Rank(0) }),
            (1, What::Broadcast(id(1))),
            (1, What::Deliver(id(0))),
            (2, What::Deliver(id(1))),
            (2, What::Deliver(id(0))),
        ];
        kept(IT, &trace(&events), 0);
        events.swap(3, 4);
        assert_eq!(broken(IT, &trace(&events), 0).events, [3, 4, 5]);
    }

    /// A restarted process has forgotten: what its former self delivered is no cause of what it broadcasts.
    #[test]
    fn another_life_has_another_past() {
        let mut events = alloc::vec![
            (0, What::Broadcast(id(0))),
            (1, What::Deliver(id(0))),
            (1, What::Crash),
            (1, What::Restart),
            (1, What::Broadcast(id(1))),
            (2, What::Deliver(id(1))),
        ];
        kept(IT, &trace(&events), 0);
        events.drain(2..4);
        assert_eq!(broken(IT, &trace(&events), 0).events, [1, 2, 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn as_the_definition_says(trace in any_trace()) {
            let facts = Facts::of(&trace);
            let pasts = pasts(&facts);
            let unheard = |cause: MessageId, delivery: &Fact| facts.first(delivery.life, cause).is_none_or(|first| first > delivery.event);
            let broken = facts.deliveries.iter().any(|delivery| {
                pasts.iter().any(|(fact, past)| fact.id == delivery.id && past.iter().any(|cause| *cause != delivery.id && unheard(*cause, delivery)))
            });
            let found = IT.check(&trace);
            prop_assert_eq!(found.is_err(), broken);
            if let Err(violation) = found {
                let second = facts.broadcast(violation.events[1]).unwrap();
                let first = facts.broadcast(violation.events[0]).or_else(|| facts.delivery(violation.events[0])).unwrap();
                let delivery = facts.delivery(violation.events[2]).unwrap();
                prop_assert!(first.life == second.life && first.event < second.event);
                prop_assert!(delivery.id == second.id && unheard(first.id, &delivery));
            }
        }
    }

    #[test]
    fn it_is_found_at_once() {
        for seed in SEEDS {
            let trace = run(seed, Kept::Fifo);
            if let Err(violation) = IT.check(&trace) {
                assert!(found_at_once(&violation, &trace), "seed {seed}");
            }
        }
    }
}
