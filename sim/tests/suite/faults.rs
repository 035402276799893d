//! Every fault is shown to happen, is counted, and stays within its model.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::protocols::{Flood, Ping, chatter};
use tidings_protocol::{Rank, Time};
use tidings_sim::{Chance, Chooser, Ending, Faults, Partitions, Pauses, Recording, Seeded, Site, Stats, Talk, World, seeds};
use tidings_trace::{Trace, What};

/// Faults for a run in which all of the talk happens: it lasts 1 s, the chaos 10 s.
fn run(seed: u64, faults: Faults, processes: u32) -> (Trace, Stats) {
    let mut world = World::new(processes, faults, Seeded::new(seed), chatter(processes, Talk::of(6)), |_, _| Flood::default())
        .recording(Recording::Everything);
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent, "seed {seed}");
    let (_, _, trace, stats) = world.into_parts();
    assert_eq!(trace.verify(), Ok(()), "seed {seed}");
    assert_eq!(balance(&stats), 0, "seed {seed}: {stats:?}");
    (trace, stats)
}

/// Copies that went in, less copies that came to an end: zero when nothing is in flight.
fn balance(stats: &Stats) -> i128 {
    let went_in = stats.sent + stats.duplicated + stats.looped;
    let ended = stats.lost + stats.partitioned + stats.unheard + stats.delivered;
    i128::from(went_in) - i128::from(ended)
}

