use core::time::Duration;

use tidings_clocks::Time;

use crate::chooser::draw;
use crate::{Chooser, Site};

/// What is known about how long packets take: the three timing models of distributed computing.
///
/// It bounds the delays of packets that are not lost, whatever the other faults say. It says nothing about losses, nor about processes that stand
/// still by [`Faults::pauses`](crate::Faults::pauses).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Timing {
    /// No process can rely on any bound (Cachin, Guerraoui, Rodrigues 2011, 2.5.1): delays are what the faults say.
    #[default]
    Asynchronous,
    /// There is a bound that is unknown, and it holds after a time that is unknown (Dwork, Lynch, Stockmeyer, *Consensus in the presence of partial
    /// synchrony*, 1988). Both are chosen at the start of a run. What is under way at that time arrives within the bound after it.
    PartiallySynchronous {
        /// The bound holds at the latest this long after the start.
        stabilises_within: Duration,
        /// The bound is at most this.
        bound: Duration,
    },
    /// Every packet takes at most this (the same, 2.5.2).
    Synchronous {
        /// The known bound.
        bound: Duration,
    },
}

/// From when on packets take at most how long in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stabilisation {
    pub(crate) from: Time,
    pub(crate) bound: Duration,
}

impl Timing {
    /// Chooses what is unknown. The calm choice is a bound that holds from the start.
    pub(crate) fn choose(self, chooser: &mut impl Chooser, shortest: Duration) -> Option<Stabilisation> {
        match self {
            Self::Asynchronous => None,
            Self::Synchronous { bound } => Some(Stabilisation { from: Time::ZERO, bound }),
            Self::PartiallySynchronous { stabilises_within, bound } => {
                let from = Time::ZERO + draw(chooser, Site::Timing, stabilises_within);
                let least = shortest.min(bound);
                Some(Stabilisation { from, bound: least + draw(chooser, Site::Timing, bound - least) })
            }
        }
    }
}

impl Stabilisation {
    /// When a packet arrives at the latest that is sent now.
    pub(crate) fn latest(self, now: Time) -> Time {
        now.max(self.from) + self.bound
    }
}
