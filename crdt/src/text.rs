mod anchor;
#[cfg(test)]
mod audit;
mod chars;
mod content;
mod delta;
mod edit;
mod error;
mod exchange;
mod extent;
mod grounds;
mod history;
mod index;
mod integrate;
mod load;
mod load_replica;
mod loader;
mod mark;
mod parts;
mod prune;
mod replica;
mod run;
mod save;
mod save_delta;
mod save_marks;
mod save_replica;
mod span;
mod splice;
mod tree;
mod unit;
#[cfg(feature = "serde")]
mod wire;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use tidings_clocks::{Dot, VersionVector};

pub use anchor::{Anchor, Bias};
use content::Content;
pub use delta::{Origins, TextDelta, TextRange, TextRun};
pub use error::TextError;
pub use history::{HistoryLimits, TextHistory};
use mark::Marks;
pub use mark::{Expand, MarkedRange, TextMark};
pub use parts::TextParts;
pub use replica::TextReplica;
use span::Key;
pub use splice::TextSplice;
use tree::{Place, Tree};
pub use unit::TextUnit;

/// A text that several actors edit at once, each on a copy of his own, and that is the same for all who know the same edits.
///
/// Characters stand in the order of FugueMax (Weidner, Kleppmann, *The Art of the Fugue: Minimizing Interleaving in Collaborative Text Editing*, 2023, algorithm
/// 1, with FugueMax's order of siblings): what two actors type at the same place at the same time does not interleave, whether typed forward, backward or in
/// several sessions. Deleting a character is final, and leaves its name behind.
///
/// Every character has a [`Dot`]: its actor and how many that actor had typed in this text by then, from 1. An actor may edit several copies, one after the
/// other, as long as each has seen all that the actor has typed before; two copies edited in the name of one actor at once give one dot to two characters, which
/// [`apply`](Self::apply) refuses as [`TextError::Reused`] where it can tell. An id therefore belongs to one incarnation.
///
/// Positions are counted in characters (`char`); [`TextUnit`] tells of others. n in the costs is the number of *spans*: runs of characters that were typed one after the other and
/// still stand together, 32 bytes each; a deleted character's content is given up. A clone copies a few flat arrays.
///
/// What is deleted is forgotten by a [`TextReplica`], which knows what everybody has.
///
/// Ranges can be [marked](Text::mark) (rich text), a [`TextHistory`] undoes one person's edits, [`Anchor`]s stay between their characters, [`save`](Text::save) writes a compact
/// document that [`load`](Text::load) checks, and [`apply_splices`](Text::apply_splices) tells what an edit elsewhere changes, for an editor that keeps the text itself.
///
/// ```
/// use tidings_crdt::{Join, Text};
///
/// let mut ada = Text::new();
/// let greeting = ada.insert("ada", 0, "Hello world").unwrap();
/// let mut bob = Text::new();
/// bob.apply(&greeting).unwrap();
///
/// let comma = ada.insert("ada", 5, ",").unwrap();
/// let planet = bob.splice("bob", 6..11, "planet").unwrap();
/// ada.apply(&planet).unwrap();
/// bob.apply(&comma).unwrap();
/// assert_eq!(ada.to_string(), "Hello, planet");
/// assert_eq!(ada, bob);
/// assert!(!ada.join(&bob), "nothing new");
/// ```
#[derive(Clone)]
pub struct Text<A> {
    tree: Tree,
    content: Content,
    actors: Vec<Replica<A>>,
    /// Where in `actors` an id is.
    interned: BTreeMap<A, u32>,
    cursor: Cursor,
    marks: Marks<A>,
}

/// An actor, and how many characters of it are known: the first so many.
#[derive(Clone, Debug)]
struct Replica<A> {
    id: A,
    known: u32,
    /// The first so many are stable, and may be pruned.
    stable: u32,
    /// The span that its last run became part of, when it was received.
    received: Place,
}

/// The span where the last edit was, and how many visible characters stand before it; and the span where something was last received.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    place: Option<Place>,
    start: u32,
    /// Where the next keystroke of who typed last goes on with the span at `place`, if nothing has changed since; else [`ELSEWHERE`](Self::ELSEWHERE).
    typing: u32,
    received: Place,
    /// Who typed last.
    actor: u32,
}

impl Cursor {
    const NOWHERE: Self = Self { place: None, start: 0, typing: Self::ELSEWHERE, received: Place::NOWHERE, actor: 0 };
    /// No position: a text is never so long.
    const ELSEWHERE: u32 = u32::MAX;
}

/// How much a [`Text`] keeps.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextStats {
    /// Runs that stand together, visible or deleted.
    pub spans: usize,
    /// Characters that were ever inserted.
    pub characters: usize,
    /// Characters that are visible.
    pub visible: usize,
    /// Bytes of content held, those of deletions not yet swept included.
    pub content_bytes: usize,
    /// Marks, those that later ones have replaced included.
    pub marks: usize,
    /// Bytes of memory reserved in all, but for the table of actors and for marks.
    pub reserved_bytes: usize,
}

