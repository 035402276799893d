//! Log lines of several threads, put in one order that no thread's clock can spoil: what caused a line stands above it.
//!
//! Each thread takes a shard of one shared hybrid clock, so stamping moves no memory between processors.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tidings_clocks::{ClockSource, Drift, HybridStamp, Shard, SharedHybridClock, SteadyClock, SystemClock};

/// One line of a log.
struct Line {
    stamp: HybridStamp,
    thread: &'static str,
    text: String,
}

/// A thread's own log; nothing of it is shared until the end.
struct Log<'c> {
    thread: &'static str,
    clock: Shard<'c, SteadyClock>,
    lines: Vec<Line>,
}

impl Log<'_> {
    fn line(&mut self, text: String) -> Result<(), Drift> {
        self.lines.push(Line { stamp: self.clock.now()?, thread: self.thread, text });
        Ok(())
    }
}

fn main() -> Result<(), Drift> {
    // The time of day as it is now, and from here on a clock that nobody can set back.
    let clock = SharedHybridClock::new(SteadyClock::showing(SystemClock.now()), 3, Some(Duration::from_millis(500)));
    let log = |thread| Log { thread, clock: clock.shard().expect("three shards for three threads"), lines: Vec::new() };
    let (to_worker, orders) = mpsc::channel::<u32>();
    let (to_packer, parcels) = mpsc::channel::<u32>();

    let logs = thread::scope(|scope| {
        let shop = scope.spawn(|| {
            let mut log = log("shop");
            for order in 1..=3 {
                log.line(format!("order {order} comes in"))?;
                to_worker.send(order).expect("the worker listens until the shop is done");
            }
            drop(to_worker);
            Ok(log.lines)
        });
        let worker = scope.spawn(|| {
            let mut log = log("worker");
            for order in orders {
                log.line(format!("order {order} is made"))?;
                to_packer.send(order).expect("the packer listens until the worker is done");
            }
            drop(to_packer);
            Ok(log.lines)
        });
        let packer = scope.spawn(|| {
            let mut log = log("packer");
            for order in parcels {
                log.line(format!("order {order} is sent off"))?;
            }
            Ok(log.lines)
        });
        [shop, worker, packer].map(|thread| thread.join().expect("no thread panics"))
    });

    let mut lines = Vec::new();
    for log in logs {
        lines.extend(log?);
    }
    lines.sort_by_key(|line| line.stamp);
    for Line { stamp, thread, text } in &lines {
        println!("{stamp} {thread:>6}: {text}");
    }
    // However the threads were scheduled: every order was in before it was made, and made before it was sent off.
    for order in 1..=3 {
        let place = |what: &str| lines.iter().position(|line| line.text == format!("order {order} {what}"));
        assert!(place("comes in") < place("is made") && place("is made") < place("is sent off"));
    }
    Ok(())
}
