use alloc::vec::Vec;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Outbox, Protocol, Recover, Refused, To};
use tidings_trace::{Trace, What};

use crate::agenda::{Agenda, Due};
use crate::chooser::{STEPS, fraction};
use crate::network::{Copy, Network};
use crate::process::Process;
use crate::{Application, Chooser, Ending, Faults, Recording, Site, Stats};

/// The inputs that a process may give itself (wakes, requests, messages to itself) while time stands still. Beyond it the run would never end.
const INPUTS_PER_INSTANT: u32 = 1_000_000;

/// A deterministic world in virtual time that runs one protocol at every process, under [`Faults`].
///
/// A run is a function of what the world was made of: the same chooser's choices give the same run, to the byte. Time advances only from one thing that is due to the next; things
/// due at the same time happen in the order in which they were put down.
///
/// After each input (a request, a message, a wake, an exclusion) the world carries out the protocol's effects in order, then asks the application. The model:
///
/// - *Links* are fair-loss: packets are lost, repeated, late and overtake each other, and are never altered; the sender is always true. What a process sends to itself comes back at once, and cannot be lost
///   but by its crash.
/// - *Partitions* eat what is sent or should arrive while the two are apart.
/// - *Processes* are crash-stop. A crash cuts between any two effects, also between the packets of one fan-out. A script can restart them, with or without what they persisted.
/// - *Timing* is asynchronous within the delays given. All processes read the world's own time.
/// - *Detection*: after a crash every live process is told within the bound, and never falsely.
///
/// The world is also the judge of the rules that a driver can see. It panics, naming the process, if a refused request emitted anything (rule 3), if a message goes to a rank outside of the view, and if a
/// process keeps itself busy for ever while time stands still.
///
/// Memory O(n²) for n processes, and what is in flight.
pub struct World<P: Protocol, A, C, B> {
    faults: Faults,
    chooser: C,
    application: A,
    build: B,
    processes: Vec<Process<P>>,
    network: Network<P::Message>,
    agenda: Agenda,
    /// How many processes have a deadline.
    expectant: usize,
    outbox: Outbox<P>,
    now: Time,
    /// Whether the chaos phase lasts.
    chaos: bool,
    partitions_left: u32,
    packets: u64,
    trace: Trace,
    recording: Recording,
    stats: Stats,
}

