//! Traces to test the checkers with: good ones from a seed, arbitrary ones, and the facts of a trace read in the slowest and plainest way.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use proptest::prelude::*;
use tidings_clocks::{Rank, Time};

use crate::{Event, MessageId, Property, Trace, Violation, What};

/// The seeds that a property is shown for.
pub(crate) const SEEDS: Range<u64> = 0..1_000;

/// Numbers from a seed (splitmix64).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, options: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap() % options
    }

    /// One of these, if there is any.
    pub(crate) fn one_of<T: Copy>(&mut self, options: &[T]) -> Option<T> {
        (!options.is_empty()).then(|| options[self.below(options.len())])
    }
}

/// In which order a good run delivers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept {
    Nothing,
    Fifo,
    Causal,
    Total,
}

#[derive(Clone)]
struct Process {
    up: bool,
    delivered: Vec<usize>,
    past: Vec<bool>,
    last: Option<usize>,
}

struct Message {
    id: MessageId,
    past: Vec<bool>,
    before: Option<usize>,
}

/// A run that keeps every property but the orders that `kept` leaves out: up to 5 processes, some of which crash, and restart with nothing.
pub(crate) fn run(seed: u64, kept: Kept) -> Trace {
    let mut draw = Draw(seed);
    let count = 2 + draw.below(4);
    let mut left = 1 + draw.below(14);
    let mut crashes = draw.below(count);
    let fresh = Process { up: true, delivered: Vec::new(), past: vec![false; left], last: None };
    let mut processes = vec![fresh.clone(); count];
    let mut messages: Vec<Message> = Vec::new();
    let mut trace = Trace::new(count);
    let record = |trace: &mut Trace, process: usize, what| {
        let now = Time::from_millis(trace.events.len() as u64);
        trace.push(now, Rank::new(process), what);
    };
    loop {
        let me = draw.below(count);
        if !processes[me].up {
            if draw.below(4) == 0 {
                record(&mut trace, me, What::Restart);
                processes[me] = fresh.clone();
            }
            continue;
        }
        match draw.below(30) {
            0 if crashes > 0 && processes.iter().filter(|process| process.up).count() > 1 => {
                crashes -= 1;
                record(&mut trace, me, What::Crash);
                processes[me].up = false;
            }
            1 => record(&mut trace, me, What::Internal(seed)),
            2..9 if left > 0 => {
                left -= 1;
                let number = messages.len();
                let id = MessageId { origin: Rank::new(me), number: number as u64 };
                record(&mut trace, me, What::Broadcast(id));
                let process = &mut processes[me];
                messages.push(Message { id, past: process.past.clone(), before: process.last.replace(number) });
                process.past[number] = true;
            }
            _ => {
                let has = |message: usize| processes[me].delivered.contains(&message);
                let allowed = |message: &usize| match kept {
                    Kept::Nothing => true,
                    Kept::Fifo => messages[*message].before.is_none_or(has),
                    Kept::Causal => messages[*message].past.iter().enumerate().all(|(cause, past)| !past || has(cause)),
                    Kept::Total => *message == processes[me].delivered.len(),
                };
                let ready: Vec<usize> = (0..messages.len()).filter(|message| !has(*message)).filter(allowed).collect();
                if let Some(message) = draw.one_of(&ready) {
                    record(&mut trace, me, What::Deliver(messages[message].id));
                    let process = &mut processes[me];
                    process.delivered.push(message);
                    for (mine, past) in process.past.iter_mut().zip(&messages[message].past) {
                        *mine |= past;
                    }
                    process.past[message] = true;
                }
            }
        }
        let done = |process: &Process| !process.up || process.delivered.len() == messages.len();
        if left == 0 && processes.iter().all(done) {
            return trace;
        }
    }
}

/// A change to a trace.
#[derive(Clone, Debug)]
enum Change {
    Remove(usize),
    Swap(usize, usize),
    Repeat(usize, usize),
    Exclude(usize, usize),
}

/// Any trace over few processes and messages: random events, or a good run with some changes. Mostly no execution.
pub(crate) fn any_trace() -> impl Strategy<Value = Trace> {
    let event = (0..4_u32, 0..4_u32, 0..4_u64, 0..24).prop_map(|(process, origin, number, kind)| {
        let what = match kind {
            0 => What::Crash,
            1 => What::Restart,
            2 => What::Exclude(Rank(origin)),
            3..10 => What::Broadcast(MessageId { origin: Rank(process), number }),
            10 => What::Broadcast(MessageId { origin: Rank(origin), number }),
            _ => What::Deliver(MessageId { origin: Rank(origin), number }),
        };
        Event { time: Time::ZERO, process: Rank(process), what }
    });
    let random = (0..5_usize, prop::collection::vec(event, 0..40)).prop_map(|(processes, events)| Trace { processes, events });
    let at = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    let change = (0..7, at.clone(), at).prop_map(|(kind, a, b)| match kind {
        0 | 1 => Change::Remove(a),
        2 | 3 => Change::Swap(a, b),
        4 | 5 => Change::Repeat(a, b),
        _ => Change::Exclude(a, b),
    });
    let kept = prop_oneof![Just(Kept::Nothing), Just(Kept::Fifo), Just(Kept::Causal), Just(Kept::Total)];
    let changed = (any::<u64>(), kept, prop::collection::vec(change, 0..4)).prop_map(|(seed, kept, changes)| {
        let mut trace = run(seed, kept);
        changes.iter().for_each(|change| make(&mut trace, change));
        trace
    });
    prop_oneof![random, changed]
}

