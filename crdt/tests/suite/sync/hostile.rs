//! Messages that no correct replica sends, lives that are over, and rooms that are full.

use std::convert::Infallible;

use tidings_clocks::{Dot, Rank, Time};
use tidings_crdt::sync::{
    CodedSymbol, DeltaMessage, DeltaSync, Key, Pace, ReconcileMessage, Reconciler, Sketch, SyncLimits, SyncRefused, SyncRejected,
};
use tidings_crdt::{GSet, Text};
use tidings_protocol::{Effect, Incarnation, Outbox, Protocol, Recover, To, View};

type Sync = DeltaSync<GSet<u64>>;
type Sent = (To, DeltaMessage<GSet<u64>>);

const ME: Rank = Rank(0);
const PEER: Rank = Rank(1);
const FIRST: Incarnation = Incarnation::FIRST;
const SECOND: Incarnation = Incarnation(2);

fn sync(life: Incarnation) -> Sync {
    DeltaSync::new(
        &View::of(3),
        ME,
        life,
        GSet::new(),
        SyncLimits { state_bytes: 40, delta_bytes: 16, ..SyncLimits::TINY },
        Pace::default(),
    )
}

fn set(elements: impl IntoIterator<Item = u64>) -> GSet<u64> {
    let mut set = GSet::new();
    elements.into_iter().for_each(|element| drop(set.add(element)));
    set
}

fn delta(sender: Incarnation, receiver: Incarnation, until: u64, elements: &[u64]) -> DeltaMessage<GSet<u64>> {
    DeltaMessage::Delta { sender, receiver, until, delta: set(elements.iter().copied()) }
}

/// What the replica answers.
fn receive(sync: &mut Sync, from: Rank, message: DeltaMessage<GSet<u64>>) -> Result<Vec<Sent>, SyncRejected<Infallible>> {
    let mut outbox = Outbox::new();
    let before = sync.replica().clone();
    let result = sync.receive(Time::ZERO, from, message, &mut outbox);
    if result.is_err() {
        assert!(outbox.is_empty() && *sync.replica() == before, "a rejected message changes nothing");
    }
    result.map(|()| {
        let send = |effect| if let Effect::Send { to, message } = effect { Some((to, message)) } else { None };
        outbox.drain().filter_map(send).collect()
    })
}

#[test]
fn what_a_correct_replica_does_not_send_is_rejected() {
    let mut sync = sync(SECOND);
    let plain = |from| delta(FIRST, from, 1, &[1]);
    assert_eq!(receive(&mut sync, ME, plain(SECOND)), Err(SyncRejected::FromOneself));
    assert_eq!(receive(&mut sync, Rank(3), plain(SECOND)), Err(SyncRejected::NotAMember { from: Rank(3) }));
    let unborn = SyncRejected::Unborn { from: PEER, incarnation: Incarnation(3), mine: SECOND };
    assert_eq!(receive(&mut sync, PEER, plain(Incarnation(3))), Err(unborn));
    let ack = DeltaMessage::Ack { sender: FIRST, receiver: SECOND, until: 1 };
    assert_eq!(receive(&mut sync, PEER, ack), Err(SyncRejected::AcknowledgesUnsent { from: PEER, sequence: 1, sent: 0 }));
    // Of five elements the state has room, of six it has not; and nobody sends more than twice a state.
    assert!(receive(&mut sync, PEER, delta(FIRST, SECOND, 1, &[1, 2, 3, 4, 5])).is_ok());
    let full = SyncRejected::Delta { from: PEER, why: SyncRefused::Full { bytes: 48, limit: 40 } };
    assert_eq!(receive(&mut sync, PEER, delta(FIRST, SECOND, 2, &[6])), Err(full));
    let long = SyncRejected::Delta { from: PEER, why: SyncRefused::TooLarge { bytes: 88, limit: 80 } };
    assert_eq!(receive(&mut sync, PEER, delta(FIRST, SECOND, 2, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])), Err(long));
    assert!(receive(&mut sync, PEER, DeltaMessage::Hello { sender: Incarnation(5), receiver: SECOND }).is_ok());
    let stale = SyncRejected::Stale { from: PEER, incarnation: FIRST, known: Incarnation(5) };
    assert_eq!(receive(&mut sync, PEER, plain(SECOND)), Err(stale));
    sync.exclude(Time::ZERO, PEER, &mut Outbox::new());
    assert_eq!(receive(&mut sync, PEER, plain(SECOND)), Err(SyncRejected::Excluded { from: PEER }));
}

