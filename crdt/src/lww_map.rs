use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::{Join, LwwRegister, NotLater};

/// A map in which under each key the last write wins: last by its stamp, and between equal stamps by the greater actor.
///
/// A [`LwwRegister`] for each key that was ever written (Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative
/// Replicated Data Types*, 2011, specification 8); a removal is a write of nothing, and its stamp must be remembered. So it takes O(keys ever written); what is said there of
/// stamps from wild clocks holds here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "Writes<A, K, S, T>",
        bound(
            serialize = "A: serde::Serialize, K: serde::Serialize, S: serde::Serialize, T: serde::Serialize",
            deserialize = "A: serde::Deserialize<'de>, K: Ord + serde::Deserialize<'de>, S: serde::Deserialize<'de>, T: serde::Deserialize<'de>"
        )
    )
)]
pub struct LwwMap<A, K, S, T> {
    /// All are written.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serial::serialize"))]
    writes: BTreeMap<K, LwwRegister<A, S, Option<T>>>,
}

impl<A, K, S, T> LwwMap<A, K, S, T> {
    /// The empty map. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { writes: BTreeMap::new() }
    }

    /// The keys and their values, in the order of the keys. O(keys ever written).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &T)> {
        self.writes.iter().filter_map(|(key, write)| Some((key, write.value()?.as_ref()?)))
    }

    /// The last write of every key that was ever written, removals too, in the order of the keys.
    pub fn writes(&self) -> impl DoubleEndedIterator<Item = (&K, &LwwRegister<A, S, Option<T>>)> + ExactSizeIterator {
        self.writes.iter()
    }
}

impl<A, K: Ord, S, T> LwwMap<A, K, S, T> {
    /// The value of `key`, if it is there. O(log n).
    #[must_use]
    pub fn value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.write_of(key)?.value()?.as_ref()
    }

    /// The last write of `key`, which is a removal if its value is `None`. O(log n).
    #[must_use]
    pub fn write_of<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&LwwRegister<A, S, Option<T>>>
    where
        K: Borrow<Q>,
    {
        self.writes.get(key)
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: Ord + Clone, T: Ord + Clone> LwwMap<A, K, S, T> {
    /// Puts a value under the key and returns the delta. O(log n).
    ///
    /// # Errors
    /// [`NotLater`] hands the write back if a later one is there; the map is unchanged.
    pub fn put(&mut self, stamp: S, actor: A, key: K, value: T) -> Result<Self, NotLater<A, S, Option<T>>> {
        self.write(stamp, actor, key, Some(value))
    }

    /// Removes the key, whether it is there or not, and returns the delta. O(log n).
    ///
    /// # Errors
    /// [`NotLater`] hands the write back if a later one is there; the map is unchanged.
    pub fn remove(&mut self, stamp: S, actor: A, key: K) -> Result<Self, NotLater<A, S, Option<T>>> {
        self.write(stamp, actor, key, None)
    }

    fn write(&mut self, stamp: S, actor: A, key: K, value: Option<T>) -> Result<Self, NotLater<A, S, Option<T>>> {
        let delta = match self.writes.get_mut(&key) {
            Some(register) => register.write(stamp, actor, value)?,
            None => {
                let mut register = LwwRegister::new();
                register.write(stamp, actor, value)?;
                self.writes.insert(key.clone(), register.clone());
                register
            }
        };
        Ok(Self { writes: BTreeMap::from([(key, delta)]) })
    }

    fn join_key(&mut self, key: &K, theirs: &LwwRegister<A, S, Option<T>>) -> bool {
        if let Some(mine) = self.writes.get_mut(key) {
            return mine.join(theirs);
        }
        self.writes.insert(key.clone(), theirs.clone());
        true
    }
}

impl<A, K, S, T> Default for LwwMap<A, K, S, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, K: Ord + Clone, S: Ord + Clone, T: Ord + Clone> Join for LwwMap<A, K, S, T> {
    /// Each key by itself. O(n + m) where the two are of a size, O(m log n) where the other one is far smaller, as a delta is.
    fn join(&mut self, other: &Self) -> bool {
        if other.writes.len() < self.writes.len() / FAR_SMALLER {
            return other.writes.iter().fold(false, |changed, (key, theirs)| self.join_key(key, theirs) || changed);
        }
        // Side by side: what is on both sides is joined where it stands, and what is new is put in all at once.
        let (mut changed, mut new) = (false, Vec::new());
        let mut here = self.writes.iter_mut();
        let mut next = here.next();
        for (key, theirs) in &other.writes {
            while let Some((mine, _)) = &next
                && *mine < key
            {
                next = here.next();
            }
            match next.take_if(|(mine, _)| *mine == key) {
                Some((_, mine)) => {
                    changed |= mine.join(theirs);
                    next = here.next();
                }
                None => new.push((key.clone(), theirs.clone())),
            }
        }
        if new.is_empty() {
            return changed;
        }
        if new.len() < self.writes.len() / FAR_SMALLER {
            self.writes.extend(new);
        } else {
            self.writes.append(&mut new.into_iter().collect());
        }
        true
    }
}

/// Of a map with so many times fewer keys each is looked up; otherwise the two are walked through.
const FAR_SMALLER: usize = 16;

/// A map as it is written, before it is known to be one.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(
    rename = "LwwMap",
    bound(
        deserialize = "A: serde::Deserialize<'de>, K: Ord + serde::Deserialize<'de>, S: serde::Deserialize<'de>, T: serde::Deserialize<'de>"
    )
)]
struct Writes<A, K, S, T> {
    #[serde(deserialize_with = "crate::serial::deserialize")]
    writes: BTreeMap<K, LwwRegister<A, S, Option<T>>>,
}

#[cfg(feature = "serde")]
impl<A, K, S, T> TryFrom<Writes<A, K, S, T>> for LwwMap<A, K, S, T> {
    type Error = &'static str;

    fn try_from(Writes { writes }: Writes<A, K, S, T>) -> Result<Self, Self::Error> {
        if writes.values().any(|register| register.last().is_none()) {
            Err("a key of a map was never written")
        } else {
            Ok(Self { writes })
        }
    }
}
