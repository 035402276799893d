//! What all types made of dots share in their specifications.

use std::collections::BTreeSet;

use tidings_clocks::CausalContext;

use crate::laws::oracle::{Actor, History, Operations};

/// A causal context as a plain set.
pub type Dots = BTreeSet<(Actor, u64)>;

/// All dots of a context, of which there are few.
pub fn listed(context: &CausalContext<Actor>) -> Dots {
    let vector = context.vector().iter().flat_map(|(&actor, last)| (1..=last).map(move |counter| (actor, counter)));
    let beyond = context.exceptions().flat_map(|(&actor, run)| run.map(move |counter| (actor, counter)));
    vector.chain(beyond).collect()
}

/// The dot of an operation, which is so many-eth of those of its actor that make one.
pub fn dot<U>(history: &History<U>, operation: usize, makes_dot: impl Fn(&U) -> bool) -> (Actor, u64) {
    let actor = history[operation].actor;
    let made = history[..=operation].iter().filter(|other| other.actor == actor && makes_dot(&other.update));
    (actor, made.count() as u64)
}

/// The operations that are alive to whoever has seen `visible`: they make a dot, and nothing visible has ended them.
///
/// Where `visible` is causally closed, that is as in the literature: an operation ends what it has seen. Single deltas may also come without their past.
/// Then an operation ends what was alive to it, and nothing that another one, which is not visible, had ended before; its delta does not name that.
pub fn alive<U>(history: &History<U>, visible: Operations, makes_dot: impl Fn(&U) -> bool, ends: impl Fn(&U, &U) -> bool) -> Operations {
    let makers = visible.only(|operation| makes_dot(&history[operation].update));
    if visible.iter().all(|operation| history[operation].seen.is_within(visible)) {
        let ended =
            |operation: usize, by: usize| history[by].seen.contains(operation) && ends(&history[by].update, &history[operation].update);
        return makers.only(|operation| !visible.iter().any(|by| ended(operation, by)));
    }
    let ended = ended(history, makes_dot, ends);
    visible.iter().fold(makers, |alive, by| alive.without(ended[by]))
}

/// For each operation those that it has ended: they were alive to it.
fn ended<U>(history: &History<U>, makes_dot: impl Fn(&U) -> bool, ends: impl Fn(&U, &U) -> bool) -> Vec<Operations> {
    let mut ended: Vec<Operations> = Vec::new();
    for by in history {
        let makers = by.seen.only(|operation| makes_dot(&history[operation].update));
        let alive = by.seen.iter().fold(makers, |alive, earlier| alive.without(ended[earlier]));
        ended.push(alive.only(|operation| ends(&by.update, &history[operation].update)));
    }
    ended
}

/// The dots that whoever has seen `visible` must know: those that the operations made, and those that they ended. No others.
pub fn known<U>(history: &History<U>, visible: Operations, makes_dot: impl Fn(&U) -> bool, ends: impl Fn(&U, &U) -> bool) -> Dots {
    let ended = ended(history, &makes_dot, ends);
    let makers = visible.only(|operation| makes_dot(&history[operation].update));
    let named = visible.iter().fold(makers, |named, by| named.union(ended[by]));
    named.iter().map(|operation| dot(history, operation, &makes_dot)).collect()
}
