use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{EventStamp, Malformed, Rank, VectorClock};

use super::content::Content;
use super::delta::{Origins, TextDelta, TextRun};
use super::extent::Extent;
use super::index::Index;
use super::integrate::LAST;
use super::load::length;
use super::mark::{Marks, TextMark};
use super::replica::TextReplica;
use super::span::{Key, Span};
use super::tree::{Place, Tree};
use super::{Cursor, Replica, Text};
use crate::encoding::{Column, Reader};
use crate::pure::{Deliveries, Limits, Stamped};
use crate::{DocumentKind, EncodingError};

/// A run of settled characters.
#[derive(Clone, Copy)]
struct Settled {
    first: Key,
    len: u32,
    is_visible: bool,
}

/// Who is a member, and what each has done that is stable.
struct Members {
    me: Rank,
    stable: VectorClock,
    typed: Vec<u32>,
    /// Which of those who have typed each member is.
    numbers: Vec<Option<u32>>,
}

impl TextReplica {
    /// The replica that [`save`](Self::save) wrote, which goes on as the saved one would have. O(n log n + u) for u unstable operations.
    ///
    /// `limit` is how many bytes of memory may be taken. More than about 200 times as many as `bytes` never are, however these were made.
    ///
    /// # Errors
    /// [`EncodingError`] if the bytes were not written by `save`, were changed since, or would take too much memory.
    pub fn load(bytes: &[u8], limits: Limits, limit: usize) -> Result<Self, EncodingError> {
        let mut reader = Reader::open(bytes, DocumentKind::TextReplica)?;
        let [members, settled, content, rights, stamps, edits, marks] =
            [reader.column()?, reader.column()?, reader.column()?, reader.column()?, reader.column()?, reader.column()?, reader.column()?];
        reader.finish()?;
        let whole = members.clone();
        // A run takes three bytes at least, and so does a member; an operation takes one for each member, and five.
        let needed = (settled.len() / 3 * (size_of::<Settled>() + 4 * size_of::<Span>()))
            .saturating_add(members.len() / 2 * size_of::<Replica<Rank>>())
            .saturating_add(stamps.len() / 5 * size_of::<Stamped<TextDelta<Rank>>>() + stamps.len() * size_of::<u64>())
            .saturating_add(edits.len() * size_of::<TextRun<Rank>>() + marks.len() * size_of::<TextMark<Rank>>());
        let limit = limit.checked_sub(needed).ok_or(EncodingError::TooLarge { needed, limit })?;
        let members = Members::read(members)?;
        let settled = members.read_settled(settled)?;
        let contradiction = content.contradiction();
        let content = content.text(limit.min(Content::MOST))?;
        let limit = limit.saturating_sub(content.len());
        let text = members.base(&settled, content).ok_or(contradiction)?;
        let Members { me, stable, typed, .. } = &members;
        let deliveries = Deliveries { me: *me, members: typed.len(), delivered: stable.clone(), stable: stable.clone() };
        let mut replica = Self { limits, deliveries, text, log: Vec::new(), typed: typed.clone() };
        let edited = if edits.is_empty() { TextDelta::new() } else { TextDelta::load(edits.rest(), limit)? };
        replica.read_edits(&members, &settled, rights, stamps, &edited).ok_or(edits.contradiction())?;
        replica.text.load_marks(&marks)?;
        // No other form is taken: one that names what nobody needs, or in another order.
        if replica.save() == bytes { Ok(replica) } else { Err(whole.contradiction()) }
    }

    /// Takes in what is not settled, and the operations that are not stable. `None` if that contradicts anything.
    fn read_edits(
        &mut self,
        members: &Members,
        settled: &[Settled],
        rights: Column<'_>,
        mut stamps: Column<'_>,
        edited: &TextDelta<Rank>,
    ) -> Option<()> {
        let (mut runs, mut removed, mut marks) = (edited.runs(), edited.removed(), edited.marks());
        let unsettled = if stamps.is_empty() { 0 } else { stamps.number().ok()? };
        self.take_unsettled(members, settled, take(&mut runs, unsettled)?)?;
        self.put_rights(members, settled, rights)?;
        while !stamps.is_empty() {
            let stamp = members.read_stamp(&mut stamps)?;
            let mut count = || stamps.number().ok();
            let runs = take(&mut runs, count()?)?;
            let operation = TextDelta::from_parts(runs.iter().cloned(), take(&mut removed, count()?)?.iter().copied())
                .with_marks(take(&mut marks, count()?)?.iter().cloned());
            let (maker, delivered) = (stamp.rank(), &self.deliveries.delivered);
            let is_next = stamp.dot().counter == delivered.entry(maker) + 1;
            let others = (0..members.typed.len()).map(Rank::new).filter(|rank| *rank != maker);
            let has_past = others.clone().all(|rank| stamp.clock().entry(rank) <= delivered.entry(rank));
            let is_new = runs.iter().all(|run| run.first.actor == maker && run.first.counter > self.text.known(&maker));
            if !is_next || !has_past || !is_new {
                return None;
            }
            self.text.apply(&operation).ok()?;
            self.deliveries.note(&stamp);
            self.log.push(Stamped { stamp, operation });
        }
        (runs.is_empty() && removed.is_empty() && marks.is_empty()).then_some(())
    }

