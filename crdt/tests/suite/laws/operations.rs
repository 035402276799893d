//! The same types in operation form: in every history of causal delivery the state form, the delta form and the operation form must show the same, know the same,
//! and be as specified, whether the log is never pruned or as soon as anything is stable.

use std::fmt;
use std::rc::Rc;

use tidings_clocks::{EventStamp, Rank, VectorClock};
use tidings_crdt::Join;
use tidings_crdt::pure::{Limits, Pure, Rejected, Replica, Stamped};

use crate::laws::oracle::{Actor, History, Letter, Operation, Operations, Specification, Violation, is_least};

/// A specification of a type that has an operation form too.
pub trait Operated: Specification {
    type Pure: Pure<Operation: fmt::Debug, Refused: fmt::Debug + PartialEq> + Clone + fmt::Debug;

    /// The operation that the update is, as things stand at this replica; `None` if there is nothing to say.
    fn operation(replica: &Replica<Self::Pure>, update: Self::Update) -> Option<<Self::Pure as Pure>::Operation>;

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value;

    /// Whether to prune, wrongly, all that is delivered.
    const EAGER: bool = false;

    /// What it must show. Not the specified value itself where the operation form shows that in another order.
    fn specified_shown(history: &History<Self::Update>, visible: Operations) -> Self::Value {
        Self::specified_value(history, visible)
    }
}

/// One letter of the alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event<U> {
    Update {
        at: usize,
        update: U,
    },
    /// Of an operation that is not delivered there, and all of whose past is.
    Delivery {
        operation: usize,
        to: usize,
    },
}

impl<U> Letter for Event<U> {
    fn replica(&self) -> usize {
        match self {
            Self::Update { at, .. } => *at,
            Self::Delivery { to, .. } => *to,
        }
    }

    fn makes(&self) -> bool {
        matches!(self, Self::Update { .. })
    }

    fn delivers(&self) -> Option<usize> {
        if let Self::Delivery { operation, .. } = self { Some(*operation) } else { None }
    }
}

type Message<S> = Stamped<<<S as Operated>::Pure as Pure>::Operation>;

/// The same replicas in three forms, the third of them twice. What a step does not change is shared with the world before it.
pub struct World<S: Operated> {
    by_state: Vec<Rc<S::State>>,
    by_delta: Vec<Rc<S::State>>,
    /// Whose log is never pruned.
    whole: Vec<Rc<Replica<S::Pure>>>,
    /// Whose log is pruned as soon as it can be.
    pruned: Vec<Rc<Replica<S::Pure>>>,
    seen: Vec<Operations>,
    history: History<S::Update>,
    deltas: Vec<Rc<S::State>>,
    /// The state of each operation's maker after it.
    states: Vec<Rc<S::State>>,
    /// None where the operation form had nothing to say.
    messages: Vec<Option<Rc<Message<S>>>>,
}

impl<S: Operated> Clone for World<S> {
    fn clone(&self) -> Self {
        Self {
            by_state: self.by_state.clone(),
            by_delta: self.by_delta.clone(),
            whole: self.whole.clone(),
            pruned: self.pruned.clone(),
            seen: self.seen.clone(),
            history: self.history.clone(),
            deltas: self.deltas.clone(),
            states: self.states.clone(),
            messages: self.messages.clone(),
        }
    }
}

