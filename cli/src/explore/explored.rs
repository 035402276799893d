use tidings_broadcast::{Acknowledged, AllAcknowledge, BestEffort, Broadcast, Cast, Delivery, Rule, Sequenced, Sequencer};
use tidings_clocks::Rank;
use tidings_protocol::Fingerprint;
use tidings_sim::explore::{Counts, Exploration, Explorer, Links, NotResumed, Progress, Reductions, Saved, Scope};
use tidings_trace::{MessageId, Property};

use super::make::{Make, Note};

/// One protocol that can be explored.
pub struct Explored {
    /// What it is called on the command line, as in the table of experiments.
    pub name: &'static str,
    /// What is below it in the search.
    pub below: &'static str,
    /// What must hold.
    pub promises: &'static [Property],
    /// The rules that its layers enforce, and that can be broken on purpose.
    pub rules: &'static [Rule],
    /// The scopes of continuous integration.
    pub scopes: &'static [&'static str],
    links: Links,
    ordered: bool,
    detection: bool,
    symmetric: bool,
    stamped: bool,
    ample: Ample,
    protected: &'static [Rank],
    searcher: fn(Exploration, Make, Option<Saved>) -> Begun,
}

/// When ample sets are used: where looking for them takes less than it saves.
#[derive(Clone, Copy, Debug)]
enum Ample {
    Never,
    /// Where nobody crashes.
    Calm,
    Always,
}

/// A search, whatever it searches: explores in pieces.
pub trait Search {
    /// Explores until so many more states were found, all were, or a promise is broken.
    fn run(&mut self, states: u64) -> Progress;

    /// How far it has come.
    fn counts(&self) -> Counts;

    /// What it takes to go on with it later; `None` if it has found a broken promise.
    fn save(self: Box<Self>) -> Option<Saved>;
}

/// A search that has begun, or goes on if it can.
type Begun = Result<Box<dyn Search>, NotResumed>;

const RELIABLE: &[Property] = &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement];
const TOTAL: &[Property] =
    &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::TotalOrder, Property::FifoTotal];

