use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot};

use super::{Kind, Scalar};
use crate::keyed::Keyed;
use crate::{Change, Divide, DotFun, DotList, DotRuns, DotStore};

/// All that is alive at one place of a document: one thing, or several if they were put there concurrently.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node<A> {
    /// What was put here, and what was counted.
    pub(super) atoms: DotFun<A, Atom>,
    /// What is below. Never empty.
    pub(super) inner: Option<Box<Inner<A>>>,
}

/// What is below a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Inner<A> {
    pub(super) fields: Keyed<A, String, Node<A>>,
    pub(super) elements: DotList<A, Node<A>>,
    pub(super) chars: DotRuns<A, char>,
}

/// What one dot stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Atom {
    /// A value of the register.
    Scalar(Scalar),
    /// An amount that was counted.
    Count(i64),
    /// Something that is there although it may be empty.
    Made(Kind),
}

impl<A> Node<A> {
    pub(super) const fn new() -> Self {
        Self { atoms: DotFun::new(), inner: None }
    }

    fn with(inner: Inner<A>) -> Self {
        Self { atoms: DotFun::new(), inner: Some(Box::new(inner)) }
    }

    /// The kinds that are here, in the order in which they are shown.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|&kind| self.has(kind))
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        let below = self.inner.as_ref().is_some_and(|inner| match kind {
            Kind::Map => inner.fields.len() > 0,
            // A list of which only the places of removed elements are left is there, and empty.
            Kind::List => inner.elements.has_any(),
            Kind::Text => !inner.chars.is_empty(),
            Kind::Counter | Kind::Scalar => false,
        });
        below || self.atoms.iter().any(|(_, atom)| atom.kind() == kind)
    }

    /// The scalars, with their dots.
    pub(super) fn scalars(&self) -> impl DoubleEndedIterator<Item = (&Dot<A>, &Scalar)> {
        self.atoms.iter().filter_map(|(dot, atom)| match atom {
            Atom::Scalar(scalar) => Some((dot, scalar)),
            _ => None,
        })
    }

    /// The sum of what was counted.
    pub(super) fn count(&self) -> i128 {
        let amount = |atom: &Atom| if let Atom::Count(amount) = atom { i128::from(*amount) } else { 0 };
        self.atoms.iter().map(|(_, atom)| amount(atom)).sum()
    }
}

impl<A: Ord + Clone> Node<A> {
    pub(super) fn of_atom(dot: Dot<A>, atom: Atom) -> Self {
        Self { atoms: DotFun::of(dot, atom), inner: None }
    }

    pub(super) fn of_field(name: String, below: Self) -> Self {
        if below.is_empty() { Self::new() } else { Self::with(Inner { fields: Keyed::of(name, below), ..Inner::default() }) }
    }

    pub(super) fn of_elements(elements: DotList<A, Self>) -> Self {
        if elements.has_any() { Self::with(Inner { elements, ..Inner::default() }) } else { Self::new() }
    }

    pub(super) fn of_chars(chars: DotRuns<A, char>) -> Self {
        if chars.is_empty() { Self::new() } else { Self::with(Inner { chars, ..Inner::default() }) }
    }

    /// All parts, of which some may be empty.
    pub(super) fn of_parts(atoms: DotFun<A, Atom>, inner: Inner<A>) -> Self {
        let inner = (!inner.is_empty()).then(|| Box::new(inner));
        Self { atoms, inner }
    }

    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.inner.as_ref()?.fields.entry(name)
    }

    pub(super) fn dots(&self) -> Vec<Dot<A>> {
        let mut dots = Vec::new();
        self.each_dot(&mut |dot| dots.push(dot.clone()));
        dots
    }
}

impl Atom {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Scalar(_) => Kind::Scalar,
            Self::Count(_) => Kind::Counter,
            Self::Made(kind) => *kind,
        }
    }
}

impl<A> Default for Node<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Default for Inner<A> {
    fn default() -> Self {
        Self { fields: Keyed::new(), elements: DotList::new(), chars: DotRuns::new() }
    }
}

impl<A: Ord + Clone> Inner<A> {
    fn is_empty(&self) -> bool {
        self.fields.is_empty() && DotStore::is_empty(&self.elements) && self.chars.is_empty()
    }
}

/// Each part by itself. No document is nested deeper than [`DEPTH`](super::DEPTH), so neither is the recursion.
impl<A: Ord + Clone> DotStore<A> for Node<A> {
    fn is_empty(&self) -> bool {
        self.atoms.is_empty() && self.inner.is_none()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.atoms.each_dot(visit);
        if let Some(inner) = &self.inner {
            inner.fields.each_dot(visit);
            inner.elements.each_dot(visit);
            inner.chars.each_dot(visit);
        }
    }

    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let mut changed = self.atoms.join(known, &theirs.atoms, known_there, changes);
        if self.inner.is_none() && theirs.inner.is_none() {
            return changed;
        }
        let nothing = Inner::default();
        let (inner, there) = (self.inner.get_or_insert_default(), theirs.inner.as_deref().unwrap_or(&nothing));
        changed |= inner.fields.join(known, &there.fields, known_there, changes);
        changed |= inner.elements.join(known, &there.elements, known_there, changes);
        changed |= inner.chars.join(known, &there.chars, known_there, changes);
        if inner.is_empty() {
            self.inner = None;
        }
        changed
    }

    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        let nothing = Inner::default();
        let (mine, there) = (self.inner.as_deref().unwrap_or(&nothing), theirs.inner.as_deref().unwrap_or(&nothing));
        let atoms = self.atoms.clash(&theirs.atoms);
        let below = || mine.fields.clash(&there.fields).or_else(|| mine.elements.clash(&there.elements));
        atoms.or_else(below).or_else(|| mine.chars.clash(&there.chars))
    }
}

impl<A: Ord + Clone> Divide<A> for Node<A> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        self.atoms.each_piece(&mut |dot, atoms| visit(dot, Self { atoms, inner: None }));
        if let Some(inner) = &self.inner {
            inner.fields.each_piece(&mut |dot, fields| visit(dot, Self::with(Inner { fields, ..Inner::default() })));
            inner.elements.each_piece(&mut |dot, elements| visit(dot, Self::with(Inner { elements, ..Inner::default() })));
            inner.chars.each_piece(&mut |dot, chars| visit(dot, Self::with(Inner { chars, ..Inner::default() })));
        }
    }

    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        let nothing = Inner::default();
        let (mine, there) = (self.inner.as_deref().unwrap_or(&nothing), theirs.inner.as_deref().unwrap_or(&nothing));
        let fields = mine.fields.beyond(&there.fields, known_there);
        let elements = mine.elements.beyond(&there.elements, known_there);
        let chars = mine.chars.beyond(&there.chars, known_there);
        Self::of_parts(self.atoms.beyond(&theirs.atoms, known_there), Inner { fields, elements, chars })
    }
}
