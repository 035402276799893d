//! The rules for a layer's author, each kept by the layers of this crate, and each broken on purpose by a small layer here to show what happens then.
//!
//! Rules 1, 2, 4, 6 and 8 are those of links and of broadcasts that relay; 3, 5 and 7 are shown where the orders are tested.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use crate::stacks::{BACKOFF, Note, NoteLink, link, over_broadcast, over_link, reliable};
use tidings_broadcast::{
    Broadcast, Cast, Class, Delivery, Frame, Incoming, Link, LinkRefused, LinkRejected, MalformedRelay, Outgoing, PerfectLink, Relay,
    Reliable, ReliableRejected,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Effects, Incarnation, Limits, Outbox, Payload, Protocol, Refused, To, View};
use tidings_sim::{Ending, Faults, Seeded, Talk, World, for_each_seed};
use tidings_trace::{Property, What};

/// Long enough for every run that comes to an end.
const LIMIT: Time = Time::from_millis(120_000);

/// A layer that hands on what the link indicates unless something of its own says otherwise.
struct Above<F> {
    link: NoteLink,
    /// Whether to take the message: `Ok` with whether to hand it on, `Err` to give it back.
    judge: F,
    /// Whether frames are taken whatever life of this process they mean.
    one_sided: bool,
}

impl<F: FnMut(&Note) -> Result<bool, ()>> Above<F> {
    fn new(link: NoteLink, judge: F) -> Self {
        Self { link, judge, one_sided: false }
    }
}

impl<F: FnMut(&Note) -> Result<bool, ()>> Protocol for Above<F> {
    type Request = Outgoing<Note>;
    type Message = Frame<Note>;
    type Indication = Incoming<Note>;
    type Record = Infallible;
    type Refused = LinkRefused;
    type Rejected = LinkRejected;

    fn request(
        &mut self,
        now: Time,
        request: Outgoing<Note>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Outgoing<Note>, LinkRefused>> {
        self.link.request(now, request, &mut effects.lend(|incoming, effects| effects.indicate(incoming)))
    }

    fn receive(&mut self, now: Time, from: Rank, mut message: Frame<Note>, effects: &mut impl Effects<Self>) -> Result<(), LinkRejected> {
        if self.one_sided {
            let (Frame::Data { receiver, .. } | Frame::Ack { receiver, .. } | Frame::Hello { receiver, .. }) = &mut message;
            *receiver = self.link.incarnation();
        }
        let Self { link, judge, .. } = self;
        let mut hear = effects.lend(|incoming: Incoming<Note>, effects| match judge(&incoming.payload) {
            Ok(true) => effects.indicate(incoming),
            Ok(false) => Ok(()),
            Err(()) => Err(incoming),
        });
        link.receive(now, from, message, &mut hear)
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.link.wake(now, &mut effects.lend(|incoming, effects| effects.indicate(incoming)));
    }

    fn deadline(&self) -> Option<Time> {
        self.link.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        self.link.exclude(now, rank, &mut effects.lend(|incoming, effects| effects.indicate(incoming)));
    }
}

/// A run of three processes whose layer above the link judges each message. How it ended, and how many messages arrived of the 5 · 3 · 2 that should.
fn run_judged<F: FnMut(&Note) -> Result<bool, ()>>(seed: u64, limits: Limits, mut judge: impl FnMut() -> F) -> (Ending, usize) {
    let talk = Talk { replies: tidings_sim::Chance::NEVER, ..Talk::of(5) };
    let mut link = link(3, limits);
    let mut world = World::new(3, Faults::lossy(), Seeded::new(seed), over_link(3, talk), |me, life| Above::new(link(me, life), judge()));
    let ending = world.run_until(LIMIT);
    let arrived = world.trace().events.iter().filter(|event| matches!(event.what, What::Deliver(_))).count();
    (ending, arrived)
}

/// Rule 1. A layer that is busy at every third offer gives the message back; the link has not acknowledged it, so it comes again.
#[test]
fn rule_1_acknowledge_only_what_was_taken() {
    let busy = || {
        let mut offers = 0;
        move |_: &Note| {
            offers += 1;
            if offers % 3 == 0 { Err(()) } else { Ok(true) }
        }
    };
    for_each_seed(1_000, |seed| assert_eq!(run_judged(seed, crate::stacks::limits(seed), busy), (Ending::Quiescent, 30)));
    // Broken: the link hears that the message was taken, acknowledges it, and it is gone.
    let hasty = || {
        let mut offers = 0;
        move |_: &Note| {
            offers += 1;
            Ok(offers % 3 != 0)
        }
    };
    for_each_seed(100, |seed| assert_eq!(run_judged(seed, crate::stacks::limits(seed), hasty), (Ending::Quiescent, 21)));
}

/// Rule 1. The acknowledgement comes after all that the layers above made of the message.
#[test]
fn rule_1_the_acknowledgement_comes_last() {
    let mut link = link(2, Limits::TINY)(Rank(0), Incarnation::FIRST);
    let mut outbox = Outbox::new();
    let frame = Frame::Data { sender: Incarnation::FIRST, receiver: Incarnation::FIRST, sequence: 0, payload: (1, 0) };
    link.receive(Time::ZERO, Rank(1), frame, &mut outbox).unwrap();
    let effects: Vec<_> = outbox.drain().collect();
    assert!(matches!(effects[..], [Effect::Indicate(_), Effect::Send { message: Frame::Ack { .. }, .. }]), "{effects:?}");
}

/// What a naive eager broadcast does with a relay that its link has no room for.
#[derive(Clone, Copy, PartialEq)]
enum NoRoom {
    /// Keeps it for later, without bound (rule 2).
    Owe,
    /// Drops it.
    Forget,
    /// Does not take the message that would have to be relayed.
    GiveBack,
}

/// A naive eager broadcast, without credit. Notes name themselves, so it needs no numbers.
struct Eager {
    link: NoteLink,
    no_room: NoRoom,
    seen: BTreeSet<Note>,
    owed: Vec<VecDeque<Note>>,
}

impl Eager {
    fn new(link: NoteLink, no_room: NoRoom) -> Self {
        let owed = vec![VecDeque::new(); link.processes()];
        Self { link, no_room, seen: BTreeSet::new(), owed }
    }

