//! Crashes and returns: what is lost, what is kept, and who is told.

use std::time::Duration;

use crate::protocols::{Durable, Flood, chatter};
use tidings_protocol::{Incarnation, Rank, Time};
use tidings_sim::{Application, Chance, Ending, Faults, Recording, Seeded, Talk, World, assert_keeps, seeds};
use tidings_trace::What;

#[test]
fn a_restarted_process_has_nothing_and_the_next_incarnation() {
    let mut world = World::new(2, Faults::calm(), Seeded::new(0), (), |_, _| Durable::default());
    world.request(Rank(0), 5).unwrap();
    let _ = world.run_until(Time::MAX);
    assert_eq!(world.records(Rank(0)), [5]);
    world.crash(Rank(0));
    assert!(!world.is_alive(Rank(0)));
    assert_eq!(world.process(Rank(0)).sum, 5, "it can be looked at as it was");
    world.restart(Rank(0));
    assert_eq!(world.incarnation(Rank(0)), Incarnation(2));
    assert_eq!((world.process(Rank(0)).sum, world.records(Rank(0)).len()), (0, 0));
    assert_eq!(world.live().collect::<Vec<_>>(), [Rank(0), Rank(1)]);
    assert_eq!((world.stats().crashes, world.stats().restarts), (1, 1));
}

#[test]
fn a_recovered_process_has_what_it_persisted_and_its_incarnation() {
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Durable { sum: 100, ..Durable::default() });
    for add in [5, 6, 7] {
        world.request(Rank(0), add).unwrap();
        let _ = world.run_until(Time::MAX);
    }
    for _ in 0..2 {
        world.crash(Rank(0));
        world.recover(Rank(0));
        assert_eq!((world.process(Rank(0)).sum, world.incarnation(Rank(0))), (118, Incarnation::FIRST));
        assert!(!world.process(Rank(0)).open, "what it had not persisted is gone");
    }
    let lives = world.trace().events.iter().filter(|event| event.what == What::Restart).count();
    assert_eq!(lives, 2);
}

/// Asks to add 1 again and again, and remembers the largest sum that was confirmed.
struct Adder {
    left: u64,
    confirmed: u64,
}

impl Application<Durable> for Adder {
    fn next(&mut self, _: Rank, _: Time) -> Option<u64> {
        self.left.checked_sub(1).map(|left| {
            self.left = left;
            1
        })
    }

    fn refused(&mut self, _: Rank, _: Time, _: tidings_protocol::Refused<u64, crate::protocols::Busy>) {
        self.left += 1;
    }

    fn indicated(&mut self, _: Rank, _: Time, sum: u64) {
        assert!(sum > self.confirmed);
        self.confirmed = sum;
    }
}

/// A record is durable before any later effect: whenever it crashes, nothing that was confirmed is lost.
#[test]
fn whatever_was_confirmed_survives_a_crash_between_any_two_effects() {
    let (mut crashes, mut unconfirmed) = (0, 0);
    for seed in seeds(500) {
        // A slow tick, so that the talk to itself is spread over time.
        let faults = Faults { crashes: 1, downtime: Some(Duration::from_millis(10)), chaos: Duration::from_millis(20), ..Faults::calm() };
        let every = Duration::from_micros(100);
        let build = |_, _| Durable { tick: Some((every, Time::ZERO + every)), ..Durable::default() };
        let mut world = World::new(1, faults, Seeded::new(seed), Adder { left: 1, confirmed: 0 }, build).recovering();
        for _ in 0..400 {
            let _ = world.run_for(every);
            world.application_mut().left = 1;
            let alive = world.is_alive(Rank(0));
            let (confirmed, persisted) = (world.application().confirmed, world.records(Rank(0)).len() as u64);
            assert!(persisted >= confirmed, "seed {seed}");
            if alive {
                assert_eq!(world.process(Rank(0)).sum, persisted, "seed {seed}");
            } else {
                unconfirmed += u64::from(persisted > confirmed);
            }
        }
        crashes += world.stats().crashes;
        assert_eq!(world.stats().crashes, world.stats().restarts, "seed {seed}");
        assert_eq!(world.incarnation(Rank(0)), Incarnation::FIRST);
    }
    assert!(crashes > 200, "{crashes}");
    assert!(unconfirmed > 0, "some crashes came after the record and before the confirmation");
}

