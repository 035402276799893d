//! The time of day at the processes, and what becomes of it.

use core::time::Duration;

use tidings_clocks::{Rank, Time, UnixTime};
use tidings_protocol::{Incarnation, Protocol};

use super::World;
use crate::agenda::Due;
use crate::time_of_day::{Change, moved};
use crate::{Application, Chooser, Site};

impl<P, A, C, B> World<P, A, C, B>
where
    P: Protocol,
    A: Application<P>,
    C: Chooser,
    B: FnMut(Rank, Incarnation) -> P,
{
    /// What the clock of `rank` shows of the time of day.
    pub fn time_of_day(&self, rank: Rank) -> UnixTime {
        self.processes[rank.index()].shown.now(self.reading(rank))
    }

    /// What a clock that is right shows now.
    pub fn true_time_of_day(&self) -> UnixTime {
        moved(self.faults.time_of_day.begins, self.now.since(Time::ZERO), true)
    }

    /// Lets the clock of `rank` jump to `time`, from where it goes on. Its monotonic clock knows nothing of that.
    pub fn set_time_of_day(&mut self, rank: Rank, time: UnixTime) {
        let reading = self.reading(rank);
        self.processes[rank.index()].shown.set(reading, time);
        self.stats.clock_jumps += 1;
    }

    /// Lets the clock of `rank` come to `time`, as if it was that now, little by little: it runs faster or slower, as [`Faults::time_of_day`] says,
    /// and never back. Nothing while it stands still.
    ///
    /// [`Faults::time_of_day`]: crate::Faults::time_of_day
    pub fn smear_time_of_day(&mut self, rank: Rank, time: UnixTime) {
        let reading = self.reading(rank);
        self.processes[rank.index()].shown.smear(reading, time);
        self.stats.clock_smears += 1;
    }

    /// Lets the clock of `rank` stand still for `span`, to go on from there: what it had yet to make up for is forgotten.
    pub fn freeze_time_of_day(&mut self, rank: Rank, span: Duration) {
        let (reading, until) = (self.reading(rank), self.now + span);
        let process = &mut self.processes[rank.index()];
        process.shown.freeze(reading, until, process.clock.reading(until));
        self.stats.clock_freezes += 1;
    }

    /// Chooses when the next clock changes, if one does.
    pub(super) fn plan_clock_change(&mut self) {
        if let Some(left) = self.clock_changes_left.checked_sub(1) {
            self.clock_changes_left = left;
            self.plan(Site::Clock, self.now, self.faults.time_of_day.gap, Due::ClockChange);
        }
    }

    /// Changes somebody's clock, as chosen.
    pub(super) fn change_clock(&mut self) {
        if !self.chaos {
            return;
        }
        let rank = self.anybody(Site::Clock);
        let now = self.time_of_day(rank);
        match self.faults.time_of_day.choose_change(&mut self.chooser) {
            None => {}
            Some((Change::Jump { forward }, by)) => self.set_time_of_day(rank, moved(now, by, forward)),
            Some((Change::Smear { forward }, by)) => self.smear_time_of_day(rank, moved(now, by, forward)),
            Some((Change::Freeze, span)) => {
                let rest = (Time::ZERO + self.faults.chaos).since(self.now);
                self.freeze_time_of_day(rank, span.min(rest));
            }
        }
        self.plan_clock_change();
    }

    /// What the monotonic clock of `rank` says at an input; the handle of its time of day shows that too.
    pub(super) fn input_time(&mut self, rank: Rank) -> Time {
        let reading = self.reading(rank);
        #[cfg(target_has_atomic = "64")]
        if let Some(clock) = self.day_clocks.get(rank.index()) {
            let shown = &mut self.processes[rank.index()].shown;
            clock.show(shown.now(reading));
            shown.met(self.now, reading).into_iter().flatten().for_each(|point| self.coverage.note(point));
        }
        reading
    }
}
