//! Total order by a fixed sequencer and by acknowledgements of all, in simulated worlds.

use std::time::Duration;

use crate::stacks::{BACKOFF, Note, faults, limits, over_broadcast, processes, world};
use tidings_broadcast::{
    AllAcknowledge, AllAcknowledgedBroadcast, Cast, Delivery, Rule, SequencedBroadcast, Sequencer, all_acknowledged_broadcast,
    fifo_broadcast, sequenced_broadcast,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Incarnation, Limits, Protocol, View};
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