/// The protocols that can be explored.
///
/// Everything above the links stands on a link that is its own specification; the links stand on a network that loses and repeats.
pub const EXPLORED: &[Explored] = &[
    Explored {
        name: "perfect-link",
        below: "best-effort broadcast shows it; below is a network that loses and repeats",
        promises: &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation],
        rules: &[Rule::Dedupe],
        scopes: &["2x1,losses=2,duplicates=2,wakes=3", "2x2,losses=1,duplicates=1,wakes=2", "3x1,losses=1,wakes=1"],
        links: Links::FairLoss,
        ordered: false,
        detection: true,
        symmetric: false,
        stamped: false,
        ample: Ample::Never,
        protected: &[],
        searcher: |exploration, make, saved| search(exploration, saved, move |me| BestEffort::new(make.perfect::<Note>(me))),
    },
    Explored {
        name: "best-effort",
        below: "ideal links",
        promises: &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation],
        rules: &[],
        scopes: &["3x2,losses=1,crashes=1", "3x3"],
        links: Links::Reliable,
        ordered: false,
        detection: false,
        symmetric: true,
        stamped: false,
        ample: Ample::Never,
        protected: &[],
        searcher: |exploration, make, saved| search(exploration, saved, move |me| BestEffort::new(make.ideal::<Note>(me))),
    },
    Explored {
        name: "reliable",
        below: "ideal links that also repeat",
        promises: RELIABLE,
        rules: &[Rule::Dedupe],
        scopes: &["3x2,losses=1,duplicates=1,crashes=1", "3x3"],
        links: Links::Reliable,
        ordered: false,
        detection: false,
        symmetric: true,
        stamped: false,
        ample: Ample::Never,
        protected: &[],
        searcher: |exploration, make, saved| search(exploration, saved, move |me| make.reliable::<Note>(me)),
    },
    Explored {
        name: "fifo",
        below: "reliable broadcast over ideal links that also repeat",
        promises: &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::FifoDelivery],
        rules: &[Rule::Dedupe, Rule::Fifo],
        scopes: &["3x2,losses=1,duplicates=1,crashes=1", "3x3"],
        links: Links::Reliable,
        ordered: false,
        detection: false,
        symmetric: true,
        stamped: false,
        ample: Ample::Never,
        protected: &[],
        searcher: |exploration, make, saved| search(exploration, saved, move |me| make.fifo::<Note>(me)),
    },
    Explored {
        name: "causal",
        below: "reliable broadcast over ideal links that also repeat",
        promises: &[
            Property::Validity,
            Property::NoDuplication,
            Property::NoCreation,
            Property::Agreement,
            Property::FifoDelivery,
            Property::CausalDelivery,
        ],
        rules: &[Rule::Dedupe, Rule::Fifo, Rule::Causal],
        scopes: &["3x2,losses=1,duplicates=1,crashes=1", "3x3"],
        links: Links::Reliable,
        ordered: false,
        detection: false,
        symmetric: true,
        stamped: true,
        ample: Ample::Never,
        protected: &[],
        searcher: |exploration, make, saved| search(exploration, saved, move |me| make.causal::<Note>(me)),
    },
    Explored {
        name: "sequencer",
        below: "a FIFO reliable broadcast: its specification, or where the scope repeats packets, itself over ideal links that keep the order",
        promises: TOTAL,
        rules: &[Rule::Total],
        scopes: &[
            "3x1,losses=1,duplicates=1,crashes=1",
            "2x3,losses=1,duplicates=1,crashes=1",
            "3x2,losses=1,crashes=1",
            "3x3,losses=1,crashes=1",
            "3x3",
        ],
        links: Links::Broadcast,
        ordered: true,
        detection: true,
        symmetric: true,
        stamped: false,
        ample: Ample::Always,
        protected: &[Rank(0)],
        searcher: |exploration, make, saved| {
            if exploration.links == Links::Broadcast {
                search(exploration, saved, move |me| {
                    make.broken_total(Sequencer::new(make.ideal_broadcast::<Sequenced<Note>>(me), make.limits), Sequencer::without)
                })
            } else {
                search(exploration, saved, move |me| {
                    make.broken_total(Sequencer::new(make.fifo::<Sequenced<Note>>(me), make.limits), Sequencer::without)
                })
            }
        },
    },
    Explored {
        name: "all-acknowledge",
        below: "a FIFO reliable broadcast: its specification, or where the scope repeats packets, itself over ideal links that keep the order",
        promises: TOTAL,
        rules: &[Rule::Total],
        scopes: &["3x1,losses=1,duplicates=1,crashes=1", "2x3,losses=1,duplicates=1,crashes=1", "3x1,losses=1,crashes=1", "3x2", "3x3"],
        links: Links::Broadcast,
        ordered: true,
        detection: true,
        symmetric: false,
        stamped: false,
        ample: Ample::Calm,
        protected: &[],
        searcher: |exploration, make, saved| {
            if exploration.links == Links::Broadcast {
                search(exploration, saved, move |me| {
                    make.broken_total(
                        AllAcknowledge::new(make.ideal_broadcast::<Acknowledged<Note>>(me), make.limits),
                        AllAcknowledge::without,
                    )
                })
            } else {
                search(exploration, saved, move |me| {
                    make.broken_total(AllAcknowledge::new(make.fifo::<Acknowledged<Note>>(me), make.limits), AllAcknowledge::without)
                })
            }
        },
    },
];

