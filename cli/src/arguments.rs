use std::ops::Range;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use tidings_broadcast::Rule;
use tidings_sim::Chance;

use crate::{Changes, CheckArguments, EXPERIMENTS, ExploreArguments, PlantedRule, Replay, Simulate, experiments};

/// Replays recorded concurrent work through clocks, broadcast and CRDTs, and checks that it comes out as recorded.
#[derive(Clone, Debug, Parser)]
#[command(name = "tidings", version, about, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all held, 1 a property is violated, 2 wrong usage, 3 bad input or I/O.";

/// What the program can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Replay a git history or an editing trace through clocks, broadcast and CRDTs.
    ///
    /// Every commit (or transaction) is stamped by vector and hybrid clocks, turned into CRDT deltas, and broadcast through a simulated network that
    /// loses, repeats and reorders packets. Every replica must come to the very files that were recorded, commit by commit, and every clock must agree with
    /// the recorded ancestry.
    Replay(ReplayArguments),

    /// Run protocols through many seeds of a world of faults, and check every property that they promise.
    ///
    /// Every seed draws a scenario (how many processes, how tight their limits, how bad the network) unless a file gives one. A run that fails is made as
    /// small as it goes, and printed with the command that shows it again.
    Simulate(SimulateArguments),

    /// Search everything that a protocol can do within a small scope, and check every property that it promises.
    ///
    /// All interleavings of requests, arrivals, losses, repetitions, timeouts and crashes, on the protocol itself. What breaks a promise is printed as the
    /// shortest script that shows it.
    Explore(ExploreArguments),

    /// Judge a log of any system: which properties hold, which do not, and where.
    ///
    /// The log is a trace in our own JSON, events with vector clocks (ShiViz, TSViz, GoVector), a history of calls (Knossos, Jepsen, Porcupine), or what
    /// etcd's raft writes. Its form is recognised by its content, compressed or not.
    Check(CheckArguments),
}

/// What `tidings replay` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = LONG_HELP)]
pub struct ReplayArguments {
    /// A git working copy, or an editing trace (.json or .json.gz, sequential or concurrent).
    pub source: PathBuf,

    /// What every choice of the simulated network follows from: the same seed, the same run.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,

    /// How many packets in a hundred the network loses, 0 to 90.
    #[arg(long, default_value = "10", value_name = "PERCENT", value_parser = |percent: &str| chance(percent, 90.0))]
    pub loss: Chance,

    /// How many packets in a hundred arrive twice, 0 to 100.
    #[arg(long, default_value = "5", value_name = "PERCENT", value_parser = |percent: &str| chance(percent, 100.0))]
    pub duplicate: Chance,

    /// How many processes take part, each with a replica of everything, 1 to 64.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub replicas: u32,

    /// Break one rule on purpose, in every layer that enforces it, and see the checks find it.
    #[arg(long = "break", value_name = "RULE")]
    pub broken: Option<BrokenRule>,

    /// Where run.json and run.shiviz.log go.
    #[arg(long, default_value = "target/tidings", value_name = "DIR")]
    pub out: PathBuf,

    /// Print the report as JSON instead of a table.
    #[arg(long)]
    pub json: bool,

    /// Print only what is violated, and no progress.
    #[arg(long, short)]
    pub quiet: bool,

    /// When to use colours.
    #[arg(long, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
}

const LONG_HELP: &str = "\
Examples:
  tidings replay .                                   the history of this repository
  tidings replay trace.json.gz --replicas 5          an editing trace, on five replicas
  tidings replay . --loss 40 --duplicate 20          through a worse network
  tidings replay . --break causal                    without causal order: exit code 1

Exit codes: 0 all held, 1 a property is violated, 2 wrong usage, 3 bad input or I/O.";

