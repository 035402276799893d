//! A document as a flat list of its places: so that a reader needs no stack that the input is master of.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot};

use super::node::{Atom, Inner, Node};
use super::{DEPTH, Document, Kind};
use crate::keyed::Keyed;
use crate::moveable_list::{Element, Place};
use crate::{Causal, DotFun, DotList, DotRuns, DotStore};

/// One place: the root first, each place before those below it, the fields in the order of their names, then the elements in the order of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "A: Ord + Clone + serde::Serialize", deserialize = "A: Ord + Clone + serde::Deserialize<'de>"))
)]
pub(super) struct Row<A> {
    /// How many levels below the root.
    pub(super) depth: u64,
    pub(super) key: Key<A>,
    pub(super) atoms: DotFun<A, Atom>,
    pub(super) chars: DotRuns<A, char>,
}

/// How a place hangs below the one above.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "A: Ord + Clone + serde::Serialize", deserialize = "A: Ord + Clone + serde::Deserialize<'de>"))
)]
pub(super) enum Key<A> {
    Root,
    Field(String),
    Element(Dot<A>, DotFun<A, Place<A>>),
}

/// An element with its name.
type Named<A> = (Dot<A>, Element<A, Node<A>>);

/// A place that is being read, while those below it come.
struct Open<A> {
    key: Key<A>,
    atoms: DotFun<A, Atom>,
    chars: DotRuns<A, char>,
    fields: Keyed<A, String, Node<A>>,
    last_field: Option<String>,
    elements: Vec<Named<A>>,
}

/// What is wrong with rows that are not those of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoDocument {
    Depth,
    Order,
    Empty,
    Valueless,
    Twice,
    Unknown,
}

#[cfg(feature = "serde")]
impl NoDocument {
    const fn why(self) -> &'static str {
        match self {
            Self::Depth => "a place is nested too deep, or below nothing",
            Self::Order => "the fields and elements of a place increase",
            Self::Empty => "a place has nothing",
            Self::Valueless => "a register has no value",
            Self::Twice => "a dot stands in two places",
            Self::Unknown => "the context does not know every dot of the document",
        }
    }
}

impl<A: Ord + Clone> Document<A> {
    pub(super) fn rows(&self) -> Vec<Row<A>> {
        let mut rows = Vec::new();
        write(self.0.store(), Key::Root, 0, &mut rows);
        rows
    }

    /// The document of these rows.
    pub(super) fn from_rows(rows: impl IntoIterator<Item = Row<A>>, context: CausalContext<A>) -> Result<Self, NoDocument> {
        let mut open: Vec<Open<A>> = Vec::new();
        for Row { depth, key, atoms, chars } in rows {
            let depth = usize::try_from(depth).ok().filter(|&depth| depth <= DEPTH && depth <= open.len()).ok_or(NoDocument::Depth)?;
            if (depth == 0) != matches!(key, Key::Root) || (depth == 0 && !open.is_empty()) {
                return Err(NoDocument::Depth);
            }
            if atoms.iter().any(|(_, atom)| *atom == Atom::Made(Kind::Scalar)) {
                return Err(NoDocument::Valueless);
            }
            while open.len() > depth {
                close(&mut open)?;
            }
            open.push(Open { key, atoms, chars, fields: Keyed::new(), last_field: None, elements: Vec::new() });
        }
        while open.len() > 1 {
            close(&mut open)?;
        }
        let root = match open.pop() {
            Some(root) => root.into_node()?.1,
            None => return Err(NoDocument::Depth),
        };
        let (mut seen, mut twice, mut known) = (BTreeSet::new(), false, true);
        root.each_dot(&mut |dot| {
            twice |= !seen.insert(dot.clone());
            known &= context.contains(dot) && dot.counter != 0;
        });
        match (twice, known) {
            (true, _) => Err(NoDocument::Twice),
            (_, false) => Err(NoDocument::Unknown),
            _ => Ok(Self(Causal::from_parts(root, context))),
        }
    }
}

fn write<A: Ord + Clone>(node: &Node<A>, key: Key<A>, depth: u64, rows: &mut Vec<Row<A>>) {
    let chars = node.inner.as_ref().map(|inner| inner.chars.clone()).unwrap_or_default();
    rows.push(Row { depth, key, atoms: node.atoms.clone(), chars });
    if let Some(inner) = &node.inner {
        for (name, below) in inner.fields.iter() {
            write(below, Key::Field(name.clone()), depth + 1, rows);
        }
        for (name, element) in inner.elements.elements() {
            write(&element.value, Key::Element(name.clone(), element.places.clone()), depth + 1, rows);
        }
    }
}

/// Puts the last open place below the one before it.
fn close<A: Ord + Clone>(open: &mut Vec<Open<A>>) -> Result<(), NoDocument> {
    let (key, node) = open.pop().expect("it is asked whether one is open").into_node()?;
    let above = open.last_mut().expect("the root is the last to be closed");
    match key {
        Key::Field(name) => {
            if node.is_empty() {
                return Err(NoDocument::Empty);
            }
            if above.last_field.as_ref().is_some_and(|last| *last >= name) || !above.elements.is_empty() {
                return Err(NoDocument::Order);
            }
            above.last_field = Some(name.clone());
            if above.fields.put(name, node) { Ok(()) } else { Err(NoDocument::Twice) }
        }
        Key::Element(name, places) => {
            above.elements.push((name, Element { places, value: node }));
            Ok(())
        }
        Key::Root => Err(NoDocument::Depth),
    }
}

impl<A: Ord + Clone> Open<A> {
    fn into_node(self) -> Result<(Key<A>, Node<A>), NoDocument> {
        let Self { key, atoms, chars, fields, elements, .. } = self;
        if !elements.is_sorted_by(|(name, _), (next, _)| name < next) {
            return Err(NoDocument::Order);
        }
        if elements.iter().any(|(_, element)| element.is_empty()) {
            return Err(NoDocument::Empty);
        }
        let elements = DotList::from_elements(elements).ok_or(NoDocument::Twice)?;
        Ok((key, Node::of_parts(atoms, Inner { fields, elements, chars })))
    }
}

#[cfg(feature = "serde")]
mod wire {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use tidings_clocks::CausalContext;

    use super::{Document, Row, Vec};

    #[derive(Serialize, Deserialize)]
    #[serde(rename = "Document", bound(serialize = "A: Ord + Clone + Serialize", deserialize = "A: Ord + Clone + Deserialize<'de>"))]
    struct Written<A> {
        places: Vec<Row<A>>,
        context: CausalContext<A>,
    }

    /// The whole state: every place with its dots. What is shown of it is written by [`Entry`](crate::Entry) and [`Value`](crate::Value).
    impl<A: Ord + Clone + Serialize> Serialize for Document<A> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Written { places: self.rows(), context: self.context().clone() }.serialize(serializer)
        }
    }

    /// Takes only what `Serialize` gives.
    impl<'de, A: Ord + Clone + Deserialize<'de>> Deserialize<'de> for Document<A> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Written { places, context } = Written::<A>::deserialize(deserializer)?;
            Self::from_rows(places, context).map_err(|why| D::Error::custom(why.why()))
        }
    }
}
