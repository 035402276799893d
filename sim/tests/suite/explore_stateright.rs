//! Without reductions the search counts as many states as stateright does on the same models, written down once more without any of its devices.

use std::collections::BTreeSet;

use crate::explored::{Flood, Insist, Name, Shout, Toy, explore};
use stateright::{Checker, Model, Property as Expectation};
use tidings_protocol::{Effect, Outbox, Protocol, Rank, Time, To};
use tidings_sim::explore::{Exploration, Links, Reductions, Scope};

struct World {
    scope: Scope,
    links: Links,
    ordered: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State<T, M> {
    processes: Vec<Process<T>>,
    /// Sorted, or only by channel.
    flight: Vec<(Rank, Rank, M)>,
    scope: Left,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Process<T> {
    protocol: Option<T>,
    broadcasts: u64,
    delivered: BTreeSet<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Left {
    losses: u32,
    duplicates: u32,
    crashes: u32,
    wakes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Action<M> {
    Ask(usize, Option<u32>),
    Arrive((Rank, Rank, M), bool, Option<u32>),
    Lose((Rank, Rank, M)),
    Wake(usize, Option<u32>),
    Crash(usize),
}

/// An input, by the crash that cuts it off.
type Input<M> = Box<dyn Fn(Option<u32>) -> Action<M>>;

/// Whether a crash may leave these effects done and the others not, where `sends` says which are sends: all until some effect, and after that only sends,
/// with nothing else in between.
fn may_leave(done: u32, sends: &[bool]) -> bool {
    let Some(first) = (0..sends.len()).find(|effect| done >> effect & 1 == 0) else { return false };
    let later = (first..sends.len()).filter(|effect| done >> effect & 1 == 1);
    done != 0 && later.into_iter().all(|effect| sends[first..=effect].iter().all(|is_send| *is_send))
}

/// The effects of an outbox that `cut` says, then a crash; or all of them. Which of them are sends.
fn carry<T: Toy>(state: &mut State<T, T::Message>, at: usize, ordered: bool, outbox: &mut Outbox<T>, cut: Option<u32>) -> Vec<bool> {
    let from = Rank::new(at);
    let mut sends = vec![];
    let mut flight = vec![];
    for effect in outbox.drain() {
        match effect {
            Effect::Send { to, message } => {
                let all = match to {
                    To::One(to) => vec![to],
                    To::Others => (0..state.processes.len()).map(Rank::new).filter(|to| *to != from).collect(),
                };
                for to in all {
                    if cut.is_none_or(|cut| cut >> sends.len() & 1 == 1) {
                        flight.push((from, to, message.clone()));
                    }
                    sends.push(true);
                }
            }
            Effect::Indicate(name) => {
                if cut.is_none_or(|cut| cut >> sends.len() & 1 == 1) {
                    state.processes[at].delivered.insert(name);
                }
                sends.push(false);
            }
            Effect::Persist(_) => sends.push(false),
        }
    }
    state.flight.extend(flight);
    if cut.is_some() {
        state.processes[at].protocol = None;
        state.scope.crashes -= 1;
    }
    let State { processes, flight, .. } = state;
    flight.retain(|(_, to, _)| processes[to.index()].protocol.is_some());
    if ordered {
        flight.sort_by_key(|(from, to, _)| (*from, *to));
    } else {
        flight.sort();
    }
    sends
}

/// A state, and which effects of the input that led there are sends.
type After<T> = (State<T, <T as Protocol>::Message>, Vec<bool>);

struct Toys<T>(World, std::marker::PhantomData<T>);

impl<T: Toy> Toys<T> {
    /// The state after an action, and which effects of its input are sends; `None` if a request is refused.
    fn after(&self, state: &State<T, T::Message>, action: &Action<T::Message>) -> Option<After<T>> {
        let mut state = state.clone();
        let mut outbox = Outbox::new();
        let (at, cut) = match action {
            Action::Ask(at, cut) => {
                let process = &mut state.processes[*at];
                let name = (Rank::new(*at), process.broadcasts);
                process.protocol.as_mut()?.request(Time::ZERO, name, &mut outbox).ok()?;
                process.broadcasts += 1;
                (*at, *cut)
            }
            Action::Arrive(packet, copy, cut) => {
                if *copy {
                    state.scope.duplicates -= 1;
                } else {
                    let place = state.flight.iter().position(|other| other == packet)?;
                    state.flight.remove(place);
                }
                let (from, to, message) = packet.clone();
                let _ = state.processes[to.index()].protocol.as_mut()?.receive(Time::ZERO, from, message, &mut outbox);
                (to.index(), *cut)
            }
            Action::Lose(packet) => {
                let place = state.flight.iter().position(|other| other == packet)?;
                state.flight.remove(place);
                state.scope.losses -= 1;
                return Some((state, vec![]));
            }
            Action::Wake(at, cut) => {
                state.scope.wakes -= 1;
                state.processes[*at].protocol.as_mut()?.wake(Time::from_millis(1), &mut outbox);
                (*at, *cut)
            }
            Action::Crash(at) => (*at, Some(0)),
        };
        let sends = carry(&mut state, at, self.0.ordered, &mut outbox, cut);
        Some((state, sends))
    }
}

impl<T: Toy + Send + Sync + 'static> Model for Toys<T>
where
    T::Message: Send + Sync + 'static,
{
    type State = State<T, T::Message>;
    type Action = Action<T::Message>;

    fn init_states(&self) -> Vec<Self::State> {
        let Scope { processes, losses, duplicates, crashes, wakes, .. } = self.0.scope;
        let process = |rank| Process { protocol: Some(T::at(Rank(rank))), broadcasts: 0, delivered: BTreeSet::new() };
        let scope = Left { losses, duplicates, crashes, wakes };
        vec![State { processes: (0..processes).map(process).collect(), flight: vec![], scope }]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        let mut inputs: Vec<Input<T::Message>> = vec![];
        for (place, packet) in state.flight.iter().enumerate() {
            let is_first = !state.flight[..place].iter().any(|(from, to, _)| (*from, *to) == (packet.0, packet.1));
            for copy in [false, true] {
                if (!copy || state.scope.duplicates > 0) && (is_first || !self.0.ordered) {
                    let packet = packet.clone();
                    inputs.push(Box::new(move |cut| Action::Arrive(packet.clone(), copy, cut)));
                }
            }
            let crashed = state.processes[packet.0.index()].protocol.is_none();
            if state.scope.losses > 0 && (crashed || self.0.links == Links::FairLoss) {
                actions.push(Action::Lose(packet.clone()));
            }
        }
        for (at, process) in state.processes.iter().enumerate() {
            let Some(protocol) = &process.protocol else { continue };
            if process.broadcasts < u64::from(self.0.scope.messages) {
                inputs.push(Box::new(move |cut| Action::Ask(at, cut)));
            }
            if state.scope.wakes > 0 && protocol.deadline().is_some() {
                inputs.push(Box::new(move |cut| Action::Wake(at, cut)));
            }
            if state.scope.crashes > 0 {
                actions.push(Action::Crash(at));
            }
        }
        for input in inputs {
            let Some((_, sends)) = self.after(state, &input(None)) else { continue };
            actions.push(input(None));
            if state.scope.crashes > 0 {
                actions.extend((0..1 << sends.len()).filter(|done| may_leave(*done, &sends)).map(|done| input(Some(done))));
            }
        }
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.after(state, &action).map(|(state, _)| state)
    }

    fn properties(&self) -> Vec<Expectation<Self>> {
        // A search without anything to look for would stop at once.
        vec![Expectation::always("all is searched", |_, _| true)]
    }
}

fn same_count<T: Toy + Send + Sync + 'static>(text: &str, links: Links) -> [u64; 2]
where
    T::Message: Send + Sync + 'static,
{
    let scope: Scope = text.parse().unwrap();
    [false, true].map(|ordered| {
        let exploration =
            Exploration { links, ordered, detection: false, progress: false, ..Exploration::of(scope, &[]).with(Reductions::NONE) };
        let counts = explore::<T>(exploration).unwrap();
        let checker = Toys::<T>(World { scope, links, ordered }, std::marker::PhantomData).checker().spawn_bfs().join();
        assert_eq!(checker.unique_state_count() as u64, counts.states, "{text}, ordered: {ordered}");
        counts.states
    })
}

#[test]
fn states_are_as_many_as_stateright_counts() {
    for text in ["2x2", "3x1", "2x2,duplicates=1", "2x1,losses=1,crashes=1", "3x1,crashes=1"] {
        same_count::<Shout>(text, Links::Reliable);
    }
    let mut fewer = 0;
    for text in ["2x2", "3x1", "2x2,losses=1,duplicates=1,crashes=1"] {
        let [any, ordered] = same_count::<Flood>(text, Links::Reliable);
        assert!(any > 40, "{text}");
        fewer += u32::from(ordered < any);
    }
    assert!(fewer > 0);
    for text in ["2x1,losses=1,wakes=1", "2x2,losses=1,duplicates=1,wakes=1", "2x1,losses=2,wakes=2"] {
        assert!(same_count::<Insist>(text, Links::FairLoss)[0] > 40, "{text}");
    }
}
