//! What a process does: its effects, carried out in order, and the way of its messages.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Protocol, To};
use tidings_trace::What;

use super::World;
use super::disks::parts;
use crate::agenda::Due;
use crate::network::{Copy, Kind};
use crate::{Application, Chance, Chooser, Links, Overflow, Point, Recording, Site};

/// What a process says to one destination.
enum Told<M> {
    /// What its protocol says.
    Truth,
    /// Something else.
    Lie(M),
    /// Nothing.
    Nothing,
}

impl<P, A, C, B> World<P, A, C, B>
where
    P: Protocol,
    A: Application<P>,
    C: Chooser,
    B: FnMut(Rank, Incarnation) -> P,
{
    /// Carries out what is in the outbox, in order, as far as the disk lets it.
    pub(super) fn carry_out(&mut self, rank: Rank) {
        let process = &self.processes[rank.index()];
        if process.syncing.is_some() {
            let effects: Vec<Effect<P>> = self.outbox.drain().collect();
            self.put_off(rank, effects);
        } else if process.fuse.is_some() || (process.doomed && !self.outbox.is_empty()) {
            self.carry_out_and_crash(rank);
        } else {
            self.carry_out_all(rank);
        }
    }

    fn carry_out_all(&mut self, rank: Rank) {
        while let Some(effect) = self.outbox.pop() {
            if !matches!(effect, Effect::Persist(_)) && self.waits_for_disk(rank) {
                let rest: Vec<Effect<P>> = core::iter::once(effect).chain(self.outbox.drain()).collect();
                return self.put_off(rank, rest);
            }
            if !self.carry_out_one(rank, effect, u64::MAX) {
                let rest: Vec<Effect<P>> = self.outbox.drain().collect();
                return self.stop_on_full_disk(rank, rest);
            }
        }
        self.waits_for_disk(rank);
    }

    /// Carries out some of what is in the outbox, then crashes: the packets of one fan-out count one by one.
    fn carry_out_and_crash(&mut self, rank: Rank) {
        let processes = self.processes.len();
        let mut effects: VecDeque<Effect<P>> = self.outbox.drain().collect();
        let all: u64 = effects.iter().map(|effect| parts(effect, processes)).sum();
        let left_at_first = match self.processes[rank.index()].fuse {
            Some(left) => left,
            None => all - u64::from(self.chooser.choose(Site::Crash, u32::try_from(all).unwrap_or(u32::MAX - 1) + 1)),
        };
        let mut left = left_at_first;
        let (mut last_is_record, mut cuts_packets, mut cut_within) = (false, false, false);
        while let Some(effect) = effects.pop_front() {
            let whole = parts(&effect, processes);
            let parts = whole.min(left);
            if parts == 0 {
                cut_within |= cuts_packets && matches!(effect, Effect::Send { .. });
                cuts_packets = false;
                continue;
            }
            cuts_packets = matches!(effect, Effect::Send { .. });
            cut_within |= parts < whole;
            last_is_record = matches!(effect, Effect::Persist(_));
            if !last_is_record && self.waits_for_disk(rank) {
                self.processes[rank.index()].fuse = Some(left);
                effects.push_front(effect);
                return self.put_off(rank, effects);
            }
            left -= parts;
            if !self.carry_out_one(rank, effect, parts) {
                return self.stop_on_full_disk(rank, effects);
            }
        }
        let cut_off = all.saturating_sub(left_at_first);
        if cut_off > 0 {
            self.coverage.note(if left_at_first > 0 { Point::CrashBetweenEffects } else { Point::CrashBeforeEffects });
        }
        if cut_within {
            self.coverage.note(Point::CrashWithinFanOut);
        }
        self.stats.cut_off += cut_off;
        let records = self.processes[rank.index()].records.len();
        self.crash_at_last(rank);
        if cut_off > 0 && last_is_record && self.processes[rank.index()].records.len() == records {
            self.coverage.note(Point::CrashAfterPersist);
        }
    }

    /// Carries out one effect; of a fan-out only the first `parts` packets. Whether that was possible: a full disk takes no record.
    fn carry_out_one(&mut self, rank: Rank, effect: Effect<P>, parts: u64) -> bool {
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
            Effect::Persist(record) => return self.write(rank, record),
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
        true
    }

    fn loop_back(&mut self, rank: Rank, message: P::Message) {
        self.stats.looped += 1;
        self.packets += 1;
        self.record(Recording::Everything, rank, What::Send { packet: self.packets, to: rank });
        self.put(
            self.now,
            Copy { from: rank, to: rank, packet: self.packets, life: self.processes[rank.index()].life, kind: Kind::Honest, message },
        );
    }

    /// Gives a message to the network, once for each destination. It is cloned for each copy that travels but one.
    fn send(&mut self, from: Rank, destinations: impl Iterator<Item = Rank>, message: P::Message) {
        let life = self.processes[from.index()].life;
        let bytes = self.application.weigh(&message) as u64;
        let lies = self.faults.byzantine.liars.contains(&from);
        let alters = self.chaos
            && self.faults.links != Links { corrupt: Chance::NEVER, replay: Chance::NEVER, forge: Chance::NEVER, ..self.faults.links };
        let mut last: Option<(Time, Rank, u64)> = None;
        for to in destinations {
            let told = if lies { self.turn(from, to, &message) } else { Told::Truth };
            if matches!(told, Told::Nothing) {
                self.stats.silenced += 1;
                continue;
            }
            self.packets += 1;
            let packet = self.packets;
            self.stats.sent += 1;
            self.stats.bytes += bytes;
            self.record(Recording::Everything, from, What::Send { packet, to });
            let copies = self.copies(from, to);
            if copies > 1 {
                self.network.repeats(packet);
            }
            let left = self.leave(from, to, bytes);
            for _ in 0..copies {
                let arrival = self.arrival(left);
                if self.overflows(from, to, u32::from(last.is_some_and(|(_, other, _)| other == to))) {
                    self.network.ended(packet, false);
                } else if let Told::Lie(lie) = &told {
                    self.put(arrival, Copy { from, to, packet, life, kind: Kind::Honest, message: lie.clone() });
                } else if self.chaos && self.chooser.happens(Site::Corrupt, self.faults.links.corrupt) {
                    self.corrupt(arrival, &Copy { from, to, packet, life, kind: Kind::Altered, message: message.clone() });
                } else if let Some((time, to, packet)) = last.replace((arrival, to, packet)) {
                    self.put(time, Copy { from, to, packet, life, kind: Kind::Honest, message: message.clone() });
                }
            }
            if alters {
                self.meddle(Copy { from, to, packet, life, kind: Kind::Honest, message: message.clone() });
            }
        }
        if let Some((time, to, packet)) = last {
            self.put(time, Copy { from, to, packet, life, kind: Kind::Honest, message });
        }
    }

    /// What a liar says to one destination.
    fn turn(&mut self, from: Rank, to: Rank, message: &P::Message) -> Told<P::Message> {
        if self.chooser.happens(Site::Lie, self.faults.byzantine.silence) {
            return Told::Nothing;
        }
        if !self.chooser.happens(Site::Lie, self.faults.byzantine.lie) {
            return Told::Truth;
        }
        match self.application.lie(from, to, message, &mut self.chooser) {
            None => Told::Nothing,
            Some(lie) => {
                self.stats.lies += 1;
                self.coverage.note(Point::Lied);
                Told::Lie(lie)
            }
        }
    }

    /// Alters a copy, or loses it if nobody could read it then.
    fn corrupt(&mut self, arrival: Time, copy: &Copy<P::Message>) {
        self.stats.corrupted += 1;
        if let Some(message) = self.application.corrupt(&copy.message, &mut self.chooser) {
            self.put(arrival, Copy { message, ..*copy });
        } else {
            self.network.ended(copy.packet, false);
            self.stats.lost += 1;
            self.coverage.note(Point::CorruptedBeyondReading);
        }
    }

    /// Delivers an old packet of the same link again, and this one in another's name, if it is so chosen.
    fn meddle(&mut self, copy: Copy<P::Message>) {
        let Copy { from, to, packet, life, .. } = copy;
        let links = self.faults.links;
        let old = self.network.remembered(from, to).map_or(0, VecDeque::len);
        if old > 0 && self.chooser.happens(Site::Replay, links.replay) {
            let which = self.chooser.choose(Site::Replay, u32::try_from(old).unwrap_or(1));
            let again = self.network.remembered(from, to).and_then(|history| history.get(which as usize)).cloned();
            if let Some((packet, life, message)) = again {
                self.stats.replayed += 1;
                let arrival = self.arrival(self.now);
                self.put(arrival, Copy { from, to, packet, life, kind: Kind::Replayed, message });
            }
        }
        let others = u32::try_from(self.processes.len()).unwrap_or(u32::MAX).saturating_sub(2);
        if others > 0 && self.chooser.happens(Site::Forge, links.forge) {
            let nth = self.chooser.choose(Site::Forge, others) as usize;
            if let Some(name) = self.ranks().filter(|rank| *rank != from && *rank != to).nth(nth) {
                self.stats.forged += 1;
                let arrival = self.arrival(self.now);
                self.put(arrival, Copy { from: name, kind: Kind::Forged, message: copy.message.clone(), ..copy });
            }
        }
        if links.replay > Chance::NEVER {
            self.network.remember(from, to, packet, life, copy.message);
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
        if self.chaos && self.loses(from, to) {
            return 0;
        }
        if self.chaos && self.chooser.happens(Site::Duplicate, self.faults.duplicate) {
            self.stats.duplicated += 1;
            return 2;
        }
        1
    }

    /// Whether the network loses a packet, which it may do only so often in a row.
    fn loses(&mut self, from: Rank, to: Rank) -> bool {
        let in_a_row = *self.network.lost_in_a_row(from, to);
        let spared = self.faults.links.losses_in_a_row.is_some_and(|most| in_a_row >= most);
        let lost = !spared && self.chooser.happens(Site::Lose, self.faults.loss);
        *self.network.lost_in_a_row(from, to) = if lost { in_a_row.saturating_add(1) } else { 0 };
        if spared && self.faults.loss > Chance::NEVER {
            self.stats.spared += 1;
            self.coverage.note(Point::SparedAfterLosses);
        }
        if lost {
            self.lose(from, in_a_row > 0);
        }
        lost
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

    /// When a packet has left, which may have to wait for the bandwidth of its link.
    fn leave(&mut self, from: Rank, to: Rank, bytes: u64) -> Time {
        let Some(rate) = self.faults.links.bytes_per_second else { return self.now };
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
        let span = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let left = self.network.leaves(from, to, self.now, span);
        if left > self.now + span {
            self.stats.queued += 1;
            self.coverage.note(Point::QueuedForBandwidth);
        }
        left
    }

    /// Chooses when a packet arrives that has left then.
    fn arrival(&mut self, left: Time) -> Time {
        let shortest = self.faults.min_delay;
        let span = self.faults.max_delay.saturating_sub(shortest);
        let arrival = left + (shortest + self.faults.links.spread.draw(&mut self.chooser, Site::Delay, span));
        let latest = self.stabilisation.map_or(Time::MAX, |stabilisation| stabilisation.latest(self.now));
        if arrival > latest {
            self.stats.hastened += 1;
            self.coverage.note(Point::BoundedByTiming);
        }
        arrival.min(latest)
    }

    /// Whether the queue of a link is full, with so many copies that are not yet in the network.
    fn overflows(&mut self, from: Rank, to: Rank, more: u32) -> bool {
        let full = self.chaos && self.faults.links.queue.is_some_and(|most| self.network.under_way(from, to).saturating_add(more) >= most);
        if full {
            self.stats.overflowed += 1;
            self.coverage.note(Point::QueueOverflowed);
        }
        full && !self.drops_older(from, to)
    }

    /// Whether a full queue drops a copy that is under way rather than the newest: if so it does.
    fn drops_older(&mut self, from: Rank, to: Rank) -> bool {
        if self.faults.links.overflow == Overflow::Newest {
            return false;
        }
        let queued = self.network.queued(from, to);
        let newest = u32::try_from(queued.len()).unwrap_or(u32::MAX - 1);
        let choice = match self.faults.links.overflow {
            Overflow::Any => self.chooser.choose(Site::Overflow, newest + 1),
            _ => newest,
        };
        // Choice 0 is the copy that comes too late, 1 the one sent before it, and so on.
        let Some(&slot) = choice.checked_sub(1).and_then(|nth| queued.iter().rev().nth(nth as usize)) else { return false };
        let waiting = &mut self.processes[to.index()].waiting;
        let Copy { packet, kind, .. } = if let Some(place) = waiting.iter().position(|other| *other == slot) {
            waiting.remove(place);
            self.network.take(slot)
        } else {
            self.network.take_early(slot)
        };
        if matches!(kind, Kind::Honest | Kind::Altered) {
            self.network.ended(packet, false);
        }
        self.coverage.note(Point::OverflowedOlder);
        true
    }

    fn put(&mut self, arrival: Time, copy: Copy<P::Message>) {
        let slot = self.network.put(copy);
        self.agenda.push(arrival, Due::Arrival(slot));
        self.stats.most_in_flight = self.stats.most_in_flight.max(self.network.in_flight() as u64);
    }
}
