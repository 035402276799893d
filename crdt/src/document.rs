#[cfg(test)]
mod audit;
mod entry;
mod error;
mod kind;
mod load;
mod node;
mod path;
mod pen;
mod rows;
mod save;
mod scalar;
mod value;

use core::ops::Range;

use tidings_clocks::CausalContext;

use crate::{Causal, Decompose, DotList, DotRuns, DotStore, Join, TwoEvents};
pub use entry::Entry;
pub use error::DocumentError;
pub use kind::Kind;
use node::Node;
pub use path::{Path, Segment};
use pen::{Pen, Write, elements, merged};
pub use scalar::{Real, Scalar};
pub use value::Value;

/// How many levels below its root a document may have.
pub(crate) const DEPTH: usize = 64;

/// A tree of maps, lists, texts, counters and registers, as JSON has it, that several actors change at once.
///
/// Rinberg, Solomon, Shlomo, Khazma, Lushi, Keidar, Ta-Shma, *DSON: JSON CRDT using delta-mutations for document stores* (2022): every place of the document is a dot
/// store, and all share one causal context (Almeida, Shoker, Baquero, *Delta state replicated data types*, 2018, section 7). So whatever is removed or replaced is ended as far
/// as it was seen, whatever was done concurrently stays, and neither brings back anything of the other; deltas may come in any order; and nothing is left of what is
/// gone, in texts and lists too.
///
/// | what | under concurrency |
/// |---|---|
/// | map | fields by themselves; a change anywhere below a field wins over its concurrent removal, and is then all that is there |
/// | list | an element stands in one place, that of the last move; a change below it wins over a concurrent removal, a move does not; see [`MoveableList`](crate::MoveableList) |
/// | text | both insertions, whole runs side by side; if the text is replaced or removed, the characters typed concurrently stay; see [`Sequence`](crate::Sequence) |
/// | counter | the sum of all amounts that no reset has seen |
/// | register | all concurrent values are kept; the one shown is that of the greatest dot, by counter, then by actor |
/// | two of these | both are kept; shown is the map, or else the list, the text, the counter, the register: [`Entry::kinds`] tells of all |
///
/// A path leads to a place: `()` to the root, `"cart"` to a field of it, `("cart", 0, "name")` further down. Nothing is nested deeper than 64 levels. Each change returns
/// its delta, which is a small document. An actor id belongs to one incarnation of a process.
///
/// ```
/// use tidings_crdt::{Document, Join, Kind};
///
/// let mut ann = Document::new();
/// ann.put("ann", ("cart", "owner"), "Ann")?;
/// ann.count("ann", ("cart", "items", "milk"), 2)?;
/// let mut bob = ann.clone();
///
/// // Ann empties the cart, Bob adds to it and writes a note.
/// let emptied = ann.remove(("cart", "items"))?;
/// let more = bob.count("bob", ("cart", "items", "milk"), 1)?;
/// let note = bob.splice("bob", "note", 0..0, "ring twice")?;
/// for delta in [&more, &note] {
///     ann.join(delta);
/// }
/// bob.join(&emptied);
/// assert_eq!(ann, bob);
/// assert_eq!(ann.entry(("cart", "items", "milk")).map(|milk| milk.count()), Some(1));
/// assert_eq!(ann.entry("note").map(|note| note.text()), Some("ring twice".into()));
/// # Ok::<(), tidings_crdt::DocumentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Document<A>(Causal<A, Node<A>>);

impl<A> Document<A> {
    /// The document in which nothing is.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// The events that are known.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

/// Changes. What they cost beside the walk to the place, O(depth × log n), is what the change of the thing there costs.
impl<A: Ord + Clone> Document<A> {
    /// Puts a scalar in place of all that is there as it is seen here, and returns the delta. What is missing on the way becomes maps.
    ///
    /// # Errors
    /// [`DocumentError`] if the path leads through something that is no map or list, or ends too deep, or no dot is left; the document is unchanged.
    pub fn put(&mut self, actor: A, path: impl Into<Path>, scalar: impl Into<Scalar>) -> Result<Self, DocumentError> {
        self.assign(actor, path, &Value::Scalar(scalar.into()))
    }

