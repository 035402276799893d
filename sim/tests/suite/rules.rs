//! The world catches what breaks a rule that a driver can see, and keeps the driver's own.

use std::convert::Infallible;
use std::time::Duration;

use crate::protocols::{Durable, Flood, Name, Ping, chatter};
use tidings_protocol::{Effects, Protocol, Rank, Refused, Time, To};
use tidings_sim::{Application, Chance, Ending, Faults, Inbox, Recording, Seeded, Talk, World, seeds};
use tidings_trace::What;

#[test]
#[should_panic(expected = "process p0 refused a request and yet emitted 1 effects (rule 3)")]
fn a_refusal_that_emits_is_caught() {
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Durable { emits_on_refusal: true, ..Durable::default() });
    assert!(world.request(Rank(0), 1).is_ok());
    let _ = world.request(Rank(0), 2);
}

#[test]
fn a_refusal_that_emits_nothing_hands_the_request_back() {
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Durable::default());
    assert!(world.request(Rank(0), 1).is_ok());
    assert_eq!(world.request(Rank(0), 2), Err(Refused { request: 2, why: crate::protocols::Busy }));
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!((world.stats().requests, world.stats().refused), (1, 1));
    assert_eq!(world.process(Rank(0)).confirmed, 1);
}

#[test]
#[should_panic(expected = "process p2 sends to p3, which is not in a view of 3 processes")]
fn a_message_to_nobody_is_caught() {
    let mut world = World::new(3, Faults::calm(), Seeded::new(0), (), |rank, _| Ping { me: rank.0, processes: 4, hops: 0 });
    let _ = world.request(Rank(2), 1);
}

/// Wants to be woken at once, always.
struct Restless;

impl Protocol for Restless {
    type Request = Infallible;
    type Message = Infallible;
    type Indication = Infallible;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, request: Infallible, _: &mut impl Effects<Self>) -> Result<(), Refused<Infallible, Infallible>> {
        match request {}
    }

    fn receive(&mut self, _: Time, _: Rank, message: Infallible, _: &mut impl Effects<Self>) -> Result<(), Infallible> {
        match message {}
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        Some(Time::ZERO)
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

#[test]
#[should_panic(expected = "process p0 keeps itself busy while time stands still")]
fn a_deadline_that_never_moves_on_is_caught() {
    let _ = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Restless).run_until(Time::MAX);
}

/// Every process broadcasts much at once; the inbox has room for 2.
fn slow(seed: u64) -> (Vec<Vec<tidings_trace::MessageId>>, tidings_sim::Stats) {
    let inbox = Inbox { room: 2, each: Duration::from_millis(30) };
    let talk = Talk { messages: 10, within: Duration::from_millis(20), replies: Chance::NEVER, inbox: Some(inbox), packet_bytes: 0 };
    let gate = Gate { chatter: chatter(3, talk), shut: 0 };
    let mut world = World::new(3, Faults::calm(), Seeded::new(seed), gate, |_, _| Flood::default());
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent, "seed {seed}");
    let stats = *world.stats();
    assert!(world.application().shut > 0, "seed {seed}: the inbox was full");
    let delivered = world.ranks().map(|rank| world.application().chatter.delivered(rank).to_vec()).collect();
    (delivered, stats)
}

/// Sees to it that no message is delivered while the inbox is full.
struct Gate<A> {
    chatter: A,
    shut: u64,
}

impl<A: Application<Flood>> Application<Flood> for Gate<A> {
    fn started(&mut self, me: Rank, now: Time, chooser: &mut dyn tidings_sim::Chooser) {
        self.chatter.started(me, now, chooser);
    }

    fn next(&mut self, me: Rank, now: Time) -> Option<Name> {
        self.chatter.next(me, now)
    }

    fn refused(&mut self, me: Rank, now: Time, refused: Refused<Name, Infallible>) {
        self.chatter.refused(me, now, refused);
    }

    fn indicated(&mut self, me: Rank, now: Time, name: Name) {
        self.shut += u64::from(!self.chatter.takes(me));
        assert!(self.chatter.takes(me) || name.0 == me.0, "only its own broadcast, which is no message, is delivered past a full inbox");
        self.chatter.indicated(me, now, name);
    }

    fn deadline(&self, me: Rank) -> Option<Time> {
        self.chatter.deadline(me)
    }

    fn takes(&self, me: Rank) -> bool {
        self.chatter.takes(me)
    }
}

#[test]
fn a_full_application_stops_the_driver_and_loses_nothing() {
    for seed in seeds(50) {
        let (delivered, stats) = slow(seed);
        assert!(delivered.iter().all(|messages| messages.len() == 30), "seed {seed}");
        assert!(stats.waited > 0, "seed {seed}");
        assert_eq!(stats.delivered, stats.sent);
    }
}

/// Never takes.
struct Deaf;

impl Application<Flood> for Deaf {
    fn next(&mut self, _: Rank, _: Time) -> Option<Name> {
        None
    }

    fn refused(&mut self, _: Rank, _: Time, _: Refused<Name, Infallible>) {}

    fn indicated(&mut self, me: Rank, _: Time, _: Name) {
        assert_eq!(me, Rank(0));
    }

    fn takes(&self, me: Rank) -> bool {
        me == Rank(0)
    }
}

