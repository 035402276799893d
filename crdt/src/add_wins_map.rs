use core::borrow::Borrow;

use tidings_clocks::CausalContext;

use crate::{Causal, DotMap, Join, Nested, TwoEvents, View};

/// A map whose values are themselves CRDTs, in which an update wins over a concurrent removal of its key.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. All values share the map's one context, and a removal
/// ends exactly the events under its key that its actor had seen: what was done there concurrently stays, and nothing that was removed comes back
/// with it. A key is there while something under it is alive, so a value that is emptied takes its key along. Any [`Nested`] type can be a value, another
/// map too. No tombstones: O(what is alive + actors). An actor id belongs to one incarnation of a process.
///
/// ```
/// use tidings_crdt::{AddWinsMap, Join, Tally};
///
/// let mut here: AddWinsMap<&str, &str, Tally<&str>> = AddWinsMap::new();
/// let mut there = here.clone();
/// let three = here.update("milk", |litres| litres.count("here", 3))?;
/// there.join(&three);
///
/// let off = here.remove("milk");
/// let more = there.update("milk", |litres| litres.count("there", 1))?; // concurrently
/// here.join(&more);
/// there.join(&off);
/// assert_eq!(here.entry("milk").map(|litres| litres.value()), Some(1));
/// assert_eq!(here, there);
/// # Ok::<(), tidings_clocks::Overflow>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: serde::Serialize, K: serde::Serialize, V::Store: serde::Serialize",
        deserialize = "A: serde::Deserialize<'de>, K: Ord + Clone + serde::Deserialize<'de>, V::Store: serde::Deserialize<'de>"
    ))
)]
pub struct AddWinsMap<A: Ord + Clone, K, V: Nested<A>>(Causal<A, DotMap<A, K, V::Store>>);

impl<A: Ord + Clone, K, V: Nested<A>> AddWinsMap<A, K, V> {
    /// The empty map.
    #[must_use]
    pub fn new() -> Self {
        Self(Causal::new())
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.store().len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.store().is_empty()
    }

    /// The keys and their values, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, View<'_, A, V>)> + ExactSizeIterator {
        self.0.store().iter().map(|(key, store)| (key, View::new(store, self.0.context())))
    }

    /// The events that are known, under whatever key.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        self.0.context()
    }
}

impl<A: Ord + Clone, K: Ord + Clone, V: Nested<A>> AddWinsMap<A, K, V> {
    /// Changes the value of `key`, which is at its bottom if it is not there, as `change` says, and returns the delta. O(log n) and what the
    /// change costs.
    ///
    /// # Errors
    /// That of `change`; the map is unchanged.
    pub fn update<E>(&mut self, key: K, change: impl FnOnce(View<'_, A, V>) -> Result<V, E>) -> Result<Self, E> {
        let delta = self.view().update(key, change)?;
        self.join(&delta);
        Ok(delta)
    }

    /// Removes the key as it is seen here and returns the delta: the dots of all that is alive under it. O(log n + d log d) for d of them.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Self
    where
        K: Borrow<Q>,
    {
        let delta = self.view().remove(key);
        self.join(&delta);
        delta
    }

    /// Removes all keys as they are seen here and returns the delta.
    pub fn clear(&mut self) -> Self {
        let delta = self.view().clear();
        self.join(&delta);
        delta
    }

    /// As [`Join::join`], but tells of two different events under one dot. O(n + m).
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the map is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        self.0.join_checked(&other.0)
    }

    /// The value of `key`, if it is there. O(log n).
    #[must_use]
    pub fn entry<Q: Ord + ?Sized>(&self, key: &Q) -> Option<View<'_, A, V>>
    where
        K: Borrow<Q>,
    {
        self.view().entry(key)
    }
}

