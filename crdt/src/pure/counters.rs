use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Resettable};

/// A counter that only grows: the sum of the amounts. The operation is the amount.
///
/// Amounts commute, so by itself it needs no log to show its value (Baquero, Almeida, Shoker 2014, section 4). One number, whoever counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct GCounter {
    sum: u128,
}

/// A counter that grows and shrinks: the sum of the amounts, negative ones too. The operation is the amount.
///
/// As [`GCounter`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PnCounter {
    sum: i128,
}

impl Pure for GCounter {
    type Operation = u64;
    type Value = u128;
    type Refused = Infallible;

    const COMMUTES: bool = true;

    /// Only a removal of the counter's key makes an amount redundant.
    fn obsoletes(_new: Logged<'_, u64>, _old: Logged<'_, u64>) -> bool {
        false
    }

    /// Never overflows: 2⁶⁴ amounts of 2⁶⁴ fit.
    fn settle(&mut self, _maker: Rank, amount: u64) {
        self.sum += u128::from(amount);
    }

    fn value<'l>(&self, log: impl Log<'l, u64>) -> u128 {
        log.fold(self.sum, |sum, amount| sum + u128::from(*amount.operation))
    }

    /// Whether it is not zero.
    fn shows(value: &u128) -> bool {
        *value != 0
    }
}

impl Pure for PnCounter {
    type Operation = i64;
    type Value = i128;
    type Refused = Infallible;

    const COMMUTES: bool = true;

    /// Only a removal of the counter's key makes an amount redundant.
    fn obsoletes(_new: Logged<'_, i64>, _old: Logged<'_, i64>) -> bool {
        false
    }

    /// Never overflows: 2⁶⁴ amounts of 2⁶³ fit.
    fn settle(&mut self, _maker: Rank, amount: i64) {
        self.sum += i128::from(amount);
    }

    fn value<'l>(&self, log: impl Log<'l, i64>) -> i128 {
        log.fold(self.sum, |sum, amount| sum + i128::from(*amount.operation))
    }

    /// Whether it is not zero.
    fn shows(value: &i128) -> bool {
        *value != 0
    }
}

impl Resettable for GCounter {}
impl Resettable for PnCounter {}
