//! Reading what `save.rs` writes.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot, Malformed, Wire};

use super::node::Atom;
use super::rows::{Key, Row};
use super::save::Tag;
use super::{DEPTH, Document, Kind, Scalar};
use crate::encoding::{Column, Reader};
use crate::moveable_list::Place;
use crate::position::FlatStep;
use crate::{DocumentKind, DotFun, DotRuns, EncodingError, Position};

/// How much memory one byte of the columns may take: chains of maps of one field take the most, about 290 bytes where that was measured.
const MEMORY_FOR_A_BYTE: usize = 512;

/// A column with dots in it.
struct Dots<'a, 'c, A> {
    actors: &'a [A],
    last: Vec<u64>,
    column: Column<'c>,
}

/// A column of text that is given out piece by piece.
struct Pieces<'c> {
    text: String,
    at: usize,
    column: Column<'c>,
}

impl<A: Ord + Clone + Wire> Document<A> {
    /// The document that [`save`](Self::save) or [`save_since`](Self::save_since) wrote. O(n log n).
    ///
    /// `limit` is how many bytes of memory may be taken. More than about 512 times as many as `bytes` never are, however these were made.
    ///
    /// # Errors
    /// [`EncodingError`] if the bytes were not written by `save`, were changed since, or would take too much memory.
    pub fn load(bytes: &[u8], limit: usize) -> Result<Self, EncodingError> {
        let mut reader = Reader::open(bytes, DocumentKind::Document)?;
        let actors = read_actors(reader.column()?)?;
        let context = read_context(reader.column()?, &actors)?;
        let (mut places, mut lengths) = (reader.column()?, reader.column()?);
        let names = reader.column()?;
        let (mut elements, mut atoms) = (Dots::new(&actors, reader.column()?), Dots::new(&actors, reader.column()?));
        let strings = reader.column()?;
        let mut runs = Dots::new(&actors, reader.column()?);
        let characters = reader.column()?;
        reader.finish()?;
        let needed = bytes.len().saturating_mul(MEMORY_FOR_A_BYTE);
        if needed > limit {
            return Err(EncodingError::TooLarge { needed, limit });
        }
        let contradiction = places.contradiction();
        let (mut names, mut strings, mut characters) =
            (Pieces::new(names, limit)?, Pieces::new(strings, limit)?, Pieces::new(characters, limit)?);
        let mut rows = Vec::new();
        while !places.is_empty() {
            let place = places.number()?;
            let (depth, is_element) = (place / 2, place % 2 == 1);
            if depth > DEPTH as u64 || (depth == 0 && is_element) {
                return Err(places.contradiction());
            }
            let key = match (depth, is_element) {
                (0, _) => Key::Root,
                (_, false) => Key::Field(names.bytes(lengths.number()?)?.into()),
                (_, true) => elements.element()?,
            };
            rows.push(Row { depth, key, atoms: atoms.atoms(&mut strings)?, chars: runs.chars(&mut characters)? });
        }
        lengths.finish()?;
        for column in [&elements.column, &atoms.column, &runs.column] {
            column.finish()?;
        }
        for pieces in [names, strings, characters] {
            pieces.finish()?;
        }
        let document = Self::from_rows(rows, context).map_err(|_| contradiction)?;
        // One form only: who is listed and named by nothing would be another.
        if document.save() == bytes { Ok(document) } else { Err(contradiction) }
    }
}

fn read_actors<A: Ord + Wire>(mut column: Column<'_>) -> Result<Vec<A>, EncodingError> {
    let mut actors: Vec<A> = Vec::new();
    for _ in 0..column.number()? {
        let actor = column.value(column.len())?;
        if actors.last().is_some_and(|last| *last >= actor) {
            return Err(column.error(Malformed::Disorder));
        }
        actors.push(actor);
    }
    column.finish()?;
    Ok(actors)
}

/// The context goes through its own wire form, which checks it.
fn read_context<A: Ord + Clone + Wire>(mut column: Column<'_>, actors: &[A]) -> Result<CausalContext<A>, EncodingError> {
    if column.is_empty() {
        return Ok(CausalContext::new());
    }
    let (mut entries, mut count) = (Vec::new(), 0_u64);
    for actor in actors {
        let known = column.number()?;
        if known > 0 {
            actor.encode(&mut entries);
            known.encode(&mut entries);
            count += 1;
        }
    }
    let (mut runs, mut beyond) = (Vec::new(), 0_u64);
    while !column.is_empty() {
        let rank = usize::try_from(column.number()?).ok();
        rank.and_then(|rank| actors.get(rank)).ok_or(column.contradiction())?.encode(&mut runs);
        column.number()?.encode(&mut runs);
        column.number()?.encode(&mut runs);
        beyond += 1;
    }
    let mut wire = Vec::new();
    count.encode(&mut wire);
    wire.append(&mut entries);
    beyond.encode(&mut wire);
    wire.append(&mut runs);
    CausalContext::from_wire(&wire, wire.len()).map_err(|why| column.error(why))
}

