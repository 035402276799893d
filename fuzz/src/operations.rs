//! Operation forms over a causal broadcast that the fuzzer drives: three replicas prune as a frontier lets them, and one is away at times.

use std::collections::BTreeSet;
use std::fmt::Debug;

use arbitrary::Unstructured;
use serde::de::DeserializeOwned;
use tidings_clocks::{Rank, Stability, VectorClock};
use tidings_crdt::pure::{
    AddWinsMap, AddWinsSet, BoundedCounter, BoundedOperation, CausalLengthSet, DisableWinsFlag, EnableWinsFlag, LengthOperation, Limits,
    LwwMap, MapOperation, MvRegister, Pure, PutOperation, Rejected, RemoveWinsSet, Replica, SetOperation, Snapshot, Stamped, Tally,
    TwoPhaseSet, WriteOperation,
};

const MEMBERS: usize = 3;
/// Whoever only looks on, and never prunes.
const OBSERVER: Rank = Rank(3);
const LIMITS: Limits = Limits { own: 8, each: 16 };
const AWAY: usize = 2;

/// Whatever order operations come in, and whatever is pruned, a replica shows what one shows that has the same operations and never prunes. Who was away is told so,
/// and brought back. What is refused changes nothing.
pub(crate) fn pure_replicas(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = run(&mut input);
}

fn run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    match input.int_in_range(0..=9)? {
        0 => Group::<AddWinsSet<u8>>::drive(input, |input, _| set(input)),
        1 => Group::<RemoveWinsSet<u8>>::drive(input, |input, _| put(input)),
        2 => Group::<AddWinsMap<u8, AddWinsSet<u8>>>::drive(input, |input, _| {
            let key = input.int_in_range(0..=1)?;
            Ok(if input.ratio(1_u8, 4_u8)? { MapOperation::Remove(key) } else { MapOperation::Update(key, set(input)?) })
        }),
        3 => Group::<AddWinsMap<u8, RemoveWinsSet<u8>>>::drive(input, |input, _| {
            let key = input.int_in_range(0..=1)?;
            Ok(if input.ratio(1_u8, 4_u8)? { MapOperation::Remove(key) } else { MapOperation::Update(key, put(input)?) })
        }),
        4 => Group::<MvRegister<u8>>::drive(input, |input, _| Ok(input.ratio(3_u8, 4_u8)?.then_some(input.arbitrary::<u8>()? % 4))),
        5 => Group::<Tally>::drive(input, |input, _| Ok(input.ratio(3_u8, 4_u8)?.then_some(i64::from(input.arbitrary::<i8>()?)))),
        6 => Group::<BoundedCounter>::drive(input, |input, _| {
            let amount = input.int_in_range(0..=9)?;
            Ok(match input.int_in_range(0..=2)? {
                0 => BoundedOperation::Add(amount),
                1 => BoundedOperation::Take(amount),
                _ => BoundedOperation::Give { to: Rank(input.int_in_range(0..=3)?), rights: amount },
            })
        }),
        7 => Group::<CausalLengthSet<u8>>::drive(input, |input, replica| {
            let element = input.int_in_range(0..=2)?;
            let next = if input.arbitrary()? { replica.adding(element) } else { replica.removing(element) };
            Ok(next.ok().flatten().unwrap_or(LengthOperation { element, length: input.int_in_range(0..=4)? }))
        }),
        8 => Group::<LwwMap<u8, u64, u8>>::drive(input, |input, replica| {
            let stamp = replica.last_stamp().copied().unwrap_or(0) + input.int_in_range(0..=3)?;
            Ok(WriteOperation { key: input.int_in_range(0..=2)?, stamp, value: input.arbitrary()? })
        }),
        _ => match input.int_in_range(0..=2)? {
            0 => Group::<EnableWinsFlag>::drive(input, |input, _| input.arbitrary()),
            1 => Group::<DisableWinsFlag>::drive(input, |input, _| input.arbitrary()),
            _ => Group::<TwoPhaseSet<u8>>::drive(input, |input, _| put(input)),
        },
    }
}

fn set(input: &mut Unstructured<'_>) -> arbitrary::Result<SetOperation<u8>> {
    let element = input.int_in_range(0..=2)?;
    Ok(match input.int_in_range(0..=7)? {
        0..=3 => SetOperation::Add(element),
        4..=6 => SetOperation::Remove(element),
        _ => SetOperation::Clear,
    })
}

