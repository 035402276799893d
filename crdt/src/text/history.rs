use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use tidings_clocks::Dot;

use super::Text;
use super::delta::{TextDelta, TextRange};
use super::error::TextError;

/// What one person can undo and redo of what he did to a [`Text`] himself, whatever others do meanwhile.
///
/// Each [`splice`](Self::splice) is a step. Undoing it deletes what it typed, as far as that is still there, and types again what it deleted, where that was; what others have
/// typed and deleted stays. Restored characters are new ones, with new names: if somebody else has deleted the same characters, they come back all the same. Redoing undoes the undoing.
/// A new step makes what was undone unredoable. Marks are not undone. A replacement stands before what it replaced, so what others typed directly after the replacement
/// comes before what is restored.
///
/// ```
/// use tidings_crdt::{HistoryLimits, Text, TextHistory};
///
/// let mut text = Text::new();
/// let mut history = TextHistory::new("ada", HistoryLimits { steps: 100, bytes: 1 << 16 });
/// history.splice(&mut text, 0..0, "Hello world")?;
/// history.splice(&mut text, 0..5, "Goodbye")?;
/// text.insert("bob", 13, " of ours")?;
/// history.undo(&mut text)?;
/// assert_eq!(text.to_string(), "Hello world of ours");
/// history.redo(&mut text)?;
/// assert_eq!(text.to_string(), "Goodbye world of ours");
/// # Ok::<(), tidings_crdt::TextError<&str>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextHistory<A> {
    actor: A,
    limits: HistoryLimits,
    /// The last step last.
    done: VecDeque<Step<A>>,
    undone: VecDeque<Step<A>>,
    bytes: usize,
}

/// How much a [`TextHistory`] keeps: beyond either limit the oldest steps are forgotten, and a step that is larger than all can never be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLimits {
    /// Steps, those that are undone included.
    pub steps: usize,
    /// Bytes of memory, but for what ids hold.
    pub bytes: usize,
}

/// What one edit did.
#[derive(Clone, Debug)]
struct Step<A> {
    typed: Vec<TextRange<A>>,
    /// What is gone, in the order of the text.
    deleted: Vec<(TextRange<A>, String)>,
}

impl<A> Step<A> {
    fn bytes(&self) -> usize {
        let deleted: usize = self.deleted.iter().map(|(_, text)| text.len() + size_of::<(TextRange<A>, String)>()).sum();
        size_of::<Self>() + self.typed.len() * size_of::<TextRange<A>>() + deleted
    }
}

impl<A: Clone + PartialEq> Step<A> {
    /// Notes that these characters are gone: of those that the step itself has typed nothing is left to undo.
    fn delete(&mut self, range: &TextRange<A>, text: &str) {
        let Some((own, both)) = self.typed.iter().enumerate().find_map(|(own, typed)| Some((own, overlap(typed, range)?))) else {
            return self.deleted.push((range.clone(), text.into()));
        };
        let typed = self.typed.remove(own);
        self.typed.extend(without(&typed, &both));
        let mut rest = text;
        for part in [part(range, range.first.counter, both.start), part(range, both.start, both.end), part(range, both.end, u64::MAX)] {
            let at = usize::try_from(part.length).ok().and_then(|chars| rest.char_indices().map(|(at, _)| at).nth(chars));
            let (head, tail) = rest.split_at(at.unwrap_or(rest.len()));
            rest = tail;
            if part.length > 0 && part.first.counter != both.start {
                self.delete(&part, head);
            }
        }
    }
}

impl<A: Clone + Ord> TextHistory<A> {
    /// The history of who has done nothing yet.
    #[must_use]
    pub const fn new(actor: A, limits: HistoryLimits) -> Self {
        Self { actor, limits, done: VecDeque::new(), undone: VecDeque::new(), bytes: 0 }
    }

