//! Counters: the value is the sum over the visible operations.

use std::collections::BTreeMap;

use tidings_clocks::Rank;
use tidings_crdt::pure::{self, BoundedOperation, Replica};
use tidings_crdt::{BoundedCounter, GCounter, PnCounter, ResettableCounter, Tally};

use crate::laws::dots::{self, Dots};
use crate::laws::operations::Operated;
use crate::laws::oracle::{Actor, History, Operations, Specification};

pub struct GrowOnly;

impl Specification for GrowOnly {
    type State = GCounter<Actor>;
    type Update = u64;
    type Value = u128;
    type Context = BTreeMap<Actor, u64>;
    const UPDATES: &'static [u64] = &[0, 1, 2];

    fn update(state: &mut Self::State, actor: Actor, amount: u64) -> Self::State {
        state.add(actor, amount).expect("small amounts")
    }

    fn value(state: &Self::State) -> u128 {
        state.value()
    }

    fn context(state: &Self::State) -> Self::Context {
        state.iter().map(|(&actor, added)| (actor, added)).collect()
    }

    fn specified_value(history: &History<u64>, visible: Operations) -> u128 {
        visible.iter().map(|operation| u128::from(history[operation].update)).sum()
    }

    fn specified_context(history: &History<u64>, visible: Operations) -> Self::Context {
        let mut added = BTreeMap::new();
        for operation in visible.iter().map(|operation| &history[operation]).filter(|operation| operation.update != 0) {
            *added.entry(operation.actor).or_default() += operation.update;
        }
        added
    }

    /// An entry is a total, so it carries all that its actor added before. The delta of adding nothing carries nothing.
    fn carried(history: &History<u64>, operation: usize) -> Operations {
        let carried = Operations::default().with(operation);
        match history[operation].update {
            0 => carried,
            _ => totalled(history, operation, carried, |update| *update != 0),
        }
    }
}

pub struct PositiveNegative;

impl Specification for PositiveNegative {
    type State = PnCounter<Actor>;
    type Update = i64;
    type Value = i128;
    type Context = BTreeMap<(bool, Actor), u64>;
    const UPDATES: &'static [i64] = &[1, -1, -3];

    fn update(state: &mut Self::State, actor: Actor, amount: i64) -> Self::State {
        if amount < 0 { state.take(actor, amount.unsigned_abs()) } else { state.add(actor, amount.unsigned_abs()) }.expect("small amounts")
    }

    fn value(state: &Self::State) -> i128 {
        state.value()
    }

    fn context(state: &Self::State) -> Self::Context {
        let added = state.added().iter().map(|(&actor, added)| ((false, actor), added));
        let taken = state.taken().iter().map(|(&actor, taken)| ((true, actor), taken));
        added.chain(taken).collect()
    }

    fn specified_value(history: &History<i64>, visible: Operations) -> i128 {
        visible.iter().map(|operation| i128::from(history[operation].update)).sum()
    }

    fn specified_context(history: &History<i64>, visible: Operations) -> Self::Context {
        let mut entries = BTreeMap::new();
        for operation in visible.iter().map(|operation| &history[operation]) {
            *entries.entry((operation.update < 0, operation.actor)).or_default() += operation.update.unsigned_abs();
        }
        entries
    }

    fn carried(history: &History<i64>, operation: usize) -> Operations {
        let negative = history[operation].update < 0;
        totalled(history, operation, Operations::default().with(operation), |update| (*update < 0) == negative)
    }
}

/// The sum of the visible amounts that no visible reset has seen.
pub struct Resets;

impl Resets {
    fn ends(by: &Option<i64>, _amount: &Option<i64>) -> bool {
        by.is_none()
    }
}

impl Specification for Resets {
    type State = Tally<Actor>;
    type Update = Option<i64>;
    type Value = i128;
    type Context = Dots;
    const UPDATES: &'static [Option<i64>] = &[Some(1), Some(-3), None];

    fn update(state: &mut Self::State, actor: Actor, update: Option<i64>) -> Self::State {
        match update {
            Some(amount) => state.count(actor, amount).expect("few dots"),
            None => state.reset(),
        }
    }

    fn value(state: &Self::State) -> i128 {
        state.value()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<Option<i64>>, visible: Operations) -> i128 {
        let alive = dots::alive(history, visible, Option::is_some, Self::ends);
        alive.iter().filter_map(|operation| history[operation].update).map(i128::from).sum()
    }

    fn specified_context(history: &History<Option<i64>>, visible: Operations) -> Dots {
        dots::known(history, visible, Option::is_some, Self::ends)
    }
}

/// As [`Resets`], by totals for each actor.
pub struct ResetsByTotals;

