//! `tidings check`: a log of any system, recognised by its content, and which properties it keeps.

use std::io::{self, Write};
use std::path::PathBuf;

use anstream::AutoStream;
use clap::{Args, ColorChoice};

use crate::{Error, Exit};

mod bad_log;
mod inspection;
mod log_form;
mod print;
mod source;
mod subject;

pub use bad_log::BadLog;
use inspection::SCHEMA;
pub use inspection::{Check, Inspection, Verdict};
pub use log_form::LogForm;
pub use subject::{NotItsProperty, Subject};

/// What `tidings check` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = LONG_HELP)]
pub struct CheckArguments {
    /// The log, plain or compressed with gzip.
    pub file: PathBuf,

    /// Judge this property alone; several times for several. All that can be asked of the form, if none is named.
    #[arg(long = "property", value_name = "NAME", value_parser = property)]
    pub properties: Vec<String>,

    /// The form of the log. It is recognised by its content, if it is not given.
    #[arg(long, value_name = "FORM")]
    pub format: Option<LogForm>,

    /// How many steps the search for an order may take for each object of a history.
    #[arg(long, default_value_t = 10_000_000, value_name = "N")]
    pub steps: usize,

    /// Print the findings as JSON instead of a table.
    #[arg(long)]
    pub json: bool,

    /// Print only what is violated.
    #[arg(long, short)]
    pub quiet: bool,

    /// When to use colours.
    #[arg(long, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
}

const EXIT_CODES: &str =
    "Exit codes: 0 all held, 1 a property is violated, 2 wrong usage, 3 bad input or I/O, or a history that --steps leave undecided.";

const LONG_HELP: &str = "\
Forms and what can be asked of them:
  trace      a trace in our own JSON      execution, and every property of a broadcast: validity,
                                          best_effort_validity, no_duplication, no_creation, agreement,
                                          uniform_agreement, fifo_delivery, causal_delivery, total_order,
                                          uniform_total_order, fifo_total, integrity, stability, view_synchrony
  shiviz     ShiViz, TSViz, GoVector      clocks, times
  history    EDN of Knossos, Jepsen,      linearizability
             Porcupine
  raft       etcd's raft, ndjson          send_before_receive, no_repeated_receipt, term_monotone,
                                          commit_monotone, commit_within_log, one_vote_per_term,
                                          one_leader_per_term

Examples:
  tidings check run.shiviz.log                       do the clocks agree with each other?
  tidings check history.edn.gz                       is it linearizable, and if not, which calls show it?
  tidings check trace.json --property total_order    one property alone

The properties that say that something happens at last (validity, agreement and their kin) are judged as if
nothing was in flight when the log ends.

Exit codes: 0 all held, 1 a property is violated, 2 wrong usage, 3 bad input or I/O, or a history that --steps
leave undecided.";

impl CheckArguments {
    /// Judges the log: findings go to standard output, everything else to standard error.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let subject = Subject::open(&self.file, self.format)?;
        let inspection = match subject.inspect(&self.file.display().to_string(), &self.properties, self.steps) {
            Ok(inspection) => inspection,
            Err(why) => {
                let _ = writeln!(io::stderr(), "tidings: {}: {why}", self.file.display());
                return Ok(Exit::Misused);
            }
        };
        let mut out = AutoStream::new(io::stdout().lock(), crate::command::anstream_choice(self.color));
        let printed = (|| {
            if self.json {
                serde_json::to_writer_pretty(&mut out, &inspection)?;
                writeln!(out)?;
            } else {
                if !self.quiet {
                    print::table(&mut out, &inspection)?;
                }
                print::violations(&mut out, &inspection)?;
            }
            out.flush()
        })();
        match printed {
            // Whoever reads has seen enough; the verdict stands.
            Err(why) if why.kind() != io::ErrorKind::BrokenPipe => return Err(Error::io("standard output".as_ref(), &why)),
            _ => {}
        }
        let is = |verdict| inspection.checks.iter().any(|check| check.verdict == verdict);
        Ok(if is(Verdict::Violated) {
            Exit::Violated
        } else if is(Verdict::Undecided) {
            Exit::Failed
        } else {
            Exit::Held
        })
    }
}

/// A name of something that can be asked of any form.
fn property(name: &str) -> Result<String, String> {
    let known = subject::all_properties();
    if known.contains(&name) { Ok(name.to_owned()) } else { Err(format!("there is no property {name:?}; there are {}", known.join(", "))) }
}
