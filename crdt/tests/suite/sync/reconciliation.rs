//! Reconciliation by coded symbols, and by digests.

use std::collections::VecDeque;
use std::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_crdt::sync::{Key, Pace, Reconcile, ReconcileMessage, Reconciler, Sketch, SyncLimits, SyncRule};
use tidings_crdt::{AddWinsMap, AddWinsSet, GSet, Join, MvRegister, PnCounter};
use tidings_protocol::{Effect, Incarnation, Outbox, Protocol, View};
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

/// How many symbols it takes, and how many messages, until two replicas agree that share `common` elements and differ in so many others, over a link that loses nothing.
fn symbols(key: Key, common: u64, differences: u64) -> (usize, usize) {
    let element = |index: u64| key.hash(&index);
    let mut states = [GSet::new(), GSet::new()];
    for index in 0..common + differences {
        if index < common || index % 3 == 0 {
            states[0].add(element(index));
        }
        if index < common || index % 3 != 0 {
            states[1].add(element(index));
        }
    }
    let all = states[0].clone().joined(&states[1]);
    let limits = SyncLimits { state_bytes: usize::MAX, ..SyncLimits::default() };
    let [one, other] = states;
    let replica = |me, state| Reconciler::new(&View::of(2), me, Sketch::Coded, key, state, limits, Pace::default());
    let mut replicas = [replica(Rank(0), one), replica(Rank(1), other)];
    let (mut outbox, mut count, mut messages, mut at) = (Outbox::new(), 0, 0, 0);
    replicas[0].wake(Time::ZERO, &mut outbox);
    loop {
        let sent = outbox.drain().find_map(|effect| if let Effect::Send { message, .. } = effect { Some(message) } else { None });
        let Some(message) = sent.filter(|_| replicas[0].state() != replicas[1].state()) else { break };
        if let ReconcileMessage::Symbols { symbols, .. } = &message {
            count += symbols.len();
        }
        messages += 1;
        at = 1 - at;
        replicas[at].receive(Time::ZERO, Rank::new(1 - at), message, &mut outbox).expect("an honest message");
    }
    assert_eq!(replicas.each_ref().map(Reconciler::state), [&all, &all]);
    (count, messages)
}

/// For so many differences among `common` elements and so many keys: at most so many symbols each, in the median and at worst, and so many messages.
struct Expected {
    differences: u64,
    keys: u64,
    median: f64,
    worst: f64,
    messages: usize,
}

fn check(common: u64, expected: &Expected) {
    let &Expected { differences, keys, median, worst, messages } = expected;
    let mut runs: Vec<_> = (0..keys).map(|key| symbols(Key(key, 9), common, differences)).collect();
    runs.sort_unstable();
    let each = |(symbols, _): (usize, usize)| symbols as f64 / differences as f64;
    let (middle, most) = (each(runs[runs.len() / 2]), each(runs[runs.len() - 1]));
    let sent = runs.iter().map(|run| run.1).max().expect("there are runs");
    println!("{differences} differences among {common}: {middle:.2} symbols each, at worst {most:.2}; {sent} messages at most");
    assert!(middle <= median && most <= worst && sent <= messages, "{differences}: {middle}, {most}, {sent}");
}

const EXPECTED: [Expected; 4] = [
    Expected { differences: 1, keys: 41, median: 8.0, worst: 8.0, messages: 4 },
    Expected { differences: 10, keys: 41, median: 2.4, worst: 8.0, messages: 40 },
    Expected { differences: 100, keys: 41, median: 1.6, worst: 2.2, messages: 40 },
    Expected { differences: 1_000, keys: 11, median: 1.5, worst: 1.6, messages: 30 },
];

/// Neither side knows how much differs, and yet what is sent is not much more than what it takes, and nobody waits often for the other.
#[test]
fn symbols_for_each_difference_are_few() {
    EXPECTED.iter().for_each(|expected| check(2_000, expected));
    check(2_000, &Expected { differences: 5_000, keys: 5, median: 1.5, worst: 1.55, messages: 60 });
}

/// What both have costs nothing: the same among a million, with one key.
#[test]
#[ignore = "takes half a minute of one core"]
fn symbols_are_as_few_among_a_million() {
    EXPECTED.iter().for_each(|expected| check(1_000_000, &Expected { keys: 1, median: expected.worst, ..*expected }));
    check(1_000_000, &Expected { differences: 10_000, keys: 1, median: 1.5, worst: 1.5, messages: 80 });
}

/// However much differs: where symbols are used up the hashes are listed, and what is wanted comes a piece at a time.
#[test]
fn what_symbols_do_not_tell_comes_together_by_lists() {
    let limits = SyncLimits { symbols: 16, delta_bytes: 400, ..SyncLimits::TINY };
    let replica = |me, elements: std::ops::Range<u64>| {
        let mut state = GSet::new();
        elements.for_each(|element| drop(state.add(Key(5, 6).hash(&element))));
        Reconciler::new(&View::of(2), me, Sketch::Coded, Key(1, 2), state, limits, PACE)
    };
    let mut replicas = [replica(Rank(0), 0..100), replica(Rank(1), 50..150)];
    let (mut outbox, mut under_way, mut lists) = (Outbox::new(), VecDeque::new(), 0);
    while let Some((now, waker)) = (0..2).filter_map(|at| Some((replicas[at].deadline()?, at))).min() {
        assert!(now < Time::from_millis(60_000), "no end");
        replicas[waker].wake(now, &mut outbox);
        let mut at = waker;
        loop {
            for effect in outbox.drain() {
                if let Effect::Send { message, .. } = effect {
                    lists += u32::from(matches!(message, ReconcileMessage::Digest { .. }));
                    under_way.push_back((1 - at, message));
                }
            }
            let Some((to, message)) = under_way.pop_front() else { break };
            at = to;
            replicas[at].receive(now, Rank::new(1 - at), message, &mut outbox).expect("an honest message");
        }
    }
    assert_eq!(replicas[0].state(), replicas[1].state());
    assert!(replicas[0].state().len() == 150 && lists > 0, "{lists} lists");
}
