//! The columns of a saved delta, version 1.
//!
//! | column | for | what |
//! |---|---|---|
//! | actors | each actor that is named, in the order of the ids | its id; their number comes first |
//! | runs | each run | its first dot; 2 × characters, plus 1 if they are deleted; 0 if it was typed after the actor's last one, else its two origins |
//! | removed | each range of deleted characters | its first dot, and how many |
//! | content | | the characters of all runs that are not deleted |
//! | marks | each mark | see `save_marks.rs` |
//!
//! A dot is the number of its actor and its counter, less the one that the dot before it in the column ended with if it has the same actor; signed. An origin is 1 for
//! none, else a dot whose actor's number is 2 higher.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{Dot, Malformed, Wire};

use super::delta::{Origins, TextDelta, TextRange, TextRun};
use super::load::read_actors;
use super::mark::TextMark;
use super::save_marks;
use crate::encoding::{Column, Reader, Writer, write_signed, write_text};
use crate::{DocumentKind, EncodingError};

/// The counters from which the next ones are told, for each actor.
struct Counters(Vec<u64>);

impl<A: Clone + Ord + Wire> TextDelta<A> {
    /// The delta as a document: what [`Text::since`](crate::Text::since) gives is the part of a text that a version lacks. O(n log a) for a actors.
    ///
    /// Equal deltas give equal bytes. For single keystrokes a serde format is smaller.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let actors = self.actors();
        let rank = |dot: &Dot<A>| actors.binary_search(&&dot.actor).expect("all actors are there");
        let [mut ids, mut runs, mut removed, mut content] = [const { Vec::new() }; 4];
        if !actors.is_empty() {
            (actors.len() as u64).encode(&mut ids);
            actors.iter().for_each(|actor| actor.encode(&mut ids));
        }
        let mut counters = Counters(vec![0; actors.len()]);
        let mut text = String::new();
        for run in self.runs() {
            counters.write(rank(&run.first), &run.first, 0, &mut runs);
            (run.length().saturating_mul(2) + u64::from(run.is_deleted())).encode(&mut runs);
            text.push_str(run.text());
            counters.0[rank(&run.first)] = run.end().unwrap_or(u64::MAX);
            match &run.origins {
                Origins::Typed => 0_u64.encode(&mut runs),
                Origins::Between { left, right } => {
                    for origin in [left, right] {
                        match origin {
                            None => 1_u64.encode(&mut runs),
                            Some(dot) => counters.write(rank(dot), dot, 2, &mut runs),
                        }
                    }
                }
            }
        }
        let mut counters = Counters(vec![0; actors.len()]);
        for range in self.removed() {
            counters.write(rank(&range.first), &range.first, 0, &mut removed);
            range.length.encode(&mut removed);
            counters.0[rank(&range.first)] = range.end().unwrap_or(u64::MAX);
        }
        if !text.is_empty() {
            write_text(&text, &mut content);
        }
        let mut writer = Writer::new(DocumentKind::TextDelta);
        [ids, runs, removed, content, save_marks::write(self.marks())].iter().for_each(|column| writer.column(column));
        writer.finish()
    }

    /// All actors that are named, in their order.
    fn actors(&self) -> Vec<&A> {
        let mut actors: Vec<&A> = Vec::new();
        for run in self.runs() {
            actors.push(&run.first.actor);
            if let Origins::Between { left, right } = &run.origins {
                actors.extend([left, right].into_iter().flatten().map(|dot| &dot.actor));
            }
        }
        actors.extend(self.removed().iter().map(|range| &range.first.actor));
        actors.sort_unstable();
        actors.dedup();
        actors
    }

    /// The delta that [`save`](Self::save) wrote: a value, not yet believed. O(n).
    ///
    /// `limit` is how many bytes of memory may be taken; more than about 100 times as many as `bytes` never are, but for what ids hold.
    ///
    /// # Errors
    /// [`EncodingError`] if the bytes were not written by `save`, were changed since, or would take too much memory.
    pub fn load(bytes: &[u8], limit: usize) -> Result<Self, EncodingError> {
        let mut reader = Reader::open(bytes, DocumentKind::TextDelta)?;
        let actors: Vec<A> = read_actors(reader.column()?)?;
        let [runs, removed, content, marks] = [reader.column()?, reader.column()?, reader.column()?, reader.column()?];
        reader.finish()?;
        // A run takes four bytes at least, a range three.
        let needed = (runs.len() / 4).saturating_mul(size_of::<TextRun<A>>())
            + (removed.len() / 3).saturating_mul(size_of::<TextRange<A>>())
            + marks.len().saturating_mul(size_of::<TextMark<A>>());
        let rest = limit.checked_sub(needed).ok_or(EncodingError::TooLarge { needed, limit })?;
        let text = content.clone().text(rest)?;
        let (runs, text) = read_runs(runs, &actors, &text)?;
        if !text.is_empty() {
            return Err(content.contradiction());
        }
        Ok(Self::from_parts(runs, read_removed(removed, &actors)?).with_marks(save_marks::read(&marks)?))
    }
}