impl ResetsByTotals {
    /// For each actor and sign, the sum of the amounts among these operations.
    fn totals(history: &History<Option<i64>>, among: Operations) -> BTreeMap<(bool, Actor), u64> {
        let mut totals = BTreeMap::new();
        for operation in among.iter().map(|operation| &history[operation]) {
            if let Some(amount) = operation.update {
                *totals.entry((amount < 0, operation.actor)).or_default() += amount.unsigned_abs();
            }
        }
        totals
    }

    fn listed(counter: &PnCounter<Actor>) -> BTreeMap<(bool, Actor), u64> {
        PositiveNegative::context(counter)
    }
}

impl Specification for ResetsByTotals {
    type State = ResettableCounter<Actor>;
    type Update = Option<i64>;
    type Value = i128;
    /// What is counted, and what of it a reset has seen.
    type Context = (BTreeMap<(bool, Actor), u64>, BTreeMap<(bool, Actor), u64>);
    const UPDATES: &'static [Option<i64>] = &[Some(1), Some(-3), None];

    fn update(state: &mut Self::State, actor: Actor, update: Option<i64>) -> Self::State {
        match update {
            None => state.reset(),
            Some(amount) if amount < 0 => state.take(actor, amount.unsigned_abs()).expect("small amounts"),
            Some(amount) => state.add(actor, amount.unsigned_abs()).expect("small amounts"),
        }
    }

    fn value(state: &Self::State) -> i128 {
        state.value()
    }

    fn context(state: &Self::State) -> Self::Context {
        (Self::listed(state.counted()), Self::listed(state.floor()))
    }

    fn specified_value(history: &History<Option<i64>>, visible: Operations) -> i128 {
        let reset = |operation: usize| visible.iter().any(|by| history[by].update.is_none() && history[by].seen.contains(operation));
        visible.only(|operation| !reset(operation)).iter().filter_map(|operation| history[operation].update).map(i128::from).sum()
    }

    fn specified_context(history: &History<Option<i64>>, visible: Operations) -> Self::Context {
        let resets = visible.only(|operation| history[operation].update.is_none());
        let seen = resets.iter().fold(Operations::default(), |seen, reset| seen.union(history[reset].seen));
        (Self::totals(history, visible), Self::totals(history, seen))
    }

    /// A reset brings with it what it resets.
    fn carried(history: &History<Option<i64>>, operation: usize) -> Operations {
        let carried = Operations::default().with(operation);
        match history[operation].update {
            None => carried.union(history[operation].seen.only(|seen| history[seen].update.is_some())),
            Some(amount) => totalled(history, operation, carried, |update| update.is_some_and(|other| (other < 0) == (amount < 0))),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBounded {
    Add(u64),
    Take(u64),
    /// To the next of the first three replicas.
    Give(u64),
}

impl OnBounded {
    const fn same_total(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Add(_), Self::Add(_)) | (Self::Take(_), Self::Take(_)) | (Self::Give(_), Self::Give(_)))
    }
}

/// The additions less the takings; and the takings of those who know their rights never exceed the additions.
pub struct Bounded;

impl Bounded {
    const fn next(actor: Actor) -> Actor {
        (actor + 1) % 3
    }

    /// The operations that were not refused: their actor held the rights, by all that it had seen.
    fn granted(history: &History<OnBounded>) -> Operations {
        let mut granted = Operations::default();
        for (operation, made) in history.iter().enumerate() {
            let needed = match made.update {
                OnBounded::Add(_) => 0,
                OnBounded::Take(amount) | OnBounded::Give(amount) => amount,
            };
            let seen = made.seen.only(|seen| granted.contains(seen));
            if Self::rights(history, seen, made.actor) >= i128::from(needed) {
                granted = granted.with(operation);
            }
        }
        granted
    }

    fn rights(history: &History<OnBounded>, among: Operations, of: Actor) -> i128 {
        let rights = |operation: usize| match (history[operation].update, history[operation].actor) {
            (OnBounded::Add(amount), actor) if actor == of => i128::from(amount),
            (OnBounded::Take(amount) | OnBounded::Give(amount), actor) if actor == of => -i128::from(amount),
            (OnBounded::Give(amount), actor) if Self::next(actor) == of => i128::from(amount),
            _ => 0,
        };
        among.iter().map(rights).sum()
    }

    fn sum(history: &History<OnBounded>, among: Operations) -> i128 {
        let amount = |operation: usize| match history[operation].update {
            OnBounded::Add(amount) => i128::from(amount),
            OnBounded::Take(amount) => -i128::from(amount),
            OnBounded::Give(_) => 0,
        };
        among.iter().map(amount).sum()
    }
}

impl Specification for Bounded {
    type State = BoundedCounter<Actor>;
    type Update = OnBounded;
    type Value = i128;
    /// Rights given, and, under an actor alone, taken off.
    type Context = BTreeMap<(Actor, Option<Actor>), u64>;
    const UPDATES: &'static [OnBounded] = &[OnBounded::Add(2), OnBounded::Take(1), OnBounded::Give(1)];
    const RENAMES: bool = false;

