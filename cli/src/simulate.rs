use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anstyle::{AnsiColor, Style};
use tidings_broadcast::Rule;
use tidings_clocks::Rank;
use tidings_sim::{Chance, Recorded, Replay, Seeded, Tape, shrink};

use crate::checks::grouped;
use crate::{Campaign, EXPERIMENTS, Error, Experiment, Failure, Percentiles, Progress, Scenario, Summary};

/// How often a failing run is tried again while it is made smaller.
const TRIES: u32 = 4_000;

/// How many seeds are looked at for a failing run of a smaller scenario.
const SEEDS: u64 = 100;

/// What `tidings simulate` is asked to do.
#[derive(Clone, Debug)]
pub struct Simulate {
    /// What is run.
    pub experiments: Vec<&'static Experiment>,
    /// With which seeds.
    pub seeds: Range<u64>,
    /// A file with the scenario; without one every seed draws its own.
    pub scenario: Option<PathBuf>,
    /// What is different from the scenario in every run.
    pub changes: Changes,
}

/// What the command line changes in every scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// How many processes.
    pub processes: Option<u32>,
    /// How many messages each of them says.
    pub messages: Option<u32>,
    /// How likely a packet is lost.
    pub loss: Option<Chance>,
    /// How likely a packet comes twice.
    pub duplicate: Option<Chance>,
    /// How many partitions there are at most.
    pub partitions: Option<u32>,
    /// How many processes crash at most.
    pub crashes: Option<u32>,
    /// A rule that is broken on purpose.
    pub without: Option<Rule>,
}

/// A failing run, made small.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// Its scenario.
    pub scenario: Scenario,
    /// Its choices; those that are left out are the calm ones.
    pub tape: Tape,
    /// What is wrong with it, with the events that show it.
    pub told: String,
}

impl Changes {
    /// The scenario with these changes.
    #[must_use]
    pub fn apply(&self, mut scenario: Scenario, needs: Option<Rank>) -> Scenario {
        scenario.processes = self.processes.unwrap_or(scenario.processes);
        scenario.talk.messages = self.messages.unwrap_or(scenario.talk.messages);
        scenario.faults.loss = self.loss.unwrap_or(scenario.faults.loss);
        scenario.faults.duplicate = self.duplicate.unwrap_or(scenario.faults.duplicate);
        scenario.faults.partitions.at_most = self.partitions.unwrap_or(scenario.faults.partitions.at_most);
        scenario.faults.crashes = self.crashes.unwrap_or(scenario.faults.crashes);
        scenario.without = self.without.or(scenario.without);
        if let Some(rank) = needs.filter(|rank| !scenario.faults.protected.contains(rank)) {
            scenario.faults.protected.push(rank);
        }
        scenario
    }
}

impl Simulate {
    /// Runs everything. One summary for each experiment.
    ///
    /// # Errors
    /// If the scenario's file cannot be read or says something that is no scenario.
    pub fn run(&self, progress: &mut (impl Progress + Send)) -> Result<Vec<Summary>, Error> {
        let fixed = self.scenario.as_deref().map(read).transpose()?;
        let mut summaries = Vec::new();
        for experiment in &self.experiments {
            let campaign = self.campaign(experiment, fixed.clone());
            progress.begin(experiment.name, self.seeds.end - self.seeds.start);
            let shared = Mutex::new((0, &mut *progress));
            summaries.push(campaign.run(|runs| {
                let (done, progress) = &mut *shared.lock().expect("nobody panics while it holds this");
                *done += runs;
                progress.done(*done);
            }));
            progress.end();
        }
        Ok(summaries)
    }

    /// Makes the run with this seed small, if it fails: fewer processes and messages, then fewer and calmer choices.
    ///
    /// # Errors
    /// As [`run`](Simulate::run).
    pub fn shrink(&self, experiment: &'static Experiment, seed: u64) -> Result<Option<Shrunk>, Error> {
        let campaign = self.campaign(experiment, self.scenario.as_deref().map(read).transpose()?);
        let (scenario, chooser) = campaign.draw(seed);
        let fails = |scenario: &Scenario, chooser: Seeded| {
            let mut recorded = Recorded::new(chooser);
            let run = experiment.run(scenario, &mut recorded);
            (!experiment.judge(&run).is_empty()).then(|| recorded.into_parts().1)
        };
        let Some(mut tape) = fails(&scenario, chooser) else { return Ok(None) };
        // The same choices mean something else in a smaller scenario, so that other seeds are looked at too.
        let fails_somehow = |scenario: &Scenario| (seed..seed.saturating_add(SEEDS)).find_map(|seed| fails(scenario, Seeded::new(seed)));
        let mut small = scenario;
        let smaller = |scenario: &Scenario| {
            let fewer_processes = Scenario { processes: scenario.processes - 1, ..scenario.clone() };
            let mut fewer_messages = scenario.clone();
            fewer_messages.talk.messages -= u32::from(fewer_messages.talk.messages > 0);
            [fewer_processes, fewer_messages].into_iter().filter(|smaller| smaller.processes >= 2 && smaller.talk.messages >= 1)
        };
        while let Some((scenario, shorter)) =
            smaller(&small).filter(|smaller| *smaller != small).find_map(|smaller| Some((smaller.clone(), fails_somehow(&smaller)?)))
        {
            (small, tape) = (scenario, shorter);
        }
        let wrong = |tape: &Tape| {
            let run = experiment.run(&small, &mut Replay::new(tape.clone()));
            (experiment.judge(&run), run)
        };
        let tape = shrink(&tape, TRIES, |tape| !wrong(tape).0.is_empty());
        let (failures, run) = wrong(&tape);
        let told: Vec<String> = failures.iter().map(|failure: &Failure| failure.show(&run.trace)).collect();
        Ok(Some(Shrunk { scenario: small, tape, told: told.join("\n") }))
    }

