//! Sets: an element is there if the specification says so of the visible operations on it.

use std::collections::BTreeSet;

use tidings_crdt::AddWinsSet;

use crate::dots::{self, Dots};
use crate::oracle::{Actor, History, Operations, Specification};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSet {
    Add(char),
    Remove(char),
    Clear,
}

impl OnSet {
    pub fn adds(&self) -> bool {
        matches!(self, Self::Add(_))
    }

    /// Whether it takes the place of an addition that it has seen.
    pub fn ends(&self, addition: &Self) -> bool {
        match (self, addition) {
            (Self::Add(element) | Self::Remove(element), Self::Add(added)) => element == added,
            (Self::Clear, _) => true,
            _ => false,
        }
    }
}

/// An element is there if an addition of it is visible that no visible operation on it has seen (Burckhardt and others 2014, figure 4).
pub struct AddWins;

impl Specification for AddWins {
    type State = AddWinsSet<Actor, char>;
    type Update = OnSet;
    type Value = BTreeSet<char>;
    type Context = Dots;
    const UPDATES: &'static [OnSet] = &[OnSet::Add('x'), OnSet::Add('y'), OnSet::Remove('x'), OnSet::Clear];

    fn update(state: &mut Self::State, actor: Actor, update: OnSet) -> Self::State {
        match update {
            OnSet::Add(element) => state.add(actor, element).expect("few dots"),
            OnSet::Remove(element) => state.remove(&element),
            OnSet::Clear => state.clear(),
        }
    }

    fn value(state: &Self::State) -> BTreeSet<char> {
        state.iter().copied().collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<OnSet>, visible: Operations) -> BTreeSet<char> {
        dots::alive(history, visible, OnSet::adds, OnSet::ends)
            .iter()
            .filter_map(|operation| match history[operation].update {
                OnSet::Add(element) => Some(element),
                _ => None,
            })
            .collect()
    }

    fn specified_context(history: &History<OnSet>, visible: Operations) -> Dots {
        dots::known(history, visible, OnSet::adds, OnSet::ends)
    }
}
