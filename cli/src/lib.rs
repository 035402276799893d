//! Recorded concurrent work goes through clocks, broadcast and CRDTs, and must come out as recorded: the library behind the program `tidings`.
//!
//! ```
//! use tidings::Replay;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("two-writers.json");
//! // One writes "Hello" and then a comma, the other puts something before it at the same time.
//! std::fs::write(&path, r#"{"kind": "concurrent", "numAgents": 2, "endContent": "> Hello,", "txns": [
//!     {"parents": [],  "agent": 0, "patches": [[0, 0, "Hello"]]},
//!     {"parents": [0], "agent": 0, "patches": [[5, 0, ","]]},
//!     {"parents": [0], "agent": 1, "patches": [[0, 0, "> "]]}
//! ]}"#)?;
//!
//! // Three replicas, a network that loses a packet in ten and repeats one in twenty.
//! let outcome = Replay::of(path).run(&mut ())?;
//! assert!(outcome.report.held);
//! assert_eq!(outcome.report.replication.deliveries, 3 * 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A replay, step by step
//!
//! | type | what it does, and what is promised | from | cost |
//! |---|---|---|---|
//! | [`git::Git`], [`Repository`] | reads a working copy through the program `git`; runs nothing that the repository names | | each object once |
//! | [`EditingTrace`] | reads a recorded editing session | josephg's editing-traces | O(bytes) |
//! | [`History`], [`Chains`] | the graph of events, and its chains: what sequential processes would have done | Dilworth 1950 | O(events × chains) |
//! | [`EventClocks`] | stamps each event by a vector clock and a hybrid clock, and checks all pairs | Fidge 1988, Mattern 1989; Kulkarni and others 2014 | O(events × edges ÷ 64) |
//! | [`Reachability`] | the ground truth of these checks: ancestry, without any clock | | O(edges × events ÷ 64) |
//! | [`edits()`] | what a person did between two versions of a text, word by word | Myers 1986 | nearly linear |
//! | [`Version`], [`Delta`] | all files at one event as CRDTs, and what an event changed | Shapiro and others 2011; Almeida and others 2018 | that of the change |
//! | [`Plan`], [`Replica`], [`Replication`] | who authors what; a version for each event; every one is compared with the recording | | what is new in each merge |
//! | [`Replay`], [`Report`] | all of it, through causal over reliable broadcast over perfect links in a simulated network | Cachin and others 2011, algorithms 3.3 and 3.15 | |
//!
//! Replicas know only what they receive; the recording judges them, and the world's own trace judges the broadcast. A report is a function of the source
//! and the settings: the same seed gives the same bytes.
//!
//! # A log, judged
//!
//! [`Subject`] reads a log of any system in one of four [forms](LogForm), recognised by its content, and [`Subject::inspect`] says which properties it keeps,
//! which it does not, and on which lines.
//!
//! # The table of experiments
//!
//! | type | what it is |
//! |---|---|
//! | [`EXPERIMENTS`], [`Experiment`] | every protocol of the family: the model it assumes, the properties it promises, how to run it |
//! | [`Scenario`] | what a run is made of, apart from its seed: processes, talk, faults, limits; read from TOML or JSON |
//! | [`PlantedRule`] | what can be broken on purpose, to see that the judges notice |
//! | [`Campaign`], [`Summary`] | many seeds on all cores, every run judged, added up, with the points that faults reached |
//! | [`Simulate`], [`Golden`] | what `tidings simulate` does: campaigns, and a failing run made as small as it goes, to be committed as a test |
//!
//! # Not here
//!
//! No git library, no network but the simulated one, and no writing to what is replayed. File modes are replicated as far as "may be run" goes. What is no text (binary files,
//! symbolic links, submodules, files of more than 1 MiB) is counted and left out.

mod arguments;
mod campaign;
mod chains;
pub mod check;
mod checks;
mod command;
mod contents;
mod editing_trace;
mod edits;
mod error;
mod event_clocks;
mod experiments;
mod explore;
mod file_path;
pub mod git;
mod golden;
mod history;
pub mod output;
mod part;
mod plan;
mod planted_rule;
mod progress;
mod reachability;
mod recording;
mod replay;
mod replica;
mod replication;
mod report;
mod repository;
mod run;
mod scenario;
mod simulate;
pub mod table;
mod timestamp;
mod version;

pub use arguments::{Arguments, BrokenRule, Command, ReplayArguments, SimulateArguments, SimulatedRule};
pub use campaign::{Campaign, Percentiles, Summary, Totals};
pub use chains::Chains;
pub use check::{BadLog, CheckArguments, Inspection, LogForm, NotItsProperty, Subject};
pub use command::Exit;
pub use contents::{Census, ContentId, Contents, FILE_LIMIT, LeftOut, TextFile};
pub use editing_trace::{EditingTrace, NotATrace, Patch};
pub use edits::{Edit, edits};
pub use error::Error;
pub use event_clocks::{Disagreement, EventClocks, Skew};
pub use experiments::{EXPERIMENTS, Experiment, Failure, OUT_OF_REACH, Run, experiment};
pub use explore::{EXPLORED, ExploreArguments, Explored, Search};
pub use file_path::FilePath;
pub use golden::Golden;
pub use history::{History, NotAHistory, RecordedEvent};
pub use part::Part;
pub use plan::Plan;
pub use planted_rule::PlantedRule;
pub use progress::{Bar, Progress};
pub use reachability::Reachability;
pub use recording::Recording;
pub use replay::{Outcome, Replay};
pub use replica::{Received, Replica, Unusable};
pub use replication::{Figures, Replication, Wrong};
pub use report::{Check, ClockFigures, HistoryFigures, NetworkFigures, ReplicationFigures, Report, SCHEMA, Settings};
pub use repository::{Corrected, Difference, Repository};
pub use scenario::Scenario;
pub use simulate::{Changes, Simulate, coverage, experiments, list, never_reached, print_coverage, print_golden, print_summary};
pub use version::{Delta, Version, VersionError};

/// The README's example is run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
