use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use tidings_clocks::Dot;

use super::few::Few;
use super::mark::TextMark;

/// What an edit of a [`Text`](crate::Text) did, or several edits, or what one text knows and another does not: for [`Text::apply`](crate::Text::apply).
///
/// Runs of new characters with their origins, and ranges of deleted ones. The runs stand in an order in which each one's origins are known before it or stand
/// before it. Deletions have no dots of their own: they name the characters that are gone, and are the same whoever says so how many times.
///
/// A value, not yet believed: whether it fits is judged by `apply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDelta<A> {
    pub(super) runs: Few<TextRun<A>>,
    pub(super) removed: Few<TextRange<A>>,
    /// Empty in most deltas.
    pub(super) marks: Vec<TextMark<A>>,
}

/// Characters that one actor typed one after the other: consecutive dots, each character's left origin the one before it, all with one right origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRun<A> {
    /// The first character's name; the others count on from it.
    pub first: Dot<A>,
    /// Between which characters the run was typed.
    pub origins: Origins<A>,
    pub(super) chars: Chars,
}

/// Between which two characters a run was typed, as they stood next to each other, deleted ones included (Weidner, Kleppmann 2023).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Origins<A> {
    /// Directly after the actor's own previous character, and before whatever that one was typed before: the next keystroke.
    Typed,
    /// Any others.
    Between {
        /// The character before the run; `None` is the start of the text.
        left: Option<Dot<A>>,
        /// The character after the run; `None` is the end of the text.
        right: Option<Dot<A>>,
    },
}

/// `length` characters of one actor with consecutive dots, wherever they now stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TextRange<A> {
    /// The first one's name.
    pub first: Dot<A>,
    /// How many.
    pub length: u64,
}

impl<A> TextDelta<A> {
    /// The delta that says nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { runs: Few::None, removed: Few::None, marks: Vec::new() }
    }

    /// The delta of these runs, whose order matters, and these deletions.
    pub fn from_parts(runs: impl IntoIterator<Item = TextRun<A>>, removed: impl IntoIterator<Item = TextRange<A>>) -> Self {
        Self { runs: Vec::from_iter(runs).into(), removed: Vec::from_iter(removed).into(), marks: Vec::new() }
    }

    /// The same and these marks. What they hold on to is known, or stands in the runs.
    #[must_use]
    pub fn with_marks(mut self, marks: impl IntoIterator<Item = TextMark<A>>) -> Self {
        self.marks.extend(marks);
        self
    }

    /// Appends what a later delta says: applying the whole is applying one after the other. O(size of `later`).
    ///
    /// Keystrokes that continue the last run and deletions next to the last one become parts of these.
    pub fn append(&mut self, later: Self)
    where
        A: PartialEq,
    {
        match later.runs {
            Few::None => {}
            Few::One(run) => self.append_run(run),
            Few::Many(runs) => runs.into_iter().for_each(|run| self.append_run(run)),
        }
        match later.removed {
            Few::None => {}
            Few::One(range) => self.append_range(range),
            Few::Many(ranges) => ranges.into_iter().for_each(|range| self.append_range(range)),
        }
        self.marks.extend(later.marks);
    }

    fn append_run(&mut self, run: TextRun<A>)
    where
        A: PartialEq,
    {
        match self.runs.last_mut() {
            Some(last) if last.is_continued_by(&run) => last.chars.push_str(run.text()),
            _ => self.runs.push(run),
        }
    }

    pub(super) fn append_range(&mut self, range: TextRange<A>)
    where
        A: PartialEq,
    {
        match self.removed.last_mut() {
            Some(last) if last.first.actor == range.first.actor && last.end() == Some(range.first.counter) && range.end().is_some() => {
                last.length += range.length;
            }
            Some(last) if last.first.actor == range.first.actor && range.end() == Some(last.first.counter) && last.end().is_some() => {
                last.first.counter = range.first.counter;
                last.length += range.length;
            }
            _ => self.removed.push(range),
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!((&self.runs, &self.removed), (Few::None, Few::None)) && self.marks.is_empty()
    }

    /// The runs of new characters, in an order in which they can be applied.
    #[must_use]
    pub fn runs(&self) -> &[TextRun<A>] {
        self.runs.as_slice()
    }

    /// The deleted characters.
    #[must_use]
    pub fn removed(&self) -> &[TextRange<A>] {
        self.removed.as_slice()
    }

    /// The marks.
    #[must_use]
    pub fn marks(&self) -> &[TextMark<A>] {
        &self.marks
    }
}

