//! Every fault is shown to happen, is counted, and stays within its model.

mod protocols;

use std::time::Duration;

use protocols::{Flood, Ping, chatter};
use tidings_protocol::{Rank, Time};
use tidings_sim::{Ending, Faults, Seeded, Talk, World, seeds};

#[test]
fn a_calm_run_delivers_everything_everywhere() {
    for seed in seeds(50) {
        let mut world = World::new(4, Faults::calm(), Seeded::new(seed), chatter(4, Talk::of(5)), |_, _| Flood::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let said: usize = world.ranks().map(|rank| world.application().broadcast(rank).len()).sum();
        for rank in world.ranks() {
            assert_eq!(world.application().delivered(rank).len(), said, "seed {seed}");
        }
        let stats = world.stats();
        assert_eq!((stats.lost, stats.duplicated, stats.overtaken, stats.partitioned, stats.crashes), (0, 0, 0, 0, 0));
        assert_eq!(stats.delivered, stats.sent);
    }
}

#[test]
fn a_ball_goes_round() {
    let mut world = World::new(3, Faults::calm(), Seeded::new(0), (), |rank, _| Ping { me: rank.0, processes: 3, hops: 0 });
    world.request(Rank(0), 9).unwrap();
    assert_eq!(world.run_for(Duration::from_secs(1)), Ending::Quiescent);
    assert_eq!(world.now(), Time::from_millis(10));
    assert_eq!(world.ranks().map(|rank| world.process(rank).hops).sum::<u64>(), 10);
}
