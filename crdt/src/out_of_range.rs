use core::ops::Range;

/// There is no such place in a sequence or list. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("index {index} is not in a sequence of {length} values")]
pub struct OutOfRange {
    /// The index, or the end of the range.
    pub index: usize,
    /// How many values there are.
    pub length: usize,
}

impl OutOfRange {
    /// Whether the range lies within `length` values.
    pub(crate) fn check(range: &Range<usize>, length: usize) -> Result<(), Self> {
        if range.start <= range.end && range.end <= length { Ok(()) } else { Err(Self { index: range.start.max(range.end), length }) }
    }
}
