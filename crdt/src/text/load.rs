use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{Malformed, Wire};

use super::content::Content;
use super::extent::Extent;
use super::grounds::{Chain, are_grounded};
use super::index::Index;
use super::loader::{Loader, Read};
use super::mark::{Marks, TextMark};
use super::run::Run;
use super::span::{Key, Span, rung};
use super::tree::{Place, Point, Tree};
use super::{Cursor, Replica, Text, save_marks};
use crate::encoding::{Column, Reader};
use crate::{DocumentKind, EncodingError};

impl<A: Clone + Ord + Wire> Text<A> {
    /// The text that [`save`](Self::save) wrote. O(n log n).
    ///
    /// `limit` is how many bytes of memory may be taken. More than about 160 times as many as `bytes` never are, however these were made.
    ///
    /// # Errors
    /// [`EncodingError`] if the bytes were not written by `save`, were changed since, or would take too much memory. Whatever they are, a text that is returned is
    /// one that edits can have led to.
    pub fn load(bytes: &[u8], limit: usize) -> Result<Self, EncodingError> {
        let mut reader = Reader::open(bytes, DocumentKind::Text)?;
        let actors = read_actors(reader.column()?)?;
        let mut loader = Loader::new(&mut reader, actors.len())?;
        let (content, marks) = (reader.column()?, reader.column()?);
        reader.finish()?;
        // The keys and values of marks are shorter than their column.
        let needed = loader.needed().saturating_add(marks.len().saturating_mul(size_of::<TextMark<A>>()));
        let limit = limit.checked_sub(needed).ok_or(EncodingError::TooLarge { needed, limit })?;
        let contradiction = content.contradiction();
        let content = content.text(limit.min(Content::MOST))?;
        loader.read()?;
        let tree = tree(&loader.runs, &content).ok_or(contradiction)?;
        let known = known(&loader.runs, actors.len()).ok_or(loader.counters.contradiction())?;
        let interned = actors.iter().cloned().zip(0..).collect();
        let replica = |(id, known)| Replica { id, known, stable: 0, received: Place::NOWHERE };
        let mut text = Self {
            tree,
            content: Content::from_text(content),
            actors: actors.into_iter().zip(known).map(replica).collect(),
            interned,
            cursor: Cursor::NOWHERE,
            marks: Marks::new(),
        };
        if !text.is_in_order(&loader) {
            return Err(loader.rare.contradiction());
        }
        text.load_marks(&marks)?;
        Ok(text)
    }

    pub(super) fn load_marks(&mut self, column: &Column<'_>) -> Result<(), EncodingError> {
        let mut last: Option<(u64, A)> = None;
        for mark in save_marks::read::<A>(column)? {
            let stamp = (mark.stamp.counter, mark.stamp.actor.clone());
            if last.is_some_and(|last| last >= stamp) {
                return Err(column.error(Malformed::Disorder));
            }
            last = Some(stamp);
            self.admits(&mark).map_err(|_| column.contradiction())?;
            self.marks.insert(mark);
        }
        Ok(())
    }

    /// Whether the siblings that were left in doubt stand in FugueMax's order, and the distant right origins can ever have stood next to the left ones.
    fn is_in_order(&self, loader: &Loader<'_>) -> bool {
        let rank = |key: Key| if key == Key::NONE { u32::MAX } else { self.tree.rank(self.tree.find(key)) };
        let in_order = |&(before, after): &(Key, Key)| {
            let [first, second] = [before, after].map(|key| rank(self.tree.span(self.tree.find(key).place).right));
            first > second || (first == second && before < after)
        };
        let is_possible = |&(index, _): &(usize, u64)| {
            let Read { run, left, .. } = &loader.runs[index];
            // It is beyond what follows on all that comes from the left origin, and no sibling.
            let Point { place, .. } = self.tree.find(run.id);
            let follower = self.tree.next_low(place, rung(run.depth - 1, u32::MAX)).map(|place| self.tree.before(place).all);
            let is_beyond = follower.is_some_and(|follower| follower < rank(run.right));
            let (after, from, bound) = match *left {
                Key::NONE => (self.tree.first(), 0, Key::NONE),
                left => {
                    let point = self.tree.find(left);
                    let after = Place { span: point.place.span + 1, ..point.place };
                    (Some(after), self.tree.rank(point) + 1, self.tree.span(point.place).right)
                }
            };
            let is_open = after.is_some_and(|after| self.rank_if_open(after, from, bound, run.right, run.depth).is_some());
            is_beyond && is_open && (run.right == Key::NONE || self.depth(run.right) < run.depth)
        };
        loader.siblings.iter().all(in_order) && loader.distant.iter().all(is_possible)
    }
}