#[test]
fn a_calm_run_delivers_everything_everywhere() {
    for seed in seeds(50) {
        let mut world = World::new(4, Faults::calm(), Seeded::new(seed), chatter(4, Talk::of(5)), |_, _| Flood::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let said: usize = world.ranks().map(|rank| world.application().broadcast(rank).len()).sum();
        assert!(said > 0);
        for rank in world.ranks() {
            assert_eq!(world.application().delivered(rank).len(), said, "seed {seed}");
        }
        let stats = world.stats();
        assert_eq!((stats.lost, stats.duplicated, stats.overtaken, stats.partitioned, stats.crashes, stats.pauses), (0, 0, 0, 0, 0, 0));
        assert_eq!(stats.delivered, stats.sent);
    }
}

#[test]
fn a_ball_goes_round() {
    let mut world = World::new(3, Faults::calm(), Seeded::new(0), (), |rank, _| Ping { me: rank.0, processes: 3, hops: 0 });
    world.request(Rank(0), 9).unwrap();
    assert_eq!(world.run_until(Time::from_millis(1_000)), Ending::Quiescent);
    assert_eq!(world.now(), Time::from_millis(10));
    assert_eq!(world.ranks().map(|rank| world.process(rank).hops).sum::<u64>(), 10);
}

#[test]
fn losses_and_repetitions_are_as_likely_as_they_are_said_to_be() {
    let faults = Faults { loss: Chance::percent(20), duplicate: Chance::percent(10), ..Faults::calm() };
    let (mut sent, mut lost, mut duplicated) = (0, 0, 0);
    for seed in seeds(200) {
        let (_, stats) = run(seed, faults.clone(), 5);
        (sent, lost, duplicated) = (sent + stats.sent, lost + stats.lost, duplicated + stats.duplicated);
    }
    let permille = |part: u64, whole: u64| part * 1000 / whole;
    assert!((190..210).contains(&permille(lost, sent)), "{lost} of {sent}");
    assert!((90..110).contains(&permille(duplicated, sent - lost)), "{duplicated} of {}", sent - lost);
}

#[test]
fn delays_stay_within_their_bounds_and_reach_both_ends() {
    let (min_delay, max_delay) = (Duration::from_millis(2), Duration::from_millis(5));
    let faults = Faults { min_delay, max_delay, ..Faults::calm() };
    let (mut shortest, mut longest, mut overtaken) = (Duration::MAX, Duration::ZERO, 0);
    for seed in seeds(50) {
        let (trace, stats) = run(seed, faults.clone(), 4);
        overtaken += stats.overtaken;
        let mut sent = BTreeMap::new();
        for event in &trace.events {
            match event.what {
                What::Send { packet, .. } => {
                    sent.insert(packet, event.time);
                }
                What::Receive { packet, .. } => {
                    let delay = event.time - sent[&packet];
                    assert!((min_delay..=max_delay).contains(&delay), "seed {seed}: {delay:?}");
                    (shortest, longest) = (shortest.min(delay), longest.max(delay));
                }
                _ => {}
            }
        }
    }
    assert!(shortest < Duration::from_micros(2_020) && longest > Duration::from_micros(4_980), "{shortest:?} {longest:?}");
    assert!(overtaken > 0, "packets overtake each other");
}

#[test]
fn without_room_for_delays_nothing_overtakes() {
    let faults = Faults { min_delay: Duration::from_millis(7), max_delay: Duration::ZERO, loss: Chance::percent(20), ..Faults::calm() };
    for seed in seeds(50) {
        let (_, stats) = run(seed, faults.clone(), 4);
        assert_eq!(stats.overtaken, 0);
    }
}

#[test]
fn both_copies_of_a_repeated_packet_arrive() {
    let faults = Faults { duplicate: Chance::ALWAYS, ..Faults::calm() };
    let (trace, stats) = run(1, faults, 2);
    assert!(stats.sent > 0);
    assert_eq!((stats.duplicated, stats.delivered), (stats.sent, 2 * stats.sent));
    let receipts = trace.events.iter().filter(|event| matches!(event.what, What::Receive { packet: 1, .. })).count();
    assert_eq!(receipts, 2);
}

#[test]
fn a_scripted_partition_parts_until_it_heals() {
    let mut world = World::new(4, Faults::calm(), Seeded::new(0), (), |_, _| Flood::default());
    world.partition(&[Rank(0), Rank(3)]);
    world.request(Rank(0), (0, 1)).unwrap();
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!(heard(&world, (0, 1)), [true, false, false, true]);
    assert_eq!(world.stats().partitioned, 4, "two packets of each of two processes");
    world.heal();
    world.request(Rank(1), (1, 1)).unwrap();
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!(heard(&world, (1, 1)), [true; 4]);
}

fn heard<A, C, B>(world: &World<Flood, A, C, B>, name: crate::protocols::Name) -> Vec<bool>
where
    A: tidings_sim::Application<Flood>,
    C: Chooser,
    B: FnMut(Rank, tidings_protocol::Incarnation) -> Flood,
{
    world.ranks().map(|rank| world.process(rank).seen.contains(&name)).collect()
}

#[test]
fn a_partition_also_eats_what_is_on_its_way_but_not_what_arrives_later() {
    let faults = Faults { min_delay: Duration::from_millis(10), max_delay: Duration::from_millis(10), ..Faults::calm() };
    let mut world = World::new(2, faults, Seeded::new(0), (), |_, _| Flood::default());
    world.request(Rank(0), (0, 1)).unwrap();
    let _ = world.run_for(Duration::from_millis(5));
    world.partition(&[Rank(0)]);
    let _ = world.run_for(Duration::from_millis(10));
    world.heal();
    assert_eq!(heard(&world, (0, 1)), [true, false]);
    world.request(Rank(0), (0, 2)).unwrap();
    let _ = world.run_for(Duration::from_millis(5));
    world.partition(&[Rank(0)]);
    world.heal();
    let _ = world.run_for(Duration::from_millis(10));
    assert_eq!(heard(&world, (0, 2)), [true, true]);
}

#[test]
fn a_cut_is_one_way_until_it_is_mended() {
    let mut world = World::new(2, Faults::calm(), Seeded::new(0), (), |_, _| Flood::default());
    world.cut(Rank(0), Rank(1));
    world.request(Rank(0), (0, 1)).unwrap();
    world.request(Rank(1), (1, 1)).unwrap();
    let _ = world.run_until(Time::MAX);
    assert_eq!(heard(&world, (0, 1)), [true, false]);
    assert_eq!(heard(&world, (1, 1)), [true, true]);
    world.mend(Rank(0), Rank(1));
    world.request(Rank(0), (0, 2)).unwrap();
    let _ = world.run_until(Time::MAX);
    assert_eq!(heard(&world, (0, 2)), [true, true]);
}

/// Which links eat something during one run with one partition, when everybody talks all the time.
fn eaten_links(seed: u64, partitions: Partitions) -> (Vec<(u32, u32)>, u64) {
    let faults = Faults { partitions, ..Faults::calm() };
    let talk = Talk { replies: Chance::NEVER, ..Talk::of(200) };
    let mut world = World::new(4, faults, Seeded::new(seed), chatter(4, talk), |_, _| Flood::default()).recording(Recording::Everything);
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    let mut open = BTreeMap::new();
    for event in &world.trace().events {
        match event.what {
            What::Send { packet, to } => {
                open.insert(packet, (event.process.0, to.0));
            }
            What::Receive { packet, .. } => {
                open.remove(&packet);
            }
            _ => {}
        }
    }
    let mut links: Vec<(u32, u32)> = open.into_values().collect();
    links.sort_unstable();
    links.dedup();
    (links, world.stats().partitions)
}

#[test]
fn partitions_that_come_by_themselves_have_two_sides() {
    let partitions = Partitions { at_most: 1, gap: Duration::from_millis(200), length: Duration::from_millis(300), ..Partitions::NONE };
    let mut parted = 0;
    for seed in seeds(100) {
        let (links, count) = eaten_links(seed, partitions);
        assert!(count <= 1);
        if let Some(&(one, _)) = links.first() {
            parted += 1;
            let cut_off: Vec<u32> = links.iter().filter(|(from, _)| *from == one).map(|(_, to)| *to).collect();
            let side: Vec<u32> = (0..4).filter(|rank| !cut_off.contains(rank)).collect();
            let expected: Vec<(u32, u32)> = (0..4)
                .flat_map(|from| (0..4).map(move |to| (from, to)))
                .filter(|(from, to)| side.contains(from) != side.contains(to))
                .collect();
            // A short partition may miss some links; none is eaten within a side.
            assert!(links.iter().all(|link| expected.contains(link)), "seed {seed}: {links:?}");
        }
    }
    assert!(parted > 50, "{parted} of 100 runs were parted");
}

#[test]
fn one_way_partitions_leave_the_way_back() {
    let partitions = Partitions {
        at_most: 1,
        gap: Duration::from_millis(200),
        length: Duration::from_millis(300),
        one_way: Chance::ALWAYS,
        ..Partitions::NONE
    };
    let mut parted = 0;
    for seed in seeds(60) {
        let (links, _) = eaten_links(seed, partitions);
        assert!(links.iter().all(|(from, to)| !links.contains(&(*to, *from))), "seed {seed}: {links:?}");
        parted += usize::from(!links.is_empty());
    }
    assert!(parted > 30, "{parted} of 60 runs were parted");
}

#[test]
fn partial_partitions_cut_one_link() {
    let partitions = Partitions {
        at_most: 1,
        gap: Duration::from_millis(200),
        length: Duration::from_millis(300),
        partial: Chance::ALWAYS,
        ..Partitions::NONE
    };
    let mut parted = 0;
    for seed in seeds(60) {
        let (links, _) = eaten_links(seed, partitions);
        assert!(links.len() <= 2 && links.iter().all(|(from, to)| [(*from, *to), (*to, *from)].iter().any(|link| links.contains(link))));
        if let [(a, b), (c, d)] = links[..] {
            assert_eq!((a, b), (d, c), "seed {seed}");
            parted += 1;
        }
    }
    assert!(parted > 20, "{parted} of 60 runs were parted");
}

/// Two halves do not hear each other, and one process hears and is heard by both.
#[test]
fn a_bridge_stays_on_both_sides() {
    let partitions = Partitions {
        at_most: 1,
        gap: Duration::from_millis(200),
        length: Duration::from_millis(600),
        bridge: Chance::ALWAYS,
        ..Partitions::NONE
    };
    let mut bridged = 0;
    for seed in seeds(100) {
        let (links, _) = eaten_links(seed, partitions);
        let is_cut = |one: u32, other: u32| links.contains(&(one, other)) || links.contains(&(other, one));
        let untouched: Vec<u32> = (0..4).filter(|one| (0..4).all(|other| !is_cut(*one, other))).collect();
        assert!(!untouched.is_empty(), "seed {seed}: {links:?}");
        // Of the other three, one is on one side and two are on the other.
        if let [_] = untouched[..] {
            let rest: Vec<u32> = (0..4).filter(|rank| !untouched.contains(rank)).collect();
            let pairs = [(rest[0], rest[1]), (rest[0], rest[2]), (rest[1], rest[2])];
            assert_eq!(pairs.into_iter().filter(|(one, other)| is_cut(*one, *other)).count(), 2, "seed {seed}: {links:?}");
            bridged += 1;
        }
    }
    assert!(bridged > 30, "{bridged} of 100 runs had a bridge between two halves");
}

/// A partition that flaps cuts the same two sides two to five times, and between that they hear each other.
#[test]
fn a_flapping_partition_is_there_and_gone_in_turn() {
    let faults = Faults {
        partitions: Partitions {
            at_most: 1,
            gap: Duration::from_millis(100),
            length: Duration::from_millis(500),
            flapping: Chance::ALWAYS,
            ..Partitions::NONE
        },
        ..Faults::calm()
    };
    let (mut heard, mut spells) = (0, std::collections::BTreeSet::new());
    for seed in seeds(100) {
        let talk = Talk { replies: Chance::NEVER, ..Talk::of(300) };
        let mut world = World::new(2, faults.clone(), Seeded::new(seed), chatter(2, talk), |_, _| Flood::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let stats = world.stats();
        assert!(stats.flaps % 2 == 0 && stats.flaps <= 8 && stats.partitions <= 1, "seed {seed}: {stats:?}");
        if stats.partitions == 1 {
            assert!(stats.flaps >= 2, "seed {seed}");
            spells.insert(stats.flaps);
        }
        heard += world.coverage().count(tidings_sim::Point::HeardBetweenFlaps);
    }
    assert!(heard > 100, "{heard}");
    assert_eq!(spells.into_iter().collect::<Vec<_>>(), [2, 4, 6, 8]);
}

#[test]
fn a_crash_cuts_between_the_packets_of_one_fan_out() {
    let faults = Faults { crashes: 1, chaos: Duration::from_secs(1), ..Faults::calm() };
    let (mut crashes, mut cut_within) = (0, 0);
    for seed in seeds(300) {
        let (trace, stats) = run(seed, faults.clone(), 4);
        crashes += stats.crashes;
        assert!(stats.crashes <= 1);
        if let Some(crash) = trace.events.iter().position(|event| event.what == What::Crash) {
            let victim = trace.events[crash].process;
            let last_sends = trace.events[..crash]
                .iter()
                .rev()
                .take_while(|event| event.process == victim && matches!(event.what, What::Send { .. }))
                .count();
            cut_within += usize::from(matches!(last_sends, 1 | 2) && stats.cut_off > 0);
        }
    }
    assert!(crashes > 100, "{crashes} crashes in 300 runs");
    assert!(cut_within > 10, "{cut_within} of {crashes} crashes cut a fan-out");
}

#[test]
fn the_protected_do_not_crash() {
    let faults = Faults { crashes: 2, ..Faults::calm() }.protecting(Rank(0)).protecting(Rank(2));
    let mut crashes = 0;
    for seed in seeds(100) {
        let (trace, stats) = run(seed, faults.clone(), 4);
        crashes += stats.crashes;
        assert!(stats.crashes <= 2);
        let spared = |rank: Rank| rank == Rank(0) || rank == Rank(2);
        assert!(!trace.events.iter().any(|event| event.what == What::Crash && spared(event.process)), "seed {seed}");
    }
    assert!(crashes > 50, "{crashes} crashes in 100 runs");
}

#[test]
fn all_live_processes_are_told_of_a_crash_within_the_bound_and_never_falsely() {
    let bound = Duration::from_millis(300);
    let faults = Faults { crashes: 2, detection: Some(bound), ..Faults::calm() };
    let mut told = 0;
    for seed in seeds(200) {
        let (trace, stats) = run(seed, faults.clone(), 5);
        let crashed: BTreeMap<Rank, Time> =
            trace.events.iter().filter(|event| event.what == What::Crash).map(|event| (event.process, event.time)).collect();
        for event in &trace.events {
            if let What::Exclude(rank) = event.what {
                told += 1;
                assert!(event.time >= crashed[&rank] && event.time - crashed[&rank] <= bound, "seed {seed}");
            }
        }
        let live = 5 - crashed.len();
        let of_each = |rank: &Rank| {
            trace.events.iter().filter(|event| event.what == What::Exclude(*rank) && !crashed.contains_key(&event.process)).count()
        };
        assert!(crashed.keys().all(|rank| of_each(rank) == live), "seed {seed}");
        assert!(stats.exclusions >= (live * crashed.len()) as u64);
    }
    assert!(told > 100);
}

#[test]
fn without_detection_nobody_is_ever_told() {
    let faults = Faults { crashes: 2, detection: None, ..Faults::calm() };
    for seed in seeds(30) {
        let (_, stats) = run(seed, faults.clone(), 4);
        assert_eq!(stats.exclusions, 0);
    }
}

#[test]
fn when_the_chaos_ends_everything_heals() {
    let chaos = Duration::from_millis(500);
    let faults = Faults {
        loss: Chance::percent(50),
        duplicate: Chance::percent(50),
        partitions: Partitions { at_most: 9, gap: Duration::from_millis(10), length: Duration::from_secs(5), ..Partitions::NONE },
        pauses: Pauses { at_most: 9, gap: Duration::from_millis(10), length: Duration::from_secs(5) },
        chaos,
        ..Faults::calm()
    };
    let mut wild = 0;
    for seed in seeds(100) {
        let talk = Talk { replies: Chance::NEVER, ..Talk::of(10) };
        let mut world = World::new(4, faults.clone(), Seeded::new(seed), chatter(4, talk), |_, _| Flood::default());
        let _ = world.run_until(Time::ZERO + chaos);
        let before = *world.stats();
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let after = world.stats();
        wild += u64::from(before.lost > 0 && before.duplicated > 0 && before.partitions > 0 && before.pauses > 0);
        assert_eq!((before.lost, before.duplicated, before.partitioned), (after.lost, after.duplicated, after.partitioned), "seed {seed}");
    }
    assert!(wild > 50, "{wild} of 100 runs saw every fault");
}

#[test]
fn a_paused_process_does_nothing_and_then_hears_all() {
    let mut world = World::new(2, Faults::calm(), Seeded::new(0), (), |_, _| Flood::default()).recording(Recording::Everything);
    world.pause(Rank(1), Duration::from_millis(100));
    for number in 0..5 {
        world.request(Rank(0), (0, number)).unwrap();
    }
    assert_eq!(world.run_until(Time::from_millis(99)), Ending::OutOfTime);
    assert_eq!(world.process(Rank(1)).received, 0);
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!(world.process(Rank(1)).received, 5);
    let first = world.trace().events.iter().find(|event| event.process == Rank(1)).unwrap();
    assert_eq!(first.time, Time::from_millis(100));
    assert_eq!((world.stats().pauses, world.stats().waited), (1, 5));
}

#[test]
fn pauses_that_come_by_themselves_hold_packets_back() {
    let faults =
        Faults { pauses: Pauses { at_most: 3, gap: Duration::from_millis(200), length: Duration::from_millis(200) }, ..Faults::calm() };
    let (mut pauses, mut late) = (0, 0);
    for seed in seeds(50) {
        let (trace, stats) = run(seed, faults.clone(), 3);
        pauses += stats.pauses;
        assert!(stats.pauses <= 3);
        assert_eq!(stats.delivered, stats.sent);
        let mut sent = BTreeMap::new();
        for event in &trace.events {
            match event.what {
                What::Send { packet, .. } => {
                    sent.insert(packet, event.time);
                }
                What::Receive { packet, .. } => late += usize::from(event.time - sent[&packet] > Duration::from_millis(1)),
                _ => {}
            }
        }
    }
    assert!(pauses > 75 && late > 50, "{pauses} pauses, {late} late packets");
}

/// Every choice zero.
struct Calmest;

impl Chooser for Calmest {
    fn choose(&mut self, _site: Site, options: u32) -> u32 {
        assert!(options > 0);
        0
    }
}

#[test]
fn the_calm_choice_is_calm_in_the_wildest_world() {
    let faults = Faults {
        crashes: 4,
        downtime: Some(Duration::from_secs(1)),
        pauses: Pauses { at_most: 5, gap: Duration::from_millis(1), length: Duration::from_secs(1) },
        ..Faults::wild()
    };
    let mut world = World::new(4, faults, Calmest, chatter(4, Talk::of(5)), |_, _| Flood::default());
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    let stats = world.stats();
    assert_eq!((stats.lost, stats.duplicated, stats.overtaken, stats.partitioned, stats.crashes, stats.pauses), (0, 0, 0, 0, 0, 0));
    assert!(world.ranks().all(|rank| world.application().delivered(rank).len() == 20));
}

#[test]
#[should_panic(expected = "there is no link from p0 to p2 among 2 processes")]
fn a_link_to_nobody_cannot_be_cut() {
    World::new(2, Faults::calm(), Seeded::new(0), (), |_, _| Flood::default()).cut(Rank(0), Rank(2));
}
