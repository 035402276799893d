//! Whatever peers send, nothing panics, nothing grows beyond its stated limit, and what is rejected changes nothing.

use crate::stacks::BACKOFF;
use proptest::prelude::*;
use tidings_broadcast::{
    BestEffort, Broadcast, Cast, Class, Frame, Link, Outgoing, PerfectLink, Relay, Reliable, ReliableRejected, Stubborn, StubbornLink,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Limits, Outbox, Protocol, Refused, To, View};

type Bytes = Vec<u8>;

/// One input of any kind.
#[derive(Clone, Debug)]
enum Input<R, M> {
    Request(R),
    Receive(Rank, M),
    Wake,
    Exclude(Rank),
}

/// Numbers at which something may go wrong, and any.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0u64..6, 2 => 60u64..70, 2 => (0u64..3).prop_map(|back| u64::MAX - back), 1 => any::<u64>()]
}

fn life() -> impl Strategy<Value = Incarnation> {
    prop_oneof![20 => Just(1u64), 4 => 0u64..4, 1 => (0u64..3).prop_map(|back| u64::MAX - back)].prop_map(Incarnation)
}

fn rank() -> impl Strategy<Value = Rank> {
    prop_oneof![10 => 0u32..4, 1 => any::<u32>()].prop_map(Rank)
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![rank().prop_map(To::One), Just(To::Others)]
}

/// A payload within a limit of 8 bytes, or just beyond it.
fn payload() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..10)
}

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![Just(Class::Body), Just(Class::Control)]
}

fn frame<T: Clone + std::fmt::Debug>(payload: impl Strategy<Value = T>) -> impl Strategy<Value = Frame<T>> {
    let data = (life(), life(), number(), payload).prop_map(|(sender, receiver, sequence, payload)| Frame::Data {
        sender,
        receiver,
        sequence,
        payload,
    });
    let ahead = prop_oneof![Just(0u64), 0u64..8, any::<u64>()];
    let ack = (life(), life(), number(), ahead).prop_map(|(sender, receiver, next, ahead)| Frame::Ack { sender, receiver, next, ahead });
    let hello = (life(), life()).prop_map(|(sender, receiver)| Frame::Hello { sender, receiver });
    prop_oneof![6 => data, 4 => ack, 1 => hello]
}

fn relay() -> impl Strategy<Value = Relay<Bytes>> {
    let copy = (rank(), class(), number(), any::<bool>(), payload()).prop_map(|(origin, class, sequence, ask, payload)| Relay::Copy {
        origin,
        class,
        sequence,
        ask,
        payload,
    });
    let done = (class(), number()).prop_map(|(class, next)| Relay::Done { class, next });
    prop_oneof![4 => copy, 1 => done]
}

fn inputs<R: Clone + std::fmt::Debug, M: Clone + std::fmt::Debug>(
    request: impl Strategy<Value = R>,
    message: impl Strategy<Value = M>,
) -> impl Strategy<Value = Vec<Input<R, M>>> {
    let input = prop_oneof![
        4 => request.prop_map(Input::Request),
        20 => (rank(), message).prop_map(|(from, message)| Input::Receive(from, message)),
        2 => Just(Input::Wake),
        1 => rank().prop_map(Input::Exclude),
    ];
    prop::collection::vec(input, 0..60)
}

fn limits() -> impl Strategy<Value = Limits> {
    let count = || prop_oneof![3 => 1u32..4, 1 => 60u32..70];
    (count(), count(), count()).prop_map(|(window, credit, control_credit)| Limits {
        window,
        credit,
        control_credit,
        held: 1,
        payload_bytes: 24,
    })
}

