use super::*;
use alloc::vec;
use core::time::Duration;
use tidings_protocol::{Effect, Outbox};

type Letters = PerfectLink<u8>;

const ME: Rank = Rank(0);
const PEER: Rank = Rank(1);
const LIMITS: Limits = Limits { window: 2, credit: 1, control_credit: 1, held: 1, payload_bytes: 1 };
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(10), most: Duration::from_millis(40) };

fn life(me: Rank, incarnation: u64) -> Letters {
    PerfectLink::new(&View::of(3), me, Incarnation(incarnation), LIMITS, BACKOFF)
}

fn ms(millis: u64) -> Time {
    Time::from_millis(millis)
}

fn data(sender: u64, receiver: u64, sequence: u64, payload: u8) -> Frame<u8> {
    Frame::Data { sender: Incarnation(sender), receiver: Incarnation(receiver), sequence, payload }
}

fn ack(sender: u64, receiver: u64, next: u64, ahead: u64) -> Frame<u8> {
    Frame::Ack { sender: Incarnation(sender), receiver: Incarnation(receiver), next, ahead }
}

fn hello(sender: u64, receiver: u64) -> Frame<u8> {
    Frame::Hello { sender: Incarnation(sender), receiver: Incarnation(receiver) }
}

/// What came out: what was sent, and what was indicated.
#[derive(Debug, Default, PartialEq)]
struct Out {
    sent: Vec<(To, Frame<u8>)>,
    indicated: Vec<u8>,
}

fn out(outbox: &mut Outbox<Letters>) -> Out {
    let mut out = Out::default();
    for effect in outbox.drain() {
        match effect {
            Effect::Send { to, message } => out.sent.push((to, message)),
            Effect::Indicate(incoming) => out.indicated.push(incoming.payload),
            Effect::Persist(record) => match record {},
        }
    }
    out
}

fn request(link: &mut Letters, now: Time, to: To, payload: u8) -> Result<Vec<(To, Frame<u8>)>, LinkRefused> {
    let mut outbox = Outbox::new();
    let before = link.clone();
    assert_eq!(link.admits(to, 1), link.check(to, 1).is_ok());
    match link.request(now, Outgoing { to, payload }, &mut outbox) {
        Ok(()) => Ok(out(&mut outbox).sent),
        Err(Refused { request, why }) => {
            assert_eq!((request, &*link, outbox.is_empty()), (Outgoing { to, payload }, &before, true));
            Err(why)
        }
    }
}

fn receive(link: &mut Letters, from: Rank, frame: Frame<u8>) -> Result<Out, LinkRejected> {
    let mut outbox = Outbox::new();
    let before = link.clone();
    match link.receive(ms(1), from, frame, &mut outbox) {
        Ok(()) => Ok(out(&mut outbox)),
        Err(why) => {
            assert_eq!((&*link, outbox.is_empty()), (&before, true));
            Err(why)
        }
    }
}

fn wake(link: &mut Letters, now: Time) -> Vec<(To, Frame<u8>)> {
    let mut outbox = Outbox::new();
    link.wake(now, &mut outbox);
    out(&mut outbox).sent
}

/// The layer above takes nothing.
struct Deaf;

impl Effects<Letters> for Deaf {
    fn send(&mut self, to: To, message: Frame<u8>) {
        panic!("sends {message:?} to {to:?} before the message was taken");
    }
    fn persist(&mut self, record: Infallible) {
        match record {}
    }
    fn indicate(&mut self, indication: Incoming<u8>) -> Result<(), Incoming<u8>> {
        Err(indication)
    }
}

#[test]
fn what_is_received_is_indicated_at_once_and_acknowledged() {
    let mut link = life(ME, 1);
    let ahead = receive(&mut link, PEER, data(1, 1, 1, 7)).unwrap();
    assert_eq!(ahead, Out { sent: vec![(To::One(PEER), ack(1, 1, 0, 1))], indicated: vec![7] });
    let next = receive(&mut link, PEER, data(1, 1, 0, 6)).unwrap();
    assert_eq!(next, Out { sent: vec![(To::One(PEER), ack(1, 1, 2, 0))], indicated: vec![6] });
    let again = receive(&mut link, PEER, data(1, 1, 1, 7)).unwrap();
    assert_eq!(again, Out { sent: vec![(To::One(PEER), ack(1, 1, 2, 0))], indicated: vec![] });
}

