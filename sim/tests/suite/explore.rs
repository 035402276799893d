//! The exhaustive search: it counts right, finds what is there, and finds the same with and without its reductions.

use std::convert::Infallible;

use crate::explored::{Flood, Insist, Name, Shout, Toy, explore, explorer, resumed};
use tidings_protocol::{Digest, Effects, Fingerprint, Protocol, Rank, Refused, Time, To};
use tidings_sim::explore::{Breach, Counts, Exploration, Links, Move, NotResumed, Progress, Reductions, Scope};
use tidings_trace::{Property, check_all};

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn raw(text: &str, promises: &[Property]) -> Exploration {
    Exploration::of(scope(text), promises).with(Reductions::NONE)
}

/// All combinations of reductions, but for ample sets: those come by themselves, with one other, and with all.
fn reductions() -> impl Iterator<Item = Reductions> {
    let is_tried = |bits: &u32| bits & 32 == 0 || bits.count_ones() <= 2 || *bits == 63 - 16;
    (0..64).filter(is_tried).map(|bits| Reductions {
        stale: bits & 1 > 0,
        delivered: bits & 2 > 0,
        symmetry: bits & 4 > 0,
        sleep: bits & 8 > 0,
        stamps: bits & 16 > 0,
        ample: bits & 32 > 0,
    })
}

/// Counted by hand: how many orders there are of what every process does.
#[test]
fn interleavings_are_counted_exactly() {
    let counted = [
        // Ask, arrive; twice, independently: 4! / (2! 2!).
        ("2x1", 6.0),
        // For each process: ask, then the first arrival anywhere among ask, arrive: 3 orders of 4 steps. Two such: 8! / (4! 4!) · 3².
        ("2x2", 70.0 * 9.0),
        // Ask, and then two arrivals in either order. Three such: 9! / (3!)³ · 2³.
        ("3x1", 1_680.0 * 8.0),
        // Nothing is repeated: 6. Or the message of one of both is: ask, arrive, arrive against ask, arrive, 5! / (3! 2!).
        ("2x1,duplicates=1", 6.0 + 2.0 * 10.0),
    ];
    for (text, interleavings) in counted {
        assert_eq!(explore::<Shout>(raw(text, &[])).unwrap().interleavings, Some(interleavings), "{text}");
    }
    let counts = explore::<Shout>(Exploration { detection: false, ..raw("1x1,crashes=1", &[]) }).unwrap();
    // It crashes; or it asks, and then crashes or not: nothing is left to do then but to crash, so that is one path.
    assert_eq!((counts.interleavings, counts.states), (Some(2.0), 4));
}

/// Delivers its first message twice if the messages of the other come in one exact order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Vault {
    me: Rank,
    /// How much of the combination was heard; `None` after a wrong number.
    heard: Option<usize>,
}

const COMBINATION: [u64; 9] = [4, 0, 8, 1, 7, 3, 5, 2, 6];

impl Protocol for Vault {
    type Request = Name;
    type Message = Name;
    type Indication = Name;
    type Record = Infallible;
    type Refused = ();
    type Rejected = Infallible;

    fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, ()>> {
        if self.me != Rank(0) {
            return Err(Refused { request: name, why: () });
        }
        effects.send(To::Others, name);
        let _ = effects.indicate(name);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        self.heard = self.heard.filter(|heard| COMBINATION[*heard] == name.1).map(|heard| heard + 1);
        let _ = effects.indicate(name);
        if self.heard == Some(COMBINATION.len()) {
            let _ = effects.indicate(name);
        }
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl Fingerprint for Vault {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.rank(self.me);
        self.heard.fingerprint(digest);
    }
}

impl Toy for Vault {
    fn at(me: Rank) -> Self {
        Self { me, heard: Some(0) }
    }
}

/// A bug that one order of arrivals out of 9! = 362,880 brings about.
#[test]
fn a_bug_that_needs_one_exact_order_is_found() {
    let exploration = |promises: &[Property]| Exploration { progress: false, ..Exploration::of(scope("2x9"), promises) };
    // Asking and arriving interleave in (2 · 9)! / 2⁹ / 9! ways: 17!!.
    let interleavings = explore::<Vault>(exploration(&[])).unwrap().interleavings.unwrap();
    assert_eq!(interleavings, (1..=17).step_by(2).product::<u64>() as f64);
    assert!(interleavings > 362_880.0);
    let found = explore::<Vault>(exploration(&[Property::NoDuplication])).unwrap_err();
    assert_eq!(found.breach, Breach::Property(Property::NoDuplication));
    let arrivals = found.script.iter().filter_map(|step| if let Move::Receive { packet, .. } = step { Some(*packet) } else { None });
    assert_eq!(arrivals.collect::<Vec<_>>(), COMBINATION);
    assert_eq!(found.violation.as_ref().unwrap().property, Property::NoDuplication);
    assert_eq!(found.script.len(), 18);
    let ample = Reductions { ample: true, ..Reductions::NONE };
    let found = explore::<Vault>(exploration(&[Property::NoDuplication]).with(ample)).unwrap_err();
    assert_eq!(found.breach, Breach::Property(Property::NoDuplication));
}

/// Hears whom it hears in any order. But if process 3 is heard first, it counts in which order the others are: then 2 before 1 is heard twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Fuse {
    me: Rank,
    heard: Vec<u32>,
}

