use tidings_clocks::Rank;
use tidings_protocol::{Fingerprint, Protocol};
use tidings_trace::{MessageId, Property};

use super::Breach;
use super::choice::Input;
use super::log::Message;
use super::state::State;
use super::system::System;

/// The properties, judged step by step: by what every process broadcast and delivered so far, which is the explorer's own truth.
///
/// They say what [`Property::check`] says of the trace of the same path; the tests hold them against it.
impl<P, Q, H> System<P, Q, H>
where
    P: Protocol<Message: Fingerprint> + Clone + Fingerprint,
    Q: Fn(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    /// The first promised safety property that is broken by what process `at`, which was in the local state `before`, just delivered.
    ///
    /// A local state stands for all that look like it. Where no promise asks for the order of deliveries it need not be that of the log, so what is new is
    /// read off the effects.
    pub(super) fn broken(&self, cells: &[u32], at: usize, before: u32, delivered: &[Message]) -> Option<Property> {
        let log = &self.cell(before).log;
        let (mut had, mut place) = (log.mask, log.delivered.len());
        delivered.iter().find_map(|message| {
            let safety = self.exploration.promises.iter().copied().filter(|property| !property.is_liveness());
            let broken = safety.into_iter().find(|property| self.breaks(*property, cells, at, place, *message, had));
            had |= message.bit();
            place += 1;
            broken
        })
    }

    /// What is wrong when nothing can happen any more.
    pub(super) fn judge_end(&mut self, state: &State) -> Option<Breach> {
        let cells = state.cells().to_vec();
        let liveness = self.exploration.promises.iter().copied().filter(|property| property.is_liveness());
        if let Some(property) = liveness.into_iter().find(|property| self.misses(*property, &cells)) {
            return Some(Breach::Property(property));
        }
        let messages = u64::from(self.exploration.scope.messages);
        let waits = |system: &mut Self, cell: u32| {
            let asks = system.cell(cell).is_alive() && system.cell(cell).log.broadcasts() < messages;
            asks && !system.step(cell, Input::Request).taken
        };
        let stuck = self.exploration.progress && cells.iter().any(|cell| waits(self, *cell));
        stuck.then_some(Breach::Stuck)
    }

    /// Whether process `at` breaks a safety property by delivering `message`, at `place` in its order, after all of `had`.
    fn breaks(&self, property: Property, cells: &[u32], at: usize, place: usize, message: Message, had: u64) -> bool {
        let Some(id) = message.id(&self.exploration) else { return property == Property::NoCreation };
        let repeated = had & message.bit() != 0;
        let origin = &self.cell(cells[id.origin.index()]).log;
        let past = origin.pasts.get(usize::try_from(id.number).unwrap_or(usize::MAX));
        match property {
            Property::NoDuplication => repeated,
            Property::NoCreation => past.is_none(),
            Property::FifoDelivery => !repeated && self.skips(id, had),
            Property::CausalDelivery => !repeated && past.is_some_and(|past| past & !had != 0),
            Property::TotalOrder => !repeated && self.opposes(cells, at, message, had),
            Property::FifoTotal => !repeated && (self.skips(id, had) || self.opposes(cells, at, message, had)),
            Property::UniformTotalOrder => !repeated && self.diverges(cells, at, place),
            _ => false,
        }
    }

    /// Whether an earlier message of the same origin is not among `had`.
    fn skips(&self, id: MessageId, had: u64) -> bool {
        (0..id.number).any(|number| Message::of(MessageId { number, ..id }, &self.exploration).bit() & had == 0)
    }

    /// Whether another process delivered `message` before one of `had`.
    fn opposes(&self, cells: &[u32], at: usize, message: Message, had: u64) -> bool {
        let others = cells.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, cell)| &self.cell(*cell).log);
        others.filter(|log| log.mask & message.bit() != 0).any(|log| {
            let first = log.delivered.iter().position(|other| *other == message).unwrap_or(usize::MAX);
            let before = log.delivered.iter().take(first).fold(0, |mask, message| mask | message.bit());
            log.mask & had & !before & !message.bit() != 0
        })
    }

    /// Whether the delivery at `place` is another one than that at the same place elsewhere. Repetitions do not count.
    fn diverges(&self, cells: &[u32], at: usize, place: usize) -> bool {
        let firsts = |cell: u32, until: usize| {
            let delivered = &self.cell(cell).log.delivered;
            let mut firsts = alloc::vec::Vec::new();
            for message in &delivered[..until.min(delivered.len())] {
                if !firsts.contains(message) {
                    firsts.push(*message);
                }
            }
            firsts
        };
        let mine = firsts(cells[at], place + 1);
        cells.iter().any(|cell| firsts(*cell, usize::MAX).iter().zip(&mine).any(|(theirs, mine)| theirs != mine))
    }

    /// Whether a liveness property is broken in a system at rest.
    fn misses(&self, property: Property, cells: &[u32]) -> bool {
        let correct = || cells.iter().enumerate().filter(|(_, cell)| self.cell(**cell).is_alive());
        let broadcast = |at: usize, cell: u32| {
            let origin = Rank::new(at);
            (0..self.cell(cell).log.broadcasts())
                .fold(0, |mask, number| mask | Message::of(MessageId { origin, number }, &self.exploration).bit())
        };
        let everywhere = correct().fold(u64::MAX, |mask, (_, cell)| mask & self.cell(*cell).log.mask);
        match property {
            Property::Validity => correct().any(|(at, cell)| broadcast(at, *cell) & !self.cell(*cell).log.mask != 0),
            Property::BestEffortValidity => correct().any(|(at, cell)| broadcast(at, *cell) & !everywhere != 0),
            Property::Agreement => correct().any(|(_, cell)| self.cell(*cell).log.mask & !everywhere != 0),
            Property::UniformAgreement => {
                correct().next().is_some() && cells.iter().any(|cell| self.cell(*cell).log.mask & !everywhere != 0)
            }
            _ => false,
        }
    }
}