fn put(input: &mut Unstructured<'_>) -> arbitrary::Result<PutOperation<u8>> {
    let element = input.int_in_range(0..=2)?;
    Ok(if input.arbitrary()? { PutOperation::Add(element) } else { PutOperation::Remove(element) })
}

/// What the fuzzer makes of an operation.
type Drawn<P> = fn(&mut Unstructured<'_>, &Replica<P>) -> arbitrary::Result<<P as Pure>::Operation>;

struct Group<P: Pure> {
    replicas: Vec<Replica<P>>,
    /// All operations that were made and not undone, in an order that extends happened-before.
    made: Vec<Stamped<P::Operation>>,
    /// Whether one is away: the others do not wait for it.
    away: bool,
}

impl<P> Group<P>
where
    P: Pure<Operation: Debug + DeserializeOwned, Value: PartialEq + Debug, Refused: Debug> + Clone + Debug + DeserializeOwned,
{
    fn drive(input: &mut Unstructured<'_>, draw: Drawn<P>) -> arbitrary::Result<()> {
        let replica = |rank| Replica::new(Rank::new(rank), MEMBERS + 1, LIMITS).expect("it is a member");
        let mut group = Self { replicas: (0..MEMBERS).map(replica).collect(), made: Vec::new(), away: false };
        for _ in 0..80 {
            if input.is_empty() {
                break;
            }
            let (what, at) = (input.int_in_range(0..=15)?, input.choose_index(MEMBERS)?);
            match what {
                0..=4 => {
                    let operation = draw(input, &group.replicas[at])?;
                    group.operate(at, operation);
                }
                5..=11 if !group.made.is_empty() => {
                    let stamped = group.made[input.choose_index(group.made.len())?].clone();
                    if group.is_heard(at, &stamped) {
                        group.deliver(at, stamped);
                    }
                }
                12 => group.stabilise(at),
                13 if group.away => group.comes_back(input.choose_index(AWAY)?),
                13 => group.away = true,
                14 => {
                    let length = input.int_in_range(0..=60)?.min(input.len());
                    group.bear(at, input.bytes(length)?);
                }
                _ => group.check(at),
            }
        }
        group.settle();
        Ok(())
    }

    fn operate(&mut self, at: usize, operation: P::Operation) {
        let before = self.replicas[at].clone();
        match self.replicas[at].operate(operation) {
            Ok(stamped) => self.made.push(stamped),
            Err(refused) => {
                assert!(matches!(refused.why, Rejected::Full { .. } | Rejected::Refused(_)), "{:?}", refused.why);
                assert_eq!(self.replicas[at], before, "what is refused changes nothing");
            }
        }
    }

    /// Whether the operation can reach that replica: of one that is away, only what another one has, since those that go on without it have to agree on what was the last of it.
    fn is_heard(&self, at: usize, stamped: &Stamped<P::Operation>) -> bool {
        let is_cut_off = self.away && at != AWAY && stamped.stamp.rank() == Rank::new(AWAY);
        !is_cut_off || self.replicas[..AWAY].iter().any(|replica| stamped.stamp.is_known_to(replica.delivered()))
    }

    /// Whether it was taken.
    fn deliver(&mut self, at: usize, stamped: Stamped<P::Operation>) -> bool {
        let before = self.replicas[at].clone();
        let Err(refused) = self.replicas[at].deliver(stamped) else { return true };
        assert_eq!(self.replicas[at], before, "what is refused changes nothing");
        let as_it_should = match refused.why {
            Rejected::Duplicate { .. } | Rejected::Early { .. } | Rejected::Full { .. } => true,
            // What the one who is away did, when the others have gone on.
            Rejected::Late { dot, .. } => dot.actor == Rank::new(AWAY) && self.away,
            _ => false,
        };
        assert!(as_it_should, "an honest operation is refused: {:?}", refused.why);
        false
    }

    /// What all who are not away are known there to have delivered: of one whose operations have all come that is what it has now, of another one what it had when it made the last that came. Whatever
    /// still comes has seen that.
    fn frontier(&self, at: usize) -> VectorClock {
        let (here, mut known) = (self.replicas[at].delivered(), Stability::new(MEMBERS));
        for replica in &self.replicas {
            let (maker, last) = (replica.me(), here.entry(replica.me()));
            let has = if replica.delivered().entry(maker) == last {
                Some(replica.delivered())
            } else {
                let made = self.made.iter().find(|made| (made.stamp.rank(), made.stamp.dot().counter) == (maker, last));
                made.map(|made| made.stamp.clock())
            };
            if let Some(clock) = has {
                known.learn(maker, clock).expect("a member");
            }
        }
        // Not before the others have the same of it.
        let of_it = |at: usize| self.replicas[at].delivered().entry(Rank::new(AWAY));
        if self.away && of_it(0) == of_it(1) {
            known.exclude(Rank::new(AWAY)).expect("a member");
        }
        known.stable()
    }

    fn stabilise(&mut self, at: usize) {
        let frontier = self.frontier(at);
        let before = self.replicas[at].clone();
        if let Err(behind) = self.replicas[at].stabilise(&frontier) {
            assert!(self.away && at == AWAY, "only who is away is behind: {behind}");
            assert_eq!(self.replicas[at], before, "who is behind is told so, and unchanged");
        }
        self.check(at);
    }

    /// The one that was away takes over what `source` knows, if nobody knows more of what it did, or has pruned more; what it did and nobody can take any more is undone.
    fn comes_back(&mut self, source: usize) {
        let away = Rank::new(AWAY);
        self.stabilise(source);
        let [mine, other] = [source, 1 - source].map(|at| &self.replicas[at]);
        let covers = other.stable() <= mine.stable();
        if mine.delivered().entry(away) < other.delivered().entry(away) || !covers {
            return;
        }
        let snapshot = self.replicas[source].snapshot();
        let lost = self.replicas[AWAY].resynchronise(snapshot).expect("nothing is stable there that is not delivered here");
        self.made.retain(|made| !lost.contains(made));
        self.away = false;
        self.check(AWAY);
    }

    /// Bytes from anywhere: as an operation, and as a snapshot.
    fn bear(&self, at: usize, bytes: &[u8]) {
        let mut replica = self.replicas[at].clone();
        if let Ok((stamped, _)) = postcard::take_from_bytes::<Stamped<P::Operation>>(bytes)
            && replica.deliver(stamped).is_err()
        {
            assert_eq!(replica, self.replicas[at], "what is refused changes nothing");
        }
        if let Ok((snapshot, _)) = postcard::take_from_bytes::<Snapshot<P>>(bytes) {
            let mut replica = self.replicas[at].clone();
            if replica.resynchronise(snapshot).is_err() {
                assert_eq!(replica, self.replicas[at], "what is refused changes nothing");
            }
            drop(replica.value());
        }
    }

    /// It shows what one shows who has delivered the same and prunes nothing.
    fn check(&self, at: usize) {
        let replica = &self.replicas[at];
        let limits = Limits { own: 1, each: u32::MAX };
        let mut observer = Replica::<P>::new(OBSERVER, MEMBERS + 1, limits).expect("it is a member");
        for stamped in self.made.iter().filter(|stamped| stamped.stamp.is_known_to(replica.delivered())) {
            observer.deliver(stamped.clone()).unwrap_or_else(|refused| panic!("an observer refuses {:?}", refused.why));
        }
        assert_eq!(observer.delivered(), replica.delivered());
        assert_eq!(observer.value(), replica.value(), "{replica:?}");
    }

    /// All hear everything and prune all of it: then they are alike.
    fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 100, "three replicas that hear each other do not come to rest");
            (0..MEMBERS).for_each(|at| self.stabilise(at));
            if self.away {
                (0..AWAY).for_each(|source| {
                    if self.away {
                        self.comes_back(source);
                    }
                });
            }
            let mut taken = false;
            for at in 0..MEMBERS {
                for stamped in self.made.clone() {
                    if !stamped.stamp.is_known_to(self.replicas[at].delivered()) && self.is_heard(at, &stamped) {
                        taken |= self.deliver(at, stamped);
                    }
                }
            }
            let unstable: BTreeSet<usize> = self.replicas.iter().map(Replica::unstable).collect();
            if !taken && !self.away && unstable == BTreeSet::from([0]) {
                break;
            }
        }
        for replica in &self.replicas {
            assert_eq!((replica.state(), replica.delivered()), (self.replicas[0].state(), self.replicas[0].delivered()));
        }
    }
}