impl Protocol for Fuse {
    type Request = Name;
    type Message = Name;
    type Indication = Name;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
        effects.send(To::One(Rank((self.me.0 + 1) % 4)), name);
        if self.me != Rank(0) {
            effects.send(To::One(Rank(0)), name);
        }
        Ok(())
    }

    fn receive(&mut self, _: Time, from: Rank, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        if self.heard.contains(&from.0) {
            return Ok(());
        }
        self.heard.push(from.0);
        if self.heard[0] != 3 {
            self.heard.sort_unstable();
        }
        let _ = effects.indicate(name);
        if self.heard == [3, 2, 1] {
            let _ = effects.indicate(name);
        }
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl Fingerprint for Fuse {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.rank(self.me);
        self.heard.fingerprint(digest);
    }
}

impl Toy for Fuse {
    fn at(me: Rank) -> Self {
        Self { me, heard: vec![] }
    }
}

/// Two arrivals go in either order now, and do not once a third one came first: that they go first cannot be relied on.
#[test]
fn what_counts_only_later_is_noticed() {
    let ample = Reductions { ample: true, ..Reductions::NONE };
    let none = explore::<Fuse>(raw("4x1", &[Property::NoCreation])).unwrap();
    let some = explore::<Fuse>(raw("4x1", &[Property::NoCreation]).with(ample)).unwrap();
    assert_eq!((some.interleavings, some.ends), (None, none.ends));
    assert!(some.states < none.states, "{some:?} {none:?}");
    for reductions in [ample, Reductions { stale: true, delivered: true, ..ample }] {
        let found = explore::<Fuse>(raw("4x1", &[Property::NoDuplication]).with(reductions)).unwrap_err();
        assert_eq!(found.breach, Breach::Property(Property::NoDuplication));
    }
}

/// Where arrivals can go in any order one order will do, and every end is come to; where the order of deliveries is promised they cannot.
#[test]
fn one_order_will_do_where_all_are_alike() {
    let ample = Reductions { ample: true, ..Reductions::NONE };
    for (text, promise, most) in
        [("3x2", Property::NoDuplication, 500), ("3x1,duplicates=1", Property::NoCreation, 500), ("2x3", Property::NoCreation, 50)]
    {
        let (all, some) = (explore::<Shout>(raw(text, &[promise])).unwrap(), explore::<Shout>(raw(text, &[promise]).with(ample)).unwrap());
        assert_eq!(all.ends, some.ends, "{text}");
        assert!(some.states < most && some.states * 3 < all.states, "{text}: {some:?} of {all:?}");
    }
    explore::<Shout>(raw("3x1", &[Property::TotalOrder]).with(ample)).unwrap_err();
}

