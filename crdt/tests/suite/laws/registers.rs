//! Registers: the last visible write by arbitration, or all the visible ones that no other has seen.

use std::collections::BTreeMap;

use tidings_crdt::pure::{self, Replica};
use tidings_crdt::{LwwRegister, MvRegister};

use crate::laws::dots::{self, Dots};
use crate::laws::operations::Operated;
use crate::laws::oracle::{Actor, History, Operations, Specification};

/// Writes come with a Lamport stamp, or one ahead of it as a fast clock makes it.
pub struct LastWriterWins;

impl LastWriterWins {
    /// The stamp of a write: so much beyond the greatest of the writes it has seen.
    fn stamp(history: &History<u64>, operation: usize) -> u64 {
        let seen = history[operation].seen.iter().map(|seen| Self::stamp(history, seen)).max().unwrap_or(0);
        seen + history[operation].update
    }
}

impl Specification for LastWriterWins {
    type State = LwwRegister<Actor, u64, u64>;
    type Update = u64;
    type Value = Option<(u64, Actor, u64)>;
    type Context = ();
    const UPDATES: &'static [u64] = &[1, 2];
    const RENAMES: bool = false;

    fn update(state: &mut Self::State, actor: Actor, ahead: u64) -> Self::State {
        let stamp = state.last().map_or(0, |last| last.stamp) + ahead;
        state.write(stamp, actor, ahead).expect("later than what is seen")
    }

    fn value(state: &Self::State) -> Self::Value {
        state.last().map(|last| (last.stamp, last.actor, last.value))
    }

    fn context(_state: &Self::State) {}

    fn specified_value(history: &History<u64>, visible: Operations) -> Self::Value {
        visible.iter().map(|operation| (Self::stamp(history, operation), history[operation].actor, history[operation].update)).max()
    }

    fn specified_context(_history: &History<u64>, _visible: Operations) {}
}

/// A write of a value, or a clear.
pub struct MultiValue;

impl MultiValue {
    fn ends(_by: &Option<char>, _write: &Option<char>) -> bool {
        true
    }
}

impl Specification for MultiValue {
    type State = MvRegister<Actor, char>;
    type Update = Option<char>;
    type Value = Vec<char>;
    type Context = Dots;
    const UPDATES: &'static [Option<char>] = &[Some('x'), Some('y'), None];

    fn update(state: &mut Self::State, actor: Actor, update: Option<char>) -> Self::State {
        match update {
            Some(value) => state.write(actor, value).expect("few dots"),
            None => state.clear(),
        }
    }

    fn value(state: &Self::State) -> Vec<char> {
        state.values().copied().collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    /// The writes that no visible operation has seen, in the order of their dots (Burckhardt and others 2014, section 3).
    fn specified_value(history: &History<Option<char>>, visible: Operations) -> Vec<char> {
        let alive = dots::alive(history, visible, Option::is_some, Self::ends);
        let by_dot: BTreeMap<_, _> =
            alive.iter().map(|write| (dots::dot(history, write, Option::is_some), history[write].update)).collect();
        by_dot.into_values().flatten().collect()
    }

    fn specified_context(history: &History<Option<char>>, visible: Operations) -> Dots {
        dots::known(history, visible, Option::is_some, Self::ends)
    }
}

impl Operated for LastWriterWins {
    type Pure = pure::LwwRegister<u64, u64>;

    fn operation(replica: &Replica<Self::Pure>, ahead: u64) -> Option<(u64, u64)> {
        Some((replica.value().map_or(0, |(stamp, ..)| stamp) + ahead, ahead))
    }

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value {
        replica.value().map(|(stamp, maker, value)| (stamp, Actor::try_from(maker.0).expect("few replicas"), value))
    }
}

impl Operated for MultiValue {
    type Pure = pure::MvRegister<char>;

    fn operation(_replica: &Replica<Self::Pure>, update: Option<char>) -> Option<Option<char>> {
        Some(update)
    }

    fn shown(replica: &Replica<Self::Pure>) -> Vec<char> {
        replica.value()
    }

    fn specified_shown(history: &History<Option<char>>, visible: Operations) -> Vec<char> {
        let mut values = Self::specified_value(history, visible);
        values.sort_unstable();
        values
    }
}
