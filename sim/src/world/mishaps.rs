//! What goes wrong: crashes and returns, partitions, pauses, and the end of it all.

use alloc::vec::Vec;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Incarnation, Protocol};
use tidings_trace::What;

use super::World;
use crate::agenda::Due;
use crate::chooser::{STEPS, fraction};
use crate::network::Split;
use crate::process::Recall;
use crate::{Application, Chooser, Partitions, Point, Recording, Site};

impl<P, A, C, B> World<P, A, C, B>
where
    P: Protocol,
    A: Application<P>,
    C: Chooser,
    B: FnMut(Rank, Incarnation) -> P,
{
    /// Chooses who crashes, and when: as likely in the last half of the chaos phase as in the quarter before it, and so on, because most runs are
    /// over early.
    pub(super) fn plan_crashes(&mut self) {
        let mut candidates: Vec<Rank> = self.ranks().filter(|rank| !self.faults.protected.contains(rank)).collect();
        for _ in 0..self.faults.crashes {
            let options = u32::try_from(candidates.len()).unwrap_or(u32::MAX - 1) + 1;
            let Some(victim) = self.chooser.choose(Site::Crash, options).checked_sub(1) else { continue };
            let rank = candidates.swap_remove(victim as usize);
            let within = self.faults.chaos / (1 << self.chooser.choose(Site::Crash, 10));
            let at = Time::ZERO + within / 2 + self.draw(Site::Crash, within / 2);
            self.agenda.push(at, Due::Doom(rank));
        }
    }

    pub(super) fn stop(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        process.alive = false;
        process.doomed = false;
        process.generation = process.generation.wrapping_add(1);
        if process.wake.take().is_some() {
            self.expectant -= 1;
        }
        process.lost = false;
        self.crash_disk(rank);
        let process = &mut self.processes[rank.index()];
        for slot in core::mem::take(&mut process.waiting) {
            self.drop_copy(slot);
            self.stats.unheard += 1;
            self.coverage.note(Point::Unheard);
        }
        self.stats.crashes += 1;
        self.record(Recording::Deliveries, rank, What::Crash);
        self.application.crashed(rank, self.reading(rank));
        for at in self.ranks() {
            if self.is_alive(at) {
                self.detect(at, rank);
            }
        }
    }

    /// Lets `at` be told of a crash within the bound.
    fn detect(&mut self, at: Rank, crashed: Rank) {
        if let Some(bound) = self.faults.detection {
            let told = self.now + self.draw(Site::Detection, bound);
            self.agenda.push(told, Due::Exclude { at, crashed });
        }
    }

    /// A process that was to crash by itself does, and may come back by itself.
    pub(super) fn crash_at_last(&mut self, rank: Rank) {
        self.stop(rank);
        if let Some(downtime) = self.faults.downtime {
            let back = self.now + self.draw(Site::Crash, downtime);
            self.agenda.push(back, Due::Return { rank, life: self.processes[rank.index()].life });
        }
    }

    /// A process comes back: with what it persisted, if processes do that here and its disk is still there.
    pub(super) fn come_back_by_itself(&mut self, rank: Rank) {
        let mut recall = self.recall;
        if recall.is_some() && self.chaos && self.chooser.happens(Site::Disk, self.faults.disk.lost) {
            recall = None;
            self.stats.lost_disks += 1;
            self.coverage.note(Point::DiskGone);
        }
        self.come_back(rank, recall);
    }

    /// Begins another life of a process: in its next incarnation with nothing, or in the same with what `recall` makes of its records.
    pub(super) fn come_back(&mut self, rank: Rank, recall: Option<Recall<P>>) {
        let process = &mut self.processes[rank.index()];
        if let Some(recall) = recall {
            let fresh = (self.build)(rank, process.incarnation);
            process.revive(recall(&fresh, &process.records), process.incarnation);
            if !process.records.is_empty() {
                self.coverage.note(Point::Recovered);
            }
        } else {
            let incarnation = process.incarnation.next().expect("a process restarts fewer than 2^64 times");
            process.records.clear();
            process.revive((self.build)(rank, incarnation), incarnation);
        }
        self.stats.restarts += 1;
        self.record(Recording::Deliveries, rank, What::Restart);
        self.begin(rank);
        for crashed in self.ranks() {
            if !self.is_alive(crashed) {
                self.detect(rank, crashed);
            }
        }
    }

    /// Chooses when the next partition comes, if one comes.
    pub(super) fn plan_partition(&mut self, from: Time) {
        let gap = self.faults.partitions.gap;
        if let Some(left) = self.partitions_left.checked_sub(1) {
            self.partitions_left = left;
            self.plan(Site::Partition, from, gap, Due::Partition);
        }
    }

    /// Chooses when the next pause comes, if one comes.
    pub(super) fn plan_pause(&mut self, from: Time) {
        let gap = self.faults.pauses.gap;
        if let Some(left) = self.pauses_left.checked_sub(1) {
            self.pauses_left = left;
            self.plan(Site::Pause, from, gap, Due::Pause);
        }
    }

    pub(super) fn plan(&mut self, site: Site, from: Time, gap: Duration, due: Due) {
        if let Some(choice) = self.chooser.choose(site, STEPS).checked_sub(1) {
            self.agenda.push(from + fraction(gap.saturating_mul(2), choice, STEPS - 1), due);
        }
    }

    pub(super) fn part(&mut self) {
        if !self.chaos {
            return;
        }
        let Partitions { length, one_way, partial, bridge, flapping, .. } = self.faults.partitions;
        let one_way = self.chooser.happens(Site::Partition, one_way);
        let split = if self.chooser.happens(Site::Partition, partial) {
            let [one, other] = [self.anybody(Site::Side), self.anybody(Site::Side)];
            if one == other { Split::None } else { Split::Link { one, other, one_way } }
        } else {
            let sides: Vec<bool> = self.ranks().map(|_| self.chooser.choose(Site::Side, 2) == 1).collect();
            let bridge = self.chooser.happens(Site::Partition, bridge).then(|| self.anybody(Site::Side));
            if sides.iter().all(|side| *side == sides[0]) { Split::None } else { Split::Sides { sides, one_way, bridge } }
        };
        let parts = split != Split::None;
        self.stats.partitions += u64::from(parts);
        self.network.split(split);
        self.eaten = 0;
        let length = self.draw(Site::Partition, length.saturating_mul(2));
        self.agenda.push(self.now + length, Due::Heal);
        self.away = Split::None;
        if parts && self.chooser.happens(Site::Partition, flapping) {
            // Twice there and once gone in between, up to five times there.
            let gaps = 1 + self.chooser.choose(Site::Partition, 4);
            (1..=2 * gaps).for_each(|nth| self.agenda.push(self.now + length / (2 * gaps + 1) * nth, Due::Flap));
        }
    }

    /// A partition that flaps is gone for a while, or there again.
    pub(super) fn flap(&mut self) {
        if self.chaos {
            let away = core::mem::replace(&mut self.away, Split::None);
            self.away = self.network.split(away);
            self.stats.flaps += 1;
        }
    }

    pub(super) fn unite(&mut self) {
        if self.chaos {
            self.reunite();
            self.plan_partition(self.now);
        }
    }

    /// Ends the passing partition, if there is one.
    fn reunite(&mut self) {
        self.away = Split::None;
        if self.network.split(Split::None) != Split::None && self.eaten > 0 {
            self.coverage.note(Point::Healed);
        }
    }

    /// Lets somebody stand still, at most until the chaos phase ends.
    pub(super) fn hold_somebody(&mut self) {
        if !self.chaos {
            return;
        }
        let rank = self.anybody(Site::Pause);
        let length = self.draw(Site::Pause, self.faults.pauses.length.saturating_mul(2));
        if self.is_alive(rank) {
            self.hold(rank, (self.now + length).min(Time::ZERO + self.faults.chaos));
        }
        self.plan_pause(self.now + length);
    }

    pub(super) fn hold(&mut self, rank: Rank, until: Time) {
        let process = &mut self.processes[rank.index()];
        self.stats.pauses += u64::from(until > self.now);
        process.held_until = process.held_until.max(until);
    }

    /// Ends the chaos phase: all heals, and whoever was to crash does.
    pub(super) fn calm(&mut self) {
        self.chaos = false;
        self.reunite();
        for rank in self.ranks() {
            if self.processes[rank.index()].doomed {
                self.crash_at_last(rank);
            }
        }
    }

    pub(super) fn anybody(&mut self, site: Site) -> Rank {
        Rank(self.chooser.choose(site, u32::try_from(self.processes.len()).unwrap_or(u32::MAX)))
    }
}
