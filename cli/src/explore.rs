mod explored;
mod file;
mod ideal_broadcast;
mod make;

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;
use tidings_broadcast::Rule;
use tidings_sim::explore::{Counts, Exploration, Progress, Reductions, Scope};

use crate::checks::grouped;
use crate::{Error, Exit, SimulatedRule};

pub use explored::{EXPLORED, Explored, Search};
use file::Kept;

/// What `tidings explore` takes.
#[derive(Clone, Debug, Args)]
pub struct ExploreArguments {
    /// Which protocol; all of them if none is named.
    #[arg(value_parser = PossibleValuesParser::new(EXPLORED.iter().map(|row| row.name)))]
    pub protocol: Option<String>,

    /// How much: processes x messages of each, and how many faults, as in 3x2,losses=1,duplicates=1,crashes=1,wakes=2. The scopes of continuous integration if
    /// it is not given.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<Scope>,

    /// Break one rule on purpose, in every layer that enforces it, and see the search find it.
    #[arg(long = "break", value_name = "RULE")]
    pub broken: Option<SimulatedRule>,

    /// Leave nothing out of the search.
    #[arg(long)]
    pub raw: bool,

    /// Stop each search after this many states.
    #[arg(long, value_name = "N")]
    pub states: Option<u64>,

    /// Stop each search after this many seconds.
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,

    /// Where to keep a search that is stopped before its end, so that it can go on later. Needs a protocol and a scope.
    #[arg(long, value_name = "FILE", requires_all = ["protocol", "scope"])]
    pub save: Option<PathBuf>,

    /// Go on with a search that was kept in this file, with the same protocol, scope and options.
    #[arg(long, value_name = "FILE", requires_all = ["protocol", "scope"])]
    pub resume: Option<PathBuf>,

    /// Tell the processes of crashes, at any time after them, even where the protocol promises the same without.
    #[arg(long)]
    pub detection: bool,
}

/// One search of the table.
struct Task {
    row: &'static Explored,
    exploration: Exploration,
}

/// How a search ended.
struct Outcome {
    progress: Progress,
    counts: Counts,
    took: Duration,
}

impl ExploreArguments {
    /// Explores, as many searches at once as there are processors, and says what was found in the order of the table.
    ///
    /// # Errors
    /// Standard output, or the file of a kept search.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let tasks = self.tasks();
        if tasks.is_empty() {
            let rule = self.broken.map(|rule| format!("{:?}", Rule::from(rule))).unwrap_or_default();
            let _ = writeln!(
                io::stderr(),
                "tidings: {} has no layer that enforces {}",
                self.protocol.as_deref().unwrap_or("no protocol"),
                rule.to_lowercase()
            );
            return Ok(Exit::Misused);
        }
        say(&format!("{HEAD}\n"))?;
        let (next, states) = (AtomicUsize::new(0), AtomicU64::new(0));
        // The largest first, so that none is left over for the end.
        let mut order: Vec<usize> = (0..tasks.len()).collect();
        order.sort_by_key(|task| std::cmp::Reverse(weight(tasks[*task].exploration.scope)));
        let workers = thread::available_parallelism().map_or(1, usize::from).min(tasks.len());
        let failed = Mutex::new(None);
        let work = |results: Sender<(usize, Outcome)>| {
            while let Some(task) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.search(&tasks[*task], &states) {
                    // Whoever does not listen any more has seen enough.
                    Ok(outcome) => drop(results.send((*task, outcome))),
                    Err(why) => drop(failed.lock().map(|mut failed| failed.get_or_insert(why).clone())),
                }
            }
        };
        let exit = thread::scope(|scope| {
            let (sender, results) = mpsc::channel();
            for _ in 0..workers {
                let sender = sender.clone();
                scope.spawn(|| work(sender));
            }
            drop(sender);
            print_in_order(&tasks, &results, &states)
        })?;
        match failed.into_inner() {
            Ok(Some(why)) => Err(why),
            _ => Ok(exit),
        }
    }

    /// What the arguments ask for.
    fn tasks(&self) -> Vec<Task> {
        let broken = self.broken.map(Rule::from);
        let rows = EXPLORED.iter().filter(|row| self.protocol.as_ref().is_none_or(|name| name == row.name));
        let rows = rows.filter(|row| broken.is_none_or(|rule| row.rules.contains(&rule)));
        rows.flat_map(|row| {
            let scopes: Vec<Scope> = match self.scope {
                Some(scope) => vec![scope],
                None => row.scopes.iter().filter_map(|scope| scope.parse().ok()).collect(),
            };
            scopes.into_iter().map(|scope| {
                let mut exploration = row.exploration(scope);
                exploration.detection |= self.detection;
                if self.raw {
                    exploration.reductions = Reductions::NONE;
                }
                Task { row, exploration }
            })
        })
        .collect()
    }

    #[expect(clippy::disallowed_methods, reason = "the program is the edge, and says how long a search took")]
    fn search(&self, Task { row, exploration }: &Task, all_states: &AtomicU64) -> Result<Outcome, Error> {
        let begun = Instant::now();
        let broken = self.broken.map(Rule::from);
        let mut search = match &self.resume {
            None => row.search(exploration.clone(), broken),
            Some(path) => {
                let Kept { protocol, broken: was_broken, saved } = file::read(path)?;
                if protocol != row.name || was_broken != broken.map(|rule| format!("{rule:?}")) {
                    let with = was_broken.map_or_else(String::new, |rule| format!(" with the rule {rule} broken"));
                    return Err(Error::Exploration { path: path.clone(), why: format!("it explored {protocol}{with}") });
                }
                let resumed = row.resume(exploration.clone(), broken, saved);
                resumed.map_err(|why| Error::Exploration { path: path.clone(), why: why.to_string() })?
            }
        };
        let most = self.states.unwrap_or(u64::MAX);
        let until = self.seconds.map(|seconds| begun + Duration::from_secs(seconds));
        let mut seen = search.counts().states;
        let mut spent = 0;
        let progress = loop {
            let piece = PIECE.min(most - spent);
            let progress = search.run(piece);
            spent += piece;
            let now = search.counts().states;
            all_states.fetch_add(now.saturating_sub(seen), Ordering::Relaxed);
            seen = now;
            let is_over = spent >= most || until.is_some_and(|until| Instant::now() >= until);
            if is_over || !matches!(progress, Progress::Unfinished) {
                break progress;
            }
        };
        let counts = search.counts();
        if let (Progress::Unfinished, Some(path)) = (&progress, &self.save) {
            let Some(saved) = search.save() else {
                return Err(Error::Exploration { path: path.clone(), why: "this search cannot be kept".to_owned() });
            };
            file::write(path, &Kept { protocol: row.name.to_owned(), broken: broken.map(|rule| format!("{rule:?}")), saved })?;
        }
        Ok(Outcome { progress, counts, took: begun.elapsed() })
    }
}

