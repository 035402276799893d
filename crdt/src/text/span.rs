use core::cmp::Ordering;

use super::extent::Extent;

/// The id of one character as it is kept inside one `Text`: an interned actor, and which of its characters, counted from 1.
///
/// [`Key::NONE`] stands for "no character": the start of the text as a left origin, its end as a right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) actor: u32,
    pub(super) counter: u32,
}

impl Key {
    pub(super) const NONE: Self = Self { actor: u32::MAX, counter: 0 };

    pub(super) const fn new(actor: u32, counter: u32) -> Self {
        Self { actor, counter }
    }

    #[inline]
    pub(super) const fn plus(self, offset: u32) -> Self {
        Self { actor: self.actor, counter: self.counter + offset }
    }
}

/// By actor, then by counter: compared as one number, since every search and sort does.
impl Ord for Key {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let packed = |key: &Self| (u64::from(key.actor) << 32) | u64::from(key.counter);
        packed(self).cmp(&packed(other))
    }
}

impl PartialOrd for Key {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Where a span stands in the order: the depth of its first character in the tree of left origins, then its level among the siblings there.
///
/// A character's depth is one more than that of its left origin (the start of the text has depth 0), and the text is a preorder walk of that tree: the
/// characters that come from x follow x directly, up to the next one that is not deeper than x. Its level is 0 if its right origin lies outside of what comes
/// from its left origin, else one more than its right origin's level. Neither ever changes. See `integrate.rs` for what they are good for.
pub(super) type Rung = u64;

pub(super) const fn rung(depth: u32, level: u32) -> Rung {
    ((depth as u64) << 32) | level as u64
}

/// Characters that one actor typed one after the other and that still stand next to each other: all visible, or all deleted.
///
/// Each character after the first has the one before it as its left origin and the same right origin as the first, so their levels are 0 and their depths
/// count up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) id: Key,
    /// The right origin of all characters.
    pub(super) right: Key,
    pub(super) depth: u32,
    pub(super) level: u32,
    /// Where the characters start in the content, in bytes; of deleted ones, how many they are.
    at: u32,
    /// How much visible text; none means deleted.
    extent: Extent,
}

impl Span {
    pub(super) const EMPTY: Self = Self { id: Key::NONE, right: Key::NONE, depth: 0, level: 0, at: 0, extent: Extent::NONE };

    /// A span of visible characters, not none, whose content lies at `at`.
    pub(super) const fn visible(id: Key, right: Key, depth: u32, level: u32, at: u32, extent: Extent) -> Self {
        Self { id, right, depth, level, at, extent }
    }

    /// A span of `len` deleted characters.
    pub(super) const fn deleted(id: Key, right: Key, depth: u32, level: u32, len: u32) -> Self {
        Self { id, right, depth, level, at: len, extent: Extent::NONE }
    }

    #[inline]
    pub(super) const fn is_visible(&self) -> bool {
        !self.extent.is_none()
    }

    /// How much visible text.
    #[inline]
    pub(super) const fn extent(&self) -> Extent {
        self.extent
    }

    /// How many visible characters.
    #[inline]
    pub(super) const fn chars(&self) -> u32 {
        self.extent.chars()
    }

    /// How many bytes of visible characters.
    #[inline]
    pub(super) const fn bytes(&self) -> u32 {
        self.extent.bytes()
    }

    /// Where the content of visible characters lies.
    #[inline]
    pub(super) const fn at(&self) -> u32 {
        self.at
    }

    /// How many characters, visible or deleted.
    #[inline]
    pub(super) fn len(&self) -> u32 {
        if self.is_visible() { self.chars() } else { self.at }
    }

    #[inline]
    pub(super) const fn rung(&self) -> Rung {
        rung(self.depth, self.level)
    }

    /// The counter after the last character's.
    #[inline]
    pub(super) fn end(&self) -> u32 {
        self.id.counter + self.len()
    }

    #[inline]
    pub(super) fn contains(&self, key: Key) -> bool {
        self.id.actor == key.actor && self.id.counter <= key.counter && key.counter < self.end()
    }

    /// Marks the characters as deleted.
    pub(super) fn delete(&mut self) {
        *self = Self::deleted(self.id, self.right, self.depth, self.level, self.len());
    }

    /// Whether so many visible characters can be added at the end.
    #[inline]
    pub(super) fn has_room(&self, chars: u32) -> bool {
        self.is_visible() && chars <= Extent::CHARS - self.chars()
    }

    /// Adds visible characters at the end, for which there is room, when the content is at `at`.
    #[inline]
    pub(super) fn grow(&mut self, at: u32, more: Extent) {
        self.at = at;
        self.extent += more;
    }

    /// Says that the content lies elsewhere.
    pub(super) fn relocate(&mut self, at: u32) {
        debug_assert!(self.is_visible(), "only visible characters have content");
        self.at = at;
    }

    /// Whether `next`, if it stands directly after this, is the continuation of the same run.
    #[inline]
    fn runs_into(&self, next: &Self) -> bool {
        self.id.actor == next.id.actor
            && self.end() == next.id.counter
            && next.level == 0
            && next.right == self.right
            && next.depth == self.depth + self.len()
    }

    /// Takes in the span after this one if both are deleted and of one run. Says whether it did.
    pub(super) fn bury(&mut self, next: &Self) -> bool {
        let buries = !self.is_visible() && !next.is_visible() && self.runs_into(next);
        if buries {
            self.at += next.at;
        }
        buries
    }

    /// Takes in the span after this one if both are one run and alike, and if content lies together. Says whether it did.
    pub(super) fn unite(&mut self, next: &Self) -> bool {
        let lies_together = self.at + self.bytes() == next.at && self.has_room(next.chars());
        if self.is_visible() && next.is_visible() && lies_together && self.runs_into(next) {
            self.extent += next.extent;
            return true;
        }
        self.bury(next)
    }

    /// Takes the last characters, but not all, of the visible span before this deleted one, if both are one run. Says whether it did.
    #[inline]
    pub(super) fn take_end_of(&mut self, previous: &mut Self, taken: Extent) -> bool {
        let takes = !self.is_visible() && previous.runs_into(self);
        if takes {
            self.id.counter -= taken.chars();
            self.depth -= taken.chars();
            self.at += taken.chars();
            previous.extent -= taken;
        }
        takes
    }

    /// Takes the first characters, but not all, of the visible span after this deleted one, if both are one run. Says whether it did.
    pub(super) fn take_start_of(&mut self, next: &mut Self, taken: Extent) -> bool {
        let takes = !self.is_visible() && self.runs_into(next);
        if takes {
            self.at += taken.chars();
            *next = next.split(taken.chars(), taken);
        }
        takes
    }

    /// Cuts off and returns what is after the first `chars` characters, which are `head` if they are visible.
    pub(super) fn split(&mut self, chars: u32, head: Extent) -> Self {
        debug_assert!(0 < chars && chars < self.len(), "both halves hold something");
        let (id, depth) = (self.id.plus(chars), self.depth + chars);
        if self.is_visible() {
            let tail = Self::visible(id, self.right, depth, 0, self.at + head.bytes(), self.extent - head);
            self.extent = head;
            tail
        } else {
            let tail = Self::deleted(id, self.right, depth, 0, self.at - chars);
            self.at = chars;
            tail
        }
    }
}