impl<S: Operated> World<S> {
    pub fn new(replicas: usize) -> Self {
        let limits = Limits { own: 64, each: 64 };
        let operating: Vec<_> =
            (0..replicas).map(|rank| Rc::new(Replica::new(Rank::new(rank), replicas, limits).expect("it is one of them"))).collect();
        Self {
            by_state: vec![Rc::default(); replicas],
            by_delta: vec![Rc::default(); replicas],
            whole: operating.clone(),
            pruned: operating,
            seen: vec![Operations::default(); replicas],
            history: Vec::new(),
            deltas: Vec::new(),
            states: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Whether the operation can be delivered there, and is not yet.
    fn is_due(&self, operation: usize, to: usize) -> bool {
        self.messages[operation].is_some() && !self.seen[to].contains(operation) && self.said(self.history[operation].seen, self.seen[to])
    }

    /// Whether all that was said among `operations` is among `seen`.
    fn said(&self, operations: Operations, seen: Operations) -> bool {
        operations.without(seen).iter().all(|operation| self.messages[operation].is_none())
    }

    /// Does what the event says in all forms, and compares them where it happens.
    pub fn step(&mut self, event: Event<S::Update>) -> Result<(), String> {
        match event {
            Event::Update { at, update } => self.update(at, update)?,
            Event::Delivery { operation, to } => self.deliver(operation, to)?,
        }
        self.check(event.replica())?;
        for at in 0..self.pruned.len() {
            self.prune(at)?;
        }
        Ok(())
    }

    fn update(&mut self, at: usize, update: S::Update) -> Result<(), String> {
        let actor = Actor::try_from(at).expect("few replicas");
        let before = self.by_state[at].clone();
        let delta = S::update(Rc::make_mut(&mut self.by_delta[at]), actor, update);
        S::update(Rc::make_mut(&mut self.by_state[at]), actor, update);
        let message = said(Rc::make_mut(&mut self.whole[at]), update, S::operation)?;
        if message != said(Rc::make_mut(&mut self.pruned[at]), update, S::operation)? {
            return Err("the operation depends on what is pruned".into());
        }
        if message.is_none() && before != self.by_state[at] {
            return Err("there is a delta but no operation".into());
        }
        self.history.push(Operation { actor, update, seen: self.seen[at] });
        self.deltas.push(Rc::new(delta));
        self.states.push(self.by_state[at].clone());
        self.messages.push(message.map(Rc::new));
        self.seen[at] = self.seen[at].with(self.history.len() - 1);
        Ok(())
    }

    fn deliver(&mut self, operation: usize, to: usize) -> Result<(), String> {
        self.seen[to] = self.seen[to].union(self.history[operation].seen).with(operation);
        Rc::make_mut(&mut self.by_state[to]).join(&self.states[operation]);
        Rc::make_mut(&mut self.by_delta[to]).join(&self.deltas[operation]);
        let message = self.messages[operation].as_ref().ok_or("nothing was said")?;
        for replica in [&mut self.whole[to], &mut self.pruned[to]] {
            deliver(Rc::make_mut(replica), message)?;
        }
        Ok(())
    }

    /// Values, contexts, and that nothing else than what is due would be taken.
    fn check(&self, at: usize) -> Result<(), String> {
        let (state, seen) = (&self.by_state[at], self.seen[at]);
        if *state != self.by_delta[at] {
            return Err(format!("replica {at} is {state:?} by states and {:?} by deltas", self.by_delta[at]));
        }
        let (found, due) = (S::value(state), S::specified_value(&self.history, seen));
        if found != due {
            return Err(format!("replica {at} shows {found:?} by states, not {due:?}"));
        }
        let (found, due) = (S::context(state), S::specified_context(&self.history, seen));
        if found != due {
            return Err(format!("replica {at} has the context {found:?} by states, not {due:?}"));
        }
        self.check_operating(at)?;
        let mut delivered = VectorClock::new();
        for message in seen.iter().filter_map(|operation| self.messages[operation].as_ref()) {
            delivered.join_event(&message.stamp);
        }
        for replica in [&self.whole[at], &self.pruned[at]] {
            if *replica.delivered() != delivered {
                return Err(format!("replica {at} has delivered {:?}, not {delivered:?}", replica.delivered()));
            }
        }
        Ok(())
    }

    fn check_operating(&self, at: usize) -> Result<(), String> {
        let due = S::specified_shown(&self.history, self.seen[at]);
        for (replica, form) in [(&self.whole[at], "with the whole log"), (&self.pruned[at], "with a pruned log")] {
            let found = S::shown(replica);
            if found != due {
                return Err(format!("replica {at} shows {found:?} {form}, not {due:?}: {replica:?}"));
            }
        }
        Ok(())
    }

    /// Offers every message that is not due, which must be refused for what is wrong with it and change nothing.
    fn offer_all(&mut self, at: usize) -> Result<(), String> {
        for operation in 0..self.history.len() {
            let Some(message) = self.messages[operation].clone() else { continue };
            if self.is_due(operation, at) {
                continue;
            }
            for replica in [&mut self.whole[at], &mut self.pruned[at]] {
                let (before, replica) = (replica.clone(), Rc::make_mut(replica));
                match replica.deliver(Message::<S>::clone(&message)).map_err(|refused| refused.why) {
                    Err(Rejected::Duplicate { .. }) if self.seen[at].contains(operation) => {}
                    Err(Rejected::Early { missing, .. }) if !self.seen[at].contains(operation) => {
                        if missing.counter != before.delivered().entry(missing.actor) + 1 {
                            return Err(format!("{missing:?} is not the first that is missing of {before:?}"));
                        }
                    }
                    wrong => return Err(format!("{message:?} which is not due: {wrong:?}")),
                }
                if *replica != *before {
                    return Err("a refused operation changed something".into());
                }
            }
        }
        Ok(())
    }

    /// Prunes what is stable, as the replica can know it.
    fn prune(&mut self, at: usize) -> Result<(), String> {
        let frontier = if S::EAGER { self.pruned[at].delivered().clone() } else { self.frontier(at) };
        if frontier == *self.pruned[at].stable() {
            return Ok(());
        }
        let settled =
            Rc::make_mut(&mut self.pruned[at]).stabilise(&frontier).map_err(|behind| format!("replica {at} at {frontier:?}: {behind}"))?;
        if settled == 0 {
            return Ok(());
        }
        let (found, due) = (S::shown(&self.pruned[at]), S::specified_shown(&self.history, self.seen[at]));
        if found == due { Ok(()) } else { Err(format!("after pruning up to {frontier:?} replica {at} shows {found:?}, not {due:?}")) }
    }

    fn frontier(&self, at: usize) -> VectorClock {
        let delivered: Vec<&VectorClock> = self.pruned.iter().map(|replica| replica.delivered()).collect();
        let stamps: Vec<&EventStamp> = self.messages.iter().flatten().map(|message| &message.stamp).collect();
        frontier(at, &delivered, &stamps)
    }

    /// Goes on delivering in every order that extends happened-before, to somebody who has `seen` so much. Says how many orders there are.
    fn extend(&self, observer: &Replica<S::Pure>, joined: &S::State, seen: Operations) -> Result<u64, String> {
        let mut orders = 0;
        for operation in (0..self.history.len()).filter(|&operation| !seen.contains(operation)) {
            if !self.history[operation].seen.is_within(seen) {
                continue;
            }
            let (mut next, seen) = (observer.clone(), seen.with(operation));
            if let Some(message) = &self.messages[operation] {
                deliver(&mut next, message)?;
            }
            orders += self.extend(&next, &joined.clone().joined(&self.deltas[operation]), seen)?;
        }
        if orders != 0 {
            return Ok(orders);
        }
        let (found, due) = (S::shown(observer), S::specified_shown(&self.history, seen));
        if found != due {
            return Err(format!("one who heard all shows {found:?}, not {due:?}: {observer:?}"));
        }
        if S::value(joined) != S::specified_value(&self.history, seen) {
            return Err(format!("all deltas make {joined:?}"));
        }
        Ok(1)
    }

    /// Delivers everything everywhere, in orders that `choose` picks; then all must show the same, and nothing must be left that is not in the state.
    fn heal(&mut self, mut choose: impl FnMut(usize) -> usize) -> Result<(), String> {
        loop {
            let due: Vec<_> = (0..self.history.len())
                .flat_map(|operation| (0..self.seen.len()).map(move |to| (operation, to)))
                .filter(|&(operation, to)| self.is_due(operation, to))
                .collect();
            if due.is_empty() {
                break;
            }
            let (operation, to) = due[choose(due.len())];
            self.step(Event::Delivery { operation, to })?;
        }
        for at in 0..self.pruned.len() {
            self.offer_all(at)?;
            if self.by_state[at] != self.by_state[0] || S::shown(&self.pruned[at]) != S::shown(&self.pruned[0]) {
                return Err(format!("replicas 0 and {at} differ"));
            }
            if self.pruned[at].unstable() != 0 || self.pruned[at].state() != self.pruned[0].state() {
                return Err(format!("all is stable, and replica {at} is {:?}", self.pruned[at]));
            }
        }
        Ok(())
    }
}

/// What is stable as the replica `at` can know it, where each has `delivered` so much: of each other what it knew at its last message that has come, or what it knows now if none is on its way.
pub fn frontier(at: usize, delivered: &[&VectorClock], stamps: &[&EventStamp]) -> VectorClock {
    let here = delivered[at];
    let row = |rank: Rank| {
        let there = delivered[rank.index()];
        if here.entry(rank) == there.entry(rank) {
            return there.clone();
        }
        let last = stamps.iter().rfind(|stamp| stamp.rank() == rank && stamp.is_known_to(here));
        last.map_or_else(VectorClock::new, |stamp| stamp.clock().clone())
    };
    let rows: Vec<VectorClock> = (0..delivered.len()).map(|rank| row(Rank::new(rank))).collect();
    (0..rows.len()).map(Rank::new).map(|column| rows.iter().map(|row| row.entry(column)).min().unwrap_or(0)).collect()
}

fn deliver<P: Pure<Operation: fmt::Debug, Refused: fmt::Debug>>(
    replica: &mut Replica<P>,
    message: &Stamped<P::Operation>,
) -> Result<(), String> {
    replica.deliver(message.clone()).map_err(|refused| format!("{:?} was refused: {:?}", refused.request, refused.why))
}

/// Makes the operation that the update is, if it is one and is not refused.
fn said<P: Pure<Refused: fmt::Debug>, U>(
    replica: &mut Replica<P>,
    update: U,
    operation: impl Fn(&Replica<P>, U) -> Option<P::Operation>,
) -> Result<Option<Stamped<P::Operation>>, String> {
    let Some(operation) = operation(replica, update) else { return Ok(None) };
    match replica.operate(operation) {
        Ok(message) => Ok(Some(message)),
        Err(refused) => match refused.why {
            Rejected::Refused(_) => Ok(None),
            why => Err(format!("an operation was refused: {why:?}")),
        },
    }
}

/// Runs all histories of `replicas` replicas and `events` events up to renaming, where that is meaningless, and up to the order of events that have nothing to do with each other. Says how many these
/// are.
///
/// # Errors
/// The first history after which something is not as specified.
pub fn exhaust<S: Operated>(replicas: usize, events: usize) -> Result<u64, Violation> {
    let mut search = Search::<S> { replicas, reduced: true, events: Vec::new(), histories: 0, visit: &mut |_, _| Ok(()) };
    search.go(&World::new(replicas), events, if S::RENAMES { 0 } else { replicas })?;
    Ok(search.histories)
}

/// After each of these histories of 3 replicas, delivers all operations to somebody else, in every order that extends happened-before, and joins all deltas in it. Says how many orders there were.
///
/// # Errors
/// The first history and order after which something is not as specified.
pub fn extend<S: Operated>(events: usize) -> Result<u64, Violation> {
    let mut orders = 0;
    let mut visit = |world: &World<S>, _: &[Event<S::Update>]| {
        let observer = Replica::new(Rank(3), 4, Limits::default()).expect("it is one of them");
        orders += world.extend(&observer, &S::State::default(), Operations::default())?;
        Ok(())
    };
    let mut search = Search::<S> { replicas: 3, reduced: true, events: Vec::new(), histories: 0, visit: &mut visit };
    search.go(&World::new(3), events, if S::RENAMES { 0 } else { 3 })?;
    Ok(orders)
}

type Visit<'v, S> = &'v mut dyn FnMut(&World<S>, &[Event<<S as Specification>::Update>]) -> Result<(), String>;

struct Search<'v, S: Operated> {
    replicas: usize,
    reduced: bool,
    events: Vec<Event<S::Update>>,
    histories: u64,
    visit: Visit<'v, S>,
}

impl<S: Operated> Search<'_, S> {
    /// Appends every letter in turn. Of the replicas that took no part yet only the first may be named next.
    fn go(&mut self, world: &World<S>, left: usize, named: usize) -> Result<(), Violation> {
        if left == 0 {
            self.histories += 1;
            return (self.visit)(world, &self.events).map_err(|what| Violation::new(format!("{:?}", self.events), what));
        }
        for at in 0..(named + 1).min(self.replicas) {
            for &update in S::UPDATES {
                self.append(world, left, named.max(at + 1), Event::Update { at, update })?;
            }
            for operation in (0..world.history.len()).filter(|&operation| world.is_due(operation, at)) {
                self.append(world, left, named.max(at + 1), Event::Delivery { operation, to: at })?;
            }
        }
        Ok(())
    }