    /// The command that runs one seed of an experiment in the same way.
    #[must_use]
    pub fn command(&self, experiment: &str, seed: u64) -> String {
        let Changes { processes, messages, loss, duplicate, partitions, crashes, without } = self.changes;
        let mut words = vec![format!("tidings simulate {experiment} --seeds {seed}..{}", seed.saturating_add(1))];
        if let Some(file) = &self.scenario {
            words.push(format!("--scenario {}", quoted(file)));
        }
        let percent = |chance: Chance| f64::from(chance.0) / 10_000.0;
        words.extend(processes.map(|count| format!("--processes {count}")));
        words.extend(messages.map(|count| format!("--messages {count}")));
        words.extend(loss.map(|chance| format!("--loss {}", percent(chance))));
        words.extend(duplicate.map(|chance| format!("--duplicate {}", percent(chance))));
        words.extend(partitions.map(|count| format!("--partitions {count}")));
        words.extend(crashes.map(|count| format!("--crash {count}")));
        words.extend(without.map(|rule| format!("--break {}", format!("{rule:?}").to_lowercase())));
        words.join(" ")
    }

    fn campaign(&self, experiment: &'static Experiment, fixed: Option<Scenario>) -> Campaign {
        Campaign { experiment, seeds: self.seeds.clone(), fixed, changes: self.changes }
    }
}

impl Campaign {
    /// What the run with this seed is made of, and the chooser that it goes on with.
    #[must_use]
    pub fn draw(&self, seed: u64) -> (Scenario, Seeded) {
        let mut chooser = Seeded::new(seed);
        let scenario = self.fixed.clone().unwrap_or_else(|| self.experiment.draw(&mut chooser));
        (self.changes.apply(scenario, self.experiment.needs), chooser)
    }
}

/// The experiments of these names, or all.
///
/// # Errors
/// The name that is not in the table.
pub fn experiments(names: &[String]) -> Result<Vec<&'static Experiment>, String> {
    if names.is_empty() {
        return Ok(EXPERIMENTS.iter().collect());
    }
    names.iter().map(|name| crate::experiment(name).ok_or_else(|| name.clone())).collect()
}

/// Reads a scenario, in TOML, or in JSON if the file's name ends so.
///
/// # Errors
/// If the file cannot be read, or says something that is no scenario: what and where.
pub fn read(path: &Path) -> Result<Scenario, Error> {
    let text = fs::read_to_string(path).map_err(|why| Error::io(path, &why))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let parsed = if is_json {
        serde_json::from_str(&text).map_err(|why| why.to_string())
    } else {
        toml::from_str(&text).map_err(|why| {
            let line = why.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            format!("line {line}: {}", why.message())
        })
    };
    let scenario: Scenario = parsed.map_err(|why| Error::Scenario { path: path.to_owned(), why })?;
    if !(1..=64).contains(&scenario.processes) {
        return Err(Error::Scenario { path: path.to_owned(), why: format!("{} processes are not 1 to 64", scenario.processes) });
    }
    Ok(scenario)
}

/// Prints the table of experiments.
///
/// # Errors
/// What the output says.
pub fn list(out: &mut impl Write) -> io::Result<()> {
    let bold = Style::new().bold();
    for experiment in EXPERIMENTS {
        let properties = experiment.promises.iter().map(|property| property.name());
        let promises: Vec<&str> = properties.chain(experiment.says).collect();
        writeln!(out, "{bold}{}{bold:#}", experiment.name)?;
        writeln!(out, "  assumes   {}", experiment.assumes)?;
        writeln!(out, "  promises  {}", promises.join(", "))?;
    }
    Ok(())
}

