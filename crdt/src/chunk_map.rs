#[cfg(test)]
mod audit;
mod chunk;
mod join;

use alloc::collections::BTreeMap;
#[cfg(any(test, feature = "serde"))]
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;
use core::iter::once;
use core::ops::Bound;

use chunk::Chunk;

/// A sorted map in chunks, from which nothing is ever taken out: about as fast to search and to change as a tree, and much faster to walk along, which is how two of them are joined.
///
/// Two maps are equal if their entries are, whatever their chunks.
#[derive(Clone)]
pub(crate) struct ChunkMap<K, V> {
    /// All keys that are less than that of the first further chunk. Empty only if there is no other.
    first: Chunk<K, V>,
    /// None is empty. Each is under a key that is not greater than any of its own, and greater than all before it.
    rest: BTreeMap<K, Chunk<K, V>>,
    len: usize,
}

/// A chunk has at most so many entries, and all but the last one at least half as many. More would make two maps join faster, and fewer a single entry come in faster.
const CHUNK: usize = 128;
/// Chunks that are made all at once have about so many: there is room for some more.
const FILLED: usize = 96;

impl<K, V> ChunkMap<K, V> {
    /// The empty map. Allocates nothing.
    pub(crate) const fn new() -> Self {
        Self { first: Chunk::new(), rest: BTreeMap::new(), len: 0 }
    }

    /// One entry.
    pub(crate) fn of(key: K, value: V) -> Self {
        Self { first: Chunk::of(key, value), rest: BTreeMap::new(), len: 1 }
    }

    /// How many entries there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The entries, in the order of the keys.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator {
        Counted { entries: self.chunks().flat_map(Chunk::iter), left: self.len }
    }

    fn chunks(&self) -> impl DoubleEndedIterator<Item = &Chunk<K, V>> {
        once(&self.first).chain(self.rest.values())
    }
}

impl<K: Ord, V> ChunkMap<K, V> {
    /// The value of a key. O(log n).
    pub(crate) fn value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let among = self.rest.range::<Q, _>((Bound::Unbounded, Bound::Included(key))).next_back();
        let chunk = among.map_or(&self.first, |(_, chunk)| chunk);
        chunk.place(key).ok().map(|at| &chunk.values[at])
    }
}

impl<K: Ord + Clone, V> ChunkMap<K, V> {
    /// Puts a value under a key that is not there. If it is, `change` decides, and nothing else changes. O(log n).
    pub(crate) fn put<R>(&mut self, key: K, value: V, change: impl FnOnce(&mut V, V) -> R) -> Option<R> {
        let chunk = self.chunk_mut(&key);
        let at = match chunk.place(&key) {
            Ok(at) => return Some(change(&mut chunk.values[at], value)),
            Err(at) => at,
        };
        if chunk.len() < CHUNK {
            chunk.insert(at, key, value);
        } else if at == CHUNK && self.rest.last_key_value().is_none_or(|(last, _)| *last <= key) {
            // What comes in order fills its chunks.
            self.rest.insert(key.clone(), Chunk::of(key, value));
        } else {
            let other = self.chunk_mut(&key).split_with(at, key, value);
            self.rest.extend([other.under_its_first()]);
        }
        self.len += 1;
        None
    }

    /// The chunk that a key is in, or would be.
    fn chunk_mut(&mut self, key: &K) -> &mut Chunk<K, V> {
        let among = self.rest.range_mut(..=key).next_back();
        among.map_or(&mut self.first, |(_, chunk)| chunk)
    }

    /// The map of entries that are in the strict order of their keys. O(n).
    #[cfg(any(test, feature = "serde"))]
    pub(crate) fn from_sorted(entries: Vec<(K, V)>) -> Self {
        let (len, mut entries) = (entries.len(), entries.into_iter());
        let mut chunks = core::iter::from_fn(|| {
            let (keys, values) = entries.by_ref().take(FILLED).unzip();
            Some(Chunk { keys, values }).filter(|chunk| chunk.len() > 0)
        });
        let first = chunks.next().unwrap_or(Chunk::new());
        Self { first, rest: chunks.map(Chunk::under_its_first).collect(), len }
    }
}

impl<K, V> Default for ChunkMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for ChunkMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for ChunkMap<K, V> {}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for ChunkMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// An iterator whose length is known.
struct Counted<I> {
    entries: I,
    left: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let next = self.entries.next()?;
        self.left -= 1;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    fn fold<B, F: FnMut(B, I::Item) -> B>(self, start: B, next: F) -> B {
        self.entries.fold(start, next)
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for Counted<I> {
    fn next_back(&mut self) -> Option<I::Item> {
        let next = self.entries.next_back()?;
        self.left -= 1;
        Some(next)
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}

/// A sequence of pairs, in the order of the keys.
#[cfg(feature = "serde")]
impl<K: serde::Serialize, V: serde::Serialize> serde::Serialize for ChunkMap<K, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Takes only what `Serialize` gives: keys in strict order.
#[cfg(feature = "serde")]
impl<'de, K: Ord + Clone + serde::Deserialize<'de>, V: serde::Deserialize<'de>> serde::Deserialize<'de> for ChunkMap<K, V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(K, V)>::deserialize(deserializer)?;
        if entries.is_sorted_by(|(key, _), (next, _)| key < next) {
            Ok(Self::from_sorted(entries))
        } else {
            Err(serde::de::Error::custom("the keys of a map increase"))
        }
    }
}
