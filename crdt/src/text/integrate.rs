use alloc::string::String;
use alloc::vec::Vec;

use smallvec::SmallVec;
use tidings_clocks::Dot;

use super::delta::{Origins, TextDelta, TextRange, TextRun};
use super::edit::{Gap, gap_before};
use super::error::TextError;
use super::span::{Key, Span, rung};
use super::splice::TextSplice;
use super::tree::{Place, Point};
use super::{Cursor, Replica, Text};

/// The last character that can be counted.
pub(super) const LAST: u64 = u32::MAX as u64 - 1;

/// Where changes of the visible text are noted, if they are.
type Noted<'a> = Option<&'a mut Vec<TextSplice>>;

/// A run that has been put into the text: its first character, and how many.
type Laid = (Key, u32);

/// Taking in what others did.
///
/// FugueMax orders a tree: a character is a left child of its right origin if that one comes from its left origin, and else a right child of its left origin.
/// Left siblings are ordered by id, right siblings by their right origins, the last in the text first, then by id (Weidner, Kleppmann 2023, algorithm 1 and
/// FugueMax). The tree is not kept. What is needed of it can be read off the rungs (see `span.rs`):
///
/// - what comes from x follows x, up to the next character that is not deeper;
/// - the right children of x are those of its followers that are one deeper and on level 0: the lowest rung there is among them;
/// - the left children of x stand before it, one level above it, back to the previous character on its own rung or a lower one (or to its left origin): again the
///   lowest rung in between.
///
/// Both are "the lowest spans in a range", which the sums of the tree find in O(log n), and siblings are sorted, so that the place among k of them is found by
/// bisection, however many there are.
impl<A: Clone + Ord> Text<A> {
    /// Does what an edit elsewhere did. Says whether anything was new. The same delta again, or parts of it, changes nothing.
    ///
    /// O(log n) for each run and each span deleted; O(log² n) where others have typed at the same place at the same time, however many; O(1) for a run that
    /// continues the last one applied. A delta of many runs that fails costs as much again.
    ///
    /// # Errors
    /// [`Missing`](TextError::Missing) if the delta builds on something that has not come yet; [`Reused`](TextError::Reused),
    /// [`Impossible`](TextError::Impossible), [`Malformed`](TextError::Malformed) if no correct replica can have said so;
    /// [`Full`](TextError::Full) at the limits of the counters. The text is unchanged.
    pub fn apply(&mut self, delta: &TextDelta<A>) -> Result<bool, TextError<A>> {
        if delta.only_run().is_some_and(|run| self.hear_on(run)) {
            return Ok(true);
        }
        self.apply_noting(delta, None)
    }

    /// Takes in one more character of one byte that an actor has typed after the last one that was heard of, which is what most deltas are: no search. Says whether it could.
    #[inline]
    fn hear_on(&mut self, run: &TextRun<A>) -> bool {
        let (Origins::Typed, 1, false) = (&run.origins, run.length(), run.is_deleted()) else { return false };
        let Some(actor) = self.look_up(&run.first.actor) else { return false };
        let Replica { known, received, .. } = self.actors[actor as usize];
        if run.first.counter != u64::from(known) + 1 || !self.has_room_for_one(known) {
            return false;
        }
        let Some(span) = self.tree.peek(received).filter(|span| span.id.actor == actor && span.end() == known + 1) else { return false };
        // Nobody else has typed between the last character and what that one was typed before.
        let next = self.tree.next(received).map(|next| self.tree.span(next));
        let gap = gap_before(received, next, span.depth + span.len());
        if gap.right != span.right || gap.level > 0 || !self.extend_by_one(received, run.text()) {
            return false;
        }
        self.actors[actor as usize].known += 1;
        self.cursor = Cursor { received, actor, ..Cursor::NOWHERE };
        true
    }

