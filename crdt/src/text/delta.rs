use alloc::boxed::Box;
use alloc::vec::Vec;
use core::{mem, slice};

use tidings_clocks::Dot;

use super::chars::Chars;
use super::mark::TextMark;

/// What an edit of a [`Text`](crate::Text) did, or several edits, or what one text knows and another does not: for [`Text::apply`](crate::Text::apply).
///
/// Runs of new characters with their origins, and ranges of deleted ones. The runs stand in an order in which each one's origins are known before it or stand
/// before it. Deletions have no dots of their own: they name the characters that are gone, and are the same whoever says so how many times.
///
/// A value, not yet believed: whether it fits is judged by `apply`.
#[derive(Clone, Debug)]
pub struct TextDelta<A>(Told<A>);

/// Most deltas are of one edit, which is one run or one range: these need no memory of their own, and little room, since every edit returns one.
#[derive(Clone, Debug)]
enum Told<A> {
    Nothing,
    Run(TextRun<A>),
    Range(TextRange<A>),
    Several(Box<Several<A>>),
}

#[derive(Clone, Debug)]
struct Several<A> {
    runs: Vec<TextRun<A>>,
    removed: Vec<TextRange<A>>,
    marks: Vec<TextMark<A>>,
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
        Self(Told::Nothing)
    }

    /// The delta of these runs, whose order matters, and these deletions.
    pub fn from_parts(runs: impl IntoIterator<Item = TextRun<A>>, removed: impl IntoIterator<Item = TextRange<A>>) -> Self {
        Self::from_lists(Vec::from_iter(runs), Vec::from_iter(removed), Vec::new())
    }

    pub(super) fn from_lists(mut runs: Vec<TextRun<A>>, mut removed: Vec<TextRange<A>>, marks: Vec<TextMark<A>>) -> Self {
        if marks.is_empty() && runs.len() + removed.len() < 2 {
            return Self(runs.pop().map(Told::Run).or_else(|| removed.pop().map(Told::Range)).unwrap_or(Told::Nothing));
        }
        Self(Told::Several(Box::new(Several { runs, removed, marks })))
    }

    /// The delta of one run.
    #[inline]
    pub(super) const fn of_run(run: TextRun<A>) -> Self {
        Self(Told::Run(run))
    }

    /// The delta of one deletion.
    #[inline]
    pub(super) const fn of_range(range: TextRange<A>) -> Self {
        Self(Told::Range(range))
    }

    /// The same and these marks. What they hold on to is known, or stands in the runs.
    #[must_use]
    pub fn with_marks(mut self, marks: impl IntoIterator<Item = TextMark<A>>) -> Self {
        let mut marks = marks.into_iter().peekable();
        if marks.peek().is_some() {
            self.several().marks.extend(marks);
        }
        self
    }

    /// Appends what a later delta says: applying the whole is applying one after the other. O(size of `later`).
    ///
    /// Keystrokes that continue the last run and deletions next to the last one become parts of these.
    pub fn append(&mut self, later: Self)
    where
        A: PartialEq,
    {
        match later.0 {
            Told::Nothing => {}
            Told::Run(run) => self.append_run(run),
            Told::Range(range) => self.append_range(range),
            Told::Several(several) => {
                several.runs.into_iter().for_each(|run| self.append_run(run));
                several.removed.into_iter().for_each(|range| self.append_range(range));
                if !several.marks.is_empty() {
                    self.several().marks.extend(several.marks);
                }
            }
        }
    }

    pub(super) fn append_run(&mut self, run: TextRun<A>)
    where
        A: PartialEq,
    {
        if let Some(last) = self.last_run().filter(|last| last.is_continued_by(&run)) {
            last.chars.push_str(run.text());
        } else if self.is_empty() {
            *self = Self::of_run(run);
        } else {
            self.several().runs.push(run);
        }
    }

    pub(super) fn append_range(&mut self, range: TextRange<A>)
    where
        A: PartialEq,
    {
        if self.last_range().is_none_or(|last| !last.take_in(&range)) {
            if self.is_empty() {
                *self = Self::of_range(range);
            } else {
                self.several().removed.push(range);
            }
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Told::Nothing => true,
            Told::Run(_) | Told::Range(_) => false,
            Told::Several(several) => several.runs.is_empty() && several.removed.is_empty() && several.marks.is_empty(),
        }
    }

    /// The runs of new characters, in an order in which they can be applied.
    #[must_use]
    pub fn runs(&self) -> &[TextRun<A>] {
        match &self.0 {
            Told::Run(run) => slice::from_ref(run),
            Told::Several(several) => &several.runs,
            Told::Nothing | Told::Range(_) => &[],
        }
    }

    /// The deleted characters.
    #[must_use]
    pub fn removed(&self) -> &[TextRange<A>] {
        match &self.0 {
            Told::Range(range) => slice::from_ref(range),
            Told::Several(several) => &several.removed,
            Told::Nothing | Told::Run(_) => &[],
        }
    }

    /// The marks.
    #[must_use]
    pub fn marks(&self) -> &[TextMark<A>] {
        match &self.0 {
            Told::Several(several) => &several.marks,
            Told::Nothing | Told::Run(_) | Told::Range(_) => &[],
        }
    }

    /// The run that this delta is, if it is nothing else.
    #[inline]
    pub(super) const fn only_run(&self) -> Option<&TextRun<A>> {
        match &self.0 {
            Told::Run(run) => Some(run),
            _ => None,
        }
    }

    fn last_run(&mut self) -> Option<&mut TextRun<A>> {
        match &mut self.0 {
            Told::Run(run) => Some(run),
            Told::Several(several) => several.runs.last_mut(),
            Told::Nothing | Told::Range(_) => None,
        }
    }

    fn last_range(&mut self) -> Option<&mut TextRange<A>> {
        match &mut self.0 {
            Told::Range(range) => Some(range),
            Told::Several(several) => several.removed.last_mut(),
            Told::Nothing | Told::Run(_) => None,
        }
    }

    /// Its lists, to put more into them.
    fn several(&mut self) -> &mut Several<A> {
        if !matches!(self.0, Told::Several(_)) {
            let mut lists = Box::new(Several { runs: Vec::new(), removed: Vec::new(), marks: Vec::new() });
            match mem::replace(&mut self.0, Told::Nothing) {
                Told::Run(run) => lists.runs.push(run),
                Told::Range(range) => lists.removed.push(range),
                Told::Nothing | Told::Several(_) => {}
            }
            self.0 = Told::Several(lists);
        }
        match &mut self.0 {
            Told::Several(several) => several,
            _ => unreachable!("it has lists now"),
        }
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
    pub const fn length(&self) -> u64 {
        self.chars.count()
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
    /// Takes in the range directly after or before this one. Says whether it is such.
    fn take_in(&mut self, other: &Self) -> bool
    where
        A: PartialEq,
    {
        let (Some(end), Some(other_end), true) = (self.end(), other.end(), self.first.actor == other.first.actor) else { return false };
        let is_before = other_end == self.first.counter;
        if is_before {
            self.first.counter = other.first.counter;
        }
        let is_beside = is_before || end == other.first.counter;
        if is_beside {
            self.length += other.length;
        }
        is_beside
    }

    /// The counter after the last character's, if there is one.
    pub(super) fn end(&self) -> Option<u64> {
        self.first.counter.checked_add(self.length)
    }
}

/// The same runs, deletions and marks in the same order.
impl<A: PartialEq> PartialEq for TextDelta<A> {
    fn eq(&self, other: &Self) -> bool {
        self.runs() == other.runs() && self.removed() == other.removed() && self.marks() == other.marks()
    }
}

impl<A: Eq> Eq for TextDelta<A> {}

impl<A> Default for TextDelta<A> {
    fn default() -> Self {
        Self::new()
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