/// A message that is said once, over links that are the specification of a FIFO reliable broadcast, keeps what that promises, and nothing that it does not.
#[test]
fn a_specified_broadcast_is_reliable_and_no_more() {
    let over = |text: &str, promises: &[Property]| Exploration {
        links: Links::Broadcast,
        ordered: true,
        ..Exploration::of(scope(text), promises).with(Reductions { symmetry: true, ..Reductions::NONE })
    };
    let kept = [Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::FifoDelivery];
    for text in ["3x1,losses=1,duplicates=1,crashes=2", "3x2,losses=2,crashes=1", "2x3,losses=2,crashes=1"] {
        for ample in [false, true] {
            let exploration = over(text, &kept);
            let reductions = Reductions { ample, ..exploration.reductions };
            explore::<Shout>(exploration.with(reductions)).unwrap();
        }
    }
    // Who crashes may have delivered what is lost to all others, or what they deliver in another order.
    for (text, broken) in [
        ("3x1,losses=1,crashes=1", Property::UniformAgreement),
        ("3x1", Property::CausalDelivery),
        ("2x1", Property::TotalOrder),
        ("3x1,losses=1,crashes=1", Property::UniformTotalOrder),
    ] {
        for ample in [false, true] {
            let exploration = over(text, &[broken]);
            let reductions = Reductions { ample, ..exploration.reductions };
            let found = explore::<Shout>(exploration.with(reductions)).unwrap_err();
            assert_eq!(found.violation.map(|violation| violation.property), Some(broken));
        }
    }
    // One process crashes, and of what it said no more can be lost than it said.
    let ends = [0, 1, 2, 3].map(|losses| explore::<Shout>(over(&format!("2x2,crashes=1,losses={losses}"), &[])).unwrap().ends);
    assert!(ends[0] < ends[1] && ends[1] < ends[2] && ends[2] == ends[3], "{ends:?}");
    // Nobody says anything to one process alone: without losses, all is as over reliable links but for the fan-outs that a crash cuts off.
    let (all, some) = (raw("3x1", &[]), over("3x1", &[]).with(Reductions::NONE));
    assert_eq!(explore::<Shout>(Exploration { ordered: true, ..all }).unwrap(), explore::<Shout>(some).unwrap());
}

/// Cut into pieces of any size, a search is the same search.
#[test]
fn a_search_goes_on_where_it_stopped() {
    let exploration = || raw("3x1,crashes=1", &[Property::NoDuplication]);
    let whole = explore::<Flood>(exploration()).unwrap();
    for piece in [1, 7, 1_000] {
        let mut search = explorer::<Flood>(exploration());
        let mut pieces = 0;
        while let Progress::Unfinished = search.run(piece) {
            pieces += 1;
            assert_eq!(search.counts().interleavings, None);
            assert!(search.counts().states >= pieces * piece);
        }
        assert_eq!(search.counts(), whole);
        assert!(matches!(search.run(piece), Progress::Kept));
    }
}

/// Interrupted again and again, and gone on with by another explorer each time, a search comes to the same counts. What is known of local states starts anew.
#[test]
fn a_saved_search_goes_on_to_the_same_counts() {
    let results = |counts: Counts| Counts { local_states: 0, calls: 0, ..counts };
    let explorations = [
        raw("2x1,duplicates=1,crashes=1", &[Property::NoDuplication]),
        Exploration {
            ordered: true,
            ..Exploration::of(scope("2x2,duplicates=1"), &[Property::Agreement]).with(Reductions {
                sleep: false,
                ample: false,
                ..Reductions::ALL
            })
        },
    ];
    for exploration in explorations {
        let whole = explore::<Flood>(exploration.clone()).unwrap();
        for piece in [1, 13, 500] {
            let (mut search, mut pieces) = (explorer::<Flood>(exploration.clone()), 0);
            while let Progress::Unfinished = search.run(piece) {
                search = resumed::<Flood>(exploration.clone(), search.save().unwrap()).unwrap();
                pieces += 1;
            }
            assert!((pieces + 1) * piece >= whole.states, "{pieces} pieces");
            assert_eq!(results(search.counts()), results(whole));
            // A search that is through can be kept too.
            let mut through = resumed::<Flood>(exploration.clone(), search.save().unwrap()).unwrap();
            assert!(matches!(through.run(1), Progress::Kept));
            assert_eq!(results(through.counts()), results(whole));
        }
    }
}

