use crate::index::Index;
use crate::properties::{fifo_delivery, total_order};
use crate::{Property, Violation};

/// Total order and FIFO order at once. O(steps × lives).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    total_order::judge(index, Property::FifoTotal)?;
    fifo_delivery::judge(index, Property::FifoTotal)
}
