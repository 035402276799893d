//! Types that are wrong on purpose, each as somebody has built it: the oracle must find all of them, or it proves nothing of the right ones.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use tidings_clocks::Dot;
use tidings_crdt::{Causal, DotFun, GCounter, Join, LwwRegister};

use crate::laws::counters::Resets;
use crate::laws::dots::{self, Dots};
use crate::laws::lists::{Elements, Step};
use crate::laws::oracle::situations;
use crate::laws::oracle::{Actor, History, Operations, Specification, exhaust};
use crate::laws::registers::LastWriterWins;
use crate::laws::sets::{AddWins, OnSet};

/// The naive twin of the add-wins set: elements tagged with dots, and the plain set of all dots known.
#[derive(Clone, Debug, Default, PartialEq)]
struct Tagged {
    elements: BTreeSet<(char, (Actor, u64))>,
    known: BTreeSet<(Actor, u64)>,
}

impl Tagged {
    fn delta(&self, actor: Actor, update: OnSet) -> Self {
        let ended = self.elements.iter().filter(|(element, _)| update.ends(&OnSet::Add(*element)));
        let mut delta = Self { elements: BTreeSet::new(), known: ended.map(|(_, dot)| *dot).collect() };
        if let OnSet::Add(element) = update {
            let dot = (actor, self.known.iter().filter(|(of, _)| *of == actor).count() as u64 + 1);
            delta.known.insert(dot);
            delta.elements.insert((element, dot));
        }
        delta
    }

    fn take_in(&mut self, other: &Self) {
        self.elements.retain(|tagged| other.elements.contains(tagged) || !other.known.contains(&tagged.1));
        self.elements.extend(other.elements.iter().filter(|(_, dot)| !self.known.contains(dot)));
        self.known.extend(&other.known);
    }
}

/// How a [`Tagged`] set goes wrong: in the delta that it gives away, or in the join.
trait Mistake: Clone + Default + PartialEq + fmt::Debug + 'static {
    fn spoil(_delta: &mut Tagged, _after: &Tagged, _update: OnSet) {}

    fn join(mine: &mut Tagged, theirs: &Tagged) {
        mine.take_in(theirs);
    }
}

/// No mistake: the twin agrees with the specification, and so with the real set.
#[derive(Clone, Debug, Default, PartialEq)]
struct NoMistake;

impl Mistake for NoMistake {}

/// The delta says that it knows all that its replica knows: what it has seen of others, too, whose elements it does not carry.
#[derive(Clone, Debug, Default, PartialEq)]
struct CoveringContext;

impl Mistake for CoveringContext {
    fn spoil(delta: &mut Tagged, after: &Tagged, _update: OnSet) {
        delta.known.clone_from(&after.known);
    }
}

/// The delta of a removal does not name the dots that it removes.
#[derive(Clone, Debug, Default, PartialEq)]
struct RemoveWithoutDots;

impl Mistake for RemoveWithoutDots {
    fn spoil(delta: &mut Tagged, _after: &Tagged, update: OnSet) {
        if !update.adds() {
            delta.known.clear();
        }
    }
}

/// A clear says "all before this clock" instead of naming dots: it kills additions that its replica did not have, too.
#[derive(Clone, Debug, Default, PartialEq)]
struct ResetByClock;

impl Mistake for ResetByClock {
    fn spoil(delta: &mut Tagged, after: &Tagged, update: OnSet) {
        if update == OnSet::Clear {
            delta.known = after.known.iter().flat_map(|&(actor, last)| (1..=last).map(move |counter| (actor, counter))).collect();
        }
    }
}

/// A join keeps what either side has: what was removed comes back.
#[derive(Clone, Debug, Default, PartialEq)]
struct BringsBack;

impl Mistake for BringsBack {
    fn join(mine: &mut Tagged, theirs: &Tagged) {
        mine.elements.extend(&theirs.elements);
        mine.known.extend(&theirs.known);
    }
}

/// An addition does not take the place of the older ones of its element: its value is right, and its state grows with every repetition.
#[derive(Clone, Debug, Default, PartialEq)]
struct Piles;

