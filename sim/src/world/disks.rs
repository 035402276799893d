//! What becomes of records: written, synced, lost.

use alloc::collections::VecDeque;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Effects as _, Incarnation, Protocol, To};

use super::World;
use crate::agenda::Due;
use crate::{Application, Chooser, Point, Site};

impl<P, A, C, B> World<P, A, C, B>
where
    P: Protocol,
    A: Application<P>,
    C: Chooser,
    B: FnMut(Rank, Incarnation) -> P,
{
    /// Writes a record, which is durable when its process [need not wait](World::waits_for_disk) any more. Whether there was room for it.
    pub(super) fn write(&mut self, rank: Rank, record: P::Record) -> bool {
        let process = &mut self.processes[rank.index()];
        if self.chaos && self.faults.disk.room.is_some_and(|room| process.records.len() >= room as usize) {
            return false;
        }
        process.records.push(record);
        process.unsynced += 1;
        self.stats.persisted += 1;
        true
    }

    /// Before any effect that is no record: whether it has to wait because records before it are not yet durable.
    pub(super) fn waits_for_disk(&mut self, rank: Rank) -> bool {
        let process = &mut self.processes[rank.index()];
        if process.unsynced == 0 {
            return false;
        }
        let disk = self.faults.disk;
        let span = disk.spread.draw(&mut self.chooser, Site::Disk, disk.sync);
        if span.is_zero() {
            process.unsynced = 0;
            return false;
        }
        let synced = self.now + span;
        process.syncing = Some(synced);
        self.stats.syncs += 1;
        self.agenda.push(synced, Due::Synced { rank, life: process.life });
        true
    }

    /// What is left of an input's effects waits for the disk.
    pub(super) fn put_off(&mut self, rank: Rank, effects: impl IntoIterator<Item = Effect<P>>) {
        let process = &mut self.processes[rank.index()];
        let before = process.put_off.len();
        process.put_off.extend(effects);
        if process.put_off.len() > before {
            self.coverage.note(Point::DiskHeldEffect);
        }
    }

    /// A disk has synced: on with what waited for it.
    pub(super) fn synced(&mut self, rank: Rank, life: u32) {
        let process = &mut self.processes[rank.index()];
        if !process.alive || process.life != life {
            return;
        }
        process.syncing = None;
        process.unsynced = 0;
        for effect in core::mem::take(&mut process.put_off) {
            match effect {
                Effect::Send { to, message } => self.outbox.send(to, message),
                Effect::Persist(record) => self.outbox.persist(record),
                // An outbox takes every indication.
                Effect::Indicate(indication) => drop(self.outbox.indicate(indication)),
            }
        }
        self.settle(rank);
    }

    /// A record was refused, and with it all that was to come after it: its process stops, and comes back when there is room.
    pub(super) fn stop_on_full_disk(&mut self, rank: Rank, rest: impl IntoIterator<Item = Effect<P>>) {
        self.stats.cut_off += 1 + rest.into_iter().map(|effect| parts(&effect, self.processes.len())).sum::<u64>();
        self.stats.full_disks += 1;
        self.coverage.note(Point::DiskFull);
        self.stop(rank);
        if self.faults.downtime.is_some() {
            let back = Time::ZERO + self.faults.chaos;
            self.agenda.push(back, Due::Return { rank, life: self.processes[rank.index()].life });
        }
    }

    /// What a crash leaves on a disk.
    pub(super) fn crash_disk(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        process.syncing = None;
        process.fuse = None;
        let unsynced = core::mem::take(&mut process.unsynced);
        let put_off: VecDeque<Effect<P>> = core::mem::take(&mut process.put_off);
        self.stats.cut_off += put_off.iter().map(|effect| parts(effect, self.processes.len())).sum::<u64>();
        if unsynced == 0 {
            return;
        }
        self.coverage.note(Point::CrashWhileSyncing);
        if self.chooser.happens(Site::Disk, self.faults.disk.unsynced) {
            let lost = 1 + self.chooser.choose(Site::Disk, unsynced);
            let records = &mut self.processes[rank.index()].records;
            records.truncate(records.len().saturating_sub(lost as usize));
            self.stats.unsynced += u64::from(lost);
            self.coverage.note(Point::UnsyncedLost);
            if self.chooser.happens(Site::Disk, self.faults.disk.torn) {
                self.stats.torn += 1;
                self.coverage.note(Point::TornCutOff);
            }
        }
    }
}

/// How many packets and other effects one effect is, among so many processes.
pub(super) const fn parts<P: Protocol>(effect: &Effect<P>, processes: usize) -> u64 {
    if let Effect::Send { to: To::Others, .. } = effect { processes as u64 - 1 } else { 1 }
}
