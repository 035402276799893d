use std::fmt;
use std::time::Duration;

use tidings_broadcast::{
    AllAcknowledge, Backoff, BestEffort, Broadcast, Cast, CausalOrder, Delivery, FifoBroadcast, FifoOrder, Incoming, Link, Ordered,
    Outgoing, PerfectLink, Relay, Reliable, ReliableBroadcast, Sequencer, Stamped,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Incarnation, Limits, Payload, Protocol, To, View};
use tidings_sim::{
    Chance, Chatter, Chooser, Clocks, Coverage, Disk, Ending, Faults, Inbox, Links, Overflow, Partitions, Pauses, Point, Property, Site,
    Spread, Stats, Talk, TimeOfDay, Timing, World, check_all,
};
use tidings_trace::{MessageId, Trace, Violation};

use crate::{PlantedRule, Scenario};

mod probing;
mod stamping;
mod synchronisation;

/// How long a run may take, in virtual time, until everything is delivered: far longer than any that goes on.
const LIMIT: Time = Time::from_millis(600_000);

/// Short waits, so that runs are short.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(60), most: Duration::from_millis(500) };

/// A message of an experiment carries its own name, so that the trace can tell which one was delivered.
type Note = (u32, u64);

/// One row of the table: a protocol, the model that it assumes, the properties that it promises, and a function that runs it.
#[derive(Clone, Copy)]
pub struct Experiment {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The model: links, processes, timing.
    pub assumes: &'static str,
    /// What every run of it keeps.
    pub promises: &'static [Property],
    /// The rules that its layers enforce, and that can be broken on purpose.
    pub rules: &'static [PlantedRule],
    /// A promise that is not about broadcast, in words.
    pub says: Option<&'static str>,
    /// The rank whose crash it does not survive.
    pub needs: Option<Rank>,
    /// The most that a drawn scenario lets go wrong within the model.
    worst: fn() -> Faults,
    /// Whether a run comes to rest once all is delivered.
    rests: bool,
    runner: fn(&Scenario, &mut dyn Chooser) -> Run,
}

/// The points that no row reaches, and why: what they are about is outside of the models that the rows bear.
pub const OUT_OF_REACH: [(Point, &str); 3] = [
    (Point::AlteredDelivered, "links that alter what they carry need checksums; without, what is altered is unreadable and lost"),
    (Point::ForgedDelivered, "links that forge senders need authentication"),
    (Point::Lied, "no protocol of the table claims to bear liars"),
];

/// The most that a drawn scenario lets go wrong where processes are crash-stop and links fair-loss.
fn worst() -> Faults {
    let often = Chance::percent(20);
    let seldom = Chance::percent(5);
    let (gap, length) = (Duration::from_millis(400), Duration::from_millis(400));
    Faults {
        loss: Chance::percent(40),
        duplicate: Chance::percent(30),
        min_delay: Duration::from_micros(100),
        max_delay: Duration::from_millis(120),
        links: Links {
            losses_in_a_row: Some(4),
            queue: Some(12),
            overflow: Overflow::Any,
            bytes_per_second: Some(20_000),
            corrupt: seldom,
            replay: seldom,
            ..Links::PERFECT
        },
        timing: Timing::PartiallySynchronous { stabilises_within: Duration::from_secs(2), bound: Duration::from_millis(60) },
        partitions: Partitions { at_most: 3, gap, length, one_way: often, partial: often, bridge: often, flapping: often },
        pauses: Pauses { at_most: 2, gap: Duration::from_millis(500), length: Duration::from_millis(300) },
        clocks: Clocks { ahead: Duration::from_secs(5), drift: 10_000 },
        crashes: 1,
        detection: Some(Duration::from_millis(500)),
        chaos: Duration::from_secs(3),
        ..Faults::calm()
    }
}

/// The same where processes come back.
fn worst_with_restarts() -> Faults {
    Faults { crashes: 2, downtime: Some(Duration::from_millis(600)), ..worst() }
}

/// The same where they come back with what they made durable, and read the time of day.
fn worst_with_disks() -> Faults {
    let disk = Disk {
        sync: Duration::from_millis(60),
        spread: Spread::HeavyTail,
        unsynced: Chance::percent(60),
        torn: Chance::percent(50),
        room: Some(5),
        lost: Chance::percent(20),
    };
    let time_of_day = TimeOfDay {
        off: Duration::from_millis(100),
        at_most: 8,
        gap: Duration::from_millis(150),
        jump: Duration::from_millis(300),
        smear: Duration::from_millis(100),
        frozen: Duration::from_millis(300),
        ..TimeOfDay::RIGHT
    };
    Faults { disk, time_of_day, ..worst_with_restarts() }
}

