//! What is written of a position: its steps and those to its fences in one flat list, so that a reader needs no stack that the input is master of.

use alloc::vec::Vec;

use super::between::NESTING;
use super::{Fence, Position, Shared, Side, Step};

/// A step: the actor, the counter, and for one to the right the steps and the counter that its fence shares, and how many of the following steps lead there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct FlatStep<A>(pub(crate) A, pub(crate) u64, pub(crate) Option<(u64, u64, u64)>);

impl<A: Ord + Clone> Position<A> {
    /// All steps, each before those to its fence, and these before the next.
    pub(crate) fn flat(&self) -> Vec<FlatStep<A>> {
        let mut flat = Vec::new();
        flatten(&self.way, &mut flat);
        flat
    }

    /// The position of which these are the steps. `None` if it is of none.
    pub(crate) fn from_flat(flat: Vec<FlatStep<A>>) -> Option<Self> {
        let mut flat = flat.into_iter();
        let mut way = Vec::new();
        while flat.len() > 0 {
            let next = step(&mut flat, &way, 0)?;
            if way.last().is_some_and(|last: &Step<A>| last.chains_with(&next)) || (way.is_empty() && next.side == Side::Left) {
                return None;
            }
            way.push(next);
        }
        (!way.is_empty()).then(|| Self { way: way.into() })
    }
}

fn flatten<A: Clone>(way: &[Step<A>], flat: &mut Vec<FlatStep<A>>) {
    for Step { side, actor, counter } in way {
        let Side::Right(Fence { shared, rest }) = side else {
            flat.push(FlatStep(actor.clone(), *counter, None));
            continue;
        };
        flat.push(FlatStep(actor.clone(), *counter, Some((shared.steps as u64, shared.counter, rest.len() as u64))));
        flatten(rest, flat);
    }
}

/// Reads the next step below `way`, with its fence, which is nested in `nesting` others.
fn step<A: Ord + Clone>(flat: &mut impl ExactSizeIterator<Item = FlatStep<A>>, way: &[Step<A>], nesting: usize) -> Option<Step<A>> {
    let FlatStep(actor, counter, right) = flat.next()?;
    let side = match right {
        None => Side::Left,
        Some((steps, shared, left)) if left <= flat.len() as u64 && nesting <= NESTING => {
            let shared = Shared { steps: usize::try_from(steps).ok()?, counter: shared };
            let mut rest: Vec<Step<A>> = Vec::new();
            for _ in 0..left {
                let next = step(flat, &rest, nesting + 1)?;
                if rest.last().is_some_and(|last| last.chains_with(&next)) {
                    return None;
                }
                rest.push(next);
            }
            // Of a fence inside of another one only the writer can tell which node it shares: it only has to be in order with others.
            let is_on_way = nesting > 0
                || shared == Shared::ROOT
                || way.get(shared.steps.wrapping_sub(1)).is_some_and(|step| shared.counter <= step.counter);
            if !is_on_way {
                return None;
            }
            Side::Right(Fence { shared, rest: rest.into() })
        }
        Some(_) => return None,
    };
    (counter > 0).then_some(Step { side, actor, counter })
}

#[cfg(feature = "serde")]
impl<A: Ord + Clone + serde::Serialize> serde::Serialize for Position<A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.flat().serialize(serializer)
    }
}

/// Takes only what `Serialize` gives.
#[cfg(feature = "serde")]
impl<'de, A: Ord + Clone + serde::Deserialize<'de>> serde::Deserialize<'de> for Position<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_flat(Vec::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("the steps do not lead to a position"))
    }
}
