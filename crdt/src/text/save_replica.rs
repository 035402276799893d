//! The columns of a saved replica of a text, version 1: what is left after pruning, and the operations that are not stable.
//!
//! | column | for | what |
//! |---|---|---|
//! | members | | this member, and how many there are; then for each how many of its operations are stable, and how many characters it has typed in these |
//! | settled | each run of settled characters, in the order of the text | whose; its first counter, less what follows on that one's previous run, signed; 2 × characters, plus 1 if they are deleted |
//! | content | | the visible ones of them |
//! | rights | each member whose last stable character is settled, in their order | that one's right origin: 0 for the end, else 1 more than whose it is, and the counter |
//! | stamps | | how many runs of stable characters there are that are not settled; then for each operation its maker, its clock's entries less the stable ones, signed, and how many runs, ranges and marks it has |
//! | edits | | a [`TextDelta`] as it is saved by itself: these runs; and then those of the operations, their ranges and their marks |
//! | marks | each mark of the text | see `save_marks.rs` |
//!
//! What is settled is said in `prune.rs`: whoever types from now on knows it, and so where it came from does not matter. One origin does: a keystroke that goes on where its typist's last character ends has
//! the right origin of that one. Operations stand in the order of the sums of their clocks, then of their makers, which extends happened-before.

use alloc::string::String;
use alloc::vec::Vec;

use tidings_clocks::{Rank, Wire};

use super::delta::{Origins, TextDelta, TextRun};
use super::parts::in_order;
use super::prune::{Piece, Stable};
use super::replica::TextReplica;
use super::save_marks;
use super::span::{Key, Span};
use crate::DocumentKind;
use crate::encoding::{Writer, write_signed, write_text};
use crate::pure::Stamped;

/// Stable characters that are not settled, one typed after the other.
struct Run {
    first: Key,
    left: Key,
    right: Key,
    len: u32,
    /// None of deleted ones.
    text: String,
}

