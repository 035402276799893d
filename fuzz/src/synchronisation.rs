//! Two replicas that synchronise over a link that does what the fuzzer wants, among messages of any content.

use std::fmt::Debug;
use std::time::Duration;

use arbitrary::Unstructured;
use serde::de::DeserializeOwned;
use tidings_clocks::{Rank, Time};
use tidings_crdt::sync::{DeltaSync, Key, Pace, Reconciler, Replica, Sketch, SyncLimits};
use tidings_crdt::{AddWinsMap, AddWinsSet, MvRegister, PnCounter, Text, TextDelta};
use tidings_protocol::{Effect, Incarnation, Outbox, Payload, Protocol, To, View};

const LIMITS: SyncLimits = SyncLimits { state_bytes: 600, delta_bytes: 64, deltas: 2, symbols: 64 };
const PACE: Pace = Pace { first: Duration::from_millis(10), most: Duration::from_millis(40) };
/// Enough for a text, which grows in powers of two and is counted by what is reserved.
const ROOM: usize = 1 << 16;
/// Of a view of three, the third one is only ever forged.
const PROCESSES: u32 = 3;

type Set = AddWinsSet<u8, u8>;
type Map = AddWinsMap<u8, u8, MvRegister<u8, u8>>;

/// Replicas converge if nothing was forged; whatever was, nothing exceeds the limits, and what is rejected changes nothing.
pub(crate) fn synchronisation(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = run(&mut input);
}

fn run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    match input.int_in_range(0..=6)? {
        0 => Pair::of(intervals::<Set>, DeltaSync::replica, add_or_remove, ROOM).drive(input),
        1 => Pair::of(intervals::<Map>, DeltaSync::replica, update, ROOM).drive(input),
        2 => Pair::of(intervals::<Text<u8>>, DeltaSync::replica, type_or_delete, 2 * ROOM).drive(input),
        3 => Pair::of(|me| reconciled::<Set>(me, Sketch::Coded), Reconciler::state, add_or_remove, LIMITS.state_bytes).drive(input),
        4 => Pair::of(|me| reconciled::<Set>(me, Sketch::Listed), Reconciler::state, add_or_remove, LIMITS.state_bytes).drive(input),
        5 => Pair::of(|me| reconciled::<Map>(me, Sketch::Coded), Reconciler::state, update, LIMITS.state_bytes).drive(input),
        _ => Pair::of(|me| reconciled::<PnCounter<u8>>(me, Sketch::Coded), Reconciler::state, count, LIMITS.state_bytes).drive(input),
    }
}

fn intervals<R: Replica + Default>(me: Rank) -> DeltaSync<R> {
    let limits = SyncLimits { state_bytes: ROOM, ..LIMITS };
    DeltaSync::new(&View::of(PROCESSES), me, Incarnation::FIRST, R::default(), limits, PACE)
}

fn reconciled<S: tidings_crdt::sync::Reconcile>(me: Rank, sketch: Sketch) -> Reconciler<S> {
    Reconciler::new(&View::of(PROCESSES), me, sketch, Key(1, 2), S::default(), LIMITS, PACE)
}

fn add_or_remove(set: &Set, actor: u8, number: u8) -> Option<Set> {
    let mut copy = set.clone();
    if number % 4 == 3 { Some(copy.remove(&(number / 4 % 4))) } else { copy.add(actor, number / 4 % 8).ok() }
}

fn update(map: &Map, actor: u8, number: u8) -> Option<Map> {
    let mut copy = map.clone();
    if number % 4 == 3 {
        Some(copy.remove(&(number / 4 % 4)))
    } else {
        copy.update(number / 4 % 4, |register| register.write(actor, number)).ok()
    }
}

fn count(counter: &PnCounter<u8>, actor: u8, number: u8) -> Option<PnCounter<u8>> {
    let mut copy = counter.clone();
    if number.is_multiple_of(2) { copy.add(actor, u64::from(number)) } else { copy.take(actor, u64::from(number)) }.ok()
}

fn type_or_delete(text: &Text<u8>, actor: u8, number: u8) -> Option<TextDelta<u8>> {
    let mut copy = text.clone();
    let place = usize::from(number) % (copy.len() + 1);
    let end = if number % 3 == 2 { (place + 2).min(copy.len()) } else { place };
    copy.splice(actor, place..end, "ab").ok()
}

/// Two replicas, and what is under way between them.
struct Pair<P: Protocol, S> {
    replicas: [P; 2],
    state: fn(&P) -> &S,
    change: fn(&S, u8, u8) -> Option<P::Request>,
    /// How many bytes the state may hold.
    most: usize,
    under_way: Vec<(usize, P::Message)>,
    outbox: Outbox<P>,
    now: Time,
    forged: bool,
}