#[test]
fn a_refused_change_comes_back() {
    let mut sync = sync(FIRST);
    let mut outbox = Outbox::new();
    let refused = sync.request(Time::ZERO, set([1, 2, 3]), &mut outbox).unwrap_err();
    assert_eq!((refused.request, refused.why), (set([1, 2, 3]), SyncRefused::TooLarge { bytes: 24, limit: 16 }));
    for element in 0..5 {
        sync.request(Time::ZERO, set([element]), &mut outbox).unwrap();
    }
    outbox.drain().count();
    let refused = sync.request(Time::ZERO, set([5]), &mut outbox).unwrap_err();
    assert_eq!((refused.why, outbox.is_empty()), (SyncRefused::Full { bytes: 48, limit: 40 }, true));
    // What is known has room.
    sync.request(Time::ZERO, set([4]), &mut outbox).unwrap();
    assert!(outbox.is_empty());
}

/// A frame that means a former life is answered by a hello, and what a peer's former life acknowledged or sent is sent to the new one.
#[test]
fn a_new_life_knows_nothing() {
    let mut mine = sync(FIRST);
    // It sends 7 and so need not be told of it.
    let answers = receive(&mut mine, PEER, delta(FIRST, FIRST, 1, &[7])).unwrap();
    assert!(answers.iter().all(|(to, message)| *to != To::One(PEER) || matches!(message, DeltaMessage::Ack { until: 1, .. })));
    // Its next life must be.
    let answers = receive(&mut mine, PEER, DeltaMessage::Hello { sender: SECOND, receiver: FIRST }).unwrap();
    assert!(answers.contains(&(To::One(PEER), delta(FIRST, SECOND, 1, &[7]))), "{answers:?}");
    // And one that means a life of mine that is over is told so.
    let mut reborn = sync(SECOND);
    let answers = receive(&mut reborn, PEER, delta(FIRST, FIRST, 1, &[7])).unwrap();
    assert_eq!(answers, [(To::One(PEER), DeltaMessage::Hello { sender: SECOND, receiver: FIRST })]);
    assert!(reborn.replica().is_empty());
}

/// The state and the number of deltas are durable, what others know is not: the whole state goes to each, once it is acknowledged nothing does.
#[test]
fn a_process_that_recovers_sends_its_whole_state() {
    let mut before = sync(FIRST);
    let mut outbox = Outbox::new();
    for element in 0..3 {
        before.request(Time::ZERO, set([element]), &mut outbox).unwrap();
    }
    let records = outbox.drain().filter_map(|effect| if let Effect::Persist(record) = effect { Some(record) } else { None });
    let mut after = Sync::restore(sync(FIRST).snapshot());
    records.for_each(|record| after.apply(record));
    assert_eq!((after.replica(), after.deadline()), (before.replica(), Some(Time::ZERO)));
    after.wake(Time::ZERO, &mut outbox);
    assert_eq!((outbox.len(), after.stats().wholes), (2, 2));
    for peer in [PEER, Rank(2)] {
        receive(&mut after, peer, DeltaMessage::Ack { sender: FIRST, receiver: FIRST, until: 3 }).unwrap();
    }
    after.wake(Time::MAX, &mut outbox);
    assert_eq!(after.deadline(), None);
}

