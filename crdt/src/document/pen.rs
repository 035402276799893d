//! Writing the deltas of a document's changes.

use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot, Overflow};

use super::node::{Atom, Inner, Node};
use super::{DEPTH, DocumentError, Kind, Segment, Value};
use crate::keyed::Keyed;
use crate::moveable_list::{Element, Place};
use crate::{DotFun, DotList, DotRuns, DotStore, OutOfRange, Position};

/// Writes what becomes alive at a place.
pub(super) type Write<'w, A> = &'w mut dyn FnMut(&mut Pen<A>, &Node<A>) -> Result<Node<A>, DocumentError>;

/// What an actor writes into one delta: which dots it takes, and which it ends.
pub(super) struct Pen<A> {
    actor: A,
    last: u64,
    ended: Vec<Dot<A>>,
}

impl<A: Ord + Clone> Pen<A> {
    pub(super) fn new(actor: A, context: &CausalContext<A>) -> Self {
        Self { last: context.latest(&actor), actor, ended: Vec::new() }
    }

    /// What the delta ends.
    pub(super) fn into_ended(self) -> Vec<Dot<A>> {
        self.ended
    }

    fn dot(&mut self) -> Result<Dot<A>, Overflow> {
        self.dots(1)
    }

    /// The first of so many dots.
    fn dots(&mut self, count: usize) -> Result<Dot<A>, Overflow> {
        let last = self.last.checked_add(count as u64).ok_or(Overflow)?;
        let first = Dot { actor: self.actor.clone(), counter: self.last + 1 };
        self.last = last;
        Ok(first)
    }

    /// Goes down a path from `node`, which is the place that the first `depth` segments of `path` lead to, lets `change` write at its end, and writes what
    /// that needs on the way: a map where there is nothing, and the place of an element, which so is not removed by whoever has not seen this.
    pub(super) fn down(&mut self, node: &Node<A>, path: &[Segment], depth: usize, change: Write<'_, A>) -> Result<Node<A>, DocumentError> {
        if depth > DEPTH {
            return Err(DocumentError::TooDeep { limit: DEPTH });
        }
        match path.get(depth) {
            None => change(self, node),
            Some(Segment::Field(name)) => {
                let made = self.make_if_missing(node, Kind::Map, depth)?;
                let nothing = Node::new();
                let below = self.down(node.field(name).unwrap_or(&nothing), path, depth + 1, change)?;
                Ok(merged(made, Node::of_field(name.clone(), below)))
            }
            Some(&Segment::Index(index)) => {
                let list = elements(node, depth)?;
                let (name, below) = list.entry(index).ok_or(OutOfRange { index, length: list.len() })?;
                let value = self.down(below, path, depth + 1, change)?;
                let element = list.element(name).expect("it has an entry");
                let place = element.place().expect("an element that is there has a place").clone();
                self.ended.extend(element.places.iter().map(|(dot, _)| dot.clone()));
                let places = DotFun::of(self.dot()?, place);
                Ok(Node::of_elements(DotList::of(name.clone(), Element { places, value })))
            }
        }
    }

    /// Puts a value in place of all that is here.
    pub(super) fn put(&mut self, node: &Node<A>, value: &Value, depth: usize) -> Result<Node<A>, DocumentError> {
        self.ended.extend(node.dots());
        self.write(value, depth)
    }

    /// Writes a value where nothing is.
    fn write(&mut self, value: &Value, depth: usize) -> Result<Node<A>, DocumentError> {
        if depth > DEPTH {
            return Err(DocumentError::TooDeep { limit: DEPTH });
        }
        match value {
            Value::Scalar(scalar) => self.atom(Atom::Scalar(scalar.clone())),
            Value::Count(count) => {
                let made = self.made(Kind::Counter)?;
                let amount = i64::try_from(*count).map_err(|_| Overflow)?;
                Ok(if amount == 0 { made } else { merged(Some(made), self.count(amount)?) })
            }
            Value::Text(text) => {
                let made = self.made(Kind::Text)?;
                Ok(merged(Some(made), self.insert_chars(&DotRuns::new(), 0, text)?))
            }
            Value::List(values) => {
                let made = self.made(Kind::List)?;
                let (mut elements, mut before) = (Vec::new(), None);
                for value in values {
                    let value = self.write(value, depth + 1)?;
                    let dot = self.dot()?;
                    let position = Position::between(before.as_ref(), None, &dot);
                    before = Some(position.clone());
                    elements.push((dot.clone(), Element { places: DotFun::of(dot, Place { moves: 0, position }), value }));
                }
                let elements = DotList::from_elements(elements).expect("the dots are new, and increase");
                Ok(Node::of_parts(made.atoms, Inner { elements, ..Inner::default() }))
            }
            Value::Map(values) => {
                let (made, mut fields) = (self.made(Kind::Map)?, Keyed::new());
                for (name, value) in values {
                    fields.put(name.clone(), self.write(value, depth + 1)?);
                }
                Ok(Node::of_parts(made.atoms, Inner { fields, ..Inner::default() }))
            }
        }
    }

