#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::fmt;
use std::hint::black_box;
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

/// How long one sample takes at least: long enough for the clock's own cost to vanish, short enough that both sides of a pair see the same weather.
const SAMPLE: Duration = Duration::from_micros(300);
/// How many pairs are taken; odd, so that the median is one of them.
const PAIRS: usize = 31;

/// What part of the family a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Logical clocks.
    Clocks,
    /// Links, broadcasts and orders.
    Broadcast,
    /// Replicated data types.
    Crdt,
    /// Quorums, and the judging of traces.
    Quorum,
}

impl FromStr for Area {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "clocks" => Ok(Self::Clocks),
            "broadcast" => Ok(Self::Broadcast),
            "crdt" => Ok(Self::Crdt),
            "quorum" => Ok(Self::Quorum),
            _ => Err(format!("there is no area {name:?}; there are clocks, broadcast, crdt, quorum")),
        }
    }
}

/// What a row must show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Ours takes at most this many times as long as the other.
    AtMost(f64),
    /// Ours takes at most as long as the other and this many nanoseconds more.
    Within(f64),
    /// Ours takes at most so many nanoseconds on the machine that the target was set on, where the other took so many. Elsewhere that is a ratio: a machine on which
    /// the other takes twice as long allows twice the time.
    Below {
        /// The target.
        nanos: f64,
        /// What the other took where the target was set.
        beside: f64,
    },
    /// Ours takes at most so many nanoseconds on the machine that this runs on: nothing was seen beside it where the target was set, so nothing tells how to scale it.
    Unscaled(f64),
    /// Ours takes at most this many bytes, whatever the other takes.
    Bytes(f64),
    /// Only for information: a row without a target.
    None,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(ratio) if *ratio < 1.0 => write!(f, "{:.1} times as fast", 1.0 / ratio),
            Self::AtMost(ratio) => write!(f, "{ratio:.2} x"),
            Self::Within(nanos) => write!(f, "+ {nanos} ns"),
            Self::Below { nanos, beside } => write!(f, "{nanos} ns for {beside}"),
            Self::Unscaled(nanos) => write!(f, "{nanos} ns here"),
            Self::Bytes(bytes) => write!(f, "{bytes} B"),
            Self::None => f.write_str("-"),
        }
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtMost(ratio) => serializer.serialize_f64(*ratio),
            Self::Within(_) | Self::Below { .. } | Self::Unscaled(_) | Self::Bytes(_) | Self::None => serializer.collect_str(self),
        }
    }
}

/// What the figures of a row count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Nanoseconds of one operation.
    #[default]
    Ns,
    /// Bytes, of memory or of a message.
    Bytes,
    /// Coded symbols of a reconciliation.
    Symbols,
}

/// One row before it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// What part of the family.
    pub area: Area,
    /// The work.
    pub row: &'static str,
    /// How large it is: entries, processes, elements.
    pub n: usize,
    /// With whom: a peer's name, or a limit's.
    pub peer: &'static str,
    /// What must come out.
    pub bound: Bound,
}

/// One row with its figures.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// What part of the family.
    pub area: Area,
    /// The work.
    pub row: &'static str,
    /// How large it is.
    pub n: usize,
    /// With whom.
    pub peer: &'static str,
    /// Nanoseconds of one operation of ours, median.
    pub ours_ns: f64,
    /// Nanoseconds of one operation of theirs, median.
    pub peer_ns: f64,
    /// The median of the paired ratios, ours / theirs.
    pub ratio: f64,
    /// What must come out.
    pub target: Bound,
    /// Whether it did; `None` where there is no target.
    pub met: Option<bool>,
    /// How many pairs of samples the medians are taken of.
    pub samples: usize,
    /// What is counted: bytes where it is not nanoseconds, whatever the fields are called.
    pub unit: Unit,
}

impl Comparison {
    /// Runs both in turn. Each function does one operation, and gives back something that depends on all of its work.
    pub fn measure<A, B>(self, ours: impl FnMut() -> A, theirs: impl FnMut() -> B) -> Measured {
        self.measure_many(1, ours, theirs)
    }

    /// Like [`measure`](Comparison::measure), of functions that do `many` operations at each call: for operations that take about as long as a call.
    pub fn measure_many<A, B>(self, many: u32, mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) -> Measured {
        let (our_count, their_count) = (calibrate(&mut ours), calibrate(&mut theirs));
        let each = f64::from(many);
        self.judge(&pairs(|| sample(&mut ours, our_count) / each, || sample(&mut theirs, their_count) / each))
    }

