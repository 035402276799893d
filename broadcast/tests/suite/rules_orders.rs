//! The rules for a layer's author that orders show best: 3, 5 and 7. Each is kept by the layers of this crate, and broken on purpose by a small one
//! here to see what happens then. And with every window and credit at 1 no stack ever stands still.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::stacks::{BACKOFF, Note, faults, over_broadcast, processes, world};
use tidings_broadcast::{
    AllAcknowledgedBroadcast, Arrived, Broadcast, Cast, Delivery, FifoOrder, Ordered, ReliableBroadcast, SequencedBroadcast, Stamped,
    all_acknowledged_broadcast, causal_broadcast, fifo_broadcast, reliable_broadcast, sequenced_broadcast,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effects, Incarnation, Limits, Offer, Order, Protocol, Refused, View};
use tidings_sim::{Ending, Faults, Inbox, Property, Seeded, Talk, World, assert_keeps, for_each_seed, seeds};

/// Long enough for every run that comes to an end.
const LONG: Time = Time::from_millis(600_000);

type Sequenced = SequencedBroadcast<Note>;
type Acknowledged = AllAcknowledgedBroadcast<Note>;

/// Limits of 1 everywhere: all correct processes deliver everything, in order, and come to rest. For the sequencer, somebody else crashes.
fn never_deadlocks<P>(talk: Talk, properties: &[Property], protected: &[Rank], build: impl Fn(&View, Rank, Incarnation, Limits) -> P)
where
    P: Protocol<Request = Cast<Note>, Indication = Delivery<Note>>,
{
    let mut refused = 0;
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let view = View::of(processes);
        let faults = Faults { protected: protected.to_vec(), ..faults(seed) };
        let build = |me, incarnation| build(&view, me, incarnation, Limits::TINY);
        let mut world = world(seed, faults, over_broadcast::<P>(processes, talk), build);
        assert_eq!(world.run_until(LONG), Ending::Quiescent);
        for property in properties {
            if let Err(violation) = property.check(world.trace()) {
                panic!("{}", violation.show(world.trace()));
            }
        }
        refused += world.stats().refused;
    });
    assert!(refused > 1_000, "only {refused} requests were refused");
}

const ALWAYS: [Property; 4] = [Property::NoDuplication, Property::NoCreation, Property::Validity, Property::Agreement];

fn with(properties: &[Property]) -> Vec<Property> {
    [&ALWAYS, properties].concat()
}

#[test]
fn fifo_never_deadlocks() {
    let properties = with(&[Property::FifoDelivery]);
    never_deadlocks(Talk::of(8), &properties, &[], |view, me, life, limits| fifo_broadcast::<_, Note>(view, me, life, limits, BACKOFF));
}

#[test]
fn causal_never_deadlocks() {
    let properties = with(&[Property::CausalDelivery]);
    never_deadlocks(Talk::of(8), &properties, &[], |view, me, life, limits| causal_broadcast::<_, Note>(view, me, life, limits, BACKOFF));
}

#[test]
fn a_sequencer_never_deadlocks() {
    let properties = with(&[Property::FifoTotal, Property::CausalDelivery]);
    never_deadlocks(Talk::of(8), &properties, &[Rank(0)], |view, me, life, limits| {
        sequenced_broadcast::<_, Note>(view, me, life, limits, BACKOFF)
    });
}

#[test]
fn acknowledgements_of_all_never_deadlock() {
    let properties = with(&[Property::FifoTotal]);
    never_deadlocks(Talk::of(8), &properties, &[], |view, me, life, limits| {
        all_acknowledged_broadcast::<_, Note>(view, me, life, limits, BACKOFF)
    });
}

/// An order with one thing done wrongly.
struct Wrong<O, F> {
    /// In a cell, so that a stamp that is only looked at can be used up.
    order: RefCell<O>,
    fault: F,
}

/// What an order does wrongly.
trait Fault<O: Order> {
    fn stamp(&self, order: &RefCell<O>) -> O::Stamp {
        order.borrow().stamp()
    }

    fn sent(&self, order: &mut O) {
        order.sent();
    }

