use core::convert::Infallible;

use tidings_clocks::Rank;

use super::{Log, Logged, Pure, Resettable};

/// A register in which the last write wins: last by the stamp that it brings with it, and between equal ones by the greater rank. The operation is that stamp
/// and the value.
///
/// As [`LwwRegister`](crate::LwwRegister), and what is said there of stamps from wild clocks holds here. Its value is the last write: its stamp, its maker, and what was written. By itself
/// it needs no log: the later of two writes is the same in either order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct LwwRegister<S, T> {
    last: Option<(S, Rank, T)>,
}

impl<S, T> Default for LwwRegister<S, T> {
    fn default() -> Self {
        Self { last: None }
    }
}

impl<S: Ord + Clone + 'static, T: Ord + Clone + 'static> Pure for LwwRegister<S, T> {
    type Operation = (S, T);
    type Value = Option<(S, Rank, T)>;
    type Refused = Infallible;

    const COMMUTES: bool = true;

    /// Under a key of a map: the earlier writes with a lower stamp. Those not seen may win again, once a removal of the key has ended this one.
    fn obsoletes(new: Logged<'_, (S, T)>, old: Logged<'_, (S, T)>) -> bool {
        (&old.operation.0, old.stamp.rank()) < (&new.operation.0, new.stamp.rank()) && old.is_seen_by(&new)
    }

    fn settle(&mut self, maker: Rank, (stamp, value): (S, T)) {
        let write = Some((stamp, maker, value));
        if write > self.last {
            self.last = write;
        }
    }

    fn value<'l>(&self, log: impl Log<'l, (S, T)>) -> Self::Value {
        let greatest = log.map(|write| (&write.operation.0, write.stamp.rank(), &write.operation.1)).max();
        let stable = self.last.as_ref().map(|(stamp, maker, value)| (stamp, *maker, value));
        greatest.max(stable).map(|(stamp, maker, value)| (stamp.clone(), maker, value.clone()))
    }

    fn shows(value: &Self::Value) -> bool {
        value.is_some()
    }
}

impl<S: Ord + Clone + 'static, T: Ord + Clone + 'static> Resettable for LwwRegister<S, T> {}