    /// Like [`measure_many`](Comparison::measure_many), of work that takes so long that one call is a sample, and that only a few can be taken. Nothing is warmed up. Counted is
    /// the time that this thread has a processor. While that is not looked at, `check` gets what the two gave back, to find it the same.
    pub fn measure_few<A, B>(
        self,
        samples: usize,
        many: u32,
        mut ours: impl FnMut() -> A,
        mut theirs: impl FnMut() -> B,
        mut check: impl FnMut(A, B),
    ) -> Measured {
        let each = f64::from(many);
        let mut results = Vec::with_capacity(samples);
        for round in 0..samples {
            // Who goes first changes, as in `pairs`.
            let early = (round % 2 == 0).then(|| sample_once(&mut ours));
            let (peer_ns, theirs) = sample_once(&mut theirs);
            let (ours_ns, ours) = early.unwrap_or_else(|| sample_once(&mut ours));
            check(ours, theirs);
            results.push((ours_ns / each, peer_ns / each));
        }
        self.judge(&results)
    }

    /// Like [`measure`](Comparison::measure), of work that changes what it works on: each operation gets a copy of its own, `at_once` of which are made, and later dropped,
    /// while the clock is not looked at.
    pub fn measure_prepared<S: Clone, T: Clone, A, B>(
        self,
        at_once: usize,
        (our_state, mut ours): (&S, impl FnMut(&mut S) -> A),
        (their_state, mut theirs): (&T, impl FnMut(&mut T) -> B),
    ) -> Measured {
        self.judge(&pairs(|| sample_prepared(our_state, at_once, &mut ours), || sample_prepared(their_state, at_once, &mut theirs)))
    }

    /// Like [`measure_prepared`](Comparison::measure_prepared), of work on so many elements at once that one call is a sample. Counted is the time that this thread has a processor.
    pub fn measure_many_prepared<S: Clone, T: Clone, A, B>(
        self,
        many: u32,
        (our_state, mut ours): (&S, impl FnMut(&mut S) -> A),
        (their_state, mut theirs): (&T, impl FnMut(&mut T) -> B),
    ) -> Measured {
        let each = f64::from(many);
        let ours = || {
            let mut copy = our_state.clone();
            sample_once(&mut || ours(&mut copy)).0 / each
        };
        let theirs = || {
            let mut copy = their_state.clone();
            sample_once(&mut || theirs(&mut copy)).0 / each
        };
        self.judge(&pairs(ours, theirs))
    }

    /// A row of bytes, which need no samples.
    #[must_use]
    pub fn weigh(self, ours: f64, theirs: f64) -> Measured {
        self.count(Unit::Bytes, ours, theirs)
    }

    /// A row of something that is counted, and needs no samples.
    #[must_use]
    pub fn count(self, unit: Unit, ours: f64, theirs: f64) -> Measured {
        Measured { unit, ..self.judge(&[(ours, theirs)]) }
    }

    /// The row's figures from pairs of nanoseconds, ours and theirs, that somebody else has taken.
    ///
    /// # Panics
    /// If there is no pair.
    #[must_use]
    pub fn judge(self, pairs: &[(f64, f64)]) -> Measured {
        let Self { area, row, n, peer, bound } = self;
        let ours_ns = median(pairs.iter().map(|pair| pair.0));
        let peer_ns = median(pairs.iter().map(|pair| pair.1));
        let ratio = median(pairs.iter().map(|pair| pair.0 / pair.1));
        let met = match bound {
            Bound::AtMost(most) => Some(ratio <= most),
            Bound::Within(nanos) => Some(median(pairs.iter().map(|pair| pair.0 - pair.1)) <= nanos),
            Bound::Below { nanos, beside } => Some(ratio <= nanos / beside),
            Bound::Unscaled(most) | Bound::Bytes(most) => Some(ours_ns <= most),
            Bound::None => None,
        };
        Measured { area, row, n, peer, ours_ns, peer_ns, ratio, target: bound, met, samples: pairs.len(), unit: Unit::Ns }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, n, peer, ours_ns, peer_ns, ratio, target, met, .. } = self;
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        write!(
            f,
            "{row:<44} {n:>7} {peer:<22} {ours_ns:>12.2} {peer_ns:>12.2} {ratio:>9.3}  {target:<18} {verdict}",
            target = target.to_string()
        )
    }
}

/// How many operations fill a sample. Also warms both sides up.
fn calibrate<T>(work: &mut impl FnMut() -> T) -> u32 {
    let mut count = 1;
    loop {
        let start = Instant::now();
        for _ in 0..count {
            black_box(work());
        }
        if start.elapsed() >= SAMPLE || count >= 1 << 24 {
            return count;
        }
        count *= 2;
    }
}

/// Nanoseconds of one operation.
fn sample<T>(work: &mut impl FnMut() -> T, count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        black_box(work());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

/// Nanoseconds of one call, and what it gives back.
fn sample_once<T>(work: &mut impl FnMut() -> T) -> (f64, T) {
    let start = thread_time();
    let result = black_box(work());
    ((thread_time() - start).as_secs_f64() * 1e9, result)
}

/// Nanoseconds of one operation, of which each has its own copy of `state`.
fn sample_prepared<S: Clone, T>(state: &S, at_once: usize, work: &mut impl FnMut(&mut S) -> T) -> f64 {
    let (mut spent, mut done) = (Duration::ZERO, 0.0);
    // Copying may take many times as long as the work: its time is bounded as well.
    let began = Instant::now();
    while spent < SAMPLE && began.elapsed() < 20 * SAMPLE {
        let mut copies = vec![state.clone(); at_once];
        let start = Instant::now();
        for copy in &mut copies {
            black_box(work(black_box(copy)));
        }
        spent += start.elapsed();
        done += at_once as f64;
    }
    spent.as_secs_f64() * 1e9 / done
}

/// The time that this thread has had a processor. Work of many milliseconds is often interrupted on a machine that does other things besides; that time is nobody's.
#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a thread has run for no negative time")
}

