//! The time of day is another thing than the monotonic clock: it is off, jumps, is smeared and stands still, and who needs it reads it from a handle.

use std::convert::Infallible;
use std::time::Duration;

use tidings_clocks::{ClockSource as _, HybridClock, HybridStamp, UnixTime};
use tidings_protocol::{Effects, Protocol, Rank, Refused, Time, To};
use tidings_sim::{Application, Chooser, Clocks, DayClock, Ending, Faults, Point, Recorded, Replay, Seeded, Site, TimeOfDay, World, seeds};

/// Stamps what it sends, by a hybrid clock or by the plain time of day, and tells when a stamp is not greater than one that happened before it.
#[derive(Clone, Debug)]
struct Stamper {
    clock: DayClock,
    hybrid: HybridClock,
    is_plain: bool,
    latest: HybridStamp,
    out_of_order: u64,
    /// What the monotonic clock and the time of day were at each input.
    readings: Vec<(Time, UnixTime)>,
}

impl Stamper {
    fn new(clock: DayClock, is_plain: bool) -> Self {
        let hybrid = HybridClock::unbounded();
        Self { clock, hybrid, is_plain, latest: hybrid.latest(), out_of_order: 0, readings: Vec::new() }
    }

    fn stamp(&mut self, now: Time, heard: Option<HybridStamp>) -> HybridStamp {
        let day = self.clock.now();
        self.readings.push((now, day));
        let before = self.latest.max(heard.unwrap_or(self.latest));
        let stamp = if self.is_plain {
            HybridClock::unbounded().now(day)
        } else if let Some(heard) = heard {
            self.hybrid.update(heard, day)
        } else {
            self.hybrid.now(day)
        };
        let stamp = stamp.expect("an unbounded clock takes every time of day");
        self.out_of_order += u64::from(stamp <= before);
        self.latest = stamp;
        stamp
    }
}

