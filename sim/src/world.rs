use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Incarnation, Outbox, Protocol, Recover, Refused};
use tidings_trace::{Trace, What};

use crate::agenda::{Agenda, Due};
use crate::chooser::draw;
use crate::network::{Network, Split};
use crate::process::{Process, Recall, replay};
use crate::timing::Stabilisation;
use crate::{Application, Chooser, Coverage, Ending, Faults, Point, Recording, Site, Stats};

mod days;
mod disks;
mod effects;
mod inputs;
mod mishaps;

/// A deterministic world in virtual time that runs one protocol at every process, under [`Faults`].
///
/// A run is a function of what the world was made of: the same chooser's choices give the same run, to the byte. Time advances only from one thing
/// that is due to the next; things due at the same time happen in the order in which they were put down.
///
/// After each input (a request, a message, a wake, an exclusion) the world carries out the protocol's effects in order, then asks the application.
/// The model:
///
/// - *Links* are fair-loss: packets are lost, repeated, late and overtake each other; [`Faults::links`] bounds that, and says whether they are also
///   altered, replayed or forged: if it does not, they are not. What a process sends to itself comes back at once, and cannot be lost but by its
///   crash.
/// - *Partitions* eat what is sent or should arrive while the two are apart.
/// - *Processes* are crash-stop. A crash cuts between any two effects, also between the packets of one fan-out. With a
///   [`downtime`](Faults::downtime), or by a script, they come back: with nothing, or with what they persisted.
/// - *Disks* lose nothing that was synced; [`Faults::disk`] says how long that takes and what else may become of records.
/// - *Timing* is asynchronous within the delays and pauses given, or as [`Faults::timing`] bounds it. Processes read clocks that are as wrong as [`Faults::clocks`] lets them be.
/// - *Detection*: after a crash every live process is told within the bound, and never falsely.
///
/// The world is also the judge of the rules that a driver can see. It panics, naming the process, if a refused request emitted anything (rule 3), if
/// a message goes to a rank outside of the view, and if a process keeps itself busy for ever while time stands still. Rule 7 it keeps itself: while
/// the application does not take, messages wait.
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
    /// From when on packets take at most how long.
    stabilisation: Option<Stabilisation>,
    partitions_left: u32,
    pauses_left: u32,
    clock_changes_left: u32,
    /// Where processes read the time of day, if they do.
    #[cfg(target_has_atomic = "64")]
    day_clocks: Vec<crate::DayClock>,
    packets: u64,
    /// How a process comes back with what it persisted; without it processes come back with nothing.
    recall: Option<Recall<P>>,
    trace: Trace,
    recording: Recording,
    stats: Stats,
    coverage: Coverage,
    /// Whether the input that is being dealt with is a wake.
    waking: bool,
    /// What the passing partition has eaten.
    eaten: u64,
    /// The partition that is gone for a moment, if one flaps.
    away: Split,
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
    /// `build` makes the protocol of a process, for each of its lives. How wrong each clock is, who crashes, and when, is chosen here.
    ///
    /// # Panics
    /// If `processes` is 0.
    pub fn new(processes: u32, faults: Faults, mut chooser: C, application: A, mut build: B) -> Self {
        assert!(processes > 0, "a world has at least one process");
        let count = processes as usize;
        let mut life = |rank| {
            let clock = faults.clocks.choose(&mut chooser);
            let shown = faults.time_of_day.choose(&mut chooser, clock);
            Process::new(build(Rank(rank), Incarnation::FIRST), clock, shown)
        };
        let lives = (0..processes).map(&mut life).collect();
        let stabilisation = faults.timing.choose(&mut chooser, faults.min_delay);
        let mut world = Self {
            stabilisation,
            chaos: !faults.chaos.is_zero(),
            partitions_left: faults.partitions.at_most,
            pauses_left: faults.pauses.at_most,
            clock_changes_left: faults.time_of_day.at_most,
            #[cfg(target_has_atomic = "64")]
            day_clocks: Vec::new(),
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
            recall: None,
            trace: Trace::new(count),
            recording: Recording::default(),
            stats: Stats::default(),
            coverage: Coverage::new(),
            waking: false,
            eaten: 0,
            away: Split::None,
        };
        world.cover_clocks();
        for rank in 0..processes {
            world.begin(Rank(rank));
        }
        if world.chaos {
            world.agenda.push(Time::ZERO + world.faults.chaos, Due::Calm);
            world.plan_crashes();
            world.plan_partition(Time::ZERO);
            world.plan_pause(Time::ZERO);
            world.plan_clock_change();
        }
        world
    }

    /// The same world, recording this much. [`Recording::Deliveries`] if nothing is said.
    #[must_use]
    pub const fn recording(mut self, recording: Recording) -> Self {
        self.recording = recording;
        self
    }

    /// The same world, in which processes that come back by themselves ([`Faults::downtime`]) do so with what they persisted, as by
    /// [`recover`](World::recover).
    #[must_use]
    pub fn recovering(mut self) -> Self
    where
        P: Recover,
        P::Record: Clone,
    {
        self.recall = Some(replay::<P>);
        self
    }

    /// The same world, in which these handles show the time of day of each process, by rank.
    ///
    /// # Panics
    /// If there are not as many as processes.
    #[cfg(target_has_atomic = "64")]
    #[must_use]
    pub fn showing(mut self, clocks: Vec<crate::DayClock>) -> Self {
        let (handles, processes) = (clocks.len(), self.processes.len());
        assert!(handles == processes, "{handles} handles for {processes} processes");
        self.day_clocks = clocks;
        self
    }

    /// Runs until nothing will happen any more, or until `limit`.
    ///
    /// A protocol that keeps a deadline for ever (a heartbeat) never comes to rest. After [`Ending::OutOfTime`] it is `limit`, and the run can go on;
    /// else it is the time of the last thing that happened, and a script can give the world something to do.
    pub fn run_until(&mut self, limit: Time) -> Ending {
        while !self.is_at_rest() {
            if !self.advance(limit) {
                self.now = self.now.max(limit);
                break;
            }
        }
        self.ending()
    }

    /// Lets `span` pass, whether or not anything happens in it.
    pub fn run_for(&mut self, span: Duration) -> Ending {
        let limit = self.now + span;
        while self.advance(limit) {}
        self.now = limit;
        self.ending()
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

    /// Brings a process back with nothing, in its next incarnation. What it persisted is lost too. Live processes that were not yet told of its crash
    /// will not be.
    ///
    /// # Panics
    /// If it has not crashed.
    pub fn restart(&mut self, rank: Rank) {
        assert!(!self.is_alive(rank), "process {rank} cannot restart: it has not crashed");
        self.come_back(rank, None);
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
        self.come_back(rank, Some(replay::<P>));
    }

    /// Stops a process for `span`, without its noticing: its messages, wakes and all else wait until then. Nothing if it has crashed. A pause that
    /// already lasts longer stays.
    pub fn pause(&mut self, rank: Rank, span: Duration) {
        if self.is_alive(rank) {
            self.hold(rank, self.now + span);
        }
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
    ///
    /// # Panics
    /// If a rank is not one of this world's.
    pub fn partition(&mut self, side: &[Rank]) {
        self.stats.partitions += 1;
        for &one in side {
            for other in (0..self.processes.len()).map(Rank::new).filter(|other| !side.contains(other)) {
                self.network.set_cut(one, other, true);
                self.network.set_cut(other, one, true);
            }
        }
    }

    /// Cuts the link from one process to another, in this direction only, until [`mend`](World::mend) or [`heal`](World::heal).
    ///
    /// # Panics
    /// If a rank is not one of this world's.
    pub fn cut(&mut self, from: Rank, to: Rank) {
        self.network.set_cut(from, to, true);
    }

    /// Mends the link from one process to another, in this direction only.
    ///
    /// # Panics
    /// If a rank is not one of this world's.
    pub fn mend(&mut self, from: Rank, to: Rank) {
        self.network.set_cut(from, to, false);
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

    /// Which faults met the code that they were meant for.
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The protocol of `rank`; after a crash as it was then.
    pub fn process(&self, rank: Rank) -> &P {
        &self.processes[rank.index()].protocol
    }

    /// What `rank` has persisted, oldest first; the last of them may be [on their way](crate::Disk) to the disk still.
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

    /// What the monotonic clock of `rank` says: the time that it and its application are given.
    pub fn clock(&self, rank: Rank) -> Time {
        self.reading(rank)
    }

    /// The world's time, which is that of the trace.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// From when on packets take at most how long, in a run whose [`Timing`](crate::Timing) bounds that: what no process knows.
    pub fn stabilisation(&self) -> Option<(Time, Duration)> {
        self.stabilisation.map(|Stabilisation { from, bound }| (from, bound))
    }

    /// Whether nothing will happen any more by itself.
    pub const fn is_at_rest(&self) -> bool {
        self.agenda.mattering() == self.network.gone() && self.expectant == 0
    }

    /// The application, the chooser, the trace and the figures.
    pub fn into_parts(self) -> (A, C, Trace, Stats) {
        (self.application, self.chooser, self.trace, self.stats)
    }

    /// Counts the clocks that are wrong.
    fn cover_clocks(&mut self) {
        for Process { clock, .. } in &self.processes {
            let ways = [(clock.ahead > 0, Point::ClockAhead), (clock.drift > 0, Point::ClockFast), (clock.drift < 0, Point::ClockSlow)];
            for (_, point) in ways.into_iter().filter(|(is_so, _)| *is_so) {
                self.coverage.note(point);
            }
        }
    }

    fn ending(&self) -> Ending {
        if !self.is_at_rest() {
            Ending::OutOfTime
        } else if self.processes.iter().any(|process| process.alive && (process.refused || !process.waiting.is_empty())) {
            Ending::Stuck
        } else {
            Ending::Quiescent
        }
    }

    /// What the clock of `rank` says.
    fn reading(&self, rank: Rank) -> Time {
        self.processes[rank.index()].clock.reading(self.now)
    }

    /// Chooses a time from zero to `span`.
    fn draw(&mut self, site: Site, span: Duration) -> Duration {
        draw(&mut self.chooser, site, span)
    }

    fn record(&mut self, level: Recording, rank: Rank, what: What) {
        if self.recording >= level {
            self.trace.push(self.now, rank, what);
        }
    }
}

impl<P: Protocol, A, C, B> fmt::Debug for World<P, A, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now)
            .field("processes", &self.processes.len())
            .field("faults", &self.faults)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}
