use alloc::vec::Vec;

use tidings_clocks::Rank;
use tidings_protocol::Digest;

use super::Exploration;
use super::exploration::Part;
use super::log::Message;
use super::table::Table;

/// What came before each message: the fingerprint of that, a message at a time, and whether it decides how the message is stamped.
#[derive(Debug)]
pub(super) struct Pasts {
    /// How many messages there are.
    messages: usize,
    renamings: usize,
    /// For each message, each one that may come before it, and each renaming.
    prints: Vec<u128>,
    /// By message, past and destination: which packet carried it.
    stamped: Table<u128>,
}

impl Pasts {
    pub(super) fn new(exploration: &Exploration, renamings: &[Vec<Rank>]) -> Self {
        let all = exploration.scope.processes * exploration.scope.messages;
        let mut prints = Vec::new();
        if exploration.needs_pasts() {
            for (message, before) in (0..all).flat_map(|message| (0..all).map(move |before| (message, before))) {
                prints.extend(renamings.iter().map(|names| print(message, before, exploration, names)));
            }
        }
        Self { messages: all as usize, renamings: renamings.len(), prints, stamped: Table::new() }
    }

    /// The prints, one under each renaming, of the message with this bit being in the past of `message`.
    pub(super) fn print(&self, message: Message, before: u32) -> &[u128] {
        let at = (message.bit().trailing_zeros() as usize * self.messages + before as usize) * self.renamings;
        &self.prints[at..at + self.renamings]
    }

    /// Whether `message`, after `past`, was carried to `to` by another packet than this one before.
    pub(super) fn is_news(&mut self, message: Message, past: u64, to: Rank, packet: u128) -> bool {
        let mut key = Digest::new();
        key.number(message.bit());
        key.number(past);
        key.rank(to);
        let known = self.stamped.insert(key.finish(), packet);
        known.is_some_and(|known| known != packet)
    }
}

fn print(message: u32, before: u32, exploration: &Exploration, names: &[Rank]) -> u128 {
    let mut digest = exploration.digest(names, Part::Past);
    for message in [message, before] {
        if let Some(id) = Message::of_bit(message).id(exploration) {
            digest.rank(id.origin);
            digest.number(id.number);
        }
    }
    digest.finish()
}
