use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anstream::AutoStream;
use clap::ColorChoice;
use tidings_sim::Point;

use crate::arguments::{Arguments, Command, ReplayArguments, SimulateArguments};
use crate::progress::Bar;
use crate::{Error, Golden, output, simulate, table};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All held.
    Held,
    /// A property is violated.
    Violated,
    /// Arguments that do not go with the input.
    Misused,
    /// Bad input or I/O.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Held => 0,
            Exit::Violated => 1,
            // The parser of arguments ends with it too.
            Exit::Misused => 2,
            Exit::Failed => 3,
        })
    }
}

impl Arguments {
    /// Does what the arguments say: results go to standard output, everything else to standard error.
    #[must_use]
    pub fn run(&self) -> Exit {
        let exit = match &self.command {
            Command::Replay(replay) => replay.run(),
            Command::Simulate(simulate) => simulate.run(),
            Command::Explore(explore) => explore.run(),
            Command::Check(check) => check.run(),
        };
        exit.unwrap_or_else(|why| {
            // One line, whatever is in the names that it quotes.
            let line: String = why.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(io::stderr(), "tidings: {line}");
            Exit::Failed
        })
    }
}

impl ReplayArguments {
    #[expect(clippy::disallowed_methods, reason = "the program is the edge, and says how long a replay took")]
    fn run(&self) -> Result<Exit, Error> {
        let begun = Instant::now();
        let outcome = if self.quiet { self.replay().run(&mut ()) } else { self.replay().run(&mut Bar::new()) }?;
        let written = output::write(&self.out, &outcome)?;
        let report = &outcome.report;
        let mut out = AutoStream::new(io::stdout().lock(), anstream_choice(self.color));
        let print = (|| {
            if self.json {
                serde_json::to_writer_pretty(&mut out, report)?;
                writeln!(out)?;
            } else {
                if !self.quiet {
                    table::print(&mut out, report, begun.elapsed())?;
                }
                table::print_violations(&mut out, report)?;
            }
            out.flush()
        })();
        printed(print)?;
        if !self.quiet {
            let _ = writeln!(io::stderr(), "\nwrote {} and {}", written.report.display(), written.log.display());
        }
        Ok(if report.held { Exit::Held } else { Exit::Violated })
    }
}

impl SimulateArguments {
    fn run(&self) -> Result<Exit, Error> {
        let mut out = AutoStream::new(io::stdout().lock(), anstream_choice(self.color));
        if self.list {
            return printed(simulate::list(&mut out)).map(|()| Exit::Held);
        }
        if let Some(script) = &self.script {
            return self.run_script(script, &mut out);
        }
        let simulate = self.simulate().expect("the names were looked up when the arguments were read");
        let summaries = if self.quiet { simulate.run(&mut ()) } else { simulate.run(&mut Bar::new()) }?;
        if self.json {
            printed(serde_json::to_writer_pretty(&mut out, &summaries).map_err(io::Error::from).and_then(|()| writeln!(out)))?;
        }
        let mut exit = Exit::Held;
        for (experiment, summary) in simulate.experiments.iter().zip(&summaries) {
            if !self.json && !self.quiet {
                printed(simulate::print_summary(&mut out, summary))?;
            }
            if let Some((seed, _)) = summary.first_failure {
                exit = Exit::Violated;
                let Some(golden) = simulate.shrink(experiment, seed)? else { continue };
                if !self.json {
                    printed(simulate::print_golden(&mut out, &golden, &simulate.command(experiment.name, seed)))?;
                }
                if let Some(folder) = &self.golden {
                    fs::create_dir_all(folder).map_err(|why| Error::io(folder, &why))?;
                    let path = folder.join(format!("{}-{seed}.json", experiment.name));
                    golden.write(&path)?;
                    let _ = writeln!(io::stderr(), "wrote {}: run it with --script", path.display());
                }
            }
        }
        let coverage = simulate::coverage(&summaries);
        if !self.json && !self.quiet {
            printed(simulate::print_coverage(&mut out, &coverage))?;
        }
        printed(out.flush())?;
        let never = simulate::never_reached(&coverage);
        if self.cover && !never.is_empty() {
            let names: Vec<&str> = never.into_iter().map(Point::name).collect();
            let _ = writeln!(io::stderr(), "tidings: never reached: {}", names.join(", "));
            exit = Exit::Violated;
        }
        Ok(exit)
    }

    /// Runs a golden script: what is wrong with it goes to `out`.
    fn run_script(&self, script: &Path, out: &mut impl Write) -> Result<Exit, Error> {
        let golden = Golden::read(script)?;
        let (run, failures) = golden.run();
        printed(failures.iter().try_for_each(|failure| writeln!(out, "{}", failure.show(&run.trace))))?;
        if failures.is_empty() && !self.quiet {
            printed(writeln!(out, "all held"))?;
        }
        printed(out.flush())?;
        Ok(if failures.is_empty() { Exit::Held } else { Exit::Violated })
    }
}

/// What was printed, or not: whoever reads may have seen enough, and then the verdict stands.
fn printed(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(Error::io("standard output".as_ref(), &why)),
        _ => Ok(()),
    }
}

pub(crate) const fn anstream_choice(choice: ColorChoice) -> anstream::ColorChoice {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}
