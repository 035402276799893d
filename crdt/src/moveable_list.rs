#[cfg(test)]
mod audit;
mod dot_list;
mod element;

use core::convert::Infallible;

use tidings_clocks::{CausalContext, Dot, Overflow};

pub use dot_list::DotList;
pub(crate) use element::{Element, Place};

use crate::{Causal, Decompose, Divide, DotFun, DotStore, Join, Nested, OutOfRange, TwoEvents, View};

/// A list whose elements are themselves CRDTs, and can be moved: an element stands in one place, however many move it at once.
///
/// Kleppmann, *Moving elements in list CRDTs* (2020): an element has a name, which is the dot it was inserted with; its place is a register in which the last move wins,
/// of concurrent ones that of the greater actor; its value is another CRDT. So of two concurrent moves one holds, nothing is there twice, and a move and a
/// concurrent change of the value both hold. Places are [`Position`](crate::Position)s in the order of FugueMax, where nothing needs to be kept of what is gone, in a list of dots as
/// in Rinberg and others, *DSON: JSON CRDT using delta-mutations for document stores* (2022).
///
/// A removal ends what it has seen of an element. A concurrent change of its value wins: the element stays, with what was changed, where it was. A concurrent move
/// does not bring it back, and leaves the dot of its place behind until the list is cleared. Deltas may come in any order; but a change of a value that comes after a move
/// that had seen it, and after a removal that had seen that move and not the change, is not shown. An actor id belongs to one incarnation of a process.
///
/// ```
/// use tidings_crdt::{Join, MoveableList, MvRegister};
///
/// let mut ann: MoveableList<&str, MvRegister<&str, &str>> = MoveableList::new();
/// for (index, task) in ["wash", "dry", "fold"].into_iter().enumerate() {
///     ann.insert("ann", index, |value| value.write("ann", task))?;
/// }
/// let mut bob = ann.clone();
///
/// // Both move "fold", and Bob renames "dry".
/// let first = ann.move_to("ann", 2, 0)?;
/// let second = bob.move_to("bob", 2, 1)?;
/// let renamed = bob.update("bob", 2, |value| value.write("bob", "tumble"))?;
/// ann.join(&renamed);
/// ann.join(&second);
/// bob.join(&first);
/// let tasks: Vec<_> = ann.iter().filter_map(|task| task.values().next()).copied().collect();
/// assert_eq!(tasks, ["wash", "fold", "tumble"]);
/// assert_eq!(ann, bob);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: serde::Serialize, V::Store: serde::Serialize",
        deserialize = "A: serde::Deserialize<'de>, V::Store: serde::Deserialize<'de>"
    ))
)]
pub struct MoveableList<A: Ord + Clone, V: Nested<A>>(Causal<A, DotList<A, V::Store>>);

/// Why an element was not inserted, moved or changed. The list is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError<E> {
    /// There is no such place.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The actor has no dot left.
    #[error("no dot is left for the element's place")]
    Overflow,
    /// What the change of the value said.
    #[error("the value was not changed")]
    Value(#[source] E),
}

