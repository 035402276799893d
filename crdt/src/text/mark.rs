use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use tidings_clocks::Dot;

use super::Text;
use super::anchor::{Anchor, Bias};
use super::delta::TextDelta;
use super::error::TextError;
use super::integrate::LAST;

/// That from one place of a text to another something holds, or no longer does: bold, a link, a comment.
///
/// A value that is sent in a [`TextDelta`]. Of several marks with one key on a character, the one with the greatest stamp counts: the greater counter, then the greater
/// actor. Marks with different keys are independent, so that what may overlap, such as comments, has a key for each (Litt, Lim, Kleppmann, van Hardenberg, *Peritext: A
/// CRDT for Collaborative Rich Text Editing*, 2022, section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TextMark<A> {
    /// Who marked, and when: a counter beyond all that he knew (Lamport 1978).
    pub stamp: Dot<A>,
    /// Where it begins.
    pub start: Anchor<A>,
    /// Where it ends.
    pub end: Anchor<A>,
    /// What is said of the characters.
    pub key: String,
    /// In which way; `None` if no longer.
    pub value: Option<String>,
}

/// What is typed at the ends of a mark: whether it is marked as well (Peritext, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expand {
    /// At neither end: links, comments.
    Neither,
    /// At the beginning.
    Before,
    /// At the end: bold, italic, colours.
    After,
    /// At both.
    Both,
}

/// Characters that stand together and are marked alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedRange<'a> {
    /// Their positions.
    pub range: Range<usize>,
    /// What holds of them: keys, in their order, with values.
    pub marks: Vec<(&'a str, &'a str)>,
}

/// All marks, in the order of their stamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marks<A>(BTreeMap<(u64, A), Mark<A>>);

/// A mark but for its stamp. The order only matters where a stamp was used twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark<A> {
    start: Anchor<A>,
    end: Anchor<A>,
    key: String,
    value: Option<String>,
}

impl<A> Marks<A> {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<A: Clone + Ord> Marks<A> {
    pub(super) fn iter(&self) -> impl Iterator<Item = TextMark<A>> {
        self.0.iter().map(|((counter, actor), Mark { start, end, key, value })| TextMark {
            stamp: Dot::new(actor.clone(), *counter),
            start: start.clone(),
            end: end.clone(),
            key: key.clone(),
            value: value.clone(),
        })
    }

    /// The marks that are not in `other`.
    pub(super) fn beyond(&self, other: &Self) -> impl Iterator<Item = TextMark<A>> {
        self.iter().filter(|mark| !other.0.contains_key(&(mark.stamp.counter, mark.stamp.actor.clone())))
    }

    /// This mark alone.
    pub(super) fn of(mark: TextMark<A>) -> Self {
        let mut marks = Self::new();
        marks.insert(mark);
        marks
    }

    /// All marks of both; of two with one stamp the greater. Says whether that changed anything. O(m log n).
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let news = other.difference(self);
        let changed = news.len() > 0;
        self.0.extend(news.0);
        changed
    }

    /// The marks that `known` has not, or with less under the same stamp. O(n log m).
    pub(super) fn difference(&self, known: &Self) -> Self {
        let is_news = |(stamp, mark): &(&(u64, A), &Mark<A>)| known.0.get(stamp).is_none_or(|known| known < mark);
        Self(self.0.iter().filter(is_news).map(|(stamp, mark)| (stamp.clone(), mark.clone())).collect())
    }

    /// Whether this very mark is known; `None` if another one has its stamp.
    pub(super) fn knows(&self, mark: &TextMark<A>) -> Option<bool> {
        let known = self.0.get(&(mark.stamp.counter, mark.stamp.actor.clone()));
        let is_same =
            |known: &Mark<A>| known.start == mark.start && known.end == mark.end && known.key == mark.key && known.value == mark.value;
        known.map_or(Some(false), |known| is_same(known).then_some(true))
    }

    /// Takes in a mark whose stamp is not taken by another one. Says whether it is new.
    pub(super) fn insert(&mut self, mark: TextMark<A>) -> bool {
        let TextMark { stamp, start, end, key, value } = mark;
        self.0.insert((stamp.counter, stamp.actor), Mark { start, end, key, value }).is_none()
    }
}

/// Rich text.
impl<A: Clone + Ord> Text<A> {
    /// Marks the characters in `range` in the name of `actor`: from now on `key` has this value there, until a later mark of the same key says otherwise. What is
    /// typed at the ends is marked as `expand` says, whoever types it. An empty range is not marked. O(log n).
    ///
    /// # Errors
    /// [`OutOfRange`](TextError::OutOfRange) if the range ends beyond the text or before it begins; [`Exhausted`](TextError::Exhausted) if somebody's stamps have reached
    /// 2³² − 2. The text is unchanged.
    pub fn mark(&mut self, actor: A, range: Range<usize>, key: &str, value: &str, expand: Expand) -> Result<TextDelta<A>, TextError<A>> {
        self.set_mark(actor, &range, key, Some(value), expand)
    }

