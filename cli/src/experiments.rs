use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings_broadcast::{
    AllAcknowledge, Backoff, BestEffort, Broadcast, Cast, CausalOrder, Delivery, FifoBroadcast, FifoOrder, Incoming, Link, Ordered,
    Outgoing, PerfectLink, Relay, Reliable, ReliableBroadcast, Rule, Sequencer, Stamped,
};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Incarnation, Limits, Payload, Protocol, To, View};
use tidings_quorum::{PartitionRule, Probing};
use tidings_sim::{Chance, Chatter, Chooser, Clocks, Ending, Faults, Partitions, Pauses, Property, Site, Stats, Talk, World, check_all};
use tidings_trace::{MessageId, Trace, Violation};

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
    pub rules: &'static [Rule],
    /// A promise that is not about broadcast, in words.
    pub says: Option<&'static str>,
    /// The rank whose crash it does not survive.
    pub needs: Option<Rank>,
    /// Whether a run comes to rest once all is delivered.
    rests: bool,
    runner: fn(&Scenario, &mut dyn Chooser) -> Run,
}

/// What one run is made of, apart from the choices: a run is a function of an experiment, a scenario and a seed.
///
/// In a file (TOML or JSON) whatever is left out is as in [`Scenario::default`]; of the limits all are given or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// How many processes.
    pub processes: u32,
    /// What the applications do.
    pub talk: Talk,
    /// What goes wrong.
    pub faults: Faults,
    /// How much a process may hold.
    pub limits: Limits,
    /// A rule that every layer which enforces it breaks.
    #[serde(skip)]
    pub without: Option<Rule>,
}

impl Default for Scenario {
    /// Three processes that say five messages each over links without faults, with the usual limits.
    fn default() -> Self {
        Self { processes: 3, talk: Talk::of(5), faults: Faults::calm(), limits: Limits::default(), without: None }
    }
}

/// The most that a drawn scenario lets go wrong.
fn worst() -> Faults {
    let passing = |at_most| Partitions {
        at_most,
        gap: Duration::from_millis(400),
        length: Duration::from_millis(400),
        one_way: Chance::percent(20),
        partial: Chance::percent(20),
        bridge: Chance::percent(20),
        flapping: Chance::percent(20),
    };
    Faults {
        loss: Chance::percent(40),
        duplicate: Chance::percent(30),
        min_delay: Duration::from_micros(100),
        max_delay: Duration::from_millis(120),
        partitions: passing(3),
        pauses: Pauses { at_most: 2, gap: Duration::from_millis(500), length: Duration::from_millis(300) },
        clocks: Clocks { ahead: Duration::from_secs(5), drift: 10_000 },
        crashes: 1,
        detection: Some(Duration::from_millis(500)),
        chaos: Duration::from_secs(3),
        ..Faults::calm()
    }
}

