//! Every property is judged in time near-linear in the trace. Here a scaled-down trace, so that the suite stays quick; with a million events in a release
//! build by `cargo test --release -p tidings-trace --test a_million_events -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use tidings_clocks::{Rank, Time};
use tidings_trace::linearizability::{CasRegister, History, RegisterCall, check};
use tidings_trace::{MessageId, Property, Trace, What};

const PROCESSES: usize = 5;

/// A good run of about so many events: everybody broadcasts in turn, everybody delivers everything, in views of a thousand messages.
fn run(events: usize) -> Trace {
    let mut trace = Trace::new(PROCESSES);
    for number in 0..(events / (2 + PROCESSES)) as u64 {
        if number % 1_000 == 0 {
            for process in 0..PROCESSES {
                trace.push(Time::from_nanos(number), Rank::new(process), What::Install(number / 1_000));
            }
        }
        let id = MessageId { origin: Rank::new(usize::try_from(number).unwrap() % PROCESSES), number };
        trace.push(Time::from_nanos(number), id.origin, What::Broadcast(id));
        for process in 0..PROCESSES {
            trace.push(Time::from_nanos(number), Rank::new(process), What::Deliver(id));
        }
        trace.push(Time::from_nanos(number), Rank(0), What::Stable(id));
    }
    trace
}

#[expect(clippy::disallowed_methods, reason = "a test of how long it takes")]
fn timed(name: &str, work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    let took = begun.elapsed();
    println!("{name:<24}{took:>12.1?}");
    took
}

fn judge(events: usize) -> Duration {
    let trace = run(events);
    let mut longest = timed("verify", || assert_eq!(trace.verify(), Ok(())));
    for property in Property::ALL {
        longest = longest.max(timed(property.name(), || assert_eq!(property.check(&trace), Ok(()))));
    }
    let mut history = History::new();
    let mut open: Vec<usize> = Vec::new();
    for value in 0..events as i64 / 4 {
        open.push(history.invoke(RegisterCall::Write(value)));
        if open.len() == 4 {
            for (write, value) in open.drain(..).zip(value - 3..) {
                let read = history.invoke(RegisterCall::Read(None));
                history.answer(read, RegisterCall::Read(Some(value))).unwrap();
                history.answer(write, RegisterCall::Write(value)).unwrap();
            }
        }
    }
    longest.max(timed("linearizability", || assert_eq!(check(&CasRegister, &history, 0), Ok(()))))
}

/// Fifty thousand events in well under a second each even on a busy machine, where a quadratic checker would take minutes.
#[test]
fn a_twentieth_of_a_million_events() {
    let longest = judge(50_000);
    assert!(longest < Duration::from_secs(10), "{longest:?}");
}

#[test]
#[ignore = "slow but in a release build"]
fn a_million_events() {
    let longest = judge(1_000_000);
    let bound = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 2 });
    assert!(longest < bound, "{longest:?}");
}
