//! Every model of links, timing and liars is shown to happen, is counted, and stays within its bounds.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::protocols::{Flood, Name, chatter, id, name};
use tidings_protocol::{Protocol, Rank, Refused, Time};
use tidings_sim::{
    Application, Byzantine, Chance, Chatter, Chooser, Ending, Faults, Links, Overflow, Point, Recorded, Recording, Replay, Seeded, Site,
    Spread, Stats, Talk, Tape, Timing, World, seeds,
};
use tidings_trace::{MessageId, Trace, What};

/// What the messages with this number and above are: altered, or lies.
const ALTERED: u64 = 1_000;
const LIE: u64 = 2_000;

/// A chatter whose messages weigh 100 bytes, and can be altered and turned into lies.
struct Fragile<Q, H>(Chatter<Flood, Q, H>);

impl<Q: FnMut(MessageId) -> Name, H: Fn(&Name) -> Option<MessageId>> Application<Flood> for Fragile<Q, H> {
    fn started(&mut self, me: Rank, now: Time, chooser: &mut dyn Chooser) {
        self.0.started(me, now, chooser);
    }
    fn next(&mut self, me: Rank, now: Time) -> Option<Name> {
        self.0.next(me, now)
    }
    fn refused(&mut self, me: Rank, now: Time, refused: Refused<Name, <Flood as Protocol>::Refused>) {
        self.0.refused(me, now, refused);
    }
    fn indicated(&mut self, me: Rank, now: Time, indication: Name) {
        self.0.indicated(me, now, indication);
    }
    fn deadline(&self, me: Rank) -> Option<Time> {
        self.0.deadline(me)
    }
    fn weigh(&self, _: &Name) -> usize {
        100
    }
    fn corrupt(&self, message: &Name, chooser: &mut dyn Chooser) -> Option<Name> {
        (chooser.choose(Site::Corrupt, 2) == 1).then_some((message.0, ALTERED + message.1 % ALTERED))
    }
    fn lie(&self, _: Rank, to: Rank, message: &Name, _: &mut dyn Chooser) -> Option<Name> {
        (to != Rank(0)).then_some((message.0, LIE + u64::from(to.0)))
    }
}

fn run<C: Chooser>(chooser: C, faults: &Faults) -> (Trace, Stats, BTreeMap<&'static str, u64>, Vec<Vec<MessageId>>, C) {
    let talk = Talk { replies: Chance::NEVER, ..Talk::of(10) };
    let build = |_, _| Flood::default();
    let app = Fragile(Chatter::new(4, talk, name, |delivered: &Name| Some(id(*delivered))));
    let mut world = World::new(4, faults.clone(), chooser, app, build).recording(Recording::Everything);
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    let coverage = world.coverage().iter().collect();
    let heard = world.ranks().map(|rank| world.application().0.delivered(rank).to_vec()).collect();
    let (_, chooser, trace, stats) = world.into_parts();
    assert_eq!(trace.verify(), Ok(()));
    let went_in = stats.sent + stats.duplicated + stats.looped + stats.replayed + stats.forged;
    let ended = stats.lost + stats.overflowed + stats.partitioned + stats.unheard + stats.delivered;
    assert_eq!(went_in, ended, "{stats:?}");
    (trace, stats, coverage, heard, chooser)
}

fn with(links: Links) -> Faults {
    Faults { links, ..Faults::calm() }
}

/// Every packet's delay, in the order of arrival.
fn delays(trace: &Trace) -> Vec<(Time, Duration)> {
    let mut sent = BTreeMap::new();
    let mut delays = Vec::new();
    for event in &trace.events {
        match event.what {
            What::Send { packet, .. } => {
                sent.insert(packet, event.time);
            }
            What::Receive { packet, .. } => delays.push((sent[&packet], event.time - sent[&packet])),
            _ => {}
        }
    }
    delays
}

#[test]
fn no_link_loses_more_in_a_row_than_it_may() {
    let faults = Faults { loss: Chance::percent(90), ..with(Links { losses_in_a_row: Some(2), ..Links::PERFECT }) };
    let mut worst = 0;
    for seed in seeds(50) {
        let (trace, stats, ..) = run(Seeded::new(seed), &faults);
        assert!(stats.spared > 0 && stats.lost > 0, "seed {seed}");
        let heard: Vec<u64> = trace
            .events
            .iter()
            .filter_map(|event| if let What::Receive { packet, .. } = event.what { Some(packet) } else { None })
            .collect();
        let mut in_a_row = BTreeMap::new();
        for event in &trace.events {
            if let What::Send { packet, to } = event.what {
                let lost = in_a_row.entry((event.process, to)).or_insert(0);
                *lost = if heard.contains(&packet) { 0 } else { *lost + 1 };
                worst = worst.max(*lost);
            }
        }
    }
    assert_eq!(worst, 2);
}

