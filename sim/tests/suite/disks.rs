//! Disks that are slow, full, torn or gone: what was shown to anybody survives, and of the rest as little as the model allows.

use std::convert::Infallible;
use std::time::Duration;

use tidings_protocol::{Effects, Incarnation, Protocol, Rank, Recover, Refused, Time, To};
use tidings_sim::{
    Application, Chance, Chooser, Disk, Ending, Faults, Links, Point, Recorded, Replay, Seeded, Spread, Stats, World, seeds,
};

const ONLY: Rank = Rank(0);

/// Writes numbers down in batches, and says how many there are when a batch is written. The numbers of a ledger have no gap.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ledger {
    numbers: Vec<u64>,
    /// Tells before it writes, as nobody may.
    hasty: bool,
    /// What others said.
    heard: u64,
}

impl Protocol for Ledger {
    /// How many numbers.
    type Request = u64;
    type Message = u64;
    type Indication = u64;
    type Record = u64;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, batch: u64, effects: &mut impl Effects<Self>) -> Result<(), Refused<u64, Infallible>> {
        let before = self.numbers.len() as u64;
        self.numbers.extend(before..before + batch);
        if self.hasty {
            let _ = effects.indicate(before + batch);
        }
        (before..before + batch).for_each(|number| effects.persist(number));
        if !self.hasty {
            let _ = effects.indicate(before + batch);
        }
        effects.send(To::Others, before + batch);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, _: u64, _: &mut impl Effects<Self>) -> Result<(), Infallible> {
        self.heard += 1;
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl Recover for Ledger {
    type Snapshot = Self;

    fn snapshot(&self) -> Self {
        self.clone()
    }

    fn restore(snapshot: Self) -> Self {
        snapshot
    }

    fn apply(&mut self, record: u64) {
        assert_eq!(record, self.numbers.len() as u64, "records come back whole, in order, and without a gap");
        self.numbers.push(record);
    }
}

/// Asks for batches of one, two and three numbers, one every millisecond, and remembers the most that each process was told of.
#[derive(Debug, Default)]
struct Clerk {
    asked: Vec<u64>,
    until: Time,
    told: Vec<u64>,
}

impl Clerk {
    fn new(processes: usize, until: Time) -> Self {
        Self { asked: vec![0; processes], until, told: vec![0; processes] }
    }

    fn due(&self, me: Rank) -> Time {
        Time::from_millis(self.asked[me.index()] + 1)
    }
}

impl Application<Ledger> for Clerk {
    fn next(&mut self, me: Rank, now: Time) -> Option<u64> {
        let due = self.due(me);
        (due <= now && due <= self.until).then(|| {
            self.asked[me.index()] += 1;
            1 + self.asked[me.index()] % 3
        })
    }

    fn refused(&mut self, _: Rank, _: Time, _: Refused<u64, Infallible>) {}

    fn indicated(&mut self, me: Rank, _: Time, count: u64) {
        self.told[me.index()] = count;
    }

    fn deadline(&self, me: Rank) -> Option<Time> {
        Some(self.due(me)).filter(|due| *due <= self.until)
    }
}

/// One process that crashes once and comes back, with this disk; what it was told of, and what it had after that.
fn one_crash(disk: Disk, hasty: bool, chooser: impl Chooser) -> (u64, u64, Stats) {
    let faults = Faults { crashes: 1, downtime: Some(Duration::from_millis(5)), chaos: Duration::from_millis(40), disk, ..Faults::calm() };
    let build = |_, _| Ledger { hasty, ..Ledger::default() };
    let mut world = World::new(1, faults, chooser, Clerk::new(1, Time::from_millis(40)), build).recovering();
    let (mut told, mut had) = (0, u64::MAX);
    while world.step() {
        if !world.is_alive(ONLY) {
            (told, had) = (world.application().told[0], world.records(ONLY).len() as u64);
        }
    }
    assert!(world.is_alive(ONLY));
    (told, had, *world.stats())
}

const FRAGILE: Disk = Disk { unsynced: Chance::percent(70), torn: Chance::percent(50), ..Disk::PERFECT };

/// The durability contract: whatever the crash leaves, what was told of is there. And what was not told of may be gone, in part or in whole.
#[test]
fn only_what_was_not_synced_is_lost_or_torn() {
    let (mut lost, mut torn, mut kept, mut crashes) = (0, 0, 0, 0);
    for sync in [Duration::ZERO, Duration::from_micros(900)] {
        for seed in seeds(400) {
            let (told, had, stats) = one_crash(Disk { sync, ..FRAGILE }, false, Seeded::new(seed));
            assert!(had >= told, "seed {seed}: {told} were told of, {had} are left");
            assert!(stats.unsynced <= 3 * stats.crashes && stats.torn <= u64::from(stats.unsynced > 0), "seed {seed}: {stats:?}");
            crashes += stats.crashes;
            lost += stats.unsynced;
            torn += stats.torn;
            kept += u64::from(stats.crashes == 1 && had > told && had != u64::MAX);
        }
    }
    assert!(crashes > 400 && lost > 50 && torn > 20 && kept > 20, "{crashes} crashes, {lost} lost, {torn} torn, {kept} kept");
}

/// The same world finds a protocol that tells before it writes.
#[test]
fn who_tells_before_it_writes_is_found_out() {
    let broken = seeds(400).filter(|seed| {
        let (told, had, _) = one_crash(FRAGILE, true, Seeded::new(*seed));
        had < told
    });
    assert!(broken.count() > 20);
}

#[test]
fn without_such_faults_no_record_is_ever_lost() {
    for seed in seeds(200) {
        let (told, had, stats) = one_crash(Disk { sync: Duration::from_micros(900), ..Disk::PERFECT }, false, Seeded::new(seed));
        assert!(had >= told && (stats.unsynced, stats.torn) == (0, 0), "seed {seed}");
    }
}

/// Records that follow one another are synced together, what comes after them waits, and so does every input.
#[test]
fn a_slow_disk_holds_later_effects_and_inputs() {
    let sync = Duration::from_millis(10);
    let disk = Disk { sync, ..Disk::PERFECT };
    let mut slow = 0;
    for seed in seeds(50) {
        let mut world = World::new(2, Faults { disk, ..Faults::calm() }, Seeded::new(seed), (), |_, _| Ledger::default());
        world.request(ONLY, 3).unwrap();
        world.request(Rank(1), 0).unwrap();
        assert_eq!(world.records(ONLY).len(), 3);
        let waits = world.stats().syncs;
        assert!(waits <= 1, "one sync for the three");
        if waits == 1 {
            assert_eq!((world.stats().indications, world.stats().sent), (1, 1), "only the other one's");
            let _ = world.run_for(Duration::from_millis(1));
            if world.stats().indications == 1 {
                assert_eq!(world.process(ONLY).heard, 0, "its input waits");
                slow += 1;
            }
        }
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert!(world.now() <= Time::ZERO + sync + Duration::from_millis(1));
        assert_eq!((world.stats().indications, world.process(ONLY).heard, world.process(Rank(1)).heard), (2, 1, 1));
        assert_eq!(world.coverage().count(Point::DiskHeldPacket), world.stats().waited);
    }
    assert!(slow > 30, "{slow}");
}

/// A process whose disk is at work crashes: what waited for the disk never happens.
#[test]
fn a_crash_while_the_disk_is_at_work_cuts_off_what_waited() {
    let disk = Disk { sync: Duration::from_millis(10), ..Disk::PERFECT };
    let mut cut_off = 0;
    for seed in seeds(50) {
        let mut world = World::new(3, Faults { disk, ..Faults::calm() }, Seeded::new(seed), (), |_, _| Ledger::default());
        world.request(ONLY, 2).unwrap();
        let waits = world.stats().indications == 0;
        world.crash(ONLY);
        assert_eq!(world.coverage().count(Point::CrashWhileSyncing), u64::from(waits));
        assert_eq!(world.stats().cut_off, if waits { 3 } else { 0 }, "an indication and two packets");
        world.recover(ONLY);
        assert_eq!(world.process(ONLY).numbers, [0, 1]);
        world.request(ONLY, 1).unwrap();
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert_eq!(world.process(ONLY).numbers, [0, 1, 2]);
        assert_eq!(world.stats().indications, 2 - u64::from(waits), "what waited in the first life is not done in the second");
        cut_off += world.stats().cut_off;
    }
    assert!(cut_off > 60, "{cut_off}");
}

/// What a stalled disk lets wait is bounded by the queues of the links.
#[test]
fn what_waits_for_a_disk_is_bounded() {
    let links = Links { queue: Some(4), ..Links::PERFECT };
    let disk = Disk { sync: Duration::from_secs(1), ..Disk::PERFECT };
    let mut stalled = 0;
    for seed in seeds(20) {
        let mut world = World::new(3, Faults { disk, links, ..Faults::calm() }, Seeded::new(seed), (), |_, _| Ledger::default());
        world.request(ONLY, 1).unwrap();
        for _ in 0..100 {
            world.request(Rank(1), 0).unwrap();
            world.request(Rank(2), 0).unwrap();
            let _ = world.run_for(Duration::from_millis(2));
        }
        stalled += u64::from(world.stats().overflowed >= 180);
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert!(world.stats().most_in_flight <= 12, "seed {seed}: four on each link to the process, and what just went to the others");
    }
    assert!(stalled > 10, "{stalled}");
}

/// A full disk stops its process, which comes back with what it has when there is room.
#[test]
fn a_full_disk_stops_its_process_until_there_is_room() {
    let disk = Disk { room: Some(5), ..Disk::PERFECT };
    let chaos = Duration::from_millis(30);
    let faults = Faults { downtime: Some(Duration::ZERO), disk, chaos, ..Faults::calm() };
    for seed in seeds(20) {
        let mut world =
            World::new(2, faults.clone(), Seeded::new(seed), Clerk::new(2, Time::from_millis(40)), |_, _| Ledger::default()).recovering();
        let _ = world.run_until(Time::ZERO + chaos / 2);
        for rank in [Rank(0), Rank(1)] {
            assert!(!world.is_alive(rank));
            // 2 + 3 numbers were written, and then there was no room for the next one.
            assert_eq!((world.records(rank).len(), world.application().told[rank.index()]), (5, 5));
        }
        assert_eq!((world.stats().full_disks, world.stats().crashes, world.stats().restarts), (2, 2, 0));
        assert_eq!(world.coverage().count(Point::DiskFull), 2);
        assert!(world.stats().cut_off >= 2);
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        assert_eq!((world.stats().full_disks, world.stats().restarts), (2, 2));
        for rank in [Rank(0), Rank(1)] {
            assert_eq!(world.incarnation(rank), Incarnation::FIRST);
            assert!(world.records(rank).len() as u64 == world.application().told[rank.index()] && world.records(rank).len() > 30);
        }
    }
}

/// A process whose disk is full within a batch keeps the records before it, and tells nobody.
#[test]
fn a_batch_that_does_not_fit_is_not_told_of() {
    let disk = Disk { room: Some(2), unsynced: Chance::ALWAYS, ..Disk::PERFECT };
    let mut left = [0; 3];
    for seed in seeds(100) {
        let mut world = World::new(2, Faults { disk, ..Faults::calm() }, Seeded::new(seed), (), |_, _| Ledger::default());
        world.request(ONLY, 4).unwrap();
        assert!(!world.is_alive(ONLY));
        assert_eq!((world.stats().indications, world.stats().sent, world.stats().cut_off), (0, 0, 4), "two records, a word, a packet");
        assert_eq!(world.stats().unsynced + world.records(ONLY).len() as u64, 2);
        left[world.records(ONLY).len()] += 1;
    }
    assert!(left[0] > 20 && left[1] > 20 && left[2] == 0, "{left:?}: the last, or both");
}

/// Whoever finds its disk gone does not come back as who it was.
#[test]
fn a_lost_disk_means_another_incarnation() {
    let disk = Disk { lost: Chance::percent(50), ..Disk::PERFECT };
    let faults = Faults { crashes: 2, downtime: Some(Duration::from_millis(5)), chaos: Duration::from_millis(50), disk, ..Faults::calm() };
    let (mut lost, mut recovered) = (0, 0);
    for seed in seeds(200) {
        let clerk = Clerk::new(2, Time::from_millis(20));
        let mut world = World::new(2, faults.clone(), Seeded::new(seed), clerk, |_, _| Ledger::default()).recovering();
        assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
        let newcomers = world.ranks().filter(|rank| world.incarnation(*rank) > Incarnation::FIRST).count() as u64;
        assert_eq!(newcomers, world.stats().lost_disks, "seed {seed}");
        assert_eq!(world.coverage().count(Point::DiskGone), newcomers);
        lost += newcomers;
        recovered += world.stats().restarts - newcomers;
    }
    assert!(lost > 30 && recovered > 30, "{lost} {recovered}");
}

/// A disk of this kind is fast, but for a few syncs that stall.
#[test]
fn a_disk_may_stall_now_and_then() {
    let disk = Disk { sync: Duration::from_secs(1), spread: Spread::HeavyTail, ..Disk::PERFECT };
    let (mut fast, mut stalled) = (0, 0);
    for seed in seeds(2_000) {
        let mut world = World::new(1, Faults { disk, ..Faults::calm() }, Seeded::new(seed), (), |_, _| Ledger::default());
        world.request(ONLY, 1).unwrap();
        let _ = world.run_until(Time::MAX);
        fast += u32::from(world.now() < Time::from_millis(10));
        stalled += u32::from(world.now() > Time::from_millis(30));
    }
    assert!(fast > 1_600 && (5..60).contains(&stalled), "{fast} {stalled}");
}

/// A run with such disks is a function of its choices too, and its calm course is one in which nothing is lost.
#[test]
fn disks_choose_through_the_chooser() {
    let disk = Disk { sync: Duration::from_millis(2), lost: Chance::percent(20), ..FRAGILE };
    for seed in seeds(50) {
        let mut recorded = Recorded::new(Seeded::new(seed));
        let run = one_crash(disk, false, &mut recorded);
        assert_eq!(one_crash(disk, false, Replay::new(recorded.tape().clone())), run, "seed {seed}");
        let (_, mut tape) = recorded.into_parts();
        tape.tracks.remove(&tidings_sim::Site::Disk);
        let (told, had, stats) = one_crash(disk, false, Replay::new(tape));
        assert!(had >= told && (stats.syncs, stats.unsynced, stats.lost_disks) == (0, 0, 0), "seed {seed}");
    }
}
