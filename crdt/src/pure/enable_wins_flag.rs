use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Resettable};

/// A flag that is off at first, and on where an enable and a disable are concurrent. The operation is whether to put it on.
///
/// As [`EnableWinsFlag`](crate::EnableWinsFlag); Baquero, Almeida, Shoker (2017), section 5. One bit once all is stable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct EnableWinsFlag {
    on: bool,
}

impl Pure for EnableWinsFlag {
    type Operation = bool;
    type Value = bool;
    type Refused = Infallible;

    /// A disable.
    fn is_redundant(operation: &bool) -> bool {
        !operation
    }

    /// All that it has seen.
    fn obsoletes(new: Logged<'_, bool>, old: Logged<'_, bool>) -> bool {
        old.is_seen_by(&new)
    }

    fn supersede(&mut self, _new: &bool) {
        self.on = false;
    }

    fn settle(&mut self, _maker: Rank, on: bool) {
        self.on |= on;
    }

    fn value<'l>(&self, mut log: impl Log<'l, bool>) -> bool {
        self.on || log.any(|logged| *logged.operation)
    }

    fn shows(value: &bool) -> bool {
        *value
    }
}

impl Resettable for EnableWinsFlag {}