/// What came out of one run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was recorded.
    pub trace: Trace,
    /// The world's figures.
    pub stats: Stats,
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

    /// What a seed's run is made of: 2 to 5 processes, limits from 1 up, and faults from calm to wild, all drawn from `chooser`.
    pub fn draw(&self, chooser: &mut dyn Chooser) -> Scenario {
        let mut pick = |options| chooser.choose(Site::Application, options);
        let (processes, tightness, messages) = (2 + pick(4), pick(3), 3 + pick(5));
        let limits = match tightness {
            0 => Limits::default(),
            1 => Limits { window: 2, credit: 3, control_credit: 1, held: 8, payload_bytes: 1 << 10 },
            _ => Limits::TINY,
        };
        let faults = Faults { protected: self.needs.into_iter().collect(), ..worst() }.varied(chooser);
        Scenario { processes, talk: Talk::of(messages), faults, limits, without: None }
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
        rules: &[Rule::Dedupe],
        says: None,
        needs: None,
        rests: true,
        runner: |scenario, chooser| over_link(scenario, chooser, |me, life| link(scenario, me, life)),
    },
    Experiment {
        name: "best-effort",
        assumes: "perfect links, crash-stop processes, asynchronous",
        promises: &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation],
        rules: &[Rule::Dedupe],
        says: None,
        needs: None,
        rests: true,
        runner: |scenario, chooser| over_broadcast(scenario, chooser, |me, life| BestEffort::new(link::<Note>(scenario, me, life))),
    },
    Experiment {
        name: "reliable",
        assumes: "perfect links, crash-stop processes, asynchronous",
        promises: &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement],
        rules: &[Rule::Dedupe],
        says: None,
        needs: None,
        rests: true,
        runner: |scenario, chooser| over_broadcast(scenario, chooser, |me, life| reliable::<Note>(scenario, me, life)),
    },
    Experiment {
        name: "fifo",
        assumes: "reliable broadcast, crash-stop processes, asynchronous",
        promises: &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::FifoDelivery],
        rules: &[Rule::Dedupe, Rule::Fifo],
        says: None,
        needs: None,
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
        rules: &[Rule::Dedupe, Rule::Fifo, Rule::Causal],
        says: None,
        needs: None,
        rests: true,
        runner: |scenario, chooser| {
            over_broadcast(scenario, chooser, |me, life| {
                let order = CausalOrder::new(me, scenario.processes as usize, scenario.limits);
                let order = if let Some(rule) = scenario.without { order.without(rule) } else { order };
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
        rules: &[Rule::Total],
        says: None,
        needs: Some(Rank(0)),
        rests: true,
        runner: |scenario, chooser| {
            over_broadcast(scenario, chooser, |me, life| {
                let sequencer = Sequencer::new(fifo(scenario, me, life), scenario.limits);
                if let Some(rule) = scenario.without { sequencer.without(rule) } else { sequencer }
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
        rules: &[Rule::Total],
        says: None,
        needs: None,
        rests: true,
        runner: |scenario, chooser| {
            over_broadcast(scenario, chooser, |me, life| {
                let order = AllAcknowledge::new(fifo(scenario, me, life), scenario.limits);
                if let Some(rule) = scenario.without { order.without(rule) } else { order }
            })
        },
    },
    Experiment {
        name: "partition-rule",
        assumes: "fair-loss links, crash-stop processes, clocks of one rate; symmetric partitions",
        promises: &[],
        rules: &[],
        says: Some("later than the detection bound after a symmetric partition, no two sides are writable"),
        needs: None,
        rests: false,
        runner: partition_rule,
    },
];

/// The row of this name.
#[must_use]
pub fn experiment(name: &str) -> Option<&'static Experiment> {
    EXPERIMENTS.iter().find(|experiment| experiment.name == name)
}

fn link<T: Payload>(scenario: &Scenario, me: Rank, life: Incarnation) -> PerfectLink<T> {
    let link = PerfectLink::new(&View::of(scenario.processes), me, life, scenario.limits, BACKOFF);
    if let Some(rule) = scenario.without { link.without(rule) } else { link }
}

fn reliable<T: Payload>(scenario: &Scenario, me: Rank, life: Incarnation) -> ReliableBroadcast<T> {
    let reliable = Reliable::new(link::<Relay<T>>(scenario, me, life), scenario.limits);
    if let Some(rule) = scenario.without { reliable.without(rule) } else { reliable }
}

fn fifo<T: Payload>(scenario: &Scenario, me: Rank, life: Incarnation) -> FifoBroadcast<T> {
    let order = FifoOrder::new(me, scenario.processes as usize, scenario.limits);
    let order = if let Some(rule) = scenario.without { order.without(rule) } else { order };
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
    let (_, _, trace, stats) = world.into_parts();
    Run { trace, stats, ending, broken: Vec::new() }
}

/// How the partition rule probes.
fn probing() -> Probing {
    Probing::new(Duration::from_millis(100), Duration::from_millis(50)).expect("a timeout below the interval")
}

fn partition_rule(scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
    cut_in_two(scenario, chooser, probing().detection_bound())
}

/// Cuts the processes in two again and again, and looks at every step whether both sides are writable, from `bound` after each cut on.
fn cut_in_two(scenario: &Scenario, chooser: &mut dyn Chooser, bound: Duration) -> Run {
    let probing = probing();
    let processes = scenario.processes;
    let cuts: Vec<(Vec<Rank>, Duration)> = (0..scenario.talk.messages)
        .map(|_| {
            let side = (0..processes).map(Rank).filter(|_| chooser.choose(Site::Side, 2) == 1).collect();
            (side, probing.detection_bound() + Duration::from_millis(u64::from(chooser.choose(Site::Partition, 400))))
        })
        .collect();
    // Partitions are the script's; and clocks of different rates would count the bound differently.
    let faults = Faults { partitions: Partitions::NONE, clocks: Clocks::default(), ..scenario.faults.clone() };
    let build = |me, life| PartitionRule::new(&View::of(processes), me, life, probing);
    let mut world = World::new(processes, faults, chooser, (), build);
    let mut broken = Vec::new();
    for (side, length) in cuts {
        let _ = world.run_for(probing.interval());
        world.partition(&side);
        let cut = world.now();
        while world.now() < cut + length && world.step() {
            let after = world.now().since(cut);
            let mut writable = world.live().filter(|rank| world.process(*rank).writable(world.now()));
            if after >= bound
                && let Some(one) = writable.next()
                && let Some(other) = writable.find(|other| side.contains(other) != side.contains(&one))
            {
                broken.push(format!("{one} and {other} are both writable {after:?} after a partition came between them"));
                break;
            }
        }
        world.heal();
    }
    let ending = Ending::OutOfTime;
    let (_, _, trace, stats) = world.into_parts();
    Run { trace, stats, ending, broken }
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

    /// A rule that is broken in every layer that enforces it is noticed: the campaign is no formality.
    #[test]
    fn every_broken_rule_is_noticed() {
        for experiment in EXPERIMENTS {
            for &rule in experiment.rules {
                let noticed = (0..1_000).any(|seed| {
                    let mut chooser = Seeded::new(seed);
                    let scenario = Scenario { without: Some(rule), ..experiment.draw(&mut chooser) };
                    let run = experiment.run(&scenario, &mut chooser);
                    !experiment.judge(&run).is_empty()
                });
                assert!(noticed, "{} without {rule:?}", experiment.name);
            }
        }
    }

    #[test]
    fn later_than_the_bound_no_two_sides_are_writable() {
        let row = experiment("partition-rule").expect("it is in the table");
        let runs = (0..200).map(|seed| {
            let mut chooser = Seeded::new(seed);
            let scenario = row.draw(&mut chooser);
            row.run(&scenario, &mut chooser)
        });
        assert!(runs.into_iter().all(|run| run.broken.is_empty() && run.stats.partitions >= 3));

        // Right after the cut they are now and then: the check does look.
        let both = |seed| {
            let mut chooser = Seeded::new(seed);
            let scenario = row.draw(&mut chooser);
            !cut_in_two(&scenario, &mut chooser, Duration::ZERO).broken.is_empty()
        };
        assert!((0..200).any(both));
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