    /// Puts a whole value in place of all that is there as it is seen here, and returns the delta. O(size of the value), and of what is replaced.
    ///
    /// # Errors
    /// As [`put`](Self::put); the document is unchanged.
    pub fn assign(&mut self, actor: A, path: impl Into<Path>, value: &Value) -> Result<Self, DocumentError> {
        let path = path.into();
        let depth = path.segments().len();
        self.change(actor, &path, &mut |pen, node| pen.put(node, value, depth))
    }

    /// Makes a map, a list, a text or a counter, which may be empty, where nothing is, and returns the delta. Where there is one already, nothing changes.
    ///
    /// # Errors
    /// [`DocumentError::WrongKind`] if something else is there, and as [`put`](Self::put); the document is unchanged. A register cannot be made without a value: [`Kind::Scalar`]
    /// makes one of null.
    pub fn make(&mut self, actor: A, path: impl Into<Path>, kind: Kind) -> Result<Self, DocumentError> {
        let path = path.into();
        let depth = path.segments().len();
        self.change(actor, &path, &mut |pen, node| match kind {
            Kind::Scalar if node.is_empty() => pen.put(node, &Value::Scalar(Scalar::Null), depth),
            kind => Ok(pen.make_if_missing(node, kind, depth)?.unwrap_or_default()),
        })
    }

    /// Counts an amount, which may be negative, at a counter, which is made if nothing is there, and returns the delta.
    ///
    /// # Errors
    /// As [`make`](Self::make); the document is unchanged.
    pub fn count(&mut self, actor: A, path: impl Into<Path>, amount: i64) -> Result<Self, DocumentError> {
        let path = path.into();
        let depth = path.segments().len();
        self.change(actor, &path, &mut |pen, node| {
            let made = pen.make_if_missing(node, Kind::Counter, depth)?;
            Ok(merged(made, pen.count(amount)?))
        })
    }

    /// Replaces the characters in `range` by `text` in a text, which is made if nothing is there, and returns the delta. O(runs + length).
    ///
    /// # Errors
    /// [`DocumentError::OutOfRange`] if the text has no such range, and as [`make`](Self::make); the document is unchanged.
    pub fn splice(&mut self, actor: A, path: impl Into<Path>, range: Range<usize>, text: &str) -> Result<Self, DocumentError> {
        let path = path.into();
        let depth = path.segments().len();
        self.change(actor, &path, &mut |pen, node| {
            let made = pen.make_if_missing(node, Kind::Text, depth)?;
            let nothing = DotRuns::new();
            let chars = node.inner.as_ref().map_or(&nothing, |inner| &inner.chars);
            Ok(merged(made, pen.splice(chars, &range, text)?))
        })
    }

    /// Inserts a value before the element at `index` of a list, or at its end, and returns the delta. The list is made if nothing is there. O(n).
    ///
    /// # Errors
    /// [`DocumentError::OutOfRange`] if the list has no such place, and as [`make`](Self::make); the document is unchanged.
    pub fn insert(&mut self, actor: A, path: impl Into<Path>, index: usize, value: impl Into<Value>) -> Result<Self, DocumentError> {
        let (path, value) = (path.into(), value.into());
        let depth = path.segments().len();
        self.change(actor, &path, &mut |pen, node| {
            let made = pen.make_if_missing(node, Kind::List, depth)?;
            let nothing = DotList::new();
            let list = node.inner.as_ref().map_or(&nothing, |inner| &inner.elements);
            Ok(merged(made, pen.insert(list, index, &value, depth)?))
        })
    }

