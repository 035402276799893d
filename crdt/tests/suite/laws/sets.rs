//! Sets: an element is there if the specification says so of the visible operations on it.

use std::collections::{BTreeMap, BTreeSet};

use tidings_crdt::pure::{self, LengthOperation, PutOperation, Replica, SetOperation};
use tidings_crdt::{AddWinsSet, CausalLengthSet, GSet, RemoveWinsSet, TwoPhaseSet};

use crate::laws::dots::{self, Dots};
use crate::laws::operations::Operated;
use crate::laws::oracle::{Actor, History, Operations, Specification};

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

    fn element(&self) -> char {
        match self {
            Self::Add(element) | Self::Remove(element) => *element,
            Self::Clear => unreachable!("not in the alphabets that ask"),
        }
    }

    fn put(self) -> PutOperation<char> {
        let element = self.element();
        if self.adds() { PutOperation::Add(element) } else { PutOperation::Remove(element) }
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

/// An element is there if an addition of it is visible that no visible operation on it has seen (Burckhardt and others 2014, section 3).
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

/// An element is there if an addition of it is visible that nothing visible has seen, and no such removal.
pub struct RemoveWins;

impl RemoveWins {
    fn ends(by: &OnSet, change: &OnSet) -> bool {
        by.element() == change.element()
    }
}

impl Specification for RemoveWins {
    type State = RemoveWinsSet<Actor, char>;
    type Update = OnSet;
    type Value = BTreeSet<char>;
    type Context = Dots;
    const UPDATES: &'static [OnSet] = &[OnSet::Add('x'), OnSet::Remove('x'), OnSet::Add('y'), OnSet::Remove('y')];

    fn update(state: &mut Self::State, actor: Actor, update: OnSet) -> Self::State {
        let element = update.element();
        if update.adds() { state.add(actor, element) } else { state.remove(actor, element) }.expect("few dots")
    }

    fn value(state: &Self::State) -> BTreeSet<char> {
        state.iter().copied().collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<OnSet>, visible: Operations) -> BTreeSet<char> {
        let alive = dots::alive(history, visible, |_| true, Self::ends);
        let of = |add: bool| {
            let changes = alive.iter().map(|change| history[change].update).filter(move |update| update.adds() == add);
            changes.map(|update| update.element()).collect::<BTreeSet<_>>()
        };
        &of(true) - &of(false)
    }

    fn specified_context(history: &History<OnSet>, visible: Operations) -> Dots {
        dots::known(history, visible, |_| true, Self::ends)
    }
}

/// The elements of all visible additions.
pub struct GrowOnly;

impl GrowOnly {
    /// The additions that were news where they were made. The delta of any other is empty, and says nothing to one who has not seen the first.
    fn news(history: &History<char>) -> Operations {
        (0..history.len()).fold(Operations::default(), |new, addition| {
            let made = &history[addition];
            let there = made.seen.iter().any(|seen| new.contains(seen) && history[seen].update == made.update);
            if there { new } else { new.with(addition) }
        })
    }
}

impl Specification for GrowOnly {
    type State = GSet<char>;
    type Update = char;
    type Value = BTreeSet<char>;
    type Context = ();
    const UPDATES: &'static [char] = &['x', 'y'];

    fn update(state: &mut Self::State, _actor: Actor, element: char) -> Self::State {
        state.add(element)
    }

    fn value(state: &Self::State) -> BTreeSet<char> {
        state.iter().copied().collect()
    }

    fn context(_state: &Self::State) {}

    fn specified_value(history: &History<char>, visible: Operations) -> BTreeSet<char> {
        let new = Self::news(history);
        visible.iter().filter(|&addition| new.contains(addition)).map(|addition| history[addition].update).collect()
    }

    fn specified_context(_history: &History<char>, _visible: Operations) {}
}

/// An element is there if an addition of it is visible and no removal by one who saw it there. A refused addition is none.
pub struct TwoPhase;

impl TwoPhase {
    /// Which operations had an effect where they were made.
    fn effective(history: &History<OnSet>) -> Operations {
        let mut effective = Operations::default();
        for (operation, made) in history.iter().enumerate() {
            let seen = made.seen.only(|seen| effective.contains(seen));
            let removed = Self::elements(history, seen, |update| !update.adds());
            let there = &Self::elements(history, seen, OnSet::adds) - &removed;
            let takes = match made.update {
                OnSet::Add(element) => !there.contains(&element) && !removed.contains(&element),
                OnSet::Remove(element) => there.contains(&element),
                OnSet::Clear => unreachable!("not in this alphabet"),
            };
            if takes {
                effective = effective.with(operation);
            }
        }
        effective
    }

    fn elements(history: &History<OnSet>, among: Operations, of: impl Fn(&OnSet) -> bool) -> BTreeSet<char> {
        among.iter().map(|operation| &history[operation].update).filter(|update| of(update)).map(OnSet::element).collect()
    }
}

impl Specification for TwoPhase {
    type State = TwoPhaseSet<char>;
    type Update = OnSet;
    type Value = BTreeSet<char>;
    /// The elements that were removed.
    type Context = BTreeSet<char>;
    const UPDATES: &'static [OnSet] = &[OnSet::Add('x'), OnSet::Remove('x'), OnSet::Add('y')];

    fn update(state: &mut Self::State, _actor: Actor, update: OnSet) -> Self::State {
        if update.adds() { state.add(update.element()).unwrap_or_default() } else { state.remove(&update.element()) }
    }

    fn value(state: &Self::State) -> BTreeSet<char> {
        state.iter().copied().collect()
    }

    fn context(state: &Self::State) -> BTreeSet<char> {
        state.removed().copied().collect()
    }

    fn specified_value(history: &History<OnSet>, visible: Operations) -> BTreeSet<char> {
        let effective = Self::effective(history);
        let visible = visible.only(|operation| effective.contains(operation));
        &Self::elements(history, visible, OnSet::adds) - &Self::elements(history, visible, |update| !update.adds())
    }

    fn specified_context(history: &History<OnSet>, visible: Operations) -> BTreeSet<char> {
        let effective = Self::effective(history);
        Self::elements(history, visible.only(|operation| effective.contains(operation)), |update| !update.adds())
    }
}

/// An element is there if the longest visible chain of changes to it, each of which saw the one before, is odd.
pub struct CausalLength;

impl CausalLength {
    /// For each operation that had an effect where it was made, the length of the chain that it ends.
    fn lengths(history: &History<OnSet>) -> Vec<u64> {
        let mut lengths: Vec<u64> = Vec::new();
        for made in history {
            let before = made.seen.iter().filter(|&seen| history[seen].update.element() == made.update.element()).map(|seen| lengths[seen]);
            let before = before.max().unwrap_or(0);
            lengths.push(if made.update.adds() == (before % 2 == 0) { before + 1 } else { 0 });
        }
        lengths
    }
}

impl Specification for CausalLength {
    type State = CausalLengthSet<char>;
    type Update = OnSet;
    type Value = BTreeSet<char>;
    type Context = BTreeMap<char, u64>;
    const UPDATES: &'static [OnSet] = &[OnSet::Add('x'), OnSet::Remove('x'), OnSet::Add('y')];

    fn update(state: &mut Self::State, _actor: Actor, update: OnSet) -> Self::State {
        if update.adds() { state.add(update.element()) } else { state.remove(update.element()) }.expect("few changes")
    }

    fn value(state: &Self::State) -> BTreeSet<char> {
        state.iter().copied().collect()
    }

    fn context(state: &Self::State) -> Self::Context {
        state.lengths().map(|(&element, length)| (element, length)).collect()
    }

    fn specified_value(history: &History<OnSet>, visible: Operations) -> BTreeSet<char> {
        let lengths = Self::specified_context(history, visible);
        lengths.into_iter().filter(|(_, length)| length % 2 == 1).map(|(element, _)| element).collect()
    }

    fn specified_context(history: &History<OnSet>, visible: Operations) -> Self::Context {
        let (lengths, mut longest) = (Self::lengths(history), BTreeMap::new());
        for operation in visible.iter().filter(|&operation| lengths[operation] != 0) {
            let length: &mut u64 = longest.entry(history[operation].update.element()).or_default();
            *length = lengths[operation].max(*length);
        }
        longest
    }
}

impl Operated for AddWins {
    type Pure = pure::AddWinsSet<char>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnSet) -> Option<SetOperation<char>> {
        Some(match update {
            OnSet::Add(element) => SetOperation::Add(element),
            OnSet::Remove(element) => SetOperation::Remove(element),
            OnSet::Clear => SetOperation::Clear,
        })
    }

    fn shown(replica: &Replica<Self::Pure>) -> BTreeSet<char> {
        let shown = replica.value();
        for element in ['x', 'y'] {
            assert_eq!(replica.contains(&element), shown.contains(&element));
        }
        shown
    }
}