#[test]
fn a_full_queue_drops_what_comes() {
    let faults = Faults { max_delay: Duration::from_millis(200), ..with(Links { queue: Some(2), ..Links::PERFECT }) };
    let mut overflowed = 0;
    for seed in seeds(30) {
        let (_, stats, coverage, ..) = run(Seeded::new(seed), &faults);
        assert_eq!(stats.overflowed, coverage["queue_overflowed"]);
        assert!(stats.most_in_flight <= 2 * 4 * 3, "seed {seed}: {}", stats.most_in_flight);
        overflowed += stats.overflowed;
    }
    assert!(overflowed > 100, "{overflowed}");
}

/// Packets of 100 bytes at 10,000 bytes in a second leave every 10 ms.
/// Eight packets at once into a queue of three: which of them arrive.
fn left_over(overflow: Overflow, chooser: &mut dyn Chooser) -> Vec<u64> {
    let links = Links { queue: Some(3), overflow, ..Links::PERFECT };
    let faults = Faults { min_delay: Duration::from_millis(5), max_delay: Duration::from_millis(5), ..with(links) };
    let mut world = World::new(2, faults, chooser, (), |_, _| Flood::default());
    world.cut(Rank(1), Rank(0));
    for number in 0..8 {
        world.request(Rank(0), (0, number)).unwrap();
    }
    assert_eq!(world.stats().most_in_flight, 3);
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    assert_eq!((world.stats().overflowed, world.now()), (5, Time::from_millis(5)), "what was dropped keeps nobody waiting");
    let older = world.coverage().count(Point::OverflowedOlder);
    assert!(if overflow == Overflow::Newest { older == 0 } else { older <= 5 });
    world.process(Rank(1)).seen.iter().map(|(_, number)| *number).collect()
}

/// A full queue drops the newest, the oldest, or any as chosen; whatever it drops, it never holds more, and nothing is lost twice.
#[test]
fn a_full_queue_drops_what_it_is_told_to() {
    let mut outcomes = std::collections::BTreeSet::new();
    for (overflow, expected) in [(Overflow::Newest, [0, 1, 2]), (Overflow::Oldest, [5, 6, 7])] {
        assert_eq!(left_over(overflow, &mut Seeded::new(0)), expected);
    }
    for seed in seeds(200) {
        let left = left_over(Overflow::Any, &mut Seeded::new(seed));
        assert_eq!(left.len(), 3);
        outcomes.insert(left);
    }
    assert!(outcomes.len() > 30, "{} of 56 possible outcomes", outcomes.len());
    assert_eq!(left_over(Overflow::Any, &mut Replay::new(Tape::default())), [0, 1, 2], "the calm choice is the newest");
}

#[test]
fn a_link_carries_so_many_bytes_in_a_second() {
    let faults = with(Links { bytes_per_second: Some(10_000), ..Links::PERFECT });
    for seed in seeds(30) {
        let (trace, stats, ..) = run(Seeded::new(seed), &faults);
        assert!(stats.queued > 0 && stats.overtaken == 0, "seed {seed}");
        let mut last: BTreeMap<(Rank, Rank), Time> = BTreeMap::new();
        for event in &trace.events {
            if let What::Receive { from, .. } = event.what
                && let Some(before) = last.insert((from, event.process), event.time)
            {
                assert!(event.time - before >= Duration::from_millis(10), "seed {seed}");
            }
        }
    }
}

#[test]
fn tails_of_delays_stay_within_the_bounds() {
    for spread in [Spread::Uniform, Spread::Exponential, Spread::HeavyTail] {
        let faults = Faults { max_delay: Duration::from_millis(101), ..with(Links { spread, ..Links::PERFECT }) };
        let (mut all, mut short) = (0, 0);
        for seed in seeds(20) {
            let (trace, ..) = run(Seeded::new(seed), &faults);
            for (_, delay) in delays(&trace) {
                assert!((faults.min_delay..=faults.max_delay).contains(&delay));
                all += 1;
                short += usize::from(delay < Duration::from_millis(11));
            }
        }
        let percent = short * 100 / all;
        let expected = match spread {
            Spread::Uniform => 7..13,
            Spread::Exponential => 62..72,
            _ => 97..101,
        };
        assert!(expected.contains(&percent), "{spread:?}: {percent} % take less than a tenth of the span");
    }
}