    fn is_full(&self, _: &O) -> bool {
        false
    }
}

impl<O: Order, F: Fault<O>> Order for Wrong<O, F> {
    type Payload = O::Payload;
    type Stamp = O::Stamp;
    type Malformed = O::Malformed;

    fn stamp(&self) -> O::Stamp {
        self.fault.stamp(&self.order)
    }

    fn sent(&mut self) {
        self.fault.sent(self.order.get_mut());
    }

    fn offer(
        &mut self,
        from: Rank,
        stamp: O::Stamp,
        payload: O::Payload,
        deliver: &mut impl FnMut(Rank, O::Payload) -> Result<(), O::Payload>,
    ) -> Offer<(O::Stamp, O::Payload), O::Malformed> {
        let order = self.order.get_mut();
        if self.fault.is_full(order) { Offer::Full((stamp, payload)) } else { order.offer(from, stamp, payload, deliver) }
    }

    fn release(&mut self, deliver: &mut impl FnMut(Rank, O::Payload) -> Result<(), O::Payload>) {
        self.order.get_mut().release(deliver);
    }

    fn held(&self) -> usize {
        self.order.borrow().held()
    }

    fn most_held(&self) -> usize {
        self.order.borrow().most_held()
    }
}

type NoteOrder = FifoOrder<Arrived<Note>>;

/// How many of 50 runs of FIFO broadcast end in rest and agreement if its order does this wrongly.
fn runs_that_end<F: Fault<NoteOrder>>(limits: Limits, faults: &Faults, fault: impl Fn() -> F) -> usize
where
    Ordered<Wrong<NoteOrder, F>, ReliableBroadcast<Stamped<u64, Note>>>: Protocol<Request = Cast<Note>, Indication = Delivery<Note>>,
{
    let ends = |seed: &u64| {
        let build = |me, incarnation| {
            let order = Wrong { order: RefCell::new(FifoOrder::new(me, 3, limits)), fault: fault() };
            Ordered::new(order, reliable_broadcast::<_, Stamped<u64, Note>>(&View::of(3), me, incarnation, limits, BACKOFF), limits)
        };
        let mut world = World::new(3, faults.clone(), Seeded::new(*seed), over_broadcast(3, Talk::of(20)), build);
        world.run_until(Time::from_millis(60_000)) == Ending::Quiescent && Property::Agreement.check(world.trace()).is_ok()
    };
    seeds(50).filter(ends).count()
}

/// The right order, to compare with.
struct Nothing;

impl Fault<NoteOrder> for Nothing {}

/// Uses a number up by looking at it.
struct CommitsFirst;

impl Fault<NoteOrder> for CommitsFirst {
    fn stamp(&self, order: &RefCell<NoteOrder>) -> u64 {
        let stamp = order.borrow().stamp();
        order.borrow_mut().sent();
        stamp
    }

    fn sent(&self, _: &mut NoteOrder) {}
}

/// Rule 3. A stamp is looked at first and used up when the layer below has taken it. The other way round a refused request leaves a gap for which everybody
/// waits for ever.
#[test]
fn rule_3_peek_then_commit() {
    let limits = Limits::TINY;
    assert_eq!(runs_that_end(limits, &Faults::lossy(), || Nothing), 50);
    let ended = runs_that_end(limits, &Faults::lossy(), || CommitsFirst);
    assert!(ended < 5, "{ended} of 50 runs end though refusals leave gaps");
}

/// Rule 3. A refusal emits nothing. The world sees it at once when a layer tells of an own message before it has asked below.
#[test]
fn rule_3_a_refusal_emits_nothing() {
    let run = |edge: Edge, seed: u64| {
        let build = |me, life| Busy::new(fifo_broadcast::<_, Note>(&View::of(3), me, life, Limits::TINY, BACKOFF), edge);
        let mut world = World::new(3, Faults::lossy(), Seeded::new(seed), over_broadcast(3, Talk::of(20)), build);
        let ending = world.run_until(LONG);
        (ending, world.stats().refused)
    };
    let (ending, refused) = run(Edge::Refuses, 1);
    assert!(ending == Ending::Quiescent && refused > 0);
    let caught = catch_unwind(AssertUnwindSafe(|| run(Edge::SpeaksFirst, 1)));
    assert!(caught.is_err(), "the world did not notice");
}