/// A search goes on only where everything is as it was.
#[test]
fn a_saved_search_of_something_else_is_refused() {
    let exploration = raw("3x1", &[Property::NoDuplication]);
    let saved = || {
        let mut search = explorer::<Flood>(exploration.clone());
        assert!(matches!(search.run(100), Progress::Unfinished));
        search.save().unwrap()
    };
    assert_eq!((saved().exploration(), saved().counts().states), (&exploration, 100));
    for other in [
        raw("3x1,losses=1", &[Property::NoDuplication]),
        raw("3x1", &[]),
        Exploration { ordered: true, ..exploration.clone() },
        exploration.clone().with(Reductions { stale: true, ..Reductions::NONE }),
    ] {
        let refused = resumed::<Flood>(other, saved()).err();
        assert_eq!(refused, Some(NotResumed::OtherExploration(exploration.clone())));
    }
    // The flood repeats what it hears, the shout does not.
    let refused = resumed::<Shout>(exploration.clone(), saved()).err();
    assert!(matches!(refused, Some(NotResumed::OtherProtocol { .. })), "{refused:?}");
    // With sleep sets, or with a breach, there is nothing to go on with.
    let mut asleep = explorer::<Flood>(exploration.clone().with(Reductions { sleep: true, ..Reductions::NONE }));
    assert!(matches!(asleep.run(10), Progress::Unfinished) && asleep.save().is_none());
    let mut broken = explorer::<Flood>(raw("3x1", &[Property::TotalOrder]));
    assert!(matches!(broken.run(u64::MAX), Progress::Broken(_)) && broken.save().is_none());
}

/// Says with each message how often it heard anything, repetitions too: no function of what it had delivered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Miscount {
    me: Rank,
    heard: u64,
    delivered: Vec<Name>,
}

impl Protocol for Miscount {
    type Request = Name;
    type Message = (Name, u64);
    type Indication = Name;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
        effects.send(To::Others, (name, self.heard));
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, (name, _): (Name, u64), effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        self.heard += 1;
        if !self.delivered.contains(&name) {
            self.delivered.push(name);
            let _ = effects.indicate(name);
        }
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl Fingerprint for Miscount {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.rank(self.me);
        digest.number(self.heard);
        self.delivered.fingerprint(digest);
    }
}

impl Toy for Miscount {
    fn at(me: Rank) -> Self {
        Self { me, heard: 0, delivered: vec![] }
    }
}

/// Stamps that do not follow from the past must not be left out, and that is noticed.
#[test]
fn a_stamp_that_does_not_follow_from_the_past_is_noticed() {
    let stamps = Reductions { stamps: true, ..Reductions::NONE };
    explore::<Miscount>(Exploration::of(scope("2x2"), &[]).with(stamps)).unwrap();
    let found = explore::<Miscount>(Exploration::of(scope("2x1,duplicates=1"), &[]).with(stamps)).unwrap_err();
    assert_eq!(found.breach, Breach::Ambiguous);
    explore::<Miscount>(raw("2x1,duplicates=1", &[])).unwrap();
}

/// The verdicts of a toy on some promises, under every combination of reductions.
fn same_verdicts<T: Toy>(scopes: &[&str], promises: &[Property], change: impl Fn(Exploration) -> Exploration) -> usize {
    let mut broken = 0;
    for text in scopes {
        for &promise in promises {
            let verdict = |reductions| {
                let exploration = change(Exploration::of(scope(text), &[promise])).with(reductions);
                explore::<T>(exploration).map(|counts| (counts.states, counts.interleavings)).map_err(|found| {
                    assert_eq!(found.violation.as_ref().map(|violation| violation.property), Some(promise), "{found}");
                    found.script.len()
                })
            };
            let without = verdict(Reductions::NONE);
            broken += usize::from(without.is_err());
            // These protocols have no stamps: what stands in for them is for small scopes only.
            for reductions in reductions().filter(|reductions| !reductions.stamps || text.starts_with("2x1")) {
                match (&without, verdict(reductions)) {
                    (Ok((states, interleavings)), Ok((fewer, same))) => {
                        // Without stamps the pasts stand in for them, which no other promise than causal delivery asks for.
                        assert!(fewer <= *states || reductions.stamps, "{text} {promise} {reductions:?}");
                        // States that are taken for one have the same future, so every interleaving is still counted.
                        assert!(
                            same == *interleavings || reductions.stale || reductions.sleep || reductions.ample,
                            "{text} {promise} {reductions:?}"
                        );
                    }
                    // What is forgotten takes no step, so a script may be shorter by a few arrivals, never longer.
                    (Err(steps), Err(fewer)) => assert!(fewer <= *steps, "{text} {promise} {reductions:?}"),
                    (without, with) => panic!("{text} {promise}: {without:?} without and {with:?} with {reductions:?}"),
                }
            }
        }
    }
    broken
}