/// Prints one summary.
///
/// # Errors
/// What the output says.
pub fn print_summary(out: &mut impl Write, summary: &Summary) -> io::Result<()> {
    let bold = Style::new().bold();
    let Summary { experiment, runs, failed, totals, latency_micros, packets_per_message, .. } = summary;
    let (style, verdict) = if *failed == 0 {
        (AnsiColor::Green.on_default(), "all held".to_owned())
    } else {
        (AnsiColor::Red.on_default().bold(), format!("{} VIOLATED", grouped(*failed)))
    };
    writeln!(out, "{bold}{experiment}{bold:#}  {} runs, {style}{verdict}{style:#}", grouped(*runs))?;
    let counts = [
        ("events", totals.events),
        ("broadcast", totals.broadcast),
        ("delivered", totals.delivered),
        ("packets", totals.sent),
        ("lost", totals.lost),
        ("duplicated", totals.duplicated),
        ("overtaken", totals.overtaken),
        ("cut off", totals.partitioned),
        ("partitions", totals.partitions),
        ("pauses", totals.pauses),
        ("crashes", totals.crashes),
        ("refused", totals.refused),
    ];
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {}", grouped(*count))).collect();
    for line in counts.chunks(6) {
        writeln!(out, "  {}", line.join(", "))?;
    }
    let Percentiles { p50, p99, max } = latency_micros;
    writeln!(out, "  latency {:.1} ms in the median, {:.1} ms at 99 %, {:.1} ms at most", millis(*p50), millis(*p99), millis(*max))?;
    let Percentiles { p50, p99, max } = packets_per_message;
    writeln!(out, "  packets for a message: {p50} in the median, {p99} at 99 %, {max} at most")
}

/// Prints a failing run that was made small.
///
/// # Errors
/// What the output says.
pub fn print_shrunk(out: &mut impl Write, shrunk: &Shrunk, command: &str) -> io::Result<()> {
    let Shrunk { scenario, tape, told } = shrunk;
    writeln!(out, "\n{told}\n")?;
    writeln!(out, "the smallest run that fails so: {} processes, {} messages each,", scenario.processes, scenario.talk.messages)?;
    let wild = tape.wild();
    writeln!(out, "and {wild} choice{} not the calm one: {tape}", if wild == 1 { " that is" } else { "s that are" })?;
    writeln!(out, "to see it again: {command}")
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simulate(name: &str, without: Rule) -> Simulate {
        Simulate {
            experiments: experiments(&[name.to_owned()]).expect("it is in the table"),
            seeds: 0..300,
            scenario: None,
            changes: Changes { without: Some(without), ..Changes::default() },
        }
    }

    /// A failing run shrinks to one that still fails, with few processes and few choices that are not calm.
    #[test]
    fn a_broken_rule_shrinks_to_a_small_schedule() {
        let mut sizes = Vec::new();
        for (name, rule) in [("perfect-link", Rule::Dedupe), ("fifo", Rule::Fifo), ("causal", Rule::Causal), ("sequencer", Rule::Total)] {
            let simulate = simulate(name, rule);
            let summary = simulate.run(&mut ()).expect("no file is read").remove(0);
            let (seed, _) = summary.first_failure.expect("a broken rule is noticed");
            let shrunk = simulate.shrink(simulate.experiments[0], seed).expect("no file is read").expect("it fails");
            assert!(!shrunk.told.is_empty() && shrunk.scenario.processes <= 3, "{name}: {shrunk:?}");
            sizes.push(shrunk.tape.wild());
        }
        sizes.sort_unstable();
        assert!(sizes[sizes.len() / 2] <= 12, "{sizes:?} choices are left");
    }

    #[test]
    fn a_run_that_holds_does_not_shrink() {
        let held = Simulate { changes: Changes::default(), ..simulate("causal", Rule::Causal) };
        assert!(held.shrink(held.experiments[0], 3).expect("no file is read").is_none());
    }

    #[test]
    fn scenarios_are_read_from_toml_and_json_and_errors_say_where() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file");
            path
        };
        let toml =
            file("a.toml", "processes = 4\n[talk]\nmessages = 2\n[faults]\nloss = 200000\nmax_delay = { secs = 0, nanos = 5000000 }\n");
        let scenario = read(&toml).expect("a scenario");
        assert_eq!((scenario.processes, scenario.talk.messages, scenario.faults.loss), (4, 2, Chance::percent(20)));
        let json = file("a.json", &serde_json::to_string(&scenario).expect("plain data"));
        assert_eq!(read(&json).expect("a scenario"), scenario);
        let wrong = read(&file("b.toml", "processes = 4\nprocesess = 5\n")).unwrap_err().to_string();
        assert!(wrong.contains("b.toml") && wrong.contains("line 2") && wrong.contains("procesess"), "{wrong}");
        assert!(read(&file("c.toml", "processes = 0\n")).unwrap_err().to_string().contains("0 processes"));
        assert!(read(&folder.path().join("d.toml")).is_err());
    }

    #[test]
    fn the_command_names_everything_that_differs() {
        let simulate = Simulate {
            scenario: Some("it's here.toml".into()),
            changes: Changes { loss: Some(Chance(125_000)), crashes: Some(0), without: Some(Rule::Total), ..Changes::default() },
            ..simulate("sequencer", Rule::Total)
        };
        let expected = r"tidings simulate sequencer --seeds 7..8 --scenario 'it'\''s here.toml' --loss 12.5 --crash 0 --break total";
        assert_eq!(simulate.command("sequencer", 7), expected);
    }
}
