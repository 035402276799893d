//! Visibility as the judge: what a replica shows must be a function of the operations it has seen (Burckhardt, Gotsman, Yang, Zawirski, *Replicated
//! Data Types: Specification, Verification, Optimality*, 2014, section 3), however they came to it.

pub mod situations;

use std::fmt;

use tidings_crdt::{Join, laws};

pub type Actor = u8;

/// A set of operations, by their numbers in the history. At most 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations(u64);

impl Operations {
    pub fn contains(self, operation: usize) -> bool {
        self.0 >> operation & 1 == 1
    }

    pub fn with(self, operation: usize) -> Self {
        Self(self.0 | 1 << operation)
    }

    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn only(self, keep: impl Fn(usize) -> bool) -> Self {
        self.iter().filter(|&operation| keep(operation)).fold(Self(0), Self::with)
    }

    pub fn is_within(self, other: Self) -> bool {
        self.without(other).0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let operation = (left != 0).then(|| left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            operation
        })
    }
}

/// One update: who made it, and which operations its replica had seen.
#[derive(Clone, Debug)]
pub struct Operation<U> {
    pub actor: Actor,
    pub update: U,
    pub seen: Operations,
}

/// All operations so far, in the order in which they were made.
pub type History<U> = Vec<Operation<U>>;

/// A type under test and what the literature says it means.
pub trait Specification {
    type State: Join + Clone + Default + PartialEq + fmt::Debug;
    type Update: Copy + fmt::Debug + 'static;
    type Value: PartialEq + fmt::Debug;
    type Context: PartialEq + fmt::Debug;

    /// The updates that a replica can make: with the deliveries, the alphabet of the histories.
    const UPDATES: &'static [Self::Update];
    /// Whether a history says the same after its replicas are renamed. Not where the order of the actors decides.
    const RENAMES: bool = true;
    /// Whether only values are compared: to see that what a wrong type shows is wrong, and not only how it is built.
    const VALUES_ALONE: bool = false;

    /// Makes the update and returns the delta.
    fn update(state: &mut Self::State, actor: Actor, update: Self::Update) -> Self::State;
    fn value(state: &Self::State) -> Self::Value;
    fn context(state: &Self::State) -> Self::Context;

    /// What must be seen by whoever has seen `visible`.
    fn specified_value(history: &History<Self::Update>, visible: Operations) -> Self::Value;
    /// What whoever has seen `visible` must know beyond the value, so that it can be joined: exactly that.
    fn specified_context(history: &History<Self::Update>, visible: Operations) -> Self::Context;
    /// Both, for a type of which they follow from the same.
    fn specified(history: &History<Self::Update>, visible: Operations) -> (Self::Value, Self::Context) {
        (Self::specified_value(history, visible), Self::specified_context(history, visible))
    }
    /// What is seen with the delta of `operation`, itself included.
    fn carried(_history: &History<Self::Update>, operation: usize) -> Operations {
        Operations::default().with(operation)
    }
}

/// One letter of the alphabet.
#[derive(Clone, Copy, Debug)]
pub enum Event<U> {
    Update {
        at: usize,
        update: U,
    },
    State {
        from: usize,
        to: usize,
    },
    /// The delta of an operation: any number of times, in any order, or never.
    Delta {
        operation: usize,
        to: usize,
    },
}

impl<U> Letter for Event<U> {
    fn replica(&self) -> usize {
        match self {
            Self::Update { at, .. } => *at,
            Self::State { to, .. } | Self::Delta { to, .. } => *to,
        }
    }

    fn reads(&self) -> Option<usize> {
        if let Self::State { from, .. } = self { Some(*from) } else { None }
    }

    fn makes(&self) -> bool {
        matches!(self, Self::Update { .. })
    }

    fn delivers(&self) -> Option<usize> {
        if let Self::Delta { operation, .. } = self { Some(*operation) } else { None }
    }
}

/// A history after which a replica is not as specified.
#[derive(Debug)]
pub struct Violation {
    events: String,
    what: String,
}

