use crate::{Decompose, Join, LwwMap, LwwRegister, Write};

/// The writes are a chain.
impl<A: Ord + Clone, S: Ord + Clone, T: Ord + Clone> Decompose for LwwRegister<A, S, T> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.last().map(|_| self.clone()).into_iter()
    }

    fn difference(&self, known: &Self) -> Self {
        if self.last() > known.last() { self.clone() } else { Self::new() }
    }
}

/// Each key by itself.
impl<A: Ord + Clone, K: Ord + Clone, S: Ord + Clone, T: Ord + Clone> Decompose for LwwMap<A, K, S, T> {
    fn irreducibles(&self) -> impl Iterator<Item = Self> {
        self.writes().map(|(key, write)| one(key, write))
    }

    /// O(n log m).
    fn difference(&self, known: &Self) -> Self {
        let mut difference = Self::new();
        for (key, write) in self.writes() {
            if Some(write) > known.write_of(key) {
                difference.join(&one(key, write));
            }
        }
        difference
    }
}

/// The map of one key.
fn one<A, K, S, T>(key: &K, write: &Write<A, S, Option<T>>) -> LwwMap<A, K, S, T>
where
    A: Ord + Clone,
    K: Ord + Clone,
    S: Ord + Clone,
    T: Ord + Clone,
{
    let (mut map, write) = (LwwMap::new(), write.clone());
    let written = match write.value {
        Some(value) => map.put(write.stamp, write.actor, key.clone(), value).is_ok(),
        None => map.remove(write.stamp, write.actor, key.clone()).is_ok(),
    };
    debug_assert!(written, "an empty map takes any write");
    map
}
