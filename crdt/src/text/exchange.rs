use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::VersionVector;

use super::Text;
use super::delta::{Origins, TextDelta, TextRange, TextRun};
use super::error::TextError;
use super::extent::Extent;
use super::span::{Key, Span};
use super::tree::Point;
use crate::Join;

/// A part of a run that somebody does not know.
struct Piece {
    id: Key,
    len: u32,
    left: Key,
    right: Key,
    text: Option<alloc::string::String>,
}

/// What one text knows and another does not.
impl<A: Clone + Ord> Text<A> {
    /// All that is known here to one who knows the insertions of `version`: the other runs, and all deletions and marks, which versions do not tell of. O(n log n).
    ///
    /// Applied to a text of at least that version it gives what joining both gives.
    #[must_use]
    pub fn since(&self, version: &VersionVector<A>) -> TextDelta<A> {
        let known: Vec<u32> = self.actors.iter().map(|actor| u32::try_from(version.entry(&actor.id)).unwrap_or(u32::MAX)).collect();
        TextDelta::from_parts(self.runs_beyond(&known), self.removed()).with_marks(self.marks.iter())
    }

    /// What is known here and not to `other`, and no more: the least delta that makes `other` the join of both. O(n log n).
    #[must_use]
    pub fn difference(&self, other: &Self) -> TextDelta<A> {
        let theirs: Vec<Option<u32>> = self.actors.iter().map(|actor| other.interned.get(&actor.id).copied()).collect();
        let known: Vec<u32> = theirs.iter().map(|actor| actor.map_or(0, |actor| other.actors[actor as usize].known)).collect();
        let mut delta = TextDelta::from_parts(self.runs_beyond(&known), []).with_marks(self.marks.beyond(&other.marks));
        for span in self.tree.spans().filter(|span| !span.is_visible()) {
            let mut counter = span.id.counter;
            while counter < span.end() {
                let (chars, is_visible) = match theirs[span.id.actor as usize] {
                    Some(actor) if counter <= known[span.id.actor as usize] => {
                        let point = other.tree.find(Key::new(actor, counter));
                        let theirs = other.tree.span(point.place);
                        ((theirs.len() - point.offset).min(span.end() - counter), theirs.is_visible())
                    }
                    // What is deleted and was not known comes as a deleted run.
                    _ => (span.end() - counter, false),
                };
                if is_visible {
                    let first = self.dot(Key::new(span.id.actor, counter));
                    delta.append(TextDelta::from_parts([], [TextRange { first, length: u64::from(chars) }]));
                }
                counter += chars;
            }
        }
        delta
    }

    /// Takes in all that `other` knows. Says whether that changed anything. O(n log n), n = the spans of `other`.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), where the two texts contradict each other because one actor id was used twice. The text is unchanged.
    pub fn merge(&mut self, other: &Self) -> Result<bool, TextError<A>> {
        self.apply(&other.difference(self))
    }

    /// The runs beyond the first `known` characters of each actor, each after the ones it builds on.
    pub(super) fn runs_beyond(&self, known: &[u32]) -> Vec<TextRun<A>> {
        let pieces = self.pieces_beyond(known);
        // Pieces of one actor stand together, in order: `next[a]..end[a]` of actor a are not written yet.
        let mut next = vec![0; self.actors.len()];
        let mut end = vec![0; self.actors.len()];
        for (at, piece) in pieces.iter().enumerate() {
            let actor = piece.id.actor as usize;
            if end[actor] == 0 {
                next[actor] = at;
            }
            end[actor] = at + 1;
        }
        let starts = next.clone();
        // The piece that holds a character, if it is not written yet.
        let unwritten = |key: Key, next: &[usize]| {
            if key == Key::NONE || key.counter <= known[key.actor as usize] {
                return None;
            }
            let actor = key.actor as usize;
            let own = &pieces[starts[actor]..end[actor]];
            let at = starts[actor] + own.partition_point(|piece| piece.id.counter <= key.counter) - 1;
            (at >= next[actor]).then_some((actor, at))
        };
        let mut runs = Vec::with_capacity(pieces.len());
        let mut wanted = Vec::new();
        for actor in 0..self.actors.len() {
            while next[actor] < end[actor] {
                wanted.push((actor, next[actor]));
                // An explicit stack: what builds on what may be a chain as long as the text.
                while let Some(&(actor, at)) = wanted.last() {
                    let first = next[actor];
                    if first > at {
                        wanted.pop();
                        continue;
                    }
                    let piece = &pieces[first];
                    match unwritten(piece.left, &next).or_else(|| unwritten(piece.right, &next)) {
                        Some(needed) => wanted.push(needed),
                        None => {
                            runs.push(self.run(piece));
                            next[actor] += 1;
                        }
                    }
                }
            }
        }
        runs
    }