#[test]
fn packets_are_altered_replayed_and_forged_as_counted() {
    let chance = Chance::percent(20);
    let faults = with(Links { corrupt: chance, replay: chance, forge: chance, ..Links::PERFECT });
    let mut altered = 0;
    for seed in seeds(30) {
        let (_, stats, coverage, heard, _) = run(Seeded::new(seed), &faults);
        assert!(stats.replayed > 0 && stats.forged > 0 && stats.corrupted > 0, "seed {seed}");
        assert_eq!((coverage["replay_delivered"], coverage["forged_delivered"]), (stats.replayed, stats.forged));
        assert_eq!(coverage["altered_delivered"] + coverage["corrupted_beyond_reading"], stats.corrupted);
        assert_eq!(coverage["corrupted_beyond_reading"], stats.lost);
        altered += heard.iter().flatten().filter(|id| (ALTERED..LIE).contains(&id.number)).count();
    }
    assert!(altered > 0);
}

/// A liar tells each destination something of its own, and an honest process never lies.
#[test]
fn liars_equivocate_and_are_silent() {
    let byzantine = Byzantine { liars: vec![Rank(2)], silence: Chance::percent(20), lie: Chance::percent(50) };
    for seed in seeds(30) {
        let (_, stats, coverage, heard, _) = run(Seeded::new(seed), &Faults { byzantine: byzantine.clone(), ..Faults::calm() });
        assert!(stats.lies > 0 && stats.silenced > 0 && coverage["lied"] == stats.lies, "seed {seed}");
        let lies: Vec<&MessageId> = heard.iter().flatten().filter(|id| id.number >= LIE).collect();
        assert!([LIE + 1, LIE + 3].iter().any(|number| lies.iter().any(|id| id.number == *number)), "seed {seed}");
        assert!(lies.iter().all(|id| id.number != LIE + 2), "seed {seed}: a liar does not lie to itself");
    }
    let nobody = Byzantine { liars: vec![Rank(77)], ..byzantine };
    assert_eq!(run(Seeded::new(0), &Faults { byzantine: nobody, ..Faults::calm() }).1.lies, 0);
}

#[test]
fn in_synchrony_every_packet_keeps_the_bound() {
    let bound = Duration::from_millis(50);
    let faults = Faults { max_delay: Duration::from_millis(400), timing: Timing::Synchronous { bound }, ..Faults::calm() };
    for seed in seeds(30) {
        let (trace, stats, ..) = run(Seeded::new(seed), &faults);
        assert!(stats.hastened > 0 && delays(&trace).iter().all(|(_, delay)| *delay <= bound), "seed {seed}");
    }
}

#[test]
fn in_partial_synchrony_an_unknown_bound_holds_after_an_unknown_time() {
    let (stabilises_within, most) = (Duration::from_secs(1), Duration::from_millis(50));
    let timing = Timing::PartiallySynchronous { stabilises_within, bound: most };
    let faults = Faults { max_delay: Duration::from_millis(400), timing, ..Faults::calm() };
    let mut late = 0;
    for seed in seeds(50) {
        let mut world = World::new(4, faults.clone(), Seeded::new(seed), chatter(4, Talk::of(10)), |_, _| Flood::default())
            .recording(Recording::Everything);
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let (from, bound) = world.stabilisation().unwrap();
        assert!(from <= Time::ZERO + stabilises_within && bound <= most && bound >= faults.min_delay);
        for (sent, delay) in delays(world.trace()) {
            assert!(sent + delay <= sent.max(from) + bound, "seed {seed}");
            late += usize::from(delay > bound);
        }
    }
    assert!(late > 100, "{late} packets took longer before it held");
}

/// Everything at once replays from its tape, and the calm choices are a calm run.
#[test]
fn what_is_chosen_replays_and_calm_is_calm() {
    let chance = Chance::percent(20);
    let faults = Faults {
        links: Links {
            losses_in_a_row: Some(1),
            queue: Some(20),
            overflow: Overflow::Any,
            bytes_per_second: Some(100_000),
            spread: Spread::HeavyTail,
            corrupt: chance,
            replay: chance,
            forge: chance,
        },
        timing: Timing::PartiallySynchronous { stabilises_within: Duration::from_secs(1), bound: Duration::from_millis(50) },
        byzantine: Byzantine { liars: vec![Rank(1)], silence: chance, lie: chance },
        ..Faults::wild()
    };
    for seed in seeds(30) {
        let (trace, stats, coverage, _, recorded) = run(Recorded::new(Seeded::new(seed)), &faults);
        let (again, stats_again, coverage_again, ..) = run(Replay::new(recorded.into_parts().1), &faults);
        assert_eq!((trace.events, stats, coverage), (again.events, stats_again, coverage_again), "seed {seed}");
    }
    // A queue is a capacity and no choice: in the calmest run all messages are sent at once.
    let faults = Faults { links: Links { queue: None, ..faults.links }, ..faults };
    let (_, stats, ..) = run(Replay::new(Tape::default()), &faults);
    let wild = [stats.lost, stats.overflowed, stats.corrupted, stats.replayed, stats.forged, stats.silenced, stats.lies, stats.crashes];
    assert_eq!(wild, [0; 8]);
}
