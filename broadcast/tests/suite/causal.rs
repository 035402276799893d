//! Causal order over reliable broadcast, in simulated worlds.

use crate::stacks::{BACKOFF, Chat, Note, faults, limits, over_broadcast, processes, world};
use tidings_broadcast::{Arrived, CausalBroadcast, CausalOrder, Ordered, Rule, Stamped, causal_broadcast, reliable_broadcast};
use tidings_clocks::{Rank, Time, VectorClock};
use tidings_protocol::{Incarnation, Limits, Order, View};
use tidings_sim::{Ending, Faults, Property, Seeded, Talk, World, assert_keeps, for_each_seed, seeds};

type Causal = CausalBroadcast<Note>;

fn build(processes: u32, limits: Limits) -> impl FnMut(Rank, Incarnation) -> Causal {
    move |me, incarnation| causal_broadcast(&View::of(processes), me, incarnation, limits, BACKOFF)
}

fn broken(processes: u32, rule: Rule) -> impl FnMut(Rank, Incarnation) -> Causal {
    let limits = Limits::default();
    move |me, incarnation| {
        let order: CausalOrder<Arrived<Note>> = CausalOrder::new(me, processes as usize, limits).without(rule);
        let below =
            reliable_broadcast::<_, Stamped<VectorClock, Note>>(&View::of(processes), me, incarnation, limits, BACKOFF).without(rule);
        Ordered::new(order, below, limits)
    }
}

/// Everything that causal reliable broadcast promises, under loss, repetition, delay, reordering, partitions that heal and crashes, from limits of 1 up.
/// When all is quiet, nothing is held back.
#[test]
fn causal_delivery() {
    let mut held_back = 0;
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let mut world = world(seed, faults(seed), over_broadcast::<Causal>(processes, Talk::of(6)), build(processes, limits(seed)));
        assert_eq!(world.run_until(Time::from_millis(600_000)), Ending::Quiescent);
        assert_keeps!(world.trace(), [CausalDelivery, FifoDelivery, NoDuplication, NoCreation, Validity, Agreement], seed);
        let crashed = world.ranks().any(|rank| !world.is_alive(rank));
        for rank in world.live() {
            // What a crashed process never got across stays missing, and what it said later is held back for ever.
            assert!(crashed || world.process(rank).order().held() == 0, "{rank} still holds something back");
            held_back += u32::from(world.process(rank).stats().held_most > 0);
        }
    });
    assert!(held_back > 100, "only {held_back} processes held anything back");
}

fn violates(property: Property, rule: Rule) -> bool {
    seeds(1_000).any(|seed| {
        let chat: Chat<Causal> = over_broadcast::<Causal>(3, Talk::of(6));
        let mut world = World::new(3, Faults::lossy(), Seeded::new(seed), chat, broken(3, rule));
        let _ = world.run_until(Time::from_millis(60_000));
        property.check(world.trace()).is_err()
    })
}

/// The checkers see it if a rule is broken.
#[test]
fn a_broken_rule_is_noticed() {
    assert!(violates(Property::CausalDelivery, Rule::Causal));
    assert!(violates(Property::FifoDelivery, Rule::Fifo));
    assert!(violates(Property::NoDuplication, Rule::Dedupe));
}