    /// The parts of all spans beyond the first `known` characters of each actor, in the order of their ids, put together where they are one run.
    fn pieces_beyond(&self, known: &[u32]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut next = self.tree.first();
        while let Some(place) = next {
            let span = *self.tree.span(place);
            let known = known[span.id.actor as usize];
            if span.end() - 1 > known {
                let offset = known.saturating_add(1).saturating_sub(span.id.counter);
                pieces.push(self.piece(&span, Point { place, offset }));
            }
            next = self.tree.next(place);
        }
        pieces.sort_unstable_by_key(|piece| piece.id);
        pieces.dedup_by(|next, piece| piece.take_in(next));
        pieces
    }

    fn piece(&self, span: &Span, point: Point) -> Piece {
        let from = self.content.head(span, point.offset).bytes() as usize;
        Piece {
            id: span.id.plus(point.offset),
            len: span.len() - point.offset,
            left: self.tree.left_of(point),
            right: span.right,
            text: span.is_visible().then(|| self.content.of(span)[from..].into()),
        }
    }

    fn run(&self, piece: &Piece) -> TextRun<A> {
        let first = self.dot(piece.id);
        let origins = Origins::Between { left: self.origin(piece.left), right: self.origin(piece.right) };
        match &piece.text {
            Some(text) => TextRun::new(first, origins, text),
            None => TextRun::deleted(first, origins, u64::from(piece.len)),
        }
    }
}

impl Piece {
    /// Takes in the piece after this one if both are one run. Says whether it did.
    fn take_in(&mut self, next: &Self) -> bool {
        let last = self.id.plus(self.len - 1);
        if next.id != self.id.plus(self.len) || next.left != last || next.right != self.right {
            return false;
        }
        match (&mut self.text, &next.text) {
            (Some(text), Some(more)) => text.push_str(more),
            (None, None) => {}
            _ => return false,
        }
        self.len += next.len;
        true
    }
}

impl<A: Clone + Ord> Join for Text<A> {
    /// All that either knows. O(n log n), n = the spans of `other`.
    ///
    /// Two texts that contradict each other, because one actor id was used twice, have no join: then nothing changes. [`Text::merge`] says so.
    fn join(&mut self, other: &Self) -> bool {
        self.merge(other).unwrap_or(false)
    }
}

/// The same insertions, the same deletions, the same marks, the same order: whatever the spans they are kept in. O(n).
impl<A: Clone + Ord> PartialEq for Text<A> {
    fn eq(&self, other: &Self) -> bool {
        if self.marks != other.marks
            || self.tree.sum().all != other.tree.sum().all
            || self.len() != other.len()
            || self.len_bytes() != other.len_bytes()
        {
            return false;
        }
        let (mut mine, mut theirs) = (self.tree.spans().copied(), other.tree.spans().copied());
        let (mut left, mut right) = (mine.next(), theirs.next());
        while let (Some(a), Some(b)) = (&mut left, &mut right) {
            let same = self.dot(a.id) == other.dot(b.id)
                && self.origin(a.right) == other.origin(b.right)
                && a.rung() == b.rung()
                && a.is_visible() == b.is_visible();
            if !same {
                return false;
            }
            let chars = a.len().min(b.len());
            let (head, other_head) = (self.content.head(a, chars), other.content.head(b, chars));
            if self.content.of(a)[..head.bytes() as usize] != other.content.of(b)[..other_head.bytes() as usize] {
                return false;
            }
            advance(&mut left, chars, head, &mut mine);
            advance(&mut right, chars, other_head, &mut theirs);
        }
        left.is_none() && right.is_none()
    }
}

impl<A: Clone + Ord> Eq for Text<A> {}

/// Drops the first characters of a span, and goes on to the next when none is left.
fn advance(span: &mut Option<Span>, chars: u32, head: Extent, spans: &mut impl Iterator<Item = Span>) {
    *span = match span.take() {
        Some(mut whole) if chars < whole.len() => Some(whole.split(chars, head)),
        _ => spans.next(),
    };
}