    fn pay(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        for (to, owed) in self.owed.iter_mut().enumerate() {
            while let Some(note) = owed.front() {
                let outgoing = Outgoing { to: To::One(Rank::new(to)), payload: *note };
                let refused = self.link.request(now, outgoing, &mut effects.lend(|incoming, _| Err(incoming))).is_err();
                if refused && self.no_room != NoRoom::Forget {
                    break;
                }
                owed.pop_front();
            }
        }
    }

    fn owe(owed: &mut [VecDeque<Note>], me: Rank, note: Note) {
        for (to, owed) in owed.iter_mut().enumerate() {
            if to != me.index() {
                owed.push_back(note);
            }
        }
    }
}

impl Protocol for Eager {
    type Request = Cast<Note>;
    type Message = Frame<Note>;
    type Indication = Delivery<Note>;
    type Record = Infallible;
    type Refused = ();
    type Rejected = LinkRejected;

    fn request(&mut self, now: Time, request: Cast<Note>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Cast<Note>, ()>> {
        if self.no_room != NoRoom::Owe && !self.link.admits(To::Others, request.payload.bytes()) {
            return Err(Refused { request, why: () });
        }
        let (me, note) = (self.link.me(), request.payload);
        self.seen.insert(note);
        effects.indicate(Delivery { origin: me, payload: note }).expect("the edge takes everything");
        Self::owe(&mut self.owed, me, note);
        self.pay(now, effects);
        Ok(())
    }

    fn receive(&mut self, now: Time, from: Rank, message: Frame<Note>, effects: &mut impl Effects<Self>) -> Result<(), LinkRejected> {
        let (me, room) = (self.link.me(), self.link.admits(To::Others, (0u32, 0u64).bytes()));
        let Self { link, no_room, seen, owed } = self;
        let mut hear = effects.lend(|incoming: Incoming<Note>, effects| {
            let note = incoming.payload;
            if seen.contains(&note) {
                return Ok(());
            }
            if *no_room == NoRoom::GiveBack && !room {
                return Err(incoming);
            }
            seen.insert(note);
            effects.indicate(Delivery { origin: Rank(note.0), payload: note }).expect("the edge takes everything");
            Self::owe(owed, me, note);
            Ok(())
        });
        link.receive(now, from, message, &mut hear)?;
        self.pay(now, effects);
        Ok(())
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.link.wake(now, &mut effects.lend(|incoming, _| Err(incoming)));
        self.pay(now, effects);
    }

    fn deadline(&self) -> Option<Time> {
        self.link.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        self.link.exclude(now, rank, &mut effects.lend(|incoming, _| Err(incoming)));
        self.owed[rank.index()].clear();
        self.pay(now, effects);
    }
}

/// One origin may crash in the middle of what it does.
fn run_eager(seed: u64, faults: Faults, no_room: NoRoom) -> (Ending, bool) {
    let mut link = link(3, Limits::TINY);
    let mut world =
        World::new(3, faults, Seeded::new(seed), over_broadcast(3, Talk::of(6)), |me, life| Eager::new(link(me, life), no_room));
    let ending = world.run_until(LIMIT);
    (ending, Property::Agreement.check(world.trace()).is_ok())
}

/// Rule 2. Copies that the link has no room for are owed and paid later, so everybody gets them; dropped, agreement breaks.
#[test]
fn rule_2_a_reaction_is_a_debt() {
    let faults = |seed| Faults { crashes: 1, ..crate::stacks::faults(seed) };
    for_each_seed(1_000, |seed| {
        let mut world = World::new(3, faults(seed), Seeded::new(seed), over_broadcast(3, Talk::of(6)), reliable(3, Limits::TINY));
        assert_eq!((world.run_until(LIMIT), Property::Agreement.check(world.trace())), (Ending::Quiescent, Ok(())));
    });
    for_each_seed(100, |seed| assert_eq!(run_eager(seed, faults(seed), NoRoom::Owe), (Ending::Quiescent, true)));
    let disagree = (0..1_000).filter(|seed| !run_eager(*seed, faults(*seed), NoRoom::Forget).1).count();
    assert!(disagree > 10, "copies that were dropped were missed in {disagree} of 1,000 runs");
}

/// Rule 4. With origin credit nothing is refused in the middle; refused in the middle, full windows wait for each other for ever.
#[test]
fn rule_4_flow_control_is_by_origin_credit() {
    let mut refused = 0;
    for_each_seed(1_000, |seed| {
        let mut world = World::new(3, Faults::lossy(), Seeded::new(seed), over_broadcast(3, Talk::of(6)), reliable(3, Limits::TINY));
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        assert!(world.ranks().all(|rank| world.process(rank).link().stats().not_taken == 0), "something was refused in the middle");
        refused += world.stats().refused;
    });
    assert!(refused > 1_000, "credit hardly ever ran out: {refused}");
    let stuck = (0..40).filter(|seed| run_eager(*seed, Faults::lossy(), NoRoom::GiveBack).0 != Ending::Quiescent).count();
    assert!(stuck > 20, "refusing in the middle was stuck in {stuck} of 40 runs");
}

/// Rule 4. Bodies take no credit from control messages, nor the other way round, though nobody gives any back.
#[test]
fn rule_4_control_messages_have_a_credit_of_their_own() {
    for (first, second) in [(Class::Body, Class::Control), (Class::Control, Class::Body)] {
        for window in [1, 64] {
            let limits = Limits { window, credit: 3, control_credit: 3, ..Limits::default() };
            let mut broadcast = reliable(3, limits)(Rank(0), Incarnation::FIRST);
            let mut outbox = Outbox::new();
            let mut cast = |class, number| broadcast.request(Time::ZERO, Cast { class, payload: (0, number) }, &mut outbox).is_ok();
            assert_eq!([0, 1, 2, 3].map(|number| cast(first, number)), [true, true, true, false]);
            assert_eq!([4, 5, 6, 7].map(|number| cast(second, number)), [true, true, true, false]);
            assert_eq!([broadcast.admits(first, 1), broadcast.admits(second, 1)], [false, false]);
        }
    }
}

/// Rule 6. What is malformed is consumed, acknowledged and reported: the relayer's window of one goes on.
#[test]
fn rule_6_malformed_is_consumed_acknowledged_and_reported() {
    let limits = Limits::TINY;
    let mut relayer: PerfectLink<Relay<Note>> = PerfectLink::new(&View::of(2), Rank(1), Incarnation::FIRST, limits, BACKOFF);
    let mut broadcast: Reliable<PerfectLink<Relay<Note>>, Note> = reliable(2, limits)(Rank(0), Incarnation::FIRST);
    let copy =
        |origin, sequence| Relay::Copy { origin: Rank(origin), class: Class::Body, sequence, ask: false, payload: (origin, sequence) };
    let malformed = [
        (copy(2, 0), MalformedRelay::UnknownOrigin { from: Rank(1), origin: Rank(2) }),
        (copy(0, 0), MalformedRelay::NeverBroadcast { from: Rank(1), class: Class::Body, sequence: 0, sent: 0 }),
        (copy(1, 1), MalformedRelay::BeyondCredit { from: Rank(1), origin: Rank(1), class: Class::Body, sequence: 1, limit: 1 }),
        (
            Relay::Done { class: Class::Control, next: 1 },
            MalformedRelay::DoneUnsent { from: Rank(1), class: Class::Control, next: 1, sent: 0 },
        ),
    ];
    let mut give = |relay: Relay<Note>| {
        let mut sent = Outbox::new();
        relayer.request(Time::ZERO, Outgoing { to: To::One(Rank(0)), payload: relay }, &mut sent).expect("the window is free again");
        let Some(Effect::Send { message, .. }) = sent.pop() else { panic!("nothing was sent") };
        let (mut answers, mut delivered) = (Outbox::new(), vec![]);
        let heard = broadcast.receive(Time::ZERO, Rank(1), message, &mut answers);
        for answer in answers.drain() {
            match answer {
                Effect::Send { message, .. } => relayer.receive(Time::ZERO, Rank(0), message, &mut Outbox::new()).unwrap(),
                Effect::Indicate(delivery) => delivered.push(delivery.payload),
                Effect::Persist(record) => match record {},
            }
        }
        (heard, delivered)
    };
    for (relay, why) in malformed {
        assert_eq!(give(relay), (Err(ReliableRejected::Malformed(why)), vec![]));
    }
    assert_eq!(give(copy(1, 0)), (Ok(()), vec![(1, 0)]));
}

/// Rule 6. Given back instead, one malformed message stops everything behind it.
#[test]
fn rule_6_left_unacknowledged_it_blocks_the_window() {
    let picky = |consumes: bool| move || move |note: &Note| if note.1 == 1 && !consumes { Err(()) } else { Ok(note.1 != 1) };
    for_each_seed(100, |seed| {
        assert_eq!(run_judged(seed, Limits::TINY, picky(true)), (Ending::Quiescent, 24));
        let (ending, arrived) = run_judged(seed, Limits::TINY, picky(false));
        assert!(ending != Ending::Quiescent && arrived <= 6, "{ending:?}, {arrived} arrived");
    });
}

/// Rule 8. A restarted receiver is heard again, also if it never says anything itself; with the sender's incarnation alone its peers stall for ever.
#[test]
fn rule_8_frames_carry_both_incarnations() {
    let run = |seed, one_sided| {
        let limits = Limits { window: 1 + u32::try_from(seed % 3).unwrap(), ..Limits::TINY };
        let mut link = link(2, limits);
        let faults = Faults { detection: None, ..Faults::lossy() };
        let build = |me, life| Above { one_sided, ..Above::new(link(me, life), |_: &Note| Ok(true)) };
        let mut world = World::new(2, faults, Seeded::new(seed), over_link(2, Talk::of(0)), build);
        let mut sent = 0;
        for step in 0..60 {
            if step == 20 {
                world.crash(Rank(1));
                world.restart(Rank(1));
            }
            sent += u64::from(world.request(Rank(0), Outgoing { to: To::One(Rank(1)), payload: (0, sent) }).is_ok());
            let _ = world.run_for(Duration::from_millis(100));
        }
        let ending = world.run_until(LIMIT);
        let trace = world.trace();
        let restart = trace.events.iter().position(|event| event.what == What::Restart).expect("it restarted");
        let heard = trace.events[restart..].iter().filter(|event| matches!(event.what, What::Deliver(_))).count();
        let all: BTreeSet<_> =
            trace.events.iter().filter_map(|event| if let What::Deliver(id) = event.what { Some(id.number) } else { None }).collect();
        (ending, heard, all.into_iter().eq(0..sent))
    };
    for_each_seed(1_000, |seed| {
        let (ending, heard, all) = run(seed, false);
        assert!(ending == Ending::Quiescent && heard > 0 && all, "{ending:?}, the new life heard {heard}");
    });
    for_each_seed(30, |seed| {
        let (ending, heard, _) = run(seed, true);
        assert!(ending != Ending::Quiescent && heard == 0, "{ending:?}, the new life heard {heard}");
    });
}
