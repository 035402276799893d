use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Resettable};

/// A counter that can be reset: the sum of the amounts that no reset has seen. The operation is an amount, or `None` for a reset.
///
/// What [`Tally`](crate::Tally) and [`ResettableCounter`](crate::ResettableCounter) mean. Its value is `None` while there is no amount that counts: then there is no key in a map either.
/// In the log an amount is by itself, so that a reset ends it to the unit; the stable ones are one number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Tally {
    /// If there is any amount.
    sum: Option<i128>,
}

impl Pure for Tally {
    type Operation = Option<i64>;
    type Value = Option<i128>;
    type Refused = Infallible;

    /// A reset.
    fn is_redundant(operation: &Option<i64>) -> bool {
        operation.is_none()
    }

    /// A reset ends what it has seen.
    fn obsoletes(new: Logged<'_, Option<i64>>, old: Logged<'_, Option<i64>>) -> bool {
        new.operation.is_none() && old.is_seen_by(&new)
    }

    fn supersede(&mut self, new: &Option<i64>) {
        if new.is_none() {
            self.sum = None;
        }
    }

    fn settle(&mut self, _maker: Rank, operation: Option<i64>) {
        if let Some(amount) = operation {
            self.sum = Some(self.sum.unwrap_or(0) + i128::from(amount));
        }
    }

    fn value<'l>(&self, log: impl Log<'l, Option<i64>>) -> Option<i128> {
        let amounts = log.filter_map(|logged| *logged.operation);
        amounts.fold(self.sum, |sum, amount| Some(sum.unwrap_or(0) + i128::from(amount)))
    }

    fn shows(value: &Option<i128>) -> bool {
        value.is_some()
    }
}

impl Resettable for Tally {}
