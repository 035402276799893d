//! Delta intervals with acknowledgements.

use std::time::Duration;

use tidings_clocks::Rank;
use tidings_crdt::sync::{DeltaSync, Pace, Replica, SyncLimits, SyncRule};
use tidings_crdt::{AddWinsMap, AddWinsSet, MvRegister, PnCounter};
use tidings_protocol::{Incarnation, Payload, View};
use tidings_sim::for_each_seed;

use crate::sync::writers::{Actor, Comeback, Synchronises, Written, run, wild};

impl<S: Written + Payload + Replica<Delta = S>> Synchronises for DeltaSync<S> {
    type State = S;

    fn state(&self) -> &S {
        self.replica()
    }

    fn ask(delta: S) -> S {
        delta
    }

    fn rests(&self) -> bool {
        self.waiting() == 0
    }
}

const PACE: Pace = Pace { first: Duration::from_millis(60), most: Duration::from_millis(500) };
type Set = AddWinsSet<Actor, u8>;

/// As many processes as [`run`] makes.
fn built<S: Written + Payload + Replica<Delta = S>>(seed: u64, rule: Option<SyncRule>) -> impl FnMut(Rank, Incarnation) -> DeltaSync<S> {
    let processes = 2 + u32::try_from(seed % 3).unwrap();
    let limits = SyncLimits { deltas: 1 + usize::try_from(seed / 3 % 4).unwrap(), ..SyncLimits::TINY };
    move |me, life| {
        let sync = DeltaSync::new(&View::of(processes), me, life, S::default(), limits, PACE);
        match rule {
            Some(rule) => sync.without(rule),
            None => sync,
        }
    }
}

#[test]
fn replicas_converge_under_loss_partitions_and_crashes() {
    for_each_seed(300, |seed| {
        for comeback in [Comeback::Never, Comeback::WithNothing, Comeback::WithAllThatIsDurable] {
            run::<DeltaSync<Set>>(seed, wild(), comeback, 8, built(seed, None)).unwrap_or_else(|why| panic!("{comeback:?}: {why}"));
        }
    });
    for_each_seed(100, |seed| {
        let comeback = Comeback::WithAllThatIsDurable;
        run::<DeltaSync<PnCounter<Actor>>>(seed, wild(), comeback, 6, built(seed, None)).unwrap_or_else(|why| panic!("{why}"));
        run::<DeltaSync<AddWinsMap<Actor, u8, MvRegister<Actor, u32>>>>(seed, wild(), comeback, 6, built(seed, None))
            .unwrap_or_else(|why| panic!("{why}"));
    });
}

#[test]
fn every_planted_mistake_is_noticed() {
    for rule in [SyncRule::Acknowledge, SyncRule::Whole, SyncRule::Persist] {
        let comeback = Comeback::WithAllThatIsDurable;
        let found = (0..1_000).find(|&seed| run::<DeltaSync<Set>>(seed, wild(), comeback, 8, built(seed, Some(rule))).is_err());
        assert!(found.is_some(), "without {rule:?}");
    }
}