    /// [`Text::splice`] in the name of the history's actor, as one step. Costs as that, and O(characters deleted).
    ///
    /// # Errors
    /// As `Text::splice`; text and history are unchanged.
    pub fn splice(&mut self, text: &mut Text<A>, range: Range<usize>, typed: &str) -> Result<TextDelta<A>, TextError<A>> {
        let deleted = if range.end <= text.len() { text.pieces_at(range.start, range.end) } else { Vec::new() };
        let delta = text.splice(self.actor.clone(), range, typed)?;
        if !delta.is_empty() {
            for step in self.undone.drain(..) {
                self.bytes -= step.bytes();
            }
            let typed = delta.runs().iter().map(|run| TextRange { first: run.first.clone(), length: run.length() }).collect();
            let step = self.counted(Step { typed, deleted });
            self.done.push_back(step);
            self.forget();
        }
        Ok(delta)
    }

    /// Makes the last two steps one, as an editor does with keystrokes that follow each other. Says whether there were two. O(size of both).
    pub fn unite(&mut self) -> bool {
        if self.done.len() < 2 {
            return false;
        }
        let (Some(last), Some(mut before)) = (self.done.pop_back(), self.done.pop_back()) else { return false };
        self.bytes -= last.bytes() + before.bytes();
        for (range, text) in last.deleted {
            before.delete(&range, &text);
        }
        before.typed.extend(last.typed);
        before.typed.dedup_by(|next, range| {
            let continues = next.first.actor == range.first.actor && range.end() == Some(next.first.counter);
            if continues {
                range.length += next.length;
            }
            continues
        });
        let united = self.counted(before);
        self.done.push_back(united);
        true
    }

    /// Undoes the last step that is not undone; `None` if there is none. O(log n) for each piece of the step, and O(size of the history) if characters are restored.
    ///
    /// # Errors
    /// [`Exhausted`](TextError::Exhausted) and [`Full`](TextError::Full) if restored characters have no room. Text and history are unchanged.
    pub fn undo(&mut self, text: &mut Text<A>) -> Result<Option<TextDelta<A>>, TextError<A>> {
        let Some(step) = self.done.back() else { return Ok(None) };
        let (delta, inverse, restored) = revert(step, &self.actor, text)?;
        if let Some(step) = self.done.pop_back() {
            self.bytes -= step.bytes();
        }
        self.rename(&restored);
        let inverse = self.counted(inverse);
        self.undone.push_back(inverse);
        self.forget();
        Ok(Some(delta))
    }

    /// Redoes what was undone last; `None` if nothing is, or if there was a step since. Costs as [`undo`](Self::undo).
    ///
    /// # Errors
    /// As `undo`. Text and history are unchanged.
    pub fn redo(&mut self, text: &mut Text<A>) -> Result<Option<TextDelta<A>>, TextError<A>> {
        let Some(step) = self.undone.back() else { return Ok(None) };
        let (delta, inverse, restored) = revert(step, &self.actor, text)?;
        if let Some(step) = self.undone.pop_back() {
            self.bytes -= step.bytes();
        }
        self.rename(&restored);
        let inverse = self.counted(inverse);
        self.done.push_back(inverse);
        self.forget();
        Ok(Some(delta))
    }

    /// How many steps can be undone, and how many redone.
    #[must_use]
    pub fn steps(&self) -> (usize, usize) {
        (self.done.len(), self.undone.len())
    }

    /// How many bytes of memory the steps take, but for what ids hold.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    fn counted(&mut self, step: Step<A>) -> Step<A> {
        self.bytes += step.bytes();
        step
    }

    /// Forgets the oldest steps beyond the limits.
    fn forget(&mut self) {
        while self.done.len() + self.undone.len() > self.limits.steps || self.bytes > self.limits.bytes {
            let Some(step) = self.done.pop_front().or_else(|| self.undone.pop_front()) else { break };
            self.bytes -= step.bytes();
        }
    }

    /// What a step has typed goes by its new names where it was restored.
    fn rename(&mut self, restored: &[(TextRange<A>, u64)]) {
        if restored.is_empty() {
            return;
        }
        for step in self.done.iter_mut().chain(&mut self.undone) {
            self.bytes -= step.bytes();
            for (old, new) in restored {
                if step.typed.iter().any(|range| overlap(range, old).is_some()) {
                    step.typed = step.typed.iter().flat_map(|range| renamed(range, old, &self.actor, *new)).collect();
                }
            }
            self.bytes += step.bytes();
        }
    }
}