/// The same where nobody reads the time of day.
fn worst_without_days() -> Faults {
    Faults { time_of_day: TimeOfDay::RIGHT, ..worst_with_disks() }
}

/// What came out of one run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was recorded.
    pub trace: Trace,
    /// The world's figures.
    pub stats: Stats,
    /// Which faults met the code that they were meant for.
    pub coverage: Coverage,
    /// How it ended.
    pub ending: Ending,
    /// What broke a promise that is not about a trace; empty if nothing did.
    pub broken: Vec<String>,
}

impl Experiment {
    /// Runs it once.
    pub fn run(&self, scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
        (self.runner)(scenario, chooser)
    }

    /// What is wrong with a run: promised properties that it breaks, and whether it came to rest. Nothing, if all is well.
    #[must_use]
    pub fn judge(&self, run: &Run) -> Vec<Failure> {
        let rests = run.ending == Ending::Quiescent;
        let judged: Vec<Property> = self.promises.iter().copied().filter(|property| rests || !property.is_liveness()).collect();
        let violations = check_all(&run.trace, &judged).into_iter().map(Failure::Violation);
        let restless = (self.rests && !rests).then_some(Failure::Restless(run.ending));
        violations.chain(restless).chain(run.broken.iter().cloned().map(Failure::Broken)).collect()
    }

    /// What a seed's run is made of: 2 to 5 processes, limits from 1 up, applications that take at once or slowly, and faults from calm to wild, all
    /// drawn from `chooser`.
    pub fn draw(&self, chooser: &mut dyn Chooser) -> Scenario {
        let mut pick = |options| chooser.choose(Site::Application, options);
        let (processes, tightness, messages) = (2 + pick(4), pick(3), 3 + pick(5));
        let limits = match tightness {
            0 => Limits::default(),
            1 => Limits { window: 2, credit: 3, control_credit: 1, held: 8, payload_bytes: 1 << 10 },
            _ => Limits::TINY,
        };
        let inbox = (pick(4) == 3).then_some(Inbox { room: 1, each: Duration::from_millis(5) });
        let faults = Faults { protected: self.needs.into_iter().collect(), ..(self.worst)() }.varied(chooser);
        Scenario { processes, talk: Talk { inbox, packet_bytes: 100, ..Talk::of(messages) }, faults, limits, without: None }
    }
}

impl fmt::Debug for Experiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Experiment").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A promised property is broken.
    Violation(Violation),
    /// Something should have gone on and did not, or goes on for ever.
    Restless(Ending),
    /// A promise that is not about a trace is broken: which, and when.
    Broken(String),
}

