use super::*;
use crate::{Backoff, Frame, PerfectLink};
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::time::Duration;
use tidings_protocol::{Effect, Incarnation, Outbox, View};

type Words = Reliable<PerfectLink<Relay<u8>>, u8>;

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(10), most: Duration::from_millis(10) };
const LIMITS: Limits = Limits { window: 4, credit: 4, control_credit: 1, held: 1, payload_bytes: 17 };
const ME: Rank = Rank(0);

fn process(processes: u32, me: Rank, limits: Limits) -> Words {
    Reliable::new(PerfectLink::new(&View::of(processes), me, Incarnation::FIRST, limits, BACKOFF), limits)
}

fn copy(origin: u32, sequence: u64, ask: bool, payload: u8) -> Relay<u8> {
    Relay::Copy { origin: Rank(origin), class: Class::Body, sequence, ask, payload }
}

fn done(next: u64) -> Relay<u8> {
    Relay::Done { class: Class::Body, next }
}

/// What came out: the relays sent, and what was delivered.
#[derive(Debug, Default, PartialEq)]
struct Out {
    relayed: Vec<(Rank, Relay<u8>)>,
    delivered: Vec<(Rank, u8)>,
    acknowledged: usize,
}

fn out(outbox: &mut Outbox<Words>) -> Out {
    let mut out = Out::default();
    for effect in outbox.drain() {
        match effect {
            Effect::Send { to: To::One(to), message: Frame::Data { payload, .. } } => out.relayed.push((to, payload)),
            Effect::Send { .. } => out.acknowledged += 1,
            Effect::Indicate(Delivery { origin, payload }) => out.delivered.push((origin, payload)),
            Effect::Persist(record) => match record {},
        }
    }
    out
}

fn broadcast(process: &mut Words, payload: u8) -> Result<Out, ReliableRefused> {
    let mut outbox = Outbox::new();
    let before = process.clone();
    match process.request(Time::ZERO, Cast::body(payload), &mut outbox) {
        Ok(()) => Ok(out(&mut outbox)),
        Err(Refused { request, why }) => {
            assert_eq!((request, &*process, outbox.is_empty()), (Cast::body(payload), &before, true));
            Err(why)
        }
    }
}

/// A process whose peers are played by the test.
struct Played {
    process: Words,
    /// The next frame of each peer.
    next: Vec<u64>,
}

impl Played {
    fn new(processes: u32, limits: Limits) -> Self {
        Self { process: process(processes, ME, limits), next: vec![0; processes as usize] }
    }

    fn receive(&mut self, from: u32, relay: Relay<u8>) -> Result<Out, ReliableRejected<crate::LinkRejected>> {
        let mut outbox = Outbox::new();
        let sequence = self.next[from as usize];
        let frame = Frame::Data { sender: Incarnation::FIRST, receiver: Incarnation::FIRST, sequence, payload: relay };
        let before = self.process.ledger.clone();
        self.next[from as usize] += 1;
        let heard = self.process.receive(Time::ZERO, Rank(from), frame, &mut outbox);
        let out = out(&mut outbox);
        heard.map(|()| out).inspect_err(|_| assert_eq!(self.process.ledger, before))
    }

    /// Peer `from` acknowledges everything below `next`.
    fn acknowledge(&mut self, from: u32, next: u64) -> Out {
        let mut outbox = Outbox::new();
        let ack = Frame::Ack { sender: Incarnation::FIRST, receiver: Incarnation::FIRST, next, ahead: 0 };
        self.process.receive(Time::ZERO, Rank(from), ack, &mut outbox).unwrap();
        out(&mut outbox)
    }
}

#[test]
fn the_origin_delivers_at_once_and_sends_to_everybody() {
    let mut origin = process(3, ME, LIMITS);
    // It asks for its credit back with every second message, half of the credit.
    for (sequence, ask) in [(0, false), (1, true)] {
        let relayed = [1, 2].map(|to| (Rank(to), copy(0, sequence, ask, 7))).to_vec();
        assert_eq!(broadcast(&mut origin, 7), Ok(Out { relayed, delivered: vec![(ME, 7)], acknowledged: 0 }));
    }
}