impl Explored {
    /// The row of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        EXPLORED.iter().find(|row| row.name == name)
    }

    /// What is explored within `scope`, by this row's model.
    #[must_use]
    pub fn exploration(&self, scope: Scope) -> Exploration {
        // A broadcast that is its own specification repeats nothing.
        let links = if self.links == Links::Broadcast && scope.duplicates > 0 { Links::Reliable } else { self.links };
        // Under relays hardly two inputs of a process may change places.
        let ample = links == Links::Broadcast
            && match self.ample {
                Ample::Never => false,
                Ample::Calm => scope.crashes == 0,
                Ample::Always => true,
            };
        let reductions = Reductions { stale: true, delivered: true, stamps: self.stamped, symmetry: self.symmetric, ample, sleep: false };
        Exploration {
            links,
            ordered: self.ordered,
            detection: self.detection,
            protected: self.protected.to_vec(),
            // Without being told of a crash a broadcast waits for credit for ever.
            progress: self.detection || scope.crashes == 0,
            ..Exploration::of(scope, self.promises).with(reductions)
        }
    }

    /// Begins a search, with a rule broken in every layer that enforces it or with none.
    #[must_use]
    pub fn search(&self, exploration: Exploration, without: Option<Rule>) -> Box<dyn Search> {
        let make = Make::of(exploration.scope.processes, without);
        (self.searcher)(exploration, make, None).expect("only a search that goes on can fail to")
    }

    /// Goes on with a search.
    ///
    /// # Errors
    /// [`NotResumed`] if it is a search of something else.
    pub fn resume(&self, exploration: Exploration, without: Option<Rule>, saved: Saved) -> Result<Box<dyn Search>, NotResumed> {
        let make = Make::of(exploration.scope.processes, without);
        (self.searcher)(exploration, make, Some(saved))
    }
}

impl<P, B, Q, H> Search for Explorer<P, B, Q, H>
where
    P: Broadcast<Payload = Note, Message: Fingerprint> + Clone + Fingerprint,
    B: Fn(Rank) -> P,
    Q: Fn(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    fn run(&mut self, states: u64) -> Progress {
        Explorer::run(self, states)
    }

    fn counts(&self) -> Counts {
        Explorer::counts(self)
    }

    fn save(self: Box<Self>) -> Option<Saved> {
        Explorer::save(*self)
    }
}

