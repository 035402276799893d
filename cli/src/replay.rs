use std::path::PathBuf;
use std::rc::Rc;

use tidings_broadcast::Rule;
use tidings_sim::Chance;
use tidings_trace::Trace;

use crate::plan::Plan;
use crate::progress::Progress;
use crate::recording::Recording;
use crate::report::{ClockFigures, HistoryFigures, NetworkFigures, ReplicationFigures, Report, SCHEMA, Settings};
use crate::run::{DELAY, Run};
use crate::{Chains, Error, EventClocks, FILE_LIMIT, checks};

/// What to replay, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// A git working copy, or an editing trace.
    pub source: PathBuf,
    /// What all choices of the simulated network follow from.
    pub seed: u64,
    /// How likely the network loses a packet.
    pub loss: Chance,
    /// How likely the network delivers a packet twice.
    pub duplicate: Chance,
    /// How many processes replay; at least 1.
    pub replicas: u32,
    /// A rule to break on purpose, in every layer that enforces it.
    pub broken: Option<Rule>,
}

/// What a replay gave.
#[derive(Debug)]
pub struct Outcome {
    /// What it found.
    pub report: Report,
    /// The recorded run. The number of a message is that of its event, with the number of its part in the upper half.
    pub trace: Trace,
    /// What was replayed.
    pub recording: Recording,
}

impl Replay {
    /// Replays `source` with what the program does if nothing else is said: seed 1, 10 % lost, 5 % repeated, 3 replicas.
    #[must_use]
    pub fn of(source: impl Into<PathBuf>) -> Self {
        Self { source: source.into(), seed: 1, loss: Chance::percent(10), duplicate: Chance::percent(5), replicas: 3, broken: None }
    }

    /// Reads, stamps, replicates and judges.
    ///
    /// # Errors
    /// [`Error`] if the source cannot be read; a property that does not hold is no error but a verdict in the report.
    pub fn run(&self, progress: &mut dyn Progress) -> Result<Outcome, Error> {
        let mut recording = Recording::open(&self.source, |done, of| {
            if done == 1 {
                progress.begin("reading commits", of as u64);
            }
            progress.done(done as u64);
        })?;
        let history = Rc::clone(recording.history());
        let chains = Chains::of(&history);
        let clocks = EventClocks::of(&history, &chains);
        let plan = Plan::new(&history, chains, &clocks, self.replicas.max(1) as usize);
        progress.begin("reading changes", history.len() as u64);
        recording.read_changes(plan.bases(), |done, _| progress.done(done as u64))?;
        let mut checks = checks::clocks(&recording, &plan, &clocks, self.seed, progress)?;
        let run = Run::of(self, &plan, &mut recording, progress)?;
        checks.extend(checks::run(&recording, &plan, &run));
        progress.end();

        let report = Report {
            schema: SCHEMA,
            source: self.source.display().to_string(),
            kind: recording.kind(),
            held: checks.iter().all(|check| check.held),
            settings: self.settings(),
            history: history_figures(&recording, &plan, &run),
            clocks: clock_figures(&clocks),
            network: network_figures(&run),
            replication: replication_figures(&run),
            checks,
            command: self.command(),
        };
        Ok(Outcome { report, trace: run.trace, recording })
    }

    /// The command that does this again.
    #[must_use]
    pub fn command(&self) -> String {
        let source = self.source.display().to_string();
        let plain = |c: char| c.is_alphanumeric() || "-_./+:,@%=~".contains(c);
        let is_plain = !source.is_empty() && !source.starts_with(['-', '~']) && source.chars().all(plain);
        let source = if is_plain { source } else { format!("'{}'", source.replace('\'', "'\\''")) };
        let separator = if source.starts_with("'-") { "-- " } else { "" };
        let broken = self.broken.map(|rule| format!(" --break {}", rule_name(rule))).unwrap_or_default();
        let Settings { seed, loss_percent, duplicate_percent, replicas, .. } = self.settings();
        format!(
            "tidings replay --seed {seed} --loss {loss_percent} --duplicate {duplicate_percent} --replicas {replicas}{broken} {separator}{source}"
        )
    }

    fn settings(&self) -> Settings {
        let percent = |chance: Chance| f64::from(chance.0) / 10_000.0;
        let millis = |delay: std::time::Duration| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Settings {
            seed: self.seed,
            loss_percent: percent(self.loss),
            duplicate_percent: percent(self.duplicate),
            min_delay_ms: millis(DELAY.0),
            max_delay_ms: millis(DELAY.1),
            replicas: self.replicas.max(1),
            broken: self.broken.map(rule_name),
        }
    }
}

const fn rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::Dedupe => "dedupe",
        Rule::Fifo => "fifo",
        Rule::Causal => "causal",
        _ => "another",
    }
}

fn history_figures(recording: &Recording, plan: &Plan, run: &Run) -> HistoryFigures {
    let (history, chains) = (plan.history(), plan.chains());
    let (shallow, file_versions) = match recording {
        Recording::Repository(repository) => (repository.is_shallow(), Some(repository.versions())),
        Recording::Editing { .. } => (false, None),
    };
    HistoryFigures {
        events: history.len(),
        edges: history.edges(),
        merges: history.merges().count(),
        roots: history.roots().count(),
        chains: chains.len(),
        longest_chain: (0..chains.len()).map(|chain| chains.members(chain).len()).max().unwrap_or(0),
        shallow,
        last: recording.name(history.len() - 1),
        files: run.files,
        file_versions,
        file_limit_bytes: FILE_LIMIT,
    }
}

fn clock_figures(clocks: &EventClocks) -> ClockFigures {
    let skew = clocks.skew();
    let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    ClockFigures {
        inversions: skew.inversions,
        largest_skew_ms: millis(skew.largest),
        largest_lead_ms: millis(skew.lead),
        untimed: skew.untimed,
    }
}

fn network_figures(run: &Run) -> NetworkFigures {
    NetworkFigures {
        sent: run.stats.sent,
        bytes: run.stats.bytes,
        lost: run.stats.lost,
        duplicated: run.stats.duplicated,
        overtaken: run.stats.overtaken,
        retransmitted: run.retransmitted,
        held_most: run.held_most,
        held_longest_ms: run.held_longest.as_secs_f64() * 1_000.0,
        virtual_ms: run.figures.last.since(tidings_protocol::Time::ZERO).as_secs_f64() * 1_000.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean for people to read")]
fn replication_figures(run: &Run) -> ReplicationFigures {
    let figures = &run.figures;
    ReplicationFigures {
        broadcasts: figures.broadcasts,
        deliveries: run.stats.indications,
        bytes: figures.bytes,
        bytes_per_message: figures.bytes as f64 / figures.broadcasts.max(1) as f64,
        largest_message: figures.largest,
        early: figures.early,
        repeated: figures.repeated,
        corrected_merges: figures.corrected_merges,
        corrected_bytes: figures.corrected.bytes,
        corrected_files: figures.corrected.files,
        most_versions: figures.most_versions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_given_to_a_shell() {
        let mut replay = Replay::of("a b/it's");
        assert_eq!(replay.command(), r"tidings replay --seed 1 --loss 10 --duplicate 5 --replicas 3 'a b/it'\''s'");
        replay = Replay { seed: 7, loss: Chance(125_000), broken: Some(Rule::Fifo), ..Replay::of("traces/friends.json.gz") };
        assert_eq!(replay.command(), "tidings replay --seed 7 --loss 12.5 --duplicate 5 --replicas 3 --break fifo traces/friends.json.gz");
        assert!(Replay::of("-x").command().ends_with(" -- '-x'"));
    }
}
