use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;

use crate::index::{Index, Said};
use crate::{Property, Violation};

/// View-synchronous communication, as far as it is safety. O(e log e).
///
/// 1. A process installs views in the order of their numbers (GM1, *monotonicity*).
/// 2. If a process delivers m in view v, m was broadcast in v (VS1, *view inclusion*).
/// 3. Two processes that go from view v to the same next view have delivered the same messages in v (*virtual synchrony*: Birman and Joseph, *Exploiting
///    virtual synchrony in distributed systems*, 1987; it follows from VS1 and the agreement of module 6.8).
///
/// Before a life installs its first view it is in none. A message broadcast in no view belongs to none, and rule 3 asks nothing of what was delivered
/// there. Who the members of a view are is not recorded, so that whether views agree on it is not judged.
///
/// The violation is the one that the trace shows first.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let stays = stays(index);
    let found = [monotonicity(&stays), view_inclusion(index, &stays), same_messages(index, &stays)];
    let first = found.into_iter().flatten().min_by_key(|violation| violation.events.iter().max().copied());
    first.map_or(Ok(()), Err)
}

/// One life's time in one view.
struct Stay {
    rank: Rank,
    life: usize,
    /// The view, and the event that installed it. `None` before the first.
    view: Option<(u64, usize)>,
    /// The view that the same life installs next.
    next: Option<(u64, usize)>,
}

/// All stays, those of a life together and in order. A life that installs nothing has one.
fn stays(index: &Index) -> BTreeMap<(Rank, usize), Vec<Stay>> {
    let outside = |rank, life| Stay { rank, life, view: None, next: None };
    let mut stays: BTreeMap<(Rank, usize), Vec<Stay>> = BTreeMap::new();
    for life in &index.lives {
        stays.insert((life.rank, life.number), vec![outside(life.rank, life.number)]);
    }
    for note in &index.notes {
        if let Said::Installed(number) = note.said {
            let view = Some((number, note.event));
            let stays = stays.entry((note.by, note.life)).or_insert_with(|| vec![outside(note.by, note.life)]);
            if let Some(last) = stays.last_mut() {
                last.next = view;
            }
            stays.push(Stay { rank: note.by, life: note.life, view, next: None });
        }
    }
    stays
}

/// The stay of a life in which this event happens.
fn stay_at(stays: &[Stay], event: usize) -> Option<&Stay> {
    let after = stays.partition_point(|stay| stay.view.is_none_or(|(_, installed)| installed < event));
    after.checked_sub(1).map(|place| &stays[place])
}

fn monotonicity(stays: &BTreeMap<(Rank, usize), Vec<Stay>>) -> Option<Violation> {
    let back = stays.values().flatten().filter_map(|stay| {
        let ((view, installed), (next, event)) = (stay.view?, stay.next?);
        (next <= view).then_some((event, installed, view, next, stay.rank))
    });
    let (event, installed, view, next, rank) = back.min()?;
    Some(Violation {
        property: Property::ViewSynchrony,
        events: vec![installed, event],
        explanation: format!("{rank} installs view {next} after view {view}"),
    })
}

fn view_inclusion(index: &Index, stays: &BTreeMap<(Rank, usize), Vec<Stay>>) -> Option<Violation> {
    let view_of = |rank, life, event| stay_at(stays.get(&(rank, life))?, event)?.view.map(|(view, _)| view);
    let mut broadcast_in = vec![None; index.messages.len()];
    for (message, origin) in index.origins.iter().enumerate() {
        if let Some(origin) = origin {
            let life = &index.lives[origin.life];
            broadcast_in[message] = view_of(life.rank, life.number, origin.event);
        }
    }
    let mut first: Option<(usize, usize, usize)> = None;
    for (place, life) in index.lives.iter().enumerate() {
        for step in life.steps.iter().filter(|step| step.delivers) {
            let Some(origin) = index.origins[step.message] else { continue };
            let complete = step.event.max(origin.event);
            if view_of(life.rank, life.number, step.event) != broadcast_in[step.message] && first.is_none_or(|(least, ..)| complete < least)
            {
                first = Some((complete, place, step.event));
            }
        }
    }
    let (_, place, event) = first?;
    let life = &index.lives[place];
    let step = life.steps.iter().find(|step| step.event == event)?;
    let origin = index.origins[step.message]?;
    let named = |view: Option<u64>| view.map_or_else(|| "no view".into(), |view| format!("view {view}"));
    Some(Violation {
        property: Property::ViewSynchrony,
        events: vec![origin.event, event],
        explanation: format!(
            "{life} delivers {} in {}, but it was broadcast in {}",
            index.messages[step.message],
            named(view_of(life.rank, life.number, event)),
            named(broadcast_in[step.message])
        ),
    })
}

/// What a life delivers in a view that it leaves: messages, each with its first delivery there.
struct Left<'s> {
    stay: &'s Stay,
    delivered: Vec<(usize, usize)>,
    /// Where it installs the next view.
    event: usize,
}

