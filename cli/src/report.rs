use serde::Serialize;

use crate::contents::Census;

/// The version of the form of `run.json`.
pub const SCHEMA: u32 = 1;

/// All that a replay found, but for how long it took: the same source and settings give the same report, to the byte. This is what `run.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The version of this form: [`SCHEMA`].
    pub schema: u32,
    /// What was replayed, as it was named.
    pub source: String,
    /// `git` or `editing trace`.
    pub kind: &'static str,
    /// Whether every check held.
    pub held: bool,
    /// How it was replayed.
    pub settings: Settings,
    /// What was recorded.
    pub history: HistoryFigures,
    /// How far recorded clocks and logical ones were apart.
    pub clocks: ClockFigures,
    /// What the network did.
    pub network: NetworkFigures,
    /// What the replicas did.
    pub replication: ReplicationFigures,
    /// Each check with its verdict.
    pub checks: Vec<Check>,
    /// The command that does it again.
    pub command: String,
}

/// How a history is replayed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// What all choices of the simulated network follow from.
    pub seed: u64,
    /// How many packets in a hundred are lost.
    pub loss_percent: f64,
    /// How many packets in a hundred arrive twice.
    pub duplicate_percent: f64,
    /// The shortest delay of a packet, in milliseconds.
    pub min_delay_ms: u64,
    /// The longest.
    pub max_delay_ms: u64,
    /// How many processes replay, each with a replica.
    pub replicas: u32,
    /// The rule that was broken on purpose.
    pub broken: Option<&'static str>,
}

/// What was recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HistoryFigures {
    /// Commits or transactions.
    pub events: usize,
    /// Parents of all events together.
    pub edges: usize,
    /// Events with several parents.
    pub merges: usize,
    /// Events without parents.
    pub roots: usize,
    /// Chains of the decomposition: entries of the vector clocks, actors of the CRDTs.
    pub chains: usize,
    /// The events of the longest chain.
    pub longest_chain: usize,
    /// Whether the oldest commits' parents are missing, because the clone is shallow.
    pub shallow: bool,
    /// The last event.
    pub last: String,
    /// The files at the last event.
    pub files: Census,
    /// The versions of files in all events; not for an editing trace.
    pub file_versions: Option<Census>,
    /// Files of more bytes than this are left out.
    pub file_limit_bytes: u64,
}

/// How far recorded clocks and logical ones were apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClockFigures {
    /// Edges whose child was recorded at an earlier time than its parent.
    pub inversions: usize,
    /// The most that such a child was earlier, in milliseconds.
    pub largest_skew_ms: u64,
    /// The most that a hybrid stamp was ahead of its event's recorded time, in milliseconds.
    pub largest_lead_ms: u64,
    /// Events without a recorded time.
    pub untimed: usize,
}

/// What the network did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NetworkFigures {
    /// Packets given to the network, one for each destination.
    pub sent: u64,
    /// The bytes of these, in a plain fixed-width encoding.
    pub bytes: u64,
    /// Packets that the network lost.
    pub lost: u64,
    /// Packets that it repeated.
    pub duplicated: u64,
    /// Packets that arrived after a later one of the same sender.
    pub overtaken: u64,
    /// Messages that a link sent again.
    pub retransmitted: u64,
    /// The most messages that a process held back at once, because those before them had not come.
    pub held_most: usize,
    /// The longest that a message was held back, in milliseconds.
    pub held_longest_ms: f64,
    /// When the last message was delivered, in virtual milliseconds.
    pub virtual_ms: f64,
}

/// What the replicas did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReplicationFigures {
    /// Messages broadcast.
    pub broadcasts: u64,
    /// Messages delivered, at all processes together.
    pub deliveries: u64,
    /// The bytes of all messages broadcast: the deltas and what names them.
    pub bytes: u64,
    /// Their mean.
    pub bytes_per_message: f64,
    /// The largest, in bytes.
    pub largest_message: usize,
    /// Events that were delivered before one of their parents.
    pub early: u64,
    /// Messages that were delivered again.
    pub repeated: u64,
    /// Merges that recorded something else than joining their parents gives.
    pub corrected_merges: usize,
    /// Bytes of text that these took out and put in.
    pub corrected_bytes: usize,
    /// Files that these put there, took away or gave another mode.
    pub corrected_files: usize,
    /// The most versions that one replica kept at once.
    pub most_versions: usize,
}

/// One check with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// Of how much.
    pub scope: String,
    /// Whether it held.
    pub held: bool,
    /// If it did not: what shows that, a sentence and then the events.
    pub evidence: Vec<String>,
}

impl Check {
    /// A check that held, or the lines that show that it did not.
    #[must_use]
    pub fn new(name: &'static str, scope: impl Into<String>, verdict: Result<(), Vec<String>>) -> Self {
        Self { name, scope: scope.into(), held: verdict.is_ok(), evidence: verdict.err().unwrap_or_default() }
    }
}