/// A delta, the step that undoes it, and what was restored: the old names and the first new counter.
type Reverted<A> = (TextDelta<A>, Step<A>, Vec<(TextRange<A>, u64)>);

/// Deletes what a step has typed and types what it has deleted.
fn revert<A: Clone + Ord>(step: &Step<A>, actor: &A, text: &mut Text<A>) -> Result<Reverted<A>, TextError<A>> {
    let again: String = step.deleted.iter().map(|(_, text)| text.as_str()).collect();
    let known = u32::try_from(text.known(actor)).unwrap_or(u32::MAX);
    // After this nothing can fail: all characters are known, and there is room.
    text.admit(actor, known, &again)?;
    let deleted: Vec<_> = step.typed.iter().flat_map(|range| text.visible_pieces(range)).collect();
    let mut delta = TextDelta::from_parts([], deleted.iter().map(|(range, _)| range.clone()));
    text.apply(&delta)?;
    let (mut typed, mut restored) = (Vec::new(), Vec::new());
    for (range, content) in &step.deleted {
        for (piece, content) in together(range, content, text) {
            // Directly after where they were, whatever else is deleted around: then what is restored later finds its place as well.
            let last = Dot::new(piece.first.actor.clone(), piece.first.counter + piece.length - 1);
            let Some(left) = text.key(&last) else { continue };
            let more = text.insert_after(actor.clone(), left, content)?;
            let counter = text.known(actor) + 1 - piece.length;
            typed.push(TextRange { first: Dot::new(actor.clone(), counter), length: piece.length });
            restored.push((piece, counter));
            delta.append(more);
        }
    }
    Ok((delta, Step { typed, deleted }, restored))
}

/// The parts of a range of deleted characters that still stand directly next to each other, with what they were.
fn together<'a, A: Clone + Ord>(range: &TextRange<A>, content: &'a str, text: &Text<A>) -> Vec<(TextRange<A>, &'a str)> {
    let mut pieces: Vec<(TextRange<A>, &str)> = Vec::new();
    let mut next = None;
    for (counter, (at, c)) in (range.first.counter..).zip(content.char_indices()) {
        let first = Dot::new(range.first.actor.clone(), counter);
        let rank = text.key(&first).map(|key| text.tree.rank(text.tree.find(key)));
        let end = at + c.len_utf8();
        match pieces.last_mut() {
            Some((piece, text)) if rank == next => {
                piece.length += 1;
                *text = &content[at - text.len()..end];
            }
            _ => pieces.push((TextRange { first, length: 1 }, &content[at..end])),
        }
        next = rank.map(|rank| rank + 1);
    }
    pieces
}

/// The counters that are in both ranges.
fn overlap<A: PartialEq>(one: &TextRange<A>, other: &TextRange<A>) -> Option<Range<u64>> {
    let start = one.first.counter.max(other.first.counter);
    let end = (one.first.counter + one.length).min(other.first.counter + other.length);
    (one.first.actor == other.first.actor && start < end).then_some(start..end)
}

/// The characters of a range whose counters are at least `from` and below `to`.
fn part<A: Clone>(range: &TextRange<A>, from: u64, to: u64) -> TextRange<A> {
    let end = to.min(range.first.counter + range.length);
    TextRange { first: Dot::new(range.first.actor.clone(), from), length: end.saturating_sub(from) }
}

/// What is left of a range without these counters, which are in it.
fn without<A: Clone>(range: &TextRange<A>, gone: &Range<u64>) -> impl Iterator<Item = TextRange<A>> {
    let parts = [part(range, range.first.counter, gone.start), part(range, gone.end, u64::MAX)];
    parts.into_iter().filter(|range| range.length > 0)
}

/// A range with new names for the characters of `old`, from the counter `new` of `actor` on.
fn renamed<A: Clone + PartialEq>(range: &TextRange<A>, old: &TextRange<A>, actor: &A, new: u64) -> Vec<TextRange<A>> {
    let Some(both) = overlap(range, old) else { return Vec::from([range.clone()]) };
    let first = Dot::new(actor.clone(), new + both.start - old.first.counter);
    let restored = TextRange { first, length: both.end - both.start };
    without(range, &both).chain([restored]).collect()
}
