use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use hdrhistogram::Histogram;
use serde::Serialize;
use tidings_clocks::Time;
use tidings_sim::{Coverage, Stats};
use tidings_trace::{MessageId, Trace, What};

use crate::{Changes, Experiment, Scenario};

/// Seeds that one thread takes at a time.
const BATCH: u64 = 16;

/// Many seeded runs of one experiment, every one judged.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What is run.
    pub experiment: &'static Experiment,
    /// With which seeds.
    pub seeds: Range<u64>,
    /// The scenario of all runs; without one every seed draws its own.
    pub fixed: Option<Scenario>,
    /// What is different in every run.
    pub changes: Changes,
}

/// What came out of a campaign.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The experiment's name.
    pub experiment: &'static str,
    /// How many runs there were.
    pub runs: u64,
    /// How many of them failed.
    pub failed: u64,
    /// The figures of all runs added up.
    #[serde(flatten)]
    pub totals: Totals,
    /// Virtual microseconds from a broadcast to each of its deliveries.
    pub latency_micros: Percentiles,
    /// Packets sent for each message broadcast, of each run.
    pub packets_per_message: Percentiles,
    /// How often each named point was reached, where a fault met the code that it was meant for; those that never were too.
    pub coverage: Coverage,
    /// The failed run with the least seed: its seed, and what was wrong, line by line.
    pub first_failure: Option<(u64, String)>,
}

/// What happened in all runs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Inputs given to protocols.
    pub events: u64,
    /// Messages broadcast.
    pub broadcast: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets lost.
    pub lost: u64,
    /// Packets that came twice.
    pub duplicated: u64,
    /// Packets that came after a later one.
    pub overtaken: u64,
    /// Old packets that came again.
    pub replayed: u64,
    /// Packets that were altered, and lost if nobody could read them.
    pub corrupted: u64,
    /// Packets that full queues dropped.
    pub overflowed: u64,
    /// Packets that waited for the bandwidth of their link.
    pub queued: u64,
    /// Packets that a partition ate.
    pub partitioned: u64,
    /// Partitions.
    pub partitions: u64,
    /// Times that a process stood still for a while.
    pub pauses: u64,
    /// Crashes.
    pub crashes: u64,
    /// Processes that came back.
    pub restarts: u64,
    /// Times that a process waited for its disk.
    pub syncs: u64,
    /// Records that were not yet synced, and lost in a crash.
    pub unsynced: u64,
    /// Disks that were full, or gone after a crash.
    pub broken_disks: u64,
    /// Times that a time of day jumped, was corrected, or stood still.
    pub clock_changes: u64,
    /// Requests that were refused, and asked again.
    pub refused: u64,
}

/// Where the values of a distribution lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50: u64,
    /// Ninety-nine in a hundred.
    pub p99: u64,
    /// All.
    pub max: u64,
}

impl Totals {
    /// Of one run: what its trace tells apart.
    fn of(stats: &Stats) -> Self {
        Self {
            events: stats.events,
            broadcast: 0,
            delivered: 0,
            sent: stats.sent,
            lost: stats.lost,
            duplicated: stats.duplicated,
            overtaken: stats.overtaken,
            replayed: stats.replayed,
            corrupted: stats.corrupted,
            overflowed: stats.overflowed,
            queued: stats.queued,
            partitioned: stats.partitioned,
            partitions: stats.partitions,
            pauses: stats.pauses,
            crashes: stats.crashes,
            restarts: stats.restarts,
            syncs: stats.syncs,
            unsynced: stats.unsynced,
            broken_disks: stats.full_disks + stats.lost_disks,
            clock_changes: stats.clock_jumps + stats.clock_smears + stats.clock_freezes,
            refused: stats.refused,
        }
    }

    /// Each count with its name, in the order in which people read them.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 21] {
        let mut totals = *self;
        totals.counts().map(|(name, count)| (name, *count))
    }

    fn join(&mut self, mut other: Self) {
        for ((_, count), (_, more)) in self.counts().into_iter().zip(other.counts()) {
            *count += *more;
        }
    }

    fn counts(&mut self) -> [(&'static str, &mut u64); 21] {
        [
            ("events", &mut self.events),
            ("broadcast", &mut self.broadcast),
            ("delivered", &mut self.delivered),
            ("packets", &mut self.sent),
            ("lost", &mut self.lost),
            ("duplicated", &mut self.duplicated),
            ("overtaken", &mut self.overtaken),
            ("replayed", &mut self.replayed),
            ("corrupted", &mut self.corrupted),
            ("overflowed", &mut self.overflowed),
            ("queued", &mut self.queued),
            ("cut off", &mut self.partitioned),
            ("partitions", &mut self.partitions),
            ("pauses", &mut self.pauses),
            ("crashes", &mut self.crashes),
            ("restarts", &mut self.restarts),
            ("syncs", &mut self.syncs),
            ("unsynced", &mut self.unsynced),
            ("broken disks", &mut self.broken_disks),
            ("clock changes", &mut self.clock_changes),
            ("refused", &mut self.refused),
        ]
    }
}

impl Percentiles {
    fn of(histogram: &Histogram<u64>) -> Self {
        Self { p50: histogram.value_at_quantile(0.5), p99: histogram.value_at_quantile(0.99), max: histogram.max() }
    }
}

/// What one thread has gathered.
struct Gathered {
    runs: u64,
    failed: u64,
    totals: Totals,
    latency: Histogram<u64>,
    packets: Histogram<u64>,
    coverage: Coverage,
    first_failure: Option<(u64, String)>,
}