impl Failure {
    /// What is wrong, with the events of `trace` that show it.
    #[must_use]
    pub fn show(&self, trace: &Trace) -> String {
        match self {
            Self::Violation(violation) => violation.show(trace).to_string(),
            Self::Restless(_) | Self::Broken(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Broken(how) => f.write_str(how),
            Self::Restless(ending) => write!(f, "the run did not come to rest within {LIMIT}: it is {ending:?}"),
        }
    }
}

/// The table.
pub const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "perfect-link",
        assumes: "fair-loss links, crash-stop processes, asynchronous",
        promises: &[Property::NoDuplication, Property::NoCreation],
        rules: &[PlantedRule::Dedupe],
        says: None,
        needs: None,
        worst,
        rests: true,
        runner: |scenario, chooser| over_link(scenario, chooser, |me, life| link(scenario, me, life)),
    },
    Experiment {
        name: "best-effort",
        assumes: "perfect links, crash-stop processes, asynchronous",
        promises: &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation],
        rules: &[PlantedRule::Dedupe],
        says: None,
        needs: None,
        worst,
        rests: true,
        runner: |scenario, chooser| over_broadcast(scenario, chooser, |me, life| BestEffort::new(link::<Note>(scenario, me, life))),
    },
    Experiment {
        name: "reliable",
        assumes: "perfect links, crash-stop processes, asynchronous",
        promises: &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement],
        rules: &[PlantedRule::Dedupe],
        says: None,
        needs: None,
        worst,
        rests: true,
        runner: |scenario, chooser| over_broadcast(scenario, chooser, |me, life| reliable::<Note>(scenario, me, life)),
    },
    Experiment {
        name: "fifo",
        assumes: "reliable broadcast, crash-stop processes, asynchronous",
        promises: &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::FifoDelivery],
        rules: &[PlantedRule::Dedupe, PlantedRule::Fifo],
        says: None,
        needs: None,
        worst,
        rests: true,
        runner: |scenario, chooser| over_broadcast(scenario, chooser, |me, life| fifo::<Note>(scenario, me, life)),
    },
    Experiment {
        name: "causal",
        assumes: "reliable broadcast, crash-stop processes, asynchronous",
        promises: &[
            Property::Validity,
            Property::NoDuplication,
            Property::NoCreation,
            Property::Agreement,
            Property::FifoDelivery,
            Property::CausalDelivery,
        ],
        rules: &[PlantedRule::Dedupe, PlantedRule::Fifo, PlantedRule::Causal],
        says: None,
        needs: None,
        worst,
        rests: true,
        runner: |scenario, chooser| {
            over_broadcast(scenario, chooser, |me, life| {
                let order = CausalOrder::new(me, scenario.processes as usize, scenario.limits);
                let order = if let Some(rule) = scenario.without.and_then(PlantedRule::in_broadcast) { order.without(rule) } else { order };
                Ordered::new(order, reliable::<Stamped<_, Note>>(scenario, me, life), scenario.limits)
            })
        },
    },
    Experiment {
        name: "sequencer",
        assumes: "FIFO reliable broadcast, crash-stop processes of which the sequencer does not crash, asynchronous",
        promises: &[
            Property::Validity,
            Property::NoDuplication,
            Property::NoCreation,
            Property::Agreement,
            Property::TotalOrder,
            Property::FifoTotal,
        ],
        rules: &[PlantedRule::Total],
        says: None,
        needs: Some(Rank(0)),
        worst,
        rests: true,
        runner: |scenario, chooser| {
            over_broadcast(scenario, chooser, |me, life| {
                let sequencer = Sequencer::new(fifo(scenario, me, life), scenario.limits);
                if let Some(rule) = scenario.without.and_then(PlantedRule::in_broadcast) { sequencer.without(rule) } else { sequencer }
            })
        },
    },
    Experiment {
        name: "all-acknowledge",
        assumes: "FIFO reliable broadcast, crash-stop processes, a perfect detector; asynchronous otherwise",
        promises: &[
            Property::Validity,
            Property::NoDuplication,
            Property::NoCreation,
            Property::Agreement,
            Property::TotalOrder,
            Property::FifoTotal,
        ],
        rules: &[PlantedRule::Total],
        says: None,
        needs: None,
        worst,
        rests: true,
        runner: |scenario, chooser| {
            over_broadcast(scenario, chooser, |me, life| {
                let order = AllAcknowledge::new(fifo(scenario, me, life), scenario.limits);
                if let Some(rule) = scenario.without.and_then(PlantedRule::in_broadcast) { order.without(rule) } else { order }
            })
        },
    },
    Experiment {
        name: "partition-rule",
        assumes: "fair-loss links, crash-stop processes that may restart, clocks of one rate; symmetric partitions",
        promises: &[],
        rules: &[PlantedRule::Majority],
        says: Some("later than the detection bound after a symmetric partition, no two sides are writable"),
        needs: None,
        worst: worst_with_restarts,
        rests: false,
        runner: probing::partition_rule,
    },
    Experiment {
        name: "hybrid-clock",
        assumes: "fair-loss links, crash-recovery processes, disks that lose what was not synced, any time of day; asynchronous",
        promises: &[],
        rules: &[PlantedRule::Floor],
        says: Some("stamps grow along happened-before and through crashes, and are never further ahead of the time of day than the bound"),
        needs: None,
        worst: worst_with_disks,
        // A clock that was set back refuses, and who asked it last is left without an answer.
        rests: false,
        runner: stamping::stamping,
    },
    Experiment {
        name: "delta-sync",
        assumes: "fair-loss links, processes that recover or come back with nothing, in a new incarnation; asynchronous; a set",
        promises: &[],
        rules: &[PlantedRule::Acknowledge, PlantedRule::Whole, PlantedRule::Persist],
        says: Some(synchronisation::SAYS),
        needs: None,
        worst: worst_without_days,
        rests: true,
        runner: synchronisation::intervals,
    },
    Experiment {
        name: "text-sync",
        assumes: "fair-loss links, processes that recover or come back with nothing, in a new incarnation; asynchronous; a text",
        promises: &[],
        rules: &[PlantedRule::Acknowledge, PlantedRule::Whole, PlantedRule::Persist],
        says: Some(synchronisation::SAYS),
        needs: None,
        worst: worst_without_days,
        rests: true,
        runner: synchronisation::texts,
    },
    Experiment {
        name: "coded-sync",
        assumes: "fair-loss links, processes that recover or come back with nothing, in a new incarnation; asynchronous; a set",
        promises: &[],
        rules: &[PlantedRule::Acknowledge],
        says: Some(synchronisation::SAYS),
        needs: None,
        worst: worst_without_days,
        rests: true,
        runner: synchronisation::coded,
    },
    Experiment {
        name: "digest-sync",
        assumes: "fair-loss links, processes that recover or come back with nothing, in a new incarnation; asynchronous; a set",
        promises: &[],
        rules: &[PlantedRule::Acknowledge],
        says: Some(synchronisation::SAYS),
        needs: None,
        worst: worst_without_days,
        rests: true,
        runner: synchronisation::listed,
    },
];

