//! Hybrid clocks: a stamp takes a reading of the system's clock and hardly more, also when threads share the clock.
#![expect(clippy::disallowed_methods, reason = "the reading of the clock is the limit")]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::io;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tidings_benches::Bound;
use tidings_clocks::{ClockSource as _, HybridClock, HybridStamp, SharedHybridClock, SteadyClock, SystemClock};

use super::row;
use crate::Table;

const DRIFT: Duration = Duration::from_millis(500);
/// Stamps that a thread draws in one round.
const STAMPS: u32 = 4_000;
/// Rounds in which both threads ran side by side.
const ROUNDS: usize = 31;
/// Rounds after which no more are tried: the machine has no two processors to spare.
const TRIES: usize = 4_000;

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    tick(table)?;
    tick_shared(table)?;
    stale(table)
}

fn shared() -> SharedHybridClock<SteadyClock> {
    SharedHybridClock::new(SteadyClock::showing(SystemTime::now().into()), 3, Some(DRIFT))
}

fn tick(table: &mut Table) -> io::Result<()> {
    const ROW: &str = "hybrid stamp, one thread";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let mut clock = HybridClock::bounded(DRIFT);
    let mut ours = || clock.now(SystemClock.now()).expect("within the bound");
    table.push(row(ROW, 1, "OS clock read", Bound::Within(3.0)).measure(&mut ours, SystemTime::now))?;
    let theirs = uhlc::HLCBuilder::new().build();
    table.push(row(ROW, 1, "uhlc", Bound::None).measure(&mut ours, || theirs.new_timestamp()))?;
    let theirs = hlc_gen::HlcGenerator::new(500);
    table.push(row(ROW, 1, "hlc-gen", Bound::None).measure(&mut ours, || theirs.next_timestamp()))?;

    let clock = shared();
    let mut part = clock.shard().expect("the first of three");
    table.push(
        row("hybrid stamp of a shard, one thread", 1, "OS clock read", Bound::None)
            .measure(|| part.now().expect("within the bound"), Instant::now),
    )
}

fn tick_shared(table: &mut Table) -> io::Result<()> {
    const ROW: &str = "hybrid stamp, two threads";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let clock = shared();
    stamps_are_unique(&clock);
    let ours = side_by_side(|| {
        let mut part = clock.shard().expect("one for each of two");
        move || {
            black_box(part.now()).expect("within the bound");
        }
    });
    let theirs = uhlc::HLCBuilder::new().build();
    let of_uhlc = side_by_side(|| {
        || {
            black_box(theirs.new_timestamp());
        }
    });
    let theirs = hlc_gen::HlcGenerator::new(500);
    let of_hlc_gen = side_by_side(|| {
        || {
            black_box(theirs.next_timestamp());
        }
    });
    let reads = side_by_side(|| {
        || {
            black_box(Instant::now());
        }
    });
    if [&ours, &of_uhlc, &of_hlc_gen, &reads].iter().any(|rounds| rounds.is_empty()) {
        // Two threads never ran at once: there is nothing to say.
        return Ok(());
    }
    table.push(row(ROW, 2, "ours, one thread", Bound::AtMost(1.0 / 0.95)).judge(&ours))?;
    let both = |theirs: &[(f64, f64)]| ours.iter().zip(theirs).map(|(ours, theirs)| (ours.0, theirs.0)).collect::<Vec<_>>();
    table.push(row(ROW, 2, "uhlc, two threads", Bound::None).judge(&both(&of_uhlc)))?;
    table.push(row(ROW, 2, "hlc-gen, two threads", Bound::None).judge(&both(&of_hlc_gen)))?;
    table.push(row(ROW, 2, "OS clock reads", Bound::None).judge(&both(&reads)))?;
    // How much the peers and the machine itself lose by the second thread, as the first of these rows says of ours.
    table.push(row("uhlc, two threads", 2, "uhlc, one thread", Bound::None).judge(&of_uhlc))?;
    table.push(row("hlc-gen, two threads", 2, "hlc-gen, one thread", Bound::None).judge(&of_hlc_gen))?;
    table.push(row("OS clock reads, two threads", 2, "OS clock reads, one", Bound::None).judge(&reads))
}

