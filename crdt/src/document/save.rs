//! The columns of a saved document, version 1.
//!
//! | column | for | what |
//! |---|---|---|
//! | actors | each actor, in the order of the ids | its id; their number comes first |
//! | context | each actor | how many of its events are known without a gap; then, for each run beyond: the actor, the gap less 2, the length less 1 |
//! | places | each place, each before those below it | 2 × levels below the root, plus 1 if it is an element |
//! | lengths | each field | how many bytes its name has |
//! | names | | all names, one after the other |
//! | elements | each element | its dot; the number of places it was put at; for each the dot, the moves before, and the position |
//! | atoms | each place | how many there are; for each its dot and its tag, and what belongs to that |
//! | strings | | all strings that are values, one after the other |
//! | runs | each place | how many runs its text has; for each its position and its length |
//! | characters | | all characters, one after the other |
//!
//! A dot is its actor and the difference of its counter to that of the last dot of this actor in the column. A position is the number of its steps, those to its fences
//! included; for each the dot, and 0 for one to the left, or else 1 + the steps that the fence shares, the counter that it shares, and how many of the following steps lead to
//! it.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot, VersionVector, Wire};

use super::node::Atom;
use super::rows::{Key, Row};
use super::{Document, Kind, Scalar};
use crate::DocumentKind;
use crate::encoding::{Writer, write_signed, write_text};
use crate::position::FlatStep;
use crate::{Decompose, Position};

/// What stands before an atom's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Null = 0,
    False = 1,
    True = 2,
    Integer = 3,
    Real = 4,
    String = 5,
    Count = 6,
    Map = 7,
    List = 8,
    Text = 9,
    Counter = 10,
}

impl Tag {
    const ALL: [Self; 11] = [
        Self::Null,
        Self::False,
        Self::True,
        Self::Integer,
        Self::Real,
        Self::String,
        Self::Count,
        Self::Map,
        Self::List,
        Self::Text,
        Self::Counter,
    ];

    pub(super) fn of(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|tag| *tag as u64 == number)
    }
}

/// A column with dots in it.
struct Dots<'a, A> {
    actors: &'a [A],
    last: Vec<u64>,
    bytes: Vec<u8>,
}

impl<'a, A: Ord> Dots<'a, A> {
    fn new(actors: &'a [A]) -> Self {
        Self { actors, last: vec![0; actors.len()], bytes: Vec::new() }
    }

    fn number(&mut self, number: u64) {
        number.encode(&mut self.bytes);
    }

    fn dot(&mut self, actor: &A, counter: u64) {
        let rank = self.actors.binary_search(actor).expect("all actors are listed");
        self.number(rank as u64);
        let last = core::mem::replace(&mut self.last[rank], counter);
        write_signed(counter.wrapping_sub(last).cast_signed(), &mut self.bytes);
    }

    fn position(&mut self, position: &Position<A>)
    where
        A: Clone,
    {
        let steps = position.flat();
        self.number(steps.len() as u64);
        for FlatStep(actor, counter, right) in steps {
            self.dot(&actor, counter);
            match right {
                None => self.number(0),
                Some((shared, of, rest)) => [shared + 1, of, rest].into_iter().for_each(|number| self.number(number)),
            }
        }
    }
}

