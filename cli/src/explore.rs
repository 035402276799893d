use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;
use tidings_broadcast::{
    Acknowledged, AllAcknowledge, Arrived, Backoff, BestEffort, Broadcast, Cast, CausalOrder, Delivery, FifoOrder, IdealLink, Ordered,
    PerfectLink, Relay, Reliable, Rule, Sequenced, Sequencer, Stamped,
};
use tidings_clocks::{Rank, VectorClock};
use tidings_protocol::{Fingerprint, Incarnation, Limits, Payload, View};
use tidings_sim::explore::{Counts, Exploration, Explorer, Links, Progress, Reductions, Scope};
use tidings_trace::{MessageId, Property};

use crate::checks::grouped;
use crate::{Error, Exit, SimulatedRule};

/// What `tidings explore` takes.
#[derive(Clone, Debug, Args)]
pub struct ExploreArguments {
    /// Which protocol; all of them if none is named.
    #[arg(value_parser = PossibleValuesParser::new(EXPLORED.iter().map(|row| row.name)))]
    pub protocol: Option<String>,

    /// How much: processes x messages of each, and how many faults, as in 3x2,losses=1,duplicates=1,crashes=1,wakes=2. The scopes of continuous integration if
    /// it is not given.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<Scope>,

    /// Break one rule on purpose, in every layer that enforces it, and see the search find it.
    #[arg(long = "break", value_name = "RULE")]
    pub broken: Option<SimulatedRule>,

    /// Leave nothing out of the search.
    #[arg(long)]
    pub raw: bool,

    /// Tell the processes of crashes, at any time after them, even where the protocol promises the same without.
    #[arg(long)]
    pub detection: bool,
}

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
    detection: bool,
    symmetric: bool,
    protected: &'static [Rank],
    searcher: fn(Exploration, Make) -> Search,
}

/// A search in pieces: explores so many states more, and says how it stands.
pub type Search = Box<dyn FnMut(u64) -> (Progress, Counts)>;

/// What every process of a search is made with.
#[derive(Clone, Copy, Debug)]
struct Make {
    processes: u32,
    limits: Limits,
    without: Option<Rule>,
}

/// A message of a search: its origin, by rank so that it can be renamed, and its number.
type Note = (Rank, u64);

