use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::index::Index;
use super::span::{Key, Span};
use super::tree::{Place, Point, Tree};
use super::{Cursor, Text};

/// What of a text is stable, when it is pruned.
///
/// A character is *settled* if its insertion is stable, and so is every insertion between whose origins it stands. Whoever types from now on knows all settled characters, so he types between two neighbours
/// among them, and where his characters stand depends on what was typed between these two alone: each such gap is a text of its own, whose start and end
/// are the two. How the settled ones came to stand in their order no longer matters; they are kept as if one had typed them from the first to the last.
///
/// And of settled characters that stand next to each other and whose deletions are stable only the first is kept. An insertion names visible characters as left origins, and as
/// right ones those that follow these directly. So it never names a character behind one that all have deleted, for nothing is ever typed between the two.
/// Who has pruned and who has not make the same deltas, therefore, and take them to the same places.
pub(super) struct Stable<'s> {
    /// How many insertions of each actor are stable, in the order of the table of actors.
    pub(super) insertions: &'s [u32],
    /// Names whose characters are kept, though they are deleted: their deletion is not stable, or a mark holds on to them. First ones and how many.
    pub(super) held: BTreeMap<Key, u32>,
}

/// A part of a span that is kept, or not.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) span: Span,
    /// The left origin of its first character.
    pub(super) left: Key,
    /// How many characters of the text as it was stand before it.
    rank: u32,
    pub(super) is_settled: bool,
}

impl Stable<'_> {
    pub(super) fn is_stable(&self, key: Key) -> bool {
        key.counter <= self.insertions[key.actor as usize]
    }

    /// How many of the characters from `key` on, `most` of them at most, are alike in whether they are held, and whether they are.
    fn held(&self, key: Key, most: u32) -> (u32, bool) {
        let before = self.held.range(..=key).next_back().filter(|(first, _)| first.actor == key.actor);
        if let Some((first, length)) = before
            && key.counter < first.counter + length
        {
            return ((first.counter + length - key.counter).min(most), true);
        }
        let next = self.held.range(key..).next().filter(|(first, _)| first.actor == key.actor);
        (next.map_or(most, |(first, _)| most.min(first.counter - key.counter)), false)
    }
}

impl<A: Clone + Ord> Text<A> {
    /// Forgets what nobody can need any more who knows what is stable: the origins of settled characters, and the deleted ones among them but for the first of each row. O(n log n).
    ///
    /// Everybody must know what is stable, deletions that are not held included, and whatever is applied later must have been made by one who did. What was made without is refused as
    /// [`Pruned`](super::TextError::Pruned) where it names what is gone; elsewhere it could come to stand where others do not have it, so that the caller must see to it.
    pub(super) fn prune(&mut self, stable: &Stable<'_>) {
        self.tree.catch_up();
        let mut pieces = self.pieces(stable);
        drop_deleted(&mut pieces, stable);
        let lost = self.right_origins(&mut pieces);
        debug_assert!(lost, "what is not settled keeps its origins");
        number(&mut pieces);
        debug_assert!(is_walk(&pieces), "the text is a preorder walk of the tree of left origins");
        let mut spans: Vec<Span> = Vec::with_capacity(pieces.len());
        for piece in &pieces {
            if !spans.last_mut().is_some_and(|last| last.unite(&piece.span)) {
                spans.push(piece.span);
            }
        }
        let leaf = |at: usize| u32::try_from(at / Tree::FILL).expect("there are fewer leaves than characters");
        let mut entries: Vec<(Key, u32)> = spans.iter().enumerate().map(|(at, span)| (span.id, leaf(at))).collect();
        entries.sort_unstable_by_key(|(start, _)| *start);
        self.tree = Tree::of(&spans, Index::of(entries.into_iter()));
        for (actor, insertions) in self.actors.iter_mut().zip(stable.insertions) {
            actor.stable = actor.stable.max(*insertions);
            actor.received = Place::NOWHERE;
        }
        self.cursor = Cursor { actor: self.cursor.actor, ..Cursor::NOWHERE };
        self.sweep();
    }