impl<P, S> Pair<P, S>
where
    P: Protocol<Message: DeserializeOwned, Rejected: Debug>,
    S: Payload + PartialEq + Debug,
{
    fn of(build: impl Fn(Rank) -> P, state: fn(&P) -> &S, change: fn(&S, u8, u8) -> Option<P::Request>, most: usize) -> Self {
        Self {
            replicas: [build(Rank(0)), build(Rank(1))],
            state,
            change,
            most,
            under_way: Vec::new(),
            outbox: Outbox::new(),
            now: Time::ZERO,
            forged: false,
        }
    }

    fn drive(mut self, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        // Nobody waits for the third one.
        for at in 0..2 {
            self.replicas[at].exclude(self.now, Rank(2), &mut self.outbox);
            self.carry_out(at);
        }
        for _ in 0..200 {
            if input.is_empty() {
                break;
            }
            let (what, at) = (input.int_in_range(0..=15)?, usize::from(input.arbitrary::<bool>()?));
            match what {
                0..=3 => {
                    let actor = u8::try_from(at).expect("of two");
                    if let Some(request) = (self.change)((self.state)(&self.replicas[at]), actor, input.arbitrary()?) {
                        let refused = self.replicas[at].request(self.now, request, &mut self.outbox).is_err();
                        assert!(!refused || self.outbox.is_empty(), "a refusal emits nothing");
                        self.carry_out(at);
                    }
                }
                4..=9 => self.arrive(input.arbitrary()?, false),
                10 => self.arrive(input.arbitrary()?, true),
                11 if !self.under_way.is_empty() => drop(self.under_way.remove(input.choose_index(self.under_way.len())?)),
                12 | 13 => self.wake(at),
                14 => {
                    let length = input.int_in_range(0..=80)?.min(input.len());
                    let bytes = input.bytes(length)?;
                    if let Ok((message, _)) = postcard::take_from_bytes::<P::Message>(bytes) {
                        self.forged = true;
                        let from = Rank(input.int_in_range(0..=3)?);
                        self.receive(at, from, message);
                    }
                }
                _ => self.now = self.now + Duration::from_millis(u64::from(input.arbitrary::<u8>()?)),
            }
        }
        if !self.forged {
            self.settle();
        }
        Ok(())
    }

    /// Everything arrives and everybody is woken, until nothing is left to do: then both are alike.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if !self.under_way.is_empty() {
                self.arrive(0, false);
            } else if let Some((due, at)) = self.next_deadline() {
                self.now = self.now.max(due);
                self.wake(at);
            } else {
                assert_eq!((self.state)(&self.replicas[0]), (self.state)(&self.replicas[1]), "at rest");
                return;
            }
        }
        panic!("two replicas that hear each other do not come to rest");
    }

    /// Who must be woken first, and when: a driver that woke one alone would leave the other in a session that it never gives up.
    fn next_deadline(&self) -> Option<(Time, usize)> {
        (0..2).filter_map(|at| Some((self.replicas[at].deadline()?, at))).min()
    }

    fn arrive(&mut self, which: u8, again: bool) {
        if self.under_way.is_empty() {
            return;
        }
        let place = usize::from(which) % self.under_way.len();
        let (to, message) = if again { self.under_way[place].clone() } else { self.under_way.remove(place) };
        self.receive(to, Rank::new(1 - to), message);
    }

    fn receive(&mut self, at: usize, from: Rank, message: P::Message) {
        let rejected = self.replicas[at].receive(self.now, from, message, &mut self.outbox);
        assert!(self.forged || rejected.is_ok(), "an honest message is rejected: {rejected:?}");
        assert!(rejected.is_ok() || self.outbox.len() <= 1, "what is rejected is not made durable: at most a session begins");
        self.carry_out(at);
    }

    fn wake(&mut self, at: usize) {
        self.replicas[at].wake(self.now, &mut self.outbox);
        self.carry_out(at);
    }

    fn carry_out(&mut self, at: usize) {
        assert!(self.outbox.len() <= 12, "{} effects of one input", self.outbox.len());
        assert!((self.state)(&self.replicas[at]).bytes() <= self.most, "the state is bounded");
        for effect in self.outbox.drain() {
            match effect {
                Effect::Send { to: To::One(to), message } => {
                    if to.index() < 2 && self.under_way.len() < 64 {
                        assert_ne!(to.index(), at, "nobody sends to itself");
                        self.under_way.push((to.index(), message));
                    }
                }
                Effect::Send { to: To::Others, .. } => panic!("every other one is told by itself"),
                Effect::Persist(_) | Effect::Indicate(_) => {}
            }
        }
    }
}