impl<P, A, C, B> World<P, A, C, B>
where
    P: Protocol,
    A: Application<P>,
    C: Chooser,
    B: FnMut(Rank, Incarnation) -> P,
{
    /// A world of `processes` processes at time zero, in which nothing has happened yet.
    ///
    /// `build` makes the protocol of a process, for each of its lives. Who crashes, and when, is chosen here.
    ///
    /// # Panics
    /// If `processes` is 0.
    pub fn new(processes: u32, faults: Faults, chooser: C, application: A, mut build: B) -> Self {
        assert!(processes > 0, "a world has at least one process");
        let count = processes as usize;
        let lives = (0..processes).map(|rank| Process::new(build(Rank(rank), Incarnation::FIRST))).collect();
        let mut world = Self {
            chaos: !faults.chaos.is_zero(),
            partitions_left: faults.partitions.at_most,
            faults,
            chooser,
            application,
            build,
            processes: lives,
            network: Network::new(count),
            agenda: Agenda::default(),
            expectant: 0,
            outbox: Outbox::new(),
            now: Time::ZERO,
            packets: 0,
            trace: Trace::new(count),
            recording: Recording::default(),
            stats: Stats::default(),
        };
        for rank in 0..processes {
            world.begin(Rank(rank));
        }
        if world.chaos {
            world.agenda.push(Time::ZERO + world.faults.chaos, Due::Calm);
            world.plan_crashes();
            world.plan_partition();
        }
        world
    }

    /// The same world, recording this much. [`Recording::Deliveries`] if nothing is said.
    #[must_use]
    pub const fn recording(mut self, recording: Recording) -> Self {
        self.recording = recording;
        self
    }

    /// Runs until nothing will happen any more, or until `limit`.
    ///
    /// A protocol that keeps a deadline for ever (a heartbeat) never comes to rest. After [`Ending::OutOfTime`] it is `limit`, and the run can go on.
    pub fn run_until(&mut self, limit: Time) -> Ending {
        while !self.is_at_rest() {
            if !self.advance(limit) {
                self.now = self.now.max(limit);
                return Ending::OutOfTime;
            }
        }
        if self.processes.iter().any(|process| process.alive && (process.refused || !process.waiting.is_empty())) {
            Ending::Stuck
        } else {
            Ending::Quiescent
        }
    }

    /// Runs until nothing will happen any more, or for `span` from now.
    pub fn run_for(&mut self, span: Duration) -> Ending {
        self.run_until(self.now + span)
    }

    /// Does the next thing that is due. Whether there was one.
    pub fn step(&mut self) -> bool {
        !self.is_at_rest() && self.advance(Time::MAX)
    }

    /// Asks the protocol of `rank`, as the application would. Effects are carried out at once; then the application is asked.
    ///
    /// # Errors
    /// The protocol's refusal. Nothing happened.
    ///
    /// # Panics
    /// If the process has crashed.
    pub fn request(&mut self, rank: Rank, request: P::Request) -> Result<(), Refused<P::Request, P::Refused>> {
        assert!(self.is_alive(rank), "process {rank} has crashed and takes no requests");
        self.ask(rank, request)?;
        self.settle(rank);
        Ok(())
    }

    /// Wakes the protocol of `rank`, due or not: a protocol bears that at any time. Nothing if the process has crashed.
    pub fn wake(&mut self, rank: Rank) {
        if self.is_alive(rank) {
            self.call_wake(rank);
            self.settle(rank);
        }
    }

    /// Crashes a process between two inputs. Nothing if it has crashed already.
    pub fn crash(&mut self, rank: Rank) {
        if self.is_alive(rank) {
            self.stop(rank);
        }
    }

    /// Brings a process back with nothing, in its next incarnation. What it persisted is lost too. Live processes that were not yet told of its crash will not be.
    ///
    /// # Panics
    /// If it has not crashed.
    pub fn restart(&mut self, rank: Rank) {
        assert!(!self.is_alive(rank), "process {rank} cannot restart: it has not crashed");
        let incarnation = self.processes[rank.index()].incarnation.next().expect("a process restarts fewer than 2^64 times");
        let protocol = (self.build)(rank, incarnation);
        self.processes[rank.index()].records.clear();
        self.revive(rank, protocol, incarnation);
    }

    /// Brings a process back with what it persisted, in the same incarnation: the state that `build` makes, and every record applied to it in order.
    ///
    /// # Panics
    /// If it has not crashed.
    pub fn recover(&mut self, rank: Rank)
    where
        P: Recover,
        P::Record: Clone,
    {
        assert!(!self.is_alive(rank), "process {rank} cannot recover: it has not crashed");
        let incarnation = self.processes[rank.index()].incarnation;
        let mut protocol = P::restore((self.build)(rank, incarnation).snapshot());
        for record in &self.processes[rank.index()].records {
            protocol.apply(record.clone());
        }
        self.revive(rank, protocol, incarnation);
    }

    /// Tells `at` that `crashed` has crashed, once. Nothing if `at` itself has crashed.
    ///
    /// The world does this by itself within [`Faults::detection`]. A script may do it earlier, or falsely.
    pub fn exclude(&mut self, at: Rank, crashed: Rank) {
        if self.is_alive(at) {
            self.tell(at, crashed);
        }
    }

    /// Cuts all links between the ranks of `side` and all others, in both directions, until [`heal`](World::heal).
    pub fn partition(&mut self, side: &[Rank]) {
        self.stats.partitions += 1;
        for &one in side {
            for other in (0..self.processes.len()).map(Rank::new).filter(|other| !side.contains(other)) {
                self.network.cut(one, other);
                self.network.cut(other, one);
            }
        }
    }

    /// Cuts the link from one process to another, in this direction only.
    pub fn cut(&mut self, from: Rank, to: Rank) {
        self.network.cut(from, to);
    }

    /// Mends the link from one process to another, in this direction only.
    pub fn mend(&mut self, from: Rank, to: Rank) {
        self.network.mend(from, to);
    }

    /// Mends all links that a script has cut. Partitions that come by themselves also end by themselves.
    pub fn heal(&mut self) {
        self.network.mend_all();
    }

    /// What was recorded.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What happened, in figures.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The protocol of `rank`; after a crash as it was then.
    pub fn process(&self, rank: Rank) -> &P {
        &self.processes[rank.index()].protocol
    }

    /// What `rank` has persisted, oldest first.
    pub fn records(&self, rank: Rank) -> &[P::Record] {
        &self.processes[rank.index()].records
    }

    /// Whether `rank` lives.
    pub fn is_alive(&self, rank: Rank) -> bool {
        self.processes[rank.index()].alive
    }

    /// Which incarnation of `rank` this is.
    pub fn incarnation(&self, rank: Rank) -> Incarnation {
        self.processes[rank.index()].incarnation
    }

    /// All ranks, in order.
    pub fn ranks(&self) -> impl DoubleEndedIterator<Item = Rank> + ExactSizeIterator + use<P, A, C, B> {
        (0..self.processes.len()).map(Rank::new)
    }

    /// The ranks that live, in order.
    pub fn live(&self) -> impl Iterator<Item = Rank> + '_ {
        self.ranks().filter(|rank| self.is_alive(*rank))
    }

    /// The application.
    pub const fn application(&self) -> &A {
        &self.application
    }

    /// The application, to change it between steps.
    pub const fn application_mut(&mut self) -> &mut A {
        &mut self.application
    }

    /// The chooser.
    pub const fn chooser(&self) -> &C {
        &self.chooser
    }

    /// The world's time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Whether nothing will happen any more by itself.
    pub const fn is_at_rest(&self) -> bool {
        self.agenda.is_idle() && self.expectant == 0
    }

    /// The application, the chooser, the trace and the figures.
    pub fn into_parts(self) -> (A, C, Trace, Stats) {
        (self.application, self.chooser, self.trace, self.stats)
    }

    /// What the clock of `rank` says. Everybody's is right; faulty clocks would be made here.
    const fn reading(&self, _rank: Rank) -> Time {
        self.now
    }

    /// Does the next thing that is due by `limit`. Whether there was one.
    fn advance(&mut self, limit: Time) -> bool {
        while let Some((time, due)) = self.agenda.pop(limit) {
            if let Due::Wake { rank, generation } = due
                && !self.is_due(rank, generation, time)
            {
                continue;
            }
            self.now = time;
            self.happen(due);
            return true;
        }
        false
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
            }
            Due::Partition => self.part(),
            Due::Heal => {
                if self.chaos {
                    self.network.unite();
                    self.plan_partition();
                }
            }
            Due::Calm => self.calm(),
        }
    }

    fn start(&mut self, rank: Rank) {
        self.processes[rank.index()].starting = false;
        if self.is_alive(rank) {
            let now = self.reading(rank);
            self.application.started(rank, now, &mut self.chooser);
            self.settle(rank);
        }
    }

    /// A copy comes out of the network.
    fn arrive(&mut self, slot: u32) {
        let Copy { from, to, packet, life, .. } = *self.network.peek(slot);
        let receiver = &mut self.processes[to.index()];
        if !receiver.alive || (from == to && life != receiver.life) {
            self.network.take(slot);
            self.stats.unheard += 1;
        } else if self.network.is_cut(from, to) {
            self.network.take(slot);
            self.stats.partitioned += 1;
        } else if receiver.waiting.is_empty() && self.application.takes(to) {
            let message = self.network.take(slot).message;
            self.receive(from, to, packet, message);
        } else {
            receiver.waiting.push_back(slot);
            self.stats.waited += 1;
            self.feed_later(to);
        }
    }

    /// The application of `rank` may take again.
    fn feed(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        process.feeding = false;
        if process.alive
            && self.application.takes(rank)
            && let Some(slot) = process.waiting.pop_front()
        {
            let Copy { from, to, packet, message, .. } = self.network.take(slot);
            self.receive(from, to, packet, message);
        }
    }

    fn receive(&mut self, from: Rank, to: Rank, packet: u64, message: P::Message) {
        if from == to {
            self.count_own_input(to);
        } else if self.network.arrived(from, to, packet) {
            self.stats.overtaken += 1;
        }
        self.stats.events += 1;
        self.stats.delivered += 1;
        self.record(Recording::Everything, to, What::Receive { packet, from });
        let now = self.reading(to);
        if let Err(why) = self.processes[to.index()].protocol.receive(now, from, message, &mut self.outbox) {
            self.stats.rejected += 1;
            self.application.rejected(to, now, from, why);
        }
        self.settle(to);
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

    fn call_wake(&mut self, rank: Rank) {
        self.count_own_input(rank);
        self.stats.events += 1;
        self.stats.wakes += 1;
        let now = self.reading(rank);
        self.processes[rank.index()].protocol.wake(now, &mut self.outbox);
    }

    fn tell(&mut self, at: Rank, crashed: Rank) {
        let process = &mut self.processes[at.index()];
        if process.told.insert(crashed) {
            self.stats.events += 1;
            self.stats.exclusions += 1;
            self.record(Recording::Deliveries, at, What::Exclude(crashed));
            let now = self.reading(at);
            self.processes[at.index()].protocol.exclude(now, crashed, &mut self.outbox);
            self.settle(at);
        }
    }

    /// After an input: carries out its effects, asks the application until it has nothing more to ask, and notes the next deadline.
    fn settle(&mut self, rank: Rank) {
        self.carry_out(rank);
        while self.is_alive(rank)
            && let Some(request) = self.application.next(rank, self.reading(rank))
        {
            if let Err(refused) = self.ask(rank, request) {
                let now = self.reading(rank);
                self.application.refused(rank, now, refused);
                self.processes[rank.index()].refused = true;
                break;
            }
            self.processes[rank.index()].refused = false;
            self.carry_out(rank);
        }
        if self.is_alive(rank) {
            self.feed_later(rank);
            self.expect(rank);
        }
    }

    /// Gives one request to a protocol. Its effects are in the outbox then.
    fn ask(&mut self, rank: Rank, request: P::Request) -> Result<(), Refused<P::Request, P::Refused>> {
        self.count_own_input(rank);
        self.stats.events += 1;
        let now = self.reading(rank);
        let name = if self.recording >= Recording::Deliveries { self.application.name_request(rank, &request) } else { None };
        let answer = self.processes[rank.index()].protocol.request(now, request, &mut self.outbox);
        if answer.is_ok() {
            self.stats.requests += 1;
            if let Some(what) = name {
                self.record(Recording::Deliveries, rank, what);
            }
        } else {
            self.stats.refused += 1;
            let emitted = self.outbox.len();
            assert!(emitted == 0, "process {rank} refused a request and yet emitted {emitted} effects (rule 3)");
        }
        answer
    }

    /// Carries out what is in the outbox, in order.
    fn carry_out(&mut self, rank: Rank) {
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
        for effect in effects {
            let parts = parts(&effect).min(left);
            if parts > 0 {
                self.carry_out_one(rank, effect, parts);
                left -= parts;
            }
        }
        self.stats.cut_off += cut_off;
        self.stop(rank);
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
            for _ in 0..self.copies(from, to) {
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
            return 0;
        }
        if self.chaos && self.chooser.happens(Site::Lose, self.faults.loss) {
            self.stats.lost += 1;
            return 0;
        }
        if self.chaos && self.chooser.happens(Site::Duplicate, self.faults.duplicate) {
            self.stats.duplicated += 1;
            return 2;
        }
        1
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

    /// Sees to it that what waits for the application of `rank` is tried when it takes.
    fn feed_later(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        if !process.waiting.is_empty() && !process.feeding && self.application.takes(rank) {
            process.feeding = true;
            self.agenda.push(self.now, Due::Feed(rank));
        }
    }

    /// The earliest deadline of `rank`: its protocol's or its application's.
    fn deadline(&self, rank: Rank) -> Option<Time> {
        let protocol = self.processes[rank.index()].protocol.deadline();
        match (protocol, self.application.deadline(rank)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
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

    /// Whether this wake counts and its deadline has come. A deadline that was moved on is put down again.
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

    fn begin(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        if !process.starting {
            process.starting = true;
            self.agenda.push(self.now, Due::Start(rank));
        }
    }

    fn stop(&mut self, rank: Rank) {
        let process = &mut self.processes[rank.index()];
        process.alive = false;
        process.doomed = false;
        process.generation = process.generation.wrapping_add(1);
        if process.wake.take().is_some() {
            self.expectant -= 1;
        }
        for slot in process.waiting.drain(..) {
            self.network.take(slot);
            self.stats.unheard += 1;
        }
        self.stats.crashes += 1;
        self.record(Recording::Deliveries, rank, What::Crash);
        self.application.crashed(rank, self.now);
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

    fn revive(&mut self, rank: Rank, protocol: P, incarnation: Incarnation) {
        self.processes[rank.index()].revive(protocol, incarnation);
        self.stats.restarts += 1;
        self.record(Recording::Deliveries, rank, What::Restart);
        self.begin(rank);
        for crashed in self.ranks() {
            if !self.is_alive(crashed) {
                self.detect(rank, crashed);
            }
        }
    }

    /// Chooses who crashes, and when: as likely in the first hundredth of the chaos phase as in its last half, because most protocols are done early.
    fn plan_crashes(&mut self) {
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

    /// Chooses when the next partition comes, if one comes.
    fn plan_partition(&mut self) {
        if self.partitions_left > 0 {
            self.partitions_left -= 1;
            if let Some(choice) = self.chooser.choose(Site::Partition, STEPS).checked_sub(1) {
                let gap = fraction(self.faults.partitions.gap.saturating_mul(2), choice, STEPS - 1);
                self.agenda.push(self.now + gap, Due::Partition);
            }
        }
    }

    fn part(&mut self) {
        if self.chaos {
            let sides: Vec<bool> = self.ranks().map(|_| self.chooser.choose(Site::Side, 2) == 1).collect();
            if sides.iter().any(|side| *side != sides[0]) {
                self.stats.partitions += 1;
                self.network.part(sides);
            }
            let length = self.draw(Site::Partition, self.faults.partitions.length.saturating_mul(2));
            self.agenda.push(self.now + length, Due::Heal);
        }
    }

    /// Ends the chaos phase: all heals, and whoever was to crash does.
    fn calm(&mut self) {
        self.chaos = false;
        self.network.unite();
        for rank in self.ranks() {
            if self.processes[rank.index()].doomed {
                self.stop(rank);
            }
        }
    }

    /// Chooses a time from zero to `span`. No time to choose is no choice.
    fn draw(&mut self, site: Site, span: Duration) -> Duration {
        let options = u32::try_from(span.as_nanos().saturating_add(1)).unwrap_or(u32::MAX).min(STEPS);
        if options <= 1 { Duration::ZERO } else { fraction(span, self.chooser.choose(site, options), options) }
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

    fn record(&mut self, level: Recording, rank: Rank, what: What) {
        if self.recording >= level {
            self.trace.push(self.now, rank, what);
        }
    }
}