impl Violation {
    pub const fn new(events: String, what: String) -> Self {
        Self { events, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {}: {}", self.events, self.what)
    }
}

pub struct World<S: Specification> {
    states: Vec<S::State>,
    seen: Vec<Operations>,
    history: History<S::Update>,
    deltas: Vec<S::State>,
}

/// What a step replaced.
struct Undo<S: Specification> {
    replica: usize,
    state: S::State,
    seen: Operations,
    updated: bool,
}

impl<S: Specification> World<S> {
    pub fn new(replicas: usize) -> Self {
        let states = (0..replicas).map(|_| S::State::default()).collect();
        Self { states, seen: vec![Operations::default(); replicas], history: Vec::new(), deltas: Vec::new() }
    }

    pub fn states(&self) -> &[S::State] {
        &self.states
    }

    pub fn deltas(&self) -> &[S::State] {
        &self.deltas
    }

    /// Does what the event says and compares the replica that it happens at with the specification.
    pub fn step(&mut self, event: Event<S::Update>) -> Result<(), String> {
        self.take_step(event).1
    }

    fn take_step(&mut self, event: Event<S::Update>) -> (Undo<S>, Result<(), String>) {
        let replica = event.replica();
        let mut undo = Undo { replica, state: self.states[replica].clone(), seen: self.seen[replica], updated: false };
        let kept = match event {
            Event::Update { at, update } => {
                undo.updated = true;
                let actor = Actor::try_from(at).expect("few replicas");
                let delta = S::update(&mut self.states[at], actor, update);
                let kept = match laws::mutates(&undo.state, &self.states[at], &delta) {
                    Err(broken) if !S::VALUES_ALONE => Err(broken.to_string()),
                    _ => Ok(()),
                };
                self.history.push(Operation { actor, update, seen: self.seen[at] });
                self.deltas.push(delta);
                self.seen[at] = self.seen[at].with(self.history.len() - 1);
                kept.and_then(|()| self.check_delta(self.history.len() - 1))
            }
            Event::State { from, to } => {
                self.seen[to] = self.seen[to].union(self.seen[from]);
                let incoming = self.states[from].clone();
                self.join(to, &incoming)
            }
            Event::Delta { operation, to } => {
                self.seen[to] = self.seen[to].union(S::carried(&self.history, operation));
                let incoming = self.deltas[operation].clone();
                self.join(to, &incoming)
            }
        };
        let result = kept.and_then(|()| self.check(replica, undo.updated));
        (undo, result)
    }

    fn undo(&mut self, undo: Undo<S>) {
        self.states[undo.replica] = undo.state;
        self.seen[undo.replica] = undo.seen;
        if undo.updated {
            self.history.pop();
            self.deltas.pop();
        }
    }

    fn join(&mut self, to: usize, incoming: &S::State) -> Result<(), String> {
        let before = self.states[to].clone();
        let changed = self.states[to].join(incoming);
        if S::VALUES_ALONE {
            return Ok(());
        }
        if changed != (self.states[to] != before) {
            return Err(format!("join said {changed}, and took {before:?} to {:?}", self.states[to]));
        }
        if self.states[to].join(incoming) {
            return Err("the same again was news".into());
        }
        if incoming.clone().joined(&before) != self.states[to] {
            return Err("the other way round it is another state".into());
        }
        Ok(())
    }

    /// The delta by itself is the state of one who has seen just what it carries.
    fn check_delta(&self, operation: usize) -> Result<(), String> {
        if S::VALUES_ALONE {
            return Ok(());
        }
        let carried = S::carried(&self.history, operation);
        let (found, due) = (S::context(&self.deltas[operation]), S::specified_context(&self.history, carried));
        if found != due {
            return Err(format!("the delta's context is {found:?}, not {due:?}"));
        }
        Ok(())
    }