impl TextReplica {
    /// The whole replica as a document: compact, checked by a checksum, and the same bytes for replicas of one member that have delivered the same and know the same to be stable, however often they have
    /// pruned. O(n log n + u) for u unstable operations.
    ///
    /// A process that restarts [loads](Self::load) it. It must have been saved after the last operation that was sent, or else the next one gets the name of one that others may have, which those
    /// refuse as [`TwoOperations`](crate::pure::Rejected::TwoOperations) where they can tell.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut pruned = self.clone();
        pruned.prune();
        pruned.log.sort_by_key(|stamped| {
            (stamped.stamp.clock().entries().iter().map(|entry| u128::from(*entry)).sum::<u128>(), stamped.stamp.rank())
        });
        let insertions = pruned.insertions();
        let stable = Stable { insertions: &insertions, held: pruned.held() };
        let pieces = pruned.text.pieces(&stable);
        let mut writer = Writer::new(DocumentKind::TextReplica);
        writer.column(&pruned.members());
        for column in pruned.settled(pieces.iter().filter(|piece| piece.is_settled)) {
            writer.column(&column);
        }
        for column in pruned.edits(&pruned.unsettled(pieces.iter().filter(|piece| !piece.is_settled), &stable)) {
            writer.column(&column);
        }
        writer.column(&save_marks::write(&Vec::from_iter(pruned.text.marks())));
        writer.finish()
    }

    fn members(&self) -> Vec<u8> {
        let mut members = Vec::new();
        self.deliveries.me.encode(&mut members);
        (self.deliveries.members as u64).encode(&mut members);
        for (rank, typed) in self.typed.iter().enumerate() {
            self.deliveries.stable.entry(Rank::new(rank)).encode(&mut members);
            u64::from(*typed).encode(&mut members);
        }
        members
    }

    /// The columns of settled characters, their content, and the right origins that matter.
    fn settled<'p>(&self, pieces: impl Iterator<Item = &'p Piece>) -> [Vec<u8>; 3] {
        let mut runs: Vec<(Key, u32, bool)> = Vec::new();
        let mut content = String::new();
        let mut rights = alloc::vec![None; self.typed.len()];
        for Piece { span, .. } in pieces {
            match runs.last_mut() {
                Some((first, len, is_visible)) if first.plus(*len) == span.id && *is_visible == span.is_visible() => *len += span.len(),
                _ => runs.push((span.id, span.len(), span.is_visible())),
            }
            if span.is_visible() {
                content.push_str(self.text.content.of(span));
            }
            let rank = self.rank(span.id);
            if span.end() - 1 == self.typed[rank.index()] {
                rights[rank.index()] = Some(span.right);
            }
        }
        let (mut settled, mut next) = (Vec::new(), alloc::vec![1; self.typed.len()]);
        for (first, len, is_visible) in runs {
            let rank = self.rank(first);
            rank.encode(&mut settled);
            write_signed(i64::from(first.counter) - next[rank.index()], &mut settled);
            next[rank.index()] = i64::from(first.counter) + i64::from(len);
            (u64::from(len) * 2 + u64::from(!is_visible)).encode(&mut settled);
        }
        let mut compressed = Vec::new();
        if !content.is_empty() {
            write_text(&content, &mut compressed);
        }
        let mut origins = Vec::new();
        for right in rights.into_iter().flatten() {
            if right == Key::NONE {
                0_u64.encode(&mut origins);
            } else {
                (u64::from(self.rank(right).0) + 1).encode(&mut origins);
                u64::from(right.counter).encode(&mut origins);
            }
        }
        [settled, compressed, origins]
    }

    /// The stable characters that are not settled: runs as long as they can be, each behind those that it builds on.
    fn unsettled<'p>(&self, pieces: impl Iterator<Item = &'p Piece>, stable: &Stable<'_>) -> Vec<TextRun<Rank>> {
        let mut pieces: Vec<(Span, Key)> =
            pieces.map(|piece| (piece.span, piece.left)).filter(|(span, _)| stable.is_stable(span.id)).collect();
        pieces.sort_unstable_by_key(|(span, _)| span.id);
        let mut runs: Vec<Run> = Vec::new();
        for (mut span, left) in pieces {
            let chars = self.typed[self.rank(span.id).index()] + 1 - span.id.counter;
            if chars < span.len() {
                let head = self.text.content.head(&span, chars);
                span.split(chars, head);
            }
            let text = if span.is_visible() { self.text.content.of(&span) } else { "" };
            match runs.last_mut() {
                Some(last) if last.goes_on_with(&span, left) => {
                    last.len += span.len();
                    last.text.push_str(text);
                }
                _ => runs.push(Run { first: span.id, left, right: span.right, len: span.len(), text: text.into() }),
            }
        }
        runs.sort_unstable_by_key(|run| (self.rank(run.first), run.first.counter));
        let runs: Vec<TextRun<Rank>> = runs.into_iter().map(|run| self.told(&run)).collect();
        in_order(&runs).into_iter().map(|at| runs[at].clone()).collect()
    }

    fn told(&self, run: &Run) -> TextRun<Rank> {
        let (first, origins) =
            (self.text.dot(run.first), Origins::Between { left: self.text.origin(run.left), right: self.text.origin(run.right) });
        if run.text.is_empty() { TextRun::deleted(first, origins, run.len.into()) } else { TextRun::new(first, origins, &run.text) }
    }

    /// The columns of stamps and edits.
    fn edits(&self, unsettled: &[TextRun<Rank>]) -> [Vec<u8>; 2] {
        let mut stamps = Vec::new();
        if unsettled.is_empty() && self.log.is_empty() {
            return [stamps.clone(), stamps];
        }
        (unsettled.len() as u64).encode(&mut stamps);
        for Stamped { stamp, operation } in &self.log {
            stamp.rank().encode(&mut stamps);
            for rank in (0..self.deliveries.members).map(Rank::new) {
                write_signed(stamp.clock().entry(rank).wrapping_sub(self.deliveries.stable.entry(rank)).cast_signed(), &mut stamps);
            }
            for count in [operation.runs().len(), operation.removed().len(), operation.marks().len()] {
                (count as u64).encode(&mut stamps);
            }
        }
        let operations = || self.log.iter().map(|stamped| &stamped.operation);
        let runs = unsettled.iter().chain(operations().flat_map(TextDelta::runs)).cloned();
        let removed = operations().flat_map(TextDelta::removed).copied();
        let edits = TextDelta::from_parts(runs, removed).with_marks(operations().flat_map(TextDelta::marks).cloned());
        [stamps, edits.save()]
    }

    fn rank(&self, key: Key) -> Rank {
        self.text.actors[key.actor as usize].id
    }
}

impl Run {
    /// Whether the next span by name is more of this.
    fn goes_on_with(&self, span: &Span, left: Key) -> bool {
        let next = self.first.plus(self.len);
        span.id == next && left == self.first.plus(self.len - 1) && span.right == self.right && span.is_visible() != self.text.is_empty()
    }
}