/// Gives the protocol all inputs. After each: what was refused or rejected, by `settled`, left no trace, and no more is held than is stated.
fn suffer<P>(
    mut protocol: P,
    inputs: Vec<Input<P::Request, P::Message>>,
    held_bytes: impl Fn(&P) -> usize,
    max_bytes: impl Fn(&P) -> usize,
    left_unchanged: impl Fn(&P::Rejected) -> bool,
) -> Result<(), TestCaseError>
where
    P: Protocol + Clone + PartialEq + std::fmt::Debug,
    P::Request: Clone + PartialEq + std::fmt::Debug,
    P::Refused: std::fmt::Debug,
{
    let mut outbox = Outbox::new();
    let mut now = Time::ZERO;
    for input in inputs {
        let before = protocol.clone();
        now = now + BACKOFF.first / 7;
        match input {
            Input::Request(request) => {
                if let Err(Refused { request: back, .. }) = protocol.request(now, request.clone(), &mut outbox) {
                    prop_assert!(back == request && protocol == before && outbox.is_empty());
                }
            }
            Input::Receive(from, message) => {
                if let Err(why) = protocol.receive(now, from, message, &mut outbox)
                    && left_unchanged(&why)
                {
                    prop_assert_eq!(&protocol, &before);
                    prop_assert!(outbox.is_empty());
                }
            }
            Input::Wake => protocol.wake(now, &mut outbox),
            Input::Exclude(rank) => protocol.exclude(now, rank, &mut outbox),
        }
        prop_assert!(held_bytes(&protocol) <= max_bytes(&protocol), "{} bytes of {}", held_bytes(&protocol), max_bytes(&protocol));
        for effect in outbox.drain() {
            if let Effect::Send { to: To::One(to), .. } = effect {
                prop_assert!(to.index() < 3 && to != Rank(0));
            }
        }
        prop_assert!(protocol.deadline().is_none_or(|deadline| deadline > Time::ZERO));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn perfect_link(limits in limits(), life in 1u64..3, inputs in inputs((to(), payload()).prop_map(|(to, payload)| Outgoing { to, payload }), frame(payload()))) {
        let limits = Limits { payload_bytes: 8, ..limits };
        let link = PerfectLink::<Bytes>::new(&View::of(3), Rank(0), Incarnation(life), limits, BACKOFF);
        suffer(link, inputs, PerfectLink::held_bytes, Link::max_bytes, |_| true)?;
    }

    #[test]
    fn stubborn_link(limits in limits(), inputs in inputs(
        (to(), 0u32..80, prop::option::of(payload())).prop_map(|(to, slot, payload)| match payload {
            Some(payload) => Stubborn::Repeat { to, slot, payload },
            None => Stubborn::Cease { to, slot },
        }),
        payload(),
    )) {
        let limits = Limits { payload_bytes: 8, ..limits };
        let link = StubbornLink::<Bytes>::new(&View::of(3), Rank(0), limits, BACKOFF);
        suffer(link, inputs, StubbornLink::held_bytes, StubbornLink::max_bytes, |_| true)?;
    }

    #[test]
    fn best_effort(limits in limits(), inputs in inputs((class(), payload()).prop_map(|(class, payload)| Cast { class, payload }), frame(payload()))) {
        let limits = Limits { payload_bytes: 8, ..limits };
        let broadcast = BestEffort::new(PerfectLink::<Bytes>::new(&View::of(3), Rank(0), Incarnation::FIRST, limits, BACKOFF));
        suffer(broadcast, inputs, |broadcast| broadcast.link().held_bytes(), Broadcast::max_bytes, |_| true)?;
    }

    #[test]
    fn reliable(limits in limits(), inputs in inputs((class(), payload()).prop_map(|(class, payload)| Cast { class, payload }), frame(relay()))) {
        let link = PerfectLink::<Relay<Bytes>>::new(&View::of(3), Rank(0), Incarnation::FIRST, limits, BACKOFF);
        let broadcast = Reliable::new(link, limits);
        let held = |broadcast: &Reliable<PerfectLink<Relay<Bytes>>, Bytes>| broadcast.held_bytes() + broadcast.link().held_bytes();
        // What the link rejects changes nothing; what the broadcast finds malformed is acknowledged by the link (rule 6).
        suffer(broadcast, inputs, held, Broadcast::max_bytes, |why| matches!(why, ReliableRejected::Link(_)))?;
    }
}

/// One frame is answered by at most one frame, whatever it claims: nobody can use a link to multiply traffic.
#[test]
fn a_frame_is_answered_by_at_most_one() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let frames = prop::collection::vec(frame(payload()), 1..60);
    runner
        .run(&frames, |frames| {
            let mut link = PerfectLink::<Bytes>::new(&View::of(2), Rank(0), Incarnation(2), Limits::default(), BACKOFF);
            let mut outbox = Outbox::new();
            for number in 0..8 {
                link.request(Time::ZERO, Outgoing { to: To::Others, payload: vec![number] }, &mut outbox).unwrap();
            }
            for frame in frames {
                outbox.drain().for_each(drop);
                let _ = link.receive(Time::ZERO, Rank(1), frame, &mut outbox);
                let sends = outbox.drain().filter(|effect| matches!(effect, Effect::Send { .. })).count();
                prop_assert!(sends <= 1, "{sends} frames for one");
            }
            Ok(())
        })
        .unwrap();
}
