use core::ops::Range;

use tidings_clocks::Dot;

use super::content::Content;
use super::delta::{Origins, TextDelta, TextRange, TextRun};
use super::error::TextError;
use super::extent::Extent;
use super::integrate::LAST;
use super::span::{Key, Span};
use super::tree::{Place, Point};
use super::{Cursor, Replica, Text};

/// Where a run goes: before the span at `place`, or at the end of that leaf; and what it will know of its origins.
#[derive(Clone, Copy)]
pub(super) struct Gap {
    pub(super) place: Place,
    pub(super) right: Key,
    pub(super) depth: u32,
    pub(super) level: u32,
}

/// Editing by position.
impl<A: Clone + Ord> Text<A> {
    /// Types `text` in the name of `actor` before the character at `position`, or at the end. O(log n), with O(1) where the last edit was.
    ///
    /// # Errors
    /// [`OutOfRange`](TextError::OutOfRange) if the text is shorter than `position`, [`Exhausted`](TextError::Exhausted) and [`Full`](TextError::Full) at the limits
    /// of the counters. The text is unchanged.
    #[inline]
    pub fn insert(&mut self, actor: A, position: usize, text: &str) -> Result<TextDelta<A>, TextError<A>> {
        self.splice(actor, position..position, text)
    }

    /// Deletes the characters in `range`. O(log n) for each span in it, with O(1) beside what was deleted last.
    ///
    /// # Errors
    /// [`OutOfRange`](TextError::OutOfRange) if the range ends beyond the text or before it begins. The text is unchanged.
    #[inline]
    pub fn remove(&mut self, range: Range<usize>) -> Result<TextDelta<A>, TextError<A>> {
        if let Some(erased) = self.erase_on(&range) {
            return Ok(TextDelta::of_range(erased));
        }
        self.remove_elsewhere(&range)
    }

    #[inline(never)]
    fn remove_elsewhere(&mut self, range: &Range<usize>) -> Result<TextDelta<A>, TextError<A>> {
        let (start, end) = self.range(range)?;
        Ok(self.hide_range(start, end - start))
    }

    /// Deletes the characters in `range` and types `text` in their place: one edit, one delta. Costs as [`remove`](Self::remove) and [`insert`](Self::insert).
    ///
    /// # Errors
    /// As these two. The text is unchanged.
    #[inline]
    pub fn splice(&mut self, actor: A, range: Range<usize>, text: &str) -> Result<TextDelta<A>, TextError<A>> {
        if range.start == range.end {
            if self.type_on(&actor, range.start, text) {
                return Ok(self.typed(actor, text));
            }
        } else if text.is_empty()
            && let Some(erased) = self.erase_on(&range)
        {
            return Ok(TextDelta::of_range(erased));
        }
        self.splice_elsewhere(actor, &range, text)
    }

    /// What [`splice`](Self::splice) does where the last edit was not. Apart from it, so that a caller has the delta of a keystroke where it wants it: to copy it out of a result that was
    /// just written in smaller pieces took an eighth of the time of typing.
    #[inline(never)]
    fn splice_elsewhere(&mut self, actor: A, range: &Range<usize>, text: &str) -> Result<TextDelta<A>, TextError<A>> {
        let (start, end) = self.range(range)?;
        self.type_after(actor, start, text, end - start)
    }

    /// Types one more character of one byte where the last one was typed, which is what most edits are: no search, and nothing is compared but the actor. Says whether
    /// it could.
    #[inline]
    fn type_on(&mut self, actor: &A, position: usize, text: &str) -> bool {
        if position != self.cursor.typing as usize || self.cursor.typing == Cursor::ELSEWHERE {
            return false;
        }
        let (Some(place), [_]) = (self.cursor.place, text.as_bytes()) else { return false };
        let Some(replica) = self.actors.get(self.cursor.actor as usize) else { return false };
        if replica.id != *actor || !self.has_room_for_one(replica.known) || !self.extend_by_one(place, text) {
            return false;
        }
        self.actors[self.cursor.actor as usize].known += 1;
        self.cursor.typing += 1;
        true
    }

    /// Whether another character of an actor of whom so many are known can be counted and kept.
    #[inline]
    pub(super) fn has_room_for_one(&self, known: u32) -> bool {
        u64::from(known) < LAST && u64::from(self.tree.sum().all) < LAST && self.content.fits(char::MAX.len_utf8())
    }