    /// The same, and notes what changes in the visible text; nothing that counts if it fails.
    pub(super) fn apply_noting(&mut self, delta: &TextDelta<A>, splices: Noted<'_>) -> Result<bool, TextError<A>> {
        for run in delta.runs() {
            bounded(&run.first, run.end())?;
        }
        for range in delta.removed() {
            bounded(&range.first, range.end())?;
        }
        let actors = self.actors.len();
        let mut laid = SmallVec::new();
        match self.take_in(delta, &mut laid, splices) {
            Ok(changed) => Ok(changed || !laid.is_empty()),
            Err(error) => {
                self.undo(&laid, actors);
                Err(error)
            }
        }
    }

    fn take_in(&mut self, delta: &TextDelta<A>, laid: &mut SmallVec<[Laid; 2]>, mut splices: Noted<'_>) -> Result<bool, TextError<A>> {
        for run in delta.runs() {
            let new = self.receive(run)?;
            if let (Some((first, fresh)), Some(splices), false) = (new, &mut splices, run.is_deleted()) {
                let known = run.text().chars().count() - fresh as usize;
                let at = run.text().char_indices().nth(known).map_or(0, |(at, _)| at);
                self.note_run(first, &run.text()[at..], splices);
            }
            laid.extend(new);
        }
        for range in delta.removed() {
            let known = self.known(&range.first.actor);
            if range.first.counter + range.length > known + 1 {
                return Err(TextError::Missing(Dot::new(range.first.actor.clone(), known.max(range.first.counter - 1) + 1)));
            }
            self.are_kept(range)?;
        }
        for mark in delta.marks() {
            self.admits(mark)?;
        }
        let mut changed = false;
        for mark in delta.marks() {
            changed |= self.marks.insert(mark.clone());
        }
        // What comes as a deleted run may have come before, when it was visible.
        for run in delta.runs().iter().filter(|run| run.is_deleted()) {
            changed |= self.bury(&run.first, run.length(), splices.as_deref_mut());
        }
        for range in delta.removed() {
            changed |= self.bury(&range.first, range.length, splices.as_deref_mut());
        }
        if changed {
            self.sweep();
        }
        Ok(changed)
    }

    /// Checks that none of these characters, which are known, is pruned. O(1) if none can be, else O(log n) for each span they are in.
    fn are_kept(&self, range: &TextRange<A>) -> Result<(), TextError<A>> {
        let Some(actor) = self.look_up(&range.first.actor) else { return Ok(()) };
        let stable = u64::from(self.actors[actor as usize].stable);
        let mut dot = range.first.clone();
        while dot.counter <= stable && dot.counter < range.first.counter + range.length {
            let key = self.known_key(&dot)?;
            dot.counter = u64::from(self.tree.span(self.tree.find(key).place).end());
        }
        Ok(())
    }

    /// Puts a run where it belongs, as far as it is new.
    fn receive(&mut self, run: &TextRun<A>) -> Result<Option<Laid>, TextError<A>> {
        let actor = &run.first.actor;
        let interned = self.look_up(actor);
        let known = interned.map_or(0, |interned| self.actors[interned as usize].known);
        let counter = u32::try_from(run.first.counter).expect("bounded was asked");
        let length = u32::try_from(run.length()).expect("bounded was asked");
        if counter > known + 1 {
            return Err(TextError::Missing(Dot::new(actor.clone(), u64::from(known) + 1)));
        }
        if interned.is_some_and(|interned| counter <= self.actors[interned as usize].stable) {
            return Err(TextError::Pruned(run.first.clone()));
        }
        let repeated = known + 1 - counter;
        let (left, right) = if let (Some(interned), 1..) = (interned, repeated) {
            self.confirm(run, Key::new(interned, counter), repeated.min(length))?;
            if repeated >= length {
                return Ok(None);
            }
            let left = self.tree.find(Key::new(interned, known));
            (Some(left), self.tree.span(left.place).right)
        } else {
            self.origins(run, interned)?
        };
        let fresh = length - repeated;
        if fresh > u32::MAX - 1 - self.tree.sum().all || !self.content.fits(run.text().len()) {
            return Err(TextError::Full);
        }
        let gap = self.gap_between(left, right, &run.first)?;
        let id = Key::new(interned.unwrap_or_else(|| self.intern(actor)), known + 1);
        let received = if run.is_deleted() {
            self.tree.insert(gap.place, Span::deleted(id, gap.right, gap.depth, gap.level, fresh))
        } else {
            let text = run.text();
            let text = if repeated == 0 { text } else { text.char_indices().nth(repeated as usize).map_or("", |(at, _)| &text[at..]) };
            match self.continued(id, &gap) {
                Some(place) if self.extend(place, text, fresh) => place,
                _ => self.lay(gap, id, text),
            }
        };
        let replica = &mut self.actors[id.actor as usize];
        replica.known += fresh;
        replica.received = received;
        self.cursor = Cursor { received, actor: id.actor, ..Cursor::NOWHERE };
        Ok(Some((id, fresh)))
    }

