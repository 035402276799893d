//! Operation form at its edges: what is refused and why, what a replica is told that was away, what is left after stability.

use std::fmt::Debug;

use tidings_clocks::{Dot, Rank, Stability, VectorClock};
use tidings_crdt::pure::{
    AddWinsMap, AddWinsSet, Behind, BoundedCounter, BoundedOperation, CausalLengthSet, DisableWinsFlag, EnableWinsFlag, GCounter, GSet,
    LengthOperation, Limits, LwwMap, LwwRegister, MapOperation, MvRegister, NoRight, NotLater, Pruned, Pure, PutOperation, Rejected,
    RemoveWinsSet, Replica, SetOperation, Stale, Stamped, Stranger, Tally, WriteOperation, WrongLength,
};

const A: Rank = Rank(0);
const B: Rank = Rank(1);
const C: Rank = Rank(2);

fn view<P: Pure + Clone>(members: usize) -> Vec<Replica<P>> {
    (0..members).map(|rank| Replica::new(Rank::new(rank), members, Limits::default()).unwrap()).collect()
}

/// Does the operation there and delivers it to the others at once.
fn operate<P: Pure<Refused: Debug> + Clone>(replicas: &mut [Replica<P>], at: usize, operation: P::Operation)
where
    P::Operation: Debug,
{
    let stamped = replicas[at].operate(operation).unwrap();
    for replica in replicas.iter_mut().filter(|replica| replica.me() != Rank::new(at)) {
        replica.deliver(stamped.clone()).unwrap();
    }
}

fn frontier<P: Pure>(replicas: &[Replica<P>]) -> VectorClock {
    let mut known = Stability::new(replicas.len());
    for replica in replicas {
        known.learn(replica.me(), replica.delivered()).unwrap();
    }
    known.stable()
}

/// Whatever was done, once it is stable there is nothing left but the plain data of what is live: the same as if only that had ever been done.
#[test]
fn after_stability_only_what_is_live_is_left() {
    fn check<P: Pure<Refused: Debug, Operation: Debug> + Clone + Debug>(done: impl Fn(u64) -> P::Operation, live: &[P::Operation]) {
        let (mut churned, mut fresh) = (view::<P>(4), view::<P>(4));
        for step in 0..4_000 {
            operate(&mut churned, usize::try_from(step % 4).unwrap(), done(step));
            if step % 100 == 99 {
                let stable = frontier(&churned);
                churned.iter_mut().for_each(|replica| assert_eq!(replica.stabilise(&stable), Ok(100)));
            }
        }
        for operation in live {
            operate(&mut fresh, 0, operation.clone());
        }
        let stable = frontier(&fresh);
        fresh[0].stabilise(&stable).unwrap();
        for replica in &churned {
            assert_eq!((replica.unstable(), replica.state()), (0, fresh[0].state()));
            assert_eq!((replica.delivered(), replica.stable()), (&VectorClock::from([1_000; 4]), replica.delivered()));
        }
    }

    let churn = |step: u64| if step < 3_990 { step % 50 } else { 1_000 + step % 10 / 5 };
    check::<AddWinsSet<u64>>(
        |step| {
            if step == 3_989 {
                SetOperation::Clear
            } else if step % 3 == 0 {
                SetOperation::Remove(churn(step))
            } else {
                SetOperation::Add(churn(step))
            }
        },
        &[SetOperation::Add(1_000)],
    );
    let in_pairs = |step: u64| if step.is_multiple_of(2) { PutOperation::Add(step / 2) } else { PutOperation::Remove(step / 2) };
    check::<RemoveWinsSet<u64>>(
        |step| if step == 3_999 { PutOperation::Add(7) } else { in_pairs(step) },
        &[PutOperation::Add(1_999), PutOperation::Add(7)],
    );
    check::<MvRegister<u64>>(Some, &[Some(3_999)]);
    check::<GSet<u64>>(|step| step % 3, &[0, 1, 2]);
    check::<GCounter>(|step| step % 2, &[2_000]);
    check::<LwwRegister<u64, u64>>(|step| if step == 3_996 { (9_999, step) } else { (step, step) }, &[(9_999, 3_996)]);
}