    /// Lets a visible span grow by one character that continues its run. Says whether it could.
    #[inline]
    pub(super) fn extend_by_one(&mut self, place: Place, text: &str) -> bool {
        if text.len() == 1 && self.tree.type_on(place, self.content.len()) {
            self.content.push(text);
            return true;
        }
        self.extend(place, text, 1)
    }

    /// What [`type_on`](Self::type_on) has done.
    #[inline]
    fn typed(&self, actor: A, text: &str) -> TextDelta<A> {
        let counter = u64::from(self.actors[self.cursor.actor as usize].known);
        TextDelta::of_run(TextRun::new(Dot::new(actor, counter), Origins::Typed, text))
    }

    /// Deletes characters of one byte each beside those that were deleted last, backwards or forwards, which is what most deletions are: no search, and no span is cut. Returns
    /// which, if it could.
    #[inline]
    fn erase_on(&mut self, range: &Range<usize>) -> Option<TextRange<A>> {
        let place = self.cursor.place?;
        let span = self.tree.span(place);
        let offset = u32::try_from(range.start).ok()?.checked_sub(self.cursor.start)?;
        let chars = u32::try_from(range.end.checked_sub(range.start)?).ok()?;
        if !span.extent().is_ascii() || chars == 0 || chars > span.chars().checked_sub(offset)? {
            return None;
        }
        let (first, at) = (span.id.plus(offset), span.at() + offset);
        self.tree.erase(Point { place, offset }, Extent::ascii(chars))?;
        self.cursor.typing = Cursor::ELSEWHERE;
        self.content.forget(at, chars);
        self.sweep();
        Some(TextRange { first: self.dot(first), length: u64::from(chars) })
    }

    /// Deletes `removed` characters from `start` on, and types `text` there.
    #[inline]
    fn type_after(&mut self, actor: A, start: u32, text: &str, removed: u32) -> Result<TextDelta<A>, TextError<A>> {
        if text.is_empty() {
            return Ok(self.hide_range(start, removed));
        }
        let interned = self.look_up(&actor);
        let known = interned.map_or(0, |interned| self.actors[interned as usize].known);
        let chars = self.admit(&actor, known, text)?;
        let mut delta = self.hide_range(start, removed);
        let interned = interned.unwrap_or_else(|| self.intern(&actor));
        self.cursor.actor = interned;
        let between = self.type_at(Key::new(interned, known + 1), start, text, chars);
        self.actors[interned as usize].known = known + chars;
        let origins = match between {
            None => Origins::Typed,
            Some((left, right)) => Origins::Between { left: self.origin(left), right: self.origin(right) },
        };
        delta.append_run(TextRun::new(Dot::new(actor, u64::from(known) + 1), origins, text));
        Ok(delta)
    }

    fn range(&self, range: &Range<usize>) -> Result<(u32, u32), TextError<A>> {
        let length = self.len();
        if range.end > length || range.start > range.end {
            return Err(TextError::OutOfRange { position: range.start.max(range.end), length });
        }
        let limited = |position: usize| u32::try_from(position).expect("a text's length has 32 bits");
        Ok((limited(range.start), limited(range.end)))
    }

    /// Counts the characters of `text`, if there is room for them.
    pub(super) fn admit(&self, actor: &A, known: u32, text: &str) -> Result<u32, TextError<A>> {
        const LIMIT: u32 = u32::MAX - 1;
        let chars = u32::try_from(text.chars().count()).map_err(|_| TextError::Full)?;
        if chars > LIMIT - known {
            return Err(TextError::Exhausted { actor: actor.clone() });
        }
        if chars > LIMIT - self.tree.sum().all || !self.content.fits(text.len()) {
            return Err(TextError::Full);
        }
        Ok(chars)
    }

    /// Where in the table an actor is. O(log actors), and O(1) for the last one looked up.
    #[inline]
    pub(super) fn look_up(&self, actor: &A) -> Option<u32> {
        let last = self.cursor.actor;
        if self.actors.get(last as usize).is_some_and(|last| last.id == *actor) {
            return Some(last);
        }
        self.interned.get(actor).copied()
    }