    /// The characters between which a run was typed.
    fn origins(&self, run: &TextRun<A>, interned: Option<u32>) -> Result<(Option<Point>, Key), TextError<A>> {
        let known = |dot: &Dot<A>| self.known_key(dot);
        match &run.origins {
            Origins::Typed => {
                let (Some(interned), 2..) = (interned, run.first.counter) else {
                    return Err(TextError::Malformed(run.first.clone()));
                };
                let replica = &self.actors[interned as usize];
                let previous = Key::new(interned, replica.known);
                if replica.known <= replica.stable && !self.tree.holds(previous) {
                    return Err(TextError::Pruned(self.dot(previous)));
                }
                let left = self.tree.find_near(self.actors[interned as usize].received, previous);
                Ok((Some(left), self.tree.span(left.place).right))
            }
            Origins::Between { left, right } => {
                let left = left.as_ref().map(known).transpose()?;
                let right = right.as_ref().map_or(Ok(Key::NONE), known)?;
                Ok((left.map(|left| self.tree.find_near(self.cursor.received, left)), right))
            }
        }
    }

    /// The span at whose end a run goes, if it is the run's own beginning.
    fn continued(&self, id: Key, gap: &Gap) -> Option<Place> {
        let place = Place { span: gap.place.span.checked_sub(1)?, ..gap.place };
        let span = self.tree.peek(place)?;
        let continues = span.id.actor == id.actor && span.end() == id.counter;
        (continues && span.right == gap.right && gap.level == 0 && gap.depth == span.depth + span.len()).then_some(place)
    }

    /// Where a character goes that was typed between `left` (or the start) and `right` (or the end).
    fn gap_between(&mut self, left: Option<Point>, right: Key, dot: &Dot<A>) -> Result<Gap, TextError<A>> {
        let Some(Point { place, offset }) = left else {
            let after = self.tree.origin();
            let gap = gap_before(after, self.tree.peek(after), 1);
            if gap.right == right {
                return Ok(gap);
            }
            self.tree.catch_up();
            let to = self.rank_if_open(after, 0, Key::NONE, right, 1).ok_or_else(|| TextError::Impossible(dot.clone()))?;
            return Ok(self.gap_among(after, 0, to, right, 1, dot));
        };
        let span = *self.tree.span(place);
        let depth = span.depth + offset + 1;
        let after = Place { span: place.span + 1, ..place };
        let inside = offset + 1 < span.len();
        if !inside {
            let gap = gap_before(after, self.tree.next(place).map(|next| self.tree.span(next)), depth);
            if gap.right == right {
                return Ok(gap);
            }
        }
        let next = span.id.plus(offset + 1);
        let (mut from, mut to) = (0, 0);
        if !inside || next != right {
            self.tree.catch_up();
            from = self.tree.rank(Point { place, offset }) + 1;
            to = self.rank_if_open(after, from, span.right, right, depth).ok_or_else(|| TextError::Impossible(dot.clone()))?;
        }
        if !inside {
            return Ok(self.gap_among(after, from, to, right, depth, dot));
        }
        let head = self.content.head(&span, offset + 1);
        let (_, tail) = self.tree.split(place, offset + 1, head);
        if next == right {
            return Ok(Gap { place: tail, right, depth, level: 1 });
        }
        Ok(self.gap_among(tail, from, to, right, depth, dot))
    }

