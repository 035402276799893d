//! Total order by a fixed sequencer and by acknowledgements of all, in simulated worlds.

use std::time::Duration;

use crate::loose::Loose;
use crate::stacks::{BACKOFF, Note, faults, limits, over_broadcast, processes, world};
use tidings_broadcast::{
    AllAcknowledge, AllAcknowledgedBroadcast, Cast, Delivery, Rule, SequencedBroadcast, Sequencer, all_acknowledged_broadcast,
    fifo_broadcast, sequenced_broadcast,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Limits, Outbox, Protocol, View};
use tidings_sim::{Chance, Ending, Faults, Partitions, Property, Seeded, Talk, World, assert_keeps, for_each_seed, seeds};

type Sequenced = SequencedBroadcast<Note>;
type Acknowledged = AllAcknowledgedBroadcast<Note>;

const LONG: Time = Time::from_millis(600_000);

fn sequenced(processes: u32, limits: Limits) -> impl FnMut(Rank, Incarnation) -> Sequenced {
    move |me, incarnation| sequenced_broadcast(&View::of(processes), me, incarnation, limits, BACKOFF)
}

fn acknowledged(processes: u32, limits: Limits) -> impl FnMut(Rank, Incarnation) -> Acknowledged {
    move |me, incarnation| all_acknowledged_broadcast(&View::of(processes), me, incarnation, limits, BACKOFF)
}

/// The sequencer keeps everything it promises while it does not crash; others may.
#[test]
fn a_sequencer_keeps_total_order() {
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let crashes = u32::try_from(seed / 12).unwrap() % processes;
        let faults = Faults { crashes, ..faults(seed) }.protecting(Rank(0));
        let mut world = world(seed, faults, over_broadcast::<Sequenced>(processes, Talk::of(6)), sequenced(processes, limits(seed)));
        assert_eq!(world.run_until(LONG), Ending::Quiescent);
        assert_keeps!(world.trace(), [TotalOrder, FifoTotal, CausalDelivery, NoDuplication, NoCreation, Validity, Agreement], seed);
    });
}

/// If the sequencer crashes too, what was delivered is still right.
#[test]
fn a_crashed_sequencer_breaks_no_order() {
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let faults = Faults { crashes: processes - 1, ..faults(seed) };
        let mut world = world(seed, faults, over_broadcast::<Sequenced>(processes, Talk::of(6)), sequenced(processes, limits(seed)));
        let _ = world.run_until(LONG);
        assert_keeps!(world.trace(), [TotalOrder, FifoTotal, CausalDelivery, NoDuplication, NoCreation], seed);
    });
}

/// The all-acknowledge order keeps everything it promises, whoever crashes and however many.
#[test]
fn acknowledgements_of_all_keep_total_order() {
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let crashes = u32::try_from(seed / 12).unwrap() % processes;
        let faults = Faults { crashes, ..faults(seed) };
        let mut world = world(seed, faults, over_broadcast::<Acknowledged>(processes, Talk::of(6)), acknowledged(processes, limits(seed)));
        assert_eq!(world.run_until(LONG), Ending::Quiescent);
        assert_keeps!(world.trace(), [TotalOrder, FifoTotal, NoDuplication, NoCreation, Validity, Agreement], seed);
        if world.live().count() == processes as usize {
            assert_keeps!(world.trace(), CausalDelivery, seed);
        }
    });
}

/// Several crash one right after the other, so that most exclusions are cut by another crash, and what a crashed process said comes in pieces and late. Those
/// that are left still agree on where each ended.
#[test]
fn crashes_during_an_exclusion_break_no_agreement() {
    let mut excluded = 0;
    for_each_seed(1_000, |seed| {
        let processes = 4 + u32::try_from(seed % 3).unwrap();
        let faults = Faults {
            crashes: processes - 2,
            chaos: Duration::from_millis(400),
            min_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(150),
            detection: Some(Duration::from_millis(250)),
            loss: Chance::percent(30),
            partitions: Partitions::default(),
            ..Faults::wild()
        };
        let talk = Talk { within: Duration::from_millis(400), ..Talk::of(12) };
        let limits = if seed % 2 == 0 { Limits::default() } else { limits(seed) };
        let chat = over_broadcast::<Acknowledged>(processes, talk);
        let mut world = World::new(processes, faults, Seeded::new(seed), chat, acknowledged(processes, limits));
        assert_eq!(world.run_until(LONG), Ending::Quiescent);
        assert_keeps!(world.trace(), [TotalOrder, FifoTotal, NoDuplication, NoCreation, Validity, Agreement], seed);
        excluded += world.stats().exclusions;
    });
    assert!(excluded > 1_000, "only {excluded} exclusions");
}