/// A run whose origins are not known is refused, and so not acknowledged: a correct sender never sends it.
#[test]
fn a_text_without_its_past_is_rejected() {
    let mut author = Text::new();
    author.insert(1_u32, 0, "one").unwrap();
    let second = author.insert(1, 3, "two").unwrap();
    let mut reader: DeltaSync<Text<u32>> = DeltaSync::new(&View::of(2), ME, FIRST, Text::new(), SyncLimits::default(), Pace::default());
    let message = DeltaMessage::Delta { sender: FIRST, receiver: FIRST, until: 2, delta: second };
    let mut outbox = Outbox::new();
    let why = reader.receive(Time::ZERO, PEER, message, &mut outbox).unwrap_err();
    let missing = tidings_crdt::TextError::Missing(Dot::new(1, 1));
    assert_eq!(why, SyncRejected::Delta { from: PEER, why: SyncRefused::Unfit(missing) });
    assert!(outbox.is_empty() && reader.replica().is_empty());
}

#[test]
fn a_session_bears_any_symbols() {
    let key = Key(1, 2);
    let limits = SyncLimits { symbols: 20, ..SyncLimits::TINY };
    let begun = || {
        let mut reconciler = Reconciler::new(&View::of(2), ME, Sketch::Coded, key, set([1, 2]), limits, Pace::default());
        reconciler.wake(Time::ZERO, &mut Outbox::new());
        reconciler
    };
    let symbols = |from, symbols| ReconcileMessage::Symbols { of: 9, from, symbols, summary: (from == 0).then_some(()) };
    let noise = |count| (0..count).map(|index| CodedSymbol { sum: index, check: index + 1, count: 3 }).collect::<Vec<_>>();
    let receive = |reconciler: &mut Reconciler<GSet<u64>>, message| {
        let mut outbox = Outbox::new();
        let result = reconciler.receive(Time::ZERO, PEER, message, &mut outbox);
        assert_eq!(*reconciler.state(), set([1, 2]));
        (result, outbox.len())
    };
    // Symbols that never come to an end, more than there may be, out of turn, of another state, and without a session.
    let mut reconciler = begun();
    assert_eq!(receive(&mut reconciler, symbols(0, noise(16))), (Ok(()), 1));
    assert_eq!(receive(&mut reconciler, symbols(0, noise(16))), (Ok(()), 0));
    assert_eq!(receive(&mut reconciler, symbols(17, noise(1))), (Ok(()), 0));
    let many = SyncRejected::TooMany { from: PEER, count: 21, limit: 20 };
    assert_eq!(receive(&mut reconciler, symbols(16, noise(5))), (Err(many), 0));
    assert_eq!(receive(&mut reconciler, symbols(16, noise(1))), (Ok(()), 0));
    // What nobody asked for, and more than there is.
    let many = |count| SyncRejected::TooMany { from: PEER, count, limit: 20 };
    assert_eq!(receive(&mut reconciler, ReconcileMessage::More { of: 9, from: 20, until: u64::MAX }), (Err(many(21)), 0));
    let wanted = (0..21).collect();
    let offer = ReconcileMessage::Offer { summary: (), wanted, delta: set([]) };
    assert_eq!(receive(&mut reconciler, offer), (Err(many(21)), 0));
    let (count, limit) = (limits.state_bytes + 1, limits.state_bytes);
    let digest = ReconcileMessage::Digest { root: 1, summary: (), hashes: (0..count as u64).collect() };
    assert_eq!(receive(&mut reconciler, digest), (Err(SyncRejected::TooMany { from: PEER, count, limit }), 0));
    assert_eq!(receive(&mut reconciler, ReconcileMessage::Agree { root: 77 }), (Ok(()), 0));
    // As many as there may be, and nothing found: it lists its hashes instead, and takes no more symbols.
    let mut reconciler = begun();
    assert_eq!(receive(&mut reconciler, symbols(0, noise(20))), (Ok(()), 1));
    assert_eq!(receive(&mut reconciler, symbols(20, noise(1))), (Ok(()), 0));
}
