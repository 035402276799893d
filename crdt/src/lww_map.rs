use core::borrow::Borrow;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

use crate::chunk_map::ChunkMap;
use crate::{Join, NotLater, Write};

/// A map in which under each key the last write wins: last by its stamp, and between equal stamps by the greater actor.
///
/// A [`LwwRegister`](crate::LwwRegister) for each key that was ever written (Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and Commutative
/// Replicated Data Types*, 2011, specification 8); a removal is a write of nothing, and its stamp must be remembered. So it takes O(keys ever written); what is said there of
/// stamps from wild clocks holds here. The keys are kept in order, in chunks of at most 128: two maps of a size are
/// joined chunk by chunk, and to put in a key moves the greater ones of its chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "A: serde::Serialize, K: serde::Serialize, S: serde::Serialize, T: serde::Serialize",
        deserialize = "A: serde::Deserialize<'de>, K: Ord + Clone + serde::Deserialize<'de>, S: serde::Deserialize<'de>, T: serde::Deserialize<'de>"
    ))
)]
pub struct LwwMap<A, K, S, T> {
    writes: ChunkMap<K, Write<A, S, Option<T>>>,
}

impl<A, K, S, T> LwwMap<A, K, S, T> {
    /// The empty map. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { writes: ChunkMap::new() }
    }

    /// The keys and their values, in the order of the keys. O(keys ever written).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &T)> {
        self.writes.iter().filter_map(|(key, write)| Some((key, write.value.as_ref()?)))
    }

    /// The last write of every key that was ever written, in the order of the keys. It is a removal if its value is `None`.
    pub fn writes(&self) -> impl DoubleEndedIterator<Item = (&K, &Write<A, S, Option<T>>)> + ExactSizeIterator {
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
        self.write_of(key)?.value.as_ref()
    }

    /// The last write of `key`, which is a removal if its value is `None`. O(log n).
    #[must_use]
    pub fn write_of<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&Write<A, S, Option<T>>>
    where
        K: Borrow<Q>,
    {
        self.writes.value(key)
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
        let write = Write { stamp, actor, value };
        let delta = Self { writes: ChunkMap::of(key.clone(), write.clone()) };
        let later = |last: &mut Write<A, S, Option<T>>, write: Write<A, S, Option<T>>| {
            if last.arbitrate(&write) == Ordering::Less {
                *last = write;
                Ok(())
            } else {
                Err(NotLater { write })
            }
        };
        self.writes.put(key, write, later).unwrap_or(Ok(())).map(|()| delta)
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
        self.writes.join(&other.writes, |write| &write.stamp)
    }
}

/// What replicas reconcile by, so it may not change: as of a map of registers.
impl<A: Hash, K: Hash, S: Hash, T: Hash> Hash for LwwMap<A, K, S, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.writes.len().hash(state);
        self.writes.iter().for_each(|(key, write)| (key, Some(write)).hash(state));
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use super::*;
    use crate::LwwRegister;

    /// Remembers what is hashed.
    #[derive(Default)]
    struct Heard(Vec<u8>);

    impl Hasher for Heard {
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }

        fn finish(&self) -> u64 {
            0
        }
    }

    fn heard(state: &impl Hash) -> Vec<u8> {
        let mut heard = Heard::default();
        state.hash(&mut heard);
        heard.0
    }

    #[test]
    fn a_removal_is_a_write_and_the_later_one_wins() {
        let (mut here, mut there) = (LwwMap::new(), LwwMap::new());
        let put = here.put(1, 'h', "k", 1).unwrap();
        assert!(there.join(&put) && !there.join(&put));
        let removal = there.remove(2, 't', "k").unwrap();
        let again = here.put(3, 'h', "k", 2).unwrap();
        assert!(!here.join(&removal) && there.join(&again));
        assert_eq!((here.value("k"), here == there), (Some(&2), true));
        assert_eq!(here.remove(4, 'h', "l").unwrap().writes().map(|(key, write)| (*key, write.value)).collect::<Vec<_>>(), [("l", None)]);
        assert_eq!((here.iter().count(), here.writes().len(), here.value("l")), (1, 2, None));
    }

    #[test]
    fn a_write_that_would_be_lost_comes_back() {
        let mut map = LwwMap::new();
        map.put(5, 'b', 'k', "kept").unwrap();
        for (stamp, actor) in [(4, 'z'), (5, 'a'), (5, 'b')] {
            let before = map.clone();
            assert_eq!(map.put(stamp, actor, 'k', "lost"), Err(NotLater { write: Write { stamp, actor, value: Some("lost") } }));
            assert_eq!(map, before);
        }
    }

    /// Two writes of a clone with one stamp, among many: all agree on the greater value, and so do the registers.
    #[test]
    fn equals_a_map_of_registers() {
        let written = |actor: char, seed: u64| {
            let (mut map, mut registers) = (LwwMap::new(), BTreeMap::<u64, LwwRegister<char, u64, Option<u64>>>::new());
            for key in (0..1_000).map(|at| at * seed % 1_009) {
                let (stamp, value) = (key % 7 * seed % 5, key % 11 * seed % 3);
                map.put(stamp, actor, key, value).unwrap();
                registers.entry(key).or_default().write(stamp, actor, Some(value)).unwrap();
            }
            (map, registers)
        };
        for (actor, seed) in [('a', 2), ('a', 3), ('b', 5)] {
            let ((mut map, mut registers), (others, theirs)) = (written('a', 1), written(actor, seed));
            let changes =
                theirs.iter().fold(false, |changed, (key, register)| registers.entry(*key).or_default().join(register) || changed);
            assert_eq!(map.join(&others), changes);
            assert!(map.writes().eq(registers.iter().filter_map(|(key, register)| Some((key, register.last()?)))));
            assert_eq!(heard(&map), heard(&registers));
        }
    }
}