impl<A> Text<A> {
    /// The empty text. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tree: Tree::new(),
            content: Content::new(),
            actors: Vec::new(),
            interned: BTreeMap::new(),
            cursor: Cursor::NOWHERE,
            marks: Marks::new(),
        }
    }

    /// How many characters are visible. O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.tree.sum().chars as usize
    }

    /// How many bytes of UTF-8 the visible characters are. O(1).
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.tree.sum().bytes as usize
    }

    /// Whether no character is visible. O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The visible characters in pieces, none of them empty: together they are the text.
    pub fn chunks(&self) -> impl Iterator<Item = &str> {
        self.tree.spans().filter(|span| span.is_visible()).map(|span| self.content.of(span))
    }

    /// How much is kept. O(n).
    #[must_use]
    pub fn stats(&self) -> TextStats {
        TextStats {
            spans: self.tree.spans().count(),
            characters: self.tree.sum().all as usize,
            visible: self.len(),
            content_bytes: self.content.len(),
            marks: self.marks.len(),
            reserved_bytes: self.tree.capacity() + self.content.capacity(),
        }
    }

    /// A character's name as others know it.
    fn dot(&self, key: Key) -> Dot<A>
    where
        A: Clone,
    {
        Dot::new(self.actors[key.actor as usize].id.clone(), u64::from(key.counter))
    }

    /// The same, where "no character" is possible.
    fn origin(&self, key: Key) -> Option<Dot<A>>
    where
        A: Clone,
    {
        (key != Key::NONE).then(|| self.dot(key))
    }
}

impl<A: Clone + Ord> Text<A> {
    /// Who has typed how many characters, deleted ones too: the insertions that are known. O(actors).
    #[must_use]
    pub fn version(&self) -> VersionVector<A> {
        self.actors.iter().map(|actor| (actor.id.clone(), u64::from(actor.known))).collect()
    }

    /// How many characters of `actor` are known. O(log actors).
    #[must_use]
    pub fn known(&self, actor: &A) -> u64 {
        self.look_up(actor).map_or(0, |interned| u64::from(self.actors[interned as usize].known))
    }

    /// The name of the visible character at `position`, which stays its name whatever is edited. O(log n).
    #[must_use]
    pub fn dot_at(&self, position: usize) -> Option<Dot<A>> {
        if position >= self.len() {
            return None;
        }
        let (point, _) = self.tree.at_char(u32::try_from(position).ok()?);
        Some(self.dot(self.tree.span(point.place).id.plus(point.offset)))
    }

    /// Where the character named `dot` is, or where it was if it is deleted: how many visible characters stand before it. `None` if it is not known. O(log n).
    #[must_use]
    pub fn position_of(&self, dot: &Dot<A>) -> Option<usize> {
        let key = self.key(dot)?;
        let point = self.tree.find(key);
        let inside = if self.tree.span(point.place).is_visible() { point.offset } else { 0 };
        Some(self.tree.before(point.place).chars as usize + inside as usize)
    }

    /// The names of all deleted characters, in the order of the text. Adjacent ones of one run are one range. O(n).
    pub fn removed(&self) -> impl Iterator<Item = TextRange<A>> {
        let mut spans = self.tree.spans().filter(|span| !span.is_visible()).peekable();
        core::iter::from_fn(move || {
            let span = spans.next()?;
            let mut end = span.end();
            while let Some(next) = spans.next_if(|next| next.id == Key::new(span.id.actor, end)) {
                end = next.end();
            }
            Some(TextRange { first: self.dot(span.id), length: u64::from(end - span.id.counter) })
        })
    }

    /// The key of a character that is known and not pruned.
    fn key(&self, dot: &Dot<A>) -> Option<Key> {
        let actor = self.look_up(&dot.actor)?;
        let counter = u32::try_from(dot.counter).ok()?;
        let (replica, key) = (&self.actors[actor as usize], Key::new(actor, counter));
        let is_kept = (1..=replica.known).contains(&counter) && (counter > replica.stable || self.tree.holds(key));
        is_kept.then_some(key)
    }

    /// The same, or why there is none.
    fn known_key(&self, dot: &Dot<A>) -> Result<Key, TextError<A>> {
        self.key(dot).ok_or_else(|| match self.known(&dot.actor) {
            known if (1..=known).contains(&dot.counter) => TextError::Pruned(dot.clone()),
            _ => TextError::Missing(dot.clone()),
        })
    }
}

impl<A> Default for Text<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> fmt::Display for Text<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chunks().try_for_each(|chunk| f.write_str(chunk))
    }
}

impl<A> From<&Text<A>> for String {
    fn from(text: &Text<A>) -> Self {
        let mut all = Self::with_capacity(text.len_bytes());
        all.extend(text.chunks());
        all
    }
}

impl<A: fmt::Debug + Clone + Ord> fmt::Debug for Text<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("text", &String::from(self)).field("version", &self.version()).finish_non_exhaustive()
    }
}