    /// Puts an actor that is not there into the table.
    pub(super) fn intern(&mut self, actor: &A) -> u32 {
        let interned = u32::try_from(self.actors.len()).expect("there are fewer actors than characters");
        self.actors.push(Replica { id: actor.clone(), known: 0, stable: 0, received: Place::NOWHERE });
        self.interned.insert(actor.clone(), interned);
        interned
    }

    /// Types the next characters of an actor where everybody can see that they belong: between the visible character before `position` and whatever follows it.
    /// Returns these two, or nothing if the run only goes on.
    fn type_at(&mut self, id: Key, position: u32, text: &str, chars: u32) -> Option<(Key, Key)> {
        let (left, gap) = if position == 0 {
            let place = self.tree.origin();
            (Key::NONE, gap_before(place, self.tree.peek(place), 1))
        } else {
            let point = self.seek(position - 1);
            let span = self.tree.span(point.place);
            let (left, bound, is_last) = (span.id.plus(point.offset), span.right, point.offset + 1 == span.len());
            let gap = self.gap_after(point);
            if is_last && id == left.plus(1) && gap.right == bound && gap.level == 0 {
                if self.extend(point.place, text, chars) {
                    self.cursor.typing = position + chars;
                } else {
                    self.lay_at_cursor(gap, id, position, text, chars);
                }
                return None;
            }
            (left, gap)
        };
        let right = gap.right;
        self.lay_at_cursor(gap, id, position, text, chars);
        Some((left, right))
    }

    /// The gap directly after a character, visible or not.
    #[inline]
    fn gap_after(&mut self, Point { place, offset }: Point) -> Gap {
        let span = self.tree.span(place);
        let depth = span.depth + offset + 1;
        if offset + 1 == span.len() {
            let next = self.tree.next(place).map(|next| self.tree.span(next));
            return gap_before(Place { span: place.span + 1, ..place }, next, depth);
        }
        let (right, head) = (span.id.plus(offset + 1), self.content.head(span, offset + 1));
        let (_, place) = self.tree.split(place, offset + 1, head);
        Gap { place, right, depth, level: 1 }
    }

    /// Types `text` directly after a known character, visible or not, before everything else that follows it. O(log n).
    pub(super) fn insert_after(&mut self, actor: A, left: Key, text: &str) -> Result<TextDelta<A>, TextError<A>> {
        let interned = self.look_up(&actor);
        let known = interned.map_or(0, |interned| self.actors[interned as usize].known);
        let chars = self.admit(&actor, known, text)?;
        let interned = interned.unwrap_or_else(|| self.intern(&actor));
        let gap = self.gap_after(self.tree.find(left));
        self.lay(gap, Key::new(interned, known + 1), text);
        self.actors[interned as usize].known = known + chars;
        self.lose_position();
        let origins = Origins::Between { left: self.origin(left), right: self.origin(gap.right) };
        Ok(TextDelta::from_parts([TextRun::new(Dot::new(actor, u64::from(known) + 1), origins, text)], []))
    }

    fn lay_at_cursor(&mut self, gap: Gap, id: Key, position: u32, text: &str, chars: u32) {
        let last = self.lay(gap, id, text);
        self.cursor.place = Some(last);
        self.cursor.start = position + chars - self.tree.span(last).len();
        self.cursor.typing = position + chars;
    }

    /// Lets a visible span grow by characters that continue its run. Says whether it could.
    #[inline]
    pub(super) fn extend(&mut self, place: Place, text: &str, chars: u32) -> bool {
        let span = self.tree.span(place);
        if !span.has_room(chars) {
            return false;
        }
        let Some(at) = self.content.extend(span, text) else { return false };
        self.tree.grow(place, at, Extent::of(text, chars));
        self.sweep();
        true
    }

