/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[must_use]
pub enum Ending {
    /// Nothing is in flight, nobody has a deadline, every request was taken: nothing will happen any more. Liveness can be judged.
    Quiescent,
    /// Nothing will happen any more, and yet a live process has a request that was refused last, or messages that its application does not take: a
    /// deadlock.
    Stuck,
    /// The time is up and something is still due.
    OutOfTime,
}
