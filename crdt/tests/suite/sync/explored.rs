//! Everything that can happen to delta intervals within a small scope: each change that a process makes is learned by every live one, once.

use std::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_crdt::GSet;
use tidings_crdt::sync::{DeltaSync, Learned, Pace, SyncLimits, SyncRule};
use tidings_protocol::{Digest, Effects, Fingerprint, Incarnation, Protocol, Refused, View};
use tidings_sim::explore::{Counterexample, Counts, Exploration, Explorer, Links};
use tidings_trace::{MessageId, Property};

type Note = (Rank, u64);
type Set = GSet<Note>;

/// Tells of every element by itself, its own too.
#[derive(Clone)]
struct Told(DeltaSync<Set>);

impl Told {
    fn tell(learned: &Learned<Set>, effects: &mut impl Effects<Self>) {
        for note in learned.delta.iter() {
            effects.indicate(*note).expect("the edge takes everything");
        }
    }
}

impl Protocol for Told {
    type Request = Note;
    type Message = <DeltaSync<Set> as Protocol>::Message;
    type Indication = Note;
    type Record = Set;
    type Refused = <DeltaSync<Set> as Protocol>::Refused;
    type Rejected = <DeltaSync<Set> as Protocol>::Rejected;

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

impl Fingerprint for Told {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.0.fingerprint(digest);
    }
}

const KEPT: &[Property] = &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation];

fn explore(text: &str, deltas: usize, rule: Option<SyncRule>) -> Result<Counts, Box<Counterexample>> {
    let exploration = Exploration { links: Links::FairLoss, ..Exploration::of(text.parse().unwrap(), KEPT) };
    let processes = exploration.scope.processes;
    let pace = Pace { first: Duration::from_millis(1), most: Duration::from_millis(1) };
    let build = |me| {
        let limits = SyncLimits { deltas, ..SyncLimits::TINY };
        let sync = DeltaSync::new(&View::of(processes), me, Incarnation::FIRST, Set::new(), limits, pace);
        Told(if let Some(rule) = rule { sync.without(rule) } else { sync })
    };
    let hear = |&(origin, number): &Note| Some(MessageId { origin, number });
    Explorer::new(exploration, build, |id| (id.origin, id.number), hear).run_to_end()
}

/// Over links that lose and repeat, with a buffer of one delta and of several: what is dropped from the buffer goes with the whole state.
#[test]
fn every_change_is_learned_in_every_interleaving() {
    for (text, deltas) in [("2x1,losses=2,duplicates=1,wakes=2", 4), ("2x2,losses=1,wakes=1", 1), ("2x2,losses=1,wakes=1", 4)] {
        let counts = explore(text, deltas, None).unwrap_or_else(|found| panic!("{text}: {found}"));
        println!("{text} with {deltas}: {counts:?}");
        assert!(counts.states > 50, "{text}: {counts:?}");
    }
}

#[test]
fn planted_mistakes_are_found() {
    // Lost, and never sent again.
    assert!(explore("2x1,losses=1,wakes=1", 4, Some(SyncRule::Acknowledge)).is_err());
    // The first is lost, and dropped from the buffer for the second.
    assert!(explore("2x2,losses=1,wakes=1", 1, Some(SyncRule::Whole)).is_err());
}