    fn update(state: &mut Self::State, actor: Actor, update: OnBounded) -> Self::State {
        match update {
            OnBounded::Add(amount) => state.add(actor, amount),
            OnBounded::Take(amount) => state.take(actor, amount),
            OnBounded::Give(amount) => state.give(actor, Self::next(actor), amount),
        }
        .unwrap_or_default()
    }

    fn value(state: &Self::State) -> i128 {
        i128::try_from(state.value()).expect("small amounts")
    }

    fn context(state: &Self::State) -> Self::Context {
        let given = state.given().map(|(&from, &to, rights)| ((from, Some(to)), rights));
        given.chain(state.taken().iter().map(|(&actor, taken)| ((actor, None), taken))).collect()
    }

    /// Never below zero of itself, where the past of everything is visible; else cut off there.
    fn specified_value(history: &History<OnBounded>, visible: Operations) -> i128 {
        let granted = Self::granted(history);
        assert!(Self::sum(history, granted) >= 0, "more was taken than there is: {history:?}");
        let sum = Self::sum(history, visible.only(|operation| granted.contains(operation)));
        if visible.iter().all(|operation| history[operation].seen.is_within(visible)) { sum } else { sum.max(0) }
    }

    fn specified_context(history: &History<OnBounded>, visible: Operations) -> Self::Context {
        let (granted, mut entries) = (Self::granted(history), BTreeMap::new());
        for operation in visible.iter().filter(|&operation| granted.contains(operation)).map(|operation| &history[operation]) {
            let (entry, amount) = match operation.update {
                OnBounded::Add(amount) => (Some(operation.actor), amount),
                OnBounded::Give(amount) => (Some(Self::next(operation.actor)), amount),
                OnBounded::Take(amount) => (None, amount),
            };
            *entries.entry((operation.actor, entry)).or_default() += amount;
        }
        entries
    }

    fn carried(history: &History<OnBounded>, operation: usize) -> Operations {
        let carried = Operations::default().with(operation);
        if Self::granted(history).contains(operation) {
            totalled(history, operation, carried, |update| update.same_total(&history[operation].update))
        } else {
            carried
        }
    }
}

/// `carried`, and the earlier operations of the same actor that went into the same total.
fn totalled<U>(history: &History<U>, operation: usize, carried: Operations, same: impl Fn(&U) -> bool) -> Operations {
    history[..operation]
        .iter()
        .enumerate()
        .filter(|(_, earlier)| earlier.actor == history[operation].actor && same(&earlier.update))
        .fold(carried, |carried, (earlier, _)| carried.with(earlier))
}

impl Operated for GrowOnly {
    type Pure = pure::GCounter;

    fn operation(_replica: &Replica<Self::Pure>, amount: u64) -> Option<u64> {
        Some(amount)
    }

    fn shown(replica: &Replica<Self::Pure>) -> u128 {
        replica.value()
    }
}

impl Operated for PositiveNegative {
    type Pure = pure::PnCounter;

    fn operation(_replica: &Replica<Self::Pure>, amount: i64) -> Option<i64> {
        Some(amount)
    }

    fn shown(replica: &Replica<Self::Pure>) -> i128 {
        replica.value()
    }
}

impl Operated for Resets {
    type Pure = pure::Tally;

    fn operation(_replica: &Replica<Self::Pure>, update: Option<i64>) -> Option<Option<i64>> {
        Some(update)
    }

    fn shown(replica: &Replica<Self::Pure>) -> i128 {
        replica.value().unwrap_or(0)
    }
}

impl Operated for ResetsByTotals {
    type Pure = pure::Tally;

    fn operation(_replica: &Replica<Self::Pure>, update: Option<i64>) -> Option<Option<i64>> {
        Some(update)
    }

    fn shown(replica: &Replica<Self::Pure>) -> i128 {
        replica.value().unwrap_or(0)
    }
}

impl Operated for Bounded {
    type Pure = pure::BoundedCounter;

    fn operation(replica: &Replica<Self::Pure>, update: OnBounded) -> Option<BoundedOperation> {
        Some(match update {
            OnBounded::Add(amount) => BoundedOperation::Add(amount),
            OnBounded::Take(amount) => BoundedOperation::Take(amount),
            OnBounded::Give(rights) => BoundedOperation::Give { to: Rank((replica.me().0 + 1) % 3), rights },
        })
    }

    fn shown(replica: &Replica<Self::Pure>) -> i128 {
        i128::try_from(replica.value()).expect("small amounts")
    }
}