/// The ids that begin a document's first column, which increase.
pub(super) fn read_actors<A: Ord + Wire>(mut column: Column<'_>) -> Result<Vec<A>, EncodingError> {
    let actors = if column.is_empty() { Vec::new() } else { read_ids(&mut column)? };
    column.finish()?;
    Ok(actors)
}

/// A number, and so many ids, which increase.
pub(super) fn read_ids<A: Ord + Wire>(column: &mut Column<'_>) -> Result<Vec<A>, EncodingError> {
    let count = usize::try_from(column.number()?).ok().filter(|&count| count <= column.len()).ok_or(column.error(Malformed::Truncated))?;
    let mut actors = Vec::with_capacity(count);
    for _ in 0..count {
        let actor = column.value(column.len())?;
        if actors.last().is_some_and(|last| *last >= actor) {
            return Err(column.error(Malformed::Disorder));
        }
        actors.push(actor);
    }
    Ok(actors)
}

/// The spans of all runs, and the index from their ids to their leaves. `None` if the content is not theirs.
fn tree(runs: &[Read], content: &str) -> Option<Tree> {
    let most = runs.len() + content.len() / Extent::CHARS as usize;
    let (mut spans, mut entries) = (Vec::with_capacity(most), Vec::with_capacity(runs.len()));
    // The last span of each run.
    let mut ends: Vec<usize> = Vec::with_capacity(runs.len());
    let leaf = |span: usize| span / Tree::FILL;
    let (mut rest, mut at) = (content, 0);
    for Read { run, continues, origin, .. } in runs {
        let mut before = if *continues { Some(ends[*origin]) } else { None };
        let Run { mut id, right, mut depth, mut level, mut len, is_visible } = *run;
        while len > 0 {
            if before.is_none_or(|before| leaf(before) != leaf(spans.len())) {
                entries.push((id, u32::try_from(leaf(spans.len())).expect("there are fewer leaves than characters")));
            }
            before = Some(spans.len());
            if !is_visible {
                spans.push(Span::deleted(id, right, depth, level, len));
                break;
            }
            let piece = len.min(Extent::CHARS);
            let (text, after) = rest.split_at_checked(length(rest, piece as usize)?)?;
            spans.push(Span::visible(id, right, depth, level, at, Extent::of(text, piece)));
            (rest, at) = (after, at + u32::try_from(text.len()).expect("a piece is short"));
            (id, depth, level, len) = (id.plus(piece), depth + piece, 0, len - piece);
        }
        ends.push(spans.len() - 1);
    }
    entries.sort_unstable_by_key(|(start, _)| *start);
    rest.is_empty().then(|| Tree::of(&spans, Index::of(entries.into_iter())))
}

/// How many bytes the first `chars` characters are.
pub(super) fn length(text: &str, chars: usize) -> Option<usize> {
    if text.as_bytes().get(..chars)?.is_ascii() {
        return Some(chars);
    }
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(chars)
}

/// How many characters of each actor there are. `None` if not the first so many of each, once, or if they cannot have been typed in any order.
fn known(runs: &[Read], actors: usize) -> Option<Vec<u32>> {
    let mut chains: Vec<Chain> = Vec::with_capacity(runs.len());
    // Which chain each run is a part of.
    let mut parts: Vec<usize> = Vec::with_capacity(runs.len());
    for Read { run, continues, left, origin, .. } in runs {
        if *continues {
            parts.push(parts[*origin]);
            chains[parts[*origin]].len += run.len;
        } else {
            parts.push(chains.len());
            chains.push(Chain { first: run.id, len: run.len, left: *left, right: run.right });
        }
    }
    chains.sort_unstable_by_key(|chain| chain.first);
    let mut known = vec![0; actors];
    for Chain { first, len, .. } in &chains {
        let known = &mut known[first.actor as usize];
        if first.counter != *known + 1 {
            return None;
        }
        *known += len;
    }
    (!known.contains(&0) && are_grounded(&chains, actors)).then_some(known)
}
