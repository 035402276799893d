//! What joins and changes cost, in comparisons of keys and actors: logarithmic for a change and a small delta, linear for what is of a size, and never worse than that in what a
//! hostile peer can send.

use std::cell::Cell;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use tidings_clocks::Dot;
use tidings_crdt::{AddWinsMap, AddWinsSet, Causal, DotFun, DotTable, Guarded, Join, LwwMap, MvRegister, Nested, Tally};

thread_local! {
    static COMPARISONS: Cell<u64> = const { Cell::new(0) };
}

/// A key that counts how often it is compared.
#[derive(Clone, Copy, Debug)]
struct Counted(u64);

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Counted {}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARISONS.set(COMPARISONS.get() + 1);
        self.0.cmp(&other.0)
    }
}

const HERE: Counted = Counted(1);
const THERE: Counted = Counted(2);

fn comparisons<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = COMPARISONS.get();
    let done = work();
    (COMPARISONS.get() - before, done)
}

type Nesting = AddWinsMap<Counted, Counted, AddWinsMap<Counted, Counted, Tally<Counted>>>;

/// A nested put, its delta's join elsewhere, and a removal: at ten times the keys a few comparisons more.
#[test]
fn a_change_of_a_nested_map_and_its_join_are_logarithmic() {
    let steps = [1_000, 10_000, 100_000].map(|keys| {
        let mut here = Nesting::new();
        for key in 0..keys {
            here.update(Counted(key), |inner| inner.update(Counted(key), |tally| tally.count(HERE, 1))).unwrap();
        }
        let mut there = here.clone();
        let key = Counted(keys / 3);
        let (put, delta) = comparisons(|| here.update(key, |inner| inner.update(key, |tally| tally.count(HERE, 1))).unwrap());
        let (joined, changed) = comparisons(|| there.join(&delta));
        assert!(changed);
        let (removed, delta) = comparisons(|| here.remove(&key));
        assert!(there.join(&delta) && there == here);
        [put, joined, removed]
    });
    println!("comparisons of a put, its join, and a removal among 1,000, 10,000 and 100,000 keys: {steps:?}");
    for operation in 0..3 {
        assert!(steps[2][operation] < steps[0][operation] * 2, "{steps:?}");
        assert!(steps[2][operation] < 500, "{steps:?}");
    }
}

/// Two states of a size are walked through side by side: identical, half overlapping, and apart.
#[test]
fn joins_of_states_of_a_size_are_linear() {
    const N: u64 = 20_000;
    let set = |keys: std::ops::Range<u64>, actor| {
        let mut set = AddWinsSet::new();
        for key in keys {
            set.add(actor, Counted(key)).unwrap();
        }
        set
    };
    let map = |keys: std::ops::Range<u64>, actor| {
        let mut map = LwwMap::new();
        for key in keys {
            map.put(key, actor, Counted(key), key).unwrap();
        }
        map
    };
    let (sets, maps) = (set(0..N, HERE), map(0..N, HERE));
    for (start, most) in [(0, 6), (N / 2, 30), (N, 30)] {
        let mut one = sets.clone();
        let other = if start == 0 { sets.clone() } else { set(start..start + N, THERE) };
        let (steps, _) = comparisons(|| one.join(&other));
        println!("set, from {start}: {steps} comparisons for {N} elements on either side");
        assert!(steps < most * N, "{steps}");
        assert_eq!(u64::try_from(one.len()).unwrap(), N + start);
        let (mut one, other) = (maps.clone(), map(start..start + N, THERE));
        let (steps, _) = comparisons(|| one.join(&other));
        println!("last-writer-wins map, from {start}: {steps} comparisons for {N} keys on either side");
        assert!(steps < 16 * N, "{steps}");
        assert_eq!(u64::try_from(one.writes().len()).unwrap(), N + start);
    }
}

/// Twice the bytes cost a little more than twice the work, and not four times, whatever is in them: gaps everywhere, all under one key, all dead, all alive.
#[test]
fn what_a_hostile_peer_sends_costs_no_more_than_its_size() {
    /// Comparisons of the join of a state of size n, at n, 2n and 4n.
    fn grows_linearly<V: Nested<Counted> + Clone>(what: &str, held: impl Fn(u64) -> V, sent: impl Fn(u64) -> V) {
        let steps = [1_000, 2_000, 4_000].map(|n| {
            let (mut state, sent) = (held(n), sent(n));
            let (join, _) = comparisons(|| state.join(&sent));
            let mut guarded = Guarded::new(HERE, held(n));
            guarded.admit(THERE);
            let (apply, _) = comparisons(|| guarded.apply(&THERE, &sent));
            join + apply
        });
        println!("{what}: {steps:?} comparisons at n, 2n, 4n");
        assert!(steps[1] < steps[0] * 3 && steps[2] < steps[1] * 3, "{what}: {steps:?}");
    }

    let dots = |actor, n: u64, step: u64| (1..=n).map(move |counter| Dot::new(actor, counter * step));
    let one_by_one = |n: u64, step: u64| {
        let mut set = AddWinsSet::new();
        for dot in dots(THERE, n, step) {
            set.join(&AddWinsSet::from_causal(Causal::delta(DotTable::of(Counted(dot.counter % 7), dot), [])));
        }
        set
    };
    let dead = move |n: u64, step: u64| AddWinsSet::from_causal(Causal::delta(DotTable::new(), dots(THERE, n, step)));
    let register = move |actor, n: u64, step: u64| {
        let mut register = MvRegister::new();
        for half in 0..2 {
            // A register joined from many parts, pairwise, as no delta is.
            let mut parts: Vec<MvRegister<Counted, u64>> = dots(actor, n, step)
                .filter(|dot| dot.counter % 2 == half)
                .map(|dot| MvRegister::from_causal(Causal::delta(DotFun::of(dot, dot.counter), [])))
                .collect();
            while parts.len() > 1 {
                parts = parts.chunks(2).map(|pair| pair.iter().fold(MvRegister::new(), MvRegister::joined)).collect();
            }
            register.join(&parts.pop().unwrap_or_default());
        }
        register
    };
    grows_linearly("dead dots with gaps, to a set without any", |n| one_by_one(n, 1), move |n| dead(n, 3));
    grows_linearly("dead dots with gaps, to a set with gaps", |n| one_by_one(n, 2), move |n| dead(n, 3));
    grows_linearly("live dots with gaps under few keys", |_| AddWinsSet::new(), |n| one_by_one(n, 3));
    grows_linearly("many values in one register", move |n| register(HERE, n, 1), move |n| register(THERE, n, 1));
    grows_linearly("many values with gaps in one register", move |n| register(HERE, n, 2), move |n| register(THERE, n, 3));
}