/// While a crash is not known, the all-acknowledge order waits: what is delivered is right, and no more is delivered for ever.
#[test]
fn without_exclusion_acknowledgements_of_all_promise_safety_only() {
    let mut waited = 0;
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let faults = Faults { crashes: 1, detection: None, ..faults(seed) };
        let chat = over_broadcast::<Acknowledged>(processes, Talk::of(6));
        let mut world = world(seed, faults, chat, acknowledged(processes, limits(seed)));
        let _ = world.run_until(Time::from_millis(30_000));
        assert_keeps!(world.trace(), [TotalOrder, FifoTotal, NoDuplication, NoCreation], seed);
        waited += u32::from(Property::Validity.check(world.trace()).is_err());
    });
    assert!(waited > 100, "only {waited} runs waited");
}

fn is_noticed<P>(build: impl Fn(Rank, Incarnation) -> P) -> bool
where
    P: Protocol<Request = Cast<Note>, Indication = Delivery<Note>>,
{
    seeds(1_000).any(|seed| {
        let mut world = World::new(3, Faults::lossy(), Seeded::new(seed), over_broadcast::<P>(3, Talk::of(6)), &build);
        let _ = world.run_until(LONG);
        Property::TotalOrder.check(world.trace()).is_err()
    })
}

/// The checker sees it if the rule is broken.
#[test]
fn a_broken_total_order_is_noticed() {
    let limits = Limits::default();
    let fifo = |me, incarnation| fifo_broadcast(&View::of(3), me, incarnation, limits, BACKOFF);
    assert!(is_noticed(|me, incarnation| Sequencer::new(fifo(me, incarnation), limits).without(Rule::Total)));
    let fifo = |me, incarnation| fifo_broadcast(&View::of(3), me, incarnation, limits, BACKOFF);
    assert!(is_noticed(|me, incarnation| AllAcknowledge::new(fifo(me, incarnation), limits).without(Rule::Total)));
}

/// Lamport's queue waits for something later from everybody. Whoever can say nothing any more that comes before a message need not say so.
#[test]
fn only_what_this_process_might_still_precede_is_acknowledged() {
    let body = |counter| tidings_broadcast::Acknowledged::Body { counter, body: counter };
    let acknowledge = |counter| tidings_broadcast::Acknowledged::Acknowledge { counter };
    let mut order = AllAcknowledge::new(Loose::new(false), Limits::default());
    let mut delivered: Vec<(u64, Rank)> = vec![];
    let hear = |order: &mut AllAcknowledge<Loose<_>, u64>, delivered: &mut Vec<_>, origin, payload| {
        let mut outbox = Outbox::new();
        order.receive(Time::ZERO, origin, Delivery { origin, payload }, &mut outbox).unwrap();
        while let Some(effect) = outbox.pop() {
            if let Effect::Indicate(Delivery { origin, payload }) = effect {
                delivered.push((payload, origin));
            }
        }
    };
    // This is process 1 of 4: its first message would have the stamp (1, 1).
    hear(&mut order, &mut delivered, Rank(0), body(1));
    assert_eq!(order.below().said, []);
    hear(&mut order, &mut delivered, Rank(2), body(1));
    assert_eq!(order.below().said, [acknowledge(1)]);
    hear(&mut order, &mut delivered, Rank(3), body(1));
    assert_eq!(order.below().said, [acknowledge(1)]);
    // Its next would have the stamp (2, 1); an own message says as much as an acknowledgement.
    order.request(Time::ZERO, Cast::body(2), &mut Outbox::new()).unwrap();
    hear(&mut order, &mut delivered, Rank(3), body(2));
    assert_eq!(order.below().said, [acknowledge(1), body(2)]);
    hear(&mut order, &mut delivered, Rank(0), body(3));
    assert_eq!(order.below().said, [acknowledge(1), body(2)]);
    hear(&mut order, &mut delivered, Rank(0), body(4));
    assert_eq!(order.below().said, [acknowledge(1), body(2), acknowledge(4)]);
    // Of process 2 it is known only that it can say nothing below (2, 2).
    assert_eq!(delivered, [(1, Rank(0)), (1, Rank(2)), (1, Rank(3)), (2, Rank(1))]);
    hear(&mut order, &mut delivered, Rank(2), acknowledge(4));
    assert_eq!(delivered[4..], [(2, Rank(3)), (3, Rank(0))]);
}
