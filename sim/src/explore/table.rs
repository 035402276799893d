use alloc::vec;
use alloc::vec::Vec;

/// A map from fingerprints: open addressing with linear probing, three quarters full at most; nothing is ever removed.
///
/// Keys are already as good as random, so a slot is found by a part of the key. 16 bytes and a value for each slot, O(1) for each operation.
#[derive(Clone, Debug)]
pub(super) struct Table<V> {
    keys: Vec<u128>,
    values: Vec<V>,
    len: usize,
}

/// Marks a free slot; a key of this value is taken for its neighbour, which is as likely as any collision.
const FREE: u128 = 0;

impl<V: Copy + Default> Table<V> {
    pub(super) fn new() -> Self {
        Self { keys: vec![FREE; 64], values: vec![V::default(); 64], len: 0 }
    }

    /// How many keys there are.
    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: u128) -> Option<V> {
        let slot = self.slot(key);
        (self.keys[slot] != FREE).then(|| self.values[slot])
    }

    /// Sets the value of a key. Returns what it was.
    pub(super) fn insert(&mut self, key: u128, value: V) -> Option<V> {
        let slot = self.slot(key);
        if self.keys[slot] != FREE {
            return Some(core::mem::replace(&mut self.values[slot], value));
        }
        self.keys[slot] = key.max(1);
        self.values[slot] = value;
        self.len += 1;
        if self.len * 4 > self.keys.len() * 3 {
            self.grow();
        }
        None
    }

    fn grow(&mut self) {
        let double = self.keys.len() * 2;
        let keys = core::mem::replace(&mut self.keys, vec![FREE; double]);
        let values = core::mem::replace(&mut self.values, vec![V::default(); double]);
        for (key, value) in keys.into_iter().zip(values).filter(|(key, _)| *key != FREE) {
            let slot = self.slot(key);
            self.keys[slot] = key;
            self.values[slot] = value;
        }
    }

    /// Where `key` is, or the free slot where it goes.
    fn slot(&self, key: u128) -> usize {
        let key = key.max(1);
        let mask = self.keys.len() - 1;
        // Both halves count, so that keys which are made of small numbers are spread too.
        #[expect(clippy::cast_possible_truncation, reason = "a part of the key is enough to find a slot")]
        let mut slot = ((key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16) as usize & mask;
        while self.keys[slot] != FREE && self.keys[slot] != key {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// The naive twin: a map that compares keys.
    #[test]
    fn agrees_with_an_ordered_map() {
        let (mut table, mut twin) = (Table::new(), BTreeMap::new());
        let mut key = 1_u128;
        for value in 0..20_000_u32 {
            key = key.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).wrapping_add(7);
            // Few of them at first, so that keys come again; and small ones.
            let key = if value % 3 == 0 { key >> 116 } else { key };
            let key = key.max(1);
            assert_eq!(table.get(key), twin.get(&key).copied());
            assert_eq!(table.insert(key, value), twin.insert(key, value));
            assert_eq!(table.len(), twin.len());
        }
        assert!(twin.iter().all(|(key, value)| table.get(*key) == Some(*value)));
    }
}
