use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Replica, Resettable};

/// A map of values that are themselves in operation form, in which an update wins over a concurrent removal of its key.
///
/// As [`AddWinsMap`](crate::AddWinsMap): a removal ends exactly the operations under its key that its maker had seen. A key is there while its value
/// [shows](Pure::shows) something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "K: serde::Serialize, V: serde::Serialize",
        deserialize = "K: Ord + serde::Deserialize<'de>, V: serde::Deserialize<'de>"
    ))
)]
pub struct AddWinsMap<K, V> {
    /// None of them is at its bottom.
    #[cfg_attr(feature = "serde", serde(with = "crate::serial"))]
    values: BTreeMap<K, V>,
    /// The keys whose values may keep something for the sake of the log.
    open: BTreeSet<K>,
}

/// An operation on an [`AddWinsMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MapOperation<K, O> {
    /// Does the operation on the value of the key.
    Update(K, O),
    /// Removes the key: ends what its maker had seen under it.
    Remove(K),
    /// Removes all keys likewise.
    Clear,
}

impl<K, V> Default for AddWinsMap<K, V> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), open: BTreeSet::new() }
    }
}

impl<K: Ord + Clone + 'static, V: Resettable> Replica<AddWinsMap<K, V>> {
    /// The value of `key`, if it is there. O(log n + u), and what the value costs.
    #[must_use]
    pub fn entry(&self, key: &K) -> Option<V::Value> {
        let log = self.alive().filter_map(|logged| under(key, logged));
        let value = match self.state().values.get(key) {
            Some(stable) => stable.value(log),
            None => V::default().value(log),
        };
        V::shows(&value).then_some(value)
    }
}

/// The operation as one on the value of `key`, if it is one.
fn under<'l, K: Ord, O>(key: &K, logged: Logged<'l, MapOperation<K, O>>) -> Option<Logged<'l, O>> {
    split(logged).filter(|(at, _)| *at == key).map(|(_, inner)| inner)
}

fn split<'l, K, O>(logged: Logged<'l, MapOperation<K, O>>) -> Option<(&'l K, Logged<'l, O>)> {
    match logged.operation {
        MapOperation::Update(key, operation) => Some((key, Logged { stamp: logged.stamp, operation, alive: logged.alive })),
        MapOperation::Remove(_) | MapOperation::Clear => None,
    }
}

/// The operations under each key.
fn by_key<'l, K: Ord + 'l, O: 'l>(log: impl Log<'l, MapOperation<K, O>>) -> BTreeMap<&'l K, Vec<Logged<'l, O>>> {
    let mut keys: BTreeMap<&K, Vec<Logged<'l, O>>> = BTreeMap::new();
    for (key, inner) in log.filter_map(split) {
        keys.entry(key).or_default().push(inner);
    }
    keys
}

impl<K: Ord + Clone + 'static, V: Resettable> Pure for AddWinsMap<K, V> {
    type Operation = MapOperation<K, V::Operation>;
    type Value = BTreeMap<K, V::Value>;
    type Refused = Infallible;

    /// A removal, or what is redundant to the value.
    fn is_redundant(operation: &Self::Operation) -> bool {
        match operation {
            MapOperation::Update(_, inner) => V::is_redundant(inner),
            MapOperation::Remove(_) | MapOperation::Clear => true,
        }
    }

    fn obsoletes(new: Logged<'_, Self::Operation>, old: Logged<'_, Self::Operation>) -> bool {
        match (new.operation, old.operation) {
            (MapOperation::Update(key, _), MapOperation::Update(at, _)) if key == at => {
                split(new).zip(split(old)).is_some_and(|((_, new), (_, old))| V::obsoletes(new, old))
            }
            (MapOperation::Remove(key), MapOperation::Update(at, _)) => key == at && old.is_seen_by(&new),
            (MapOperation::Clear, _) => old.is_seen_by(&new),
            _ => false,
        }
    }

    fn supersede(&mut self, new: &Self::Operation) {
        match new {
            MapOperation::Update(key, inner) => {
                if let Some(value) = self.values.get_mut(key) {
                    value.supersede(inner);
                    if *value == V::default() {
                        self.values.remove(key);
                        self.open.remove(key);
                    }
                }
            }
            MapOperation::Remove(key) => {
                self.values.remove(key);
                self.open.remove(key);
            }
            MapOperation::Clear => *self = Self::default(),
        }
    }

    fn settle(&mut self, maker: Rank, operation: Self::Operation) {
        if let MapOperation::Update(key, inner) = operation {
            self.values.entry(key.clone()).or_default().settle(maker, inner);
            self.open.insert(key);
        }
    }

    /// The values of the keys that have changed since, or had something left.
    fn prune<'l>(&mut self, log: impl Log<'l, Self::Operation>) -> bool {
        if self.open.is_empty() {
            return false;
        }
        let (keys, values) = (by_key(log), &mut self.values);
        self.open.retain(|key| {
            let Some(value) = values.get_mut(key) else { return false };
            let left = value.prune(keys.get(key).into_iter().flatten().copied());
            if *value == V::default() {
                values.remove(key);
            }
            left
        });
        !self.open.is_empty()
    }

    fn value<'l>(&self, log: impl Log<'l, Self::Operation>) -> Self::Value {
        let (mut keys, mut shown) = (by_key(log), BTreeMap::new());
        for (key, value) in &self.values {
            shown.insert(key.clone(), value.value(keys.remove(key).into_iter().flatten()));
        }
        for (key, log) in keys {
            shown.insert(key.clone(), V::default().value(log.into_iter()));
        }
        shown.retain(|_, value| V::shows(value));
        shown
    }

    fn shows(value: &Self::Value) -> bool {
        !value.is_empty()
    }
}

impl<K: Ord + Clone + 'static, V: Resettable> Resettable for AddWinsMap<K, V> {}