    /// Puts the stable characters that are not settled among those that are. Each of their names is new.
    fn take_unsettled(&mut self, members: &Members, settled: &[Settled], runs: &[TextRun<Rank>]) -> Option<()> {
        let mut names: Vec<(Key, u32)> = settled.iter().map(|run| (run.first, run.len)).collect();
        for run in runs {
            let first = members.key(run.first.actor, run.first.counter)?;
            let len = u32::try_from(run.length()).ok().filter(|len| *len > 0)?;
            members.key(run.first.actor, run.first.counter.checked_add(u64::from(len) - 1)?)?;
            names.push((first, len));
        }
        names.sort_unstable();
        if names.windows(2).any(|two| two[0].0.actor == two[1].0.actor && two[0].0.counter + two[0].1 > two[1].0.counter) {
            return None;
        }
        for run in runs {
            let first = members.key(run.first.actor, run.first.counter)?;
            // A text takes an actor's characters one after the other, and of these there are only some.
            let actor = &mut self.text.actors[first.actor as usize];
            (actor.known, actor.stable) = (first.counter - 1, first.counter - 1);
            let taken =
                matches!(run.origins, Origins::Between { .. }) && self.text.apply(&TextDelta::from_parts([run.clone()], [])).is_ok();
            let typed = members.typed[run.first.actor.index()];
            let actor = &mut self.text.actors[first.actor as usize];
            (actor.known, actor.stable) = (typed, typed);
            if !taken {
                return None;
            }
        }
        Some(())
    }

    /// Gives back their right origins to the last characters that are settled.
    fn put_rights(&mut self, members: &Members, settled: &[Settled], mut rights: Column<'_>) -> Option<()> {
        // Of each who has typed, the last stable character, if it is settled, and its right origin.
        let mut last = vec![None; self.text.actors.len()];
        for Settled { first, len, .. } in settled {
            let end = first.plus(len - 1);
            if end.counter == self.text.actors[end.actor as usize].known {
                last[end.actor as usize] = Some((end, Key::NONE));
            }
        }
        for (end, right) in last.iter_mut().flatten() {
            let number = rights.number32().ok()?;
            if number > 0 {
                *right = members.key(Rank(number - 1), rights.number().ok()?).filter(|right| self.text.tree.holds(*right))?;
                let rank = |key| self.text.tree.rank(self.text.tree.find(key));
                // It stands behind it, and comes from something there.
                if rank(*right) <= rank(*end) || self.text.depth(*right) <= self.text.depth(*end) {
                    return None;
                }
            }
        }
        rights.finish().ok()?;
        let right =
            |span: &Span| last[span.id.actor as usize].filter(|(end, _)| span.contains(*end)).map_or(span.right, |(_, right)| right);
        let mut spans: Vec<Span> = self.text.tree.spans().copied().collect();
        spans.iter_mut().for_each(|span| span.right = right(span));
        self.text.tree = tree(&spans);
        self.text.cursor = Cursor::NOWHERE;
        self.text.actors.iter_mut().for_each(|actor| actor.received = Place::NOWHERE);
        Some(())
    }
}

impl Members {
    fn read(mut column: Column<'_>) -> Result<Self, EncodingError> {
        let (me, count) = (Rank(column.number32()?), column.number()?);
        let count = usize::try_from(count).ok().filter(|&count| count <= column.len() / 2).ok_or(column.error(Malformed::Truncated))?;
        let (mut stable, mut typed, mut numbers, mut next) = (VectorClock::new(), Vec::new(), Vec::new(), 0);
        for rank in (0..count).map(Rank::new) {
            stable.raise(rank, column.number()?);
            let characters = column.number32()?;
            if u64::from(characters) > LAST {
                return Err(column.error(Malformed::Number));
            }
            numbers.push((characters > 0).then_some(next));
            next += u32::from(characters > 0);
            typed.push(characters);
        }
        column.finish()?;
        if me.index() >= count { Err(column.contradiction()) } else { Ok(Self { me, stable, typed, numbers }) }
    }