#[test]
fn the_first_copy_is_delivered_and_handed_on_to_whoever_may_lack_it() {
    let mut played = Played::new(4, LIMITS);
    let relayed = vec![(Rank(2), copy(1, 0, false, 7)), (Rank(3), copy(1, 0, false, 7))];
    assert_eq!(played.receive(1, copy(1, 0, false, 7)).unwrap(), Out { relayed, delivered: vec![(Rank(1), 7)], acknowledged: 1 });
    assert_eq!(played.receive(2, copy(1, 0, false, 7)).unwrap(), Out { acknowledged: 1, ..Out::default() });
    // From a relayer: neither the origin nor the relayer lacks it.
    let relayed = vec![(Rank(3), copy(1, 1, false, 8))];
    assert_eq!(played.receive(2, copy(1, 1, false, 8)).unwrap(), Out { relayed, delivered: vec![(Rank(1), 8)], acknowledged: 1 });
    assert_eq!(played.process.stats(), ReliableStats { delivered: 2, copies: 3, duplicates: 1, ..ReliableStats::default() });
}

/// Rule 2: what the link has no room for is owed, and the origin hears that its message is done with only when all is paid.
#[test]
fn debts_wait_for_the_link_and_the_origin_is_told_last() {
    let limits = Limits { window: 1, ..LIMITS };
    let mut played = Played::new(3, limits);
    assert_eq!(played.receive(1, copy(1, 0, false, 5)).unwrap().relayed, [(Rank(2), copy(1, 0, false, 5))]);
    assert_eq!(played.receive(1, copy(1, 1, true, 6)).unwrap(), Out { delivered: vec![(Rank(1), 6)], acknowledged: 1, relayed: vec![] });
    assert_eq!(played.process.held(), 1);
    let paid = played.acknowledge(2, 1).relayed;
    assert_eq!(paid, [(Rank(2), copy(1, 1, false, 6)), (Rank(1), done(2))]);
    assert_eq!((played.process.held(), played.process.stats().told), (0, 1));
}

#[test]
fn the_origin_may_ask_after_the_message_is_done_with() {
    let mut played = Played::new(3, LIMITS);
    played.receive(2, copy(1, 1, true, 6)).unwrap();
    played.receive(2, copy(1, 0, false, 5)).unwrap();
    assert_eq!(played.process.stats().told, 0, "only the origin itself asks");
    assert_eq!(played.receive(1, copy(1, 1, true, 6)).unwrap().relayed, [(Rank(1), done(2))]);
    assert_eq!(played.receive(1, copy(1, 1, true, 6)).unwrap().relayed, [], "asked again, it was told already");
}

#[test]
fn credit_runs_out_and_comes_back_when_everybody_is_done() {
    let limits = Limits { window: 64, credit: 2, ..LIMITS };
    let mut played = Played::new(3, limits);
    broadcast(&mut played.process, 1).unwrap();
    broadcast(&mut played.process, 2).unwrap();
    let why = Err(ReliableRefused::NoCredit { class: Class::Body });
    assert_eq!(broadcast(&mut played.process, 3), why);
    played.receive(1, done(2)).unwrap();
    assert_eq!(broadcast(&mut played.process, 3), why, "process 2 is not done");
    played.receive(2, done(1)).unwrap();
    assert!(broadcast(&mut played.process, 3).is_ok());
    // Old news, overtaken by newer, changes nothing.
    played.receive(1, done(1)).unwrap();
    assert_eq!((broadcast(&mut played.process, 4), played.process.outstanding(Class::Body)), (why, 2));
}

#[test]
fn excluding_forgives_debts_and_gives_credit_back() {
    let limits = Limits { window: 1, credit: 1, ..LIMITS };
    let mut played = Played::new(3, limits);
    broadcast(&mut played.process, 1).unwrap();
    played.receive(1, copy(1, 0, true, 5)).unwrap();
    assert_eq!(played.process.held(), 1, "process 2 has not acknowledged message 1");
    played.acknowledge(1, 1);
    played.receive(1, done(1)).unwrap();
    assert_eq!(broadcast(&mut played.process, 2), Err(ReliableRefused::NoCredit { class: Class::Body }));
    let mut outbox = Outbox::new();
    played.process.exclude(Time::ZERO, Rank(2), &mut outbox);
    assert_eq!(out(&mut outbox).relayed, [(Rank(1), done(1))]);
    assert_eq!((played.process.held(), played.process.outstanding(Class::Body)), (0, 0));
    assert!(broadcast(&mut played.process, 2).is_ok());
    // Again, or of oneself, or of nobody, it means nothing.
    for rank in [2, 0, 9] {
        played.process.exclude(Time::ZERO, Rank(rank), &mut outbox);
    }
    assert_eq!(played.process.outstanding(Class::Body), 1);
}

