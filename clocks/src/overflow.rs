/// A counter stands at 2⁶⁴ − 1 and cannot be increased.
///
/// The clock that says this is unchanged. No correct run comes here: at one event per nanosecond it takes 584 years; so it is a sign of a
/// peer that made its stamp up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a counter is at its limit of 2^64 - 1")]
pub struct Overflow;
