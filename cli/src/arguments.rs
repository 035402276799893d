use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use tidings_broadcast::Rule;
use tidings_sim::Chance;

use crate::Replay;

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
    fn the_defaults_are_those_of_the_library() {
        let Command::Replay(arguments) = Arguments::parse_from(["tidings", "replay", "."]).command;
        assert_eq!(arguments.replay(), Replay::of("."));
    }
}
