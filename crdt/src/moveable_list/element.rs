use core::cmp::Ordering;

use tidings_clocks::{CausalContext, Dot};

use crate::{Change, Divide, DotFun, DotStore, Position};

/// An element of a list: where it was put, and its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: Ord + Clone + serde::Serialize, S: serde::Serialize",
        deserialize = "A: Ord + Clone + serde::Deserialize<'de>, S: serde::Deserialize<'de>"
    ))
)]
pub(crate) struct Element<A, S> {
    /// The last ones that are known, and those said again by whoever changed the value.
    pub(crate) places: DotFun<A, Place<A>>,
    pub(crate) value: S,
}

/// Where an element was put: by how many moves before, and at which position. What is last by moves, then by the position's dot, counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "A: Ord + Clone + serde::Serialize", deserialize = "A: Ord + Clone + serde::Deserialize<'de>"))
)]
pub(crate) struct Place<A> {
    pub(crate) moves: u64,
    pub(crate) position: Position<A>,
}

impl<A: Ord + Clone> Ord for Place<A> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_dot = || self.position.dot().cmp(&other.position.dot());
        self.moves.cmp(&other.moves).then_with(by_dot).then_with(|| self.position.cmp(&other.position))
    }
}

impl<A: Ord + Clone> PartialOrd for Place<A> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<A: Ord + Clone, S> Element<A, S> {
    /// The place that counts.
    pub(crate) fn place(&self) -> Option<&Place<A>> {
        self.places.iter().map(|(_, place)| place).max()
    }

    /// Where it stands; `None` if it is not there.
    pub(super) fn position(&self) -> Option<&Position<A>>
    where
        S: DotStore<A>,
    {
        if self.value.is_empty() { None } else { self.place().map(|place| &place.position) }
    }
}

impl<A, S: Default> Default for Element<A, S> {
    fn default() -> Self {
        Self { places: DotFun::new(), value: S::default() }
    }
}

/// Both parts are joined by themselves.
impl<A: Ord + Clone, S: DotStore<A>> DotStore<A> for Element<A, S> {
    fn is_empty(&self) -> bool {
        self.places.is_empty() && self.value.is_empty()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.places.each_dot(visit);
        self.value.each_dot(visit);
    }

    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        let moved = self.places.join(known, &theirs.places, known_there, changes);
        self.value.join(known, &theirs.value, known_there, changes) || moved
    }

    fn clash(&self, theirs: &Self) -> Option<Dot<A>> {
        self.places.clash(&theirs.places).or_else(|| self.value.clash(&theirs.value))
    }
}

impl<A: Ord + Clone, S: Divide<A>> Divide<A> for Element<A, S> {
    fn each_piece(&self, visit: &mut dyn FnMut(&Dot<A>, Self)) {
        self.places.each_piece(&mut |dot, places| visit(dot, Self { places, value: S::default() }));
        self.value.each_piece(&mut |dot, value| visit(dot, Self { places: DotFun::new(), value }));
    }

    fn beyond(&self, theirs: &Self, known_there: &CausalContext<A>) -> Self {
        Self { places: self.places.beyond(&theirs.places, known_there), value: self.value.beyond(&theirs.value, known_there) }
    }
}
