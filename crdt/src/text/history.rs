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
/// A new step makes what was undone unredoable. Marks are not undone. What a step replaced comes back where the replacement was, before what others have typed behind that; but directly
/// where it was itself, and so behind that, if something that was deleted before stands between the replacement and what it replaced, or others have typed within that.
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
    typed: Vec<Piece<A>>,
    /// What is gone, in the order of the text.
    deleted: Vec<(Piece<A>, String)>,
}

/// Characters of a step, and where they come back when they are gone.
#[derive(Clone, Debug)]
struct Piece<A> {
    range: TextRange<A>,
    /// Directly behind this character, the last one of those that were typed in their place; else behind their own last one.
    ///
    /// A replacement stands before what it replaces, so behind that what is restored would come after all that others have typed after the replacement. When a replacement is restored itself,
    /// it goes by its new name here too.
    behind: Option<Dot<A>>,
}

impl<A> Step<A> {
    fn bytes(&self) -> usize {
        let deleted: usize = self.deleted.iter().map(|(_, text)| text.len() + size_of::<(Piece<A>, String)>()).sum();
        size_of::<Self>() + self.typed.len() * size_of::<Piece<A>>() + deleted
    }
}

impl<A: Clone + PartialEq> Step<A> {
    /// Notes that these characters are gone: of those that the step itself has typed nothing is left to undo.
    fn delete(&mut self, piece: &Piece<A>, text: &str) {
        let Piece { range, behind } = piece;
        let Some((own, both)) = self.typed.iter().enumerate().find_map(|(own, typed)| Some((own, overlap(&typed.range, range)?))) else {
            return self.deleted.push((piece.clone(), text.into()));
        };
        let typed = self.typed.remove(own);
        self.typed.extend(without(&typed.range, &both).map(|range| Piece { range, behind: typed.behind.clone() }));
        let mut rest = text;
        for part in [part(range, range.first.counter, both.start), part(range, both.start, both.end), part(range, both.end, u64::MAX)] {
            let at = usize::try_from(part.length).ok().and_then(|chars| rest.char_indices().map(|(at, _)| at).nth(chars));
            let (head, tail) = rest.split_at(at.unwrap_or(rest.len()));
            rest = tail;
            if part.length > 0 && part.first.counter != both.start {
                self.delete(&Piece { range: part, behind: behind.clone() }, head);
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
            let typed: Vec<_> = delta.runs().iter().map(|run| TextRange { first: run.first.clone(), length: run.length() }).collect();
            let replaced = deleted.first().map(|(range, _)| &range.first);
            let behind = typed.last().map(last).filter(|last| replaced.is_some_and(|first| text.is_typed_before(last, first)));
            let typed = typed.into_iter().map(|range| Piece { range, behind: None }).collect();
            let deleted = deleted.into_iter().map(|(range, text)| (Piece { range, behind: behind.clone() }, text)).collect();
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
        for (piece, text) in last.deleted {
            before.delete(&piece, &text);
        }
        before.typed.extend(last.typed);
        before.typed.dedup_by(|next, piece| {
            let (range, more) = (&mut piece.range, &next.range);
            let continues = more.first.actor == range.first.actor && range.end() == Some(more.first.counter) && next.behind == piece.behind;
            if continues {
                range.length += more.length;
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

    /// What a step has typed goes by its new names where it was restored, also where something else is to come back behind it.
    fn rename(&mut self, restored: &[(TextRange<A>, u64)]) {
        if restored.is_empty() {
            return;
        }
        for step in self.done.iter_mut().chain(&mut self.undone) {
            self.bytes -= step.bytes();
            for (old, new) in restored {
                let pieces = step.typed.iter_mut().chain(step.deleted.iter_mut().map(|(piece, _)| piece));
                for behind in pieces.filter_map(|piece| piece.behind.as_mut()) {
                    let range = TextRange { first: behind.clone(), length: 1 };
                    if let Some(both) = overlap(&range, old) {
                        *behind = Dot::new(self.actor.clone(), new + both.start - old.first.counter);
                    }
                }
                if step.typed.iter().any(|piece| overlap(&piece.range, old).is_some()) {
                    let parts = |piece: &Piece<A>| {
                        renamed(&piece.range, old, &self.actor, *new)
                            .into_iter()
                            .map(|range| (range, piece.behind.clone()))
                            .collect::<Vec<_>>()
                    };
                    step.typed = step.typed.iter().flat_map(parts).map(|(range, behind)| Piece { range, behind }).collect();
                }
            }
            self.bytes += step.bytes();
        }
    }
}

impl<A: Clone + Ord> Text<A> {
    /// Whether `typed` was typed directly before `next`. O(log n).
    fn is_typed_before(&self, typed: &Dot<A>, next: &Dot<A>) -> bool {
        self.key(typed).zip(self.key(next)).is_some_and(|(typed, next)| self.tree.span(self.tree.find(typed).place).right == next)
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
    let mut deleted = Vec::new();
    for Piece { range, behind } in &step.typed {
        deleted.extend(text.visible_pieces(range).into_iter().map(|(range, text)| (Piece { range, behind: behind.clone() }, text)));
    }
    let mut delta = TextDelta::from_parts([], deleted.iter().map(|(piece, _)| piece.range.clone()));
    text.apply(&delta)?;
    let (mut typed, mut restored) = (Vec::new(), Vec::new());
    // The last first: those that come back behind the same character then stand in their order.
    for (piece, content) in parts(step, text).into_iter().rev() {
        // Directly after where they were, whatever else is deleted around: then what is restored later finds its place as well.
        let Some(left) = piece.behind.as_ref().and_then(|dot| text.key(dot)).or_else(|| text.key(&last(&piece.range))) else { continue };
        let more = text.insert_after(actor.clone(), left, content)?;
        let counter = text.known(actor) + 1 - piece.range.length;
        typed
            .push(Piece { range: TextRange { first: Dot::new(actor.clone(), counter), length: piece.range.length }, behind: piece.behind });
        restored.push((piece.range, counter));
        delta.append(more);
    }
    typed.reverse();
    Ok((delta, Step { typed, deleted }, restored))
}

/// What a step has deleted, in parts that still stand directly next to each other; to come back behind something else only if all that shall come back there does so.
fn parts<'s, A: Clone + Ord>(step: &'s Step<A>, text: &Text<A>) -> Vec<(Piece<A>, &'s str)> {
    let mut parts: Vec<(Piece<A>, &str)> = Vec::new();
    let mut apart = Vec::new();
    for (Piece { range, behind }, content) in &step.deleted {
        for (range, content) in together(range, content, text) {
            if let Some((before, _)) = parts.last().filter(|(before, _)| before.behind == *behind) {
                let rank = |dot: &Dot<A>| text.key(dot).map(|key| text.tree.rank(text.tree.find(key)));
                if rank(&last(&before.range)).map(|rank| rank + 1) != rank(&range.first) {
                    apart.push(behind);
                }
            }
            parts.push((Piece { range, behind: behind.clone() }, content));
        }
    }
    for (piece, _) in &mut parts {
        if apart.contains(&&piece.behind) {
            piece.behind = None;
        }
    }
    parts
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

/// The name of a range's last character.
fn last<A: Clone>(range: &TextRange<A>) -> Dot<A> {
    Dot::new(range.first.actor.clone(), range.first.counter + range.length - 1)
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