    /// The rank of `right`, if it and the character before `after` can ever have been neighbours: if what either of them was typed next to does not stand between
    /// them. `after` is the first span after that character's, `from` the rank after it, `bound` its right origin, and `depth` one more than its own.
    pub(super) fn rank_if_open(&self, after: Place, from: u32, bound: Key, right: Key, depth: u32) -> Option<u32> {
        let rank = |key: Key| if key == Key::NONE { u32::MAX } else { self.tree.rank(self.tree.find(key)) };
        let to = rank(right);
        if to < from || to > rank(bound) {
            return None;
        }
        if right != Key::NONE {
            // Its left origin is less deep than all between it and itself.
            let own = self.depth(right);
            if own > depth {
                return None;
            }
            let origin = if own == 1 { None } else { self.tree.next_low(after, rung(own - 1, u32::MAX)) };
            if origin.is_some_and(|origin| self.tree.before(origin).all < to) {
                return None;
            }
        }
        Some(to)
    }

    /// Where a character goes among what others have typed between the same two: `after` is the first place there, `from` its rank, `to` that of `right`.
    fn gap_among(&self, after: Place, from: u32, to: u32, right: Key, depth: u32, dot: &Dot<A>) -> Gap {
        let is_before = |span: &Span| {
            let actor = &self.actors[span.id.actor as usize].id;
            (actor, u64::from(span.id.counter)) < (&dot.actor, dot.counter)
        };
        let (before, level) = if right != Key::NONE && self.depth(right) == depth {
            // A left child of `right`. Its siblings stand between whatever is not above `right` and `right`.
            let parent = self.tree.find(right).place;
            let level = self.tree.span(parent).level + 1;
            let outside = self.tree.previous_low(parent, rung(depth, level - 1)).map(|place| (place, self.tree.before(place).all));
            let outside = outside.filter(|&(_, rank)| rank >= from);
            let first = outside.map_or(from, |(_, rank)| rank + 1);
            let sibling = self.tree.last_sibling(first, to, rung(depth, level), is_before);
            (sibling.or(outside.map(|(place, _)| place)), level)
        } else {
            // A right child of what stands before.
            let end = self.tree.next_low(after, rung(depth - 1, u32::MAX)).map_or(self.tree.sum().all, |end| self.tree.before(end).all);
            let precedes = |span: &Span| {
                if span.right == right {
                    return is_before(span);
                }
                span.right == Key::NONE || self.tree.rank(self.tree.find(span.right)) > to
            };
            (self.tree.last_sibling(from, end, rung(depth, 0), precedes), 0)
        };
        // Behind all that comes from the one before.
        let place = before.map_or(after, |before| {
            let beyond = Place { span: before.span + 1, ..before };
            self.tree.next_low(beyond, rung(depth, u32::MAX)).unwrap_or_else(|| self.tree.end())
        });
        Gap { place, right, depth, level }
    }

    pub(super) fn depth(&self, key: Key) -> u32 {
        let point = self.tree.find(key);
        self.tree.span(point.place).depth + point.offset
    }

