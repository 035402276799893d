use alloc::vec;
use alloc::vec::Vec;
use core::borrow::Borrow;

use super::CHUNK;

/// Up to [`CHUNK`] entries in the order of their keys, which lie apart from the values: so a search reads few cache lines, and equal keys are seen at once.
pub(super) struct Chunk<K, V> {
    pub(super) keys: Vec<K>,
    /// As many.
    pub(super) values: Vec<V>,
}

impl<K, V> Chunk<K, V> {
    pub(super) const fn new() -> Self {
        Self { keys: Vec::new(), values: Vec::new() }
    }

    pub(super) fn of(key: K, value: V) -> Self {
        Self { keys: vec![key], values: vec![value] }
    }

    pub(super) fn insert(&mut self, at: usize, key: K, value: V) {
        self.keys.insert(at, key);
        self.values.insert(at, value);
    }

    /// Puts in an entry, and gives the second half of all.
    pub(super) fn split_with(&mut self, at: usize, key: K, value: V) -> Self {
        let half = self.len() / 2;
        let mut other = Self { keys: cut(&mut self.keys, half), values: cut(&mut self.values, half) };
        if at <= half {
            self.insert(at, key, value);
        } else {
            other.insert(at - half, key, value);
        }
        other
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.keys.iter().zip(&self.values)
    }
}

impl<K: Clone, V> Chunk<K, V> {
    /// The chunk, which is not empty, and the key that it is kept under.
    pub(super) fn under_its_first(self) -> (K, Self) {
        (self.keys[0].clone(), self)
    }
}

impl<K: Ord, V> Chunk<K, V> {
    /// Where a key stands, or would.
    pub(super) fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.keys.binary_search_by(|other| other.borrow().cmp(key))
    }
}

impl<K: Clone, V: Clone> Clone for Chunk<K, V> {
    /// With room for what may come, as in the original: without it, the first entry to come would move all others.
    fn clone(&self) -> Self {
        Self { keys: copy(&self.keys), values: copy(&self.values) }
    }
}

/// What is from a place on, taken out.
fn cut<T>(column: &mut Vec<T>, at: usize) -> Vec<T> {
    let mut other = Vec::with_capacity(CHUNK);
    other.extend(column.drain(at..));
    other
}

fn copy<T: Clone>(column: &[T]) -> Vec<T> {
    let mut other = Vec::with_capacity(room(column.len()));
    other.extend_from_slice(column);
    other
}

/// How many entries a column of so many has room for.
pub(super) fn room(count: usize) -> usize {
    if count == 0 { 0 } else { count.next_power_of_two() }
}
