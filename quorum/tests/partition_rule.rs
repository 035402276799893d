//! The partition rule in simulated worlds.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use proptest::prelude::*;
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Outbox, Protocol, Refused, View};
use tidings_quorum::{PartitionRule, Probe, ProbeRejected, Probing, Standing};
use tidings_sim::{Application, Chance, Chooser, Faults, Seeded, Site, World, for_each_seed};

const MS: Duration = Duration::from_millis(1);

fn probing() -> Probing {
    Probing::new(100 * MS, 50 * MS).unwrap()
}

fn build(processes: u32) -> impl FnMut(Rank, Incarnation) -> PartitionRule {
    move |me, incarnation| PartitionRule::new(&View::of(processes), me, incarnation, probing())
}

/// What each process was told last.
struct Told(Vec<Standing>);

impl Application<PartitionRule> for Told {
    fn next(&mut self, _: Rank, _: Time) -> Option<Infallible> {
        None
    }

    fn refused(&mut self, _: Rank, _: Time, refused: Refused<Infallible, Infallible>) {
        match refused.request {}
    }

    fn indicated(&mut self, me: Rank, _: Time, standing: Standing) {
        assert_ne!(self.0[me.index()], standing, "only changes are told");
        self.0[me.index()] = standing;
    }

    fn crashed(&mut self, me: Rank, _: Time) {
        self.0[me.index()] = Standing::ReadOnly;
    }
}

type Ruled<B> = World<PartitionRule, Told, Seeded, B>;

fn world(seed: u64, processes: u32, faults: Faults) -> Ruled<impl FnMut(Rank, Incarnation) -> PartitionRule> {
    World::new(processes, faults, Seeded::new(seed), Told(vec![Standing::ReadOnly; processes as usize]), build(processes))
}

/// Delays below half the timeout, a loss of `percent`. Nobody is told of a crash, so that a process may come back.
fn faults(percent: u32) -> Faults {
    Faults {
        detection: None,
        loss: Chance::percent(percent),
        max_delay: 20 * MS,
        duplicate: Chance::percent(10),
        chaos: Duration::from_secs(1_000),
        ..Faults::lossy()
    }
}

fn writable<B: FnMut(Rank, Incarnation) -> PartitionRule>(world: &Ruled<B>, rank: Rank) -> bool {
    world.is_alive(rank) && world.process(rank).writable(world.now())
}

/// Two sides, at random; the first may be empty.
fn sides(chooser: &mut Seeded, processes: u32) -> (Vec<Rank>, Vec<Rank>) {
    (0..processes).map(Rank).partition(|_| chooser.choose(Site::Side, 2) == 1)
}

/// Under symmetric partitions, loss, repetition, reordering, crashes and restarts: later than the bound after a cut no two sides are writable, at any time
/// until it is mended; the side with more than half is writable again and again, and after the cut everybody is, if nothing is lost.
#[test]
fn after_the_bound_no_two_sides_are_writable() {
    let (mut both_within, mut cuts) = (0, 0);
    for_each_seed(1_000, |seed| {
        let mut chooser = Seeded::new(!seed);
        let processes = 2 + chooser.choose(Site::Side, 6);
        let loss = if seed % 2 == 0 { 0 } else { 20 };
        let mut world = world(seed, processes, faults(loss));
        let _ = world.run_for(MS * (200 + chooser.choose(Site::Partition, 200)));
        for _ in 0..3 {
            let (one, other) = sides(&mut chooser, processes);
            if chooser.choose(Site::Crash, 3) == 0 {
                let rank = Rank(chooser.choose(Site::Crash, processes));
                world.crash(rank);
                let _ = world.run_for(MS * chooser.choose(Site::Crash, 200));
                world.restart(rank);
            }
            world.partition(&one);
            let cut = world.now();
            let length = probing().detection_bound() + MS * chooser.choose(Site::Partition, 600);
            let mut was_writable = vec![false; processes as usize];
            let mut writable_within = false;
            while world.now() < cut + length && world.step() {
                let of_one = one.iter().any(|rank| writable(&world, *rank));
                let of_other = other.iter().any(|rank| writable(&world, *rank));
                if world.now().since(cut) < probing().detection_bound() {
                    writable_within |= of_one && of_other;
                    continue;
                }
                assert!(!(of_one && of_other), "both sides are writable {:?} after the cut", world.now().since(cut));
                for (rank, was) in world.ranks().zip(&mut was_writable) {
                    *was |= writable(&world, rank);
                }
            }
            both_within += u32::from(writable_within);
            cuts += 1;
            if loss == 0 && length > probing().detection_bound() + probing().interval() {
                for side in [&one, &other] {
                    let many = side.len() * 2 > processes as usize;
                    assert!(side.iter().all(|rank| was_writable[rank.index()] == many), "{} of {processes}: {was_writable:?}", side.len());
                }
            }
            world.heal();
            let _ = world.run_for(probing().detection_bound());
            if loss == 0 {
                for rank in world.ranks() {
                    assert!(writable(&world, rank), "{rank} is not writable after the cut");
                    assert_eq!(world.application().0[rank.index()], Standing::Writable);
                }
            }
        }
    });
    // The bound is not an empty one: within it both sides are writable now and then.
    assert!(both_within > cuts / 10, "{both_within} of {cuts}");
}

