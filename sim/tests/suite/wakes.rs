//! A process is woken at its deadline: never late, never early, and the world does not drown in wakes that were put off.

use std::convert::Infallible;
use std::time::Duration;

use tidings_protocol::{Effects, Protocol, Rank, Refused, Time};
use tidings_sim::{Application, Chooser, Clocks, Ending, Faults, Seeded, Site, World, seeds};

/// Goes off at the time it was last set to.
#[derive(Default)]
struct Alarm {
    set: Option<Time>,
    woken: Vec<Time>,
}

impl Protocol for Alarm {
    /// Sets the alarm so far ahead, or turns it off.
    type Request = Option<Duration>;
    type Message = Infallible;
    type Indication = Infallible;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(
        &mut self,
        now: Time,
        ahead: Option<Duration>,
        _: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Option<Duration>, Infallible>> {
        self.set = ahead.map(|ahead| now + ahead);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, message: Infallible, _: &mut impl Effects<Self>) -> Result<(), Infallible> {
        match message {}
    }

    fn wake(&mut self, now: Time, _: &mut impl Effects<Self>) {
        self.woken.push(now);
        if self.set.is_some_and(|set| set <= now) {
            self.set = None;
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.set
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

/// When the alarm goes off, by looking at every millisecond: the naive twin of the world's one lazy wake.
fn naive(sets: &[(u64, Option<u64>)]) -> Vec<Time> {
    let (mut set, mut woken) = (None, Vec::new());
    for millis in 0..1_000 {
        if set == Some(millis) {
            woken.push(Time::from_millis(millis));
            set = None;
        }
        if let Some((_, ahead)) = sets.iter().find(|(at, _)| *at == millis) {
            set = ahead.map(|ahead| millis + ahead);
        }
    }
    woken
}

#[test]
fn wakes_come_when_a_naive_twin_says() {
    let mut woken = 0;
    for seed in seeds(1_000) {
        let mut chooser = Seeded::new(seed);
        let sets: Vec<(u64, Option<u64>)> = (1..30)
            .map(|nth| {
                let ahead = 1 + u64::from(chooser.choose(Site::Application, 60));
                (nth * 20, (chooser.choose(Site::Application, 5) > 0).then_some(ahead))
            })
            .collect();
        let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Alarm::default());
        for (at, ahead) in &sets {
            let _ = world.run_for(Time::from_millis(*at) - world.now());
            assert_eq!(world.now(), Time::from_millis(*at), "time passes whether or not anything happens");
            world.request(Rank(0), ahead.map(Duration::from_millis)).unwrap();
        }
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert_eq!(world.process(Rank(0)).woken, naive(&sets), "seed {seed}: {sets:?}");
        woken += world.stats().wakes;
    }
    assert!(woken > 5_000);
}

#[test]
fn an_alarm_put_off_a_million_times_is_one_wake() {
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Alarm::default());
    for _ in 0..1_000 {
        for _ in 0..1_000 {
            world.request(Rank(0), Some(Duration::from_secs(1))).unwrap();
        }
        let _ = world.run_for(Duration::from_millis(1));
    }
    assert!(!world.is_at_rest());
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!(world.process(Rank(0)).woken, [Time::from_millis(1_999)]);
}

#[test]
fn an_alarm_turned_off_lets_the_world_rest() {
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Alarm::default());
    world.request(Rank(0), Some(Duration::from_secs(1))).unwrap();
    world.request(Rank(0), None).unwrap();
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!((world.now(), world.stats().wakes), (Time::ZERO, 0));
}

#[test]
fn a_heartbeat_never_rests() {
    #[derive(Default)]
    struct Beats(Time);
    impl Application<Alarm> for Beats {
        fn next(&mut self, _: Rank, now: Time) -> Option<Option<Duration>> {
            (self.0 <= now).then(|| {
                self.0 = now + Duration::from_millis(10);
                None
            })
        }
        fn refused(&mut self, _: Rank, _: Time, _: Refused<Option<Duration>, Infallible>) {}
        fn indicated(&mut self, _: Rank, _: Time, indication: Infallible) {
            match indication {}
        }
        fn deadline(&self, _: Rank) -> Option<Time> {
            Some(self.0)
        }
    }
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), Beats::default(), |_, _| Alarm::default());
    assert_eq!(world.run_until(Time::from_millis(95)), Ending::OutOfTime);
    assert_eq!((world.now(), world.stats().requests, world.stats().wakes), (Time::from_millis(95), 10, 0));
    assert_eq!(world.run_for(Duration::from_millis(5)), Ending::OutOfTime);
    assert_eq!(world.stats().requests, 11);
}

#[test]
fn an_alarm_goes_off_when_a_pause_is_over() {
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Alarm::default());
    world.request(Rank(0), Some(Duration::from_millis(10))).unwrap();
    world.pause(Rank(0), Duration::from_millis(30));
    world.pause(Rank(0), Duration::from_millis(20));
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!(world.process(Rank(0)).woken, [Time::from_millis(30)], "late, and it cannot know why");
}

#[test]
fn a_process_bears_to_be_woken_when_nothing_is_due() {
    let mut world = World::new(1, Faults::calm(), Seeded::new(0), (), |_, _| Alarm::default());
    world.request(Rank(0), Some(Duration::from_millis(10))).unwrap();
    world.wake(Rank(0));
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!(world.process(Rank(0)).woken, [Time::ZERO, Time::from_millis(10)]);
}

#[test]
fn processes_read_their_own_clocks_and_are_woken_by_them() {
    let clocks = Clocks { ahead: Duration::from_secs(1), drift: 200_000 };
    let (mut fast, mut slow) = (0, 0);
    for seed in seeds(100) {
        let mut world = World::new(2, Faults { clocks, ..Faults::calm() }, Seeded::new(seed), (), |_, _| Alarm::default());
        for rank in [Rank(0), Rank(1)] {
            assert!(world.clock(rank) <= Time::from_millis(1_000));
            let asked = world.clock(rank);
            world.request(rank, Some(Duration::from_secs(10))).unwrap();
            assert_eq!(world.process(rank).set, Some(asked + Duration::from_secs(10)));
        }
        while world.process(Rank(0)).set.is_some() {
            assert!(world.step(), "seed {seed}");
        }
        let [own] = world.process(Rank(0)).woken[..] else { panic!("seed {seed}: woken once") };
        let world_time = world.now() - Time::ZERO;
        assert!((Duration::from_millis(8_333)..=Duration::from_millis(12_501)).contains(&world_time), "seed {seed}: {world_time:?}");
        assert_eq!(own, world.clock(Rank(0)));
        fast += usize::from(world_time < Duration::from_secs(10));
        slow += usize::from(world_time > Duration::from_secs(10));
    }
    assert!(fast > 30 && slow > 30, "{fast} fast, {slow} slow");
}