/// As the one above where a write also says who made it, or the live state must be made by its last operations.
#[test]
fn after_stability_maps_flags_and_counters_hold_what_they_show() {
    let mut map = view::<AddWinsMap<u64, RemoveWinsSet<u64>>>(3);
    let (mut last, mut on, mut off) = (view::<LwwMap<u64, u64, u64>>(3), view::<EnableWinsFlag>(3), view::<DisableWinsFlag>(3));
    let (mut tally, mut bounded) = (view::<Tally>(3), view::<BoundedCounter>(3));
    for step in 0..300 {
        let at = usize::try_from(step % 3).unwrap();
        operate(&mut map, at, MapOperation::Update(step % 40, PutOperation::Add(step)));
        operate(&mut map, at, MapOperation::Update(step % 40, PutOperation::Remove(step)));
        operate(&mut map, at, MapOperation::Remove(step % 7));
        operate(&mut last, at, WriteOperation { key: step, stamp: 2 * step, value: Some(step) });
        operate(&mut last, at, WriteOperation { key: step, stamp: 2 * step + 1, value: None });
        operate(&mut on, at, step % 2 == 0);
        operate(&mut off, at, step % 2 == 0);
        operate(&mut tally, at, if step % 5 == 4 { None } else { Some(1) });
        operate(&mut bounded, at, BoundedOperation::Add(1));
        operate(&mut bounded, at, BoundedOperation::Give { to: Rank::new((at + 1) % 3), rights: 1 });
    }
    fn settled<P: Pure + Debug>(replicas: &mut [Replica<P>]) -> String {
        let stable = frontier(replicas);
        replicas[1].stabilise(&stable).unwrap();
        assert_eq!(replicas[1].unstable(), 0);
        format!("{:?}", replicas[1].state())
    }
    assert_eq!(settled(&mut map), "AddWinsMap { values: {}, open: {} }");
    assert_eq!(settled(&mut last), "LwwMap { writes: {}, removed: {}, floor: Some(599) }");
    assert_eq!(settled(&mut on), "EnableWinsFlag { on: false }");
    assert_eq!(settled(&mut off), "DisableWinsFlag { on: false, off: false }");
    assert_eq!(settled(&mut tally), "Tally { sum: None }");
    assert_eq!(settled(&mut bounded), "BoundedCounter { rights: {Rank(0): 100, Rank(1): 100, Rank(2): 100} }");
}

/// One is away; the others exclude it, go on and prune. It learns so from whatever it tries, and is brought back with what it had done alone in its hands.
#[test]
fn who_was_away_longer_than_the_pruning_is_told_so() {
    let mut replicas = view::<AddWinsSet<&str>>(3);
    operate(&mut replicas, 0, SetOperation::Add("milk"));
    let mut known = Stability::new(3);
    let alone = replicas[2].operate(SetOperation::Add("tea")).unwrap();
    // The link between a and b is up.
    for _ in 0..3 {
        let [a, b, _] = &mut replicas[..] else { unreachable!("there are three") };
        let off = a.operate(SetOperation::Remove("milk")).unwrap();
        b.deliver(off).unwrap();
        let bread = b.operate(SetOperation::Add("bread")).unwrap();
        a.deliver(bread).unwrap();
    }
    let retained = replicas[0].since(replicas[2].delivered()).unwrap().count();
    assert_eq!(retained, 6, "before they prune they can give it what it lacks");
    known.exclude(C).unwrap();
    known.learn(A, replicas[0].delivered()).unwrap();
    known.learn(B, replicas[1].delivered()).unwrap();
    let stable = known.stable();
    assert_eq!(replicas[0].stabilise(&stable), Ok(7));
    assert_eq!(replicas[1].stabilise(&stable), Ok(7));

    let [a, b, c] = &mut replicas[..] else { unreachable!("there are three") };
    let before = c.clone();
    assert_eq!(c.stabilise(&stable), Err(Behind { missing: Dot::new(A, 2), stable: 4 }));
    assert_eq!(a.since(c.delivered()).map(Iterator::count), Err(Pruned { missing: Dot::new(A, 2), stable: 4 }));
    let butter = a.operate(SetOperation::Add("butter")).unwrap();
    assert_eq!(c.deliver(butter.clone()).unwrap_err().why, Rejected::Early { dot: Dot::new(A, 5), missing: Dot::new(A, 2) });
    assert_eq!(a.deliver(alone.clone()).unwrap_err().why, Rejected::Late { dot: Dot::new(C, 1), unseen: Dot::new(A, 2) });
    assert_eq!(*c, before);
    b.deliver(butter).unwrap();

    assert_eq!(c.resynchronise(a.snapshot()), Ok(vec![alone.clone()]));
    assert_eq!(c.value(), a.value());
    let again = c.operate(alone.operation).unwrap();
    for replica in [&mut *a, &mut *b] {
        replica.deliver(again.clone()).unwrap();
    }
    assert_eq!((a.value(), b.value()), (c.value(), c.value()));
    assert!(c.contains("tea") && c.contains("bread") && c.contains("butter") && !c.contains("milk"));
    assert_eq!(a.resynchronise(before.snapshot()), Err(Stale { missing: Dot::new(A, 2) }));
}