type OverIdeal<T> = Reliable<IdealLink<Relay<T>>, T>;
type Fifo<T> = Ordered<FifoOrder<Arrived<T>>, OverIdeal<Stamped<u64, T>>>;
type FifoUnrelayed<T> = Ordered<FifoOrder<Arrived<T>>, BestEffort<IdealLink<Stamped<u64, T>>>>;
type Causal<T> = Ordered<CausalOrder<Arrived<T>>, OverIdeal<Stamped<VectorClock, T>>>;

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
        detection: true,
        symmetric: false,
        protected: &[],
        searcher: |exploration, make| search(exploration, move |me| BestEffort::new(make.perfect::<Note>(me))),
    },
    Explored {
        name: "best-effort",
        below: "ideal links",
        promises: &[Property::BestEffortValidity, Property::NoDuplication, Property::NoCreation],
        rules: &[],
        scopes: &["3x2", "3x2,losses=1,crashes=1"],
        links: Links::Reliable,
        detection: false,
        symmetric: true,
        protected: &[],
        searcher: |exploration, make| search(exploration, move |me| BestEffort::new(make.ideal::<Note>(me))),
    },
    Explored {
        name: "reliable",
        below: "ideal links that also repeat",
        promises: RELIABLE,
        rules: &[Rule::Dedupe],
        scopes: &["3x2,losses=1,duplicates=1,crashes=1", "3x3"],
        links: Links::Reliable,
        detection: false,
        symmetric: true,
        protected: &[],
        searcher: |exploration, make| search(exploration, move |me| make.reliable::<Note>(me)),
    },
    Explored {
        name: "fifo",
        below: "reliable broadcast over ideal links that also repeat",
        promises: &[Property::Validity, Property::NoDuplication, Property::NoCreation, Property::Agreement, Property::FifoDelivery],
        rules: &[Rule::Dedupe, Rule::Fifo],
        scopes: &["3x2,losses=1,duplicates=1,crashes=1", "3x3"],
        links: Links::Reliable,
        detection: false,
        symmetric: true,
        protected: &[],
        searcher: |exploration, make| search(exploration, move |me| make.fifo::<Note>(me)),
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
        scopes: &["3x2,losses=1,duplicates=1,crashes=1", "3x2", "2x4"],
        links: Links::Reliable,
        detection: false,
        symmetric: true,
        protected: &[],
        searcher: |exploration, make| search(exploration, move |me| make.causal::<Note>(me)),
    },
    Explored {
        name: "sequencer",
        below: "FIFO broadcast over ideal links: reliable if there are faults, best-effort if not",
        promises: TOTAL,
        rules: &[Rule::Total],
        scopes: &["3x1,losses=1,duplicates=1,crashes=1", "2x3,losses=1,duplicates=1,crashes=1", "2x4"],
        links: Links::Reliable,
        detection: true,
        symmetric: false,
        protected: &[Rank(0)],
        searcher: |exploration, make| {
            if is_calm(exploration.scope) {
                search(exploration, move |me| {
                    make.broken_total(Sequencer::new(make.unrelayed::<Sequenced<Note>>(me), make.limits), Sequencer::without)
                })
            } else {
                search(exploration, move |me| {
                    make.broken_total(Sequencer::new(make.fifo::<Sequenced<Note>>(me), make.limits), Sequencer::without)
                })
            }
        },
    },
    Explored {
        name: "all-acknowledge",
        below: "FIFO broadcast over ideal links: reliable if there are faults, best-effort if not",
        promises: TOTAL,
        rules: &[Rule::Total],
        scopes: &["2x3,losses=1,duplicates=1,crashes=1", "3x1"],
        links: Links::Reliable,
        detection: true,
        symmetric: false,
        protected: &[],
        searcher: |exploration, make| {
            if is_calm(exploration.scope) {
                search(exploration, move |me| {
                    make.broken_total(AllAcknowledge::new(make.unrelayed::<Acknowledged<Note>>(me), make.limits), AllAcknowledge::without)
                })
            } else {
                search(exploration, move |me| {
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
        let reductions = Reductions { symmetry: self.symmetric, ..Reductions::ALL };
        Exploration {
            links: self.links,
            detection: self.detection,
            protected: self.protected.to_vec(),
            // Without being told of a crash a broadcast waits for credit for ever.
            progress: self.detection || scope.crashes == 0,
            ..Exploration::of(scope, self.promises).with(Reductions { sleep: false, ..reductions })
        }
    }

    /// Begins a search, with a rule broken in every layer that enforces it or with none.
    #[must_use]
    pub fn search(&self, exploration: Exploration, without: Option<Rule>) -> Search {
        let make = Make { processes: exploration.scope.processes, limits: LIMITS, without };
        (self.searcher)(exploration, make)
    }
}

impl ExploreArguments {
    /// Explores, and says what was found.
    ///
    /// # Errors
    /// What the output says.
    #[expect(clippy::disallowed_methods, reason = "the program is the edge, and says how long a search took")]
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let rows = EXPLORED.iter().filter(|row| self.protocol.as_ref().is_none_or(|name| name == row.name));
        let mut exit = Exit::Held;
        let broken = self.broken.map(Rule::from);
        let people_watch = io::stderr().is_terminal();
        say(&format!("{HEAD}\n"))?;
        for row in rows.filter(|row| broken.is_none_or(|rule| row.rules.contains(&rule))) {
            let scopes: Vec<Scope> = match self.scope {
                Some(scope) => vec![scope],
                None => row.scopes.iter().filter_map(|scope| scope.parse().ok()).collect(),
            };
            for scope in scopes {
                let mut exploration = row.exploration(scope);
                exploration.detection |= self.detection;
                if self.raw {
                    exploration.reductions = Reductions::NONE;
                }
                let begun = Instant::now();
                let mut search = row.search(exploration, broken);
                let (progress, counts) = loop {
                    let (progress, counts) = search(PIECE);
                    if !matches!(progress, Progress::Unfinished) {
                        break (progress, counts);
                    }
                    if people_watch {
                        let _ = write!(io::stderr(), "\r{} {scope}: {} states", row.name, grouped(counts.states));
                    }
                };
                if people_watch {
                    let _ = write!(io::stderr(), "\r\x1b[K");
                }
                say(&line(row, scope, &counts, begun.elapsed(), &progress))?;
                if let Progress::Broken(found) = progress {
                    say(&format!("\n{found}\n\n"))?;
                    exit = Exit::Violated;
                }
            }
        }
        Ok(exit)
    }
}

/// How many states are explored between two words of progress.
const PIECE: u64 = 200_000;

/// Room for what a small scope brings: no request is refused for lack of credit.
const LIMITS: Limits = Limits { window: 4, credit: 8, control_credit: 8, held: 16, payload_bytes: 1 << 10 };

const HEAD: &str =
    "protocol         scope                                   verdict         states    transitions    interleavings   seconds   states/s";

/// One line of the table.
fn line(row: &Explored, scope: Scope, counts: &Counts, took: Duration, progress: &Progress) -> String {
    let verdict = if matches!(progress, Progress::Kept) { "kept" } else { "BROKEN" };
    let seconds = took.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = counts.states as f64 / seconds.max(1e-9);
    let mut line = format!("{:<16} {:<38} {verdict:>8}", row.name, scope.to_string());
    let _ = write!(line, " {:>14} {:>14}", grouped(counts.states), grouped(counts.transitions));
    let interleavings = counts.interleavings.map_or_else(|| "-".to_owned(), |paths| format!("{paths:.3e}"));
    let _ = writeln!(line, " {interleavings:>16} {seconds:>9.2} {rate:>10.0}");
    line
}

fn say(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has seen enough; the verdict stands.
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(Error::io("standard output".as_ref(), &why)),
        _ => Ok(()),
    }
}

/// Whether nothing goes wrong: then a best-effort broadcast is a reliable one.
const fn is_calm(scope: Scope) -> bool {
    scope.crashes == 0 && scope.duplicates == 0 && scope.losses == 0
}

fn search<P>(exploration: Exploration, build: impl Fn(Rank) -> P + 'static) -> Search
where
    P: Broadcast<Payload = Note, Message: Fingerprint> + Clone + Fingerprint + 'static,
{
    let ask = |id: MessageId| Cast::body((id.origin, id.number));
    let hear = |&Delivery { payload: (origin, number), .. }: &Delivery<Note>| Some(MessageId { origin, number });
    let mut explorer = Explorer::new(exploration, build, ask, hear);
    Box::new(move |states| (explorer.run(states), explorer.counts()))
}

impl Make {
    fn ideal<T: Payload>(self, me: Rank) -> IdealLink<T> {
        IdealLink::new(me, self.processes as usize)
    }

    fn perfect<T: Payload>(self, me: Rank) -> PerfectLink<T> {
        let backoff = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(1) };
        let link = PerfectLink::new(&View::of(self.processes), me, Incarnation::FIRST, self.limits, backoff);
        if let Some(rule) = self.without { link.without(rule) } else { link }
    }

    fn reliable<T: Payload>(self, me: Rank) -> OverIdeal<T> {
        let reliable = Reliable::new(self.ideal(me), self.limits);
        if let Some(rule) = self.without { reliable.without(rule) } else { reliable }
    }

    fn fifo_order<T>(self, me: Rank) -> FifoOrder<T> {
        let order = FifoOrder::new(me, self.processes as usize, self.limits);
        if let Some(rule) = self.without { order.without(rule) } else { order }
    }

    fn fifo<T: Payload>(self, me: Rank) -> Fifo<T> {
        Ordered::new(self.fifo_order(me), self.reliable(me), self.limits)
    }

    fn unrelayed<T: Payload>(self, me: Rank) -> FifoUnrelayed<T> {
        Ordered::new(self.fifo_order(me), BestEffort::new(self.ideal(me)), self.limits)
    }

    fn causal<T: Payload>(self, me: Rank) -> Causal<T> {
        let order = CausalOrder::new(me, self.processes as usize, self.limits);
        let order = if let Some(rule) = self.without { order.without(rule) } else { order };
        Ordered::new(order, self.reliable(me), self.limits)
    }

    fn broken_total<P>(self, order: P, without: impl FnOnce(P, Rule) -> P) -> P {
        match self.without {
            Some(rule) => without(order, rule),
            None => order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small scopes here; those of continuous integration are for a release build.
    #[test]
    fn every_protocol_keeps_its_promises_within_small_scopes() {
        for row in EXPLORED {
            for scope in ["2x1,losses=1,duplicates=1,crashes=1,wakes=1", "2x2,crashes=1", "2x2"] {
                let scope: Scope = scope.parse().unwrap();
                // A best-effort broadcast relies on a link that repeats nothing.
                let scope = if row.name == "best-effort" { Scope { duplicates: 0, ..scope } } else { scope };
                let (progress, counts) = row.search(row.exploration(scope), None)(u64::MAX);
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
                    match row.search(exploration, Some(rule))(u64::MAX).0 {
                        Progress::Broken(found) => Some(found),
                        _ => None,
                    }
                });
                let found = found.unwrap_or_else(|| panic!("{} without {rule:?}", row.name));
                assert!(found.violation.is_some(), "{} without {rule:?}: {found}", row.name);
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
