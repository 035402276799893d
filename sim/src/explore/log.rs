use alloc::vec::Vec;

use tidings_clocks::Rank;
use tidings_protocol::{Digest, Fingerprint};
use tidings_trace::MessageId;

use super::Exploration;
use super::exploration::Part;

/// A message of the scope, numbered by origin and then in its origin's order; or one that nobody can have broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message(u8);

impl Message {
    /// Something that is no message of the scope.
    const ALIEN: Self = Self(u8::MAX);

    pub(super) fn of(id: MessageId, exploration: &Exploration) -> Self {
        let scope = exploration.scope;
        let number = u32::try_from(id.number).unwrap_or(u32::MAX);
        if id.origin.0 >= scope.processes || number >= scope.messages {
            return Self::ALIEN;
        }
        u8::try_from(id.origin.0 * scope.messages + number).map_or(Self::ALIEN, Self)
    }

    /// Its name; `None` if it is none of the scope's.
    pub(super) fn id(self, exploration: &Exploration) -> Option<MessageId> {
        let messages = exploration.scope.messages;
        (self != Self::ALIEN)
            .then(|| MessageId { origin: Rank(u32::from(self.0) / messages), number: u64::from(u32::from(self.0) % messages) })
    }

    /// The message of this bit.
    pub(super) fn of_bit(bit: u32) -> Self {
        u8::try_from(bit).map_or(Self::ALIEN, Self)
    }

    /// A number of its own: by origin, and then in the order of that.
    pub(super) const fn number(self) -> u8 {
        self.0
    }

    /// The number of its origin; the same for all aliens.
    pub(super) fn origin(self, exploration: &Exploration) -> u8 {
        self.id(exploration).map_or(u8::MAX, |id| u8::try_from(id.origin.0).unwrap_or(u8::MAX))
    }

    /// Its bit; none for an alien.
    pub(super) const fn bit(self) -> u64 {
        if self.0 < 64 { 1 << self.0 } else { 0 }
    }
}

/// What a process broadcast and delivered in its life: what properties are judged by.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// In order, repetitions too.
    pub(super) delivered: Vec<Message>,
    /// All of them, as a set.
    pub(super) mask: u64,
    /// For each of its own messages, what it had broadcast and delivered before.
    pub(super) pasts: Vec<u64>,
}

impl Log {
    /// The process `me` broadcasts its next message.
    pub(super) fn broadcast(&mut self, me: Rank, exploration: &Exploration) {
        let own = (0..self.pasts.len() as u64).map(|number| Message::of(MessageId { origin: me, number }, exploration).bit());
        let past = own.fold(self.mask, |past, bit| past | bit);
        self.pasts.push(past);
    }

    pub(super) fn deliver(&mut self, message: Message) {
        self.mask |= message.bit();
        self.delivered.push(message);
    }

    /// How many messages were broadcast.
    pub(super) fn broadcasts(&self) -> u64 {
        self.pasts.len() as u64
    }

    /// Puts in all of it, as far as it is asked for.
    pub(super) fn fingerprint_all(&self, exploration: &Exploration, digest: &mut Digest<'_>) {
        self.fingerprint(exploration, digest);
        if exploration.needs_pasts() {
            self.pasts.fingerprint(digest);
        }
        if exploration.needs_order() {
            digest.size(self.delivered.len());
            self.delivered.iter().for_each(|message| digest.number(u64::from(message.0)));
        }
    }

    /// Puts in what was broadcast and delivered, in no order.
    pub(super) fn fingerprint(&self, exploration: &Exploration, digest: &mut Digest<'_>) {
        digest.number(self.broadcasts());
        set(self.mask, exploration, digest);
    }

    /// A print of the order in which `me` delivered, from a place on.
    pub(super) fn order(&self, me: Rank, from: usize, exploration: &Exploration, names: &[Rank]) -> u128 {
        let mut digest = exploration.digest(names, Part::Order);
        digest.rank(me);
        for message in &self.delivered[from..] {
            let Some(id) = message.id(exploration) else { continue };
            digest.rank(id.origin);
            digest.number(id.number);
        }
        digest.finish()
    }
}

/// Puts in a set of messages, by the names that their origins have in the digest.
fn set(mask: u64, exploration: &Exploration, digest: &mut Digest<'_>) {
    let messages = exploration.scope.messages as usize;
    let of_one = if messages < 64 { (1 << messages) - 1 } else { u64::MAX };
    digest.by_rank(exploration.scope.processes as usize, |index, digest| {
        digest.number(mask.checked_shr(u32::try_from(index * messages).unwrap_or(u32::MAX)).unwrap_or(0) & of_one);
    });
}