/// How many states are explored between two looks at the clock.
const PIECE: u64 = 50_000;

const HEAD: &str =
    "protocol         scope                                   verdict         states    transitions    interleavings   seconds   states/s";

/// Prints the outcomes in the order of the tasks, each as soon as those before it are there. To people it says meanwhile how many states there are.
fn print_in_order(tasks: &[Task], results: &mpsc::Receiver<(usize, Outcome)>, states: &AtomicU64) -> Result<Exit, Error> {
    let people_watch = io::stderr().is_terminal();
    let mut outcomes: Vec<Option<Outcome>> = tasks.iter().map(|_| None).collect();
    let (mut exit, mut printed) = (Exit::Held, 0);
    loop {
        match results.recv_timeout(Duration::from_millis(200)) {
            Ok((task, outcome)) => outcomes[task] = Some(outcome),
            Err(RecvTimeoutError::Timeout) if people_watch => {
                let there = outcomes.iter().flatten().count() + printed;
                let states = grouped(states.load(Ordering::Relaxed));
                let _ = write!(io::stderr(), "\r{there} of {} searches, {states} states", tasks.len());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(exit),
        }
        while let Some(Outcome { progress, counts, took }) = outcomes.get_mut(printed).and_then(Option::take) {
            if people_watch {
                let _ = write!(io::stderr(), "\r\x1b[K");
            }
            say(&line(&tasks[printed], &counts, took, &progress))?;
            if let Progress::Broken(found) = progress {
                say(&format!("\n{found}\n\n"))?;
                exit = Exit::Violated;
            }
            printed += 1;
        }
    }
}

/// One line of the table.
fn line(Task { row, exploration }: &Task, counts: &Counts, took: Duration, progress: &Progress) -> String {
    let verdict = match progress {
        Progress::Kept => "kept",
        Progress::Unfinished => "stopped",
        Progress::Broken(_) => "BROKEN",
    };
    let seconds = took.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = counts.states as f64 / seconds.max(1e-9);
    let mut line = format!("{:<16} {:<38} {verdict:>8}", row.name, exploration.scope.to_string());
    let _ = write!(line, " {:>14} {:>14}", grouped(counts.states), grouped(counts.transitions));
    let interleavings = counts.interleavings.map_or_else(|| "-".to_owned(), |paths| format!("{paths:.3e}"));
    let _ = writeln!(line, " {interleavings:>16} {seconds:>9.2} {rate:>10.0}");
    line
}

/// What says roughly which of two scopes is the larger one.
const fn weight(scope: Scope) -> u32 {
    scope.processes * scope.messages + scope.losses + scope.duplicates + scope.crashes + scope.wakes
}

fn say(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has seen enough; the verdict stands.
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(Error::io("standard output".as_ref(), &why)),
        _ => Ok(()),
    }
}