    /// Counts an amount.
    pub(super) fn count(&mut self, amount: i64) -> Result<Node<A>, DocumentError> {
        self.atom(Atom::Count(amount))
    }

    /// Inserts a value before the element at `index`.
    pub(super) fn insert(
        &mut self,
        list: &DotList<A, Node<A>>,
        index: usize,
        value: &Value,
        depth: usize,
    ) -> Result<Node<A>, DocumentError> {
        OutOfRange::check(&(index..index), list.len())?;
        let value = self.write(value, depth + 1)?;
        let dot = self.dot()?;
        let places = DotFun::of(dot.clone(), Place { moves: 0, position: list.place_for(index, &dot) });
        Ok(Node::of_elements(DotList::of(dot, Element { places, value })))
    }

    /// Moves the element at `from` to `to`.
    pub(super) fn shift(&mut self, list: &DotList<A, Node<A>>, from: usize, to: usize) -> Result<Node<A>, DocumentError> {
        for index in [from, to] {
            OutOfRange::check(&(index..index.saturating_add(1)), list.len())?;
        }
        let (name, _) = list.entry(from).expect("just checked");
        let element = list.element(name).expect("it has an entry");
        let dot = self.dot()?;
        let moves = element.place().map_or(0, |place| place.moves).checked_add(1).ok_or(Overflow)?;
        let places = DotFun::of(dot.clone(), Place { moves, position: list.place_to(from, to, &dot) });
        self.ended.extend(element.places.iter().map(|(dot, _)| dot.clone()));
        Ok(Node::of_elements(DotList::of(name.clone(), Element { places, value: Node::new() })))
    }

    /// Replaces some characters.
    pub(super) fn splice(
        &mut self,
        chars: &DotRuns<A, char>,
        range: &core::ops::Range<usize>,
        text: &str,
    ) -> Result<Node<A>, DocumentError> {
        OutOfRange::check(range, chars.len())?;
        self.ended.extend(chars.dots(range.start, range.len()));
        self.insert_chars(chars, range.start, text)
    }

    fn insert_chars(&mut self, chars: &DotRuns<A, char>, index: usize, text: &str) -> Result<Node<A>, DocumentError> {
        let values: Vec<char> = text.chars().collect();
        if values.is_empty() {
            return Ok(Node::new());
        }
        let first = self.dots(values.len())?;
        Ok(Node::of_chars(chars.insertion(index, &first, values)))
    }

    /// The dot of something that is there though empty.
    fn made(&mut self, kind: Kind) -> Result<Node<A>, DocumentError> {
        self.atom(Atom::Made(kind))
    }

    fn atom(&mut self, atom: Atom) -> Result<Node<A>, DocumentError> {
        Ok(Node::of_atom(self.dot()?, atom))
    }

    /// Makes a thing where nothing is. Where something is, one of them must be of this kind.
    pub(super) fn make_if_missing(&mut self, node: &Node<A>, kind: Kind, segments: usize) -> Result<Option<Node<A>>, DocumentError> {
        match node.kinds().next() {
            None => self.made(kind).map(Some),
            Some(_) if node.has(kind) => Ok(None),
            Some(found) => Err(DocumentError::WrongKind { segments, found, needed: kind }),
        }
    }
}

/// The list at a place that must have one.
pub(super) fn elements<A>(node: &Node<A>, segments: usize) -> Result<&DotList<A, Node<A>>, DocumentError> {
    match (node.kinds().next(), &node.inner) {
        (_, Some(inner)) if node.has(Kind::List) => Ok(&inner.elements),
        (Some(Kind::List), None) => Err(OutOfRange { index: 0, length: 0 }.into()),
        (Some(found), _) => Err(DocumentError::WrongKind { segments, found, needed: Kind::List }),
        (None, _) => Err(DocumentError::Missing { segments }),
    }
}

/// Two parts of one delta, which have no dots in common.
pub(super) fn merged<A: Ord + Clone>(made: Option<Node<A>>, mut node: Node<A>) -> Node<A> {
    if let Some(made) = made {
        let nothing = CausalContext::new();
        node.join(&nothing, &made, &nothing, &mut |_| {});
    }
    node
}