impl Mistake for Piles {
    fn spoil(delta: &mut Tagged, _after: &Tagged, _update: OnSet) {
        let added: BTreeSet<_> = delta.elements.iter().map(|(_, dot)| *dot).collect();
        if !added.is_empty() {
            delta.known = added;
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Mistaken<M> {
    set: Tagged,
    mistake: PhantomData<M>,
}

impl<M: Mistake> Join for Mistaken<M> {
    fn join(&mut self, other: &Self) -> bool {
        let before = self.set.clone();
        M::join(&mut self.set, &other.set);
        self.set != before
    }
}

impl<M: Mistake> Specification for Mistaken<M> {
    type State = Self;
    type Update = OnSet;
    type Value = BTreeSet<char>;
    type Context = BTreeSet<(Actor, u64)>;
    const UPDATES: &'static [OnSet] = AddWins::UPDATES;

    fn update(state: &mut Self, actor: Actor, update: OnSet) -> Self {
        let mut delta = state.set.delta(actor, update);
        state.set.take_in(&delta);
        M::spoil(&mut delta, &state.set, update);
        Self { set: delta, mistake: PhantomData }
    }

    fn value(state: &Self) -> BTreeSet<char> {
        state.set.elements.iter().map(|(element, _)| *element).collect()
    }

    fn context(state: &Self) -> Self::Context {
        state.set.known.clone()
    }

    fn specified_value(history: &History<OnSet>, visible: Operations) -> BTreeSet<char> {
        AddWins::specified_value(history, visible)
    }

    fn specified_context(history: &History<OnSet>, visible: Operations) -> Self::Context {
        AddWins::specified_context(history, visible)
    }
}

/// As another specification, but judged by its values alone: a mistake must show in them, too.
struct ByValue<S>(PhantomData<S>);

impl<S: Specification> Specification for ByValue<S> {
    type State = S::State;
    type Update = S::Update;
    type Value = S::Value;
    type Context = S::Context;
    const UPDATES: &'static [S::Update] = S::UPDATES;
    const RENAMES: bool = S::RENAMES;
    const VALUES_ALONE: bool = true;

    fn update(state: &mut S::State, actor: Actor, update: S::Update) -> S::State {
        S::update(state, actor, update)
    }

    fn value(state: &S::State) -> S::Value {
        S::value(state)
    }

    fn context(state: &S::State) -> S::Context {
        S::context(state)
    }

    fn specified_value(history: &History<S::Update>, visible: Operations) -> S::Value {
        S::specified_value(history, visible)
    }

    fn specified_context(history: &History<S::Update>, visible: Operations) -> S::Context {
        S::specified_context(history, visible)
    }

    fn carried(history: &History<S::Update>, operation: usize) -> Operations {
        S::carried(history, operation)
    }
}

/// A counter whose join adds what came.
#[derive(Clone, Debug, Default, PartialEq)]
struct AddsOnJoin(u64);

impl Join for AddsOnJoin {
    fn join(&mut self, other: &Self) -> bool {
        self.0 += other.0;
        other.0 != 0
    }
}

impl Specification for AddsOnJoin {
    type State = Self;
    type Update = u64;
    type Value = u128;
    type Context = ();
    const UPDATES: &'static [u64] = &[1];

    fn update(state: &mut Self, _actor: Actor, amount: u64) -> Self {
        state.0 += amount;
        Self(amount)
    }

    fn value(state: &Self) -> u128 {
        state.0.into()
    }

    fn context(_state: &Self) {}

    fn specified_value(history: &History<u64>, visible: Operations) -> u128 {
        visible.iter().map(|operation| u128::from(history[operation].update)).sum()
    }

    fn specified_context(_history: &History<u64>, _visible: Operations) {}
}

/// A counter whose delta is the amount and not the total: after a loss it counts too little.
struct AmountForTotal;

impl Specification for AmountForTotal {
    type State = GCounter<Actor>;
    type Update = u64;
    type Value = u128;
    type Context = ();
    const UPDATES: &'static [u64] = &[1];

    fn update(state: &mut Self::State, actor: Actor, amount: u64) -> Self::State {
        state.add(actor, amount).expect("small amounts");
        GCounter::new().add(actor, amount).expect("small amounts")
    }

    fn value(state: &Self::State) -> u128 {
        state.value()
    }

    fn context(_state: &Self::State) {}

    fn specified_value(history: &History<u64>, visible: Operations) -> u128 {
        visible.iter().map(|operation| u128::from(history[operation].update)).sum()
    }

    fn specified_context(_history: &History<u64>, _visible: Operations) {}
}

/// A counter in a dot store that folds the amounts of an actor into its newest dot: a reset that has seen an older dot only does not reset the amount under
/// it, which lives on in the newer one.
struct Folds;

impl Specification for Folds {
    type State = Causal<Actor, DotFun<Actor, i64>>;
    type Update = Option<i64>;
    type Value = i128;
    type Context = Dots;
    const UPDATES: &'static [Option<i64>] = &[Some(1), None];

    fn update(state: &mut Self::State, actor: Actor, update: Option<i64>) -> Self::State {
        let mine = |dot: &Dot<Actor>| update.is_none() || dot.actor == actor;
        let ended: Vec<_> = state.store().iter().filter(|(dot, _)| mine(dot)).collect();
        let folded = update.map(|amount| {
            let dot = state.context().next(actor).expect("few dots");
            DotFun::of(dot, amount + ended.iter().map(|(_, amount)| **amount).sum::<i64>())
        });
        let delta = Causal::delta(folded.unwrap_or_default(), ended.into_iter().map(|(dot, _)| *dot));
        state.join(&delta);
        delta
    }

    fn value(state: &Self::State) -> i128 {
        state.store().iter().map(|(_, &amount)| i128::from(amount)).sum()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<Option<i64>>, visible: Operations) -> i128 {
        Resets::specified_value(history, visible)
    }

    fn specified_context(history: &History<Option<i64>>, visible: Operations) -> Dots {
        Resets::specified_context(history, visible)
    }

    /// What is folded brings all that its actor did before.
    fn carried(history: &History<Option<i64>>, operation: usize) -> Operations {
        let earlier = history[operation].seen.only(|seen| history[seen].actor == history[operation].actor);
        earlier.with(operation)
    }
}

/// A register that keeps its own write when the stamps are equal.
#[derive(Clone, Debug, Default, PartialEq)]
struct NoTieBreak(LwwRegister<(), u64, (Actor, u64)>);

impl Join for NoTieBreak {
    fn join(&mut self, other: &Self) -> bool {
        let later = other.0.last().map(|write| write.stamp) > self.0.last().map(|write| write.stamp);
        if later {
            *self = other.clone();
        }
        later
    }
}

impl Specification for NoTieBreak {
    type State = Self;
    type Update = u64;
    type Value = Option<(u64, Actor, u64)>;
    type Context = ();
    const UPDATES: &'static [u64] = LastWriterWins::UPDATES;
    const RENAMES: bool = false;

    fn update(state: &mut Self, actor: Actor, ahead: u64) -> Self {
        let stamp = state.0.last().map_or(0, |last| last.stamp) + ahead;
        Self(state.0.write(stamp, (), (actor, ahead)).expect("later than what is seen"))
    }

    fn value(state: &Self) -> Self::Value {
        state.0.last().map(|last| (last.stamp, last.value.0, last.value.1))
    }

    fn context(_state: &Self) {}

    fn specified_value(history: &History<u64>, visible: Operations) -> Self::Value {
        LastWriterWins::specified_value(history, visible)
    }

    fn specified_context(_history: &History<u64>, _visible: Operations) {}
}

/// A list that moves an element by removing it and inserting it anew, as who has no moves must.
struct MovesAnew;

impl Specification for MovesAnew {
    type State = <Elements as Specification>::State;
    type Update = Step;
    /// How many elements there are.
    type Value = usize;
    type Context = ();
    const UPDATES: &'static [Step] = Elements::UPDATES;

    fn update(state: &mut Self::State, actor: Actor, step: Step) -> Self::State {
        if !matches!(step, Step::Move) || state.len() < 2 {
            return Elements::update(state, actor, step);
        }
        let removed = state.remove(0).expect("there is one");
        removed.joined(&state.insert(actor, state.len(), |register| register.write(actor, 1)).expect("few dots"))
    }

    fn value(state: &Self::State) -> usize {
        state.len()
    }

    fn context(_state: &Self::State) {}

    fn specified_value(history: &History<Step>, visible: Operations) -> usize {
        Elements::specified_value(history, visible).len()
    }

    fn specified_context(_history: &History<Step>, _visible: Operations) {}
}

/// The length of the shortest history that shows the mistake, with the history; it takes at most 5 events.
fn shortest<S: Specification>() -> Option<(usize, String)> {
    (1..=5).find_map(|events| Some((events, exhaust::<S>(events).err()?.to_string())))
}

#[test]
fn the_naive_twin_is_right() {
    assert_eq!(shortest::<Mistaken<NoMistake>>(), None);
    assert!(situations::exhaust::<Mistaken<NoMistake>>(5).is_ok());
}

/// Both by what a type is made of (laws, contexts, deltas) and by nothing but the values that it shows.
#[test]
fn every_mistake_is_found() {
    fn found<S: Specification>(mistake: &str, events: usize, by_value: Option<usize>) {
        let (length, story) = shortest::<S>().unwrap_or_else(|| panic!("{mistake}: not found"));
        println!("{mistake}: {story}");
        assert_eq!(length, events, "{mistake}: {story}");
        assert_eq!((1..=5).find(|&events| situations::exhaust::<S>(events).is_err()), Some(events), "{mistake}, by way of situations");
        let shown = shortest::<ByValue<S>>();
        assert_eq!(shown.as_ref().map(|(length, _)| *length), by_value, "{mistake}: {shown:?}");
    }
    found::<Mistaken<CoveringContext>>("a delta with a covering context", 2, Some(4));
    found::<Mistaken<RemoveWithoutDots>>("a removal without dots", 2, Some(4));
    found::<Mistaken<ResetByClock>>("a reset by clock", 3, Some(5));
    found::<Mistaken<BringsBack>>("removed elements brought back", 2, Some(4));
    found::<Mistaken<Piles>>("additions that pile up", 2, Some(5));
    found::<AddsOnJoin>("a counter that adds on join", 2, Some(3));
    found::<AmountForTotal>("a delta with the amount for the total", 2, Some(4));
    found::<Folds>("an embedded counter that folds its amounts", 3, Some(5));
    found::<MovesAnew>("a list that moves by removing and inserting", 4, Some(4));
    found::<NoTieBreak>("a register without tie-break", 3, Some(3));
}