    /// Checks that the first `count` characters of a run, from `key` on, are the ones that are known by these names.
    fn confirm(&self, run: &TextRun<A>, key: Key, count: u32) -> Result<(), TextError<A>> {
        let reused = |counter: u32| TextError::Reused(Dot::new(run.first.actor.clone(), u64::from(counter)));
        let first = self.tree.find(key);
        let right = self.tree.span(first.place).right;
        let is_same = match &run.origins {
            Origins::Typed => {
                let previous = Key::new(key.actor, key.counter - 1);
                previous.counter > 0
                    && self.tree.left_of(first) == previous
                    && self.tree.span(self.tree.find(previous).place).right == right
            }
            Origins::Between { left, right: other } => self.origin(self.tree.left_of(first)) == *left && self.origin(right) == *other,
        };
        if !is_same {
            return Err(reused(key.counter));
        }
        let (mut counter, end, mut rest) = (key.counter, key.counter + count, run.text());
        while counter < end {
            let point = self.tree.find(Key::new(key.actor, counter));
            let span = self.tree.span(point.place);
            let continues = counter == key.counter || (span.right == right && self.tree.left_of(point) == Key::new(key.actor, counter - 1));
            let chars = (span.len() - point.offset).min(end - counter);
            let (piece, after) = rest.split_at(rest.char_indices().nth(chars as usize).map_or(rest.len(), |(at, _)| at));
            let known = &self.content.of(span)[self.content.head(span, point.offset).bytes() as usize..];
            // What was deleted here or elsewhere is not known there or here any more.
            if !continues || (span.is_visible() && !run.is_deleted() && !known.starts_with(piece)) {
                return Err(reused(counter));
            }
            rest = after;
            counter += chars;
        }
        Ok(())
    }

    /// Deletes known characters. Says whether any was visible.
    fn bury(&mut self, first: &Dot<A>, length: u64, mut splices: Noted<'_>) -> bool {
        let actor = self.look_up(&first.actor).expect("take_in has asked");
        let bounded = |counter: u64| u32::try_from(counter).expect("bounded was asked");
        let (mut counter, end) = (bounded(first.counter), bounded(first.counter + length));
        let mut changed = false;
        while counter < end {
            let point = self.tree.find_near(self.cursor.received, Key::new(actor, counter));
            let span = self.tree.span(point.place);
            let chars = (span.len() - point.offset).min(end - counter);
            self.cursor.received = point.place;
            if span.is_visible() {
                if let Some(splices) = &mut splices {
                    let position = self.tree.before(point.place).chars as usize + point.offset as usize;
                    splices.push(TextSplice { position, removed: chars as usize, inserted: String::new() });
                }
                self.cursor.received = self.hide(point, chars);
                changed = true;
            }
            counter += chars;
        }
        if changed {
            self.lose_position();
        }
        changed
    }

    /// Takes the last runs out again, and the actors that came with them.
    fn undo(&mut self, laid: &[Laid], actors: usize) {
        for &(first, length) in laid.iter().rev() {
            // From the end on: what stays is then still found.
            let mut end = first.counter + length;
            while end > first.counter {
                let mut place = self.tree.find(Key::new(first.actor, end - 1)).place;
                let start = self.tree.span(place).id.counter;
                if start < first.counter {
                    let head = self.content.head(self.tree.span(place), first.counter - start);
                    (_, place) = self.tree.split(place, first.counter - start, head);
                }
                let span = *self.tree.span(place);
                if span.is_visible() {
                    self.content.forget(span.at(), span.bytes());
                }
                self.tree.remove(place);
                end = span.id.counter;
            }
            self.actors[first.actor as usize].known = first.counter - 1;
        }
        for actor in self.actors.drain(actors..) {
            self.interned.remove(&actor.id);
        }
        self.lose_position();
        self.sweep();
    }
}

/// Whether a run or range is not empty and ends within the counters.
fn bounded<A: Clone>(first: &Dot<A>, end: Option<u64>) -> Result<(), TextError<A>> {
    match end {
        Some(end) if first.counter > 0 && end > first.counter && end <= LAST + 1 => Ok(()),
        _ => Err(TextError::Malformed(first.clone())),
    }
}