impl Counters {
    fn write<A>(&self, rank: usize, dot: &Dot<A>, more: usize, out: &mut Vec<u8>) {
        ((rank + more) as u64).encode(out);
        write_signed(dot.counter.wrapping_sub(self.0[rank]).cast_signed(), out);
    }

    /// Reads what follows on the number of an actor.
    fn read<A: Clone>(&self, rank: u64, actors: &[A], column: &mut Column<'_>) -> Result<(usize, Dot<A>), EncodingError> {
        let rank = usize::try_from(rank).unwrap_or(usize::MAX);
        let actor = actors.get(rank).ok_or(column.contradiction())?;
        let counter = self.0[rank].wrapping_add(column.signed()?.cast_unsigned());
        Ok((rank, Dot::new(actor.clone(), counter)))
    }
}

/// The runs, and what their characters leave of the text.
fn read_runs<'a, A: Clone>(mut column: Column<'_>, actors: &[A], text: &'a str) -> Result<(Vec<TextRun<A>>, &'a str), EncodingError> {
    let mut counters = Counters(vec![0; actors.len()]);
    let (mut runs, mut text) = (Vec::with_capacity(column.len() / 4), text);
    while !column.is_empty() {
        let number = column.number()?;
        let (rank, first) = counters.read(number, actors, &mut column)?;
        let number = column.number()?;
        let length = number >> 1;
        counters.0[rank] = first.counter.saturating_add(length);
        let origins = match column.number()? {
            0 => Origins::Typed,
            left => {
                let left = read_origin(left, &counters, actors, &mut column)?;
                let right = column.number()?;
                Origins::Between { left, right: read_origin(right, &counters, actors, &mut column)? }
            }
        };
        runs.push(if number & 1 == 1 {
            TextRun::deleted(first, origins, length)
        } else {
            let end = usize::try_from(length).ok().and_then(|chars| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(chars));
            let (piece, after) = text.split_at(end.ok_or(column.error(Malformed::Truncated))?);
            text = after;
            TextRun::new(first, origins, piece)
        });
    }
    Ok((runs, text))
}

fn read_origin<A: Clone>(number: u64, counters: &Counters, actors: &[A], column: &mut Column<'_>) -> Result<Option<Dot<A>>, EncodingError> {
    match number {
        0 => Err(column.contradiction()),
        1 => Ok(None),
        rank => counters.read(rank - 2, actors, column).map(|(_, dot)| Some(dot)),
    }
}

fn read_removed<A: Clone>(mut column: Column<'_>, actors: &[A]) -> Result<Vec<TextRange<A>>, EncodingError> {
    let mut counters = Counters(vec![0; actors.len()]);
    let mut removed = Vec::with_capacity(column.len() / 3);
    while !column.is_empty() {
        let number = column.number()?;
        let (rank, first) = counters.read(number, actors, &mut column)?;
        let length = column.number()?;
        counters.0[rank] = first.counter.saturating_add(length);
        removed.push(TextRange { first, length });
    }
    Ok(removed)
}
