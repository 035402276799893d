use alloc::vec;
use alloc::vec::Vec;

/// A map from fingerprints: open addressing with linear probing, three quarters full at most; nothing is ever removed.
///
/// Keys are already as good as random, so a slot is found by a part of the key. 16 bytes and a value, up to 8, for each slot; O(1) for each operation.
#[derive(Clone, Debug)]
pub(super) struct Table<V> {
    slots: Vec<Slot<V>>,
    len: usize,
}

/// A key in halves, so that no room is lost to its alignment, beside its value, so that both come from memory at once.
#[derive(Clone, Copy, Debug)]
struct Slot<V> {
    key: [u64; 2],
    value: V,
}

/// Marks a free slot; a key of this value is taken for its neighbour, which is as likely as any collision.
const FREE: [u64; 2] = [0; 2];

impl<V: Copy + Default> Table<V> {
    pub(super) fn new() -> Self {
        Self { slots: Self::free(64), len: 0 }
    }

    /// How many keys there are.
    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: u128) -> Option<V> {
        let Slot { key, value } = self.slots[self.slot(halves(key))];
        (key != FREE).then_some(value)
    }

    /// Sets the value of a key. Returns what it was.
    pub(super) fn insert(&mut self, key: u128, value: V) -> Option<V> {
        let key = halves(key);
        let slot = self.slot(key);
        let slot = &mut self.slots[slot];
        if slot.key != FREE {
            return Some(core::mem::replace(&mut slot.value, value));
        }
        *slot = Slot { key, value };
        self.len += 1;
        if self.len * 4 > self.slots.len() * 3 {
            self.grow();
        }
        None
    }

    fn free(slots: usize) -> Vec<Slot<V>> {
        vec![Slot { key: FREE, value: V::default() }; slots]
    }

    fn grow(&mut self) {
        let double = Self::free(self.slots.len() * 2);
        for moved in core::mem::replace(&mut self.slots, double).into_iter().filter(|slot| slot.key != FREE) {
            let slot = self.slot(moved.key);
            self.slots[slot] = moved;
        }
    }

    /// Where `key` is, or the free slot where it goes.
    fn slot(&self, key: [u64; 2]) -> usize {
        let mask = self.slots.len() - 1;
        // Both halves count, so that keys which are made of small numbers are spread too.
        let mut slot = ((key[0] ^ key[1]).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16) as usize & mask;
        while self.slots[slot].key != FREE && self.slots[slot].key != key {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// As a list of keys with their values.
#[cfg(feature = "serde")]
impl<V: Copy + serde::Serialize> serde::Serialize for Table<V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;

        let mut list = serializer.serialize_seq(Some(self.len))?;
        for Slot { key, value } in self.slots.iter().filter(|slot| slot.key != FREE) {
            list.serialize_element(&(u128::from(key[1]) << 64 | u128::from(key[0]), value))?;
        }
        list.end()
    }
}

/// Grows as keys come, whatever length the list is said to have.
#[cfg(feature = "serde")]
impl<'de, V: Copy + Default + serde::Deserialize<'de>> serde::Deserialize<'de> for Table<V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys<V>(core::marker::PhantomData<V>);

        impl<'de, V: Copy + Default + serde::Deserialize<'de>> serde::de::Visitor<'de> for Keys<V> {
            type Value = Table<V>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a list of keys with their values")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Table<V>, A::Error> {
                let mut table = Table::new();
                while let Some((key, value)) = list.next_element::<(u128, V)>()? {
                    table.insert(key, value);
                }
                Ok(table)
            }
        }

        deserializer.deserialize_seq(Keys(core::marker::PhantomData))
    }
}

fn halves(key: u128) -> [u64; 2] {
    let key = key.max(1);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let low = key as u64;
    [low, (key >> 64) as u64]
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