impl<A> TextRun<A> {
    /// The run of these characters.
    #[inline]
    #[must_use]
    pub fn new(first: Dot<A>, origins: Origins<A>, text: &str) -> Self {
        Self { first, origins, chars: Chars::new(text) }
    }

    /// A run of `length` characters that are deleted, by one who no longer knows what they were.
    #[must_use]
    pub const fn deleted(first: Dot<A>, origins: Origins<A>, length: u64) -> Self {
        Self { first, origins, chars: Chars::Deleted(length) }
    }

    /// The characters; none if they are deleted.
    #[must_use]
    pub fn text(&self) -> &str {
        self.chars.as_str()
    }

    /// Whether these characters are deleted, and what they were is not known.
    #[must_use]
    pub const fn is_deleted(&self) -> bool {
        matches!(self.chars, Chars::Deleted(_))
    }

    /// How many characters.
    #[must_use]
    pub fn length(&self) -> u64 {
        match &self.chars {
            Chars::Deleted(length) => *length,
            chars => chars.as_str().chars().count() as u64,
        }
    }

    fn is_continued_by(&self, next: &Self) -> bool
    where
        A: PartialEq,
    {
        next.origins == Origins::Typed
            && self.first.actor == next.first.actor
            && self.end() == Some(next.first.counter)
            && !self.is_deleted()
            && !next.is_deleted()
    }

    /// The counter after the last character's, if there is one.
    pub(super) fn end(&self) -> Option<u64> {
        self.first.counter.checked_add(self.length())
    }
}

impl<A> TextRange<A> {
    /// The counter after the last character's, if there is one.
    pub(super) fn end(&self) -> Option<u64> {
        self.first.counter.checked_add(self.length)
    }
}

impl<A> Default for TextDelta<A> {
    fn default() -> Self {
        Self::new()
    }
}

/// A string that needs no memory of its own while it is short, as keystrokes are.
#[derive(Clone)]
pub(super) enum Chars {
    /// `bytes[..len]` is valid UTF-8.
    Short {
        len: u8,
        bytes: [u8; Chars::SHORT],
    },
    Long(String),
    /// So many, but nobody knows what they were.
    Deleted(u64),
}

impl Chars {
    const SHORT: usize = 15;

    #[inline]
    pub(super) fn new(text: &str) -> Self {
        if text.len() > Self::SHORT {
            return Self::Long(String::from(text));
        }
        let mut bytes = [0; Self::SHORT];
        match text.as_bytes() {
            // A keystroke, without a call to copy one byte.
            [byte] => bytes[0] = *byte,
            more => bytes[..more.len()].copy_from_slice(more),
        }
        Self::Short { len: u8::try_from(text.len()).expect("it is short"), bytes }
    }

    #[inline]
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Short { len, bytes } => core::str::from_utf8(&bytes[..usize::from(*len)]).expect("copied from a string"),
            Self::Long(text) => text,
            Self::Deleted(_) => "",
        }
    }

    pub(super) fn push_str(&mut self, more: &str) {
        match self {
            Self::Deleted(_) => debug_assert!(more.is_empty(), "deleted characters cannot be continued"),
            Self::Long(text) => text.push_str(more),
            Self::Short { len, bytes } => {
                let (start, end) = (usize::from(*len), usize::from(*len) + more.len());
                if end <= Self::SHORT {
                    bytes[start..end].copy_from_slice(more.as_bytes());
                    *len = u8::try_from(end).expect("it is short");
                } else {
                    *self = Self::Long([self.as_str(), more].concat());
                }
            }
        }
    }
}

impl PartialEq for Chars {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Deleted(mine), Self::Deleted(other)) => mine == other,
            (Self::Deleted(_), _) | (_, Self::Deleted(_)) => false,
            _ => self.as_str() == other.as_str(),
        }
    }
}

impl Eq for Chars {}

impl fmt::Debug for Chars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deleted(length) => write!(f, "{length} deleted"),
            chars => chars.as_str().fmt(f),
        }
    }
}

/// All of several deltas' parts, appended in order.
impl<A: PartialEq> Extend<TextDelta<A>> for TextDelta<A> {
    fn extend<I: IntoIterator<Item = TextDelta<A>>>(&mut self, deltas: I) {
        for delta in deltas {
            self.append(delta);
        }
    }
}

impl<A: PartialEq> FromIterator<TextDelta<A>> for TextDelta<A> {
    fn from_iter<I: IntoIterator<Item = TextDelta<A>>>(deltas: I) -> Self {
        let mut all = Self::new();
        all.extend(deltas);
        all
    }
}
