//! Counters: the value is the sum over the visible operations.

use std::collections::BTreeMap;

use tidings_crdt::{GCounter, PnCounter};

use crate::oracle::{Actor, History, Operations, Specification};

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

/// `carried`, and the earlier operations of the same actor that went into the same total.
fn totalled<U>(history: &History<U>, operation: usize, carried: Operations, same: impl Fn(&U) -> bool) -> Operations {
    history[..operation]
        .iter()
        .enumerate()
        .filter(|(_, earlier)| earlier.actor == history[operation].actor && same(&earlier.update))
        .fold(carried, |carried, (earlier, _)| carried.with(earlier))
}
