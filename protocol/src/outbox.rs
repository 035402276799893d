use alloc::collections::VecDeque;
use core::fmt;

use crate::{Effects, Protocol, To};

/// One thing that a protocol wants done.
pub enum Effect<P: Protocol> {
    /// Hand this message to the network.
    Send {
        /// Where it goes.
        to: To,
        /// What travels.
        message: P::Message,
    },
    /// Make this durable before any later effect is carried out.
    Persist(P::Record),
    /// Tell the layer above.
    Indicate(P::Indication),
}

impl<P: Protocol> fmt::Debug for Effect<P>
where
    P::Message: fmt::Debug,
    P::Record: fmt::Debug,
    P::Indication: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { to, message } => f.debug_struct("Send").field("to", to).field("message", message).finish(),
            Self::Persist(record) => f.debug_tuple("Persist").field(record).finish(),
            Self::Indicate(indication) => f.debug_tuple("Indicate").field(indication).finish(),
        }
    }
}

/// The outermost [`Effects`]: an ordered buffer that a driver drains after each input.
///
/// It takes every indication (rule 7): an application that cannot keep up is met by feeding the protocol no further messages.
/// Keep one and reuse it: draining leaves its capacity.
pub struct Outbox<P: Protocol> {
    effects: VecDeque<Effect<P>>,
}

impl<P: Protocol> Outbox<P> {
    /// An empty outbox. Allocates nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { effects: VecDeque::new() }
    }

    /// Takes the oldest effect.
    pub fn pop(&mut self) -> Option<Effect<P>> {
        self.effects.pop_front()
    }

    /// Takes all effects, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect<P>> + '_ {
        self.effects.drain(..)
    }

    /// How many effects wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.effects.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty()
    }
}

impl<P: Protocol> Default for Outbox<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Protocol> fmt::Debug for Outbox<P>
where
    P::Message: fmt::Debug,
    P::Record: fmt::Debug,
    P::Indication: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.effects).finish()
    }
}

impl<P: Protocol> Effects<P> for Outbox<P> {
    fn send(&mut self, to: To, message: P::Message) {
        self.effects.push_back(Effect::Send { to, message });
    }

    fn persist(&mut self, record: P::Record) {
        self.effects.push_back(Effect::Persist(record));
    }

    fn indicate(&mut self, indication: P::Indication) -> Result<(), P::Indication> {
        self.effects.push_back(Effect::Indicate(indication));
        Ok(())
    }
}
