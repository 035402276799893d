//! How much memory replicas that synchronise take at most, whatever is asked of them and sent to them, counted by the allocator of this test.

use peak_alloc::PeakAlloc;
use tidings_clocks::{Rank, Time};
use tidings_crdt::GSet;
use tidings_crdt::sync::{CodedSymbol, DeltaMessage, DeltaSync, Key, Pace, ReconcileMessage, Reconciler, Sketch, SyncLimits, SyncRefused};
use tidings_protocol::{Incarnation, Outbox, Payload, Protocol, View};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const LIMITS: SyncLimits = SyncLimits { state_bytes: 1 << 16, delta_bytes: 1 << 10, deltas: 16, symbols: 512 };
const PEERS: [Rank; 2] = [Rank(1), Rank(2)];
/// A tree of numbers takes more than its numbers, which alone are counted; and while one thing takes the place of another, both are there.
const OVER: usize = 4;

/// Numbers that are all different.
fn some(numbers: &mut impl Iterator<Item = u64>, count: usize) -> GSet<u64> {
    let mut set = GSet::new();
    numbers.take(count).for_each(|number| drop(set.add(number)));
    set
}

/// Gives it what it is to bear, thousands of times: the most that it held meanwhile, its messages included.
fn flood<P: Protocol>(mut protocol: P, mut give: impl FnMut(&mut P, u64, Time, &mut Outbox<P>)) -> (P, usize) {
    let (mut outbox, before) = (Outbox::new(), ALLOCATOR.current_usage());
    ALLOCATOR.reset_peak_usage();
    for step in 0..6_000 {
        let now = Time::from_millis(step);
        give(&mut protocol, step, now, &mut outbox);
        protocol.wake(now, &mut outbox);
        outbox.drain().for_each(drop);
    }
    let most = ALLOCATOR.peak_usage() - before;
    (protocol, most)
}

/// One peer acknowledges nothing and the other sends what is new; what is asked for is new as well. At the end there is room for nothing.
#[test]
fn nobody_makes_a_replica_hold_more_than_it_says() {
    let view = View::of(3);
    let mut numbers = (0..).map(|number: u64| Key(1, 2).hash(&number));
    let sync: DeltaSync<GSet<u64>> = DeltaSync::new(&view, Rank(0), Incarnation::FIRST, GSet::new(), LIMITS, Pace::default());
    let (sync, most) = flood(sync, |sync, step, now, outbox| {
        let (sender, receiver) = (Incarnation::FIRST, Incarnation::FIRST);
        if step % 2 == 0 {
            let _ = sync.request(now, some(&mut numbers, 100), outbox);
        } else {
            let delta = some(&mut numbers, usize::try_from(step % 300).expect("few"));
            let _ = sync.receive(now, PEERS[1], DeltaMessage::Delta { sender, receiver, until: step, delta }, outbox);
        }
    });
    assert!(most <= OVER * sync.max_bytes(), "{most} bytes, and at most {} were to be expected", sync.max_bytes());
    let mut outbox = Outbox::new();
    let refused = sync.clone().request(Time::MAX, some(&mut numbers, 100), &mut outbox).expect_err("it is full");
    assert!(
        matches!(refused.why, SyncRefused::Full { .. }) && sync.replica().bytes() <= LIMITS.state_bytes && sync.waiting() <= LIMITS.deltas
    );

    let reconciler = Reconciler::new(&view, Rank(0), Sketch::Coded, Key(3, 4), GSet::new(), LIMITS, Pace::default());
    let (reconciler, most) = flood(reconciler, |reconciler, step, now, outbox| {
        let many = usize::try_from(step % 600).expect("few");
        let from = PEERS[usize::from(step % 3 == 0)];
        let hashes = |numbers: &mut dyn Iterator<Item = u64>| numbers.take(many).collect::<Vec<_>>();
        let message = match step % 6 {
            0 => return drop(reconciler.request(now, some(&mut numbers, 100), outbox)),
            1 => ReconcileMessage::Ask { root: step },
            2 => ReconcileMessage::More { of: step, from: step % 600, until: u64::MAX },
            3 => ReconcileMessage::Digest { root: step, summary: (), hashes: hashes(&mut numbers) },
            4 => ReconcileMessage::Offer { summary: (), wanted: hashes(&mut numbers), delta: some(&mut numbers, 200) },
            _ => {
                let noise = |index: u64| CodedSymbol { sum: index, check: step, count: 3 };
                ReconcileMessage::Symbols { of: 7, from: 0, symbols: (0..many as u64).map(noise).collect(), summary: Some(()) }
            }
        };
        let _ = reconciler.receive(now, from, message, outbox);
    });
    assert!(most <= OVER * reconciler.max_bytes(), "{most} bytes, and at most {} were to be expected", reconciler.max_bytes());
    assert!(reconciler.state().bytes() <= LIMITS.state_bytes);
    println!("{most} of {} bytes", reconciler.max_bytes());
}
