//! Maps of maps of registers: what a change under one key of many costs, here and where one hears of it.

use std::io;

use crdts::{CmRDT, MVReg, Map};
use tidings_benches::Bound;
use tidings_crdt::{AddWinsMap, Join, MvRegister};

use crate::Table;
use crate::crdt::{self, Actor, row};
use crate::random::Random;

type Ours = AddWinsMap<Actor, u64, AddWinsMap<Actor, u64, MvRegister<Actor, u64>>>;
type Theirs = Map<u64, Map<u64, MVReg<u64, Actor>, Actor>, Actor>;

/// Changes in a sample, and how many samples are taken.
const MANY: u32 = 1_000;
const SAMPLES: usize = 15;
/// The size that greater ones are compared with.
const SMALL: usize = 1_000;
/// A hundred times as many keys are less than twice as many levels, though further away in memory; what looks at all of them takes a hundred times as long.
const GROWTH: Bound = Bound::AtMost(5.0);

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    for n in [SMALL, 10_000, 100_000] {
        put(table, n)?;
        join(table, n)?;
    }
    Ok(())
}

fn keys(n: usize) -> Vec<u64> {
    let mut random = Random(4);
    (0..n).map(|_| random.next()).collect()
}

fn put_ours(map: &mut Ours, actor: Actor, key: u64, value: u64) -> Ours {
    map.update(key, |inner| inner.update(key % 4, |register| register.write(actor, value))).expect("far from the end")
}

/// What crdts sends is an operation: its states have no deltas.
fn put_theirs(map: &mut Theirs, actor: Actor, key: u64, value: u64) -> <Theirs as CmRDT>::Op {
    let context = map.read_ctx().derive_add_ctx(actor);
    let operation =
        map.update(key, context, |inner, context| inner.update(key % 4, context, |register, context| register.write(value, context)));
    map.apply(operation.clone());
    operation
}

/// A map with these keys, and a generator of changes to them.
struct Puts<'k, M> {
    map: M,
    keys: &'k [u64],
    random: Random,
    value: u64,
}

impl<'k, M: Default> Puts<'k, M> {
    fn new<C>(keys: &'k [u64], put: impl Fn(&mut M, Actor, u64, u64) -> C) -> Self {
        let mut map = M::default();
        for key in keys {
            put(&mut map, 0, *key, 0);
        }
        Self { map, keys, random: Random(5), value: 0 }
    }

    /// Changes the value of any of the keys.
    fn next<C>(&mut self, put: impl Fn(&mut M, Actor, u64, u64) -> C) -> C {
        self.value += 1;
        put(&mut self.map, 1, self.keys[self.random.below(self.keys.len())], self.value)
    }

    fn many<C>(&mut self, put: impl Fn(&mut M, Actor, u64, u64) -> C) {
        for _ in 0..MANY {
            std::hint::black_box(self.next(&put));
        }
    }
}

fn agree(ours: &Ours, theirs: &Theirs) {
    assert_eq!(ours.len(), theirs.len().val);
    for (key, inner) in ours.iter() {
        let register = inner.entry(&(key % 4)).expect("it was put");
        let there = theirs.get(key).val.and_then(|inner| inner.get(&(key % 4)).val).expect("it was put");
        assert!(register.values().eq(&there.read().val));
    }
}

fn put(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "nested map, put";
    if !crdt::wants(table, ROW) {
        return Ok(());
    }
    let keys = keys(n);
    let (mut ours, mut theirs) = (Puts::new(&keys, put_ours), Puts::new(&keys, put_theirs));
    let comparison = row(ROW, n, "crdts", Bound::None);
    table.push(comparison.measure_few(SAMPLES, MANY, || ours.many(put_ours), || theirs.many(put_theirs), |(), ()| {}))?;
    agree(&ours.map, &theirs.map);
    if n > SMALL {
        let mut small = Puts::new(&keys[..SMALL], put_ours);
        let comparison = row(ROW, n, "ours, 1000 keys", GROWTH);
        table.push(comparison.measure_few(SAMPLES, MANY, || ours.many(put_ours), || small.many(put_ours), |(), ()| {}))?;
    }
    Ok(())
}

/// Somebody else has put; his deltas, or operations, come one by one.
fn join(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "nested map, join the delta of a put";
    if !crdt::wants(table, ROW) {
        return Ok(());
    }
    let keys = keys(n);
    let many = || 0..SAMPLES * MANY as usize;
    let heard = |keys| {
        let mut there = Puts::new(keys, put_ours);
        (there.map.clone(), many().map(|_| there.next(put_ours)).collect::<Vec<_>>())
    };
    let take_in = |map: &mut Ours, deltas: &mut std::slice::Iter<'_, Ours>| {
        for delta in deltas.by_ref().take(MANY as usize) {
            map.join(delta);
        }
    };
    let (mut ours, deltas) = heard(&keys);
    let mut there = Puts::new(&keys, put_theirs);
    let mut theirs = there.map.clone();
    let mut operations = many().map(|_| there.next(put_theirs)).collect::<Vec<_>>().into_iter();
    let mut next = deltas.iter();
    let apply = || operations.by_ref().take(MANY as usize).for_each(|operation| theirs.apply(operation));
    let comparison = row(ROW, n, "crdts, an operation", Bound::None);
    table.push(comparison.measure_few(SAMPLES, MANY, || take_in(&mut ours, &mut next), apply, |(), ()| {}))?;
    agree(&ours, &theirs);
    if n > SMALL {
        let ((mut ours, deltas), (mut small, few)) = (heard(&keys), heard(&keys[..SMALL]));
        let (mut next, mut few) = (deltas.iter(), few.iter());
        let comparison = row(ROW, n, "ours, 1000 keys", GROWTH);
        let (ours, small) = (|| take_in(&mut ours, &mut next), || take_in(&mut small, &mut few));
        table.push(comparison.measure_few(SAMPLES, MANY, ours, small, |(), ()| {}))?;
    }
    Ok(())
}