    /// Puts a run into a gap, and returns where its last span is.
    pub(super) fn lay(&mut self, gap: Gap, id: Key, text: &str) -> Place {
        let Gap { mut place, right, mut depth, mut level } = gap;
        let mut id = id;
        let mut rest = text;
        loop {
            let cut = if rest.len() <= Extent::CHARS as usize {
                rest.len()
            } else {
                rest.char_indices().nth(Extent::CHARS as usize).map_or(rest.len(), |(at, _)| at)
            };
            let (piece, after) = rest.split_at(cut);
            let len = u32::try_from(piece.chars().count()).expect("a piece is short");
            let at = self.content.push(piece);
            place = self.tree.insert(place, Span::visible(id, right, depth, level, at, Extent::of(piece, len)));
            if after.is_empty() {
                break;
            }
            (id, depth, level) = (id.plus(len), depth + len, 0);
            place.span += 1;
            rest = after;
        }
        place
    }

    /// Deletes `count` visible characters from `position` on, and returns which.
    fn hide_range(&mut self, position: u32, count: u32) -> TextDelta<A> {
        if count == 0 {
            return TextDelta::new();
        }
        let range = self.hide_some(position, count);
        let mut left = u64::from(count) - range.length;
        let mut delta = TextDelta::of_range(range);
        while left > 0 {
            let range = self.hide_some(position, u32::try_from(left).expect("less than count"));
            left -= range.length;
            delta.append_range(range);
        }
        self.sweep();
        delta
    }

    /// Deletes up to `count` visible characters at `position`, as far as they are in one span.
    #[inline]
    fn hide_some(&mut self, position: u32, count: u32) -> TextRange<A> {
        let point = self.seek(position);
        let span = self.tree.span(point.place);
        let (first, length) = (span.id.plus(point.offset), span.len());
        let chars = count.min(length - point.offset);
        let place = self.hide(point, chars);
        self.cursor.typing = Cursor::ELSEWHERE;
        // The cursor goes to what is still visible of the span, which is in the same leaf: before what is gone, or else after it.
        self.cursor.start = position - point.offset;
        self.cursor.place = match place.span.checked_sub(1) {
            Some(before) if point.offset > 0 => Some(Place { span: before, ..place }),
            _ if chars < length => Some(Place { span: place.span + 1, ..place }),
            _ => None,
        };
        TextRange { first: self.dot(first), length: u64::from(chars) }
    }

    /// Deletes `chars` characters of one visible span.
    pub(super) fn hide(&mut self, point: Point, chars: u32) -> Place {
        let span = self.tree.span(point.place);
        let before = self.content.head(span, point.offset);
        let gone = self.content.head(span, point.offset + chars) - before;
        self.content.forget(span.at() + before.bytes(), gone.bytes());
        self.tree.delete(point, before, gone)
    }

    /// The visible character at `position`: near the last edit without a search.
    #[inline]
    fn seek(&mut self, position: u32) -> Point {
        if let Some(place) = self.cursor.place {
            let span = self.tree.span(place);
            if position >= self.cursor.start && position - self.cursor.start < span.chars() {
                return Point { place, offset: position - self.cursor.start };
            }
        }
        self.tree.catch_up();
        let (point, start) = self.tree.at_char(position);
        self.cursor.place = Some(point.place);
        self.cursor.start = start;
        point
    }

    /// Rewrites the content when most of it is no longer used. O(n), and O(1) for each byte deleted since the last time.
    #[inline]
    pub(super) fn sweep(&mut self) {
        if self.content.is_wasteful(self.tree.spans_at_most()) {
            self.rewrite();
        }
    }

    #[cold]
    fn rewrite(&mut self) {
        let mut content = Content::with_capacity(self.len_bytes());
        let mut next = self.tree.first();
        while let Some(place) = next {
            let span = self.tree.span(place);
            if span.is_visible() {
                let at = content.push(self.content.of(span));
                self.tree.relocate(place, at);
            }
            next = self.tree.next(place);
        }
        self.content = content;
    }

    /// Forgets what is remembered of positions, after a change at a place that is not an edit's.
    pub(super) fn lose_position(&mut self) {
        self.cursor = Cursor { place: None, typing: Cursor::ELSEWHERE, ..self.cursor };
    }
}

/// The gap before `next`, for a character that will have this depth.
#[inline]
pub(super) fn gap_before(place: Place, next: Option<&Span>, depth: u32) -> Gap {
    let right = next.map_or(Key::NONE, |next| next.id);
    // The next character has the same left origin: then it is where the new one belongs, one level above it.
    let level = next.map_or(0, |next| if next.depth == depth { next.level + 1 } else { 0 });
    Gap { place, right, depth, level }
}
