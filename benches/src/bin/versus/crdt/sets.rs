//! Sets in which additions win.

use std::hint::black_box;
use std::io;

use crdts::{CmRDT, CvRDT, Orswot};
use hashbrown::HashMap;
use tidings_benches::{Bound, Comparison};
use tidings_clocks::Dot;
use tidings_crdt::{AddWinsSet, Join};

use super::{Actor, row};
use crate::random::Random;
use crate::{Table, memory};

const N: u32 = 100_000;

type Ours = AddWinsSet<Actor, u64>;
type Theirs = Orswot<u64, Actor>;
/// The limit: a map from each element to its dot that knows of no removals.
type Plain = HashMap<u64, Dot<Actor>>;

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    let mut random = Random(1);
    let mut draw = || (0..N / 2).map(|_| random.next()).collect::<Vec<_>>();
    let (common, here, there) = (draw(), draw(), draw());
    let side = |actor, own: &[u64]| (Side::new().with(0, &common).with(actor, own), own.len() + common.len());
    let ((one, size), (other, _)) = (side(1, &here), side(2, &there));

    let bounds = [242.0, 4.0].map(|beside| Bound::Below { nanos: 8.0, beside });
    merge(table, "add-wins set, merge an equal one", size, &one, &one, bounds)?;
    let bounds = [346.0, 22.0].map(|beside| Bound::Below { nanos: 40.0, beside });
    merge(table, "add-wins set, merge, half of it new", size, &one, &other, bounds)?;
    let elements: Vec<u64> = common.iter().chain(&here).copied().collect();
    add(table, &elements)?;
    contains(table, &one, &elements)?;
    weigh(table, &elements)
}

/// One replica's set as each of the three.
#[derive(Clone)]
struct Side {
    ours: Ours,
    theirs: Theirs,
    plain: Plain,
}

impl Side {
    fn new() -> Self {
        Self { ours: Ours::new(), theirs: Theirs::new(), plain: Plain::new() }
    }

    fn with(mut self, actor: Actor, elements: &[u64]) -> Self {
        add_ours(&mut self.ours, actor, elements);
        add_theirs(&mut self.theirs, actor, elements);
        add_plain(&mut self.plain, actor, elements);
        self
    }
}

fn add_ours(set: &mut Ours, actor: Actor, elements: &[u64]) {
    for element in elements {
        black_box(set.add(actor, *element).expect("far from the end"));
    }
}

fn add_theirs(set: &mut Theirs, actor: Actor, elements: &[u64]) {
    for element in elements {
        let context = set.read_ctx().derive_add_ctx(actor);
        set.apply(set.add(*element, context));
    }
}

fn add_plain(set: &mut Plain, actor: Actor, elements: &[u64]) {
    for (element, counter) in elements.iter().zip(1..) {
        set.insert(*element, Dot { actor, counter });
    }
}

/// A set that grew from nothing, element by element.
fn grown<S: Default>(elements: &[u64], add: impl Fn(&mut S, Actor, &[u64])) -> S {
    let mut set = S::default();
    add(&mut set, 0, elements);
    set
}

fn union(into: &mut Plain, from: &Plain) -> usize {
    for (element, dot) in from {
        into.entry(*element).or_insert(*dot);
    }
    into.len()
}

/// Nanoseconds for each element of one side. Nobody is charged for the copy that is merged into, nor crdts for the one that it consumes.
fn merge(table: &mut Table, name: &'static str, n: usize, one: &Side, other: &Side, [time, floor]: [Bound; 2]) -> io::Result<()> {
    if !super::wants(table, name) {
        return Ok(());
    }
    let join = |ours: &mut Ours| ours.join(black_box(&other.ours));
    let merge = |(theirs, other): &mut (Theirs, Theirs)| theirs.merge(std::mem::take(other));
    let unite = |plain: &mut Plain| union(plain, black_box(&other.plain));

    let (mut ours, mut theirs, mut plain) = (one.ours.clone(), (one.theirs.clone(), other.theirs.clone()), one.plain.clone());
    join(&mut ours);
    merge(&mut theirs);
    unite(&mut plain);
    assert_eq!((ours.len(), theirs.0.read().val.len()), (plain.len(), plain.len()));
    assert!(ours.iter().all(|element| plain.contains_key(element)));

    let pair = (one.theirs.clone(), other.theirs.clone());
    table.push(row(name, n, "crdts", time).measure_many_prepared(N, (&one.ours, join), (&pair, merge)))?;
    table.push(row(name, n, "hashbrown union", floor).measure_many_prepared(N, (&one.ours, join), (&one.plain, unite)))
}

/// A set grows from nothing, element by element; each addition makes what tells others of it.
fn add(table: &mut Table, elements: &[u64]) -> io::Result<()> {
    const ROW: &str = "add-wins set, add";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let row = |peer, bound| -> Comparison { row(ROW, elements.len(), peer, bound) };
    let check = |ours: Ours, theirs: Theirs| assert_eq!(ours.len(), theirs.read().val.len());
    let (ours, theirs, plain) = (|| grown(elements, add_ours), || grown(elements, add_theirs), || grown(elements, add_plain));
    table.push(row("crdts", Bound::Below { nanos: 35.0, beside: 119.0 }).measure_few(15, N, ours, theirs, check))?;
    let check = |ours: Ours, plain: Plain| assert_eq!(ours.len(), plain.len());
    table.push(row("hashbrown insert", Bound::None).measure_few(15, N, ours, plain, check))
}

/// Elements that are there, in no order.
fn contains(table: &mut Table, side: &Side, elements: &[u64]) -> io::Result<()> {
    const ROW: &str = "add-wins set, contains";
    const QUERIES: u32 = 1_000;
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let mut random = Random(2);
    let queries: Vec<u64> = (0..QUERIES).map(|_| elements[random.below(elements.len())]).collect();
    let count = |is_in: &dyn Fn(&u64) -> bool| queries.iter().filter(|query| is_in(black_box(query))).count();
    let (ours, theirs) = (|query: &u64| side.ours.contains(query), |query: &u64| side.theirs.contains(query).val);
    let plain = |query: &u64| side.plain.contains_key(query);
    assert_eq!((count(&ours), count(&theirs), count(&plain)), (queries.len(), queries.len(), queries.len()));
    let row = |peer, bound| -> Comparison { row(ROW, elements.len(), peer, bound) };
    table.push(row("crdts", Bound::Below { nanos: 5.0, beside: 56.0 }).measure_many(QUERIES, || count(&ours), || count(&theirs)))?;
    table.push(row("hashbrown", Bound::None).measure_many(QUERIES, || count(&ours), || count(&plain)))
}

/// Bytes for each element of a set that grew element by element.
fn weigh(table: &mut Table, elements: &[u64]) -> io::Result<()> {
    const ROW: &str = "add-wins set, bytes of an element";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let (one, ours) = memory::held(|| grown(elements, add_ours));
    let (other, theirs) = memory::held(|| grown(elements, add_theirs));
    let (plain, least) = memory::held(|| grown(elements, add_plain));
    assert_eq!((one.len(), other.read().val.len()), (plain.len(), plain.len()));
    let each = |bytes: f64| bytes / elements.len() as f64;
    table.push(row(ROW, elements.len(), "crdts", Bound::Bytes(45.0)).weigh(each(ours), each(theirs)))?;
    table.push(row(ROW, elements.len(), "hashbrown", Bound::None).weigh(each(ours), each(least)))
}
