//! What is written of the runs: where each begins, and its values.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use tidings_clocks::Dot;

use super::{DotRuns, Run};
use crate::Position;

impl<A: Ord + Clone, T: Clone> DotRuns<A, T> {
    /// The store of these runs. `None` if they are not what a store holds: in order, none empty, no two that are one, no dot twice.
    pub(crate) fn from_runs(runs: Vec<(Position<A>, Vec<T>)>) -> Option<Self> {
        let mut seen = BTreeSet::<(A, u64, u64)>::new();
        for (start, values) in &runs {
            let (Dot { actor, counter }, more) = (start.dot(), values.len().checked_sub(1)?);
            let last = counter.checked_add(more as u64)?;
            // In a run backward each is by itself.
            start.forward(more as u64)?;
            let before = seen.range(..=(actor.clone(), last, u64::MAX)).next_back();
            if before.is_some_and(|(other, _, end)| *other == actor && *end >= counter) {
                return None;
            }
            seen.insert((actor, counter, last));
        }
        let given = runs.len();
        let mut store = Self::new();
        let in_order = runs.is_sorted_by(|(start, _), (next, _)| start < next);
        store.lay(runs.into_iter().map(|(start, values)| Run { start, values }).collect());
        (in_order && store.runs.len() == given).then_some(store)
    }
}

#[cfg(feature = "serde")]
impl<A: Ord + Clone + serde::Serialize, T: serde::Serialize> serde::Serialize for DotRuns<A, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.runs.iter().map(|run| (&run.start, &run.values)))
    }
}

/// Takes only what `Serialize` gives.
#[cfg(feature = "serde")]
impl<'de, A, T> serde::Deserialize<'de> for DotRuns<A, T>
where
    A: Ord + Clone + serde::Deserialize<'de>,
    T: Clone + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_runs(Vec::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("the runs are not those of a sequence"))
    }
}
