use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Resettable};

/// A flag that is off at first, and off where an enable and a disable are concurrent. The operation is whether to put it on.
///
/// As [`DisableWinsFlag`](crate::DisableWinsFlag); Baquero, Almeida, Shoker (2017), section 5. One bit once all is stable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DisableWinsFlag {
    on: bool,
    /// A disable is concurrent to all enables that are here or still in the log.
    off: bool,
}

impl Pure for DisableWinsFlag {
    type Operation = bool;
    type Value = bool;
    type Refused = Infallible;

    /// All that it has seen.
    fn obsoletes(new: Logged<'_, bool>, old: Logged<'_, bool>) -> bool {
        old.is_seen_by(&new)
    }

    fn supersede(&mut self, _new: &bool) {
        *self = Self::default();
    }

    fn settle(&mut self, _maker: Rank, on: bool) {
        self.on |= on;
        self.off |= !on;
    }

    /// Forgets a disable once no enable is in the log that it beats.
    fn prune<'l>(&mut self, mut log: impl Log<'l, bool>) -> bool {
        if self.off && !log.any(|logged| *logged.operation) {
            *self = Self::default();
        }
        self.off
    }

    fn value<'l>(&self, mut log: impl Log<'l, bool>) -> bool {
        let enabled = self.on || log.clone().any(|logged| *logged.operation);
        enabled && !self.off && log.all(|logged| *logged.operation)
    }

    fn shows(value: &bool) -> bool {
        *value
    }
}

impl Resettable for DisableWinsFlag {}
