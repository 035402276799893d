use core::marker::PhantomData;

use crate::{Protocol, To};

/// Where a protocol puts what it wants done, in the order in which it must be done.
///
/// A driver carries effects out in order, and makes a `persist` durable before it carries out any later one. That is the whole durability contract.
pub trait Effects<P: Protocol>: Sized {
    /// Hands a message to the network.
    fn send(&mut self, to: To, message: P::Message);

    /// Makes a record durable before any later effect.
    fn persist(&mut self, record: P::Record);

    /// Tells the layer above.
    ///
    /// # Errors
    /// The indication comes back if the layer above has no room for it now. Then it was not taken: do not acknowledge it, offer it again later.
    /// The outermost driver always takes (rule 7).
    fn indicate(&mut self, indication: P::Indication) -> Result<(), P::Indication>;

    /// Lends these effects to the layer below: its messages and records pass through, its indications go to `indicate`.
    ///
    /// Costs nothing at run time: there is no buffer between pass-through layers.
    fn lend<L, F>(&mut self, indicate: F) -> Lent<'_, Self, P, L, F>
    where
        L: Protocol<Message = P::Message, Record = P::Record>,
        F: FnMut(L::Indication, &mut Self) -> Result<(), L::Indication>,
    {
        Lent { effects: self, indicate, layers: PhantomData }
    }
}

/// The effects of an upper layer `P`, lent to the layer `L` below it. Made by [`Effects::lend`].
#[derive(Debug)]
pub struct Lent<'e, E, P, L, F> {
    effects: &'e mut E,
    indicate: F,
    layers: PhantomData<fn(P, L)>,
}

impl<E, P, L, F> Effects<L> for Lent<'_, E, P, L, F>
where
    P: Protocol,
    E: Effects<P>,
    L: Protocol<Message = P::Message, Record = P::Record>,
    F: FnMut(L::Indication, &mut E) -> Result<(), L::Indication>,
{
    fn send(&mut self, to: To, message: L::Message) {
        self.effects.send(to, message);
    }

    fn persist(&mut self, record: L::Record) {
        self.effects.persist(record);
    }

    fn indicate(&mut self, indication: L::Indication) -> Result<(), L::Indication> {
        (self.indicate)(indication, self.effects)
    }
}
