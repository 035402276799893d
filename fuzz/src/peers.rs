//! One process among peers that send whatever the fuzzer wants.

use std::fmt::Debug;
use std::time::Duration;

use arbitrary::Unstructured;
use serde::de::DeserializeOwned;
use tidings_broadcast::{
    Backoff, Broadcast, Cast, PerfectLink, all_acknowledged_broadcast, causal_broadcast, fifo_broadcast, reliable_broadcast,
    sequenced_broadcast,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Limits, Outbox, Protocol, To, View};

const PROCESSES: u32 = 3;
const LIMITS: Limits = Limits { window: 4, credit: 4, control_credit: 2, held: 6, payload_bytes: 64 };
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(10), most: Duration::from_millis(100) };

/// A process is given frames of any content, requests, wakes and exclusions in any order: it answers with effects that make sense, in bounded number.
pub(crate) fn peers(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = run(&mut input);
}

fn run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let (view, me, life) = (View::of(PROCESSES), Rank(1), Incarnation(2));
    match input.int_in_range(0..=5)? {
        0 => link(PerfectLink::<Vec<u8>>::new(&view, me, life, LIMITS, BACKOFF), input),
        1 => broadcast(reliable_broadcast(&view, me, life, LIMITS, BACKOFF), input),
        2 => broadcast(fifo_broadcast(&view, me, life, LIMITS, BACKOFF), input),
        3 => broadcast(causal_broadcast(&view, me, life, LIMITS, BACKOFF), input),
        4 => broadcast(sequenced_broadcast(&view, me, life, LIMITS, BACKOFF), input),
        _ => broadcast(all_acknowledged_broadcast(&view, me, life, LIMITS, BACKOFF), input),
    }
}

fn link(link: PerfectLink<Vec<u8>>, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let after = |link: &PerfectLink<Vec<u8>>| {
        assert!(link.held_bytes() <= tidings_broadcast::Link::max_bytes(link), "{} bytes held", link.held_bytes());
    };
    drive(link, |to, payload| tidings_broadcast::Outgoing { to, payload }, after, input)
}

fn broadcast<B>(stack: B, input: &mut Unstructured<'_>) -> arbitrary::Result<()>
where
    B: Broadcast<Payload = Vec<u8>>,
    B::Message: DeserializeOwned + Debug,
{
    drive(stack, |to, payload| if to == To::Others { Cast::body(payload) } else { Cast::control(payload) }, |_| (), input)
}

fn drive<P>(
    mut process: P,
    ask: impl Fn(To, Vec<u8>) -> P::Request,
    after: impl Fn(&P),
    input: &mut Unstructured<'_>,
) -> arbitrary::Result<()>
where
    P: Protocol,
    P::Message: DeserializeOwned + Debug,
{
    let mut outbox = Outbox::new();
    let mut now = Time::ZERO;
    while !input.is_empty() {
        now = now + Duration::from_millis(input.int_in_range(0..=20)?);
        match input.int_in_range(0..=9)? {
            0 => {
                let payload = input.bytes(input.len().min(3))?.to_vec();
                let to = if input.arbitrary()? { To::Others } else { To::One(Rank(0)) };
                if process.request(now, ask(to, payload), &mut outbox).is_err() {
                    assert!(outbox.is_empty(), "a refused request has emitted something");
                }
            }
            1 => process.wake(now, &mut outbox),
            2 if input.ratio(1, 8)? => process.exclude(now, Rank(input.int_in_range(0..=3)?), &mut outbox),
            _ => {
                let from = Rank(input.int_in_range(0..=3)?);
                let length = input.int_in_range(0..=40)?;
                let bytes = input.bytes(input.len().min(length))?;
                // The frame's own fields are the fuzzer's bytes, whatever they make.
                if let Ok((message, _)) = postcard::take_from_bytes::<P::Message>(bytes) {
                    let _ = process.receive(now, from, message, &mut outbox);
                }
            }
        }
        // One input cannot bring about more than everything that the limits let a process hold.
        assert!(outbox.len() <= 400, "{} effects of one input", outbox.len());
        for effect in outbox.drain() {
            if let Effect::Send { to: To::One(to), .. } = effect {
                assert!(to.0 < PROCESSES && to != Rank(1), "sends to {to}");
            }
        }
        after(&process);
    }
    Ok(())
}
