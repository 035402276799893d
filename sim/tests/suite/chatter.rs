//! The standard application does what its [`Talk`] says.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use crate::protocols::{Flood, Name, chatter};
use tidings_protocol::{Effects, Protocol, Rank, Refused, Time};
use tidings_sim::{Chance, Ending, Faults, Inbox, Seeded, Talk, World, assert_keeps, seeds};
use tidings_trace::What;

#[test]
fn without_replies_everything_is_broadcast_in_time_and_numbered() {
    let within = Duration::from_millis(300);
    let mut times = BTreeSet::new();
    for seed in seeds(50) {
        let talk = Talk { messages: 7, within, replies: Chance::NEVER, inbox: None, packet_bytes: 0 };
        let mut world = World::new(3, Faults::calm(), Seeded::new(seed), chatter(3, talk), |_, _| Flood::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        for rank in world.ranks() {
            let numbers: Vec<u64> = world.application().broadcast(rank).iter().map(|id| id.number).collect();
            assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6], "seed {seed}");
        }
        let broadcasts = world.trace().events.iter().filter(|event| matches!(event.what, What::Broadcast(_)));
        times.extend(broadcasts.map(|event| event.time));
    }
    assert!(times.last() <= Some(&(Time::ZERO + within)));
    assert!(times.first() < Some(&Time::from_millis(5)) && times.last() > Some(&Time::from_millis(295)));
}

#[test]
fn replies_follow_a_delivery_at_once_and_make_chains() {
    let mut longest = 0;
    for seed in seeds(50) {
        let talk = Talk { replies: Chance::percent(80), ..Talk::of(10) };
        let mut world = World::new(2, Faults::calm(), Seeded::new(seed), chatter(2, talk), |_, _| Flood::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert_keeps!(world.trace(), [Validity, Agreement, NoDuplication, NoCreation], seed);
        // How many replies led to each message, if every reply answers what its process delivered at that time.
        let (mut depth, mut heard) = (BTreeMap::new(), BTreeMap::new());
        for event in &world.trace().events {
            match event.what {
                What::Deliver(id) if id.origin != event.process => {
                    heard.insert(event.process, (event.time, depth[&id]));
                }
                What::Broadcast(id) => {
                    let cause = heard.get(&event.process).filter(|(time, _)| *time == event.time).map_or(0, |(_, depth)| depth + 1);
                    depth.insert(id, cause);
                    longest = longest.max(cause);
                }
                _ => {}
            }
        }
        assert!(world.ranks().all(|rank| (1..=10).contains(&world.application().broadcast(rank).len())), "seed {seed}");
    }
    assert!(longest >= 10, "the longest chain has {longest} replies");
}

/// Takes one request in each 10 ms.
#[derive(Default)]
struct Slow {
    free: Time,
    wake: Option<Time>,
    taken: Vec<Name>,
}

impl Protocol for Slow {
    type Request = Name;
    type Message = Infallible;
    type Indication = Name;
    type Record = Infallible;
    type Refused = ();
    type Rejected = Infallible;

    fn request(&mut self, now: Time, request: Name, _: &mut impl Effects<Self>) -> Result<(), Refused<Name, ()>> {
        if now < self.free {
            return Err(Refused { request, why: () });
        }
        self.taken.push(request);
        self.free = now + Duration::from_millis(10);
        self.wake = Some(self.free);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, message: Infallible, _: &mut impl Effects<Self>) -> Result<(), Infallible> {
        match message {}
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {
        self.wake = None;
    }

    fn deadline(&self) -> Option<Time> {
        self.wake
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

#[test]
fn a_refused_request_is_asked_again_and_nothing_overtakes_it() {
    for seed in seeds(50) {
        let talk = Talk { messages: 20, within: Duration::from_millis(50), replies: Chance::NEVER, inbox: None, packet_bytes: 0 };
        let mut world = World::new(1, Faults::calm(), Seeded::new(seed), chatter(1, talk), |_, _| Slow::default());
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert!(world.stats().refused > 10, "seed {seed}");
        assert!(world.process(Rank(0)).taken.iter().copied().eq((0..20).map(|number| (0, number))), "seed {seed}");
        assert!(!world.application().is_refused(Rank(0)));
    }
}

#[test]
fn an_inbox_is_worked_off_one_by_one() {
    let inbox = Inbox { room: 1, each: Duration::from_millis(100) };
    let talk = Talk { messages: 1, within: Duration::ZERO, replies: Chance::NEVER, inbox: Some(inbox), packet_bytes: 0 };
    let mut world = World::new(3, Faults::calm(), Seeded::new(0), chatter(3, talk), |_, _| Flood::default());
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    let times: Vec<Time> = world
        .trace()
        .events
        .iter()
        .filter(|event| event.process == Rank(1) && matches!(event.what, What::Deliver(_)))
        .map(|event| event.time)
        .collect();
    // Its own at once; the first of the others' when that is done with, and then the other. The copies that were passed on wait behind.
    assert_eq!(times, [Time::ZERO, Time::from_millis(100), Time::from_millis(200)]);
}