/// Where that is not told, the time that has passed.
#[cfg(not(target_os = "linux"))]
fn thread_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}

/// Takes samples of both in turn. Who goes first changes, so that neither always finds the caches that the other left.
fn pairs(mut ours: impl FnMut() -> f64, mut theirs: impl FnMut() -> f64) -> Vec<(f64, f64)> {
    let pair = |round| {
        if round % 2 == 0 {
            let one = ours();
            (one, theirs())
        } else {
            let other = theirs();
            (ours(), other)
        }
    };
    (0..PAIRS).map(pair).collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Comparison = Comparison { area: Area::Clocks, row: "row", n: 1, peer: "peer", bound: Bound::AtMost(0.5) };

    /// The ratio is that of the pairs: one sample under load disturbs it no more than any other.
    #[test]
    fn the_median_of_the_paired_ratios_decides() {
        let pairs = [(1.0, 4.0), (1000.0, 4000.0), (9.0, 10.0)];
        let measured = ROW.judge(&pairs);
        assert_eq!((measured.ratio, measured.met), (0.25, Some(true)));
        let slow = Comparison { bound: Bound::AtMost(0.2), ..ROW }.judge(&pairs);
        assert_eq!(slow.met, Some(false));
    }

    #[test]
    fn a_bound_in_nanoseconds_is_taken_on_the_differences() {
        let within = |nanos| Comparison { bound: Bound::Within(nanos), ..ROW }.judge(&[(12.0, 10.0), (13.0, 10.0), (99.0, 10.0)]).met;
        assert_eq!((within(2.5), within(3.5)), (Some(false), Some(true)));
    }

    /// A target of 5 ns beside 10 is met in 10 ns by a machine half as fast, and missed in 6 by one that is as fast.
    #[test]
    fn a_target_in_nanoseconds_is_scaled_by_what_the_other_takes() {
        let met = |ours, theirs| Comparison { bound: Bound::Below { nanos: 5.0, beside: 10.0 }, ..ROW }.judge(&[(ours, theirs)]).met;
        assert_eq!((met(10.0, 20.0), met(5.0, 10.0), met(6.0, 10.0), met(3.0, 5.0)), (Some(true), Some(true), Some(false), Some(false)));
        let unscaled = |ours| Comparison { bound: Bound::Unscaled(5.0), ..ROW }.judge(&[(ours, 10.0)]).met;
        assert_eq!((unscaled(5.0), unscaled(6.0)), (Some(true), Some(false)));
    }

    #[test]
    fn bytes_are_taken_as_they_are() {
        let row = |most| Comparison { bound: Bound::Bytes(most), ..ROW }.weigh(7.5, 15.0);
        assert_eq!((row(8.0).met, row(7.0).met, row(8.0).ratio), (Some(true), Some(false), 0.5));
        assert_eq!((row(8.0).unit, row(8.0).samples), (Unit::Bytes, 1));
    }

    /// Slow work is done once for a sample and never besides, and the results are compared.
    #[test]
    fn few_samples_are_few_calls() {
        let (mut ours, mut theirs, mut checks) = (0, 0, Vec::new());
        let count = |count: &mut u32| {
            *count += 1;
            *count
        };
        let measured = ROW.measure_few(3, 10, || count(&mut ours), || count(&mut theirs), |ours, theirs| checks.push((ours, theirs)));
        assert_eq!((checks, measured.samples), (vec![(1, 1), (2, 2), (3, 3)], 3));
        assert_eq!((ours, theirs), (3, 3));
    }

    /// Copying is not charged: the same work on copies that take long to make takes as long as on others.
    #[test]
    fn what_is_prepared_is_not_measured() {
        #[derive(Clone)]
        struct Slow(Vec<u64>);
        let sum = |numbers: &[u64]| numbers.iter().take(64).fold(0, |sum, number| black_box(sum + number));
        let (short, long) = (Slow(vec![1; 64]), Slow(vec![1; 1 << 16]));
        let measured = ROW.measure_prepared(4, (&long, |state: &mut Slow| sum(&state.0)), (&short, |state: &mut Slow| sum(&state.0)));
        // To make the long copy takes a hundred times as long as to sum.
        assert!(measured.ratio < 30.0, "{measured}");
    }

    #[test]
    fn work_that_takes_longer_is_seen_to_take_longer() {
        let sum = |numbers: u64| (0..black_box(numbers)).fold(0, |sum, number| black_box(sum + number));
        let measured = ROW.measure(|| sum(100), || sum(10_000));
        assert!(measured.ratio < 0.5, "{measured}");
    }
}
