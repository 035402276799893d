/// A rule that a layer enforces and that can be broken on purpose, by the layer's `without`, to see that a checker notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rule {
    /// Nothing is delivered twice.
    Dedupe,
    /// Messages of one origin are delivered in the order in which it broadcast them.
    Fifo,
    /// Messages are delivered after those that happened before them at other processes.
    Causal,
    /// All processes deliver in one and the same order.
    Total,
}
