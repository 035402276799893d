use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::iter;

use tidings_clocks::Dot;

use super::Text;
use super::chars::Chars;
use super::delta::{Origins, TextDelta, TextRun};
use super::error::TextError;
use super::mark::{Marks, TextMark};
use super::span::Key;
use crate::{Decompose, Join};

/// What may be known of a text, with gaps: of some characters, where each was typed, and what it is or that it is deleted; and marks.
///
/// A [`Text`] knows a character only with all that it builds on, so the least state that holds one character holds a whole past. Parts need no past. They are the lattice in which a
/// text can be taken apart (Enes, Almeida, Baquero, Leitão 2019): for each [`Dot`] a chain, not known ⊏ visible ⊏ deleted, and a set of marks. [`Text::parts`] gives those of a text,
/// [`Text::parts_of`] those of an edit, and [`delta`](Self::delta) makes of them what a text can [apply](Text::apply).
///
/// Where one dot stands for two characters, which no correct actor brings about, all let the greater one count.
///
/// ```
/// use tidings_crdt::{Decompose, Join, Text, TextParts};
///
/// let mut text = Text::new();
/// text.insert("ada", 0, "Hello wurld")?;
/// let copy = text.clone();
/// text.splice("ada", 7..8, "o")?;
///
/// let news = text.parts().difference(&copy.parts());
/// assert_eq!(news.irreducibles().count(), 2, "one character is new, and one is deleted");
/// let mut other = copy;
/// other.apply(&news.delta())?;
/// assert_eq!(other.to_string(), "Hello world");
/// # Ok::<(), tidings_crdt::TextError<&str>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextParts<A> {
    /// In the order of their names, each as long as it can be, all with two origins.
    runs: Vec<TextRun<A>>,
    marks: Marks<A>,
}

/// Some characters of a run.
#[derive(Debug)]
struct Part<'p, A> {
    actor: &'p A,
    counter: u64,
    length: u64,
    /// The origins of the first of them.
    left: Option<(&'p A, u64)>,
    right: Option<(&'p A, u64)>,
    /// What they are; `None` if they are deleted.
    text: Option<&'p str>,
}

impl<A> TextParts<A> {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { runs: Vec::new(), marks: Marks::new() }
    }

    /// What is known of characters, in the order of their names: runs as long as they can be, each between two origins. Deleted ones are [deleted](TextRun::is_deleted) runs.
    #[must_use]
    pub fn runs(&self) -> &[TextRun<A>] {
        &self.runs
    }

    /// Whether nothing is known. O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.marks.len() == 0
    }
}

impl<A: Clone + Ord> TextParts<A> {
    /// The marks that are known, in the order of their stamps.
    pub fn marks(&self) -> impl Iterator<Item = TextMark<A>> {
        self.marks.iter()
    }

    /// The same as a delta, whose runs stand in an order in which a text that knows what they build on can apply it. O(r log r) for r runs.
    #[must_use]
    pub fn delta(&self) -> TextDelta<A> {
        let order = in_order(&self.runs);
        TextDelta::from_parts(order.into_iter().map(|at| self.runs[at].clone()), []).with_marks(self.marks())
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_, A>> {
        self.runs.iter().map(Part::of)
    }

    /// The runs that these parts make, whose names increase.
    fn runs_of<'p>(parts: impl Iterator<Item = Part<'p, A>>) -> Vec<TextRun<A>>
    where
        A: 'p,
    {
        let mut runs: Vec<TextRun<A>> = Vec::new();
        // The counter after the last character of the last run.
        let mut end = 0;
        for part in parts {
            let last = runs.last_mut().filter(|last| part.continues(last, end));
            end = part.counter + part.length;
            match (last, part.text) {
                (None, _) => runs.push(part.run()),
                (Some(TextRun { chars: Chars::Deleted(length), .. }), _) => *length += part.length,
                (Some(last), text) => last.chars.push_str(text.unwrap_or_default()),
            }
        }
        runs
    }
}

impl<A: Clone + Ord> Text<A> {
    /// All that is known here, as parts. O(n log n).
    #[must_use]
    pub fn parts(&self) -> TextParts<A> {
        let mut runs: Vec<TextRun<A>> = self.runs_beyond(&alloc::vec![0; self.actors.len()]);
        runs.sort_unstable_by(|one, next| one.first.cmp(&next.first));
        TextParts { runs: TextParts::runs_of(runs.iter().map(Part::of)), marks: self.marks.clone() }
    }