/// What `tidings simulate` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct SimulateArguments {
    /// Which protocols; all of the table if none is named.
    #[arg(value_name = "PROTOCOL", value_parser = PossibleValuesParser::new(EXPERIMENTS.iter().map(|experiment| experiment.name)))]
    pub protocols: Vec<String>,

    /// Print the table: each protocol, the model it assumes, the properties it promises.
    #[arg(long)]
    pub list: bool,

    /// Which seeds: from A, up to but without B.
    #[arg(long, default_value = "0..1000", value_name = "A..B", value_parser = seeds)]
    pub seeds: Range<u64>,

    /// A scenario for all seeds, in TOML, or in JSON if its name ends in .json.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,

    /// How many processes, 2 to 64.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=64))]
    pub processes: Option<u32>,

    /// How many messages each of them says, up to 10,000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub messages: Option<u32>,

    /// How many packets in a hundred the network loses, 0 to 90.
    #[arg(long, value_name = "PERCENT", value_parser = |percent: &str| chance(percent, 90.0))]
    pub loss: Option<Chance>,

    /// How many packets in a hundred arrive twice, 0 to 100.
    #[arg(long, value_name = "PERCENT", value_parser = |percent: &str| chance(percent, 100.0))]
    pub duplicate: Option<Chance>,

    /// How many partitions come and heal, at most.
    #[arg(long = "partition", alias = "partitions", value_name = "N")]
    pub partitions: Option<u32>,

    /// How many processes crash, at most.
    #[arg(long = "crash", value_name = "N")]
    pub crashes: Option<u32>,

    /// Break one rule on purpose, in every layer that enforces it, and see the checks find it.
    #[arg(long = "break", value_name = "RULE")]
    pub broken: Option<PlantedRule>,

    /// Fail if a point that the table's runs are meant to reach was never reached: a fault that never met the code it is meant for.
    #[arg(long)]
    pub cover: bool,

    /// Write each failing run, made small, to this folder as a golden script: a test to commit.
    #[arg(long, value_name = "DIR")]
    pub golden: Option<PathBuf>,

    /// Run this golden script, and nothing else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["protocols", "scenario", "seeds", "list"])]
    pub script: Option<PathBuf>,

    /// Print the summaries as JSON.
    #[arg(long)]
    pub json: bool,

    /// Print only what is violated, and no progress.
    #[arg(long, short)]
    pub quiet: bool,

    /// When to use colours.
    #[arg(long, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// A rule that can be broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BrokenRule {
    /// Messages wait for those that happened before them at other processes.
    Causal,
    /// Messages of one process are delivered in the order in which it broadcast them.
    Fifo,
    /// Nothing is delivered twice.
    Dedupe,
}

/// A rule that can be broken on purpose in some protocol that is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SimulatedRule {
    /// Messages wait for those that happened before them at other processes.
    Causal,
    /// Messages of one process are delivered in the order in which it broadcast them.
    Fifo,
    /// Nothing is delivered twice.
    Dedupe,
    /// All processes deliver in one and the same order.
    Total,
}

impl From<SimulatedRule> for Rule {
    fn from(rule: SimulatedRule) -> Self {
        match rule {
            SimulatedRule::Causal => Self::Causal,
            SimulatedRule::Fifo => Self::Fifo,
            SimulatedRule::Dedupe => Self::Dedupe,
            SimulatedRule::Total => Self::Total,
        }
    }
}

impl From<BrokenRule> for Rule {
    fn from(rule: BrokenRule) -> Self {
        match rule {
            BrokenRule::Causal => Self::Causal,
            BrokenRule::Fifo => Self::Fifo,
            BrokenRule::Dedupe => Self::Dedupe,
        }
    }
}

impl ReplayArguments {
    /// What these ask to be replayed.
    #[must_use]
    pub fn replay(&self) -> Replay {
        Replay {
            source: self.source.clone(),
            seed: self.seed,
            loss: self.loss,
            duplicate: self.duplicate,
            replicas: self.replicas,
            broken: self.broken.map(Rule::from),
        }
    }
}

impl SimulateArguments {
    /// What these ask to be simulated.
    ///
    /// # Errors
    /// The name of a protocol that is not in the table.
    pub fn simulate(&self) -> Result<Simulate, String> {
        let Self { processes, messages, loss, duplicate, partitions, crashes, .. } = *self;
        let without = self.broken;
        Ok(Simulate {
            experiments: experiments(&self.protocols)?,
            seeds: self.seeds.clone(),
            scenario: self.scenario.clone(),
            changes: Changes { processes, messages, loss, duplicate, partitions, crashes, without },
        })
    }
}

/// A range of seeds.
fn seeds(range: &str) -> Result<Range<u64>, String> {
    let parse = |number: &str| number.replace('_', "").parse::<u64>().ok();
    match range.split_once("..").map(|(start, end)| (parse(start), parse(end))) {
        Some((Some(start), Some(end))) if start < end => Ok(start..end),
        _ => Err("not a range of seeds such as 0..1000".to_owned()),
    }
}

/// Percent, with at most four decimals.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was found to be between 0 and 100")]
fn chance(percent: &str, most: f64) -> Result<Chance, String> {
    match percent.parse::<f64>() {
        Ok(number) if (0.0..=most).contains(&number) => Ok(Chance((number * 10_000.0).round() as u32)),
        _ => Err(format!("not a percentage from 0 to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_make_sense() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn percentages_are_parts_of_a_hundred() {
        assert_eq!(chance("12.5", 90.0), Ok(Chance(125_000)));
        assert_eq!(chance("0", 90.0), Ok(Chance::NEVER));
        for wrong in ["-1", "91", "NaN", "inf", "", "5%"] {
            assert!(chance(wrong, 90.0).is_err(), "{wrong}");
        }
    }

    #[test]
    fn seeds_are_a_range_that_is_not_empty() {
        assert_eq!(seeds("3..1_000"), Ok(3..1_000));
        for wrong in ["3", "3..3", "4..3", "a..b", "-1..3", ".."] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let Command::Replay(arguments) = Arguments::parse_from(["tidings", "replay", "."]).command else { panic!("it is a replay") };
        assert_eq!(arguments.replay(), Replay::of("."));
    }
}
