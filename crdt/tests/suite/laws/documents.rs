//! A document: below a field is what no visible change of the field has seen and removed or replaced, of counters, texts and registers alike.

use tidings_crdt::{Document, DocumentError, Entry, Kind};

use crate::laws::dots::{self, Dots};
use crate::laws::oracle::{Actor, History, Operations, Specification};
use crate::laws::written::{Pen, Written};

/// At one field: a counter and a text below it, or a register in their place.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Count,
    Type,
    Put,
    Remove,
}

/// What a dot stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// That there is a map at the root.
    Root,
    /// That there is one at the field, a counter or a text below it.
    Map,
    Counter,
    Text,
    /// An amount of 1, a character, a value of the register.
    One,
    Char,
    Scalar,
}

impl Leaf {
    const fn is_below(self) -> bool {
        !matches!(self, Self::Root)
    }

    /// Whether it makes the field a map.
    const fn is_of_map(self) -> bool {
        self.is_below() && !matches!(self, Self::Scalar)
    }

    const fn is_of_counter(self) -> bool {
        matches!(self, Self::Counter | Self::One)
    }

    const fn is_of_text(self) -> bool {
        matches!(self, Self::Text | Self::Char)
    }
}

pub struct Field;

impl Field {
    fn write(pen: &mut Pen<'_, Leaf>, change: &Change) {
        let (found, is_map) = (pen.has(|leaf| leaf.is_below()), pen.has(|leaf| leaf.is_of_map()));
        let makes_root = !pen.has(|_| true);
        match change {
            Change::Remove => return pen.end(|leaf| leaf.is_below()),
            // The path would lead through a register: refused.
            Change::Count | Change::Type if found && !is_map => return,
            _ if makes_root => pen.make(Leaf::Root),
            _ => {}
        }
        if matches!(change, Change::Put) {
            pen.end(|leaf| leaf.is_below());
            return pen.make(Leaf::Scalar);
        }
        if !is_map {
            pen.make(Leaf::Map);
        }
        match change {
            Change::Count => {
                if !pen.has(|leaf| leaf.is_of_counter()) {
                    pen.make(Leaf::Counter);
                }
                pen.make(Leaf::One);
            }
            _ => {
                if !pen.has(|leaf| leaf.is_of_text()) {
                    pen.make(Leaf::Text);
                }
                pen.make(Leaf::Char);
            }
        }
    }
}

/// What is at the field.
#[derive(Debug, Default, PartialEq)]
pub struct Shown {
    kinds: Vec<Kind>,
    count: i128,
    chars: usize,
    scalars: usize,
    below: [bool; 2],
}

impl Specification for Field {
    type State = Document<Actor>;
    type Update = Change;
    type Value = Shown;
    type Context = Dots;
    const UPDATES: &'static [Change] = &[Change::Count, Change::Type, Change::Put, Change::Remove];

    fn update(state: &mut Self::State, actor: Actor, change: Change) -> Self::State {
        let delta = match change {
            Change::Count => state.count(actor, ("m", "n"), 1),
            Change::Type => state.splice(actor, ("m", "t"), 0..0, "x"),
            Change::Put => state.put(actor, "m", true),
            Change::Remove => state.remove("m"),
        };
        match delta {
            Err(DocumentError::Missing { .. } | DocumentError::WrongKind { .. }) => Document::new(),
            delta => delta.expect("it can be done"),
        }
    }

    fn value(state: &Self::State) -> Shown {
        let Some(field) = state.entry("m") else { return Shown::default() };
        let (counter, text) = (state.entry(("m", "n")), state.entry(("m", "t")));
        Shown {
            kinds: field.kinds().collect(),
            count: counter.as_ref().map_or(0, Entry::count),
            chars: text.as_ref().map_or(0, |text| text.text().chars().count()),
            scalars: field.scalars().count(),
            below: [counter.is_some(), text.is_some()],
        }
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<Change>, visible: Operations) -> Shown {
        Self::specified(history, visible).0
    }

    fn specified_context(history: &History<Change>, visible: Operations) -> Dots {
        Written::by(history, Self::write).known(visible)
    }

    fn specified(history: &History<Change>, visible: Operations) -> (Shown, Dots) {
        let written = Written::by(history, Self::write);
        let alive = written.alive(visible);
        let count = |leaf: Leaf| alive.values().filter(|other| ***other == leaf).count();
        let any = |of: fn(Leaf) -> bool| alive.values().any(|leaf| of(**leaf));
        let (is_map, scalars) = (any(Leaf::is_of_map), count(Leaf::Scalar));
        let shown = Shown {
            kinds: is_map.then_some(Kind::Map).into_iter().chain((scalars > 0).then_some(Kind::Scalar)).collect(),
            count: count(Leaf::One) as i128,
            chars: count(Leaf::Char),
            scalars,
            below: [any(Leaf::is_of_counter), any(Leaf::is_of_text)],
        };
        (shown, written.known(visible))
    }
}