    /// What is known here of all that `delta` names: of its characters, of those it deletes, and its marks. Of a delta that an edit of this text has just returned these are the parts that the
    /// edit has added: joined to the parts there were before, they give those there are now. O(m log n + m log m) for m spans that it touches.
    ///
    /// # Errors
    /// [`TextError::Missing`] if the delta names a character that is not known here.
    pub fn parts_of(&self, delta: &TextDelta<A>) -> Result<TextParts<A>, TextError<A>> {
        let typed = delta.runs().iter().map(|run| (&run.first, run.length()));
        let mut named: Vec<_> = typed.chain(delta.removed().iter().map(|range| (&range.first, range.length))).collect();
        named.sort_unstable();
        let mut runs = Vec::new();
        // What was named last may be named again: typed and deleted.
        let mut known: Option<(&A, u64)> = None;
        for (first, length) in named {
            let from = known.filter(|(actor, _)| **actor == first.actor).map_or(0, |(_, end)| end);
            let (mut counter, end) = (first.counter.max(from), first.counter.saturating_add(length));
            known = Some((&first.actor, end.max(from)));
            while counter < end {
                let dot = Dot::new(first.actor.clone(), counter);
                let key = self.known_key(&dot)?;
                let piece = self.piece_from(key, end - counter);
                counter += piece.length();
                runs.push(piece);
            }
        }
        let mut marks = Marks::new();
        for mark in delta.marks() {
            marks.insert(mark.clone());
        }
        Ok(TextParts { runs: TextParts::runs_of(runs.iter().map(Part::of)), marks })
    }

    /// What is known of the characters from `key` on, `most` of them at most, as far as they are in one span.
    fn piece_from(&self, key: Key, most: u64) -> TextRun<A> {
        let point = self.tree.find(key);
        let span = *self.tree.span(point.place);
        let origins = Origins::Between { left: self.origin(self.tree.left_of(point)), right: self.origin(span.right) };
        let length = most.min(u64::from(span.len() - point.offset));
        let first = self.dot(key);
        if !span.is_visible() {
            return TextRun::deleted(first, origins, length);
        }
        let content = &self.content.of(&span)[self.content.head(&span, point.offset).bytes() as usize..];
        TextRun::new(first, origins, cut(content, length).0)
    }
}

impl<A> Default for TextParts<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Clone + Ord> Join for TextParts<A> {
    /// All that either knows. O(n + m) for all that both know.
    fn join(&mut self, other: &Self) -> bool {
        let marked = self.marks.join(&other.marks);
        let grows = pairs(self.parts(), other.parts()).any(|(mine, theirs)| is_more(&theirs, &mine));
        if grows {
            let greater = |(mine, theirs)| if is_more(&theirs, &mine) { theirs } else { mine };
            self.runs = Self::runs_of(pairs(self.parts(), other.parts()).filter_map(greater));
        }
        grows || marked
    }
}

impl<A: Clone + Ord> Decompose for TextParts<A> {
    /// Each character, visible or deleted, and each mark.
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        let characters = self.parts().flat_map(|part| {
            let mut rest = Some(part);
            iter::from_fn(move || {
                let (first, more) = rest.take()?.split(1);
                rest = more;
                Some(Self { runs: Vec::from([first.run()]), marks: Marks::new() })
            })
        });
        characters.chain(self.marks().map(|mark| Self { runs: Vec::new(), marks: Marks::of(mark) }))
    }

    /// O(n + m) for all that both know.
    fn difference(&self, known: &Self) -> Self {
        let news = pairs(known.parts(), self.parts()).filter(|(known, mine)| is_more(mine, known));
        Self { runs: Self::runs_of(news.filter_map(|(_, mine)| mine)), marks: self.marks.difference(&known.marks) }
    }
}

impl<A> Clone for Part<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Part<'_, A> {}

impl<'p, A> Part<'p, A> {
    fn of(run: &'p TextRun<A>) -> Self {
        let named = |dot: &'p Dot<A>| (&dot.actor, dot.counter);
        let (left, right) = origins(run);
        Self {
            actor: &run.first.actor,
            counter: run.first.counter,
            length: run.length(),
            left: left.map(named),
            right: right.map(named),
            text: (!run.is_deleted()).then(|| run.text()),
        }
    }

    fn run(&self) -> TextRun<A>
    where
        A: Clone,
    {
        let first = Dot::new(self.actor.clone(), self.counter);
        let [left, right] = [self.left, self.right].map(|origin| origin.map(|(actor, counter)| Dot::new(actor.clone(), counter)));
        let origins = Origins::Between { left, right };
        match self.text {
            Some(text) => TextRun::new(first, origins, text),
            None => TextRun::deleted(first, origins, self.length),
        }
    }

    /// Cuts it after its first `length` characters; nothing is behind the cut if it has no more. O(`length`).
    fn split(self, length: u64) -> (Self, Option<Self>) {
        if length >= self.length {
            return (self, None);
        }
        let (head, tail) = self.text.map_or((None, None), |text| {
            let (head, tail) = cut(text, length);
            (Some(head), Some(tail))
        });
        let counter = self.counter + length;
        let left = Some((self.actor, counter - 1));
        (Self { length, text: head, ..self }, Some(Self { counter, length: self.length - length, left, text: tail, ..self }))
    }

    /// Whether it is what was typed after a run that ends before the counter `end`, and as visible.
    fn continues(&self, run: &TextRun<A>, end: u64) -> bool
    where
        A: PartialEq,
    {
        let (_, right) = origins(run);
        self.text.is_none() == run.is_deleted()
            && *self.actor == run.first.actor
            && self.counter == end
            && self.left == Some((self.actor, end - 1))
            && self.right == right.map(|dot| (&dot.actor, dot.counter))
    }

