//! What the `Serialize` and `Deserialize` of several types share: maps as sequences of pairs, since not every format has maps with any key.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the pairs in the order of the keys.
pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map)
}

/// Takes only what [`serialize`] gives: keys in strict order.
pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Ord + Deserialize<'de>,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let pairs = Vec::<(K, V)>::deserialize(deserializer)?;
    if pairs.is_sorted_by(|(key, _), (next, _)| key < next) {
        Ok(pairs.into_iter().collect())
    } else {
        Err(D::Error::custom("the keys of a map increase"))
    }
}