    /// The key of a stable character.
    fn key(&self, rank: Rank, counter: u64) -> Option<Key> {
        let actor = (*self.numbers.get(rank.index())?)?;
        let counter = u32::try_from(counter).ok().filter(|counter| (1..=self.typed[rank.index()]).contains(counter))?;
        Some(Key::new(actor, counter))
    }

    /// The settled runs, in the order of the text. That no character is in two of them is for whoever has them all to see.
    fn read_settled(&self, mut column: Column<'_>) -> Result<Vec<Settled>, EncodingError> {
        let (mut next, mut total) = (vec![1_i64; self.typed.len()], 0);
        let mut settled = Vec::with_capacity(column.len() / 3);
        while !column.is_empty() {
            let rank = Rank(column.number32()?);
            let before = *next.get(rank.index()).ok_or(column.contradiction())?;
            let counter = column.signed()?.checked_add(before).and_then(|counter| u64::try_from(counter).ok());
            let number = column.number()?;
            let (len, is_visible) = (number >> 1, number & 1 == 0);
            let first = counter.and_then(|counter| self.key(rank, counter));
            let last = counter.and_then(|counter| self.key(rank, counter.checked_add(len.checked_sub(1)?)?));
            let (Some(first), Some(last)) = (first, last) else { return Err(column.contradiction()) };
            total += len;
            if total > LAST {
                return Err(column.error(Malformed::Number));
            }
            next[rank.index()] = i64::from(last.counter) + 1;
            settled.push(Settled { first, len: last.counter - first.counter + 1, is_visible });
        }
        Ok(settled)
    }

    /// The text of the settled characters, each of which comes from the one before. `None` if the content is not theirs.
    fn base(&self, settled: &[Settled], content: String) -> Option<Text<Rank>> {
        let mut spans = Vec::with_capacity(settled.len() + content.len() / Extent::CHARS as usize);
        let (mut depth, mut rest, mut at) = (1, content.as_str(), 0);
        for Settled { first, len, is_visible } in settled {
            let (mut id, mut len) = (*first, *len);
            while len > 0 {
                let piece = if *is_visible { len.min(Extent::CHARS) } else { len };
                if *is_visible {
                    let (text, after) = rest.split_at_checked(length(rest, piece as usize)?)?;
                    spans.push(Span::visible(id, Key::NONE, depth, 0, at, Extent::of(text, piece)));
                    (rest, at) = (after, at + u32::try_from(text.len()).ok()?);
                } else {
                    spans.push(Span::deleted(id, Key::NONE, depth, 0, piece));
                }
                (id, depth, len) = (id.plus(piece), depth + piece, len - piece);
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let members = self.typed.iter().enumerate().filter(|(_, typed)| **typed > 0);
        let actors: Vec<Replica<Rank>> =
            members.map(|(rank, &typed)| Replica { id: Rank::new(rank), known: typed, stable: typed, received: Place::NOWHERE }).collect();
        Some(Text {
            tree: tree(&spans),
            content: Content::from_text(content),
            interned: actors.iter().map(|actor| actor.id).zip(0..).collect(),
            actors,
            cursor: Cursor::NOWHERE,
            marks: Marks::new(),
        })
    }

    /// The stamp of an operation that is not stable.
    fn read_stamp(&self, column: &mut Column<'_>) -> Option<EventStamp> {
        let maker = Rank(column.number32().ok()?);
        let mut clock = VectorClock::new();
        for rank in (0..self.typed.len()).map(Rank::new) {
            clock.raise(rank, self.stable.entry(rank).wrapping_add(column.signed().ok()?.cast_unsigned()));
        }
        EventStamp::new(maker, clock)
    }
}

/// The next `count` of them.
fn take<'t, T>(rest: &mut &'t [T], count: u64) -> Option<&'t [T]> {
    let (these, others) = rest.split_at_checked(usize::try_from(count).ok()?)?;
    *rest = others;
    Some(these)
}

/// The tree of spans in their order.
fn tree(spans: &[Span]) -> Tree {
    let leaf = |at: usize| u32::try_from(at / Tree::FILL).expect("there are fewer leaves than characters");
    let mut entries: Vec<(Key, u32)> = spans.iter().enumerate().map(|(at, span)| (span.id, leaf(at))).collect();
    entries.sort_unstable_by_key(|(start, _)| *start);
    Tree::of(spans, Index::of(entries.into_iter()))
}
