use alloc::collections::{BTreeMap, BTreeSet};

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Replica};

/// A map in which under each key the last write wins: last by the stamp that it brings with it, and between equal ones by the greater rank.
///
/// As [`LwwMap`](crate::LwwMap), but a removal is remembered only until it is stable and no write concurrent to it is in the log: what comes later has seen it. For
/// that, stamps must grow along happened-before over the whole map; an operation whose stamp does not is refused, by all replicas alike. After stability this takes the keys that
/// are there, where the state form keeps every key ever written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "K: serde::Serialize, S: serde::Serialize, T: serde::Serialize",
        deserialize = "K: Ord + serde::Deserialize<'de>, S: serde::Deserialize<'de>, T: serde::Deserialize<'de>"
    ))
)]
pub struct LwwMap<K, S, T> {
    #[cfg_attr(feature = "serde", serde(with = "crate::serial"))]
    writes: BTreeMap<K, (S, Rank, Option<T>)>,
    /// The keys whose write is a removal.
    removed: BTreeSet<K>,
    /// The greatest stamp of a stable operation.
    floor: Option<S>,
}

/// An operation on an [`LwwMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WriteOperation<K, S, T> {
    /// Where.
    pub key: K,
    /// When, by whatever clock: greater than the stamps of all operations that its maker had seen.
    pub stamp: S,
    /// What is put there; `None` removes the key.
    pub value: Option<T>,
}

/// A write's stamp is not greater than all that its maker had seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write's stamp is not later than that of an operation which its maker had seen")]
pub struct NotLater;

impl<K, S, T> Default for LwwMap<K, S, T> {
    fn default() -> Self {
        Self { writes: BTreeMap::new(), removed: BTreeSet::new(), floor: None }
    }
}

impl<K: Ord + Clone + 'static, S: Ord + Clone + 'static, T: Ord + Clone + 'static> Replica<LwwMap<K, S, T>> {
    /// The greatest stamp delivered here: the next one must be greater. O(u).
    #[must_use]
    pub fn last_stamp(&self) -> Option<&S> {
        self.log.iter().map(|entry| &entry.stamped.operation.stamp).chain(&self.state.floor).max()
    }
}

impl<K: Ord + Clone + 'static, S: Ord + Clone + 'static, T: Ord + Clone + 'static> Pure for LwwMap<K, S, T> {
    type Operation = WriteOperation<K, S, T>;
    type Value = BTreeMap<K, T>;
    type Refused = NotLater;

    fn check<'l>(
        &self,
        _members: usize,
        mut log: impl Log<'l, WriteOperation<K, S, T>>,
        new: Logged<'_, WriteOperation<K, S, T>>,
    ) -> Result<(), NotLater> {
        let stamp = &new.operation.stamp;
        let early = self.floor.as_ref().is_some_and(|floor| stamp <= floor);
        if early || log.any(|old| *stamp <= old.operation.stamp && old.is_seen_by(&new)) { Err(NotLater) } else { Ok(()) }
    }

    fn settle(&mut self, maker: Rank, WriteOperation { key, stamp, value }: WriteOperation<K, S, T>) {
        if self.floor.as_ref() < Some(&stamp) {
            self.floor = Some(stamp.clone());
        }
        let write = (stamp, maker, value);
        if self.writes.get(&key).is_some_and(|last| *last >= write) {
            return;
        }
        if write.2.is_none() {
            self.removed.insert(key.clone());
        } else {
            self.removed.remove(&key);
        }
        self.writes.insert(key, write);
    }

    /// Forgets a removal once no write of its key is in the log.
    fn prune<'l>(&mut self, log: impl Log<'l, WriteOperation<K, S, T>>) -> bool {
        let open: BTreeSet<&K> = log.map(|write| &write.operation.key).collect();
        let writes = &mut self.writes;
        self.removed.retain(|key| {
            let stays = open.contains(key);
            if !stays {
                writes.remove(key);
            }
            stays
        });
        !self.removed.is_empty()
    }

    fn value<'l>(&self, log: impl Log<'l, WriteOperation<K, S, T>>) -> BTreeMap<K, T> {
        let mut last: BTreeMap<&K, (&S, Rank, Option<&T>)> =
            self.writes.iter().map(|(key, (stamp, maker, value))| (key, (stamp, *maker, value.as_ref()))).collect();
        for write in log {
            let WriteOperation { key, stamp, value } = write.operation;
            let write = (stamp, write.stamp.rank(), value.as_ref());
            let known = last.entry(key).or_insert(write);
            *known = write.max(*known);
        }
        last.into_iter().filter_map(|(key, (.., value))| Some((key.clone(), value?.clone()))).collect()
    }

    fn shows(value: &BTreeMap<K, T>) -> bool {
        !value.is_empty()
    }
}
