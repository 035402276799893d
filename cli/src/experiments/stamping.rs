//! Hybrid clocks that survive crashes, under disks and times of day of every kind.

use std::collections::BTreeMap;
use std::time::Duration;

use tidings_clocks::{ClockSource as _, Drift, HybridClock, HybridStamp, Rank, Time, UnixTime};
use tidings_protocol::{Effects, Incarnation, Protocol, Recover, Refused, To};
use tidings_sim::{Application, Chooser, DayClock, Site, Talk, World};

use super::{LIMIT, Run, Scenario};
use crate::PlantedRule;

/// How far a stamp may be ahead of the time of day that it was issued at.
const BOUND: Duration = Duration::from_millis(400);

/// How much a floor leaves room for.
const AHEAD: Duration = Duration::from_millis(60);

/// One process that stamps what it does and hears (Kulkarni and others 2014). A floor ahead of use is durable before any stamp below it is shown to
/// anybody, so that it never issues a stamp twice, whatever becomes of its clock while it is down.
#[derive(Clone, Debug)]
struct Stamping {
    incarnation: Incarnation,
    clock: DayClock,
    hybrid: HybridClock,
    /// Issues stamps without a floor, as nobody may who forgets.
    forgets: bool,
}

/// A stamp that was issued.
#[derive(Clone, Copy, Debug)]
struct Issued {
    incarnation: Incarnation,
    stamp: HybridStamp,
    /// The stamp of the message whose receipt this one is for.
    heard: Option<HybridStamp>,
    /// The time of day that it was issued at.
    day: UnixTime,
}

impl Stamping {
    fn new(incarnation: Incarnation, clock: DayClock, forgets: bool) -> Self {
        let hybrid = HybridClock::bounded(BOUND);
        let hybrid = if forgets { hybrid } else { hybrid.restore(HybridStamp::ZERO) };
        Self { incarnation, clock, hybrid, forgets }
    }

    /// Issues the next stamp, after that of a message if one was heard; nothing changes if there is none.
    fn issue(&mut self, heard: Option<HybridStamp>, effects: &mut impl Effects<Self>) -> Result<HybridStamp, Drift> {
        let day = self.clock.now();
        let next = |hybrid: &mut HybridClock| match heard {
            Some(heard) => hybrid.update(heard, day),
            None => hybrid.now(day),
        };
        let mut hybrid = self.hybrid;
        let mut floor = None;
        let stamp = match next(&mut hybrid) {
            Err(Drift::Unreserved { .. }) => {
                // What was heard may be ahead of all that this clock issued: the floor is to be beyond it.
                let mut ahead = hybrid;
                ahead.raise(heard.unwrap_or(HybridStamp::ZERO));
                floor = Some(ahead.floor_ahead(day, AHEAD));
                hybrid.reserve(ahead.floor_ahead(day, AHEAD));
                next(&mut hybrid)?
            }
            answer => answer?,
        };
        self.hybrid = hybrid;
        if let Some(floor) = floor {
            effects.persist(floor);
        }
        let _ = effects.indicate(Issued { incarnation: self.incarnation, stamp, heard, day });
        Ok(stamp)
    }
}

impl Protocol for Stamping {
    /// Does something, and tells all others.
    type Request = ();
    type Message = HybridStamp;
    type Indication = Issued;
    type Record = HybridStamp;
    type Refused = Drift;
    type Rejected = Drift;

    fn request(&mut self, _: Time, request: (), effects: &mut impl Effects<Self>) -> Result<(), Refused<(), Drift>> {
        let stamp = self.issue(None, effects).map_err(|why| Refused { request, why })?;
        effects.send(To::Others, stamp);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, heard: HybridStamp, effects: &mut impl Effects<Self>) -> Result<(), Drift> {
        self.issue(Some(heard), effects).map(drop)
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl Recover for Stamping {
    type Snapshot = Self;

    fn snapshot(&self) -> Self {
        self.clone()
    }

    fn restore(snapshot: Self) -> Self {
        snapshot
    }

    fn apply(&mut self, floor: HybridStamp) {
        if !self.forgets {
            self.hybrid = self.hybrid.restore(floor.max(self.hybrid.latest()));
        }
    }
}

/// Asks at random times, and judges every stamp.
struct Judge {
    talk: Talk,
    /// When each process asks next, latest first.
    times: Vec<Vec<Time>>,
    /// The last stamp of each life that shares a memory.
    last: BTreeMap<(Rank, Incarnation), HybridStamp>,
    broken: Vec<String>,
}

impl Application<Stamping> for Judge {
    fn started(&mut self, me: Rank, now: Time, chooser: &mut dyn Chooser) {
        let within = u32::try_from(self.talk.within.as_millis()).unwrap_or(u32::MAX);
        let mut time = || now + Duration::from_millis(u64::from(chooser.choose(Site::Application, within.max(1))));
        let mut times: Vec<Time> = (0..self.talk.messages).map(|_| time()).collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        self.times[me.index()] = times;
    }

    fn next(&mut self, me: Rank, now: Time) -> Option<()> {
        self.times[me.index()].pop_if(|time| *time <= now).map(drop)
    }

    /// A clock that was set back issues nothing for a while: then nothing is done.
    fn refused(&mut self, _: Rank, _: Time, _: Refused<(), Drift>) {}

    fn indicated(&mut self, me: Rank, now: Time, issued: Issued) {
        let Issued { incarnation, stamp, heard, day } = issued;
        let before = self.last.insert((me, incarnation), stamp);
        if let Some(before) = before.filter(|before| *before >= stamp) {
            self.broken.push(format!("{me} issues {stamp} after {before}, at {now} on its clock"));
        }
        if let Some(heard) = heard.filter(|heard| *heard >= stamp) {
            self.broken.push(format!("{me} stamps the receipt of {heard} with {stamp}, at {now} on its clock"));
        }
        let mut clock = HybridClock::unbounded();
        clock.raise(stamp);
        if clock.lead(day) > BOUND {
            self.broken.push(format!("{me} issues {stamp}, {:?} ahead of {day}", clock.lead(day)));
        }
    }

    fn deadline(&self, me: Rank) -> Option<Time> {
        self.times[me.index()].last().copied()
    }

    fn crashed(&mut self, me: Rank, _: Time) {
        self.times[me.index()].clear();
    }
}

/// Runs it, and says where a stamp is not greater than one that happened before it, or too far ahead.
pub(super) fn stamping(scenario: &Scenario, chooser: &mut dyn Chooser) -> Run {
    let processes = scenario.processes;
    let clocks: Vec<DayClock> = (0..processes).map(|_| DayClock::new()).collect();
    let forgets = scenario.without == Some(PlantedRule::Floor);
    let build = |rank: Rank, incarnation| Stamping::new(incarnation, clocks[rank.index()].clone(), forgets);
    let times = (0..processes).map(|_| Vec::new()).collect();
    let judge = Judge { talk: scenario.talk, times, last: BTreeMap::new(), broken: Vec::new() };
    let mut world = World::new(processes, scenario.faults.clone(), chooser, judge, build).recovering().showing(clocks.clone());
    let ending = world.run_until(LIMIT);
    let coverage = world.coverage().clone();
    let (judge, _, trace, stats) = world.into_parts();
    Run { trace, stats, coverage, ending, broken: judge.broken }
}
