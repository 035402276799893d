use alloc::string::String;
use alloc::vec::Vec;

/// The way from the root of a [`Document`](crate::Document) to a place in it: from `()`, the root; one segment; or a tuple or vector of them.
///
/// ```
/// use tidings_crdt::{Path, Segment};
///
/// let path = Path::from(("carts", 0, "milk"));
/// assert_eq!(path.segments()[1], Segment::Index(0));
/// assert!(Path::from(()).segments().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    segments: Vec<Segment>,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// To the value of a field of a map.
    Field(String),
    /// To the element of a list that is at this index now.
    Index(usize),
}

impl Path {
    /// The segments, from the root down.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The path one step further.
    #[must_use]
    pub fn then(mut self, segment: impl Into<Segment>) -> Self {
        self.segments.push(segment.into());
        self
    }
}

impl From<&str> for Segment {
    fn from(field: &str) -> Self {
        Self::Field(field.into())
    }
}

impl From<String> for Segment {
    fn from(field: String) -> Self {
        Self::Field(field)
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<&Self> for Path {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl From<()> for Path {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<&str> for Path {
    fn from(field: &str) -> Self {
        Self::default().then(field)
    }
}

impl From<String> for Path {
    fn from(field: String) -> Self {
        Self::default().then(field)
    }
}

impl From<usize> for Path {
    fn from(index: usize) -> Self {
        Self::default().then(index)
    }
}

impl From<Vec<Segment>> for Path {
    fn from(segments: Vec<Segment>) -> Self {
        Self { segments }
    }
}

impl<A: Into<Segment>, B: Into<Segment>> From<(A, B)> for Path {
    fn from((a, b): (A, B)) -> Self {
        Self::default().then(a).then(b)
    }
}

impl<A: Into<Segment>, B: Into<Segment>, C: Into<Segment>> From<(A, B, C)> for Path {
    fn from((a, b, c): (A, B, C)) -> Self {
        Self::from((a, b)).then(c)
    }
}

impl<A: Into<Segment>, B: Into<Segment>, C: Into<Segment>, D: Into<Segment>> From<(A, B, C, D)> for Path {
    fn from((a, b, c, d): (A, B, C, D)) -> Self {
        Self::from((a, b, c)).then(d)
    }
}
