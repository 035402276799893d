//! Everything that can happen to replicas that synchronise within a small scope: each change that a process makes is learned by every live one, once.

use std::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_crdt::GSet;
use tidings_crdt::sync::{DeltaSync, Key, Learned, Pace, Reconciler, Sketch, SyncLimits, SyncRule};
use tidings_protocol::{Digest, Effects, Fingerprint, Incarnation, Protocol, Refused, View};
use tidings_sim::explore::{Counterexample, Counts, Exploration, Explorer, Links};
use tidings_trace::{MessageId, Property};

type Note = (Rank, u64);
type Set = GSet<Note>;

/// Tells of every element by itself, its own too.
#[derive(Clone)]
struct Told<P>(P);

impl<P: Protocol<Request = Set, Indication = Learned<Set>>> Told<P> {
    fn tell(learned: &Learned<Set>, effects: &mut impl Effects<Self>) {
        for note in learned.delta.iter() {
            effects.indicate(*note).expect("the edge takes everything");
        }
    }
}

impl<P: Protocol<Request = Set, Indication = Learned<Set>>> Protocol for Told<P> {
    type Request = Note;
    type Message = P::Message;
    type Indication = Note;
    type Record = P::Record;
    type Refused = P::Refused;
    type Rejected = P::Rejected;

    fn request(&mut self, now: Time, note: Note, effects: &mut impl Effects<Self>) -> Result<(), Refused<Note, Self::Refused>> {
        let delta = Set::new().add(note);
        let mut below = effects.lend(|learned, effects| {
            Self::tell(&learned, effects);
            Ok(())
        });
        self.0.request(now, delta, &mut below).map_err(|refused| Refused { request: note, why: refused.why })?;
        effects.indicate(note).expect("the edge takes everything");
        Ok(())
    }

    fn receive(&mut self, now: Time, from: Rank, message: Self::Message, effects: &mut impl Effects<Self>) -> Result<(), Self::Rejected> {
        let mut below = effects.lend(|learned, effects| {
            Self::tell(&learned, effects);
            Ok(())
        });
        self.0.receive(now, from, message, &mut below)
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.0.wake(now, &mut effects.lend(|_, _| Ok(())));
    }

    fn deadline(&self) -> Option<Time> {
        self.0.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        self.0.exclude(now, rank, &mut effects.lend(|_, _| Ok(())));
    }
}

impl<P: Fingerprint> Fingerprint for Told<P> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.0.fingerprint(digest);
    }
}

const KEPT: &[Property] = &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation];

const PACE: Pace = Pace { first: Duration::from_millis(1), most: Duration::from_millis(1) };

fn explore<P>(text: &str, build: impl Fn(&View, Rank) -> P) -> Result<Counts, Box<Counterexample>>
where
    P: Protocol<Request = Set, Indication = Learned<Set>, Message: Fingerprint> + Fingerprint + Clone,
{
    let exploration = Exploration { links: Links::FairLoss, ..Exploration::of(text.parse().unwrap(), KEPT) };
    let view = View::of(exploration.scope.processes);
    let hear = |&(origin, number): &Note| Some(MessageId { origin, number });
    Explorer::new(exploration, |me| Told(build(&view, me)), |id| (id.origin, id.number), hear).run_to_end()
}

/// Delta intervals, with so many deltas in the buffer.
fn intervals(text: &str, deltas: usize, rule: Option<SyncRule>) -> Result<Counts, Box<Counterexample>> {
    explore(text, |view, me| {
        let limits = SyncLimits { deltas, ..SyncLimits::TINY };
        let sync = DeltaSync::new(view, me, Incarnation::FIRST, Set::new(), limits, PACE);
        if let Some(rule) = rule { sync.without(rule) } else { sync }
    })
}

/// Reconciliation, of which each message that comes may begin a session.
fn reconciled(text: &str, sketch: Sketch, rule: Option<SyncRule>) -> Result<Counts, Box<Counterexample>> {
    explore(text, |view, me| {
        let sync = Reconciler::new(view, me, sketch, Key(1, 2), Set::new(), SyncLimits::TINY, PACE);
        if let Some(rule) = rule { sync.without(rule) } else { sync }
    })
}

/// Over links that lose and repeat, with a buffer of one delta and of several: what is dropped from the buffer goes with the whole state.
#[test]
fn every_change_is_learned_in_every_interleaving() {
    for (text, deltas) in [
        ("2x1,losses=2,duplicates=1,wakes=2", 4),
        ("2x2,losses=1,wakes=1", 1),
        ("2x2,losses=1,wakes=1", 4),
        ("2x1,losses=1,duplicates=1,crashes=1,wakes=1", 4),
    ] {
        all_learn(text, deltas);
    }
}

/// The same of three replicas: 7.3 million states.
#[test]
#[ignore = "takes half a minute of one core"]
fn every_change_is_learned_among_three() {
    all_learn("3x1,crashes=1", 4);
}

fn all_learn(text: &str, deltas: usize) {
    let counts = intervals(text, deltas, None).unwrap_or_else(|found| panic!("{text}: {found}"));
    println!("{text} with {deltas}: {counts:?}");
    assert!(counts.states > 50, "{text}: {counts:?}");
}

/// The same where nothing is remembered of others, and sessions of both sides cross each other.
#[test]
fn every_change_is_reconciled_in_every_interleaving() {
    for (text, sketch) in [
        ("2x1,losses=1,wakes=2", Sketch::Coded),
        ("2x1,losses=1,wakes=2", Sketch::Listed),
        ("2x1,duplicates=1,wakes=2", Sketch::Coded),
        ("2x1,duplicates=1,wakes=2", Sketch::Listed),
        ("2x1,losses=1,crashes=1,wakes=1", Sketch::Coded),
        ("2x1,losses=1,crashes=1,wakes=1", Sketch::Listed),
    ] {
        let counts = reconciled(text, sketch, None).unwrap_or_else(|found| panic!("{text}, {sketch:?}: {found}"));
        println!("{text}, {sketch:?}: {counts:?}");
        assert!(counts.states > 50, "{text}, {sketch:?}: {counts:?}");
    }
}

#[test]
fn planted_mistakes_are_found() {
    // Lost, and never sent again.
    assert!(intervals("2x1,losses=1,wakes=1", 4, Some(SyncRule::Acknowledge)).is_err());
    // The first is lost, and dropped from the buffer for the second.
    assert!(intervals("2x2,losses=1,wakes=1", 1, Some(SyncRule::Whole)).is_err());
    // A session that was begun is taken for one that came to an end.
    for sketch in [Sketch::Coded, Sketch::Listed] {
        assert!(reconciled("2x1,losses=1,wakes=1", sketch, Some(SyncRule::Acknowledge)).is_err());
    }
}