impl<A: Ord + Clone, V: Nested<A>> MoveableList<A, V> {
    /// The empty list.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// How many elements there are. O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.store().len()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.store().is_empty()
    }

    /// The elements' values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = View<'_, A, V>> + ExactSizeIterator {
        self.0.store().iter().map(|(_, store)| View::new(store, self.0.context()))
    }

    /// The value of the element at `index`. O(log n).
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<View<'_, A, V>> {
        self.view().entry(index)
    }

    /// The name of the element at `index`, which it keeps wherever it is moved. O(1).
    #[must_use]
    pub fn name(&self, index: usize) -> Option<&Dot<A>> {
        self.0.store().entry(index).map(|(name, _)| name)
    }

    /// Where the element of this name is now, if it is there. O(log n).
    #[must_use]
    pub fn index_of(&self, name: &Dot<A>) -> Option<usize> {
        self.0.store().index_of(name)
    }

    /// The events that are known.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }

    /// Inserts an element before the one at `index`, or at the end, whose value is what `change` makes of the bottom, and returns the delta. O(n), and what
    /// the change costs. If that makes nothing alive there is no element.
    ///
    /// # Errors
    /// [`ListError`]; the list is unchanged.
    pub fn insert<E>(&mut self, actor: A, index: usize, change: impl FnOnce(View<'_, A, V>) -> Result<V, E>) -> Result<Self, ListError<E>> {
        let delta = self.view().insert(actor, index, change)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Changes the value of the element at `index` as `change` says, and returns the delta. It says again where the element is, so that it wins over a concurrent removal, and
    /// not over a concurrent move. O(n), and what the change costs.
    ///
    /// # Errors
    /// [`ListError`]; the list is unchanged.
    pub fn update<E>(&mut self, actor: A, index: usize, change: impl FnOnce(View<'_, A, V>) -> Result<V, E>) -> Result<Self, ListError<E>> {
        let delta = self.view().update(actor, index, change)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Moves the element at `from` so that it is then at `to`, and returns the delta. O(n).
    ///
    /// # Errors
    /// [`ListError`] if there are no such places or `actor` has no dot left; the list is unchanged.
    pub fn move_to(&mut self, actor: A, from: usize, to: usize) -> Result<Self, ListError<Infallible>> {
        let delta = self.view().move_to(actor, from, to)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Removes the element at `index` as it is seen here, and returns the delta: the dots of its value and of its places. O(n).
    ///
    /// # Errors
    /// [`OutOfRange`] if there is none; the list is unchanged.
    pub fn remove(&mut self, index: usize) -> Result<Self, OutOfRange> {
        let delta = self.view().remove(index)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Removes all elements as they are seen here, and returns the delta.
    pub fn clear(&mut self) -> Self {
        let delta = self.view().clear();
        self.join(&delta);
        delta
    }

    /// As [`Join::join`], but tells of two different events under one dot. O(n + m).
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the list is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        self.0.join_checked(&other.0)
    }
}

impl<'v, A: Ord + Clone, V: Nested<A>> View<'v, A, MoveableList<A, V>> {
    /// The delta of [`MoveableList::insert`].
    ///
    /// # Errors
    /// [`ListError`] if there is no such place, a dot is lacking, or the change is refused.
    pub fn insert<E>(
        &self,
        actor: A,
        index: usize,
        change: impl FnOnce(View<'_, A, V>) -> Result<V, E>,
    ) -> Result<MoveableList<A, V>, ListError<E>> {
        OutOfRange::check(&(index..index), self.store().len())?;
        let value = change(View::new(&V::Store::default(), self.context())).map_err(ListError::Value)?.into_causal();
        let delta = inserted(self.store(), self.context(), actor, index, value).map_err(|Overflow| ListError::Overflow)?;
        Ok(MoveableList(delta))
    }

    /// The delta of [`MoveableList::update`].
    ///
    /// # Errors
    /// [`ListError`] if there is no such element, a dot is lacking, or the change is refused.
    pub fn update<E>(
        &self,
        actor: A,
        index: usize,
        change: impl FnOnce(View<'_, A, V>) -> Result<V, E>,
    ) -> Result<MoveableList<A, V>, ListError<E>> {
        OutOfRange::check(&(index..index.saturating_add(1)), self.store().len())?;
        let (name, store) = self.store().entry(index).expect("the index was checked");
        let value = change(View::new(store, self.context())).map_err(ListError::Value)?.into_causal();
        let delta = updated(self.store(), self.context(), actor, name, value).map_err(|Overflow| ListError::Overflow)?;
        Ok(MoveableList(delta))
    }

    /// The delta of [`MoveableList::move_to`].
    ///
    /// # Errors
    /// [`ListError`] if there are no such places, or a dot is lacking.
    pub fn move_to(&self, actor: A, from: usize, to: usize) -> Result<MoveableList<A, V>, ListError<Infallible>> {
        for index in [from, to] {
            OutOfRange::check(&(index..index.saturating_add(1)), self.store().len())?;
        }
        Ok(MoveableList(moved(self.store(), self.context(), actor, from, to).map_err(|Overflow| ListError::Overflow)?))
    }

    /// The delta of [`MoveableList::remove`].
    ///
    /// # Errors
    /// [`OutOfRange`] if there is no such element.
    pub fn remove(&self, index: usize) -> Result<MoveableList<A, V>, OutOfRange> {
        OutOfRange::check(&(index..index.saturating_add(1)), self.store().len())?;
        Ok(MoveableList(removed(self.store(), index)))
    }

    /// The value of the element at `index`. O(log n).
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<View<'v, A, V>> {
        self.store().entry(index).map(|(_, store)| View::new(store, self.context()))
    }

    /// The elements' values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = View<'v, A, V>> + ExactSizeIterator {
        let context = self.context();
        self.store().iter().map(move |(_, store)| View::new(store, context))
    }
}

/// The delta that inserts an element with this value, which is a delta itself; the element's dot comes after the value's.
fn inserted<A: Ord + Clone, S: DotStore<A>>(
    list: &DotList<A, S>,
    context: &CausalContext<A>,
    actor: A,
    index: usize,
    value: Causal<A, S>,
) -> Result<Causal<A, DotList<A, S>>, Overflow> {
    let name = next_after(context, value.context(), actor)?;
    let place = Place { moves: 0, position: list.place_for(index, &name) };
    Ok(placed(name.clone(), name, place, [], value))
}

/// The delta that changes the value of an element, and says again where it is.
fn updated<A: Ord + Clone, S: DotStore<A>>(
    list: &DotList<A, S>,
    context: &CausalContext<A>,
    actor: A,
    name: &Dot<A>,
    value: Causal<A, S>,
) -> Result<Causal<A, DotList<A, S>>, Overflow> {
    let element = list.element(name).expect("the element is there");
    let place = element.place().expect("an element that is there has a place").clone();
    let ended = element.places.iter().map(|(dot, _)| dot.clone());
    Ok(placed(name.clone(), next_after(context, value.context(), actor)?, place, ended, value))
}

/// The delta that moves an element.
fn moved<A: Ord + Clone, S: DotStore<A>>(
    list: &DotList<A, S>,
    context: &CausalContext<A>,
    actor: A,
    from: usize,
    to: usize,
) -> Result<Causal<A, DotList<A, S>>, Overflow> {
    let (name, _) = list.entry(from).expect("the index was checked");
    let element = list.element(name).expect("it has an entry");
    let dot = context.next(actor)?;
    let position = list.place_to(from, to, &dot);
    let moves = element.place().map_or(0, |place| place.moves).checked_add(1).ok_or(Overflow)?;
    let ended = element.places.iter().map(|(dot, _)| dot.clone());
    Ok(placed(name.clone(), dot, Place { moves, position }, ended, Causal::new()))
}

/// The delta that removes an element: it ends all of its dots.
fn removed<A: Ord + Clone, S: DotStore<A>>(list: &DotList<A, S>, index: usize) -> Causal<A, DotList<A, S>> {
    let (name, _) = list.entry(index).expect("the index was checked");
    let mut ended = alloc::vec::Vec::new();
    list.element(name).expect("it has an entry").each_dot(&mut |dot| ended.push(dot.clone()));
    Causal::delta(DotList::new(), ended)
}

/// The delta of one element's value and place.
fn placed<A: Ord + Clone, S: DotStore<A>>(
    name: Dot<A>,
    dot: Dot<A>,
    place: Place<A>,
    ended: impl IntoIterator<Item = Dot<A>>,
    value: Causal<A, S>,
) -> Causal<A, DotList<A, S>> {
    let ended = Causal::delta(DotFun::of(dot, place), ended);
    let (places, mut context) = ended.into_parts();
    let (value, of_value) = value.into_parts();
    context.join(&of_value);
    Causal::from_parts(DotList::of(name, Element { places, value }), context)
}

/// The next dot of `actor` after two contexts.
fn next_after<A: Ord>(one: &CausalContext<A>, other: &CausalContext<A>, actor: A) -> Result<Dot<A>, Overflow> {
    let counter = one.latest(&actor).max(other.latest(&actor)).checked_add(1).ok_or(Overflow)?;
    Ok(Dot { actor, counter })
}

impl<A: Ord + Clone, V: Nested<A>> Nested<A> for MoveableList<A, V> {
    type Store = DotList<A, V::Store>;

    fn from_causal(causal: Causal<A, Self::Store>) -> Self {
        Self(causal)
    }

    fn causal(&self) -> &Causal<A, Self::Store> {
        &self.0
    }

    fn into_causal(self) -> Causal<A, Self::Store> {
        self.0
    }
}

impl<A: Ord + Clone, V: Nested<A>> Default for MoveableList<A, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, V: Nested<A>> Join for MoveableList<A, V> {
    /// An event stays if it is alive on both sides, or on one and not known to the other. O(k log n + n) for k elements that the other side has or has seen the end of.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}

impl<A: Ord + Clone, V: Nested<A, Store: Divide<A>> + Clone> Decompose for MoveableList<A, V> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.0.irreducibles().map(Self)
    }

    fn difference(&self, known: &Self) -> Self {
        Self(self.0.difference(&known.0))
    }
}