    /// Value, context, and that the state is the join of the deltas of what was seen, and of nothing else. After an update the laws of the mutator have
    /// already said the last.
    fn check(&self, replica: usize, updated: bool) -> Result<(), String> {
        let (state, seen) = (&self.states[replica], self.seen[replica]);
        let (value, context) = S::specified(&self.history, seen);
        let found = S::value(state);
        if found != value {
            return Err(format!("replica {replica} shows {found:?}, not {value:?}"));
        }
        if S::VALUES_ALONE {
            return Ok(());
        }
        let found = S::context(state);
        if found != context {
            return Err(format!("replica {replica} has the context {found:?}, not {context:?}"));
        }
        if updated {
            return Ok(());
        }
        let mut of_deltas = S::State::default();
        for operation in seen.iter() {
            of_deltas.join(&self.deltas[operation]);
        }
        if of_deltas != *state {
            return Err(format!("replica {replica} is {state:?}, but its deltas make {of_deltas:?}"));
        }
        Ok(())
    }

    /// Gives every replica the delta of every operation, those of each in its own order and some twice: then all must show the same.
    pub fn heal(&mut self, shuffle: &[u8]) -> Result<(), String> {
        for to in 0..self.states.len() {
            let mut operations: Vec<usize> = (0..self.history.len()).collect();
            let mut choices = shuffle.iter().cycle().skip(to);
            let mut choose = |n: usize| choices.next().map_or(0, |&choice| usize::from(choice) % n);
            for place in (1..operations.len()).rev() {
                operations.swap(place, choose(place + 1));
            }
            for operation in operations {
                for _ in 0..=choose(2) {
                    self.step(Event::Delta { operation, to })?;
                }
            }
        }
        match self.states.iter().position(|state| *state != self.states[0]) {
            Some(replica) => Err(format!("replica {replica} is {:?}, but replica 0 is {:?}", self.states[replica], self.states[0])),
            None => Ok(()),
        }
    }
}

/// A letter of an alphabet, as what it has to do with others.
pub trait Letter {
    /// The replica that it changes.
    fn replica(&self) -> usize;

    /// Another one that it looks at.
    fn reads(&self) -> Option<usize> {
        None
    }

    /// Whether it makes an operation.
    fn makes(&self) -> bool;

    /// The operation that it brings, by its number.
    fn delivers(&self) -> Option<usize>;
}

/// Whether the event cannot be moved before one of a greater replica, past events that it has nothing to do with: of all orders of the same history only the first by
/// replicas is run.
pub fn is_least<E: Letter>(events: &[E], event: &E) -> bool {
    let mut made = events.iter().filter(|event| event.makes()).count();
    for before in events.iter().rev() {
        made -= usize::from(before.makes());
        let named = before.makes() && event.delivers() == Some(made);
        let read = before.reads() == Some(event.replica()) || event.reads() == Some(before.replica());
        if named || read || before.replica() == event.replica() {
            return true;
        }
        if before.replica() > event.replica() {
            return false;
        }
    }
    true
}

/// Runs all histories of 3 replicas and `events` events, up to renaming of replicas where that is meaningless, and says how many there are.
///
/// # Errors
/// The first history after which something is not as specified.
pub fn exhaust<S: Specification>(events: usize) -> Result<u64, Violation> {
    let mut search = Search::<S> { world: World::new(3), events: Vec::new(), histories: 0, see: &mut |_| {} };
    search.go(events, if S::RENAMES { 0 } else { 3 })?;
    Ok(search.histories)
}

/// Shows the world after every event of the histories that [`exhaust`] runs.
///
/// # Errors
/// The first history after which something is not as specified.
pub fn visit<S: Specification>(events: usize, see: &mut dyn FnMut(&World<S>)) -> Result<(), Violation> {
    Search::<S> { world: World::new(3), events: Vec::new(), histories: 0, see }.go(events, if S::RENAMES { 0 } else { 3 })
}

/// How many histories [`exhaust`] must find, by counting and not by running.
///
/// Of the 6 renamings all give different histories, but where one replica alone took part the two others can be swapped.
pub fn histories<S: Specification>(events: u32) -> u64 {
    let all = all_histories::<S>(events);
    if !S::RENAMES {
        return all;
    }
    let alone = 3 * (S::UPDATES.len() as u64).pow(events);
    (all - alone) / 6 + alone / 3
}

/// The same with replicas told apart: with k updates there are 3k + 6 + 2d letters after d updates.
pub fn all_histories<S: Specification>(events: u32) -> u64 {
    fn all(updates: u64, made: u64, left: u32) -> u64 {
        match left {
            0 => 1,
            _ => 3 * updates * all(updates, made + 1, left - 1) + (6 + 2 * made) * all(updates, made, left - 1),
        }
    }
    all(S::UPDATES.len() as u64, 0, events)
}

struct Search<'s, S: Specification> {
    see: &'s mut dyn FnMut(&World<S>),
    world: World<S>,
    events: Vec<Event<S::Update>>,
    histories: u64,
}

