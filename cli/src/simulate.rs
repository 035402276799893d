use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anstyle::{AnsiColor, Style};
use tidings_clocks::Rank;
use tidings_sim::{Chance, Coverage, Point, Recorded, Replay, Seeded, Tape, shrink};

use crate::checks::grouped;
use crate::{
    Campaign, EXPERIMENTS, Error, Experiment, Failure, Golden, OUT_OF_REACH, Percentiles, PlantedRule, Progress, Scenario, Summary,
};

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
    pub without: Option<PlantedRule>,
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
        let fixed = self.scenario.as_deref().map(Scenario::read).transpose()?;
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
    pub fn shrink(&self, experiment: &'static Experiment, seed: u64) -> Result<Option<Golden>, Error> {
        let campaign = self.campaign(experiment, self.scenario.as_deref().map(Scenario::read).transpose()?);
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
        let told = told.iter().flat_map(|lines| lines.lines().map(str::to_owned)).collect();
        let without = small.without.take();
        Ok(Some(Golden { experiment: experiment.name.to_owned(), without, told, scenario: small, tape }))
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
        words.extend(without.map(|rule| format!("--break {}", rule.name())));
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

/// How often each point was reached in all of these campaigns together.
#[must_use]
pub fn coverage(summaries: &[Summary]) -> Coverage {
    summaries.iter().fold(Coverage::new(), |mut all, summary| {
        all.join(&summary.coverage);
        all
    })
}

/// The points that were never reached, those apart that are [out of reach](OUT_OF_REACH) for the table.
#[must_use]
pub fn never_reached(coverage: &Coverage) -> Vec<Point> {
    let is_in_reach = |point: &Point| OUT_OF_REACH.iter().all(|(other, _)| other != point);
    Point::ALL.into_iter().filter(|point| coverage.count(*point) == 0).filter(is_in_reach).collect()
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
    let Summary { experiment, runs, failed, totals, latency_micros, packets_per_message, coverage, .. } = summary;
    let (style, verdict) = if *failed == 0 {
        (AnsiColor::Green.on_default(), "all held".to_owned())
    } else {
        (AnsiColor::Red.on_default().bold(), format!("{} VIOLATED", grouped(*failed)))
    };
    writeln!(out, "{bold}{experiment}{bold:#}  {} runs, {style}{verdict}{style:#}", grouped(*runs))?;
    let counts = totals.named().into_iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(name, count)| format!("{name} {}", grouped(count))).collect();
    for line in counts.chunks(6) {
        writeln!(out, "  {}", line.join(", "))?;
    }
    if totals.delivered > 0 {
        let Percentiles { p50, p99, max } = latency_micros;
        writeln!(out, "  latency {:.1} ms in the median, {:.1} ms at 99 %, {:.1} ms at most", millis(*p50), millis(*p99), millis(*max))?;
    }
    if totals.broadcast > 0 {
        let Percentiles { p50, p99, max } = packets_per_message;
        writeln!(out, "  packets for a message: {p50} in the median, {p99} at 99 %, {max} at most")?;
    }
    let reached = Point::ALL.into_iter().filter(|point| coverage.count(*point) > 0).count();
    writeln!(out, "  {reached} of {} points reached", Point::ALL.len())
}

/// Prints how often each point was reached, and which never was.
///
/// # Errors
/// What the output says.
pub fn print_coverage(out: &mut impl Write, coverage: &Coverage) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}points{bold:#}  where a fault met the code that it is meant for")?;
    let counts: Vec<String> =
        coverage.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {}", grouped(count))).collect();
    for line in counts.chunks(4) {
        writeln!(out, "  {}", line.join(", "))?;
    }
    for (point, why) in OUT_OF_REACH.iter().filter(|(point, _)| coverage.count(*point) == 0) {
        writeln!(out, "  out of reach: {}: {why}", point.name())?;
    }
    let never: Vec<&str> = never_reached(coverage).into_iter().map(Point::name).collect();
    if !never.is_empty() {
        let red = AnsiColor::Red.on_default().bold();
        writeln!(out, "  {red}never reached{red:#}: {}", never.join(", "))?;
    }
    Ok(())
}

/// Prints a failing run that was made small.
///
/// # Errors
/// What the output says.
pub fn print_golden(out: &mut impl Write, golden: &Golden, command: &str) -> io::Result<()> {
    let Golden { told, scenario, tape, .. } = golden;
    writeln!(out, "\n{}\n", told.join("\n"))?;
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

    fn simulate(name: &str, without: PlantedRule) -> Simulate {
        Simulate {
            experiments: experiments(&[name.to_owned()]).expect("it is in the table"),
            seeds: 0..300,
            scenario: None,
            changes: Changes { without: Some(without), ..Changes::default() },
        }
    }

    #[test]
    fn a_run_that_holds_does_not_shrink() {
        let held = Simulate { changes: Changes::default(), ..simulate("causal", PlantedRule::Causal) };
        assert!(held.shrink(held.experiments[0], 3).expect("no file is read").is_none());
    }

    #[test]
    fn the_command_names_everything_that_differs() {
        let simulate = Simulate {
            scenario: Some("it's here.toml".into()),
            changes: Changes { loss: Some(Chance(125_000)), crashes: Some(0), without: Some(PlantedRule::Total), ..Changes::default() },
            ..simulate("sequencer", PlantedRule::Total)
        };
        let expected = r"tidings simulate sequencer --seeds 7..8 --scenario 'it'\''s here.toml' --loss 12.5 --crash 0 --break total";
        assert_eq!(simulate.command("sequencer", 7), expected);
    }
}
