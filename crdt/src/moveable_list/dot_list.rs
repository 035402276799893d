use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot};

use super::element::Element;
use crate::keyed::Keyed;
use crate::{Change, Divide, DotStore, Position};

/// A store for each element of a list, and where the elements stand: the store of a [`MoveableList`](crate::MoveableList).
///
/// An element is known by the dot it was inserted with, and stands at the last of the places it was put. It is there while something of its value is alive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotList<A, S> {
    elements: Keyed<A, Dot<A>, Element<A, S>>,
    /// The elements that are there, in order.
    order: Vec<(Position<A>, Dot<A>)>,
}

/// More elements than this are not put in order one by one: each may move all that stand behind it.
const FEW: usize = 16;

impl<A, S> DotList<A, S> {
    /// No elements. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { elements: Keyed::new(), order: Vec::new() }
    }

    /// How many elements there are. O(1).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is no element.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether anything is left of any element, be it only its place.
    pub(crate) fn has_any(&self) -> bool {
        self.elements.len() > 0
    }

    fn position(&self, index: usize) -> Option<&Position<A>> {
        self.order.get(index).map(|(position, _)| position)
    }
}

impl<A: Ord + Clone, S: DotStore<A>> DotList<A, S> {
    /// The elements' names and stores, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Dot<A>, &S)> + ExactSizeIterator {
        self.order.iter().map(|(_, name)| (name, &self.element(name).expect("what is in order is there").value))
    }

    /// The name and the store of the element at `index`. O(log n).
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<(&Dot<A>, &S)> {
        let (_, name) = self.order.get(index)?;
        Some((name, &self.element(name)?.value))
    }

    /// Where the element of this name is now, if it is there. O(log n).
    #[must_use]
    pub fn index_of(&self, name: &Dot<A>) -> Option<usize> {
        let position = self.element(name).and_then(Element::position)?;
        self.order.binary_search_by(|(other, _)| other.cmp(position)).ok()
    }

    pub(crate) fn element(&self, name: &Dot<A>) -> Option<&Element<A, S>> {
        self.elements.entry(name)
    }

    /// The position for a new element before the one at `index`.
    pub(crate) fn place_for(&self, index: usize, dot: &Dot<A>) -> Position<A> {
        Position::between(index.checked_sub(1).and_then(|before| self.position(before)), self.position(index), dot)
    }

    /// The position for the element at `from`, so that it is then at `to`.
    pub(crate) fn place_to(&self, from: usize, to: usize, dot: &Dot<A>) -> Position<A> {
        // Without the element itself, all behind it are one place further on.
        let (before, after) = if from < to { (Some(to), to + 1) } else { (to.checked_sub(1), to) };
        Position::between(before.and_then(|before| self.position(before)), self.position(after), dot)
    }

    /// All elements, those too of which only a place is left.
    pub(crate) fn elements(&self) -> impl ExactSizeIterator<Item = (&Dot<A>, &Element<A, S>)> {
        self.elements.iter()
    }

    /// One element.
    pub(crate) fn of(name: Dot<A>, element: Element<A, S>) -> Self {
        let mut list = Self { elements: Keyed::of(name.clone(), element), order: Vec::new() };
        list.arrange(&[name]);
        list
    }

    /// Puts all elements in order anew.
    fn arrange_all(&mut self) {
        self.order = self.elements.iter().filter_map(|(name, element)| Some((element.position()?.clone(), name.clone()))).collect();
        self.order.sort_unstable();
    }

    /// Brings the order up to date where these elements may have changed.
    fn arrange(&mut self, touched: &[Dot<A>]) {
        let standing =
            |elements: &Keyed<A, Dot<A>, Element<A, S>>, name: &Dot<A>| elements.entry(name).and_then(Element::position).cloned();
        if touched.len() > FEW {
            return self.arrange_all();
        }
        for name in touched {
            // A scan, as only the new position is known: it compares dots, which is cheap.
            if let Some(at) = self.order.iter().position(|(_, other)| other == name) {
                self.order.remove(at);
            }
            if let Some(position) = standing(&self.elements, name) {
                let at = self.order.partition_point(|(other, other_name)| (other, other_name) < (&position, name));
                self.order.insert(at, (position, name.clone()));
            }
        }
    }
}

impl<A, S> Default for DotList<A, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, S: DotStore<A>> DotStore<A> for DotList<A, S> {
    fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.elements.each_dot(visit);
    }

    /// O(k log n + n) for k elements that the other side has or has seen the end of, and joining their stores.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let mut touched = Vec::new();
        let changed = self.elements.join_and_tell(known, &theirs.elements, known_there, changes, &mut |name| touched.push(name.clone()));
        if changed {
            self.arrange(&touched);
        }
        changed
    }

    /// A dot in another element there, or one that clashes in the same element.
    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        self.elements.clash(&theirs.elements)
    }
}

impl<A: Ord + Clone, S: Divide<A> + Clone> Divide<A> for DotList<A, S> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        for (name, element) in self.elements.iter() {
            element.each_piece(&mut |dot, piece| visit(dot, Self::of(name.clone(), piece)));
        }
    }

    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        let mut beyond = Self { elements: self.elements.beyond(&theirs.elements, known_there), order: Vec::new() };
        beyond.arrange_all();
        beyond
    }
}

/// The elements, in the order of their names: where each stands is in it.
#[cfg(feature = "serde")]
impl<A: Ord + Clone + serde::Serialize, S: serde::Serialize> serde::Serialize for DotList<A, S> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.elements.iter())
    }
}

/// Takes only what `Serialize` gives: elements in strict order, none empty, no dot twice.
#[cfg(feature = "serde")]
impl<'de, A, S> serde::Deserialize<'de> for DotList<A, S>
where
    A: Ord + Clone + serde::Deserialize<'de>,
    S: DotStore<A> + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let elements = Vec::<(Dot<A>, Element<A, S>)>::deserialize(deserializer)?;
        Self::from_elements(elements).ok_or_else(|| serde::de::Error::custom("the elements are not those of a list"))
    }
}

impl<A: Ord + Clone, S: DotStore<A>> DotList<A, S> {
    /// The list of these elements, in the order of their names. `None` if no list has them.
    pub(crate) fn from_elements(elements: Vec<(Dot<A>, Element<A, S>)>) -> Option<Self> {
        let mut list = Self::new();
        if !elements.is_sorted_by(|(name, _), (next, _)| name < next) {
            return None;
        }
        for (name, element) in elements {
            if name.counter == 0 || element.is_empty() || !list.elements.put(name, element) {
                return None;
            }
        }
        list.arrange_all();
        Some(list)
    }
}