/// Of an even number, two halves: nobody writes.
#[test]
fn an_even_split_leaves_both_halves_read_only() {
    for_each_seed(1_000, |seed| {
        let processes = 2 * (1 + u32::try_from(seed % 4).unwrap());
        let mut world = world(seed, processes, faults(0));
        let _ = world.run_for(300 * MS);
        let half: Vec<Rank> = (0..processes / 2).map(Rank).collect();
        world.partition(&half);
        let _ = world.run_for(probing().detection_bound());
        for _ in 0..100 {
            assert!(world.ranks().all(|rank| !writable(&world, rank)));
            assert!(world.step());
        }
        assert!(world.application().0.iter().all(|told| *told == Standing::ReadOnly));
        world.heal();
        let _ = world.run_for(probing().detection_bound());
        assert!(world.ranks().all(|rank| writable(&world, rank)));
    });
}

/// A–B is cut while both reach C: nobody stops, as the rule of some brokers does (their members then paused each other for ever).
#[test]
fn a_partial_partition_stops_nobody_who_reaches_a_majority() {
    let mut world = world(7, 3, faults(0));
    world.cut(Rank(0), Rank(1));
    world.cut(Rank(1), Rank(0));
    let _ = world.run_for(probing().detection_bound());
    for _ in 0..1_000 {
        assert!(world.step());
        assert!(world.ranks().all(|rank| writable(&world, rank)));
    }
}

/// Who hears and is not heard gets no answers: a link that is cut in one direction counts for nobody.
#[test]
fn one_way_is_not_reached() {
    let mut world = world(3, 3, faults(0));
    let _ = world.run_for(300 * MS);
    world.cut(Rank(0), Rank(1));
    world.cut(Rank(0), Rank(2));
    let _ = world.run_for(probing().detection_bound());
    assert!(!writable(&world, Rank(0)));
    assert!(writable(&world, Rank(1)) && writable(&world, Rank(2)));
}

/// A majority of members that crashed is no majority of those left: N is what was configured, also after they are excluded.
#[test]
fn exclusion_does_not_lower_the_bar() {
    let mut world = world(5, 5, faults(0));
    let _ = world.run_for(300 * MS);
    for crashed in [Rank(0), Rank(3), Rank(4)] {
        world.crash(crashed);
        world.exclude(Rank(1), crashed);
        world.exclude(Rank(2), crashed);
    }
    let _ = world.run_for(Duration::from_secs(1));
    assert!(!writable(&world, Rank(1)) && !writable(&world, Rank(2)));
}

/// Answers to a former life prove nothing about this one: they were given before it began.
#[test]
fn answers_to_a_former_life_do_not_count() {
    let mut outbox = Outbox::new();
    let life = |incarnation| PartitionRule::new(&View::of(3), Rank(0), incarnation, probing());
    let mut former = life(Incarnation::FIRST);
    former.wake(Time::ZERO, &mut outbox);
    let Some(Effect::Send { message: Probe::Ping { incarnation, round }, .. }) = outbox.pop() else { panic!("a round begins with a ping") };

    let mut now = life(Incarnation(2));
    now.wake(Time::ZERO, &mut outbox);
    let late = now.receive(Time::ZERO + MS, Rank(1), Probe::Pong { incarnation, round }, &mut outbox);
    assert_eq!(late, Err(ProbeRejected::Stale { from: Rank(1), incarnation, round }));
    assert!(!now.writable(Time::ZERO + MS));
    assert_eq!(now.receive(Time::ZERO + MS, Rank(1), Probe::Pong { incarnation: Incarnation(2), round }, &mut outbox), Ok(()));
    assert!(now.writable(Time::ZERO + MS));
}