impl<A: Ord + Clone + Wire> Document<A> {
    /// The whole state as bytes: compact, checked by a checksum, and the same for equal documents, whatever way they came about. O(n log n).
    ///
    /// The format has a version, and [`load`](Self::load) reads all versions there were.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let rows = self.rows();
        let actors = actors(&rows, self.context());
        let mut known = Vec::new();
        save_context(self.context(), &actors, &mut known);
        let (mut places, mut lengths, mut names, mut strings, mut characters) =
            (Vec::new(), Vec::new(), String::new(), String::new(), String::new());
        let (mut elements, mut atoms, mut runs) = (Dots::new(&actors), Dots::new(&actors), Dots::new(&actors));
        for row in &rows {
            (row.depth * 2 + u64::from(matches!(row.key, Key::Element(..)))).encode(&mut places);
            match &row.key {
                Key::Root => {}
                Key::Field(name) => {
                    (name.len() as u64).encode(&mut lengths);
                    names.push_str(name);
                }
                Key::Element(name, put) => {
                    elements.dot(&name.actor, name.counter);
                    elements.number(put.iter().len() as u64);
                    for (dot, place) in put.iter() {
                        elements.dot(&dot.actor, dot.counter);
                        elements.number(place.moves);
                        elements.position(&place.position);
                    }
                }
            }
            atoms.number(row.atoms.iter().len() as u64);
            for (dot, atom) in row.atoms.iter() {
                atoms.dot(&dot.actor, dot.counter);
                save_atom(atom, &mut atoms.bytes, &mut strings);
            }
            runs.number(row.chars.runs() as u64);
            for run in row.chars.each_run() {
                runs.position(&run.start);
                runs.number(run.values.len() as u64);
                characters.extend(&run.values);
            }
        }
        let mut ids = Vec::new();
        (actors.len() as u64).encode(&mut ids);
        actors.iter().for_each(|actor| actor.encode(&mut ids));
        let mut writer = Writer::new(DocumentKind::Document);
        for column in [&ids, &known, &places, &lengths] {
            writer.column(column);
        }
        writer.column(&text(&names));
        writer.column(&elements.bytes);
        writer.column(&atoms.bytes);
        writer.column(&text(&strings));
        writer.column(&runs.bytes);
        writer.column(&text(&characters));
        writer.finish()
    }

    /// What whoever knows the events of `version` lacks, as bytes: a delta for [`load`](Self::load). O(n log n).
    ///
    /// All ends are in it, of events that `version` knows too: nobody can tell from it which of these were seen.
    #[must_use]
    pub fn save_since(&self, version: &VersionVector<A>) -> Vec<u8> {
        let known = Self(crate::Causal::from_parts(super::Node::new(), version.clone().into()));
        let mut delta = self.difference(&known);
        let mut alive = Vec::new();
        crate::DotStore::each_dot(self.0.store(), &mut |dot| alive.push(dot.clone()));
        let ended = self.context().difference(&alive.into_iter().collect());
        delta.0 = {
            let (store, mut context) = delta.0.into_parts();
            context.join(&ended);
            crate::Causal::from_parts(store, context)
        };
        delta.save()
    }
}

fn text(text: &str) -> Vec<u8> {
    let mut column = Vec::new();
    if !text.is_empty() {
        write_text(text, &mut column);
    }
    column
}

/// Everybody who is named, in order.
fn actors<A: Ord + Clone>(rows: &[Row<A>], context: &CausalContext<A>) -> Vec<A> {
    let mut actors: Vec<A> = crate::keyed::runs(context).map(|(actor, ..)| actor.clone()).collect();
    // The steps of a position name nodes that may be no events of this document any more, or not yet.
    let mut note = |position: &Position<A>| actors.extend(position.flat().into_iter().map(|FlatStep(actor, ..)| actor));
    for row in rows {
        if let Key::Element(_, places) = &row.key {
            places.iter().for_each(|(_, place)| note(&place.position));
        }
        row.chars.each_run().for_each(|run| note(&run.start));
    }
    for row in rows {
        if let Key::Element(Dot { actor, .. }, _) = &row.key {
            actors.push(actor.clone());
        }
    }
    actors.sort_unstable();
    actors.dedup();
    actors
}

fn save_context<A: Ord>(context: &CausalContext<A>, actors: &[A], out: &mut Vec<u8>) {
    if context.is_empty() {
        return;
    }
    for actor in actors {
        context.vector().entry(actor).encode(out);
    }
    let mut last: Option<(&A, u64)> = None;
    for (actor, run) in context.exceptions() {
        let known = last.filter(|(before, _)| *before == actor).map_or_else(|| context.vector().entry(actor), |(_, end)| end);
        (actors.binary_search(actor).expect("all actors are listed") as u64).encode(out);
        (run.start() - known - 2).encode(out);
        (run.end() - run.start()).encode(out);
        last = Some((actor, *run.end()));
    }
}

fn save_atom(atom: &Atom, out: &mut Vec<u8>, strings: &mut String) {
    let tag = match atom {
        Atom::Scalar(Scalar::Null) => Tag::Null,
        // Nobody makes a register without a value.
        Atom::Scalar(Scalar::Bool(false)) | Atom::Made(Kind::Scalar) => Tag::False,
        Atom::Scalar(Scalar::Bool(true)) => Tag::True,
        Atom::Scalar(Scalar::Integer(_)) => Tag::Integer,
        Atom::Scalar(Scalar::Real(_)) => Tag::Real,
        Atom::Scalar(Scalar::String(_)) => Tag::String,
        Atom::Count(_) => Tag::Count,
        Atom::Made(Kind::Map) => Tag::Map,
        Atom::Made(Kind::List) => Tag::List,
        Atom::Made(Kind::Text) => Tag::Text,
        Atom::Made(Kind::Counter) => Tag::Counter,
    };
    (tag as u64).encode(out);
    match atom {
        Atom::Scalar(Scalar::Integer(number)) | Atom::Count(number) => write_signed(*number, out),
        Atom::Scalar(Scalar::Real(number)) => number.value().to_bits().to_le_bytes().encode(out),
        Atom::Scalar(Scalar::String(string)) => {
            (string.len() as u64).encode(out);
            strings.push_str(string);
        }
        _ => {}
    }
}