    /// All spans, cut where settled characters begin and end.
    pub(super) fn pieces(&self, stable: &Stable<'_>) -> Vec<Piece> {
        let mut spans: Vec<(Span, Key, u32)> = Vec::with_capacity(self.tree.spans_at_most());
        let (mut next, mut rank) = (self.tree.first(), 0);
        while let Some(place) = next {
            let span = *self.tree.span(place);
            spans.push((span, self.tree.left_of(Point { place, offset: 0 }), rank));
            rank += span.len();
            next = self.tree.next(place);
        }
        let unsettled = self.unsettled(&spans, stable);
        let mut pieces = Vec::with_capacity(spans.len());
        let mut unsettled = unsettled.into_iter().peekable();
        for (mut span, mut left, mut rank) in spans {
            loop {
                while unsettled.next_if(|&(_, end)| end <= rank).is_some() {}
                let (is_settled, until) = match unsettled.peek() {
                    Some(&(start, end)) if start <= rank => (false, end),
                    Some(&(start, _)) => (true, start),
                    None => (true, u32::MAX),
                };
                let chars = until - rank;
                if chars >= span.len() {
                    pieces.push(Piece { span, left, rank, is_settled });
                    break;
                }
                let head = self.content.head(&span, chars);
                let tail = span.split(chars, head);
                pieces.push(Piece { span, left, rank, is_settled });
                (left, span, rank) = (span.id.plus(chars - 1), tail, until);
            }
        }
        pieces
    }

    /// The ranks of what is not settled, in ranges in their order: insertions that are not stable, and all between the origins of what is not settled.
    fn unsettled(&self, spans: &[(Span, Key, u32)], stable: &Stable<'_>) -> BTreeMap<u32, u32> {
        let mut unsettled = BTreeMap::new();
        // Ranges that are to be added.
        let mut wanted: Vec<(u32, u32)> = Vec::new();
        for &(span, left, _) in spans {
            if !stable.is_stable(span.id.plus(span.len() - 1)) {
                let offset = (stable.insertions[span.id.actor as usize] + 1).saturating_sub(span.id.counter);
                let left = if offset > 0 { span.id.plus(offset - 1) } else { left };
                wanted.push((self.rank_after(left), self.rank_of(span.right)));
            }
        }
        while let Some((start, end)) = wanted.pop() {
            for (from, to) in add(&mut unsettled, start, end) {
                let first = spans.partition_point(|&(span, _, rank)| rank + span.len() <= from);
                for &(span, left, rank) in spans[first..].iter().take_while(|&&(_, _, rank)| rank < to) {
                    let offset = from.saturating_sub(rank);
                    let left = if offset > 0 { span.id.plus(offset - 1) } else { left };
                    wanted.push((self.rank_after(left), self.rank_of(span.right)));
                }
            }
        }
        unsettled
    }

    /// How many characters stand before the first that can stand after this left origin.
    fn rank_after(&self, left: Key) -> u32 {
        if left == Key::NONE { 0 } else { self.tree.rank(self.tree.find(left)) + 1 }
    }

    /// How many characters stand before this right origin.
    fn rank_of(&self, right: Key) -> u32 {
        if right == Key::NONE { self.tree.sum().all } else { self.tree.rank(self.tree.find(right)) }
    }

    /// Gives settled characters whose right origin is gone the next one that is kept. Says whether only settled ones had lost it.
    fn right_origins(&self, pieces: &mut [Piece]) -> bool {
        let starts: Vec<(u32, u32, Key)> = pieces.iter().map(|piece| (piece.rank, piece.span.len(), piece.span.id)).collect();
        let mut only_settled = true;
        for piece in pieces.iter_mut().filter(|piece| piece.span.right != Key::NONE) {
            let rank = self.rank_of(piece.span.right);
            let next = starts.partition_point(|&(start, len, _)| start + len <= rank);
            let (start, _, id) = starts.get(next).copied().unwrap_or((u32::MAX, 0, Key::NONE));
            if start > rank {
                only_settled &= piece.is_settled;
                piece.span.right = id;
            }
        }
        only_settled
    }
}

