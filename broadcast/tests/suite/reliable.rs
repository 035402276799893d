//! Best-effort and reliable broadcast keep their promises in worlds that lose, repeat, delay and reorder, part and crash.

use crate::stacks::{BACKOFF, NoteReliable, best_effort, faults, limits, over_broadcast, processes, reliable, world};
use tidings_broadcast::{Broadcast, Class, PerfectLink, Reliable, Rule};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Incarnation, Limits, View};
use tidings_sim::{Ending, Faults, Seeded, Talk, World, for_each_seed};
use tidings_trace::{Property, Trace, What, check_all};

const LIMIT: Time = Time::from_millis(600_000);

fn deliveries(trace: &Trace) -> usize {
    trace.events.iter().filter(|event| matches!(event.what, What::Deliver(_))).count()
}

#[test]
fn best_effort_validity_no_duplication_no_creation() {
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let mut world = world(seed, faults(seed), over_broadcast(processes, Talk::of(8)), best_effort(processes, limits(seed)));
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        let properties = [Property::Validity, Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation];
        assert_eq!(check_all(world.trace(), &properties), []);
        assert!(world.live().all(|rank| world.process(rank).link().held() == 0), "at rest and holds messages");
    });
}

/// With windows and credits from 1 up: nothing is stuck, and at rest nothing is held.
#[test]
fn validity_no_duplication_no_creation_agreement() {
    let mut delivered = 0;
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let mut world = world(seed, faults(seed), over_broadcast(processes, Talk::of(8)), reliable(processes, limits(seed)));
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        let properties = [Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement];
        assert_eq!(check_all(world.trace(), &properties), []);
        for rank in world.live() {
            let process = world.process(rank);
            assert_eq!((process.link().held(), process.held()), (0, 0), "{rank} is at rest and holds messages");
            // Up to half a credit may not have been asked back.
            assert!(process.outstanding(Class::Body) <= limits(seed).credit as usize / 2);
            assert!(process.outstanding(Class::Control) <= limits(seed).control_credit as usize / 2);
            assert!(process.held_bytes() + process.link().held_bytes() <= process.max_bytes());
        }
        delivered += deliveries(world.trace());
    });
    assert!(delivered > 50_000, "hardly anything was delivered: {delivered}");
}

/// The origin crashes in the middle of a fan-out: one process has the message, and all that live get it.
#[test]
fn agreement_when_the_origin_crashes_in_mid_fan_out() {
    let mut partial = 0;
    for_each_seed(1_000, |seed| {
        let processes = processes(seed).max(3);
        let faults = Faults { crashes: 1, protected: (1..processes).map(Rank).collect(), ..faults(seed) };
        let mut world =
            World::new(processes, faults, Seeded::new(seed), over_broadcast(processes, Talk::of(6)), reliable(processes, limits(seed)));
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        assert_eq!(check_all(world.trace(), &[Property::NoDuplication, Property::NoCreation, Property::Agreement]), []);
        partial += u64::from(world.stats().cut_off > 0);
    });
    assert!(partial > 100, "the origin hardly ever crashed in mid fan-out: {partial}");
}

/// Best effort promises nothing when the sender crashes; that the checker sees it shows that it looks.
#[test]
fn best_effort_does_not_agree_when_the_origin_crashes() {
    let found = (0..1_000).find(|seed| {
        let faults = Faults { crashes: 1, protected: vec![Rank(1), Rank(2)], ..faults(*seed) };
        let mut world = World::new(3, faults, Seeded::new(*seed), over_broadcast(3, Talk::of(6)), best_effort(3, Limits::default()));
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        Property::Agreement.check(world.trace()).is_err()
    });
    assert!(found.is_some(), "best effort agreed in 1,000 runs");
}

#[test]
fn a_broadcast_that_does_not_deduplicate_is_found_out() {
    let build = |me: Rank, incarnation: Incarnation| -> NoteReliable {
        Reliable::new(PerfectLink::new(&View::of(3), me, incarnation, Limits::default(), BACKOFF), Limits::default()).without(Rule::Dedupe)
    };
    let mut copies = 0;
    let found = (0..1_000).find(|seed| {
        let mut world = World::new(3, Faults::lossy(), Seeded::new(*seed), over_broadcast(3, Talk::of(8)), build);
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        copies = world.ranks().map(|rank| world.process(rank).stats().copies).sum();
        Property::NoDuplication.check(world.trace()).is_err()
    });
    assert!(found.is_some_and(|seed| seed < 10), "found at {found:?}");
    // Only the first copy is handed on: 2 from the origin and 1 from each of 2 others.
    assert!(copies <= 3 * 8 * 4, "{copies} copies: a storm");
}

/// Safety without exclusion: after a crash that nobody is told of, what is delivered is right, and credit runs out.
#[test]
fn without_exclusion_it_promises_safety_only() {
    for_each_seed(200, |seed| {
        let faults = Faults { detection: None, crashes: 1, ..faults(seed) };
        let mut world = World::new(3, faults, Seeded::new(seed), over_broadcast(3, Talk::of(8)), reliable(3, limits(seed)));
        let _ = world.run_until(Time::from_millis(30_000));
        assert_eq!(check_all(world.trace(), &[Property::NoDuplication, Property::NoCreation]), []);
        for rank in world.ranks() {
            let process = world.process(rank);
            assert!(process.held_bytes() + process.link().held_bytes() <= process.max_bytes());
        }
    });
}