impl Gathered {
    fn new() -> Self {
        // Up to the time that a run may take, and as many packets: what is recorded beyond the bounds would count as the bound.
        let histogram = || Histogram::new_with_bounds(1, 1 << 30, 3).expect("three significant digits are possible");
        Self {
            runs: 0,
            failed: 0,
            totals: Totals::default(),
            latency: histogram(),
            packets: histogram(),
            coverage: Coverage::new(),
            first_failure: None,
        }
    }

    fn join(&mut self, other: Self) {
        self.runs += other.runs;
        self.failed += other.failed;
        self.totals.join(other.totals);
        self.coverage.join(&other.coverage);
        self.latency.add(&other.latency).expect("histograms of one kind");
        self.packets.add(&other.packets).expect("histograms of one kind");
        if let Some(failure) = other.first_failure
            && self.first_failure.as_ref().is_none_or(|first| failure.0 < first.0)
        {
            self.first_failure = Some(failure);
        }
    }

    fn watch(&mut self, trace: &Trace, stats: &Stats) {
        let mut broadcasts: BTreeMap<MessageId, Time> = BTreeMap::new();
        for event in &trace.events {
            match event.what {
                What::Broadcast(message) => {
                    broadcasts.insert(message, event.time);
                }
                What::Deliver(message) => {
                    self.totals.delivered += 1;
                    if let Some(since) = broadcasts.get(&message) {
                        let micros = u64::try_from(event.time.since(*since).as_micros()).unwrap_or(u64::MAX);
                        self.latency.saturating_record(micros);
                    }
                }
                _ => {}
            }
        }
        let count = broadcasts.len() as u64;
        self.totals.broadcast += count;
        if count > 0 {
            self.packets.saturating_record(stats.sent.div_ceil(count));
        }
    }
}

impl Campaign {
    /// Runs every seed, on as many threads as there are cores. What comes out does not depend on how many. `done` is told how many runs are over, now and then.
    pub fn run(&self, done: impl Fn(u64) + Sync) -> Summary {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let next = AtomicU64::new(self.seeds.start);
        let all = Mutex::new(Gathered::new());
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut gathered = Gathered::new();
                    loop {
                        let start = next.fetch_add(BATCH, Ordering::Relaxed);
                        let batch = start..start.saturating_add(BATCH).min(self.seeds.end);
                        if batch.is_empty() {
                            break;
                        }
                        let runs = batch.end - batch.start;
                        batch.for_each(|seed| self.run_one(seed, &mut gathered));
                        done(runs);
                    }
                    all.lock().expect("no run panics while it holds this").join(gathered);
                });
            }
        });
        let Gathered { runs, failed, totals, latency, packets, coverage, first_failure } =
            all.into_inner().expect("no run panics while it holds this");
        Summary {
            experiment: self.experiment.name,
            runs,
            failed,
            totals,
            latency_micros: Percentiles::of(&latency),
            packets_per_message: Percentiles::of(&packets),
            coverage,
            first_failure,
        }
    }

    fn run_one(&self, seed: u64, gathered: &mut Gathered) {
        let (scenario, mut chooser) = self.draw(seed);
        let run = self.experiment.run(&scenario, &mut chooser);
        gathered.runs += 1;
        gathered.totals.join(Totals::of(&run.stats));
        gathered.coverage.join(&run.coverage);
        gathered.watch(&run.trace, &run.stats);
        let failures = self.experiment.judge(&run);
        if !failures.is_empty() {
            gathered.failed += 1;
            if gathered.first_failure.as_ref().is_none_or(|(first, _)| seed < *first) {
                let lines: Vec<String> = failures.iter().map(|failure| failure.show(&run.trace)).collect();
                gathered.first_failure = Some((seed, lines.join("\n")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PlantedRule, experiment};

    fn campaign(name: &str, without: Option<PlantedRule>) -> Campaign {
        let changes = Changes { without, ..Changes::default() };
        Campaign { experiment: experiment(name).expect("it is in the table"), seeds: 100..150, fixed: None, changes }
    }

    /// The same seeds give the same summary, however the threads share them.
    #[test]
    fn a_campaign_is_a_function_of_its_seeds() {
        let [one, other] = [(); 2].map(|()| serde_json::to_string(&campaign("causal", None).run(|_| {})).expect("a summary is plain data"));
        assert_eq!(one, other);
    }

    #[test]
    fn every_seed_is_run_once_and_faults_do_happen() {
        let done = AtomicU64::new(0);
        let summary = campaign("all-acknowledge", None).run(|runs| {
            done.fetch_add(runs, Ordering::Relaxed);
        });
        assert_eq!((summary.runs, summary.failed, done.into_inner()), (50, 0, 50));
        let Totals { lost, duplicated, overtaken, partitioned, crashes, refused, .. } = summary.totals;
        assert!([lost, duplicated, overtaken, partitioned, crashes, refused].into_iter().all(|count| count > 0), "{:?}", summary.totals);
        let Percentiles { p50, p99, max } = summary.latency_micros;
        // One's own message is delivered when all have acknowledged it, which takes two trips of 0.1 to 120 ms; and a retransmission comes after 60 ms.
        assert!(p50 > 1_000 && p99 > 60_000 && max > 120_000 && max < 600_000_000, "{:?}", summary.latency_micros);
        assert!(summary.packets_per_message.p50 >= 4 && summary.packets_per_message.max > 20, "{:?}", summary.packets_per_message);
    }

    #[test]
    fn the_failure_with_the_least_seed_is_told() {
        let summary = campaign("fifo", Some(PlantedRule::Fifo)).run(|_| {});
        let (seed, told) = summary.first_failure.expect("a broken rule is noticed");
        assert!(summary.failed > 0 && told.contains("fifo_delivery"), "{told}");
        let again = Campaign { seeds: seed..seed + 1, ..campaign("fifo", Some(PlantedRule::Fifo)) }.run(|_| {});
        assert_eq!(again.first_failure, Some((seed, told)));
    }
}