/// The row of this name.
#[must_use]
pub fn experiment(name: &str) -> Option<&'static Experiment> {
    EXPERIMENTS.iter().find(|experiment| experiment.name == name)
}

fn link<T: Payload>(scenario: &Scenario, me: Rank, life: Incarnation) -> PerfectLink<T> {
    let link = PerfectLink::new(&View::of(scenario.processes), me, life, scenario.limits, BACKOFF);
    if let Some(rule) = scenario.without.and_then(PlantedRule::in_broadcast) { link.without(rule) } else { link }
}

fn reliable<T: Payload>(scenario: &Scenario, me: Rank, life: Incarnation) -> ReliableBroadcast<T> {
    let reliable = Reliable::new(link::<Relay<T>>(scenario, me, life), scenario.limits);
    if let Some(rule) = scenario.without.and_then(PlantedRule::in_broadcast) { reliable.without(rule) } else { reliable }
}

fn fifo<T: Payload>(scenario: &Scenario, me: Rank, life: Incarnation) -> FifoBroadcast<T> {
    let order = FifoOrder::new(me, scenario.processes as usize, scenario.limits);
    let order = if let Some(rule) = scenario.without.and_then(PlantedRule::in_broadcast) { order.without(rule) } else { order };
    Ordered::new(order, reliable(scenario, me, life), scenario.limits)
}

fn name(note: Note) -> MessageId {
    MessageId { origin: Rank(note.0), number: note.1 }
}

fn over_link<P: Link<Payload = Note>>(scenario: &Scenario, chooser: &mut dyn Chooser, build: impl FnMut(Rank, Incarnation) -> P) -> Run {
    let ask = |id: MessageId| Outgoing { to: To::Others, payload: (id.origin.0, id.number) };
    run(scenario, chooser, build, ask, |incoming: &Incoming<Note>| Some(name(incoming.payload)))
}

fn over_broadcast<P: Broadcast<Payload = Note>>(
    scenario: &Scenario,
    chooser: &mut dyn Chooser,
    build: impl FnMut(Rank, Incarnation) -> P,
) -> Run {
    let ask = |id: MessageId| {
        let note = (id.origin.0, id.number);
        if id.number % 4 == 3 { Cast::control(note) } else { Cast::body(note) }
    };
    run(scenario, chooser, build, ask, |delivery: &Delivery<Note>| Some(name(delivery.payload)))
}

fn run<P: Protocol>(
    scenario: &Scenario,
    chooser: &mut dyn Chooser,
    build: impl FnMut(Rank, Incarnation) -> P,
    ask: impl FnMut(MessageId) -> P::Request,
    hear: impl Fn(&P::Indication) -> Option<MessageId>,
) -> Run {
    let chatter = Chatter::new(scenario.processes, scenario.talk, ask, hear);
    let mut world = World::new(scenario.processes, scenario.faults.clone(), chooser, chatter, build);
    let ending = world.run_until(LIMIT);
    let coverage = world.coverage().clone();
    let (_, _, trace, stats) = world.into_parts();
    Run { trace, stats, coverage, ending, broken: Vec::new() }
}

#[cfg(test)]
mod tests {
    use tidings_sim::Seeded;

    use super::*;

    #[test]
    fn every_experiment_keeps_its_promises() {
        for experiment in EXPERIMENTS {
            for seed in 0..60 {
                let mut chooser = Seeded::new(seed);
                let scenario = experiment.draw(&mut chooser);
                let run = experiment.run(&scenario, &mut chooser);
                let failures = experiment.judge(&run);
                assert!(failures.is_empty(), "{} with seed {seed}: {}", experiment.name, failures[0]);
            }
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for (place, row) in EXPERIMENTS.iter().enumerate() {
            assert_eq!(EXPERIMENTS.iter().position(|other| other.name == row.name), Some(place));
            assert_eq!(experiment(row.name).map(|found| found.name), Some(row.name));
        }
        assert!(experiment("telepathy").is_none());
    }
}