fn search<P>(exploration: Exploration, saved: Option<Saved>, build: impl Fn(Rank) -> P + 'static) -> Begun
where
    P: Broadcast<Payload = Note, Message: Fingerprint> + Clone + Fingerprint + 'static,
{
    let ask = |id: MessageId| Cast::body((id.origin, id.number));
    let hear = |&Delivery { payload: (origin, number), .. }: &Delivery<Note>| Some(MessageId { origin, number });
    Ok(match saved {
        None => Box::new(Explorer::new(exploration, build, ask, hear)),
        Some(saved) => Box::new(Explorer::resume(exploration, build, ask, hear, saved)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(row: &Explored, exploration: Exploration, without: Option<Rule>) -> (Progress, Counts) {
        let mut search = row.search(exploration, without);
        (search.run(u64::MAX), search.counts())
    }

    /// Small scopes here; those of continuous integration are for a release build.
    #[test]
    fn every_protocol_keeps_its_promises_within_small_scopes() {
        for row in EXPLORED {
            for scope in ["2x1,losses=1,duplicates=1,crashes=1,wakes=1", "2x2,crashes=1", "2x2"] {
                let scope: Scope = scope.parse().unwrap();
                // A best-effort broadcast relies on a link that repeats nothing.
                let scope = if row.name == "best-effort" { Scope { duplicates: 0, ..scope } } else { scope };
                let (progress, counts) = run(row, row.exploration(scope), None);
                if let Progress::Broken(found) = progress {
                    panic!("{} within {scope}: {found}", row.name);
                }
                assert!(counts.states > 10, "{} within {scope}: {counts:?}", row.name);
            }
        }
    }

    /// A rule that is broken in every layer that enforces it is found within a small scope, and the script was carried out by the protocol itself.
    #[test]
    fn every_broken_rule_is_found() {
        for row in EXPLORED {
            for &rule in row.rules {
                let found = ["2x1,duplicates=1", "2x2", "3x1"].iter().find_map(|scope| {
                    let exploration = row.exploration(scope.parse().unwrap());
                    match run(row, exploration, Some(rule)).0 {
                        Progress::Broken(found) => Some(found),
                        _ => None,
                    }
                });
                let found = found.unwrap_or_else(|| panic!("{} without {rule:?}", row.name));
                assert!(found.violation.is_some(), "{} without {rule:?}: {found}", row.name);
            }
        }
    }

    /// With each reduction off or on, and with any rule broken or none, every row has the same verdict as with nothing left out; and where no promise is
    /// broken, as many interleavings, unless packets are forgotten.
    #[test]
    fn no_reduction_changes_a_verdict() {
        for row in EXPLORED {
            for scope in ["2x1,duplicates=1,crashes=1", "2x2"] {
                let scope: Scope = scope.parse().unwrap();
                for without in [None].into_iter().chain(row.rules.iter().copied().map(Some)) {
                    let verdict = |reductions: Reductions| {
                        let exploration = row.exploration(scope).with(reductions);
                        let (progress, counts) = run(row, exploration, without);
                        match progress {
                            Progress::Broken(_) => Err(()),
                            _ => Ok(counts.interleavings.filter(|_| !reductions.stale && !reductions.ample)),
                        }
                    };
                    let own = row.exploration(scope).reductions;
                    let raw = verdict(Reductions::NONE);
                    for reductions in [
                        own,
                        Reductions { stale: false, ..own },
                        Reductions { delivered: false, ..own },
                        Reductions { stamps: false, ..own },
                        Reductions { symmetry: false, ..own },
                        Reductions { ample: !own.ample, ..own },
                    ] {
                        match (&raw, verdict(reductions)) {
                            (Ok(_), Ok(None)) => {}
                            (raw, reduced) => assert_eq!(*raw, reduced, "{} within {scope} without {without:?}, {reductions:?}", row.name),
                        }
                    }
                }
            }
        }
    }

    /// Trying one order where others come to the same changes no verdict of a total order, and where nobody crashes every end is come to.
    #[test]
    fn ample_sets_change_no_verdict_of_a_total_order() {
        for (name, scopes) in [
            ("sequencer", ["3x1,losses=1,crashes=1", "3x1,crashes=2", "2x2,losses=1,duplicates=1,crashes=1", "3x1", "2x3"]),
            ("all-acknowledge", ["2x2,losses=1,crashes=1", "2x2,crashes=2", "2x2,losses=1,duplicates=1,crashes=1", "2x1", "2x3"]),
        ] {
            let row = Explored::named(name).unwrap();
            for scope in scopes.map(|scope| scope.parse::<Scope>().unwrap()) {
                for without in [None, Some(Rule::Total)] {
                    let ends = |ample| {
                        let exploration = row.exploration(scope);
                        let reductions = Reductions { ample, ..exploration.reductions };
                        let (progress, counts) = run(row, exploration.with(reductions), without);
                        (!matches!(progress, Progress::Broken(_))).then_some(counts.ends)
                    };
                    let (all, some) = (ends(false), ends(true));
                    assert_eq!(all.is_some(), some.is_some(), "{name} within {scope} without {without:?}");
                    assert!(all == some || scope.crashes > 0, "{name} within {scope}: {all:?} and {some:?}");
                }
            }
        }
    }

    #[test]
    fn every_row_is_in_the_table_of_experiments_and_its_scopes_can_be_read() {
        for row in EXPLORED {
            assert!(crate::experiment(row.name).is_some(), "{}", row.name);
            for scope in row.scopes {
                assert_eq!(scope.parse::<Scope>().unwrap().to_string(), **scope);
            }
            assert!(Explored::named(row.name).is_some_and(|found| found.name == row.name));
        }
    }
}