/// Who lacks only what is not stable is given just that, and keeps what it did meanwhile.
#[test]
fn who_was_away_shortly_is_given_what_it_lacks() {
    let mut replicas = view::<MvRegister<u8>>(2);
    let mine = replicas[1].operate(Some(9)).unwrap();
    for value in 0..4 {
        replicas[0].operate(Some(value)).unwrap();
    }
    let [a, b] = &mut replicas[..] else { unreachable!("there are two") };
    let missed: Vec<Stamped<Option<u8>>> = a.since(b.delivered()).unwrap().cloned().collect();
    for stamped in missed {
        b.deliver(stamped).unwrap();
    }
    a.deliver(mine).unwrap();
    assert_eq!((a.value(), b.value()), (vec![3, 9], vec![3, 9]));
    let mut other = b.clone();
    assert_eq!(other.resynchronise(a.snapshot()), Ok(vec![]));
    assert_eq!(other.value(), b.value());
}

/// A clone, a lost memory, strangers: each is refused with what shows it, and changes nothing.
#[test]
fn operations_that_no_correct_replica_makes_are_refused() {
    let mut replicas = view::<GSet<u8>>(2);
    let [a, b] = &mut replicas[..] else { unreachable!("there are two") };
    let mut clone = a.clone();
    let (one, other) = (a.operate(1).unwrap(), clone.operate(2).unwrap());
    b.deliver(one.clone()).unwrap();
    let before = b.clone();
    assert_eq!(b.deliver(one.clone()).unwrap_err().why, Rejected::Duplicate { dot: Dot::new(A, 1) });
    let refused = b.deliver(other.clone()).unwrap_err();
    assert_eq!((refused.request, refused.why), (other, Rejected::TwoOperations { dot: Dot::new(A, 1) }));
    let mut amnesic: Replica<GSet<u8>> = Replica::new(A, 2, Limits::default()).unwrap();
    assert_eq!(amnesic.deliver(one).unwrap_err().why, Rejected::NotMine { dot: Dot::new(A, 1), made: 0 });
    let mut larger: Replica<GSet<u8>> = Replica::new(Rank(5), 6, Limits::default()).unwrap();
    let strange = larger.operate(1).unwrap();
    assert_eq!(b.deliver(strange).unwrap_err().why, Rejected::Stranger(Stranger { rank: Rank(5), members: 2 }));
    assert_eq!(*b, before);
    assert_eq!(Replica::<GSet<u8>>::new(B, 1, Limits::default()), Err(Stranger { rank: B, members: 1 }));
}