#[test]
fn messages_that_wait_for_ever_are_a_deadlock() {
    let mut world = World::new(2, Faults::calm(), Seeded::new(0), Deaf, |_, _| Flood::default());
    world.request(Rank(0), (0, 0)).unwrap();
    assert_eq!(world.run_until(Time::MAX), Ending::Stuck);
    assert_eq!(world.stats().waited, 1);
    world.crash(Rank(1));
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent, "who waits in vain has crashed");
    assert_eq!(world.stats().unheard, 1);
}

/// Takes one request ever.
#[derive(Default)]
struct Sated {
    taken: bool,
}

impl Protocol for Sated {
    type Request = Name;
    type Message = Infallible;
    type Indication = Name;
    type Record = Infallible;
    type Refused = ();
    type Rejected = Infallible;

    fn request(&mut self, _: Time, request: Name, _: &mut impl Effects<Self>) -> Result<(), Refused<Name, ()>> {
        if self.taken {
            return Err(Refused { request, why: () });
        }
        self.taken = true;
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, message: Infallible, _: &mut impl Effects<Self>) -> Result<(), Infallible> {
        match message {}
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

#[test]
fn a_request_that_stays_refused_is_a_deadlock() {
    let talk = Talk { replies: Chance::NEVER, ..Talk::of(2) };
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), chatter(1, talk), |_, _| Sated::default());
    assert_eq!(world.run_until(Time::MAX), Ending::Stuck);
    assert!(world.application().is_refused(Rank(0)));
    let broadcasts = world.trace().events.iter().filter(|event| matches!(event.what, What::Broadcast(_))).count();
    assert_eq!(broadcasts, 1, "a refused request is not in the trace");
}

/// Sends itself a message and crashes later; what it said to itself dies with it.
#[test]
fn what_a_process_says_to_itself_comes_back_at_once_unless_it_crashes() {
    let faults = Faults { loss: Chance::ALWAYS, ..Faults::calm() };
    let mut world = World::new(1, faults, Seeded::new(0), (), |_, _| Durable::default()).recording(Recording::Everything);
    world.request(Rank(0), 5).unwrap();
    assert!(world.step() && world.step());
    assert_eq!((world.process(Rank(0)).confirmed, world.now(), world.stats().lost), (5, Time::ZERO, 0));
    world.request(Rank(0), 6).unwrap();
    world.crash(Rank(0));
    world.restart(Rank(0));
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!((world.process(Rank(0)).confirmed, world.stats().unheard), (0, 1));
    assert_eq!(world.trace().verify(), Ok(()));
}

/// A packet that came first is received first, whatever waited.
#[test]
fn waiting_packets_keep_their_order() {
    struct Opens(bool);
    impl Application<Flood> for Opens {
        fn next(&mut self, _: Rank, _: Time) -> Option<Name> {
            None
        }
        fn refused(&mut self, _: Rank, _: Time, _: Refused<Name, Infallible>) {}
        fn indicated(&mut self, _: Rank, _: Time, _: Name) {}
        fn takes(&self, me: Rank) -> bool {
            me == Rank(0) || self.0
        }
    }
    let mut world = World::new(2, Faults::calm(), Seeded::new(0), Opens(false), |_, _| Flood::default()).recording(Recording::Everything);
    for number in 0..4 {
        world.request(Rank(0), (0, number)).unwrap();
        let _ = world.run_for(Duration::from_millis(2));
    }
    world.application_mut().0 = true;
    world.request(Rank(0), (0, 4)).unwrap();
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    let received: Vec<u64> = world
        .trace()
        .events
        .iter()
        .filter(|event| event.process == Rank(1))
        .filter_map(|event| if let What::Receive { packet, .. } = event.what { Some(packet) } else { None })
        .collect();
    assert_eq!(received.len(), 5);
    assert!(received.is_sorted(), "{received:?}");
}

/// A fan-out reaches all others and never the sender.
#[test]
fn others_are_all_but_oneself() {
    struct Once;
    impl Protocol for Once {
        type Request = To;
        type Message = ();
        type Indication = Rank;
        type Record = Infallible;
        type Refused = Infallible;
        type Rejected = Infallible;
        fn request(&mut self, _: Time, to: To, effects: &mut impl Effects<Self>) -> Result<(), Refused<To, Infallible>> {
            effects.send(to, ());
            Ok(())
        }
        fn receive(&mut self, _: Time, from: Rank, (): (), effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
            let _ = effects.indicate(from);
            Ok(())
        }
        fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}
        fn deadline(&self) -> Option<Time> {
            None
        }
        fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
    }
    #[derive(Default)]
    struct Heard(Vec<(Rank, Rank)>);
    impl Application<Once> for Heard {
        fn next(&mut self, _: Rank, _: Time) -> Option<To> {
            None
        }
        fn refused(&mut self, _: Rank, _: Time, _: Refused<To, Infallible>) {}
        fn indicated(&mut self, me: Rank, _: Time, from: Rank) {
            self.0.push((from, me));
        }
    }
    let mut world = World::new(4, Faults::calm(), Seeded::new(0), Heard::default(), |_, _| Once);
    world.request(Rank(1), To::Others).unwrap();
    world.request(Rank(2), To::One(Rank(3))).unwrap();
    world.request(Rank(2), To::One(Rank(2))).unwrap();
    let _ = world.run_until(Time::MAX);
    let mut heard = world.application().0.clone();
    heard.sort_unstable();
    assert_eq!(heard, [(1, 0), (1, 2), (1, 3), (2, 2), (2, 3)].map(|(from, to)| (Rank(from), Rank(to))));
    assert_eq!((world.stats().sent, world.stats().looped), (4, 1));
}