/// Looks at how much is held, and not at what is offered.
struct CapsBlindly(usize);

impl Fault<NoteOrder> for CapsBlindly {
    fn is_full(&self, order: &NoteOrder) -> bool {
        order.held() >= self.0
    }
}

/// Rule 5. What is deliverable now is never refused for lack of room. A cap that does not look at what is offered refuses the very message for which
/// all that it holds waits.
#[test]
fn rule_5_what_is_due_is_never_refused() {
    let limits = Limits { window: 8, credit: 8, control_credit: 2, held: 1, ..Limits::default() };
    assert_eq!(runs_that_end(limits, &Faults::lossy(), || Nothing), 50);
    let ended = runs_that_end(limits, &Faults::lossy(), || CapsBlindly(1));
    assert!(ended < 5, "{ended} of 50 runs end though the cap is blind");
}

/// What an edge does with an indication that comes when it is busy.
#[derive(Clone, Copy, PartialEq)]
enum Edge {
    /// Gives it back, and takes it when it is offered again.
    Refuses,
    /// Keeps it apart and goes on with the next: what a layer does that forgets that nothing may be delivered before what was given back.
    GoesOn,
    /// Is never busy, but tells of an own message before it has asked below.
    SpeaksFirst,
}

/// An application's own layer, which is busy at every third indication.
struct Busy<P: Broadcast<Payload = Note>> {
    below: P,
    edge: Edge,
    count: u32,
    apart: Vec<P::Indication>,
}

impl<P: Broadcast<Payload = Note>> Busy<P> {
    fn new(below: P, edge: Edge) -> Self {
        Self { below, edge, count: 0, apart: vec![] }
    }
}

fn take<P: Broadcast<Payload = Note>, E: Effects<Busy<P>>>(
    (edge, count, apart): (Edge, &mut u32, &mut Vec<P::Indication>),
    indication: P::Indication,
    effects: &mut E,
) -> Result<(), P::Indication> {
    *count += 1;
    if edge == Edge::SpeaksFirst || *count % 3 != 0 {
        return effects.indicate(indication);
    }
    if edge == Edge::GoesOn {
        apart.push(indication);
        return Ok(());
    }
    Err(indication)
}

impl<P: Broadcast<Payload = Note>> Protocol for Busy<P> {
    type Request = P::Request;
    type Message = P::Message;
    type Indication = P::Indication;
    type Record = P::Record;
    type Refused = P::Refused;
    type Rejected = P::Rejected;

    fn request(&mut self, now: Time, request: P::Request, effects: &mut impl Effects<Self>) -> Result<(), Refused<P::Request, P::Refused>> {
        let Self { below, edge, count, apart } = self;
        if *edge == Edge::SpeaksFirst {
            assert!(effects.indicate(Delivery { origin: below.me(), payload: request.payload }).is_ok());
        }
        below.request(
            now,
            request,
            &mut effects.lend::<P, _>(|indication, effects| take::<P, _>((*edge, count, apart), indication, effects)),
        )
    }

    fn receive(&mut self, now: Time, from: Rank, message: P::Message, effects: &mut impl Effects<Self>) -> Result<(), P::Rejected> {
        for indication in self.apart.drain(..) {
            assert!(effects.indicate(indication).is_ok());
        }
        let Self { below, edge, count, apart } = self;
        below.receive(
            now,
            from,
            message,
            &mut effects.lend::<P, _>(|indication, effects| take::<P, _>((*edge, count, apart), indication, effects)),
        )
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        for indication in self.apart.drain(..) {
            assert!(effects.indicate(indication).is_ok());
        }
        let Self { below, edge, count, apart } = self;
        below.wake(now, &mut effects.lend::<P, _>(|indication, effects| take::<P, _>((*edge, count, apart), indication, effects)));
    }