/// One acknowledgement for many messages, while nothing is missing; at the latest when patience is out.
#[test]
fn acknowledgements_come_in_lumps() {
    let mut link = PerfectLink::new(&View::of(3), ME, Incarnation::FIRST, Limits { window: 12, ..LIMITS }, BACKOFF);
    let answer = |out: Out| out.sent;
    let mut hear = |sequence| answer(receive(&mut link, PEER, data(1, 1, sequence, 7)).unwrap());
    assert_eq!([0, 1, 2].map(&mut hear), [vec![], vec![], vec![(To::One(PEER), ack(1, 1, 3, 0))]]);
    // What shows that something was lost, or that an acknowledgement was, is answered at once.
    assert_eq!([4, 3, 3].map(&mut hear), [vec![(To::One(PEER), ack(1, 1, 3, 1))], vec![], vec![(To::One(PEER), ack(1, 1, 5, 0))]]);
    assert_eq!(hear(5), []);
    assert_eq!(link.deadline(), Some(ms(1) + BACKOFF.first / 8));
    assert_eq!(wake(&mut link, ms(2)), []);
    assert_eq!(wake(&mut link, ms(3)), [(To::One(PEER), ack(1, 1, 6, 0))]);
    assert_eq!((link.deadline(), wake(&mut link, ms(9))), (None, vec![]));
    // Nothing is owed to a former life, nor to a process that is gone.
    assert_eq!(receive(&mut link, PEER, data(1, 1, 6, 7)).unwrap().sent, []);
    receive(&mut link, PEER, hello(2, 1)).unwrap();
    assert_eq!(wake(&mut link, ms(50)), []);
    assert_eq!(receive(&mut link, PEER, data(2, 1, 0, 7)).unwrap().sent, []);
    link.exclude(ms(9), PEER, &mut Outbox::new());
    assert_eq!(wake(&mut link, ms(99)), []);
}

#[test]
fn what_is_not_taken_is_not_acknowledged_and_comes_again() {
    let mut link = life(ME, 1);
    let before = link.clone();
    link.receive(ms(1), PEER, data(3, 1, 0, 7), &mut Deaf).unwrap();
    assert_eq!((&link, link.stats().not_taken), (&before, 1));
    assert_eq!(receive(&mut link, PEER, data(3, 1, 0, 7)).unwrap().indicated, [7]);
}

#[test]
fn a_full_window_hands_the_request_back_and_sends_to_nobody() {
    let mut link = life(ME, 1);
    assert_eq!(request(&mut link, ms(0), To::One(PEER), 1).unwrap(), [(To::One(PEER), data(1, 1, 0, 1))]);
    assert_eq!(
        request(&mut link, ms(0), To::Others, 2).unwrap(),
        [(To::One(PEER), data(1, 1, 1, 2)), (To::One(Rank(2)), data(1, 1, 0, 2))]
    );
    assert_eq!(request(&mut link, ms(0), To::Others, 3), Err(LinkRefused::Full { to: PEER }));
    // An acknowledgement ahead makes no room: the window begins at the oldest message.
    receive(&mut link, PEER, ack(1, 1, 0, 1)).unwrap();
    assert_eq!((link.held(), request(&mut link, ms(0), To::Others, 3)), (2, Err(LinkRefused::Full { to: PEER })));
    receive(&mut link, PEER, ack(1, 1, 1, 0)).unwrap();
    assert_eq!(
        request(&mut link, ms(0), To::Others, 3).unwrap(),
        [(To::One(PEER), data(1, 1, 2, 3)), (To::One(Rank(2)), data(1, 1, 1, 3))]
    );
}

#[test]
fn what_cannot_be_sent_is_refused_with_the_reason() {
    let mut link = life(ME, 1);
    assert_eq!(request(&mut link, ms(0), To::One(ME), 1), Err(LinkRefused::ToOneself));
    assert_eq!(request(&mut link, ms(0), To::One(Rank(3)), 1), Err(LinkRefused::NotAMember { to: Rank(3) }));
    assert_eq!(link.check(To::Others, 2), Err(LinkRefused::TooLarge { bytes: 2, limit: 1 }));
    link.peers[1].base = u64::MAX;
    assert_eq!(request(&mut link, ms(0), To::Others, 1), Err(LinkRefused::Exhausted { to: PEER }));
    link.exclude(ms(0), PEER, &mut Outbox::new());
    assert_eq!(request(&mut link, ms(0), To::One(PEER), 1), Err(LinkRefused::Excluded { to: PEER }));
    assert_eq!(request(&mut link, ms(0), To::Others, 1).unwrap(), [(To::One(Rank(2)), data(1, 1, 0, 1))]);
}

