//! The chunks against a tree of entries. For tests only.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{CHUNK, ChunkMap};

/// Compares as a stamp, then as what breaks ties.
type Value<K> = (u8, K);
type Twin<K> = BTreeMap<K, Value<K>>;

/// Numbers as they are, which are copied, or in boxes, which are moved: the two are joined in different ways.
trait Key: Ord + Clone + core::fmt::Debug + From<u16> {}

impl<K: Ord + Clone + core::fmt::Debug + From<u16>> Key for K {}

fn audit<K: Key>(map: &ChunkMap<K, Value<K>>, twin: &Twin<K>) {
    assert!(map.iter().eq(twin) && map.iter().rev().eq(twin.iter().rev()));
    assert_eq!((map.iter().len(), map.len()), (twin.len(), twin.len()));
    let chunks: Vec<_> = map.chunks().collect();
    for (at, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.keys.len(), chunk.values.len());
        assert!(chunk.len() <= CHUNK && (at + 1 == chunks.len() || chunk.len() >= CHUNK / 2), "chunk {at} has {}", chunk.len());
        assert!(chunk.keys.capacity() <= 2 * CHUNK && chunk.values.capacity() <= 2 * CHUNK);
    }
    for ((key, chunk), before) in map.rest.iter().zip(&chunks) {
        assert!(chunk.keys.first().is_some_and(|first| key <= first) && before.keys.last().is_some_and(|last| last < key));
    }
}

fn of<K: Key>(entries: &[(u16, u8)]) -> (ChunkMap<K, Value<K>>, Twin<K>) {
    let (mut map, mut twin) = (ChunkMap::new(), Twin::new());
    for &(key, stamp) in entries {
        let value = (stamp, K::from(key / 3));
        let old = map.put(K::from(key), value.clone(), core::mem::replace);
        assert_eq!(old, twin.insert(K::from(key), value));
    }
    (map, twin)
}

/// Runs of keys, up or down, thick or thin.
fn entries() -> impl Strategy<Value = Vec<(u16, u8)>> {
    prop::collection::vec((any::<bool>(), 0_u16..1_500, 1_u16..5, 0_u16..400, 0_u8..4), 0..6).prop_map(|runs| {
        let run = |(up, first, step, count, stamp)| (0..count).map(move |at| (first + step * if up { at } else { count - at }, stamp));
        runs.into_iter().flat_map(run).collect()
    })
}

fn joins<K: Key>(one: &[(u16, u8)], other: &[(u16, u8)]) {
    let ((mut map, mut twin), (more, others)) = (of::<K>(one), of::<K>(other));
    audit(&map, &twin);
    audit(&more, &others);
    let changes = others.iter().any(|(key, value)| twin.get(key).is_none_or(|mine| mine < value));
    assert_eq!(map == more, twin == others);
    for (key, value) in &others {
        let mine = twin.entry(key.clone()).or_insert_with(|| value.clone());
        *mine = mine.clone().max(value.clone());
    }
    assert_eq!(map.join(&more, |(stamp, _)| stamp), changes);
    audit(&map, &twin);
    assert!(!map.join(&more, |(stamp, _)| stamp) && !map.clone().join(&map, |(stamp, _)| stamp));
    for key in (0..2_000).map(K::from) {
        assert_eq!(map.value(&key), twin.get(&key));
    }
    // However they came about, they are equal.
    let again = ChunkMap::from_sorted(twin.clone().into_iter().collect());
    audit(&again, &twin);
    assert_eq!(map, again);
    let mut all = more;
    all.join(&map, |(stamp, _)| stamp);
    assert_eq!(all, again);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn join_is_that_of_the_naive_twin(one in entries(), other in entries()) {
        joins::<u16>(&one, &other);
    }

    #[test]
    fn join_of_what_is_moved_is_that_of_the_naive_twin(one in entries(), other in entries()) {
        joins::<Box<u16>>(&one, &other);
    }
}

/// Small maps come into a great one, each far smaller, and a great one comes in between the keys of few.
#[test]
fn sizes_that_differ() {
    let even: Vec<(u16, u8)> = (0..10_000).map(|key| (2 * key, 1)).collect();
    for count in [1, 10, 150, 2_000] {
        let some: Vec<(u16, u8)> = (0..count).map(|key| (20_000 / count * key + key % 2, 2)).collect();
        joins::<u16>(&even, &some);
        joins::<u16>(&some, &even);
        joins::<Box<u16>>(&some, &even);
    }
}

/// Whatever order the keys come in, also one that was chosen for it, no more than half of the room in the chunks is empty.
#[test]
fn a_chosen_order_leaves_no_chunks_empty() {
    let falling: Vec<(u16, u8)> = (0..5_000).rev().map(|key| (key, 0)).collect();
    // Each time just before the chunk that came last, which a full one is before.
    let before_the_last: Vec<(u16, u8)> = (0..1_000).chain((2_000..6_000).rev()).map(|key| (key, 0)).collect();
    let outside_in: Vec<(u16, u8)> = (0..2_500).flat_map(|key| [(key, 0), (5_000 - key, 0)]).collect();
    for order in [falling, before_the_last, outside_in] {
        let (map, twin) = of::<u16>(&order);
        audit(&map, &twin);
    }
}
