//! The column of marks in saved texts and deltas: empty if there are none, else the ids of all actors in it, in their order, after their number; then each mark.
//!
//! A mark is its stamp's counter, less the one before it, signed; its stamp's actor; both anchors; its key; and its value after a 1, or a 0. Actors are told by their numbers.
//! An anchor is 0 for the start, 1 for the end, else twice an actor's number plus 2 for the place before a character or 3 for that after it, then the counter.

use alloc::string::String;
use alloc::vec::Vec;

use tidings_clocks::{Dot, Malformed, Wire};

use super::anchor::Anchor;
use super::load::read_ids;
use super::mark::TextMark;
use crate::EncodingError;
use crate::encoding::{Column, write_signed};

/// Writes the column.
pub(super) fn write<A: Ord + Wire>(marks: &[TextMark<A>]) -> Vec<u8> {
    let mut out = Vec::new();
    if marks.is_empty() {
        return out;
    }
    let mut actors: Vec<&A> = Vec::new();
    for TextMark { stamp, start, end, .. } in marks {
        actors.push(&stamp.actor);
        actors.extend([start, end].into_iter().filter_map(Anchor::dot).map(|dot| &dot.actor));
    }
    actors.sort_unstable();
    actors.dedup();
    (actors.len() as u64).encode(&mut out);
    actors.iter().for_each(|actor| actor.encode(&mut out));
    let rank = |actor| actors.binary_search(&actor).expect("all actors are there") as u64;
    let mut last = 0;
    for TextMark { stamp, start, end, key, value } in marks {
        write_signed(stamp.counter.wrapping_sub(last).cast_signed(), &mut out);
        last = stamp.counter;
        rank(&stamp.actor).encode(&mut out);
        for anchor in [start, end] {
            match anchor {
                Anchor::Start => 0_u64.encode(&mut out),
                Anchor::End => 1_u64.encode(&mut out),
                Anchor::Before(dot) | Anchor::After(dot) => {
                    let side = u64::from(matches!(anchor, Anchor::After(_)));
                    (rank(&dot.actor) * 2 + 2 + side).encode(&mut out);
                    dot.counter.encode(&mut out);
                }
            }
        }
        key.encode(&mut out);
        u64::from(value.is_some()).encode(&mut out);
        if let Some(value) = value {
            value.encode(&mut out);
        }
    }
    out
}

/// Reads the column.
pub(super) fn read<A: Clone + Ord + Wire>(column: &Column<'_>) -> Result<Vec<TextMark<A>>, EncodingError> {
    let marks = read_any(column.clone())?;
    // No other form is taken: no table of actors that are not in it.
    if column.is(&write(&marks)) { Ok(marks) } else { Err(column.contradiction()) }
}

fn read_any<A: Clone + Ord + Wire>(mut column: Column<'_>) -> Result<Vec<TextMark<A>>, EncodingError> {
    let mut marks = Vec::new();
    if column.is_empty() {
        return Ok(marks);
    }
    let actors: Vec<A> = read_ids(&mut column)?;
    let actor = |number, column: &Column<'_>| {
        let rank = usize::try_from(number).unwrap_or(usize::MAX);
        actors.get(rank).cloned().ok_or(column.contradiction())
    };
    let mut last: u64 = 0;
    // A mark takes six bytes at least.
    marks.reserve(column.len() / 6);
    while !column.is_empty() {
        last = last.wrapping_add(column.signed()?.cast_unsigned());
        let author = column.number()?;
        let stamp = Dot::new(actor(author, &column)?, last);
        let mut anchors = [Anchor::Start, Anchor::End];
        for anchor in &mut anchors {
            *anchor = match column.number()? {
                0 => Anchor::Start,
                1 => Anchor::End,
                number => {
                    let dot = Dot::new(actor((number - 2) / 2, &column)?, column.number()?);
                    if number % 2 == 0 { Anchor::Before(dot) } else { Anchor::After(dot) }
                }
            };
        }
        let [start, end] = anchors;
        let key = column.value(column.len())?;
        let value = match column.number()? {
            0 => None,
            1 => Some(column.value::<String>(column.len())?),
            _ => return Err(column.error(Malformed::Number)),
        };
        marks.push(TextMark { stamp, start, end, key, value });
    }
    Ok(marks)
}