fn same_messages(index: &Index, stays: &BTreeMap<(Rank, usize), Vec<Stay>>) -> Option<Violation> {
    let mut left: Vec<((u64, u64), Left<'_>)> = Vec::new();
    let places: BTreeMap<(Rank, usize), usize> =
        index.lives.iter().enumerate().map(|(place, life)| ((life.rank, life.number), place)).collect();
    for (life, stays) in stays {
        let mut steps = places.get(life).map_or(&[][..], |place| &index.lives[*place].steps);
        for stay in stays {
            let end = stay.next.map_or(usize::MAX, |(_, event)| event);
            let (inside, rest) = steps.split_at(steps.partition_point(|step| step.event < end));
            steps = rest;
            if let (Some((view, _)), Some((next, event))) = (stay.view, stay.next) {
                let mut delivered: Vec<_> = inside.iter().filter(|step| step.delivers).map(|step| (step.message, step.event)).collect();
                delivered.sort_unstable();
                delivered.dedup_by_key(|(message, _)| *message);
                left.push(((view, next), Left { stay, delivered, event }));
            }
        }
    }
    left.sort_unstable_by_key(|(_, left)| left.event);
    // The first of all that take the same step stands for those that came to agree with it.
    let mut firsts: BTreeMap<(u64, u64), Left<'_>> = BTreeMap::new();
    for ((view, next), later) in left {
        let first = match firsts.entry((view, next)) {
            Entry::Vacant(vacant) => {
                vacant.insert(later);
                continue;
            }
            Entry::Occupied(first) => first.into_mut(),
        };
        let lacks = |one: &Left<'_>, other: &Left<'_>| {
            let has = |message: usize| other.delivered.binary_search_by_key(&message, |(message, _)| *message).is_ok();
            one.delivered.iter().copied().find(|(message, _)| !has(*message))
        };
        let (with, without, message, delivery) = match (lacks(first, &later), lacks(&later, first)) {
            (None, None) => continue,
            (Some((message, delivery)), _) => (&*first, &later, message, delivery),
            (None, Some((message, delivery))) => (&later, &*first, message, delivery),
        };
        let mut events = vec![delivery, first.event, later.event];
        events[1..].sort_unstable();
        return Some(Violation {
            property: Property::ViewSynchrony,
            events,
            explanation: format!(
                "{} delivers {} in view {view}, {} does not, and both install view {next} next",
                with.stay, index.messages[message], without.stay
            ),
        });
    }
    None
}

impl core::fmt::Display for Stay {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.life {
            0 => write!(f, "{}", self.rank),
            restarts => write!(f, "{} after restart {restarts}", self.rank),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Draw, Facts, LifeOf, SEEDS, any_trace, broken, kept};
    use crate::{Event, MessageId, Trace, What};
    use proptest::prelude::*;
    use tidings_clocks::Time;

    const IT: Property = Property::ViewSynchrony;

    /// Processes that go through views together: in each, everybody broadcasts, delivers all of it, in any order, and installs the next.
    fn good(seed: u64) -> Trace {
        let mut draw = Draw(seed);
        let (count, views) = (2 + draw.below(3), 2 + draw.below(3) as u64);
        let mut trace = Trace::new(count);
        let mut number = 0;
        for view in 1..=views {
            for process in 0..count {
                trace.push(Time::ZERO, Rank::new(process), What::Install(view * 10));
            }
            let mut messages = Vec::new();
            for _ in 0..1 + draw.below(4) {
                let origin = Rank::new(draw.below(count));
                number += 1;
                messages.push(MessageId { origin, number });
                trace.push(Time::ZERO, origin, What::Broadcast(messages[messages.len() - 1]));
            }
            for process in 0..count {
                for place in (1..messages.len()).rev() {
                    messages.swap(place, draw.below(place + 1));
                }
                for message in &messages {
                    trace.push(Time::ZERO, Rank::new(process), What::Deliver(*message));
                }
            }
        }
        trace
    }

    #[test]
    fn a_delivery_left_out() {
        for seed in SEEDS {
            let mut trace = good(seed);
            kept(IT, &trace, seed);
            let last_view = trace.events.iter().rposition(|event| matches!(event.what, What::Install(_))).unwrap();
            let deliveries: Vec<usize> = (0..last_view).filter(|event| matches!(trace.events[*event].what, What::Deliver(_))).collect();
            let place = Draw(seed).one_of(&deliveries).unwrap();
            let removed = trace.events.remove(place);
            let violation = broken(IT, &trace, seed);
            assert_eq!(violation.events.len(), 3, "seed {seed}");
            assert_eq!(trace.events[violation.events[0]].what, removed.what, "seed {seed}");
            let installers = [1, 2].map(|at| trace.events[violation.events[at]].process);
            assert!(installers.contains(&removed.process) || trace.processes > 2, "seed {seed}");
            trace.events.insert(place, removed);
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn a_delivery_in_the_next_view() {
        for seed in SEEDS {
            let mut trace = good(seed);
            let installs: Vec<usize> =
                (trace.processes..trace.events.len()).filter(|event| matches!(trace.events[*event].what, What::Install(_))).collect();
            let install = Draw(seed).one_of(&installs).unwrap();
            let process = trace.events[install].process;
            let mine = |event: &usize| trace.events[*event].process == process && matches!(trace.events[*event].what, What::Deliver(_));
            let delivery = (0..install).rev().find(mine).unwrap();
            let moved = trace.events.remove(delivery);
            trace.events.insert(install, moved);
            let violation = broken(IT, &trace, seed);
            // Where another has gone on before, the view that begins without the delivery shows it; otherwise the late delivery does.
            let shown = *violation.events.iter().max().unwrap();
            assert!(shown == install - 1 || shown == install, "seed {seed}: {violation}");
            assert!(Property::NoDuplication.check(&trace).is_ok());
            trace.events.remove(install);
            trace.events.insert(delivery, moved);
            kept(IT, &trace, seed);
        }
    }

    #[test]
    fn a_view_that_goes_back() {
        for seed in SEEDS {
            let mut trace = good(seed);
            let end = trace.events.len();
            let process = Rank::new(Draw(seed).below(trace.processes));
            trace.push(Time::ZERO, process, What::Install(10));
            let installed =
                trace.events[..end].iter().rposition(|event| event.process == process && matches!(event.what, What::Install(_)));
            assert_eq!(broken(IT, &trace, seed).events, [installed.unwrap(), end], "seed {seed}");
            trace.events.pop();
            kept(IT, &trace, seed);
        }
    }

    /// What crashed before the next view owes nothing.
    #[test]
    fn a_process_that_does_not_go_on() {
        for seed in SEEDS {
            let mut trace = good(seed);
            let mut draw = Draw(seed);
            let (victim, from) = (Rank::new(draw.below(trace.processes)), draw.below(trace.events.len()));
            let silent: Vec<What> = trace.events[from..].iter().filter(|event| event.process == victim).map(|event| event.what).collect();
            let unsaid = |id| silent.contains(&What::Broadcast(id));
            let mut place = 0;
            trace.events.retain(|event| {
                place += 1;
                let of_it = matches!(event.what, What::Broadcast(id) | What::Deliver(id) if unsaid(id));
                (event.process != victim || place <= from) && !of_it
            });
            kept(IT, &trace, seed);
        }
    }

    /// The three rules, by looking through the whole trace for each.
    fn breaks(trace: &Trace) -> bool {
        let facts = Facts::of(trace);
        let life = |event: usize| -> LifeOf {
            let process = trace.events[event].process;
            (process, trace.events[..event].iter().filter(|other| other.process == process && other.what == What::Restart).count())
        };
        let installs: Vec<(usize, LifeOf, u64)> = (0..trace.events.len())
            .filter_map(|event| match trace.events[event].what {
                What::Install(view) => Some((event, life(event), view)),
                _ => None,
            })
            .collect();
        let view = |of: LifeOf, event: usize| installs.iter().rfind(|(at, by, _)| *at < event && *by == of).map(|(.., view)| *view);
        let steps: Vec<(LifeOf, usize, usize, u64, u64)> = installs
            .iter()
            .filter_map(|(event, by, number)| {
                let (next, _, then) = installs.iter().find(|(at, other, _)| at > event && other == by)?;
                Some((*by, *event, *next, *number, *then))
            })
            .collect();
        let heard = |(by, from, to): (LifeOf, usize, usize)| {
            let mut ids: Vec<MessageId> =
                facts.deliveries.iter().filter(|fact| fact.life == by && (from..to).contains(&fact.event)).map(|fact| fact.id).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let back = steps.iter().any(|(.., number, then)| then <= number);
        let elsewhere = facts
            .deliveries
            .iter()
            .any(|fact| facts.origin(fact.id).is_some_and(|origin| view(fact.life, fact.event) != view(origin.life, origin.event)));
        let unequal =
            steps.iter().any(|a| steps.iter().any(|b| (a.3, a.4) == (b.3, b.4) && heard((a.0, a.1, a.2)) != heard((b.0, b.1, b.2))));
        back || elsewhere || unequal
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn as_the_definition_says(
            seed in any::<u64>(),
            random in any_trace(),
            good_one in any::<bool>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u32, 1..4_u64, 0..3), 0..5),
        ) {
            let mut trace = if good_one { good(seed) } else { random };
            for (one, two, by, view, kind) in changes {
                let count = trace.events.len();
                match kind {
                    0 if count > 0 => {
                        trace.events.remove(one.index(count));
                    }
                    1 if count > 0 => {
                        let event = trace.events.remove(one.index(count));
                        trace.events.insert(two.index(count), event);
                    }
                    _ => trace.events.insert(one.index(count + 1), Event { time: Time::ZERO, process: Rank(by), what: What::Install(view * 10) }),
                }
            }
            let found = IT.check(&trace);
            prop_assert_eq!(found.is_err(), breaks(&trace));
            if let Err(violation) = found {
                let last = *violation.events.iter().max().unwrap();
                trace.events.truncate(last + 1);
                prop_assert!(breaks(&trace));
                trace.events.truncate(last);
                prop_assert!(!breaks(&trace), "found too late: {}", violation);
            }
        }
    }
}