fn make(trace: &mut Trace, change: &Change) {
    let events = &mut trace.events;
    let count = events.len();
    if count == 0 {
        return;
    }
    match *change {
        Change::Remove(a) => {
            events.remove(a % count);
        }
        Change::Swap(a, b) => {
            let (a, b) = (a % count, b % count);
            let what = events[a].what;
            events[a].what = events[b].what;
            events[b].what = what;
        }
        Change::Repeat(a, b) => {
            let event = events[a % count];
            events.insert(b % count, event);
        }
        Change::Exclude(a, b) => {
            let what = What::Exclude(Rank::new(b % trace.processes));
            events.insert(a % count, Event { what, ..events[a % count] });
        }
    }
}

/// A life: whose, and how many restarts before.
pub(crate) type LifeOf = (Rank, usize);

/// A broadcast or a delivery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fact {
    pub(crate) event: usize,
    pub(crate) life: LifeOf,
    pub(crate) id: MessageId,
}

/// What happened in a trace, found by looking through all of it again and again.
pub(crate) struct Facts {
    pub(crate) broadcasts: Vec<Fact>,
    pub(crate) deliveries: Vec<Fact>,
    pub(crate) lives: Vec<LifeOf>,
    pub(crate) correct: Vec<Rank>,
}

impl Facts {
    pub(crate) fn of(trace: &Trace) -> Self {
        let events = || trace.events.iter().enumerate();
        let life = |event: usize| {
            let process = trace.events[event].process;
            (process, trace.events[..event].iter().filter(|other| other.process == process && other.what == What::Restart).count())
        };
        let fact = |event, id| Fact { event, life: life(event), id };
        let first = |event: usize, id: MessageId| {
            !trace.events[..event].iter().any(|earlier| earlier.process == id.origin && earlier.what == What::Broadcast(id))
        };
        let broadcasts = events().filter_map(|(event, happened)| match happened.what {
            What::Broadcast(id) if id.origin == happened.process && first(event, id) => Some(fact(event, id)),
            _ => None,
        });
        let deliveries = events().filter_map(|(event, happened)| match happened.what {
            What::Deliver(id) => Some(fact(event, id)),
            _ => None,
        });
        let failed = |rank: Rank| {
            trace.events.iter().any(|happened| {
                happened.what == What::Exclude(rank)
                    || happened.process == rank && (happened.what == What::Crash || happened.what == What::Restart)
            })
        };
        let mut lives: Vec<LifeOf> = (0..trace.events.len()).map(life).collect();
        lives.sort_unstable();
        lives.dedup();
        Self {
            broadcasts: broadcasts.collect(),
            deliveries: deliveries.collect(),
            lives,
            correct: (0..trace.processes).map(Rank::new).filter(|rank| !failed(*rank)).collect(),
        }
    }

    /// The first delivery of a message in a life.
    pub(crate) fn first(&self, life: LifeOf, id: MessageId) -> Option<usize> {
        self.deliveries.iter().find(|delivery| delivery.life == life && delivery.id == id).map(|delivery| delivery.event)
    }

    /// The delivery that is this event.
    pub(crate) fn delivery(&self, event: usize) -> Option<Fact> {
        self.deliveries.iter().copied().find(|delivery| delivery.event == event)
    }

    /// The broadcast that is this event.
    pub(crate) fn broadcast(&self, event: usize) -> Option<Fact> {
        self.broadcasts.iter().copied().find(|broadcast| broadcast.event == event)
    }

    /// Where a message was broadcast.
    pub(crate) fn origin(&self, id: MessageId) -> Option<Fact> {
        self.broadcasts.iter().copied().find(|broadcast| broadcast.id == id)
    }

    /// Whether the process delivers the message in any life.
    pub(crate) fn hears(&self, rank: Rank, id: MessageId) -> bool {
        self.deliveries.iter().any(|delivery| delivery.life.0 == rank && delivery.id == id)
    }
}

/// The events of the violation that the trace must have.
pub(crate) fn broken(property: Property, trace: &Trace, seed: u64) -> Violation {
    match property.check(trace) {
        Ok(()) => panic!("seed {seed}: {property} should be broken in {trace:?}"),
        Err(violation) => {
            assert_eq!(violation.property, property);
            violation
        }
    }
}

/// The trace keeps the property.
pub(crate) fn kept(property: Property, trace: &Trace, seed: u64) {
    if let Err(violation) = property.check(trace) {
        panic!("seed {seed}: {}", violation.show(trace));
    }
}

/// A safety violation is found at the first event that breaks the property: without it, and what comes after it, the trace is good.
pub(crate) fn found_at_once(violation: &Violation, trace: &Trace) -> bool {
    let last = violation.events.iter().copied().max().expect("events show it");
    let mut prefix = trace.clone();
    prefix.events.truncate(last);
    violation.property.check(&prefix).is_ok()
}

/// Any trace over few processes, packets and messages; packets may be received before they are sent, or never be sent.
pub(crate) fn any_passes() -> impl Strategy<Value = Trace> {
    let event = (0..4_u32, 0..4_u32, 0..12_u64, 0..10).prop_map(|(process, other, packet, kind)| {
        let what = match kind {
            0..3 => What::Send { packet, to: Rank(other) },
            3..7 => What::Receive { packet, from: Rank(other) },
            7 => What::Broadcast(MessageId { origin: Rank(other), number: packet % 2 }),
            8 => What::Deliver(MessageId { origin: Rank(other), number: packet % 2 }),
            _ => What::Restart,
        };
        Event { time: Time::ZERO, process: Rank(process), what }
    });
    prop::collection::vec(event, 0..40).prop_map(|events| Trace { processes: 4, events })
}