    /// Moves the element at `from` of a list so that it is then at `to`, and returns the delta. O(n).
    ///
    /// # Errors
    /// [`DocumentError`] if there is no such list, or it has no such places, or no dot is left; the document is unchanged.
    pub fn move_to(&mut self, actor: A, path: impl Into<Path>, from: usize, to: usize) -> Result<Self, DocumentError> {
        let path = path.into();
        let depth = path.segments().len();
        self.change(actor, &path, &mut |pen, node| pen.shift(elements(node, depth)?, from, to))
    }

    /// Removes the field or element that the path leads to, with all below it as it is seen here, and returns the delta: its dots. O(size of what is removed).
    ///
    /// # Errors
    /// [`DocumentError::Missing`] if nothing is there, and other [`DocumentError`]s if the path leads through something else; the document is unchanged.
    pub fn remove(&mut self, path: impl Into<Path>) -> Result<Self, DocumentError> {
        let path = path.into();
        let segments = path.segments().len();
        let dots = match path.segments().split_last() {
            Some((&Segment::Index(index), list)) => {
                let list = elements(self.walk(list)?, list.len())?;
                let (name, _) = list.entry(index).ok_or(crate::OutOfRange { index, length: list.len() })?;
                let mut dots = alloc::vec::Vec::new();
                list.element(name).expect("it has an entry").each_dot(&mut |dot| dots.push(dot.clone()));
                dots
            }
            _ => self.walk(path.segments())?.dots(),
        };
        if dots.is_empty() {
            return Err(DocumentError::Missing { segments });
        }
        let delta = Self(Causal::delta(Node::new(), dots));
        self.join(&delta);
        Ok(delta)
    }

    /// As [`Join::join`], but tells of two different events under one dot. O(n + m).
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the document is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        self.0.join_checked(&other.0)
    }

    /// The place that the path leads to, if something is there. O(depth × log n).
    #[must_use]
    pub fn entry(&self, path: impl Into<Path>) -> Option<Entry<'_, A>> {
        let node = self.walk(path.into().segments()).ok()?;
        node.kinds().next().map(|_| Entry::new(node))
    }

    /// All that is shown, as a plain value; `None` if nothing is there. O(n).
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        self.entry(()).map(|root| root.value())
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.store().is_empty()
    }

    fn walk(&self, path: &[Segment]) -> Result<&Node<A>, DocumentError> {
        let mut node = self.0.store();
        for (segments, segment) in path.iter().enumerate() {
            node = match segment {
                Segment::Field(name) => match node.field(name) {
                    Some(below) => below,
                    None => {
                        let found = node.kinds().next().filter(|_| !node.has(Kind::Map));
                        let wrong = |found| DocumentError::WrongKind { segments, found, needed: Kind::Map };
                        return Err(found.map_or(DocumentError::Missing { segments: segments + 1 }, wrong));
                    }
                },
                &Segment::Index(index) => {
                    let list = elements(node, segments)?;
                    list.entry(index).ok_or(crate::OutOfRange { index, length: list.len() })?.1
                }
            };
        }
        Ok(node)
    }

    /// Writes the delta of a change at the end of a path, and joins it.
    fn change(&mut self, actor: A, path: &Path, change: Write<'_, A>) -> Result<Self, DocumentError> {
        let mut pen = Pen::new(actor, self.context());
        let store = pen.down(self.0.store(), path.segments(), 0, change)?;
        let delta = Self(Causal::delta(store, pen.into_ended()));
        self.join(&delta);
        Ok(delta)
    }
}

impl<A> Default for Document<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> Join for Document<A> {
    /// An event stays if it is alive on both sides, or on one and not known to the other. O(d log n) for d dots that the other side knows and this one
    /// holds or is given, and O(n) for each list and text among these.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}

impl<A: Ord + Clone> Decompose for Document<A> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.0.irreducibles().map(Self)
    }

    fn difference(&self, known: &Self) -> Self {
        Self(self.0.difference(&known.0))
    }
}