/// An answer to an earlier round, or one that took too long, does not count; a repeated one counts once.
#[test]
fn late_and_repeated_answers_do_not_count() {
    let mut outbox = Outbox::new();
    let mut rule = PartitionRule::new(&View::of(5), Rank(0), Incarnation::FIRST, probing());
    let pong = |round| Probe::Pong { incarnation: Incarnation::FIRST, round };
    rule.wake(Time::ZERO, &mut outbox);
    for _ in 0..9 {
        assert_eq!(rule.receive(Time::ZERO + MS, Rank(1), pong(1), &mut outbox), Ok(()));
    }
    assert_eq!(rule.responses(), 2);
    let before = rule.clone();
    assert!(matches!(rule.receive(Time::ZERO + 50 * MS, Rank(2), pong(1), &mut outbox), Err(ProbeRejected::Stale { .. })));
    assert!(matches!(rule.receive(Time::ZERO + MS, Rank(2), pong(2), &mut outbox), Err(ProbeRejected::NeverAsked { .. })));
    assert!(matches!(rule.receive(Time::ZERO + MS, Rank(2), pong(0), &mut outbox), Err(ProbeRejected::NeverAsked { .. })));
    assert!(matches!(rule.receive(Time::ZERO + MS, Rank(5), pong(1), &mut outbox), Err(ProbeRejected::NotAMember { .. })));
    assert!(matches!(rule.receive(Time::ZERO + MS, Rank(0), pong(1), &mut outbox), Err(ProbeRejected::NotAMember { .. })));
    assert_eq!(rule, before);
    rule.wake(Time::ZERO + 100 * MS, &mut outbox);
    assert_eq!((rule.round(), rule.responses()), (2, 1));
    assert!(matches!(rule.receive(Time::ZERO + 101 * MS, Rank(2), pong(1), &mut outbox), Err(ProbeRejected::Stale { .. })));
}

/// What may come from anybody: any life, any round.
fn probes() -> impl Strategy<Value = (u32, Probe, u64, bool)> {
    let number = prop_oneof![0..4_u64, Just(u64::MAX), Just(u64::MAX - 1)];
    (0..8_u32, number.clone(), number, any::<bool>(), 0..40_u64, any::<bool>()).prop_map(|(from, incarnation, round, ping, later, wake)| {
        let incarnation = Incarnation(incarnation);
        (from, if ping { Probe::Ping { incarnation, round } } else { Probe::Pong { incarnation, round } }, later, wake)
    })
}

proptest! {
    /// Whatever comes: no panic, an error changes nothing, and a naive recount of the answers to each round agrees on who may write.
    #[test]
    fn agrees_with_a_recount_whatever_comes(probes in prop::collection::vec(probes(), 0..300)) {
        let mut outbox = Outbox::new();
        let mut rule = PartitionRule::new(&View::of(5), Rank(1), Incarnation(2), probing());
        let mut now = Time::ZERO;
        // Of each round: when it began, and who answered it in time.
        let mut rounds: Vec<(Time, BTreeSet<u32>)> = vec![];
        for (from, probe, later, wake) in probes {
            now = now + MS * u32::try_from(later).unwrap();
            if wake {
                let due = rule.deadline().is_some_and(|due| due <= now);
                rule.wake(now, &mut outbox);
                if rule.round() > rounds.len() as u64 {
                    prop_assert!(due);
                    rounds.push((now, BTreeSet::from([1])));
                }
            }
            let before = rule.clone();
            if rule.receive(now, Rank(from), probe, &mut outbox).is_err() {
                prop_assert_eq!(&rule, &before);
            }
            if let Probe::Pong { incarnation: Incarnation(2), round } = probe
                && from != 1
                && from < 5
                && round == rounds.len() as u64
                && let Some((begun, answered)) = rounds.last_mut()
                && now.since(*begun) < 50 * MS
            {
                answered.insert(from);
            }
            let by_majority = |(begun, answered): &(Time, BTreeSet<u32>)| answered.len() * 2 > 5 && now < *begun + 150 * MS;
            prop_assert_eq!(rule.writable(now), rounds.iter().any(by_majority));
        }
    }
}