impl<'v, A: Ord + Clone, K: Ord + Clone, V: Nested<A>> View<'v, A, AddWinsMap<A, K, V>> {
    /// The delta of [`AddWinsMap::update`].
    ///
    /// # Errors
    /// That of `change`.
    pub fn update<E>(&self, key: K, change: impl FnOnce(View<'_, A, V>) -> Result<V, E>) -> Result<AddWinsMap<A, K, V>, E> {
        let nothing = V::Store::default();
        let delta = change(View::new(self.store().entry(&key).unwrap_or(&nothing), self.context()))?;
        Ok(AddWinsMap(delta.into_causal().map(|store| DotMap::of(key, store))))
    }

    /// The delta of [`AddWinsMap::remove`].
    #[must_use]
    pub fn remove<Q: Ord + ?Sized>(&self, key: &Q) -> AddWinsMap<A, K, V>
    where
        K: Borrow<Q>,
    {
        AddWinsMap(self.entry(key).map(|value| value.clear().into_causal().map(|_| DotMap::new())).unwrap_or_default())
    }

    /// The value of `key`, if it is there. O(log n).
    #[must_use]
    pub fn entry<Q: Ord + ?Sized>(&self, key: &Q) -> Option<View<'v, A, V>>
    where
        K: Borrow<Q>,
    {
        self.store().entry(key).map(|store| View::new(store, self.context()))
    }

    /// The keys and their values, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&'v K, View<'v, A, V>)> + ExactSizeIterator {
        let context = self.context();
        self.store().iter().map(move |(key, store)| (key, View::new(store, context)))
    }
}

impl<A: Ord + Clone, K: Ord + Clone, V: Nested<A>> Nested<A> for AddWinsMap<A, K, V> {
    type Store = DotMap<A, K, V::Store>;

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

impl<A: Ord + Clone, K, V: Nested<A>> Default for AddWinsMap<A, K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, K: Ord + Clone, V: Nested<A>> Join for AddWinsMap<A, K, V> {
    /// An event stays if it is alive on both sides, or on one and not known to the other. O(d log n) for d dots that the other side knows and this
    /// one holds or is given.
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{AddWinsSet, MvRegister, Tally};

    /// Two replicas write one key and hear of each other: both must show the two values, and the same ones. Nothing is removed here.
    #[test]
    fn a_map_of_registers_agrees_without_any_removal() {
        let mut here: AddWinsMap<char, &str, MvRegister<char, u8>> = AddWinsMap::new();
        let mut there = here.clone();
        let one = here.update("k", |register| register.write('h', 1)).unwrap();
        let two = there.update("k", |register| register.write('t', 2)).unwrap();
        let three = there.update("l", |register| register.write('t', 3)).unwrap();
        assert!(here.join(&three) && here.join(&two) && there.join(&one));
        assert_eq!(here, there);
        assert_eq!(here.entry("k").unwrap().values().collect::<Vec<_>>(), [&1, &2]);
    }

    /// A removal of the key ends what it has seen. It neither ends what was done concurrently, nor does that bring back what was ended.
    #[test]
    fn a_reset_ends_what_it_has_seen_and_nothing_else() {
        let mut here: AddWinsMap<char, &str, Tally<char>> = AddWinsMap::new();
        let mut there = here.clone();
        for _ in 0..3 {
            let seen = here.update("k", |tally| tally.count('h', 10)).unwrap();
            there.join(&seen);
        }
        let unseen = here.update("k", |tally| tally.count('h', 1)).unwrap();
        let removal = there.remove("k");
        assert!(there.is_empty());
        assert!(here.join(&removal) && there.join(&unseen));
        assert_eq!(here, there);
        assert_eq!(here.entry("k").map(|tally| tally.value()), Some(1));
    }

    /// A key is there while something is under it.
    #[test]
    fn emptying_a_value_removes_its_key() {
        let mut map: AddWinsMap<char, &str, AddWinsSet<char, u8>> = AddWinsMap::new();
        map.update("k", |set| set.add('a', 1)).unwrap();
        map.update("l", |set| set.add('a', 1)).unwrap();
        let delta = map.update("k", |set| Ok::<_, ()>(set.remove(&1))).unwrap();
        assert!(delta.is_empty() && !delta.context().is_empty());
        assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["l"]);
        map.clear();
        assert!(map.is_empty());
    }

    #[test]
    fn a_refused_change_leaves_the_map_unchanged() {
        let mut map: AddWinsMap<char, &str, Tally<char>> = AddWinsMap::new();
        map.update("k", |tally| tally.count('a', 1)).unwrap();
        let before = map.clone();
        assert_eq!(map.update("k", |_| Err("no")), Err("no"));
        assert_eq!(map, before);
    }
}
