//! What happens to a process: its inputs, and when they are due.

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Incarnation, Protocol, Refused};
use tidings_trace::What;

use super::World;
use crate::agenda::Due;
use crate::network::{Copy, Kind};
use crate::{Application, Chooser, Point, Recording};

/// The inputs that a process may give itself (wakes, requests, messages to itself) while time stands still. Beyond it the run would never end.
const INPUTS_PER_INSTANT: u32 = 1_000_000;

impl<P, A, C, B> World<P, A, C, B>
where
    P: Protocol,
    A: Application<P>,
    C: Chooser,
    B: FnMut(Rank, Incarnation) -> P,
{
    /// Does the next thing that is due by `limit`. Whether there was one.
    pub(super) fn advance(&mut self, limit: Time) -> bool {
        while let Some((time, due)) = self.agenda.pop(limit) {
            if let Some(later) = self.put_off_until(due, time) {
                self.cover_pause(due, time);
                self.agenda.push(later, due);
                continue;
            }
            match due {
                Due::Arrival(slot) if self.network.is_gone(slot) => continue,
                Due::Wake { rank, generation } if !self.is_due(rank, generation, time) => continue,
                _ => self.now = time,
            }
            self.happen(due);
            return true;
        }
        false
    }

    /// Until when something has to wait, if it is an input to a process that stands still or waits for its disk.
    fn put_off_until(&self, due: Due, time: Time) -> Option<Time> {
        match due {
            Due::Start(rank) | Due::Feed(rank) | Due::Wake { rank, .. } | Due::Exclude { at: rank, .. } => {
                self.processes[rank.index()].blocked(time)
            }
            Due::Synced { rank, .. } => Some(self.processes[rank.index()].held_until).filter(|until| *until > time),
            _ => None,
        }
    }

    /// Something is due while its process stands still.
    fn cover_pause(&mut self, due: Due, time: Time) {
        match due {
            Due::Wake { rank, .. } | Due::Exclude { at: rank, .. } if self.processes[rank.index()].held_until <= time => {}
            Due::Wake { rank, generation } => {
                let process = &self.processes[rank.index()];
                if process.wake.is_some() && process.generation == generation && self.deadline(rank).is_some_and(|at| at <= time) {
                    self.coverage.note(Point::PauseAcrossDeadline);
                }
            }
            Due::Exclude { at, crashed } if self.is_alive(at) && !self.is_alive(crashed) => {
                self.coverage.note(Point::PauseAcrossExclusion);
            }
            _ => {}
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Start(rank) => self.start(rank),
            Due::Arrival(slot) => self.arrive(slot),
            Due::Feed(rank) => self.feed(rank),
            Due::Wake { rank, .. } => self.on_deadline(rank),
            Due::Exclude { at, crashed } => {
                if self.is_alive(at) && !self.is_alive(crashed) {
                    self.tell(at, crashed);
                }
            }
            Due::Doom(rank) => {
                let process = &mut self.processes[rank.index()];
                process.doomed = process.alive && self.chaos;
                if process.doomed && process.syncing.is_some() {
                    self.crash_at_last(rank);
                }
            }
            Due::Synced { rank, life } => self.synced(rank, life),
            Due::Return { rank, life } => {
                let process = &self.processes[rank.index()];
                if !process.alive && process.life == life {
                    self.come_back_by_itself(rank);
                }
            }
            Due::Pause => self.hold_somebody(),
            Due::ClockChange => self.change_clock(),
            Due::Partition => self.part(),
            Due::Flap => self.flap(),
            Due::Heal => self.unite(),
            Due::Calm => self.calm(),
        }
    }

    pub(super) fn begin(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        if !process.starting {
            process.starting = true;
            self.agenda.push(self.now, Due::Start(rank));
        }
    }

    fn start(&mut self, rank: Rank) {
        self.processes[rank.index()].starting = false;
        if self.is_alive(rank) {
            let now = self.input_time(rank);
            self.application.started(rank, now, &mut self.chooser);
            self.settle(rank);
        }
    }

    /// A copy comes out of the network.
    fn arrive(&mut self, slot: u32) {
        let Copy { from, to, life, .. } = *self.network.peek(slot);
        let receiver = &mut self.processes[to.index()];
        if !receiver.alive || (from == to && life != receiver.life) {
            self.drop_copy(slot);
            self.stats.unheard += 1;
            self.coverage.note(Point::Unheard);
        } else if self.network.is_cut(from, to) {
            self.drop_copy(slot);
            self.stats.partitioned += 1;
            self.eaten += 1;
            self.coverage.note(Point::CutInFlight);
        } else if receiver.waiting.is_empty() && receiver.blocked(self.now).is_none() && self.application.takes(to) {
            self.receive(slot);
        } else {
            let point = match (receiver.held_until > self.now, receiver.syncing) {
                (true, _) => Point::PauseHeldPacket,
                (false, Some(_)) => Point::DiskHeldPacket,
                (false, None) => Point::WaitedForApplication,
            };
            receiver.waiting.push_back(slot);
            self.coverage.note(point);
            self.stats.waited += 1;
            self.feed_later(to);
        }
    }

    /// Tries what waits for `rank`: its application may take again, its pause may be over.
    fn feed(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        process.feeding = false;
        if process.alive
            && self.application.takes(rank)
            && let Some(slot) = process.waiting.pop_front()
        {
            self.receive(slot);
        }
    }

    /// Sees to it that what waits for `rank` is tried again, if its application takes now.
    fn feed_later(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        if !process.waiting.is_empty() && !process.feeding && self.application.takes(rank) {
            process.feeding = true;
            self.agenda.push(process.blocked(self.now).unwrap_or(self.now), Due::Feed(rank));
        }
    }

    /// Gives the copy in a slot to its receiver.
    fn receive(&mut self, slot: u32) {
        let Copy { from, to, packet, life, kind, message } = self.network.take(slot);
        let is_copy = matches!(kind, Kind::Honest | Kind::Altered);
        let again = is_copy && self.network.ended(packet, true);
        if from == to {
            self.count_own_input(to);
        } else if is_copy && self.network.arrived(from, to, packet) {
            self.stats.overtaken += 1;
            self.coverage.note(if again { Point::DuplicateOvertaken } else { Point::Overtaken });
        }
        if again {
            self.coverage.note(Point::DuplicateDelivered);
        }
        if from != to && kind != Kind::Forged {
            self.cover_sender(from, to, life);
        }
        self.stats.events += 1;
        self.stats.delivered += 1;
        if kind != Kind::Forged {
            self.record(Recording::Everything, to, What::Receive { packet, from });
        }
        let now = self.input_time(to);
        if let Err(why) = self.processes[to.index()].protocol.receive(now, from, message, &mut self.outbox) {
            self.stats.rejected += 1;
            self.coverage.note(Point::Rejected);
            self.application.rejected(to, now, from, why);
        }
        match kind {
            Kind::Honest => {}
            Kind::Altered => self.coverage.note(Point::AlteredDelivered),
            Kind::Replayed => self.coverage.note(Point::ReplayDelivered),
            Kind::Forged => self.coverage.note(Point::ForgedDelivered),
        }
        self.settle(to);
    }

    /// A packet that `from` sent in this life of its is given to `to`.
    fn cover_sender(&mut self, from: Rank, to: Rank, life: u32) {
        if self.network.passing().bridges(from, to) {
            self.coverage.note(Point::BridgeHeard);
        }
        if self.away.parts(from, to) {
            self.coverage.note(Point::HeardBetweenFlaps);
        }
        let sender = &self.processes[from.index()];
        if !sender.alive {
            self.coverage.note(Point::HeardFromCrashed);
        }
        if life < sender.life {
            self.coverage.note(Point::HeardFromEarlierLife);
        }
        if life > 0 {
            self.coverage.note(Point::RestartHeard);
        }
        let told = &self.processes[to.index()].told;
        if !told.is_empty() && told.contains(&from) {
            self.coverage.note(Point::HeardFromExcluded);
        }
    }

    /// Takes a copy out of the network that nobody will hear.
    pub(super) fn drop_copy(&mut self, slot: u32) {
        let Copy { packet, kind, .. } = self.network.take(slot);
        if matches!(kind, Kind::Honest | Kind::Altered) {
            self.network.ended(packet, false);
        }
    }

    fn on_deadline(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        process.wake = None;
        self.expectant -= 1;
        let now = self.reading(rank);
        if self.processes[rank.index()].protocol.deadline().is_some_and(|deadline| deadline <= now) {
            self.call_wake(rank);
        } else {
            self.count_own_input(rank);
        }
        self.settle(rank);
    }

    pub(super) fn call_wake(&mut self, rank: Rank) {
        self.count_own_input(rank);
        self.stats.events += 1;
        self.stats.wakes += 1;
        let now = self.input_time(rank);
        self.processes[rank.index()].protocol.wake(now, &mut self.outbox);
        self.waking = true;
    }

    pub(super) fn tell(&mut self, at: Rank, crashed: Rank) {
        let process = &mut self.processes[at.index()];
        if process.told.insert(crashed) {
            self.stats.events += 1;
            self.stats.exclusions += 1;
            self.coverage.note(Point::Excluded);
            self.record(Recording::Deliveries, at, What::Exclude(crashed));
            let now = self.input_time(at);
            self.processes[at.index()].protocol.exclude(now, crashed, &mut self.outbox);
            self.settle(at);
        }
    }

    /// After an input: carries out its effects, asks the application until it has nothing more to ask, and notes the next deadline. If the process
    /// has to wait for its disk on the way, the rest comes after that.
    pub(super) fn settle(&mut self, rank: Rank) {
        self.carry_out(rank);
        self.waking = false;
        let mut outstanding = false;
        while self.is_ready(rank)
            && let Some(request) = self.application.next(rank, self.reading(rank))
        {
            if let Err(refused) = self.ask(rank, request) {
                let now = self.reading(rank);
                self.application.refused(rank, now, refused);
                outstanding = true;
                break;
            }
            self.carry_out(rank);
        }
        if self.is_ready(rank) {
            let process = &mut self.processes[rank.index()];
            process.refused = outstanding;
            if process.lost && process.protocol.deadline().is_some() {
                self.coverage.note(Point::LostWithDeadline);
            }
            process.lost = false;
            self.application.observe(rank, &process.protocol, &mut self.coverage);
            self.feed_later(rank);
            self.expect(rank);
        }
    }

    /// Whether a process lives and does not wait for its disk.
    fn is_ready(&self, rank: Rank) -> bool {
        let process = &self.processes[rank.index()];
        process.alive && process.syncing.is_none()
    }

    /// Gives one request to a protocol. Its effects are in the outbox then.
    pub(super) fn ask(&mut self, rank: Rank, request: P::Request) -> Result<(), Refused<P::Request, P::Refused>> {
        self.count_own_input(rank);
        self.stats.events += 1;
        let now = self.input_time(rank);
        let name = if self.recording >= Recording::Deliveries { self.application.name_request(rank, &request) } else { None };
        let answer = self.processes[rank.index()].protocol.request(now, request, &mut self.outbox);
        if answer.is_ok() {
            self.stats.requests += 1;
            if let Some(what) = name {
                self.record(Recording::Deliveries, rank, what);
            }
        } else {
            self.stats.refused += 1;
            self.coverage.note(Point::Refused);
            let emitted = self.outbox.len();
            assert!(emitted == 0, "process {rank} refused a request and yet emitted {emitted} effects (rule 3)");
        }
        answer
    }

    /// The earliest deadline of `rank`, its protocol's or its application's, in the world's time.
    fn deadline(&self, rank: Rank) -> Option<Time> {
        let process = &self.processes[rank.index()];
        let deadline = match (process.protocol.deadline(), self.application.deadline(rank)) {
            (Some(one), Some(other)) => one.min(other),
            (one, other) => one.or(other)?,
        };
        Some(process.clock.when(deadline))
    }

    /// Notes when `rank` wants to be woken. One wake counts for each process: a later deadline leaves it and is looked up when it comes due.
    fn expect(&mut self, rank: Rank) {
        let deadline = self.deadline(rank).map(|deadline| deadline.max(self.now));
        let process = &mut self.processes[rank.index()];
        match (process.wake, deadline) {
            (Some(wake), Some(deadline)) if wake <= deadline => {}
            (None, None) => {}
            (_, Some(deadline)) => {
                self.expectant += usize::from(process.wake.is_none());
                process.wake = Some(deadline);
                process.generation = process.generation.wrapping_add(1);
                self.agenda.push(deadline, Due::Wake { rank, generation: process.generation });
            }
            (Some(_), None) => {
                self.expectant -= 1;
                process.wake = None;
                process.generation = process.generation.wrapping_add(1);
            }
        }
    }

    /// Whether this wake counts and its deadline has come by `time`. A deadline that was moved on is put down again.
    fn is_due(&mut self, rank: Rank, generation: u32, time: Time) -> bool {
        if self.processes[rank.index()].wake.is_none() || self.processes[rank.index()].generation != generation {
            return false;
        }
        let deadline = self.deadline(rank);
        if deadline.is_some_and(|deadline| deadline <= time) {
            return true;
        }
        let process = &mut self.processes[rank.index()];
        process.wake = deadline;
        if let Some(deadline) = deadline {
            self.agenda.push(deadline, Due::Wake { rank, generation });
        } else {
            self.expectant -= 1;
        }
        false
    }

    fn count_own_input(&mut self, rank: Rank) {
        let (instant, inputs) = &mut self.processes[rank.index()].instant;
        if *instant == self.now {
            *inputs += 1;
            assert!(*inputs < INPUTS_PER_INSTANT, "process {rank} keeps itself busy while time stands still at {}", self.now);
        } else {
            (*instant, *inputs) = (self.now, 0);
        }
    }
}