    fn append(&mut self, world: &World<S>, left: usize, named: usize, event: Event<S::Update>) -> Result<(), Violation> {
        if self.reduced && !is_least(&self.events, &event) {
            return Ok(());
        }
        let mut next = world.clone();
        self.events.push(event);
        next.step(event).map_err(|what| Violation::new(format!("{:?}", self.events), what))?;
        self.go(&next, left - 1, named)?;
        self.events.pop();
        Ok(())
    }
}

/// A history drawn at random: each entry chooses one letter, or an offer of what is not due.
///
/// # Errors
/// What is not as specified.
pub fn wander<S: Operated>(choices: &[[u8; 3]]) -> Result<(), Violation> {
    const REPLICAS: usize = 4;
    let mut world = World::<S>::new(REPLICAS);
    let mut events = Vec::new();
    for &[kind, one, other] in choices {
        let to = usize::from(one) % REPLICAS;
        let due: Vec<usize> = (0..world.history.len()).filter(|&operation| world.is_due(operation, to)).collect();
        let event = match kind % 3 {
            0 | 1 if !due.is_empty() => Event::Delivery { operation: due[usize::from(other) % due.len()], to },
            _ => Event::Update { at: to, update: S::UPDATES[usize::from(other) % S::UPDATES.len()] },
        };
        events.push(event);
        world.step(event).and_then(|()| world.offer_all(to)).map_err(|what| Violation::new(format!("{events:?}"), what))?;
    }
    let mut picks = choices.iter().flatten().cycle();
    let choose = |n: usize| picks.next().map_or(0, |&pick| usize::from(pick) % n);
    world.heal(choose).map_err(|what| Violation::new(format!("{events:?}, then all deliveries"), what))
}

