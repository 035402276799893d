use tidings_clocks::Rank;

/// What became of an offered message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Offer<T, M> {
    /// It was delivered or is held back, and will not be asked for again.
    Taken,
    /// It was taken before, or stands before something that was: consumed, and nothing happened.
    Stale,
    /// No room to hold it back: it comes back, the order is unchanged; offer it again later. Never said of what is deliverable now.
    Full(T),
    /// No correct peer could have stamped it so: consumed, the order is unchanged.
    Malformed(M),
}

/// An order as a pure hold-back structure: no timers, no sends.
///
/// Any system that disseminates messages in its own way can put an order on top: stamp when sending, offer what arrives, and what is deliverable
/// comes out. [`Ordered`](https://docs.rs/tidings-broadcast) makes a protocol of an order and a broadcast.
pub trait Order {
    /// What is ordered. The order does not look into it.
    type Payload;
    /// What travels beside a payload so that it can be ordered.
    type Stamp: Clone;
    /// Why a stamp cannot be right.
    type Malformed;

    /// The stamp of the next message that this process broadcasts. Changes nothing: peek, ask the layer below, then [`sent`](Order::sent).
    fn stamp(&self) -> Self::Stamp;

    /// The message stamped last was taken by the layer below.
    fn sent(&mut self);

    /// Takes what arrived, and hands everything that became deliverable to `deliver`, in order.
    ///
    /// If there is no room ([`Offer::Full`]), the message comes back with its stamp. A payload that `deliver` gives back stays here until [`release`](Order::release); nothing after it in the order is delivered before it.
    fn offer(
        &mut self,
        from: Rank,
        stamp: Self::Stamp,
        payload: Self::Payload,
        deliver: &mut impl FnMut(Rank, Self::Payload) -> Result<(), Self::Payload>,
    ) -> Offer<(Self::Stamp, Self::Payload), Self::Malformed>;

    /// Offers again to `deliver` what it gave back before.
    fn release(&mut self, deliver: &mut impl FnMut(Rank, Self::Payload) -> Result<(), Self::Payload>);

    /// How many messages are held back now.
    fn held(&self) -> usize;

    /// The most messages that are ever held back.
    fn most_held(&self) -> usize;
}
