use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use anstream::AutoStream;
use clap::ColorChoice;

use crate::arguments::{Arguments, Command, ReplayArguments};
use crate::progress::Bar;
use crate::{Error, output, table};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All held.
    Held,
    /// A property is violated.
    Violated,
    /// Bad input or I/O.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Held => 0,
            Exit::Violated => 1,
            // 2 is wrong usage, which the parser of arguments ends with.
            Exit::Failed => 3,
        })
    }
}

impl Arguments {
    /// Does what the arguments say: results go to standard output, everything else to standard error.
    #[must_use]
    pub fn run(&self) -> Exit {
        let Command::Replay(replay) = &self.command;
        replay.run().unwrap_or_else(|why| {
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
        let written = output::write(&self.out, &outcome.report, &outcome.trace)?;
        let report = &outcome.report;
        let mut out = AutoStream::new(io::stdout().lock(), anstream_choice(self.color));
        let printed = (|| {
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
        match printed {
            // Whoever reads has seen enough; the verdict stands.
            Err(why) if why.kind() != io::ErrorKind::BrokenPipe => return Err(Error::io("standard output".as_ref(), &why)),
            _ => {}
        }
        if !self.quiet {
            let _ = writeln!(io::stderr(), "\nwrote {} and {}", written.report.display(), written.log.display());
        }
        Ok(if report.held { Exit::Held } else { Exit::Violated })
    }
}

const fn anstream_choice(choice: ColorChoice) -> anstream::ColorChoice {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}
