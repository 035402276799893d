//! Flags: on or off by the visible changes that no other has seen.

use tidings_crdt::pure::{self, Replica};
use tidings_crdt::{DisableWinsFlag, EnableWinsFlag};

use crate::laws::dots::{self, Dots};
use crate::laws::operations::Operated;
use crate::laws::oracle::{Actor, History, Operations, Specification};

/// On while an enable is visible that no other change has seen (Burckhardt and others 2014, section 3).
pub struct EnableWins;

impl EnableWins {
    fn ends(_by: &bool, _enable: &bool) -> bool {
        true
    }
}

impl Specification for EnableWins {
    type State = EnableWinsFlag<Actor>;
    type Update = bool;
    type Value = bool;
    type Context = Dots;
    const UPDATES: &'static [bool] = &[true, false];

    fn update(state: &mut Self::State, actor: Actor, on: bool) -> Self::State {
        if on { state.enable(actor).expect("few dots") } else { state.disable() }
    }

    fn value(state: &Self::State) -> bool {
        state.is_on()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<bool>, visible: Operations) -> bool {
        dots::alive(history, visible, |on| *on, Self::ends) != Operations::default()
    }

    fn specified_context(history: &History<bool>, visible: Operations) -> Dots {
        dots::known(history, visible, |on| *on, Self::ends)
    }
}

/// On if something is visible and all that no other change has seen are enables.
pub struct DisableWins;

impl Specification for DisableWins {
    type State = DisableWinsFlag<Actor>;
    type Update = bool;
    type Value = bool;
    type Context = Dots;
    const UPDATES: &'static [bool] = &[true, false];

    fn update(state: &mut Self::State, actor: Actor, on: bool) -> Self::State {
        if on { state.enable(actor) } else { state.disable(actor) }.expect("few dots")
    }

    fn value(state: &Self::State) -> bool {
        state.is_on()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<bool>, visible: Operations) -> bool {
        let alive = dots::alive(history, visible, |_| true, |_, _| true);
        alive != Operations::default() && alive.iter().all(|change| history[change].update)
    }

    fn specified_context(history: &History<bool>, visible: Operations) -> Dots {
        dots::known(history, visible, |_| true, |_, _| true)
    }
}

impl Operated for EnableWins {
    type Pure = pure::EnableWinsFlag;

    fn operation(_replica: &Replica<Self::Pure>, on: bool) -> Option<bool> {
        Some(on)
    }

    fn shown(replica: &Replica<Self::Pure>) -> bool {
        replica.value()
    }
}

impl Operated for DisableWins {
    type Pure = pure::DisableWinsFlag;

    fn operation(_replica: &Replica<Self::Pure>, on: bool) -> Option<bool> {
        Some(on)
    }

    fn shown(replica: &Replica<Self::Pure>) -> bool {
        replica.value()
    }
}