impl Operated for RemoveWins {
    type Pure = pure::RemoveWinsSet<char>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnSet) -> Option<PutOperation<char>> {
        Some(update.put())
    }

    fn shown(replica: &Replica<Self::Pure>) -> BTreeSet<char> {
        replica.value()
    }
}

impl Operated for GrowOnly {
    type Pure = pure::GSet<char>;

    fn operation(_replica: &Replica<Self::Pure>, element: char) -> Option<char> {
        Some(element)
    }

    fn shown(replica: &Replica<Self::Pure>) -> BTreeSet<char> {
        replica.value()
    }
}

impl Operated for TwoPhase {
    type Pure = pure::TwoPhaseSet<char>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnSet) -> Option<PutOperation<char>> {
        Some(update.put())
    }

    fn shown(replica: &Replica<Self::Pure>) -> BTreeSet<char> {
        replica.value()
    }
}

impl Operated for CausalLength {
    type Pure = pure::CausalLengthSet<char>;

    fn operation(replica: &Replica<Self::Pure>, update: OnSet) -> Option<LengthOperation<char>> {
        let element = update.element();
        if update.adds() { replica.adding(element) } else { replica.removing(element) }.expect("few changes")
    }

    fn shown(replica: &Replica<Self::Pure>) -> BTreeSet<char> {
        replica.value()
    }
}