#[test]
fn an_excluded_origin_is_told_nothing_and_its_messages_are_handed_on() {
    let mut played = Played::new(3, Limits { window: 1, ..LIMITS });
    played.receive(1, copy(1, 0, false, 5)).unwrap();
    played.receive(1, copy(1, 1, true, 6)).unwrap();
    played.process.exclude(Time::ZERO, Rank(1), &mut Outbox::new());
    assert_eq!(played.acknowledge(2, 1).relayed, [(Rank(2), copy(1, 1, false, 6))]);
    assert_eq!(played.receive(2, copy(1, 2, false, 7)).unwrap().delivered, [(Rank(1), 7)]);
    assert_eq!((played.process.stats().told, played.process.held(), played.process.ledger.unpaid()), (0, 0, 0));
}

#[test]
fn what_cannot_be_broadcast_is_refused_with_the_reason() {
    let mut origin = Reliable::new(PerfectLink::<Relay<Vec<u8>>>::new(&View::of(2), ME, Incarnation::FIRST, LIMITS, BACKOFF), LIMITS);
    let mut cast = |bytes| origin.request(Time::ZERO, Cast::control(vec![0; bytes]), &mut Outbox::new()).map_err(|refused| refused.why);
    assert_eq!(cast(2), Err(ReliableRefused::TooLarge { bytes: 18, limit: 17 }));
    assert_eq!((cast(1), cast(1)), (Ok(()), Err(ReliableRefused::NoCredit { class: Class::Control })));
}

/// The layer above takes nothing.
struct Deaf;

impl Effects<Words> for Deaf {
    fn send(&mut self, to: To, message: Frame<Relay<u8>>) {
        panic!("sends {message:?} to {to:?} before the message was taken");
    }
    fn persist(&mut self, record: Infallible) {
        match record {}
    }
    fn indicate(&mut self, indication: Delivery<u8>) -> Result<(), Delivery<u8>> {
        Err(indication)
    }
}

#[test]
fn what_the_layer_above_does_not_take_goes_back_to_the_link() {
    let mut played = Played::new(3, LIMITS);
    let frame = Frame::Data { sender: Incarnation::FIRST, receiver: Incarnation::FIRST, sequence: 0, payload: copy(1, 0, true, 5) };
    let before = played.process.clone();
    played.process.receive(Time::ZERO, Rank(1), frame, &mut Deaf).unwrap();
    let refused = played.process.request(Time::ZERO, Cast::body(1), &mut Deaf).unwrap_err();
    assert_eq!((refused.why, &played.process), (ReliableRefused::NotTaken, &before));
    assert_eq!((played.process.stats().not_taken, played.process.link().stats().not_taken), (1, 1));
    assert_eq!(played.receive(1, copy(1, 0, true, 5)).unwrap().delivered, [(Rank(1), 5)]);
}

#[test]
fn a_process_alone_delivers_to_itself_and_never_runs_out_of_credit() {
    let mut alone = process(1, ME, Limits::TINY);
    for payload in 0..100 {
        assert_eq!(broadcast(&mut alone, payload), Ok(Out { delivered: vec![(ME, payload)], ..Out::default() }));
    }
}

/// One message in both directions after the other, at once, with the smallest limits: nobody waits for anybody for ever.
#[test]
fn the_smallest_limits_do_not_deadlock() {
    let mut all: Vec<_> = (0..3).map(|rank| process(3, Rank(rank), Limits::TINY)).collect();
    let mut delivered = [0, 0, 0];
    let mut packets = VecDeque::new();
    let mut left = [50, 50, 50];
    while left != [0, 0, 0] || !packets.is_empty() {
        let mut outbox = Outbox::new();
        for (at, process) in all.iter_mut().enumerate() {
            if left[at] > 0 && process.request(Time::ZERO, Cast::body(1), &mut outbox).is_ok() {
                left[at] -= 1;
            }
            for effect in outbox.drain() {
                match effect {
                    Effect::Send { to: To::One(to), message } => packets.push_back((at, to, message)),
                    Effect::Indicate(_) => delivered[at] += 1,
                    _ => unreachable!("a perfect link sends to one"),
                }
            }
        }
        let (from, to, message) = packets.pop_front().expect("somebody's message is on the way");
        let process: &mut Words = &mut all[to.index()];
        process.receive(Time::ZERO, Rank::new(from), message, &mut outbox).unwrap();
        for effect in outbox.drain() {
            match effect {
                Effect::Send { to: next, message } => {
                    let To::One(next) = next else { unreachable!("a perfect link sends to one") };
                    packets.push_back((to.index(), next, message));
                }
                Effect::Indicate(_) => delivered[to.index()] += 1,
                Effect::Persist(record) => match record {},
            }
        }
    }
    assert_eq!(delivered, [150, 150, 150]);
}
