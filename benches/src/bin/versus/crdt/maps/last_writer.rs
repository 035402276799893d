//! Maps in which the last write of a key wins.

use std::hint::black_box;
use std::io;

use crdts::{CmRDT, CvRDT, LWWReg, Map, ResetRemove, VClock};
use hashbrown::HashMap;
use tidings_benches::Bound;
use tidings_crdt::{Join, LwwMap};

use crate::Table;
use crate::crdt::{self, Actor, row};
use crate::random::Random;

const N: u32 = 100_000;

type Ours = LwwMap<Actor, u64, u64, u64>;
type Theirs = Map<u64, Last, Actor>;
/// The limit: the stamp, the actor and the value of each key.
type Plain = HashMap<u64, (u64, Actor, u64)>;

/// A last-writer-wins register of crdts. Its maps ask that values can be reset, which this one does not need: no key is removed here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Last(LWWReg<u64, (u64, Actor)>);

impl ResetRemove<Actor> for Last {
    fn reset_remove(&mut self, _: &VClock<Actor>) {}
}

impl CmRDT for Last {
    type Op = Self;
    type Validation = crdts::lwwreg::Validation;

    fn validate_op(&self, op: &Self) -> Result<(), Self::Validation> {
        self.0.validate_op(&op.0)
    }

    fn apply(&mut self, op: Self) {
        self.0.apply(op.0);
    }
}

impl CvRDT for Last {
    type Validation = crdts::lwwreg::Validation;

    fn validate_merge(&self, other: &Self) -> Result<(), Self::Validation> {
        self.0.validate_merge(&other.0)
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

/// One replica's map as each of the three.
#[derive(Clone, Default)]
struct Side {
    ours: Ours,
    theirs: Theirs,
    plain: Plain,
}

impl Side {
    /// With later writes than all before, each value that of its stamp.
    fn with(mut self, actor: Actor, stamps: std::ops::Range<u64>, keys: &[u64]) -> Self {
        for (key, stamp) in keys.iter().copied().zip(stamps) {
            self.ours.put(stamp, actor, key, stamp).expect("a later stamp");
            let context = self.theirs.read_ctx().derive_add_ctx(actor);
            let write = self.theirs.update(key, context, |_, _| Last(LWWReg { val: stamp, marker: (stamp, actor) }));
            self.theirs.apply(write);
            self.plain.insert(key, (stamp, actor, stamp));
        }
        self
    }
}

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    let mut random = Random(3);
    let keys: Vec<u64> = (0..N).map(|_| random.next()).collect();
    let more: Vec<u64> = (0..N / 2).map(|_| random.next()).collect();
    let half = keys.len() / 2;
    let all = Side::default().with(0, 1..u64::from(N) + 1, &keys);
    let later = 1_000_000..2_000_000;
    merge(table, "last-writer-wins map, merge, half of it later", &all, &all.clone().with(1, later.clone(), &keys[..half]))?;
    let others = Side::default().with(0, 1..u64::from(N) + 1, &keys[..half]).with(1, later, &more);
    merge(table, "last-writer-wins map, merge, half of it new", &all, &others)
}

/// Nanoseconds for each key of one side. Nobody is charged for the copy that is merged into, nor crdts for the one that it consumes.
fn merge(table: &mut Table, name: &'static str, one: &Side, other: &Side) -> io::Result<()> {
    if !crdt::wants(table, name) {
        return Ok(());
    }
    let join = |ours: &mut Ours| ours.join(black_box(&other.ours));
    let merge = |(theirs, other): &mut (Theirs, Theirs)| theirs.merge(std::mem::take(other));
    let unite = |plain: &mut Plain| union(plain, black_box(&other.plain));

    let (mut ours, mut theirs, mut plain) = (one.ours.clone(), (one.theirs.clone(), other.theirs.clone()), one.plain.clone());
    join(&mut ours);
    merge(&mut theirs);
    unite(&mut plain);
    assert!(ours.iter().all(|(key, value)| plain[key].2 == *value) && ours.iter().count() == plain.len());
    assert!(theirs.0.iter().all(|pair| plain[pair.val.0].2 == pair.val.1.0.val) && theirs.0.len().val == plain.len());

    let (n, pair) = (one.plain.len(), (one.theirs.clone(), other.theirs.clone()));
    table.push(row(name, n, "crdts", Bound::Below { nanos: 6.0, beside: 539.0 }).measure_many_prepared(
        N,
        (&one.ours, join),
        (&pair, merge),
    ))?;
    let floor = Bound::Below { nanos: 6.0, beside: 26.0 };
    table.push(row(name, n, "hashbrown union", floor).measure_many_prepared(N, (&one.ours, join), (&one.plain, unite)))
}

fn union(into: &mut Plain, from: &Plain) -> usize {
    for (key, write) in from {
        let last = into.entry(*key).or_insert(*write);
        if (write.0, write.1) > (last.0, last.1) {
            *last = *write;
        }
    }
    into.len()
}
