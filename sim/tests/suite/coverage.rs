//! Every point of the world's is reached, and only by the fault that it names.

use std::time::Duration;

use crate::protocols::{Durable, Flood, Name, chatter};
use tidings_protocol::{Rank, Time};
use tidings_sim::{
    Application, Chance, Clocks, Coverage, DayClock, Disk, Ending, Faults, Inbox, Links, Overflow, Partitions, Pauses, Point, Seeded, Talk,
    TimeOfDay, Timing, World, seeds,
};

/// Asks every process to add one, every 20 ms for a second.
struct Clerk {
    next: Vec<Time>,
    observed: u64,
}

impl Application<Durable> for Clerk {
    fn next(&mut self, me: Rank, now: Time) -> Option<u64> {
        let next = &mut self.next[me.index()];
        (*next <= now && *next < Time::from_millis(1_000)).then(|| {
            *next = now + Duration::from_millis(20);
            1
        })
    }

    fn refused(&mut self, _: Rank, _: Time, _: tidings_protocol::Refused<u64, crate::protocols::Busy>) {}

    fn indicated(&mut self, _: Rank, _: Time, _: u64) {}

    fn deadline(&self, me: Rank) -> Option<Time> {
        Some(self.next[me.index()]).filter(|next| *next < Time::from_millis(1_000))
    }

    fn observe(&mut self, _: Rank, protocol: &Durable, coverage: &mut Coverage) {
        self.observed += 1;
        if protocol.open {
            coverage.reach("open");
        }
    }
}

fn worst() -> Faults {
    Faults {
        loss: Chance::percent(30),
        duplicate: Chance::percent(30),
        max_delay: Duration::from_millis(60),
        partitions: Partitions {
            at_most: 3,
            gap: Duration::from_millis(200),
            length: Duration::from_millis(200),
            bridge: Chance::percent(30),
            flapping: Chance::percent(30),
            ..Partitions::NONE
        },
        pauses: Pauses { at_most: 5, gap: Duration::from_millis(100), length: Duration::from_millis(200) },
        crashes: 2,
        downtime: Some(Duration::from_millis(300)),
        detection: Some(Duration::from_millis(100)),
        clocks: Clocks { ahead: Duration::from_millis(10), drift: 1_000 },
        chaos: Duration::from_millis(1_000),
        disk: Disk {
            sync: Duration::from_millis(30),
            unsynced: Chance::percent(50),
            torn: Chance::percent(50),
            room: Some(40),
            lost: Chance::percent(30),
            ..Disk::PERFECT
        },
        time_of_day: TimeOfDay {
            at_most: 20,
            gap: Duration::from_millis(50),
            jump: Duration::from_millis(500),
            smear: Duration::from_millis(50),
            frozen: Duration::from_millis(100),
            ..TimeOfDay::RIGHT
        },
        links: Links {
            losses_in_a_row: Some(3),
            queue: Some(10),
            overflow: Overflow::Any,
            corrupt: Chance::percent(5),
            replay: Chance::percent(5),
            forge: Chance::percent(5),
            ..Links::PERFECT
        },
        timing: Timing::PartiallySynchronous { stabilises_within: Duration::from_secs(1), bound: Duration::from_millis(20) },
        ..Faults::calm()
    }
}

/// Runs of a protocol that floods under a slow application, and of one that persists, ticks, refuses and rejects.
fn covered(seed: u64, faults: &Faults) -> Coverage {
    let talk = Talk { inbox: Some(Inbox { room: 1, each: Duration::from_millis(5) }), ..Talk::of(6) };
    let mut world = World::new(4, faults.clone(), Seeded::new(seed), chatter(4, talk), |_, _| Flood::default())
        .showing((0..4).map(|_| DayClock::new()).collect());
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    let mut coverage = world.coverage().clone();
    let clerk = Clerk { next: vec![Time::ZERO; 3], observed: 0 };
    let durable = |_, _| Durable { tick: Some((Duration::from_millis(30), Time::ZERO)), ..Durable::default() };
    let mut world = World::new(3, faults.clone(), Seeded::new(seed), clerk, durable).recovering();
    let _ = world.run_until(Time::from_millis(1_500));
    assert!(world.application().observed > 0);
    coverage.join(world.coverage());
    coverage
}