impl<S: Specification> Search<'_, S> {
    /// Appends every letter in turn. Of the replicas that took no part yet only the first may be named next.
    fn go(&mut self, left: usize, named: usize) -> Result<(), Violation> {
        if left == 0 {
            self.histories += 1;
            return Ok(());
        }
        let next = (named + 1).min(3);
        for at in 0..next {
            for &update in S::UPDATES {
                self.try_event(left, named.max(at + 1), Event::Update { at, update })?;
            }
            let named = named.max(at + 1);
            for to in (0..(named + 1).min(3)).filter(|&to| to != at) {
                self.try_event(left, named.max(to + 1), Event::State { from: at, to })?;
            }
        }
        for operation in 0..self.world.history.len() {
            let origin = usize::from(self.world.history[operation].actor);
            for to in (0..next).filter(|&to| to != origin) {
                self.try_event(left, named.max(to + 1), Event::Delta { operation, to })?;
            }
        }
        Ok(())
    }

    fn try_event(&mut self, left: usize, named: usize, event: Event<S::Update>) -> Result<(), Violation> {
        self.events.push(event);
        let (undo, result) = self.world.take_step(event);
        result.map_err(|what| Violation { events: format!("{:?}", self.events), what })?;
        (self.see)(&self.world);
        self.go(left - 1, named)?;
        self.world.undo(undo);
        self.events.pop();
        Ok(())
    }
}

/// A history drawn at random: each entry chooses one letter. Some states met on the way must keep the laws of a join, and all must agree at the end.
///
/// # Errors
/// What is not as specified.
pub fn wander<S: Specification>(choices: &[[u8; 3]]) -> Result<(), Violation> {
    const REPLICAS: usize = 4;
    let mut world = World::<S>::new(REPLICAS);
    let mut events = Vec::new();
    let mut met = vec![S::State::default()];
    for &[kind, one, other] in choices {
        let (at, to) = (usize::from(one) % REPLICAS, usize::from(other) % REPLICAS);
        let event = match kind % 4 {
            0 if at != to => Event::State { from: at, to },
            1 | 2 if !world.history.is_empty() => Event::Delta { operation: usize::from(one) % world.history.len(), to },
            _ => Event::Update { at, update: S::UPDATES[usize::from(other) % S::UPDATES.len()] },
        };
        events.push(event);
        world.step(event).map_err(|what| Violation { events: format!("{events:?}"), what })?;
        met.push(world.states()[to].clone());
    }
    met.extend_from_slice(world.deltas());
    let pick = |choice: u8| &met[usize::from(choice) % met.len()];
    for &[a, b, c] in choices {
        laws::joins(pick(a), pick(b), pick(c)).map_err(|broken| Violation {
            events: format!("{events:?}"),
            what: format!("{broken}: {:?}, {:?}, {:?}", pick(a), pick(b), pick(c)),
        })?;
    }
    let shuffle: Vec<u8> = choices.iter().flatten().copied().collect();
    world.heal(&shuffle).map_err(|what| Violation { events: format!("{events:?}, then all deltas"), what })
}
