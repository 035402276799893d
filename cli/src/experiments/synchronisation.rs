//! Replicas that writers change at random times, while links lose, partitions come and processes crash: at rest all that live are in one state.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_crdt::sync::{DeltaSync, Key, Pace, Reconciler, Replica, Sketch, SyncLimits};
use tidings_crdt::{AddWinsSet, Text, TextDelta};
use tidings_protocol::{Incarnation, Protocol, Recover, Refused, View};
use tidings_sim::{Application, Chooser, Coverage, Ending, Faults, Site, Talk, World};

use super::{LIMIT, Run, Scenario};
use crate::PlantedRule;

/// An actor: a process and one of its lives, so that whoever forgot its past has a name of its own.
type Actor = (Rank, u32);

type Set = AddWinsSet<Actor, u8>;

/// Short waits, so that runs are short.
const PACE: Pace = Pace { first: Duration::from_millis(60), most: Duration::from_millis(500) };

/// What every row says of itself.
pub(super) const SAYS: &str =
    "at rest all live replicas are in one state, which has every change that was made durable and not lost with its disk";

/// Delta intervals with acknowledgements, of a set.
pub(super) fn intervals(scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
    run(scenario, chooser, intervals_of::<Set>(scenario))
}

/// The same of a text, whose deltas must come after what they build on.
pub(super) fn texts(scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
    run(scenario, chooser, intervals_of::<Text<Actor>>(scenario))
}

/// Reconciliation by coded symbols.
pub(super) fn coded(scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
    run(scenario, chooser, reconciled(scenario, Sketch::Coded))
}

/// Reconciliation by digests.
pub(super) fn listed(scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
    run(scenario, chooser, reconciled(scenario, Sketch::Listed))
}

/// As few deltas wait as the scenario lets messages be held, so that some are far behind and get the whole state.
fn intervals_of<R: Written>(scenario: &Scenario) -> impl FnMut(Rank, Incarnation) -> DeltaSync<R> {
    let view = View::of(scenario.processes);
    let deltas = usize::try_from(scenario.limits.held).unwrap_or(usize::MAX);
    let limits = SyncLimits { deltas, ..SyncLimits::default() };
    let broken = scenario.without.and_then(PlantedRule::in_synchronisation);
    move |me, life| {
        let sync = DeltaSync::new(&view, me, life, R::default(), limits, PACE);
        if let Some(rule) = broken { sync.without(rule) } else { sync }
    }
}

/// Deltas hold a few changes at most, so that what differs comes in several pieces and leaves gaps.
fn reconciled(scenario: &Scenario, sketch: Sketch) -> impl FnMut(Rank, Incarnation) -> Reconciler<Set> {
    let view = View::of(scenario.processes);
    let limits = SyncLimits { delta_bytes: 300, ..SyncLimits::default() };
    let broken = scenario.without.and_then(PlantedRule::in_synchronisation);
    move |me, _life| {
        let sync = Reconciler::new(&view, me, sketch, Key(1, 2), Set::new(), limits, PACE);
        if let Some(rule) = broken { sync.without(rule) } else { sync }
    }
}

/// A state that a writer knows how to change.
trait Written: Replica<Delta: Clone> + Clone + Default + PartialEq + Debug {
    /// Makes the change of this number, and returns its delta.
    fn change(&mut self, actor: Actor, number: u32) -> Self::Delta;
}

impl Written for Set {
    fn change(&mut self, actor: Actor, number: u32) -> Self {
        let element = u8::try_from(number % 8).expect("below 8");
        if number % 3 == 2 { self.remove(&element) } else { self.add(actor, element).expect("few dots") }
    }
}

impl Written for Text<Actor> {
    fn change(&mut self, actor: Actor, number: u32) -> TextDelta<Actor> {
        let place = number as usize % (self.len() + 1);
        let (end, words) = if number % 3 == 2 { ((place + 2).min(self.len()), "") } else { (place, "word") };
        self.splice(actor, place..end, words).expect("within the text")
    }
}

/// A protocol that synchronises a state.
trait Synchronises: Protocol<Request = <Self::State as Replica>::Delta> {
    type State: Written;

    fn state(&self) -> &Self::State;

    /// Whether it holds nothing that others could still want.
    fn rests(&self) -> bool;
}

impl<R: Written> Synchronises for DeltaSync<R> {
    type State = R;

    fn state(&self) -> &R {
        self.replica()
    }

    fn rests(&self) -> bool {
        self.waiting() == 0
    }
}

impl Synchronises for Reconciler<Set> {
    type State = Set;

    fn state(&self) -> &Set {
        self.state()
    }

    fn rests(&self) -> bool {
        self.agrees()
    }
}