    fn deadline(&self) -> Option<Time> {
        self.below.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        let Self { below, edge, count, apart } = self;
        below.exclude(now, rank, &mut effects.lend::<P, _>(|indication, effects| take::<P, _>((*edge, count, apart), indication, effects)));
    }
}

/// How many of 1,000 runs keep total order under an edge that is busy now and then.
fn ordered_under<P>(edge: Edge, protected: &[Rank], build: impl Fn(&View, Rank, Incarnation, Limits) -> P) -> usize
where
    P: Broadcast<Payload = Note>,
{
    let keeps = |seed: &u64| {
        let processes = processes(*seed);
        let view = View::of(processes);
        let faults = Faults { protected: protected.to_vec(), ..faults(*seed) };
        let build = |me, incarnation| Busy::new(build(&view, me, incarnation, crate::stacks::limits(*seed)), edge);
        let mut world = world(*seed, faults, over_broadcast::<Busy<P>>(processes, Talk::of(6)), build);
        let ending = world.run_until(LONG);
        assert!(edge == Edge::GoesOn || ending == Ending::Quiescent, "seed {seed}: {ending:?}");
        if edge == Edge::Refuses {
            assert_keeps!(world.trace(), [Agreement, NoDuplication, FifoDelivery], seed);
        }
        Property::TotalOrder.check(world.trace()).is_ok()
    };
    seeds(1_000).filter(keeps).count()
}

/// Rule 7. A layer that gives an indication back in the middle of a cascade gets it again before anything that comes after it; one that goes on with the next breaks the order.
#[test]
fn rule_7_nothing_overtakes_what_was_given_back() {
    assert_eq!(
        ordered_under(Edge::Refuses, &[Rank(0)], |view, me, life, limits| sequenced_broadcast::<_, Note>(view, me, life, limits, BACKOFF)),
        1_000
    );
    assert_eq!(
        ordered_under(Edge::Refuses, &[], |view, me, life, limits| all_acknowledged_broadcast::<_, Note>(view, me, life, limits, BACKOFF)),
        1_000
    );
    let kept =
        ordered_under(Edge::GoesOn, &[Rank(0)], |view, me, life, limits| sequenced_broadcast::<_, Note>(view, me, life, limits, BACKOFF));
    assert!(kept < 900, "{kept} of 1,000 runs are ordered though messages overtake");
    let kept =
        ordered_under(Edge::GoesOn, &[], |view, me, life, limits| all_acknowledged_broadcast::<_, Note>(view, me, life, limits, BACKOFF));
    assert!(kept < 900, "{kept} of 1,000 runs are ordered though messages overtake");
}

/// Rule 7. The driver feeds a full application's process nothing; everybody still delivers everything, in order.
#[test]
fn rule_7_a_full_application_stops_the_driver() {
    let talk = Talk { inbox: Some(Inbox { room: 1, each: Duration::from_millis(70) }), ..Talk::of(6) };
    let waited = RefCell::new(0);
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let view = View::of(processes);
        let limits = crate::stacks::limits(seed);
        let build = |me, incarnation| all_acknowledged_broadcast::<_, Note>(&view, me, incarnation, limits, BACKOFF);
        let mut run = world(seed, faults(seed), over_broadcast::<Acknowledged>(processes, talk), build);
        assert_eq!(run.run_until(LONG), Ending::Quiescent);
        assert_keeps!(run.trace(), [FifoTotal, NoDuplication, Validity, Agreement], seed);
        *waited.borrow_mut() += run.stats().waited;

        let build = |me, incarnation| sequenced_broadcast::<_, Note>(&view, me, incarnation, limits, BACKOFF);
        let faults = faults(seed).protecting(Rank(0));
        let mut run = world(seed, faults, over_broadcast::<Sequenced>(processes, talk), build);
        assert_eq!(run.run_until(LONG), Ending::Quiescent);
        assert_keeps!(run.trace(), [FifoTotal, CausalDelivery, NoDuplication, Validity, Agreement], seed);
        *waited.borrow_mut() += run.stats().waited;
    });
    assert!(*waited.borrow() > 1_000, "only {} messages waited for an application", waited.borrow());
}
