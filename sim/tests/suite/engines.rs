//! The engines of choice at work on one world.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::protocols::{Flood, chatter};
use tidings_protocol::{Rank, Time};
use tidings_sim::{
    Chance, Chooser, Ending, Exhaustive, Faults, Partitions, Pauses, Property, Recorded, Replay, Seeded, Sparing, Stats, Talk, World,
    seeds, shrink,
};
use tidings_trace::{Trace, Violation};

/// Two processes, one packet and its copy: with loss and repetition there are exactly three fates for each packet.
#[test]
fn all_fates_of_two_packets() {
    let faults = Faults { loss: Chance::percent(1), duplicate: Chance::percent(1), ..Faults::calm() };
    let mut all = Exhaustive::new(100, 2);
    let mut fates = BTreeSet::new();
    while all.begin() {
        let mut world = World::new(2, faults.clone(), &mut all, (), |_, _| Flood::default());
        world.request(Rank(0), (0, 0)).unwrap();
        world.request(Rank(1), (1, 0)).unwrap();
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let received = [Rank(0), Rank(1)].map(|rank| world.process(rank).received);
        fates.insert((received, world.stats().sent));
    }
    // Process 0 tells 1 and, when it hears 1's, passes that on (and the other way round): what is sent depends on what was heard.
    assert!(fates.contains(&([0, 0], 2)), "both lost");
    assert!(fates.contains(&([4, 4], 4)), "every packet twice");
    // First two packets: each lost, once, twice. A packet that arrives makes one more, with three fates of its own: (1 + 2 × 3)².
    assert_eq!(all.runs(), 49);
}

/// Every crash of one process of three within one input that has a delivery and two packets as effects: after 0, 1, 2 or 3 of them.
#[test]
fn all_crashes_between_effects() {
    let faults =
        Faults { crashes: 1, detection: None, chaos: Duration::from_millis(1), ..Faults::calm() }.protecting(Rank(1)).protecting(Rank(2));
    let mut all = Exhaustive::new(100, 4);
    let mut heard = BTreeSet::new();
    while all.begin() {
        let mut world = World::new(3, faults.clone(), &mut all, (), |_, _| Flood::default());
        let _ = world.run_for(Duration::from_micros(999));
        world.request(Rank(0), (0, 0)).unwrap();
        let _ = world.run_until(Time::MAX);
        let delivered =
            world.stats().indications - [Rank(1), Rank(2)].iter().filter(|rank| !world.process(**rank).seen.is_empty()).count() as u64;
        heard.insert((world.is_alive(Rank(0)), delivered, [Rank(1), Rank(2)].map(|rank| world.process(rank).received)));
    }
    // It lived, or crashed after all it did: both others heard it twice. Or it reached process 1 alone, which told 2, which told 1. Or it told
    // nobody, having delivered or not.
    assert_eq!(heard, [(true, 1, [2, 2]), (false, 1, [2, 2]), (false, 1, [2, 1]), (false, 1, [0, 0]), (false, 0, [0, 0])].into());
}

/// The flood does not retransmit, so under losses some process hears less than another.
fn agreement(faults: Faults, chooser: impl Chooser) -> (Result<(), Violation>, Trace, Stats) {
    let mut world = World::new(4, faults, chooser, chatter(4, Talk::of(4)), |_, _| Flood::default());
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    let (_, _, trace, stats) = world.into_parts();
    (Property::Agreement.check(&trace), trace, stats)
}

/// To lose one message everywhere between two processes of four takes three losses (from the origin and both relays), or fewer with a crash or
/// partition.
#[test]
fn a_failing_run_shrinks_to_the_few_choices_that_matter() {
    let mut sizes = Vec::new();
    for seed in seeds(40) {
        let mut recorded = Recorded::new(Seeded::new(seed));
        if agreement(Faults::wild(), &mut recorded).0.is_ok() {
            continue;
        }
        let tape = recorded.tape();
        let small = shrink(tape, 3_000, |tape| agreement(Faults::wild(), Replay::new(tape.clone())).0.is_err());
        assert!(agreement(Faults::wild(), Replay::new(small.clone())).0.is_err(), "seed {seed}");
        assert!(small.wild() < tape.wild() / 4, "seed {seed}: {} of {}", small.wild(), tape.wild());
        sizes.push(small.wild());
    }
    sizes.sort_unstable();
    assert!(sizes.len() > 20, "{} of 40 runs failed", sizes.len());
    let median = sizes[sizes.len() / 2];
    assert!(median <= 12, "{sizes:?}");
}

#[test]
fn a_sparing_world_deviates_so_often_and_no_more() {
    let mut deviated = 0;
    for seed in seeds(100) {
        let (_, _, stats) = agreement(Faults::lossy(), Sparing::new(Seeded::new(seed), 3, Chance::percent(5)));
        assert!(stats.lost + stats.duplicated <= 3, "seed {seed}");
        deviated += stats.lost + stats.duplicated;
    }
    assert!(deviated > 50, "{deviated}");
}

#[test]
fn varied_faults_are_from_none_to_all() {
    let most = Faults {
        pauses: Pauses { at_most: 2, gap: Duration::from_millis(100), length: Duration::from_millis(100) },
        partitions: Partitions { at_most: 2, ..Faults::wild().partitions },
        crashes: 2,
        ..Faults::wild()
    };
    let (mut calmest, mut wildest, mut apart) = (0, 0, 0);
    for seed in seeds(2_000) {
        let faults = most.varied(&mut Seeded::new(seed));
        assert!(faults.loss <= most.loss && faults.duplicate <= most.duplicate && faults.max_delay <= most.max_delay);
        assert!(faults.partitions.at_most <= 2 && faults.pauses.at_most <= 2 && faults.crashes <= 2);
        assert_eq!((faults.min_delay, faults.chaos, faults.detection), (most.min_delay, most.chaos, most.detection));
        calmest += usize::from(faults.loss == Chance::NEVER && faults.crashes == 0);
        wildest += usize::from(faults.loss == most.loss && faults.crashes == 2);
        apart += usize::from(faults.loss == Chance::NEVER && faults.crashes == 2);
    }
    assert!([calmest, wildest, apart].iter().all(|runs| (80..190).contains(runs)), "one in fifteen each: {calmest} {wildest} {apart}");
    let calm = most.varied(&mut Replay::new(tidings_sim::Tape::default()));
    assert_eq!((calm.loss, calm.duplicate, calm.max_delay), (Chance::NEVER, Chance::NEVER, calm.min_delay));
}
