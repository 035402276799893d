//! Layers compose by lending: what a lower layer emits comes out in the order in which it was emitted, with nothing stored between.

use tidings_protocol::{Effect, Effects, InView, NotInView, OfView, Outbox, Protocol, Rank, Refused, Time, To, ViewId};

/// A link that acknowledges what the layer above has taken.
#[derive(Clone, Debug, Default, PartialEq)]
struct Acknowledging {
    taken: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Frame {
    Data(u32),
    Acknowledged(u32),
}

impl Protocol for Acknowledging {
    type Request = u32;
    type Message = Frame;
    type Indication = u32;
    type Record = u32;
    type Refused = &'static str;
    type Rejected = &'static str;

    fn request(&mut self, _: Time, number: u32, effects: &mut impl Effects<Self>) -> Result<(), Refused<u32, &'static str>> {
        if number == 0 {
            return Err(Refused { request: number, why: "zero" });
        }
        effects.send(To::Others, Frame::Data(number));
        Ok(())
    }

    fn receive(&mut self, _: Time, from: Rank, frame: Frame, effects: &mut impl Effects<Self>) -> Result<(), &'static str> {
        if let Frame::Data(number) = frame
            && effects.indicate(number).is_ok()
        {
            self.taken += 1;
            effects.send(To::One(from), Frame::Acknowledged(number));
        }
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

/// Persists every number before it tells of it; takes no number above its bound.
#[derive(Clone, Debug, PartialEq)]
struct Persisting<L> {
    below: L,
    bound: u32,
    sum: u32,
}

impl<L: Protocol<Request = u32, Indication = u32, Record = u32>> Protocol for Persisting<L> {
    type Request = u32;
    type Message = L::Message;
    type Indication = u32;
    type Record = u32;
    type Refused = L::Refused;
    type Rejected = L::Rejected;

    fn request(&mut self, now: Time, number: u32, effects: &mut impl Effects<Self>) -> Result<(), Refused<u32, L::Refused>> {
        self.below.request(now, number, &mut effects.lend::<L, _>(|number, effects| effects.indicate(number)))
    }

    fn receive(&mut self, now: Time, from: Rank, message: L::Message, effects: &mut impl Effects<Self>) -> Result<(), L::Rejected> {
        let Self { below, bound, sum } = self;
        below.receive(
            now,
            from,
            message,
            &mut effects.lend::<L, _>(|number, effects| {
                if number > *bound {
                    return Err(number);
                }
                effects.persist(number);
                effects.indicate(number)?;
                *sum += number;
                Ok(())
            }),
        )
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.below.wake(now, &mut effects.lend::<L, _>(|number, effects| effects.indicate(number)));
    }

    fn deadline(&self) -> Option<Time> {
        self.below.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        self.below.exclude(now, rank, &mut effects.lend::<L, _>(|number, effects| effects.indicate(number)));
    }
}

fn stack() -> Persisting<Persisting<Acknowledging>> {
    let bottom = Persisting { below: Acknowledging::default(), bound: 9, sum: 0 };
    Persisting { below: bottom, bound: 5, sum: 0 }
}

/// What every layer persists and indicates stands before the acknowledgement, over any number of pass-through layers.
#[test]
fn the_acknowledgement_comes_after_everything_that_was_persisted() {
    let mut stack = stack();
    let mut outbox = Outbox::new();
    stack.receive(Time::ZERO, Rank(1), Frame::Data(4), &mut outbox).unwrap();
    let effects: Vec<String> = outbox.drain().map(|effect| format!("{effect:?}")).collect();
    assert_eq!(effects, ["Persist(4)", "Persist(4)", "Indicate(4)", "Send { to: One(Rank(1)), message: Acknowledged(4) }"]);
    assert_eq!((stack.sum, stack.below.sum, stack.below.below.taken), (4, 4, 1));
}

/// A layer in the middle that does not take an indication leaves it unacknowledged, and the layers below unchanged.
#[test]
fn what_is_not_taken_above_is_not_acknowledged_below() {
    let mut stack = stack();
    let before = stack.clone();
    let mut outbox = Outbox::new();
    for too_much in [6, 10] {
        stack.receive(Time::ZERO, Rank(1), Frame::Data(too_much), &mut outbox).unwrap();
    }
    assert_eq!(stack.below.below, before.below.below);
    assert!(outbox.drain().all(|effect| matches!(effect, Effect::Persist(6))), "only the lower layer persisted, and nobody acknowledged");
}

#[test]
fn a_refused_request_comes_back_through_all_layers_and_emits_nothing() {
    let mut stack = stack();
    let before = stack.clone();
    let mut outbox = Outbox::new();
    assert_eq!(stack.request(Time::ZERO, 0, &mut outbox), Err(Refused { request: 0, why: "zero" }));
    assert_eq!(stack, before);
    assert!(outbox.is_empty());
}

/// A message of another view changes nothing: what is late is stale, what is early comes again.
#[test]
fn a_stack_hears_only_messages_of_its_own_view() {
    let mut process = InView::new(ViewId(7), stack());
    let mut outbox = Outbox::new();
    let of = |view| OfView { view: ViewId(view), message: Frame::Data(3) };
    assert_eq!(process.receive(Time::ZERO, Rank(1), of(6), &mut outbox), Err(NotInView::Stale { view: ViewId(7), of: ViewId(6) }));
    assert_eq!(process.receive(Time::ZERO, Rank(1), of(8), &mut outbox), Err(NotInView::Early { view: ViewId(7), of: ViewId(8) }));
    assert!(outbox.is_empty());
    assert_eq!(process.inside(), &stack());

    process.receive(Time::ZERO, Rank(1), of(7), &mut outbox).unwrap();
    assert_eq!(process.inside().sum, 3);
    let answer = outbox.drain().last();
    assert!(matches!(
        answer,
        Some(Effect::Send { to: To::One(Rank(1)), message: OfView { view: ViewId(7), message: Frame::Acknowledged(3) } })
    ));
}
