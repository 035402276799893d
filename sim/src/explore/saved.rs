use alloc::vec::Vec;

use super::table::Table;
use super::{Counts, Exploration};

/// A search that was interrupted: all that it takes to go on later, in another process.
///
/// It holds the fingerprint of every state found, the path on which the search stood, and what was still to be tried along it: 24 bytes for each state in
/// memory, less when it is written. What was learned about local states is not in it; the protocol is called again for those that are met again.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Saved {
    pub(super) exploration: Exploration,
    pub(super) counts: Counts,
    pub(super) circular: bool,
    /// From the beginning to where the search stood.
    pub(super) path: Vec<Stage>,
    /// How many paths lead from each state to an end.
    pub(super) paths: Table<f64>,
}

/// A state on the path of an interrupted search.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Stage {
    /// What led here from the stage before, by its fingerprint; nothing led to the first one.
    pub(super) choice: Option<u128>,
    pub(super) paths: f64,
    /// What is still to be tried, last first, each by its fingerprint.
    pub(super) next: Vec<u128>,
}

/// Why an interrupted search cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotResumed {
    /// It explored something else: another scope, model, or promise, or with other reductions.
    OtherExploration(Exploration),
    /// The protocol does not do what it did on the path of the search.
    OtherProtocol {
        /// After how many steps.
        steps: usize,
    },
}

impl Saved {
    /// What is explored.
    #[must_use]
    pub const fn exploration(&self) -> &Exploration {
        &self.exploration
    }

    /// How far the search had come.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

impl core::fmt::Display for NotResumed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::OtherExploration(saved) => {
                let Exploration { scope, reductions, .. } = saved;
                write!(f, "it explored something else: {scope}, with {reductions:?}")
            }
            Self::OtherProtocol { steps } => write!(f, "after {steps} steps of its path the protocol does not do what it did"),
        }
    }
}

impl core::error::Error for NotResumed {}