#[test]
fn what_no_correct_peer_sends_is_rejected() {
    let mut link = life(ME, 2);
    request(&mut link, ms(0), To::One(PEER), 1).unwrap();
    assert_eq!(receive(&mut link, ME, data(2, 2, 0, 1)), Err(LinkRejected::FromOneself));
    assert_eq!(receive(&mut link, Rank(9), data(1, 2, 0, 1)), Err(LinkRejected::NotAMember { from: Rank(9) }));
    assert_eq!(receive(&mut link, PEER, data(1, 2, 2, 1)), Err(LinkRejected::TooFarAhead { from: PEER, expected: 0, sequence: 2 }));
    assert_eq!(
        receive(&mut link, PEER, data(5, 2, u64::MAX, 1)),
        Err(LinkRejected::TooFarAhead { from: PEER, expected: 0, sequence: u64::MAX })
    );
    let unborn = LinkRejected::Unborn { from: PEER, incarnation: Incarnation(3), mine: Incarnation(2) };
    assert_eq!(receive(&mut link, PEER, data(1, 3, 0, 1)), Err(unborn));
    let unsent = |sequence, sent| Err(LinkRejected::AcknowledgesUnsent { from: PEER, sequence, sent });
    assert_eq!(receive(&mut link, PEER, ack(1, 2, 2, 0)), unsent(1, 1));
    assert_eq!(receive(&mut link, PEER, ack(1, 2, 0, 1)), unsent(1, 1));
    assert_eq!(receive(&mut link, PEER, ack(1, 2, u64::MAX, u64::MAX)), unsent(u64::MAX - 1, 1));
    assert_eq!(receive(&mut link, PEER, ack(2, 2, 1, 0)), unsent(0, 0));
    let stale = LinkRejected::Stale { from: PEER, incarnation: Incarnation(0), known: Incarnation(1) };
    assert_eq!(receive(&mut link, PEER, data(0, 2, 0, 1)), Err(stale));
    assert_eq!(receive(&mut link, PEER, hello(0, 2)), Err(stale));
    link.exclude(ms(0), PEER, &mut Outbox::new());
    assert_eq!(receive(&mut link, PEER, data(1, 2, 0, 1)), Err(LinkRejected::Excluded { from: PEER }));
    assert_eq!(link.stats(), LinkStats { sent: 1, stale: 3, too_far_ahead: 2, malformed: 7, ..LinkStats::default() });
}

#[test]
fn what_is_not_acknowledged_is_sent_again_ever_more_rarely() {
    let mut link = life(ME, 1);
    assert_eq!(link.deadline(), None);
    request(&mut link, ms(0), To::One(PEER), 1).unwrap();
    request(&mut link, ms(9), To::One(PEER), 2).unwrap();
    assert_eq!((link.deadline(), wake(&mut link, ms(9))), (Some(ms(10)), vec![]));
    // The second has not waited long enough: it gets its turn with the next.
    assert_eq!(wake(&mut link, ms(10)), [(To::One(PEER), data(1, 1, 0, 1))]);
    assert_eq!(link.deadline(), Some(ms(30)));
    assert_eq!(wake(&mut link, ms(31)).len(), 2);
    let mut due = vec![];
    for _ in 0..3 {
        due.push(link.deadline().unwrap());
        wake(&mut link, due[due.len() - 1]);
    }
    assert_eq!(due, [ms(71), ms(111), ms(151)]);
    // What the receiver has is not sent again; once it has everything there is nothing to wake for.
    receive(&mut link, PEER, ack(1, 1, 0, 1)).unwrap();
    assert_eq!(wake(&mut link, ms(191)), [(To::One(PEER), data(1, 1, 0, 1))]);
    receive(&mut link, PEER, ack(1, 1, 2, 0)).unwrap();
    assert_eq!((wake(&mut link, ms(999)), link.deadline(), link.held()), (vec![], None, 0));
}

/// Later messages that arrive do not put off the repetition of an earlier one that is missing.
#[test]
fn only_progress_at_the_front_restarts_the_timer() {
    let mut link = life(ME, 1);
    request(&mut link, ms(0), To::One(PEER), 1).unwrap();
    request(&mut link, ms(0), To::One(PEER), 2).unwrap();
    receive(&mut link, PEER, ack(1, 1, 0, 1)).unwrap();
    assert_eq!(wake(&mut link, ms(10)), [(To::One(PEER), data(1, 1, 0, 1))]);
}