/// The writers above the replicas of all processes.
struct Writers<S: Written> {
    talk: Talk,
    writers: Vec<Writer<S>>,
}

#[derive(Clone)]
struct Writer<S: Written> {
    /// The state as it was seen last, and the changes made since.
    seen: S,
    /// When to change what.
    plan: VecDeque<(Time, u32)>,
    lives: u32,
    /// What was asked for and is not known to be durable.
    asked: Vec<S::Delta>,
    /// What is durable, unless the disk was lost.
    durable: Vec<S::Delta>,
}

impl<S: Written> Writer<S> {
    fn new() -> Self {
        Self { seen: S::default(), plan: VecDeque::new(), lives: 0, asked: Vec::new(), durable: Vec::new() }
    }
}

impl<S: Written, P: Synchronises<State = S>> Application<P> for Writers<S> {
    fn started(&mut self, me: Rank, now: Time, chooser: &mut dyn Chooser) {
        let writer = &mut self.writers[me.index()];
        writer.lives += 1;
        let within = u32::try_from(self.talk.within.as_micros()).unwrap_or(u32::MAX).max(1);
        let mut draw = |options| chooser.choose(Site::Application, options);
        let mut change = || (now + Duration::from_micros(u64::from(draw(within))), draw(64));
        let mut plan: Vec<(Time, u32)> = (0..self.talk.messages).map(|_| change()).collect();
        plan.sort_unstable();
        writer.plan = plan.into();
    }

    fn next(&mut self, me: Rank, now: Time) -> Option<P::Request> {
        let writer = &mut self.writers[me.index()];
        let (_, number) = writer.plan.pop_front_if(|(time, _)| *time <= now)?;
        let delta = writer.seen.change((me, writer.lives), number);
        writer.asked.push(delta.clone());
        Some(delta)
    }

    /// No room: the change is given up.
    fn refused(&mut self, me: Rank, _: Time, _: Refused<P::Request, P::Refused>) {
        self.writers[me.index()].asked.pop();
    }

    fn indicated(&mut self, _: Rank, _: Time, _: P::Indication) {}

    fn deadline(&self, me: Rank) -> Option<Time> {
        self.writers[me.index()].plan.front().map(|(time, _)| *time)
    }

    /// All effects of what was asked for are carried out.
    fn observe(&mut self, me: Rank, protocol: &P, _: &mut Coverage) {
        let writer = &mut self.writers[me.index()];
        writer.durable.append(&mut writer.asked);
        writer.seen.clone_from(protocol.state());
    }

    fn weigh(&self, _: &P::Message) -> usize {
        self.talk.packet_bytes as usize
    }

    fn crashed(&mut self, me: Rank, _: Time) {
        let writer = &mut self.writers[me.index()];
        writer.seen = S::default();
        writer.asked.clear();
        writer.plan.clear();
    }
}

/// Runs the world to rest, and says which live replicas differ, which wait for something, and which changes are gone.
fn run<P>(scenario: &Scenario, chooser: &mut dyn Chooser, build: impl FnMut(Rank, Incarnation) -> P) -> Run
where
    P: Synchronises + Recover<Record: Clone>,
{
    // To exclude is final: of those who come back nobody is told that they are gone.
    let detection = scenario.faults.detection.filter(|_| scenario.faults.downtime.is_none());
    let faults = Faults { detection, ..scenario.faults.clone() };
    let writers = vec![Writer::new(); scenario.processes as usize];
    let mut world = World::new(scenario.processes, faults, chooser, Writers { talk: scenario.talk, writers }, build).recovering();
    let ending = world.run_until(LIMIT);
    let mut broken = Vec::new();
    let live: Vec<Rank> = world.live().collect();
    if let (Ending::Quiescent, Some(&first)) = (ending, live.first()) {
        let state = world.process(first).state();
        for &rank in &live {
            let protocol = world.process(rank);
            if protocol.state() != state {
                broken.push(format!("at rest {rank} has {:?}, and {first} has {state:?}", protocol.state()));
            }
            if !protocol.rests() {
                broken.push(format!("{rank} is at rest and holds what others may want"));
            }
            // Only a process whose disk is gone comes back in another incarnation.
            if world.incarnation(rank) == Incarnation::FIRST {
                let durable = &world.application().writers[rank.index()].durable;
                let gone = durable.iter().filter(|delta| !matches!(state.news(delta), Ok(None))).count();
                if gone > 0 {
                    broken.push(format!("{gone} of the {} changes that {rank} made durable are gone", durable.len()));
                }
            }
        }
    }
    let coverage = world.coverage().clone();
    let (_, _, trace, stats) = world.into_parts();
    Run { trace, stats, coverage, ending, broken }
}
