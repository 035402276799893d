//! Reconciliation by coded symbols, and by digests.

use std::time::Duration;

use tidings_clocks::Rank;
use tidings_crdt::sync::{Key, Pace, Reconcile, Reconciler, Sketch, SyncLimits, SyncRule};
use tidings_crdt::{AddWinsMap, AddWinsSet, MvRegister, PnCounter};
use tidings_protocol::{Incarnation, View};
use tidings_sim::{Faults, for_each_seed};

use crate::sync::writers::{Actor, Comeback, Synchronises, Written, run, wild};

impl<S: Written + Reconcile> Synchronises for Reconciler<S> {
    type State = S;

    fn state(&self) -> &S {
        self.state()
    }

    fn ask(delta: S) -> S {
        delta
    }

    fn rests(&self) -> bool {
        self.agrees()
    }
}

const PACE: Pace = Pace { first: Duration::from_millis(60), most: Duration::from_millis(500) };
type Set = AddWinsSet<Actor, u8>;

/// Deltas of a few changes at most, so that what differs comes in several pieces and leaves gaps.
fn built<S: Written + Reconcile>(seed: u64, sketch: Sketch, rule: Option<SyncRule>) -> impl FnMut(Rank, Incarnation) -> Reconciler<S> {
    let processes = 2 + u32::try_from(seed % 3).unwrap();
    let limits = SyncLimits { delta_bytes: 300, ..SyncLimits::TINY };
    move |me, _| {
        let sync = Reconciler::new(&View::of(processes), me, sketch, Key(1, 2), S::default(), limits, PACE);
        match rule {
            Some(rule) => sync.without(rule),
            None => sync,
        }
    }
}

#[test]
fn replicas_converge_under_loss_partitions_and_crashes() {
    for sketch in [Sketch::Coded, Sketch::Listed] {
        for_each_seed(150, |seed| {
            for comeback in [Comeback::Never, Comeback::WithNothing, Comeback::WithAllThatIsDurable] {
                run::<Reconciler<Set>>(seed, wild(), comeback, 8, built(seed, sketch, None))
                    .unwrap_or_else(|why| panic!("{sketch:?}, {comeback:?}: {why}"));
            }
        });
        for_each_seed(50, |seed| {
            let comeback = Comeback::WithAllThatIsDurable;
            run::<Reconciler<PnCounter<Actor>>>(seed, wild(), comeback, 6, built(seed, sketch, None)).unwrap_or_else(|why| panic!("{why}"));
            run::<Reconciler<AddWinsMap<Actor, u8, MvRegister<Actor, u32>>>>(seed, wild(), comeback, 6, built(seed, sketch, None))
                .unwrap_or_else(|why| panic!("{why}"));
        });
    }
}

#[test]
fn the_planted_mistake_is_noticed() {
    for sketch in [Sketch::Coded, Sketch::Listed] {
        let rule = Some(SyncRule::Acknowledge);
        let found = (0..1_000).find(|&seed| run::<Reconciler<Set>>(seed, wild(), Comeback::Never, 8, built(seed, sketch, rule)).is_err());
        assert!(found.is_some(), "{sketch:?}");
    }
}

/// Replicas a tenth of a millisecond apart do not ask each other in circles while one of them still shows an older state to others.
#[test]
fn what_travels_nearby_is_bounded_by_what_is_new() {
    let near = Faults { min_delay: Duration::from_micros(100), max_delay: Duration::from_micros(100), ..Faults::calm() };
    for sketch in [Sketch::Coded, Sketch::Listed] {
        for_each_seed(60, |seed| {
            let stats = run::<Reconciler<Set>>(seed, near.clone(), Comeback::Never, 8, built(seed, sketch, None))
                .unwrap_or_else(|why| panic!("{why}"));
            assert!(stats.sent <= 1_000, "{sketch:?}: {} packets", stats.sent);
        });
    }
}
