//! Perfect and stubborn links keep their promises in worlds that lose, repeat, delay and reorder, part and crash.

use std::time::Duration;

use crate::stacks::{BACKOFF, Note, id, limits, link, over_link, processes, world};
use tidings_broadcast::{Incoming, PerfectLink, Rule, Stubborn, StubbornLink};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Limits, To, View};
use tidings_sim::{Chatter, Ending, Faults, Seeded, Talk, World, for_each_seed};
use tidings_trace::{MessageId, Property, Trace, What, check_all};

const LIMIT: Time = Time::from_millis(600_000);

/// What `rank` broadcast since it last restarted.
fn sent_in_last_life(trace: &Trace, rank: Rank) -> Vec<MessageId> {
    let mut sent = vec![];
    for event in trace.events.iter().filter(|event| event.process == rank) {
        match event.what {
            What::Broadcast(id) => sent.push(id),
            What::Restart => sent.clear(),
            _ => {}
        }
    }
    sent
}

/// What a live process sent, every other live process received, in one of its lives: each message once in each life, and none that was not sent.
fn assert_perfect(trace: &Trace, live: &[Rank]) {
    assert_eq!(check_all(trace, &[Property::NoDuplication, Property::NoCreation]), []);
    for from in live {
        for message in sent_in_last_life(trace, *from) {
            for to in live.iter().filter(|to| *to != from) {
                let received = trace.events.iter().any(|event| event.process == *to && event.what == What::Deliver(message));
                assert!(received, "{to} never received {message:?}");
            }
        }
    }
}

#[test]
fn reliable_delivery_no_duplication_no_creation() {
    for_each_seed(1_000, |seed| {
        let limits = limits(seed);
        let mut world = world(seed, crate::stacks::faults(seed), over_link(processes(seed), Talk::of(8)), link(processes(seed), limits));
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        let live: Vec<_> = world.live().collect();
        assert_perfect(world.trace(), &live);
        for rank in live {
            assert_eq!(world.process(rank).held(), 0, "{rank} is at rest and holds messages");
        }
    });
}

/// The same while processes crash and come back with nothing, and nobody is told.
#[test]
fn every_life_is_heard() {
    let mut reborn = 0;
    for_each_seed(1_000, |seed| {
        let faults = Faults { detection: None, crashes: 0, ..crate::stacks::faults(seed) };
        let talk = Talk { within: Duration::from_secs(2), ..Talk::of(4) };
        let mut world = world(seed, faults, over_link(processes(seed), talk), link(processes(seed), limits(seed)));
        for step in 0..6 {
            let rank = Rank((u32::try_from(seed).unwrap() * 7 + step * 3) % processes(seed));
            let _ = world.run_for(Duration::from_millis(137 + seed % 400));
            world.crash(rank);
            if step % 2 == 0 {
                // Down long enough for what is on the way to be lost, or not.
                let _ = world.run_for(Duration::from_millis(seed % 150));
            }
            world.restart(rank);
        }
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        let live: Vec<_> = world.ranks().collect();
        assert_perfect(world.trace(), &live);
        for rank in live {
            assert_eq!(world.process(rank).held(), 0, "{rank} is at rest and holds messages");
            reborn += world.process(rank).stats().reborn;
        }
    });
    assert!(reborn > 1_000, "lives hardly ever ended: {reborn}");
}

#[test]
fn a_link_that_does_not_deduplicate_is_found_out() {
    let found = (0..1_000).find(|seed| {
        let build = |me, incarnation| PerfectLink::new(&View::of(2), me, incarnation, Limits::default(), BACKOFF).without(Rule::Dedupe);
        let mut world = World::new(2, Faults::lossy(), Seeded::new(*seed), over_link(2, Talk::of(8)), build);
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        Property::NoDuplication.check(world.trace()).is_err()
    });
    assert!(found.is_some_and(|seed| seed < 10), "found at {found:?}");
}

/// Stubborn delivery: what was sent to a correct process goes on being delivered; once the sender ceases, all is at rest.
#[test]
fn stubborn_delivery_until_told_to_cease() {
    const MESSAGES: u32 = 3;
    for_each_seed(1_000, |seed| {
        let processes = processes(seed);
        let limits = Limits { window: MESSAGES, ..Limits::TINY };
        let build = |me, _| StubbornLink::<Note>::new(&View::of(processes), me, limits, BACKOFF);
        let ask =
            |id: MessageId| Stubborn::Repeat { to: To::Others, slot: u32::try_from(id.number).unwrap(), payload: crate::stacks::note(id) };
        let chat = Chatter::new(processes, Talk::of(MESSAGES), ask, |incoming: &Incoming<Note>| Some(id(&incoming.payload)));
        let mut world = World::new(processes, crate::stacks::faults(seed), Seeded::new(seed), chat, build);
        let _ = world.run_until(Time::from_millis(4_000));
        let (calm, live) = (world.trace().events.len(), world.live().collect::<Vec<_>>());
        let _ = world.run_for(Duration::from_secs(5));
        let trace = world.trace();
        assert_eq!(check_all(trace, &[Property::NoCreation]), []);
        for from in &live {
            for message in sent_in_last_life(trace, *from) {
                for to in live.iter().filter(|to| *to != from) {
                    let again =
                        trace.events[calm..].iter().filter(|event| event.process == *to && event.what == What::Deliver(message)).count();
                    assert!(again >= 5, "{to} received {message:?} {again} times in 5 s, every half second at worst");
                }
            }
        }
        for rank in &live {
            assert!(world.process(*rank).held_bytes() <= world.process(*rank).max_bytes());
            for slot in 0..MESSAGES {
                world.request(*rank, Stubborn::Cease { to: To::Others, slot }).unwrap();
            }
        }
        assert_eq!(world.run_until(LIMIT), Ending::Quiescent);
        assert!(live.iter().all(|rank| world.process(*rank).held() == 0));
    });
}