/// Two threads draw stamps at once: all differ, and those of each increase.
fn stamps_are_unique(clock: &SharedHybridClock<SteadyClock>) {
    let draw = || {
        let mut part = clock.shard().expect("one for each of two");
        (0..STAMPS).map(|_| part.now().expect("within the bound")).collect::<Vec<HybridStamp>>()
    };
    let (ours, theirs) = thread::scope(|scope| {
        let other = scope.spawn(draw);
        (draw(), other.join().expect("it does not panic"))
    });
    assert!(ours.is_sorted() && theirs.is_sorted());
    assert_eq!(ours.iter().chain(&theirs).collect::<BTreeSet<_>>().len(), ours.len() + theirs.len());
}

/// Nanoseconds of one stamp while another thread draws them too, and right after that without it; of each round in which both threads really ran side by side.
fn side_by_side<W: FnMut() + Send>(work: impl Fn() -> W) -> Vec<(f64, f64)> {
    let (barrier, waiting, done) = (Barrier::new(2), AtomicU32::new(0), AtomicU32::new(0));
    let run = |work: &mut W| {
        let start = Instant::now();
        for _ in 0..STAMPS {
            work();
        }
        (start, Instant::now())
    };
    // A barrier lets go one thread after the other, so both wait for each other once more without sleeping.
    let together = |round: u32| {
        barrier.wait();
        waiting.fetch_add(1, Ordering::SeqCst);
        let began = Instant::now();
        while waiting.load(Ordering::SeqCst) < 2 * (round + 1) && began.elapsed() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
    };
    let (mut one, mut other) = (work(), work());
    let mut rounds = Vec::new();
    thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let (together, run, done) = (&together, &run, &done);
        scope.spawn(move || {
            for round in 0.. {
                together(round);
                if done.load(Ordering::SeqCst) == 1 || sender.send(run(&mut other)).is_err() {
                    return;
                }
            }
        });
        for round in 0.. {
            if rounds.len() == ROUNDS || round as usize == TRIES {
                done.store(1, Ordering::SeqCst);
            }
            together(round);
            if done.load(Ordering::SeqCst) == 1 {
                return;
            }
            let mine = run(&mut one);
            let theirs = receiver.recv().expect("the other thread runs");
            // Both threads are needed to start a round, so the other one sleeps now.
            let alone = run(&mut one);
            let took = |(start, end): (Instant, Instant)| end.duration_since(start).as_secs_f64() * 1e9;
            let shared = took((mine.0.max(theirs.0), mine.1.min(theirs.1).max(mine.0.max(theirs.0))));
            if shared >= 0.9 * took(mine).max(took(theirs)) {
                let each = f64::from(STAMPS);
                rounds.push(((took(mine) + took(theirs)) / 2.0 / each, took(alone) / each));
            }
        }
    });
    rounds
}

/// A stamp that is older than one's own tells nothing: that costs a comparison, and no reading of a clock.
fn stale(table: &mut Table) -> io::Result<()> {
    const ROW: &str = "hybrid clock hears a stale stamp";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let mut clock = HybridClock::bounded(DRIFT);
    let remote = clock.now(SystemTime::now().into()).expect("its first");
    let mut ours = || clock.observe(black_box(remote), || SystemClock.now()).is_ok();
    assert!(ours());
    let theirs = uhlc::HLCBuilder::new().build();
    let stale = theirs.new_timestamp();
    theirs.new_timestamp();
    table.push(
        row(ROW, 1, "uhlc", Bound::Below { nanos: 2.0, beside: 35.0 })
            .measure(&mut ours, || theirs.update_with_timestamp(black_box(&stale)).is_ok()),
    )?;
    let theirs = hlc_gen::HlcGenerator::new(500);
    let stale = theirs.next_timestamp().expect("its first");
    theirs.next_timestamp();
    table.push(row(ROW, 1, "hlc-gen", Bound::None).measure(&mut ours, || theirs.update(black_box(&stale)).is_ok()))?;

    let clock = shared();
    let mut part = clock.shard().expect("the first of three");
    let remote = part.now().expect("within the bound");
    let mut of_a_shard = || part.observe(black_box(remote)).is_ok();
    assert!(of_a_shard());
    table.push(row("shard hears a stale stamp", 1, "ours, not shared", Bound::AtMost(1.5)).measure(of_a_shard, ours))
}