#[test]
fn without_recovery_processes_come_back_with_nothing() {
    let faults = Faults { crashes: 2, downtime: Some(Duration::from_millis(100)), detection: None, ..Faults::calm() };
    let mut restarts = 0;
    for seed in seeds(100) {
        let mut world = World::new(3, faults.clone(), Seeded::new(seed), chatter(3, Talk::of(5)), |_, _| Flood::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert_eq!(world.stats().crashes, world.stats().restarts, "seed {seed}");
        assert_eq!(world.live().count(), 3);
        for rank in world.ranks() {
            let lives = world.trace().events.iter().filter(|event| event.process == rank && event.what == What::Restart).count() as u64;
            assert_eq!(world.incarnation(rank), Incarnation(1 + lives));
        }
        restarts += world.stats().restarts;
        assert_keeps!(world.trace(), [NoDuplication, NoCreation], seed);
    }
    assert!(restarts > 50);
}

#[test]
fn a_process_that_came_back_in_time_is_not_excluded() {
    let faults = Faults { detection: Some(Duration::from_millis(50)), ..Faults::calm() };
    let mut told_early = 0;
    for seed in seeds(50) {
        let mut world = World::new(3, faults.clone(), Seeded::new(seed), (), |_, _| Flood::default());
        world.crash(Rank(2));
        let _ = world.run_until(Time::from_millis(25));
        world.restart(Rank(2));
        let early = world.stats().exclusions;
        told_early += early;
        let _ = world.run_until(Time::MAX);
        assert_eq!(world.stats().exclusions, early, "seed {seed}");
    }
    assert!((1..100).contains(&told_early), "{told_early}: about half of 100 tellings");
}

#[test]
fn a_newcomer_is_told_who_is_down() {
    let mut world = World::new(3, Faults::calm(), Seeded::new(0), (), |_, _| Flood::default());
    world.crash(Rank(1));
    let _ = world.run_until(Time::MAX);
    assert_eq!(world.process(Rank(0)).excluded, [Rank(1)]);
    world.crash(Rank(2));
    world.restart(Rank(2));
    let _ = world.run_until(Time::MAX);
    assert_eq!(world.process(Rank(2)).excluded, [Rank(1)]);
    world.exclude(Rank(2), Rank(1));
    world.exclude(Rank(2), Rank(0));
    assert_eq!(world.process(Rank(2)).excluded, [Rank(1), Rank(0)], "once each, and falsely if a script says so");
}

#[test]
fn a_crashed_process_hears_and_does_nothing() {
    let mut world = World::new(2, Faults { detection: None, ..Faults::calm() }, Seeded::new(0), (), |_, _| Flood::default());
    world.crash(Rank(1));
    world.crash(Rank(1));
    world.wake(Rank(1));
    world.pause(Rank(1), Duration::from_secs(1));
    world.exclude(Rank(1), Rank(0));
    world.request(Rank(0), (0, 0)).unwrap();
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!((world.process(Rank(1)).received, world.stats().unheard, world.stats().crashes), (0, 1, 1));
    assert_eq!(world.trace().verify(), Ok(()));
}

#[test]
#[should_panic(expected = "process p0 cannot restart: it has not crashed")]
fn the_living_do_not_restart() {
    World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Flood::default()).restart(Rank(0));
}

#[test]
#[should_panic(expected = "process p1 has crashed and takes no requests")]
fn the_dead_take_no_requests() {
    let mut world = World::new(2, Faults::calm(), Seeded::new(0), (), |_, _| Flood::default());
    world.crash(Rank(1));
    let _ = world.request(Rank(1), (1, 1));
}

/// A crash while the process talks: what it asked for last is its broadcast still.
#[test]
fn the_chatter_agrees_with_the_trace_through_all_lives() {
    let faults = Faults {
        crashes: 3,
        downtime: Some(Duration::from_millis(200)),
        chaos: Duration::from_secs(1),
        loss: Chance::percent(10),
        ..Faults::calm()
    };
    for seed in seeds(100) {
        let mut world = World::new(3, faults.clone(), Seeded::new(seed), chatter(3, Talk::of(10)), |_, _| Flood::default())
            .recording(Recording::Deliveries);
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        for rank in world.ranks() {
            let of = |pick: fn(What) -> Option<tidings_trace::MessageId>| -> Vec<_> {
                world.trace().events.iter().filter(|event| event.process == rank).filter_map(|event| pick(event.what)).collect()
            };
            assert_eq!(
                of(|what| if let What::Broadcast(id) = what { Some(id) } else { None }),
                world.application().broadcast(rank),
                "seed {seed}"
            );
            assert_eq!(
                of(|what| if let What::Deliver(id) = what { Some(id) } else { None }),
                world.application().delivered(rank),
                "seed {seed}"
            );
        }
        assert_eq!(world.trace().verify(), Ok(()), "seed {seed}: no message is broadcast twice");
    }
}
