use tidings_clocks::Rank;
use tidings_protocol::{Payload, Protocol, To};

/// A request to a link: send this.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outgoing<T> {
    /// Where it goes: one other process, or all others.
    pub to: To,
    /// What goes.
    pub payload: T,
}

/// A link's indication: this was received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Incoming<T> {
    /// Who sent it, as the transport knows.
    pub from: Rank,
    /// What came.
    pub payload: T,
}

/// A point-to-point link to every other member of the view.
pub trait Link: Protocol<Request = Outgoing<Self::Payload>, Indication = Incoming<Self::Payload>> {
    /// What the link carries.
    type Payload: Payload;

    /// Whether a request of this size to `to` would be taken now, by every destination (rule 3: ask before the first effect). O(1) for one, O(n) for others.
    fn admits(&self, to: To, bytes: usize) -> bool;

    /// The rank of this process.
    fn me(&self) -> Rank;

    /// How many processes the view has.
    fn processes(&self) -> usize;

    /// The most bytes that this link ever holds.
    fn max_bytes(&self) -> usize;
}