/// Adds a range to disjoint ones, and returns what was in none of them.
fn add(ranges: &mut BTreeMap<u32, u32>, start: u32, end: u32) -> Vec<(u32, u32)> {
    let (mut from, mut to, mut at, mut new) = (start, end, start, Vec::new());
    let before = ranges.range(..start).next_back().map(|(&from, &to)| (from, to)).filter(|&(_, to)| to >= start);
    let inside: Vec<(u32, u32)> = before.into_iter().chain(ranges.range(start..=end).map(|(&from, &to)| (from, to))).collect();
    for (other_from, other_to) in inside {
        ranges.remove(&other_from);
        if at < other_from {
            new.push((at, other_from));
        }
        (from, to, at) = (from.min(other_from), to.max(other_to), at.max(other_to));
    }
    if at < end {
        new.push((at, end));
    }
    if from < to {
        ranges.insert(from, to);
    }
    new
}

/// Takes out the settled characters that all know to be deleted, but for the first of each row, and for the last if something unsettled may come from it.
fn drop_deleted(pieces: &mut Vec<Piece>, stable: &Stable<'_>) {
    let mut cut: Vec<(Piece, bool)> = Vec::with_capacity(pieces.len());
    for mut piece in pieces.drain(..) {
        if !piece.is_settled || piece.span.is_visible() {
            cut.push((piece, false));
            continue;
        }
        loop {
            let (chars, is_held) = stable.held(piece.span.id, piece.span.len());
            if chars == piece.span.len() {
                cut.push((piece, !is_held));
                break;
            }
            let tail = after(&mut piece, chars);
            cut.push((core::mem::replace(&mut piece, tail), !is_held));
        }
    }
    let mut is_row = false;
    for (at, &(mut piece, is_gone)) in cut.iter().enumerate() {
        if !is_gone {
            pieces.push(piece);
        } else {
            let is_base = cut.get(at + 1).is_some_and(|(next, _)| !next.is_settled);
            let len = piece.span.len();
            match (is_row, is_base) {
                (true, false) => {}
                (true, true) => pieces.push(if len > 1 { after(&mut piece, len - 1) } else { piece }),
                (false, is_base) => {
                    let rest = (len > 1).then(|| after(&mut piece, 1));
                    pieces.push(piece);
                    if let (true, Some(mut rest)) = (is_base, rest) {
                        pieces.push(if len > 2 { after(&mut rest, len - 2) } else { rest });
                    }
                }
            }
        }
        is_row = is_gone;
    }
}

/// Cuts off and returns what is after the first `chars` characters of a piece of deleted ones.
fn after(piece: &mut Piece, chars: u32) -> Piece {
    let tail = piece.span.split(chars, super::extent::Extent::NONE);
    Piece { span: tail, left: piece.span.id.plus(chars - 1), rank: piece.rank + chars, ..*piece }
}

/// Whether each comes from something before it.
fn is_walk(pieces: &[Piece]) -> bool {
    pieces.windows(2).all(|two| two[1].span.depth <= two[0].span.depth + two[0].span.len())
}

/// Writes depths and levels anew: settled characters come one from the other, and the others from what they come from.
fn number(pieces: &mut [Piece]) {
    let mut names: Vec<(Key, usize)> = pieces.iter().enumerate().map(|(at, piece)| (piece.span.id, at)).collect();
    names.sort_unstable();
    // The piece that holds a character.
    let holder = |key: Key| names[names.partition_point(|(first, _)| *first <= key) - 1].1;
    let (mut depth, mut last) = (0, Key::NONE);
    for at in 0..pieces.len() {
        let piece = pieces[at];
        let own = if piece.is_settled {
            (pieces[at].left, pieces[at].span.depth) = (last, depth + 1);
            depth += piece.span.len();
            last = piece.span.id.plus(piece.span.len() - 1);
            continue;
        } else if piece.left == Key::NONE {
            1
        } else {
            let origin = pieces[holder(piece.left)].span;
            origin.depth + (piece.left.counter - origin.id.counter) + 1
        };
        pieces[at].span.depth = own;
    }
    for at in (0..pieces.len()).rev() {
        let piece = pieces[at];
        pieces[at].span.level = 0;
        if !piece.is_settled && piece.span.right != Key::NONE {
            // Later in the text: its level is known.
            let right = pieces[holder(piece.span.right)];
            if right.span.id == piece.span.right && right.left == piece.left {
                pieces[at].span.level = right.span.level + 1;
            }
        }
    }
}