/// What does not fit what its maker had seen is refused by everybody alike: a right that is not held, a length that skips, a stamp that goes back.
#[test]
fn operations_that_their_makers_could_not_make_are_refused() {
    /// A replica of A that does not check what it does.
    fn forge<O>(operation: O) -> Stamped<O> {
        let mut clock: Replica<GCounter> = Replica::new(A, 2, Limits::default()).unwrap();
        Stamped { stamp: clock.operate(0).unwrap().stamp, operation }
    }

    let mut bounded: Replica<BoundedCounter> = Replica::new(B, 2, Limits::default()).unwrap();
    bounded.operate(BoundedOperation::Add(5)).unwrap();
    let before = bounded.clone();
    let take = bounded.deliver(forge(BoundedOperation::Take(1))).unwrap_err().why;
    assert_eq!(take, Rejected::Refused(NoRight::TooFew { maker: A, held: 0, needed: 1 }));
    let away = bounded.operate(BoundedOperation::Give { to: C, rights: 1 }).unwrap_err().why;
    assert_eq!(away, Rejected::Refused(NoRight::Nobody { to: C, members: 2 }));
    assert_eq!(bounded, before);
    assert_eq!((bounded.value(), bounded.rights_of(B), bounded.rights_of(A)), (5, 5, 0));

    let mut lengths: Replica<CausalLengthSet<u8>> = Replica::new(B, 2, Limits::default()).unwrap();
    let endless = lengths.deliver(forge(LengthOperation { element: 1, length: u64::MAX })).unwrap_err().why;
    assert_eq!(endless, Rejected::Refused(WrongLength { seen: 0, length: u64::MAX }));

    let mut map: Replica<LwwMap<u8, u64, u8>> = Replica::new(B, 2, Limits::default()).unwrap();
    map.operate(WriteOperation { key: 1, stamp: 7, value: Some(1) }).unwrap();
    for stamp in [0, 7] {
        let early = map.operate(WriteOperation { key: 2, stamp, value: None }).unwrap_err().why;
        assert_eq!(early, Rejected::Refused(NotLater));
    }
    map.stabilise(&VectorClock::from([0, 1])).unwrap();
    assert_eq!(map.operate(WriteOperation { key: 2, stamp: 7, value: None }).unwrap_err().why, Rejected::Refused(NotLater));
    assert_eq!(map.last_stamp(), Some(&7));
    // It had not seen the other: its stamp may be what it wants.
    let mut whole: Replica<LwwMap<u8, u64, u8>> = Replica::new(B, 2, Limits::default()).unwrap();
    whole.operate(WriteOperation { key: 1, stamp: 7, value: Some(1) }).unwrap();
    whole.deliver(forge(WriteOperation { key: 1, stamp: 3, value: None })).unwrap();
    assert_eq!(whole.value().len(), 1);
}

/// A flood is refused at the limit and handed back; what is stable makes room.
#[test]
fn the_log_is_bounded() {
    let limits = Limits { own: 3, each: 4 };
    let mut a: Replica<GSet<u8>> = Replica::new(A, 2, Limits { own: 100, each: 100 }).unwrap();
    let mut b: Replica<GSet<u8>> = Replica::new(B, 2, limits).unwrap();
    let flood: Vec<_> = (0..6).map(|element| a.operate(element).unwrap()).collect();
    for stamped in &flood[..4] {
        b.deliver(stamped.clone()).unwrap();
    }
    let before = b.clone();
    let refused = b.deliver(flood[4].clone()).unwrap_err();
    assert_eq!((refused.request, refused.why), (flood[4].clone(), Rejected::Full { maker: A, limit: 4 }));
    assert_eq!(b, before);
    for element in 10..13 {
        b.operate(element).unwrap();
    }
    assert_eq!(b.operate(13).unwrap_err().why, Rejected::Full { maker: B, limit: 3 });
    assert_eq!(b.unstable(), 7);
    b.stabilise(&VectorClock::from([2])).unwrap();
    b.deliver(flood[4].clone()).unwrap();
    assert_eq!((b.unstable(), b.value().len()), (6, 8));
}

/// What is written is read back, and a snapshot whose log is not what it counts is refused.
#[cfg(feature = "serde")]
#[test]
fn snapshots_are_read_back_as_written_and_nothing_else() {
    use tidings_crdt::pure::Snapshot;

    let mut replicas = view::<AddWinsMap<u8, AddWinsSet<u8>>>(2);
    for step in 0..6 {
        operate(&mut replicas, usize::from(step) % 2, MapOperation::Update(step % 2, SetOperation::Add(step)));
    }
    replicas[0].stabilise(&VectorClock::from([2, 1])).unwrap();
    let snapshot = replicas[0].snapshot();
    let text = serde_json::to_string(&snapshot).unwrap();
    let read: Snapshot<AddWinsMap<u8, AddWinsSet<u8>>> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, snapshot);
    let back = Replica::from_snapshot(B, 2, Limits::default(), read).unwrap();
    assert_eq!(back.value(), replicas[1].value());
    for (whole, part) in [(r#""delivered":[3,3]"#, r#""delivered":[3,4]"#), (r#""stable":[2,1]"#, r#""stable":[1,1]"#)] {
        assert!(text.contains(whole), "{text}");
        assert!(serde_json::from_str::<Snapshot<AddWinsMap<u8, AddWinsSet<u8>>>>(&text.replace(whole, part)).is_err());
    }
}
