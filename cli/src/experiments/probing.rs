//! The partition rule, cut in two again and again.

use std::time::Duration;

use tidings_clocks::Rank;
use tidings_protocol::View;
use tidings_quorum::{PartitionRule, Probing};
use tidings_sim::{Chooser, Clocks, Ending, Faults, Partitions, Site, World};

use super::{Run, Scenario};
use crate::PlantedRule;

/// How the partition rule probes.
fn probing() -> Probing {
    Probing::new(Duration::from_millis(100), Duration::from_millis(50)).expect("a timeout below the interval")
}

pub(super) fn partition_rule(scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
    cut_in_two(scenario, chooser, probing().detection_bound())
}

/// Cuts the processes in two again and again, and looks at every step whether both sides are writable, from `bound` after each cut on.
fn cut_in_two(scenario: &Scenario, chooser: &mut dyn Chooser, bound: Duration) -> Run {
    let probing = probing();
    let processes = scenario.processes;
    let cuts: Vec<(Vec<Rank>, Duration)> = (0..scenario.talk.messages)
        .map(|_| {
            let side = (0..processes).map(Rank).filter(|_| chooser.choose(Site::Side, 2) == 1).collect();
            (side, probing.detection_bound() + Duration::from_millis(u64::from(chooser.choose(Site::Partition, 400))))
        })
        .collect();
    // Partitions are the script's; and clocks of different rates would count the bound differently.
    let faults = Faults { partitions: Partitions::NONE, clocks: Clocks::default(), ..scenario.faults.clone() };
    let takes_half = scenario.without == Some(PlantedRule::Majority);
    let build = |me, life| {
        let rule = PartitionRule::new(&View::of(processes), me, life, probing);
        if takes_half { rule.without_majority() } else { rule }
    };
    let mut world = World::new(processes, faults, chooser, (), build);
    let mut broken = Vec::new();
    for (side, length) in cuts {
        let _ = world.run_for(probing.interval());
        world.partition(&side);
        let cut = world.now();
        while world.now() < cut + length && world.step() {
            let after = world.now().since(cut);
            let mut writable = world.live().filter(|rank| world.process(*rank).writable(world.now()));
            if after >= bound
                && let Some(one) = writable.next()
                && let Some(other) = writable.find(|other| side.contains(other) != side.contains(&one))
            {
                broken.push(format!("{one} and {other} are both writable {after:?} after a partition came between them"));
                break;
            }
        }
        world.heal();
    }
    let ending = Ending::OutOfTime;
    let coverage = world.coverage().clone();
    let (_, _, trace, stats) = world.into_parts();
    Run { trace, stats, coverage, ending, broken }
}

#[cfg(test)]
mod tests {
    use tidings_sim::Seeded;

    use super::*;
    use crate::experiment;

    #[test]
    fn later_than_the_bound_no_two_sides_are_writable() {
        let row = experiment("partition-rule").expect("it is in the table");
        let runs = (0..200).map(|seed| {
            let mut chooser = Seeded::new(seed);
            let scenario = row.draw(&mut chooser);
            row.run(&scenario, &mut chooser)
        });
        assert!(runs.into_iter().all(|run| run.broken.is_empty() && run.stats.partitions >= 3));

        // Right after the cut they are now and then: the check does look.
        let both = |seed| {
            let mut chooser = Seeded::new(seed);
            let scenario = row.draw(&mut chooser);
            !cut_in_two(&scenario, &mut chooser, Duration::ZERO).broken.is_empty()
        };
        assert!((0..200).any(both));
    }
}
