use alloc::string::String;
use alloc::vec::Vec;

use super::Text;
use super::delta::{TextDelta, TextRange};
use super::error::TextError;
use super::span::Key;

/// One change of the visible text, for an editor's own rope or view: so many characters go, then these come in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TextSplice {
    /// Before which character, when all splices before this one are carried out.
    pub position: usize,
    /// How many characters go.
    pub removed: usize,
    /// What comes.
    pub inserted: String,
}

impl<A: Clone + Ord> Text<A> {
    /// Does what an edit elsewhere did, as [`apply`](Self::apply), and tells what that changes in the visible text: one splice after the other, in this order. For who
    /// keeps the text a second time: in the rope of an editor, in a view, in an index. Costs as `apply`, and O(log n) for each splice.
    ///
    /// ```
    /// use tidings_crdt::Text;
    ///
    /// let (mut ada, mut bob) = (Text::new(), Text::new());
    /// let mut rope: Vec<char> = Vec::new(); // An editor's own.
    /// let mut deltas = vec![ada.insert("ada", 0, "Hello world")?];
    /// deltas.push(ada.splice("ada", 6..11, "planet")?);
    /// for delta in &deltas {
    ///     for splice in bob.apply_splices(delta)? {
    ///         rope.splice(splice.position..splice.position + splice.removed, splice.inserted.chars());
    ///     }
    /// }
    /// assert_eq!(rope.into_iter().collect::<String>(), "Hello planet");
    /// # Ok::<(), tidings_crdt::TextError<&str>>(())
    /// ```
    ///
    /// # Errors
    /// As `apply`. The text is unchanged, and so is what follows it.
    pub fn apply_splices(&mut self, delta: &TextDelta<A>) -> Result<Vec<TextSplice>, TextError<A>> {
        let mut splices = Vec::new();
        self.apply_noting(delta, Some(&mut splices))?;
        Ok(splices)
    }

    /// Notes that these characters, which are visible and stand together, have come.
    pub(super) fn note_run(&self, first: Key, text: &str, splices: &mut Vec<TextSplice>) {
        let point = self.tree.find(first);
        let position = self.tree.before(point.place).chars as usize + point.offset as usize;
        splices.push(TextSplice { position, removed: 0, inserted: text.into() });
    }

    /// The visible ones of these characters, which are known, in pieces that stand together, with what they are.
    pub(super) fn visible_pieces(&self, range: &TextRange<A>) -> Vec<(TextRange<A>, String)> {
        let mut pieces = Vec::new();
        let (mut counter, end) = (range.first.counter, range.first.counter + range.length);
        while let Some(key) = self.key(&tidings_clocks::Dot::new(range.first.actor.clone(), counter)).filter(|_| counter < end) {
            let point = self.tree.find(key);
            let span = self.tree.span(point.place);
            let length = u64::from(span.len() - point.offset).min(end - counter);
            if span.is_visible() {
                let chars = usize::try_from(length).expect("within a span");
                let text = self.content.of(span).chars().skip(point.offset as usize).take(chars).collect();
                pieces.push((TextRange { first: self.dot(key), length }, text));
            }
            counter += length;
        }
        pieces
    }

    /// The visible characters in a range of positions that exists, in pieces of consecutive names.
    pub(super) fn pieces_at(&self, mut position: usize, end: usize) -> Vec<(TextRange<A>, String)> {
        let mut pieces = Vec::new();
        while let Some(first) = self.dot_at(position).filter(|_| position < end) {
            let length = (end - position) as u64;
            // A span is a piece at least, so that this goes on by one.
            let key = self.key(&first).expect("it is there");
            let point = self.tree.find(key);
            let length = length.min(u64::from(self.tree.span(point.place).len() - point.offset));
            pieces.extend(self.visible_pieces(&TextRange { first, length }));
            position += usize::try_from(length).expect("within a span");
        }
        pieces
    }
}