#[test]
fn reductions_change_no_verdict() {
    let all = Exploration::JUDGED;
    assert!(same_verdicts::<Shout>(&["2x2", "3x1", "2x1,duplicates=1", "2x1,crashes=1,losses=1"], &all, |it| it) >= 12);
    assert!(same_verdicts::<Flood>(&["2x2", "3x1", "2x1,duplicates=1,crashes=1"], &all, |it| it) >= 6);
    let lossy = |it: Exploration| Exploration { links: Links::FairLoss, progress: false, ..it };
    assert!(same_verdicts::<Insist>(&["2x1,losses=1,duplicates=1,wakes=1", "2x2,losses=1"], &all, lossy) >= 2);
}

/// What the flood promises, and what it does not: it orders nothing.
#[test]
fn a_flood_agrees_and_orders_nothing() {
    let kept = [Property::Validity, Property::Agreement, Property::NoDuplication, Property::NoCreation];
    explore::<Flood>(Exploration::of(scope("3x1,duplicates=1,crashes=1,losses=1"), &kept)).unwrap();
    for broken in [Property::CausalDelivery, Property::TotalOrder] {
        let found = explore::<Flood>(Exploration::of(scope("3x1"), &[broken])).unwrap_err();
        assert_eq!(check_all(&found.trace, &[broken]).len(), 1);
        found.trace.verify().unwrap();
    }
    // It hands a message on before it delivers it; but what a crash cuts off may still reach nobody.
    let found = explore::<Flood>(Exploration::of(scope("3x1,crashes=1,losses=2"), &[Property::UniformAgreement]));
    assert_eq!(found.unwrap_err().violation.unwrap().property, Property::UniformAgreement);
}

/// What is lost is sent again: judged by what happens once nothing goes wrong any more, even when the scope's wakes are spent.
#[test]
fn who_insists_is_heard_at_last() {
    let promises = [Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation];
    for text in ["2x1,losses=2,duplicates=1,wakes=2", "2x2,losses=1", "2x1,losses=3"] {
        let exploration = Exploration { links: Links::FairLoss, ..Exploration::of(scope(text), &promises) };
        let counts = explore::<Insist>(exploration).unwrap();
        assert!(counts.cut_off > 0 && counts.cut_off < counts.ends, "{text}: {counts:?}");
    }
    // Nobody tells it of a crash: it insists for ever.
    let deaf = Exploration { links: Links::FairLoss, detection: false, ..Exploration::of(scope("2x1,crashes=1"), &promises) };
    assert_eq!(explore::<Insist>(deaf).unwrap_err().breach, Breach::Restless);
    // Who says it once is not.
    let exploration = Exploration { links: Links::FairLoss, ..Exploration::of(scope("2x1,losses=1"), &promises) };
    let found = explore::<Shout>(exploration).unwrap_err();
    assert_eq!(found.violation.unwrap().property, Property::BestEffortValidity);
}

/// Between correct processes a reliable link loses nothing, whatever the scope allows.
#[test]
fn reliable_links_lose_only_what_crashed_processes_sent() {
    let promise = [Property::BestEffortValidity];
    explore::<Shout>(Exploration::of(scope("3x1,losses=2"), &promise)).unwrap();
    explore::<Shout>(Exploration::of(scope("3x1,losses=2,crashes=1"), &promise)).unwrap();
    explore::<Shout>(Exploration { protected: vec![Rank(0)], ..Exploration::of(scope("3x1,losses=1,crashes=2"), &promise) }).unwrap();
}

/// A script is readable, and says what happened.
#[test]
fn a_counterexample_reads_as_a_script() {
    let found = explore::<Shout>(Exploration::of(scope("2x2"), &[Property::FifoDelivery])).unwrap_err();
    let text = found.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("fifo_delivery: p"), "{text}");
    let steps: Vec<&&str> = lines.iter().filter(|line| line.starts_with("  step")).collect();
    assert_eq!(steps.len(), 3, "{text}");
    assert!(steps[2].contains("receives packet 1 from p"), "{text}");
}
