//! An order on a broadcast on a link: any of each, put together by hand, with no buffer between them.

use crate::stacks::{BACKOFF, Note, faults, limits, over_broadcast, processes, world};
use std::convert::Infallible;
use tidings_broadcast::{
    Arrived, BestEffort, Broadcast, Cast, CausalOrder, Class, Delivery, FifoOrder, Incoming, Link, Ordered, Outgoing, PerfectLink, Relay,
    Reliable, Stamped,
};
use tidings_clocks::{Rank, Time, VectorClock};
use tidings_protocol::{Effect, Effects, InView, Incarnation, Limits, Order, Outbox, Payload, Protocol, Refused, To, View, ViewId};
use tidings_sim::{Ending, Faults, Seeded, Talk, World, for_each_seed};
use tidings_trace::{Property, check_all};

const LIMIT: Time = Time::from_millis(600_000);

/// A perfect link given as a specification: what it is asked to send arrives, once. True in a world without faults.
#[derive(Clone, Debug)]
struct Ideal<T> {
    me: Rank,
    processes: usize,
    payload: std::marker::PhantomData<T>,
}

impl<T: Payload> Ideal<T> {
    fn new(processes: u32, me: Rank) -> Self {
        Self { me, processes: processes as usize, payload: std::marker::PhantomData }
    }
}

impl<T: Payload> Protocol for Ideal<T> {
    type Request = Outgoing<T>;
    type Message = T;
    type Indication = Incoming<T>;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, request: Outgoing<T>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Outgoing<T>, Infallible>> {
        effects.send(request.to, request.payload);
        Ok(())
    }

    fn receive(&mut self, _: Time, from: Rank, payload: T, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        assert!(effects.indicate(Incoming { from, payload }).is_ok(), "a layer above an ideal link takes everything");
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl<T: Payload> Link for Ideal<T> {
    type Payload = T;

    fn admits(&self, _: To, _: usize) -> bool {
        true
    }

    fn me(&self) -> Rank {
        self.me
    }

    fn processes(&self) -> usize {
        self.processes
    }

    fn max_bytes(&self) -> usize {
        0
    }
}

/// Causal order on reliable broadcast on perfect links, and FIFO order on best effort on the same: what the layers promise together holds in every world.
#[test]
fn an_order_on_a_broadcast_on_a_link() {
    type Causal = Ordered<CausalOrder<Arrived<Note>>, Reliable<PerfectLink<Relay<Stamped<VectorClock, Note>>>, Stamped<VectorClock, Note>>>;
    type Fifo = Ordered<FifoOrder<Arrived<Note>>, BestEffort<PerfectLink<Stamped<u64, Note>>>>;
    for_each_seed(1_000, |seed| {
        let (n, limits) = (processes(seed), limits(seed));
        let view = View::of(n);
        let causal = |me, life| {
            let link = PerfectLink::new(&view, me, life, limits, BACKOFF);
            Ordered::new(CausalOrder::new(me, view.len(), limits), Reliable::new(link, limits), limits)
        };
        let mut run = world(seed, faults(seed), over_broadcast::<Causal>(n, Talk::of(6)), causal);
        assert_eq!(run.run_until(LIMIT), Ending::Quiescent);
        let promised = [Property::CausalDelivery, Property::NoDuplication, Property::NoCreation, Property::Validity, Property::Agreement];
        assert_eq!(check_all(run.trace(), &promised), []);

        let fifo = |me, life| {
            let link = PerfectLink::new(&view, me, life, limits, BACKOFF);
            Ordered::new(FifoOrder::new(me, view.len(), limits), BestEffort::new(link), limits)
        };
        let mut run = world(seed, faults(seed).without_crashes(), over_broadcast::<Fifo>(n, Talk::of(6)), fifo);
        assert_eq!(run.run_until(LIMIT), Ending::Quiescent);
        assert_eq!(
            check_all(run.trace(), &[Property::FifoDelivery, Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation]),
            []
        );
    });
}

/// The same broadcast over the specification of its link, in one view among several.
#[test]
fn a_broadcast_asks_of_its_link_only_what_a_link_is() {
    for_each_seed(200, |seed| {
        let limits = limits(seed);
        let build = |me, _| Reliable::<Ideal<Relay<Note>>, Note>::new(Ideal::new(4, me), limits);
        let mut run = World::new(4, Faults::calm(), Seeded::new(seed), over_broadcast(4, Talk::of(6)), build);
        assert_eq!(run.run_until(LIMIT), Ending::Quiescent);
        assert_eq!(check_all(run.trace(), &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement]), []);

        let build = |me, _| InView::new(ViewId(3), BestEffort::<Ideal<Note>>::new(Ideal::new(4, me)));
        let mut run = World::new(4, Faults::calm(), Seeded::new(seed), over_broadcast(4, Talk::of(6)), build);
        assert_eq!(run.run_until(LIMIT), Ending::Quiescent);
        assert_eq!(check_all(run.trace(), &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation]), []);
    });
}

/// One input goes through all layers at once: when the call returns, everything that it led to is in the outbox, in order, and no layer has kept anything of it.
#[test]
fn no_buffer_between_pass_through_layers() {
    type Stack = Ordered<FifoOrder<Arrived<u8>>, BestEffort<Ideal<Stamped<u64, u8>>>>;
    assert_eq!(size_of::<BestEffort<Ideal<u8>>>(), size_of::<Ideal<u8>>());
    let build = |me: Rank| -> Stack { Ordered::new(FifoOrder::new(me, 2, Limits::TINY), BestEffort::new(Ideal::new(2, me)), Limits::TINY) };
    let (mut one, mut other) = (build(Rank(0)), build(Rank(1)));
    let mut outbox = Outbox::<Stack>::new();
    one.request(Time::ZERO, Cast::body(7), &mut outbox).unwrap();
    let own = outbox.pop();
    assert!(matches!(own, Some(Effect::Indicate(Delivery { origin: Rank(0), payload: 7 }))), "{own:?}");
    let Some(Effect::Send { to: To::Others, message }) = outbox.pop() else { panic!("nothing was sent") };
    other.receive(Time::ZERO, Rank(0), message, &mut outbox).unwrap();
    assert!(matches!(outbox.pop(), Some(Effect::Indicate(Delivery { origin: Rank(0), payload: 7 }))));
    assert!(outbox.is_empty());
    assert_eq!((one.order().held(), other.order().held()), (0, 0));
}

/// What the link refuses comes back through every layer as it was asked, with the link's reason, and nothing has changed.
#[test]
fn a_refusal_goes_up_through_all_layers() {
    let link = PerfectLink::<u8>::new(&View::of(2), Rank(0), Incarnation::FIRST, Limits::TINY, BACKOFF);
    let mut broadcast = BestEffort::new(link);
    let mut outbox = Outbox::new();
    broadcast.request(Time::ZERO, Cast::body(1), &mut outbox).unwrap();
    outbox.drain().for_each(drop);
    let before = broadcast.clone();
    assert!(!broadcast.admits(Class::Body, 1));
    let refused = broadcast.request(Time::ZERO, Cast::control(2), &mut outbox).unwrap_err();
    assert_eq!((refused.request, refused.why.to_string()), (Cast::control(2), "the window to process p1 is full".to_string()));
    assert!(outbox.is_empty() && broadcast == before);
}