#[test]
fn excluding_drops_what_waits_and_the_timer() {
    let mut link = life(ME, 1);
    request(&mut link, ms(0), To::Others, 1).unwrap();
    link.exclude(ms(1), PEER, &mut Outbox::new());
    assert_eq!((link.held(), wake(&mut link, ms(10))), (1, vec![(To::One(Rank(2)), data(1, 1, 0, 1))]));
    link.exclude(ms(1), Rank(2), &mut Outbox::new());
    // To exclude oneself or nobody means nothing.
    link.exclude(ms(1), ME, &mut Outbox::new());
    link.exclude(ms(1), Rank(9), &mut Outbox::new());
    assert_eq!((wake(&mut link, ms(99)), link.deadline()), (vec![], None));
    assert_eq!(request(&mut link, ms(0), To::Others, 1), Ok(vec![]));
}

/// Rule 8: with the sender's incarnation alone, the receiver would take message 1 of its former life's numbering for one too far ahead, for ever.
#[test]
fn a_restarted_receiver_is_heard_again() {
    let mut link = life(ME, 1);
    request(&mut link, ms(0), To::One(PEER), 1).unwrap();
    receive(&mut link, PEER, ack(1, 1, 1, 0)).unwrap();
    request(&mut link, ms(0), To::One(PEER), 2).unwrap();
    let mut reborn = life(PEER, 2);
    // The new life says who it is; the sender numbers what is left from 0 and sends it when its timer is due.
    let answer = receive(&mut reborn, ME, data(1, 1, 1, 2)).unwrap();
    assert_eq!(answer, Out { sent: vec![(To::One(ME), hello(2, 1))], indicated: vec![] });
    assert_eq!(receive(&mut link, PEER, hello(2, 1)).unwrap(), Out::default());
    assert_eq!(link.incarnation_of(PEER), Some(Incarnation(2)));
    let again = wake(&mut link, ms(11));
    assert_eq!(again, [(To::One(PEER), data(1, 2, 0, 2))]);
    assert_eq!(receive(&mut reborn, ME, again[0].1.clone()).unwrap().indicated, [2]);
    // A late acknowledgement of the former life frees nothing of the new one's.
    assert!(matches!(receive(&mut link, PEER, ack(1, 1, 1, 0)), Err(LinkRejected::Stale { .. })));
    assert_eq!(link.held(), 1);
}

#[test]
fn a_restarted_sender_is_heard_again_and_its_former_life_is_not() {
    let mut link = life(ME, 1);
    receive(&mut link, PEER, data(1, 1, 0, 1)).unwrap();
    let again = receive(&mut link, PEER, data(2, 1, 0, 5)).unwrap();
    assert_eq!(again, Out { sent: vec![(To::One(PEER), ack(1, 2, 1, 0))], indicated: vec![5] });
    assert!(matches!(receive(&mut link, PEER, data(1, 1, 1, 2)), Err(LinkRejected::Stale { .. })));
    assert_eq!(receive(&mut link, PEER, data(2, 1, 1, 6)).unwrap().indicated, [6]);
}

#[test]
fn both_restarted_at_once_find_each_other() {
    let mut links = [life(ME, 2), life(PEER, 2)];
    for me in [0, 1] {
        request(&mut links[me], ms(0), To::One(Rank::new(1 - me)), 7).unwrap();
    }
    let mut indicated = [0, 0];
    for _ in 0..4 {
        for me in [0, 1] {
            let due = links[me].deadline().unwrap_or(ms(0));
            let mut frames: Vec<_> = wake(&mut links[me], due).into_iter().map(|(_, frame)| (1 - me, frame)).collect();
            while let Some((to, frame)) = frames.pop() {
                let out = receive(&mut links[to], Rank::new(1 - to), frame).unwrap();
                indicated[to] += out.indicated.len();
                frames.extend(out.sent.into_iter().map(|(_, frame)| (1 - to, frame)));
            }
        }
    }
    assert_eq!((indicated, links[0].held(), links[1].held()), ([1, 1], 0, 0));
}

#[test]
fn without_its_rule_every_copy_is_indicated() {
    let mut link = life(ME, 1).without(Rule::Fifo).without(Rule::Dedupe);
    for _ in 0..3 {
        assert_eq!(receive(&mut link, PEER, data(1, 1, 0, 7)).unwrap().indicated, [7]);
    }
    assert_eq!(link.stats().duplicates, 2);
}
