//! What a process does: its effects, carried out in order, and the way of its messages.

use alloc::vec::Vec;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Protocol, To};
use tidings_trace::What;

use super::World;
use crate::agenda::Due;
use crate::network::Copy;
use crate::{Application, Chooser, Point, Recording, Site};

impl<P, A, C, B> World<P, A, C, B>
where
    P: Protocol,
    A: Application<P>,
    C: Chooser,
    B: FnMut(Rank, Incarnation) -> P,
{
    /// Carries out what is in the outbox, in order.
    pub(super) fn carry_out(&mut self, rank: Rank) {
        if self.processes[rank.index()].doomed && !self.outbox.is_empty() {
            self.carry_out_and_crash(rank);
            return;
        }
        while let Some(effect) = self.outbox.pop() {
            self.carry_out_one(rank, effect, u64::MAX);
        }
    }

    /// Carries out some of what is in the outbox, then crashes: the packets of one fan-out count one by one.
    fn carry_out_and_crash(&mut self, rank: Rank) {
        let effects: Vec<Effect<P>> = self.outbox.drain().collect();
        let others = self.processes.len() as u64 - 1;
        let parts = |effect: &Effect<P>| if matches!(effect, Effect::Send { to: To::Others, .. }) { others } else { 1 };
        let all: u64 = effects.iter().map(parts).sum();
        let cut_off = u64::from(self.chooser.choose(Site::Crash, u32::try_from(all).unwrap_or(u32::MAX - 1) + 1));
        let mut left = all - cut_off;
        if cut_off > 0 {
            self.coverage.note(if left > 0 { Point::CrashBetweenEffects } else { Point::CrashBeforeEffects });
        }
        let mut last_is_durable = false;
        for effect in effects {
            let whole = parts(&effect);
            let parts = whole.min(left);
            if parts > 0 {
                if parts < whole {
                    self.coverage.note(Point::CrashWithinFanOut);
                }
                last_is_durable = matches!(effect, Effect::Persist(_));
                self.carry_out_one(rank, effect, parts);
                left -= parts;
            }
        }
        if cut_off > 0 && last_is_durable {
            self.coverage.note(Point::CrashAfterPersist);
        }
        self.stats.cut_off += cut_off;
        self.crash_at_last(rank);
    }

    /// Carries out one effect; of a fan-out only the first `parts` packets.
    fn carry_out_one(&mut self, rank: Rank, effect: Effect<P>, parts: u64) {
        match effect {
            Effect::Send { to: To::One(to), message } if to == rank => self.loop_back(rank, message),
            Effect::Send { to: To::One(to), message } => {
                let processes = self.processes.len();
                assert!(to.index() < processes, "process {rank} sends to {to}, which is not in a view of {processes} processes");
                self.send(rank, core::iter::once(to), message);
            }
            Effect::Send { to: To::Others, message } => {
                let others = (0..self.processes.len()).map(Rank::new).filter(move |to| *to != rank);
                self.send(rank, others.take(usize::try_from(parts).unwrap_or(usize::MAX)), message);
            }
            Effect::Persist(record) => {
                self.stats.persisted += 1;
                self.processes[rank.index()].records.push(record);
            }
            Effect::Indicate(indication) => {
                self.stats.indications += 1;
                if self.recording >= Recording::Deliveries
                    && let Some(what) = self.application.name_indication(rank, &indication)
                {
                    self.record(Recording::Deliveries, rank, what);
                }
                let now = self.reading(rank);
                self.application.indicated(rank, now, indication);
            }
        }
    }

    fn loop_back(&mut self, rank: Rank, message: P::Message) {
        self.stats.looped += 1;
        self.packets += 1;
        self.record(Recording::Everything, rank, What::Send { packet: self.packets, to: rank });
        self.put(self.now, Copy { from: rank, to: rank, packet: self.packets, life: self.processes[rank.index()].life, message });
    }

    /// Gives a message to the network, once for each destination. It is cloned for each copy that travels but one.
    fn send(&mut self, from: Rank, destinations: impl Iterator<Item = Rank>, message: P::Message) {
        let life = self.processes[from.index()].life;
        let bytes = self.application.weigh(&message) as u64;
        let mut last: Option<(Time, Rank, u64)> = None;
        for to in destinations {
            self.packets += 1;
            let packet = self.packets;
            self.stats.sent += 1;
            self.stats.bytes += bytes;
            self.record(Recording::Everything, from, What::Send { packet, to });
            let copies = self.copies(from, to);
            if copies > 1 {
                self.network.repeats(packet);
            }
            for _ in 0..copies {
                let arrival = self.now + self.delay();
                if let Some((time, to, packet)) = last.replace((arrival, to, packet)) {
                    self.put(time, Copy { from, to, packet, life, message: message.clone() });
                }
            }
        }
        if let Some((time, to, packet)) = last {
            self.put(time, Copy { from, to, packet, life, message });
        }
    }

    /// How many copies of a packet travel.
    fn copies(&mut self, from: Rank, to: Rank) -> u32 {
        if self.network.is_cut(from, to) {
            self.stats.partitioned += 1;
            self.eaten += 1;
            self.coverage.note(Point::CutWhenSent);
            return 0;
        }
        if self.chaos {
            let lost = self.chooser.happens(Site::Lose, self.faults.loss);
            let in_a_row = self.network.loses(from, to, lost);
            if lost {
                self.lose(from, in_a_row);
                return 0;
            }
        }
        if self.chaos && self.chooser.happens(Site::Duplicate, self.faults.duplicate) {
            self.stats.duplicated += 1;
            return 2;
        }
        1
    }

    /// The network loses a packet of `from`.
    fn lose(&mut self, from: Rank, in_a_row: bool) {
        self.stats.lost += 1;
        self.coverage.note(Point::Lost);
        if in_a_row {
            self.coverage.note(Point::LostInARow);
        }
        if self.waking {
            self.coverage.note(Point::LostWhenWoken);
        }
        self.processes[from.index()].lost = true;
    }

    fn delay(&mut self) -> Duration {
        let shortest = self.faults.min_delay;
        shortest + self.draw(Site::Delay, self.faults.max_delay.saturating_sub(shortest))
    }

    fn put(&mut self, arrival: Time, copy: Copy<P::Message>) {
        let slot = self.network.put(copy);
        self.agenda.push(arrival, Due::Arrival(slot));
        self.stats.most_in_flight = self.stats.most_in_flight.max(self.network.in_flight() as u64);
    }
}