impl<'a, 'c, A: Ord + Clone> Dots<'a, 'c, A> {
    fn new(actors: &'a [A], column: Column<'c>) -> Self {
        Self { actors, last: vec![0; actors.len()], column }
    }

    fn dot(&mut self) -> Result<Dot<A>, EncodingError> {
        let rank =
            usize::try_from(self.column.number()?).ok().filter(|rank| *rank < self.actors.len()).ok_or(self.column.contradiction())?;
        let counter = self.last[rank].wrapping_add_signed(self.column.signed()?);
        self.last[rank] = counter;
        Ok(Dot { actor: self.actors[rank].clone(), counter })
    }

    fn position(&mut self) -> Result<Position<A>, EncodingError> {
        let mut steps = Vec::new();
        for _ in 0..self.column.number()? {
            let Dot { actor, counter } = self.dot()?;
            let right = match self.column.number()? {
                0 => None,
                shared => Some((shared - 1, self.column.number()?, self.column.number()?)),
            };
            steps.push(FlatStep(actor, counter, right));
        }
        Position::from_flat(steps).ok_or(self.column.contradiction())
    }

    fn element(&mut self) -> Result<Key<A>, EncodingError> {
        let name = self.dot()?;
        let mut places = Vec::new();
        for _ in 0..self.column.number()? {
            let dot = self.dot()?;
            let moves = self.column.number()?;
            places.push((dot, Place { moves, position: self.position()? }));
        }
        Ok(Key::Element(name, self.function(places)?))
    }

    fn atoms(&mut self, strings: &mut Pieces<'_>) -> Result<DotFun<A, Atom>, EncodingError> {
        let mut atoms = Vec::new();
        for _ in 0..self.column.number()? {
            let dot = self.dot()?;
            let tag = Tag::of(self.column.number()?).ok_or(self.column.contradiction())?;
            let atom = match tag {
                Tag::Null => Atom::Scalar(Scalar::Null),
                Tag::False => Atom::Scalar(Scalar::Bool(false)),
                Tag::True => Atom::Scalar(Scalar::Bool(true)),
                Tag::Integer => Atom::Scalar(Scalar::Integer(self.column.signed()?)),
                Tag::Real => Atom::Scalar(f64::from_bits(u64::from_le_bytes(self.column.value(0)?)).into()),
                Tag::String => Atom::Scalar(strings.bytes(self.column.number()?)?.into()),
                Tag::Count => Atom::Count(self.column.signed()?),
                Tag::Map => Atom::Made(Kind::Map),
                Tag::List => Atom::Made(Kind::List),
                Tag::Text => Atom::Made(Kind::Text),
                Tag::Counter => Atom::Made(Kind::Counter),
            };
            atoms.push((dot, atom));
        }
        self.function(atoms)
    }

    fn chars(&mut self, characters: &mut Pieces<'_>) -> Result<DotRuns<A, char>, EncodingError> {
        let mut runs = Vec::new();
        for _ in 0..self.column.number()? {
            let position = self.position()?;
            runs.push((position, characters.chars(self.column.number()?)?));
        }
        DotRuns::from_runs(runs).ok_or(self.column.contradiction())
    }

    /// The function of these dots, if they are in order.
    fn function<T: Ord + Clone>(&self, values: Vec<(Dot<A>, T)>) -> Result<DotFun<A, T>, EncodingError> {
        let in_order = values.is_sorted_by(|(dot, _), (next, _)| dot < next);
        if in_order { Ok(DotFun::of_sorted(values)) } else { Err(self.column.error(Malformed::Disorder)) }
    }
}

impl<'c> Pieces<'c> {
    fn new(column: Column<'c>, limit: usize) -> Result<Self, EncodingError> {
        Ok(Self { text: column.clone().text(limit)?, at: 0, column })
    }

    /// The next piece of so many bytes.
    fn bytes(&mut self, length: u64) -> Result<&str, EncodingError> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length)).ok_or(self.column.contradiction())?;
        let piece = self.text.get(self.at..end).ok_or(self.column.contradiction())?;
        self.at = end;
        Ok(piece)
    }

    /// The next piece of so many characters.
    fn chars(&mut self, count: u64) -> Result<Vec<char>, EncodingError> {
        let rest = &self.text[self.at..];
        let count = usize::try_from(count).ok().filter(|&count| count <= rest.len()).ok_or(self.column.contradiction())?;
        let piece: Vec<char> = rest.chars().take(count).collect();
        if piece.len() < count {
            return Err(self.column.contradiction());
        }
        self.at += piece.iter().map(|character| character.len_utf8()).sum::<usize>();
        Ok(piece)
    }

    fn finish(&self) -> Result<(), EncodingError> {
        if self.at == self.text.len() { Ok(()) } else { Err(self.column.contradiction()) }
    }
}