impl Protocol for Stamper {
    type Request = ();
    type Message = HybridStamp;
    type Indication = Infallible;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, now: Time, (): (), effects: &mut impl Effects<Self>) -> Result<(), Refused<(), Infallible>> {
        let stamp = self.stamp(now, None);
        effects.send(To::Others, stamp);
        Ok(())
    }

    fn receive(&mut self, now: Time, _: Rank, heard: HybridStamp, _: &mut impl Effects<Self>) -> Result<(), Infallible> {
        self.stamp(now, Some(heard));
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

/// Asks every process for a stamp every 10 ms.
struct Metronome {
    next: Vec<Time>,
}

impl Application<Stamper> for Metronome {
    fn started(&mut self, me: Rank, now: Time, _: &mut dyn Chooser) {
        self.next[me.index()] = now;
    }

    fn next(&mut self, me: Rank, now: Time) -> Option<()> {
        let next = &mut self.next[me.index()];
        (*next <= now).then(|| *next = now + Duration::from_millis(10))
    }

    fn refused(&mut self, _: Rank, _: Time, _: Refused<(), Infallible>) {}

    fn indicated(&mut self, _: Rank, _: Time, _: Infallible) {}

    fn deadline(&self, me: Rank) -> Option<Time> {
        Some(self.next[me.index()])
    }
}

const WILD: TimeOfDay = TimeOfDay {
    off: Duration::from_millis(200),
    at_most: 30,
    gap: Duration::from_millis(30),
    jump: Duration::from_millis(500),
    smear: Duration::from_millis(20),
    smear_ppm: 100_000,
    frozen: Duration::from_millis(200),
    ..TimeOfDay::RIGHT
};

fn faults(time_of_day: TimeOfDay) -> Faults {
    Faults {
        time_of_day,
        clocks: Clocks { ahead: Duration::from_secs(2), drift: 1_000 },
        max_delay: Duration::from_millis(20),
        chaos: Duration::from_secs(1),
        ..Faults::calm()
    }
}

/// A run of two seconds; everything that each process read, how many stamps were not in order, and the points that were met.
fn run(time_of_day: TimeOfDay, is_plain: bool, chooser: impl Chooser) -> (Vec<Vec<(Time, UnixTime)>>, u64, tidings_sim::Coverage) {
    let clocks: Vec<DayClock> = (0..3).map(|_| DayClock::new()).collect();
    let build = |rank: Rank, _| Stamper::new(clocks[rank.index()].clone(), is_plain);
    let metronome = Metronome { next: vec![Time::ZERO; 3] };
    let mut world = World::new(3, faults(time_of_day), chooser, metronome, build).showing(clocks.clone());
    assert_eq!(world.run_until(Time::from_millis(2_000)), Ending::OutOfTime);
    let out_of_order = world.ranks().map(|rank| world.process(rank).out_of_order).sum();
    (world.ranks().map(|rank| world.process(rank).readings.clone()).collect(), out_of_order, world.coverage().clone())
}

/// Hybrid stamps go on growing along happened-before whatever becomes of the time of day (Kulkarni and others 2014); plain ones do not.
#[test]
fn hybrid_stamps_bear_every_time_of_day_and_plain_ones_do_not() {
    let mut broken = 0;
    for seed in seeds(60) {
        assert_eq!(run(WILD, false, Seeded::new(seed)).1, 0, "seed {seed}");
        broken += u64::from(run(WILD, true, Seeded::new(seed)).1 > 0);
    }
    assert!(broken > 50, "{broken} of 60 runs show what plain time of day does");
}

/// The time of day runs back now and then, and stands still; the monotonic clock never runs back.
#[test]
fn the_monotonic_clock_knows_nothing_of_the_time_of_day() {
    let mut ran_back = 0;
    for seed in seeds(60) {
        for readings in run(WILD, false, Seeded::new(seed)).0 {
            assert!(readings.is_sorted_by_key(|(monotonic, _)| *monotonic), "seed {seed}");
            ran_back += u64::from(!readings.is_sorted_by_key(|(_, day)| *day));
        }
    }
    assert!(ran_back > 60, "{ran_back} of 180 clocks ran back");
}

#[test]
fn every_change_is_met_and_counted_only_where_it_can_be() {
    let (mut all, mut smeared) = (tidings_sim::Coverage::new(), tidings_sim::Coverage::new());
    for seed in seeds(60) {
        all.join(&run(WILD, false, Seeded::new(seed)).2);
        let (readings, _, coverage) = run(TimeOfDay { jump: Duration::ZERO, frozen: Duration::ZERO, ..WILD }, false, Seeded::new(seed));
        assert!(readings.iter().all(|readings| readings.is_sorted_by_key(|(_, day)| *day)), "seed {seed}: a smeared clock never runs back");
        smeared.join(&coverage);
    }
    let jumps = [Point::TimeOfDayJumpedForward, Point::TimeOfDayJumpedBack, Point::TimeOfDayFrozen];
    assert!(jumps.iter().all(|point| all.count(*point) > 0 && smeared.count(*point) == 0));
    assert!(all.count(Point::TimeOfDaySmeared) > 0 && smeared.count(Point::TimeOfDaySmeared) > 0);
}

#[test]
fn at_the_start_clocks_are_off_within_the_bound_both_ways() {
    let off = Duration::from_millis(200);
    let (mut early, mut late) = (0, 0);
    for seed in seeds(100) {
        let world =
            World::new(3, faults(TimeOfDay { at_most: 0, ..WILD }), Seeded::new(seed), Metronome { next: vec![Time::ZERO; 3] }, |_, _| {
                Stamper::new(DayClock::new(), false)
            });
        let truth = world.true_time_of_day();
        assert_eq!(truth, TimeOfDay::RIGHT.begins);
        for rank in world.ranks() {
            let shown = world.time_of_day(rank);
            assert!(shown.as_nanos().abs_diff(truth.as_nanos()) <= u64::try_from(off.as_nanos()).unwrap());
            early += u32::from(shown < truth);
            late += u32::from(shown > truth);
        }
    }
    assert!(early > 100 && late > 100, "{early} {late}");
}

/// A script sets, corrects and stops one process's clock; the other's goes on.
#[test]
fn a_script_changes_one_clock() {
    let [one, other] = [Rank(0), Rank(1)];
    let time_of_day = TimeOfDay { smear_ppm: 100_000, ..TimeOfDay::RIGHT };
    let faults = Faults { time_of_day, ..Faults::calm() };
    let mut world = World::new(2, faults, Seeded::new(0), (), |_, _| Stamper::new(DayClock::new(), false));
    let begins = TimeOfDay::RIGHT.begins.as_nanos();
    let after = |millis: u64| UnixTime::from_nanos(begins + millis * 1_000_000);
    let shows = |world: &World<Stamper, _, _, _>, rank| World::time_of_day(world, rank);

    world.set_time_of_day(one, after(500));
    let _ = world.run_for(Duration::from_millis(100));
    assert_eq!((shows(&world, one), shows(&world, other), world.true_time_of_day()), (after(600), after(100), after(100)));

    // It is half a second ahead: it runs a tenth slower for five seconds.
    world.smear_time_of_day(one, after(100));
    let _ = world.run_for(Duration::from_millis(1_000));
    assert_eq!((shows(&world, one), shows(&world, other)), (after(1_500), after(1_100)));
    let _ = world.run_for(Duration::from_millis(4_000));
    assert_eq!((shows(&world, one), shows(&world, other)), (after(5_100), after(5_100)));

    world.freeze_time_of_day(one, Duration::from_millis(300));
    let _ = world.run_for(Duration::from_millis(200));
    assert_eq!((shows(&world, one), shows(&world, other)), (after(5_100), after(5_300)));
    let _ = world.run_for(Duration::from_millis(200));
    assert_eq!((shows(&world, one), shows(&world, other)), (after(5_200), after(5_500)), "it goes on from where it stood");

    world.set_time_of_day(one, after(0));
    assert_eq!(shows(&world, one), after(0));
    assert_eq!((world.clock(one), world.clock(other)), (Time::from_millis(5_500), Time::from_millis(5_500)));
    assert_eq!((world.stats().clock_jumps, world.stats().clock_smears, world.stats().clock_freezes), (2, 1, 1));
}

/// Changes follow the tape, end with the chaos phase, and a calm tape makes none.
#[test]
fn changes_are_chosen() {
    for seed in seeds(30) {
        let mut recorded = Recorded::new(Seeded::new(seed));
        let one = run(WILD, false, &mut recorded);
        let (_, mut tape) = recorded.into_parts();
        let again = run(WILD, false, Replay::new(tape.clone()));
        assert_eq!((one.0, one.2), (again.0, again.2), "seed {seed}");
        tape.tracks.remove(&Site::Clock);
        let (readings, ..) = run(WILD, false, Replay::new(tape));
        let begins = TimeOfDay::RIGHT.begins.as_nanos();
        assert!(
            readings.iter().flatten().all(|(monotonic, day)| day.as_nanos() - begins == monotonic.as_nanos()),
            "seed {seed}: all right"
        );
    }
}

#[test]
#[should_panic(expected = "2 handles for 3 processes")]
fn every_process_has_a_handle() {
    let clocks = vec![DayClock::new(), DayClock::new()];
    let _ = World::new(3, Faults::calm(), Seeded::new(0), (), |_, _| Stamper::new(DayClock::new(), false)).showing(clocks);
}
