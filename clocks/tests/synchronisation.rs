//! Clock synchronisation driven as a small protocol through a simulated network: the true time must lie in every process's interval, always.

use std::convert::Infallible;
use std::time::Duration;

use tidings_clocks::{Agreement, BoundedClock, Rank, RoundTrip, Time, TimeInterval, UnixTime};
use tidings_protocol::{Effects, Protocol, Refused, To};
use tidings_sim::{Clocks, Faults, Seeded, World, seeds};

/// Every clock of the world gains or loses up to 100 millionths, so any two differ by 200, and a little more by the product.
const CLOCK_PPM: u32 = 100;
const DIFFERENCE_PPM: u32 = 201;

/// How often a client asks, by its own clock.
const PAUSE: Duration = Duration::from_millis(40);

/// No packet is faster; what the world promises and the client may count on.
const LEAST: Duration = Duration::from_millis(1);

#[derive(Clone, Debug)]
enum Message {
    Question { number: u64 },
    Answer { number: u64, received: UnixTime, sent: UnixTime },
}

/// Why a message is not believed.
#[derive(Debug)]
struct NotAsked;

/// Process 0 is the server: what its own clock shows is the true time, by definition. All others are clients.
struct Synchronised {
    me: Rank,
    next: Time,
    /// The question that is under way.
    asked: Option<(u64, Time)>,
    questions: u64,
    clock: Option<BoundedClock>,
}

impl Synchronised {
    const fn new(me: Rank) -> Self {
        Self { me, next: Time::ZERO, asked: None, questions: 0, clock: None }
    }
}

/// What the server's clock shows.
fn server_time(reading: Time) -> UnixTime {
    UnixTime::from_nanos(1_700_000_000_000_000_000 + reading.as_nanos())
}

impl Protocol for Synchronised {
    type Request = Infallible;
    type Message = Message;
    type Indication = Infallible;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = NotAsked;

    fn request(&mut self, _: Time, request: Infallible, _: &mut impl Effects<Self>) -> Result<(), Refused<Infallible, Infallible>> {
        match request {}
    }

    fn receive(&mut self, now: Time, from: Rank, message: Message, effects: &mut impl Effects<Self>) -> Result<(), NotAsked> {
        match message {
            Message::Question { number } => {
                effects.send(To::One(from), Message::Answer { number, received: server_time(now), sent: server_time(now) });
            }
            Message::Answer { number, received, sent } => {
                let (_, asked) = self.asked.take_if(|(asked, _)| *asked == number).ok_or(NotAsked)?;
                let trip = RoundTrip { sent: asked, server_received: received, server_sent: sent, received: now };
                let arrival = trip.arrival(LEAST, DIFFERENCE_PPM).expect("the server is right, and so is the least delay");
                let clock = self.clock.get_or_insert_with(|| BoundedClock::new(now, arrival, DIFFERENCE_PPM));
                clock.synchronise(now, arrival).expect("two answers of a server that is right do not contradict each other");
            }
        }
        Ok(())
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.me != Rank(0) && now >= self.next {
            self.questions += 1;
            self.asked = Some((self.questions, now));
            self.next = now + PAUSE;
            effects.send(To::One(Rank(0)), Message::Question { number: self.questions });
        }
    }

    fn deadline(&self) -> Option<Time> {
        (self.me != Rank(0)).then_some(self.next)
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

/// Clocks start seconds apart and drift, packets are lost, repeated, and take one way quickly and the other slowly: no interval ever misses the true time, and with answers it becomes narrow.
#[test]
fn the_true_time_is_in_every_interval_always() {
    let mut narrowest = Duration::MAX;
    for seed in seeds(300) {
        let clocks = Clocks { ahead: Duration::from_secs(5), drift: CLOCK_PPM };
        let faults = Faults { clocks, max_delay: Duration::from_millis(30), ..Faults::lossy() };
        let mut world = World::new(4, faults, Seeded::new(seed), (), |rank, _incarnation| Synchronised::new(rank));
        let mut synchronised = 0;
        for _ in 0..60 {
            let _ = world.run_for(Duration::from_millis(37));
            let truth = server_time(world.clock(Rank(0)));
            let mut intervals: Vec<TimeInterval> = Vec::new();
            for rank in world.ranks().skip(1) {
                let Some(clock) = world.process(rank).clock else { continue };
                let interval = clock.now(world.clock(rank));
                assert!(interval.contains(truth), "seed {seed}: {rank} believes {interval} at {truth}");
                narrowest = narrowest.min(interval.error());
                intervals.push(interval);
            }
            synchronised += intervals.len();
            // Two processes that know the time, and one that was set wrong by an hour: they agree on it all the same.
            if intervals.len() == 3 {
                intervals[2] = TimeInterval::around(UnixTime::from_nanos(truth.as_nanos() - 3_600_000_000_000), Duration::from_millis(1));
                let agreement = Agreement::tolerating(&intervals, 1).expect("two of three agree");
                assert!(agreement.interval.contains(truth), "seed {seed}");
            }
        }
        assert!(synchronised > 100, "seed {seed}: only {synchronised} readings were of synchronised clocks");
    }
    assert!(narrowest < Duration::from_millis(3), "{narrowest:?}");
}
