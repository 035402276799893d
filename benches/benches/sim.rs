//! Events per second of the simulated world under causal broadcast of five processes, beside those of a bare queue of events. Events are the inputs
//! given to protocols; requests that were refused are not counted, for they are cheap. Only ratios taken in one run mean anything.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tidings_broadcast::{Backoff, Cast, Delivery, causal_broadcast};
use tidings_clocks::Time;
use tidings_protocol::{Limits, View};
use tidings_sim::{Chance, Chatter, Ending, Faults, Recording, Seeded, Stats, Talk, World};
use tidings_trace::MessageId;

const PROCESSES: u32 = 5;

/// One run, in which every process broadcasts 200 messages within four seconds: about as many as the credit lets through when one packet in five is
/// lost.
fn run(faults: Faults) -> Stats {
    let view = View::of(PROCESSES);
    let talk = Talk { within: Duration::from_secs(4), replies: Chance::percent(5), ..Talk::of(200) };
    let ask = |id: MessageId| Cast::body(id.number);
    let hear = |delivery: &Delivery<u64>| Some(MessageId { origin: delivery.origin, number: delivery.payload });
    let chatter = Chatter::new(PROCESSES, talk, ask, hear);
    let build = |me, incarnation| causal_broadcast::<_, u64>(&view, me, incarnation, Limits::default(), Backoff::default());
    let mut world = World::new(PROCESSES, faults, Seeded::new(7), chatter, build).recording(Recording::Nothing);
    assert_eq!(world.run_until(Time::MAX), Ending::Quiescent);
    *world.stats()
}

/// Takes the earliest of `waiting` events and puts a later one down, `events` times: what any such world does at the least.
fn bare(events: u64, waiting: u64) -> u64 {
    let mut heap: BinaryHeap<Reverse<(u64, u64, u64)>> = (0..waiting).map(|slot| Reverse((slot * 1_000, slot, slot))).collect();
    for sequence in waiting..waiting + events {
        let Some(Reverse((time, _, slot))) = heap.pop() else { break };
        heap.push(Reverse((time + 1_000_000 + (sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44), sequence, slot)));
    }
    heap.pop().map_or(0, |Reverse((time, ..))| time)
}

fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("events of 5 processes");
    group.sample_size(20);
    for (name, faults) in [("causal, calm", Faults::calm()), ("causal, lossy", Faults::lossy())] {
        let stats = run(faults.clone());
        group.throughput(Throughput::Elements(stats.events - stats.refused));
        group.bench_function(name, |bencher| bencher.iter(|| run(black_box(faults.clone()))));
    }
    let stats = run(Faults::lossy());
    group.throughput(Throughput::Elements(stats.events - stats.refused));
    let waiting = stats.most_in_flight;
    group.bench_function("bare queue", |bencher| bencher.iter(|| bare(black_box(stats.events - stats.refused), black_box(waiting))));
    group.finish();
}

criterion_group!(benches, events);
criterion_main!(benches);
