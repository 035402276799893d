//! What stands above a replica in the simulated world: a writer who changes the state at random times.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_crdt::{Decompose, Join};
use tidings_protocol::{Incarnation, Protocol, Recover, Refused};
use tidings_sim::{Application, Chooser, Coverage, Ending, Faults, Pauses, Seeded, Site, Stats, World};

/// An actor: a process and one of its lives, so that what forgot its past has a name of its own.
pub type Actor = u32;

/// A protocol that synchronises a state.
pub trait Synchronises: Protocol {
    type State: Decompose + PartialEq + Debug;
    fn state(&self) -> &Self::State;
    fn ask(delta: Self::State) -> Self::Request;
    /// Whether it holds no more than it may, and nothing that others could still want when the world is at rest.
    fn rests(&self) -> bool;
}

/// A state that a writer knows how to change.
pub trait Written: Decompose + PartialEq + Debug {
    /// Makes the change of this number, and returns its delta.
    fn change(&mut self, actor: Actor, number: u32) -> Self;
}

/// The writers of all processes.
pub struct Writers<S> {
    changes: u32,
    within: Duration,
    /// The state as each writer saw it last.
    seen: Vec<S>,
    times: Vec<VecDeque<(Time, u32)>>,
    lives: Vec<u32>,
    /// What was asked for last and not yet known to be refused; what was taken.
    asked: Vec<Option<S>>,
    taken: Vec<Vec<S>>,
    pub rejected: u32,
}

impl<S: Written> Writers<S> {
    pub fn new(processes: u32, changes: u32) -> Self {
        let count = processes as usize;
        Self {
            changes,
            within: Duration::from_secs(1),
            seen: vec![S::default(); count],
            times: vec![VecDeque::new(); count],
            lives: vec![0; count],
            asked: vec![None; count],
            taken: vec![Vec::new(); count],
            rejected: 0,
        }
    }
}

impl<S: Written, P: Synchronises<State = S>> Application<P> for Writers<S> {
    fn started(&mut self, me: Rank, now: Time, chooser: &mut dyn Chooser) {
        let me = me.index();
        self.lives[me] += 1;
        let micros = u32::try_from(self.within.as_micros()).unwrap();
        let mut times: Vec<(Time, u32)> = (0..self.changes)
            .map(|_| {
                (now + Duration::from_micros(u64::from(chooser.choose(Site::Application, micros))), chooser.choose(Site::Application, 64))
            })
            .collect();
        times.sort_unstable();
        self.times[me] = times.into();
    }

    fn next(&mut self, me: Rank, now: Time) -> Option<P::Request> {
        let index = me.index();
        self.taken[index].extend(self.asked[index].take());
        let (_, number) = self.times[index].pop_front_if(|(time, _)| *time <= now)?;
        let delta = self.seen[index].change(me.0 * 100 + self.lives[index], number);
        self.asked[index] = Some(delta.clone());
        Some(P::ask(delta))
    }

    fn refused(&mut self, me: Rank, _: Time, _: Refused<P::Request, P::Refused>) {
        panic!("{me} refused a small change");
    }

    fn indicated(&mut self, _: Rank, _: Time, _: P::Indication) {}

    fn deadline(&self, me: Rank) -> Option<Time> {
        self.times[me.index()].front().map(|(time, _)| *time)
    }

    fn observe(&mut self, me: Rank, protocol: &P, _: &mut Coverage) {
        self.seen[me.index()] = protocol.state().clone();
    }

    fn rejected(&mut self, _: Rank, _: Time, _: Rank, _: P::Rejected) {
        self.rejected += 1;
    }

    fn crashed(&mut self, me: Rank, _: Time) {
        self.times[me.index()].clear();
        self.asked[me.index()] = None;
        self.seen[me.index()] = S::default();
    }
}

/// How processes come back after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comeback {
    Never,
    WithNothing,
    WithAllThatIsDurable,
}

/// Everything at once, for three seconds.
pub fn wild() -> Faults {
    Faults {
        pauses: Pauses { at_most: 2, gap: Duration::from_millis(400), length: Duration::from_millis(300) },
        chaos: Duration::from_secs(3),
        crashes: 2,
        ..Faults::wild()
    }
}

/// Runs the world until nothing happens any more, and says what is wrong then: who differs, what was lost, who does not rest.
pub fn run<P>(
    seed: u64,
    faults: Faults,
    comeback: Comeback,
    changes: u32,
    build: impl FnMut(Rank, Incarnation) -> P,
) -> Result<Stats, String>
where
    P: Synchronises<State: Written> + Recover<Record: Clone>,
{
    let processes = 2 + u32::try_from(seed % 3).unwrap();
    let faults = match comeback {
        Comeback::Never => faults,
        // Who comes back is not told of as gone: that would be final.
        _ => Faults { downtime: Some(Duration::from_millis(700)), detection: None, ..faults },
    };
    let mut world = World::new(processes, faults, Seeded::new(seed), Writers::new(processes, changes), build);
    if comeback == Comeback::WithAllThatIsDurable {
        world = world.recovering();
    }
    let ending = world.run_until(Time::from_millis(600_000));
    if ending != Ending::Quiescent {
        return Err(format!("{ending:?}"));
    }
    let live: Vec<Rank> = world.live().collect();
    let Some(&one) = live.first() else { return Ok(*world.stats()) };
    let first = world.process(one).state();
    for &rank in &live {
        let protocol = world.process(rank);
        if protocol.state() != first {
            return Err(format!("{rank} has {:?}, {} has {first:?}", protocol.state(), one));
        }
        if !protocol.rests() {
            return Err(format!("{rank} holds what nobody wants"));
        }
        let lost = world.application().taken[rank.index()].iter().find(|delta| first.clone().join(delta));
        if let (Some(lost), true) = (lost, comeback != Comeback::WithNothing) {
            return Err(format!("{rank} had {lost:?}, which is lost"));
        }
    }
    Ok(*world.stats())
}

impl Written for tidings_crdt::AddWinsSet<Actor, u8> {
    fn change(&mut self, actor: Actor, number: u32) -> Self {
        let element = u8::try_from(number % 8).unwrap();
        if number % 3 == 2 { self.remove(&element) } else { self.add(actor, element).expect("few dots") }
    }
}

impl Written for tidings_crdt::AddWinsMap<Actor, u8, tidings_crdt::MvRegister<Actor, u32>> {
    fn change(&mut self, actor: Actor, number: u32) -> Self {
        let key = u8::try_from(number % 4).unwrap();
        if number % 5 == 4 { self.remove(&key) } else { self.update(key, |register| register.write(actor, number)).expect("few dots") }
    }
}

impl Written for tidings_crdt::PnCounter<Actor> {
    fn change(&mut self, actor: Actor, number: u32) -> Self {
        if number.is_multiple_of(2) { self.add(actor, u64::from(number)) } else { self.take(actor, u64::from(number)) }.expect("small")
    }
}