/// What is run is one order of every history: of all histories, brought into that order, none is missing and none comes twice.
#[test]
fn the_orders_that_are_run_stand_for_all() {
    use std::collections::BTreeSet;

    use crate::laws::sets::GrowOnly;

    fn run(reduced: bool) -> Vec<Vec<Event<char>>> {
        let mut found = Vec::new();
        let mut visit = |_: &World<GrowOnly>, events: &[Event<char>]| {
            found.push(events.to_vec());
            Ok(())
        };
        let mut search = Search::<GrowOnly> { replicas: 3, reduced, events: Vec::new(), histories: 0, visit: &mut visit };
        search.go(&World::new(3), 4, 3).unwrap();
        found
    }

    /// Moves events forward, past those that they have nothing to do with, until none can go before one of a greater replica; the operations are then counted anew.
    fn sorted(events: &[Event<char>]) -> Vec<Event<char>> {
        let mut made = 0..;
        let mut named: Vec<(Event<char>, Option<usize>)> =
            events.iter().map(|event| (*event, matches!(event, Event::Update { .. }).then(|| made.next()).flatten())).collect();
        let depends = |on: &(Event<char>, Option<usize>), event: &Event<char>| {
            on.0.replica() == event.replica() || matches!(event, Event::Delivery { operation, .. } if on.1 == Some(*operation))
        };
        while let Some((from, to)) = (1..named.len()).find_map(|from| {
            let event = named[from].0;
            let free = (0..from).rev().take_while(|&place| !depends(&named[place], &event));
            free.filter(|&place| named[place].0.replica() > event.replica()).last().map(|to| (from, to))
        }) {
            let event = named.remove(from);
            named.insert(to, event);
        }
        let order: Vec<usize> = named.iter().filter_map(|(_, made)| *made).collect();
        let renamed = |event| match event {
            Event::Delivery { operation, to } => {
                Event::Delivery { operation: order.iter().position(|made| *made == operation).expect("it was made"), to }
            }
            update => update,
        };
        named.into_iter().map(|(event, _)| renamed(event)).collect()
    }

    let (all, least) = (run(false), run(true));
    let unique: BTreeSet<_> = least.iter().cloned().collect();
    assert_eq!(unique.len(), least.len());
    assert!(all.len() > 2 * least.len(), "{} of {}", least.len(), all.len());
    assert_eq!(all.iter().map(|events| sorted(events)).collect::<BTreeSet<_>>(), unique);
}