    /// How many characters from the first one on are to these of the other, which have the same names, as the first one is: the same, more, or less.
    fn alike(&self, other: &Self) -> u64
    where
        A: PartialEq,
    {
        let length = self.length.min(other.length);
        match (self.text, other.text) {
            (Some(_), None) | (None, Some(_)) => length,
            // The others come from the ones before them, on both sides.
            _ if self.left != other.left => 1,
            (Some(mine), Some(theirs)) if self.right == other.right => {
                let same = mine.chars().zip(theirs.chars()).take_while(|(mine, theirs)| mine == theirs).count();
                (same as u64).clamp(1, length)
            }
            _ => length,
        }
    }
}

/// Whether the one is beyond the other in the chain of these characters: visible ones before deleted ones, and, which only matters where a dot was used twice, by all else there is.
fn is_more<A: Ord>(one: &Option<Part<'_, A>>, other: &Option<Part<'_, A>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            (one.text.is_none(), one.left, one.right, one.text) > (other.text.is_none(), other.left, other.right, other.text)
        }
        _ => one.is_some() && other.is_none(),
    }
}

/// The parts of two sides, whose names increase, cut so that each pair tells of the same characters, all of which are to each other as the first ones are. O(n + m).
fn pairs<'p, A: Ord + 'p>(
    mut mine: impl Iterator<Item = Part<'p, A>>,
    mut theirs: impl Iterator<Item = Part<'p, A>>,
) -> impl Iterator<Item = (Option<Part<'p, A>>, Option<Part<'p, A>>)> {
    let (mut left, mut right) = (mine.next(), theirs.next());
    iter::from_fn(move || {
        let pair = match (left.take(), right.take()) {
            (None, None) => return None,
            (Some(one), Some(other)) if (one.actor, one.counter) == (other.actor, other.counter) => {
                let length = one.alike(&other);
                let ((one, one_rest), (other, other_rest)) = (one.split(length), other.split(length));
                (left, right) = (one_rest, other_rest);
                (Some(one), Some(other))
            }
            (Some(one), other) if other.is_none_or(|other| (one.actor, one.counter) < (other.actor, other.counter)) => {
                let until = other.filter(|other| other.actor == one.actor).map_or(u64::MAX, |other| other.counter - one.counter);
                let (one, rest) = one.split(until);
                (left, right) = (rest, other);
                (Some(one), None)
            }
            (one, other) => {
                let until = one.zip(other).filter(|(one, other)| one.actor == other.actor);
                let (other, rest) = match other {
                    Some(other) => other.split(until.map_or(u64::MAX, |(one, other)| one.counter - other.counter)),
                    None => return None,
                };
                (left, right) = (one, rest);
                (None, Some(other))
            }
        };
        left = left.take().or_else(|| mine.next());
        right = right.take().or_else(|| theirs.next());
        Some(pair)
    })
}

/// The origins of a run's first character.
fn origins<A>(run: &TextRun<A>) -> (Option<&Dot<A>>, Option<&Dot<A>>) {
    match &run.origins {
        Origins::Between { left, right } => (left.as_ref(), right.as_ref()),
        Origins::Typed => (None, None),
    }
}

/// The first `chars` characters of a text, and the others.
fn cut(text: &str, chars: u64) -> (&str, &str) {
    let at = usize::try_from(chars).ok().and_then(|chars| text.char_indices().nth(chars));
    text.split_at(at.map_or(text.len(), |(at, _)| at))
}

/// In which order these runs can be applied: each after those of its own actor before it, and after those that its origins are in. O(r log r).
pub(super) fn in_order<A: Ord>(runs: &[TextRun<A>]) -> Vec<usize> {
    let holder = |dot: &Dot<A>| {
        let at = runs.partition_point(|run| run.first <= *dot).checked_sub(1)?;
        (runs[at].first.actor == dot.actor && runs[at].end().is_some_and(|end| dot.counter < end)).then_some(at)
    };
    let (mut order, mut is_written) = (Vec::with_capacity(runs.len()), alloc::vec![false; runs.len()]);
    // For each actor its next run; and who waits for which run.
    let mut ready: Vec<usize> = (0..runs.len()).filter(|&at| at == 0 || runs[at - 1].first.actor != runs[at].first.actor).collect();
    let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    while let Some(mut at) = ready.pop() {
        loop {
            let (left, right) = origins(&runs[at]);
            let needed = [left, right].into_iter().flatten().filter_map(holder).find(|&needed| needed != at && !is_written[needed]);
            if let Some(needed) = needed {
                waiting.entry(needed).or_default().push(at);
                break;
            }
            is_written[at] = true;
            order.push(at);
            ready.extend(waiting.remove(&at).into_iter().flatten());
            at += 1;
            if runs.get(at).is_none_or(|run| run.first.actor != runs[at - 1].first.actor) {
                break;
            }
        }
    }
    // Runs that wait for each other, which nobody can have typed: a text will refuse them.
    order.extend((0..runs.len()).filter(|&at| !is_written[at]));
    order
}
