use tidings_clocks::Overflow;

use super::Kind;
use crate::OutOfRange;

/// Why a [`Document`](crate::Document) was not changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Nothing is there, and the path goes on below it, or something that is there is asked for.
    #[error("there is nothing at the end of the first {segments} segments of the path")]
    Missing {
        /// How many segments of the path lead there.
        segments: usize,
    },
    /// What is there is of another kind.
    #[error("there is a {found} and no {needed} at the end of the first {segments} segments of the path")]
    WrongKind {
        /// How many segments of the path lead there.
        segments: usize,
        /// What is there.
        found: Kind,
        /// What has to be.
        needed: Kind,
    },
    /// The list or the text has no such place.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// It would be nested too deep.
    #[error("the value would be nested deeper than {limit} levels")]
    TooDeep {
        /// How deep things may be.
        limit: usize,
    },
    /// The actor has no dot left, or a counter is to begin with more than 64 bits hold.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}