    /// Takes the marks of this key off the characters in `range`, as far as they are known. `expand` is what the marks have: then what is typed at the ends is unmarked as
    /// it would have been marked. Costs and errors as [`mark`](Self::mark).
    ///
    /// # Errors
    /// As `mark`. The text is unchanged.
    pub fn unmark(&mut self, actor: A, range: Range<usize>, key: &str, expand: Expand) -> Result<TextDelta<A>, TextError<A>> {
        self.set_mark(actor, &range, key, None, expand)
    }

    fn set_mark(
        &mut self,
        actor: A,
        range: &Range<usize>,
        key: &str,
        value: Option<&str>,
        expand: Expand,
    ) -> Result<TextDelta<A>, TextError<A>> {
        let length = self.len();
        let (before, after) = match expand {
            Expand::Neither => (Bias::Right, Bias::Left),
            Expand::Before => (Bias::Left, Bias::Left),
            Expand::After => (Bias::Right, Bias::Right),
            Expand::Both => (Bias::Left, Bias::Right),
        };
        let (Some(start), Some(end)) = (self.anchor(range.start, before), self.anchor(range.end, after)) else {
            return Err(TextError::OutOfRange { position: range.start.max(range.end), length });
        };
        if range.start >= range.end {
            let empty = range.start == range.end;
            return if empty { Ok(TextDelta::new()) } else { Err(TextError::OutOfRange { position: range.start, length }) };
        }
        let last = self.marks.0.last_key_value().map_or(0, |((counter, _), _)| *counter);
        if last >= LAST {
            return Err(TextError::Exhausted { actor });
        }
        let mark = TextMark { stamp: Dot::new(actor, last + 1), start, end, key: key.into(), value: value.map(Into::into) };
        self.marks.insert(mark.clone());
        Ok(TextDelta::new().with_marks([mark]))
    }

    /// All marks that are known, in the order of their stamps: those that count, and those that later ones have replaced.
    pub fn marks(&self) -> impl Iterator<Item = TextMark<A>> {
        self.marks.iter()
    }

    /// The whole text in ranges that are marked alike, none of them empty, neighbours different. O(m log n + r k) for m marks, r ranges and k keys.
    #[must_use]
    pub fn marked_ranges(&self) -> Vec<MarkedRange<'_>> {
        // Where marks begin and end to count: position, whether it begins, and the mark.
        let mut turns: Vec<(usize, bool, usize)> = Vec::with_capacity(2 * self.marks.len());
        let marks: Vec<&Mark<A>> = self.marks.0.values().collect();
        for (index, mark) in marks.iter().enumerate() {
            let place = |anchor| self.position_of_anchor(anchor).expect("a mark is only taken with its anchors");
            let (start, end) = (place(&mark.start), place(&mark.end));
            if start < end {
                turns.extend([(start, true, index), (end, false, index)]);
            }
        }
        turns.sort_unstable();
        let mut ranges: Vec<MarkedRange<'_>> = Vec::new();
        // For each key the marks that hold here; the last of them has the greatest stamp.
        let mut holding: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let (mut from, mut turns) = (0, turns.into_iter().peekable());
        loop {
            while let Some((_, begins, index)) = turns.next_if(|(at, ..)| *at <= from) {
                let holding = holding.entry(marks[index].key.as_str()).or_default();
                if begins {
                    holding.insert(index)
                } else {
                    holding.remove(&index)
                };
            }
            let to = turns.peek().map_or(self.len(), |(at, ..)| *at);
            if from == to {
                return ranges;
            }
            let value = |holding: &BTreeSet<usize>| holding.last().and_then(|index| marks[*index].value.as_deref());
            let alike: Vec<_> = holding.iter().filter_map(|(key, holding)| Some((*key, value(holding)?))).collect();
            match ranges.last_mut() {
                Some(last) if last.marks == alike => last.range.end = to,
                _ => ranges.push(MarkedRange { range: from..to, marks: alike }),
            }
            from = to;
        }
    }

    /// Whether a mark can be taken in, and is new.
    pub(super) fn admits(&self, mark: &TextMark<A>) -> Result<bool, TextError<A>> {
        if !(1..=LAST).contains(&mark.stamp.counter) {
            return Err(TextError::Malformed(mark.stamp.clone()));
        }
        for anchor in [&mark.start, &mark.end] {
            anchor.dot().map_or(Ok(()), |dot| self.known_key(dot).map(drop))?;
        }
        self.marks.knows(mark).map(|known| !known).ok_or_else(|| TextError::Reused(mark.stamp.clone()))
    }
}