/// The points that this file's two protocols cannot reach: they send nothing when they are woken, and what they send has no weight, cannot be altered
/// to something that can be read, or be turned into a lie.
const OTHERS: [Point; 4] = [Point::LostWhenWoken, Point::QueuedForBandwidth, Point::AlteredDelivered, Point::Lied];

#[test]
fn every_point_is_reached() {
    let mut coverage = Coverage::new();
    for seed in seeds(150) {
        coverage.join(&covered(seed, &worst()));
    }
    let missed: Vec<&str> = coverage.iter().filter(|(_, count)| *count == 0).map(|(name, _)| name).collect();
    assert_eq!(missed, OTHERS.map(Point::name), "{coverage:?}");
    assert!(coverage.count_named("open") > 0);
}

#[test]
fn without_faults_no_fault_is_met() {
    for seed in seeds(20) {
        let coverage = covered(seed, &Faults::calm());
        let met: Vec<&str> = coverage.iter().filter(|(_, count)| *count > 0).map(|(name, _)| name).collect();
        // Flow control is no fault.
        assert!(met.iter().all(|name| ["open", "waited_for_application", "refused", "rejected"].contains(name)), "seed {seed}: {met:?}");
    }
}

/// Points are counted when what they name happens, as the figures say that it did.
#[test]
fn counts_agree_with_the_figures() {
    for seed in seeds(50) {
        let mut world = World::new(4, worst(), Seeded::new(seed), chatter(4, Talk::of(6)), |_, _| Flood::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let (coverage, stats) = (world.coverage(), world.stats());
        let count = |point| coverage.count(point);
        assert_eq!(count(Point::Lost) + count(Point::CorruptedBeyondReading), stats.lost);
        assert_eq!(count(Point::CutWhenSent) + count(Point::CutInFlight), stats.partitioned);
        assert_eq!(count(Point::Overtaken) + count(Point::DuplicateOvertaken), stats.overtaken);
        assert_eq!(count(Point::Unheard), stats.unheard);
        assert_eq!(count(Point::Excluded), stats.exclusions);
        assert_eq!(count(Point::PauseHeldPacket) + count(Point::WaitedForApplication), stats.waited);
        assert!(
            count(Point::DuplicateDelivered) <= stats.duplicated && count(Point::DuplicateOvertaken) <= count(Point::DuplicateDelivered)
        );
        assert!(count(Point::LostInARow) < stats.lost.max(1) && count(Point::CrashWithinFanOut) <= stats.crashes);
    }
}

/// A pause that no deadline falls into is not counted as one that a deadline passed in.
#[test]
fn a_pause_is_counted_across_a_deadline_only_if_there_is_one() {
    for (length, expected) in [(5, 0), (50, 1)] {
        let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Durable {
            tick: Some((Duration::from_millis(30), Time::from_millis(30))),
            ..Durable::default()
        });
        let _ = world.run_until(Time::from_millis(10));
        world.pause(Rank(0), Duration::from_millis(length));
        let _ = world.run_until(Time::from_millis(100));
        assert_eq!(world.coverage().count(Point::PauseAcrossDeadline), expected);
    }
}

#[test]
fn both_copies_count_as_one_repetition() {
    let faults = Faults { duplicate: Chance::ALWAYS, ..Faults::calm() };
    let mut world = World::new(2, faults, Seeded::new(0), (), |_, _| Flood::default());
    let name: Name = (0, 0);
    world.request(Rank(0), name).unwrap();
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!((world.stats().sent, world.stats().duplicated, world.stats().delivered), (2, 2, 4));
    assert_eq!(world.coverage().count(Point::DuplicateDelivered), 2);
}
