use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;
use tidings_protocol::{Fingerprint, Protocol};
use tidings_trace::MessageId;

use super::choice::Choice;
use super::rerun::Rerun;
use super::saved::Stage;
use super::sleep::{Sleep, Sleepers};
use super::state::State;
use super::system::System;
use super::table::Table;
use super::transitions::Transition;
use super::{Breach, Counterexample, Counts, Exploration, NotResumed, Saved};

/// A search through everything that a protocol can do within a scope. The root of this module says what is explored.
///
/// The search is depth first and remembers every state by its fingerprint, in 24 bytes at up to three quarters load; what it has found out about local states
/// stays in memory as well. It goes on in pieces: [`run`](Explorer::run) takes a number of states, and may be called again.
pub struct Explorer<P: Protocol, B, Q, H> {
    build: B,
    system: System<P, Q, H>,
    initial: State,
    /// How many paths lead from a state to an end; [`OPEN`] for one that is not done with.
    paths: Table<f64>,
    stack: Vec<Frame>,
    sleepers: Sleepers,
    counts: Counts,
    circular: bool,
    /// How many states were entered, in searches that began anew too.
    entered: u64,
    /// How many there were when the search first relied on what does not hold.
    doubted: Option<u64>,
    begun: bool,
    found: Option<Counterexample>,
}

/// How a search stands.
#[derive(Clone, Debug)]
pub enum Progress {
    /// There is more to explore.
    Unfinished,
    /// Everything within the scope was explored, and every promise was kept.
    Kept,
    /// A promise is broken; nothing further is explored.
    Broken(Box<Counterexample>),
}

/// A state on the path that is being explored.
#[derive(Debug)]
struct Frame {
    print: u128,
    paths: f64,
    /// What is still to be tried, last first.
    next: Vec<Transition>,
    /// What was tried here and what sleeps.
    sleep: Sleep,
    /// What led here from the frame before.
    choice: Option<Choice>,
}

/// Marks a state on the present path.
const OPEN: f64 = -1.0;

/// How many states a search for the shortest counterexample looks at. Beyond that the first one found is reported.
const SHORTEST: usize = 400_000;

impl<P, B, Q, H> Explorer<P, B, Q, H>
where
    P: Protocol<Message: Fingerprint> + Clone + Fingerprint,
    B: Fn(Rank) -> P,
    Q: Fn(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    /// A search of `exploration`: `build` makes a process, `ask` the request that broadcasts a message, and `hear` reads from an indication which
    /// message was delivered, if any. All three are functions of their arguments alone.
    ///
    /// # Panics
    /// If the scope is not [sound](super::Scope::is_sound), or a promise is none that can be [judged](Exploration::JUDGED).
    pub fn new(exploration: Exploration, build: B, ask: Q, hear: H) -> Self {
        let mut system = System::new(exploration, ask, hear);
        let initial = system.initial(&build);
        Self {
            build,
            system,
            initial,
            paths: Table::new(),
            stack: vec![],
            sleepers: Sleepers::default(),
            counts: Counts::default(),
            circular: false,
            entered: 0,
            doubted: None,
            begun: false,
            found: None,
        }
    }

    /// Goes on with a search that was interrupted, with the same arguments as [`new`](Explorer::new) and to the same end: the counts are those of a search
    /// that was never interrupted, but for the local states and the calls, which are counted from here on.
    ///
    /// # Errors
    /// [`NotResumed`] if `saved` is of another exploration, or if the protocol does not take the path that it took.
    ///
    /// # Panics
    /// As [`new`](Explorer::new).
    pub fn resume(exploration: Exploration, build: B, ask: Q, hear: H, saved: Saved) -> Result<Self, NotResumed> {
        let Saved { exploration: saved_exploration, counts, circular, path, paths } = saved;
        if saved_exploration != exploration {
            return Err(NotResumed::OtherExploration(saved_exploration));
        }
        let mut explorer = Self { paths, counts, circular, begun: counts.states > 0, ..Self::new(exploration, build, ask, hear) };
        let mut state = explorer.initial.clone();
        let mut next = explorer.system.transitions(&state);
        for (steps, Stage { choice, paths, next: left }) in path.into_iter().enumerate() {
            let other = NotResumed::OtherProtocol { steps };
            let choice = match (steps, choice) {
                (0, None) => None,
                (0, Some(_)) | (_, None) => return Err(other),
                (_, Some(print)) => {
                    let taken = next.into_iter().find(|next| explorer.system.choice_print(next.choice) == print).ok_or(other.clone())?;
                    state = taken.state;
                    next = explorer.system.transitions(&state);
                    Some(taken.choice)
                }
            };
            let print = explorer.system.print(&state);
            let find = |left: &u128| next.iter().find(|next| explorer.system.choice_print(next.choice) == *left).cloned();
            let still: Option<Vec<Transition>> = left.iter().map(find).collect();
            let Some(still) = still.filter(|_| explorer.paths.get(print) == Some(OPEN)) else { return Err(other) };
            explorer.stack.push(Frame { print, paths, next: still, sleep: Sleep::default(), choice });
        }
        Ok(explorer)
    }

    /// Interrupts the search, so that another process can [go on](Explorer::resume) with it. `None` if a promise was found to be broken, for then there is nothing to go on
    /// with, or if [sleep](super::Reductions::sleep) or [ample](super::Reductions::ample) sets are on, which are not saved.
    pub fn save(self) -> Option<Saved> {
        if self.found.is_some() || self.sleeps() || self.system.exploration.uses_ample() {
            return None;
        }
        let system = &self.system;
        let stage = |frame: &Frame| Stage {
            choice: frame.choice.map(|choice| system.choice_print(choice)),
            paths: frame.paths,
            next: frame.next.iter().map(|next| system.choice_print(next.choice)).collect(),
        };
        let path = self.stack.iter().map(stage).collect();
        Some(Saved { exploration: self.system.exploration.clone(), counts: self.counts, circular: self.circular, path, paths: self.paths })
    }

    /// Explores until `states` more states were found, all were, or a promise is broken.
    ///
    /// # Panics
    /// If a process sends to one that is not there; and where crashes are explored, if one input brings more than [`Cut::MOST_EFFECTS`] effects, or more than 12 sends in a row: a
    /// crash may come between any of them.
    ///
    /// [`Cut::MOST_EFFECTS`]: super::Cut::MOST_EFFECTS
    pub fn run(&mut self, states: u64) -> Progress {
        let until = self.entered.saturating_add(states);
        if !self.begun {
            self.begun = true;
            let initial = self.initial.clone();
            let print = self.system.print(&initial);
            self.enter(print, &initial, None, Sleep::default());
        }
        while self.found.is_none() && self.entered < until && !self.stack.is_empty() {
            self.advance();
            if self.is_in_doubt() {
                self.begin_anew();
            }
        }
        match &self.found {
            Some(found) => Progress::Broken(Box::new(found.clone())),
            None if self.stack.is_empty() => Progress::Kept,
            None => Progress::Unfinished,
        }
    }

    /// Explores everything.
    ///
    /// # Errors
    /// The shortest [`Counterexample`], or, where looking for that takes too long, some.
    pub fn run_to_end(&mut self) -> Result<Counts, Box<Counterexample>> {
        match self.run(u64::MAX) {
            Progress::Broken(found) => Err(found),
            Progress::Unfinished | Progress::Kept => Ok(self.counts()),
        }
    }

    /// How far the search has come.
    pub fn counts(&self) -> Counts {
        let (local_states, calls) = self.system.known();
        let skips = self.sleeps() || self.system.exploration.uses_ample();
        let through = self.begun && self.stack.is_empty() && !self.circular && !skips;
        let interleavings = through.then(|| self.paths.get(self.system.print(&self.initial))).flatten();
        Counts { local_states: local_states as u64, calls: calls as u64, interleavings, ..self.counts }
    }

    fn sleeps(&self) -> bool {
        self.system.exploration.reductions.sleep
    }

    /// Whether the search relied on what does not hold, and has gone far enough to have found out most of that.
    fn is_in_doubt(&mut self) -> bool {
        if !self.system.ample {
            return false;
        }
        // What is left out on a circle might never be tried.
        if self.circular || self.system.claims.is_doubtful() {
            let doubted = *self.doubted.get_or_insert(self.counts.states);
            return self.stack.is_empty() || self.counts.states > 2 * doubted + 1_000;
        }
        false
    }

    /// Begins anew, with what was found out.
    fn begin_anew(&mut self) {
        if core::mem::take(&mut self.circular) {
            self.system.ample = false;
        }
        self.system.claims.take_doubt();
        self.doubted = None;
        self.counts = Counts::default();
        self.paths = Table::new();
        self.sleepers = Sleepers::default();
        self.stack.clear();
        let initial = self.initial.clone();
        let print = self.system.print(&initial);
        self.enter(print, &initial, None, Sleep::default());
    }

    /// Takes the next step of the search.
    fn advance(&mut self) {
        let Some(frame) = self.stack.last_mut() else { return };
        let Some(Transition { choice, state, breach }) = frame.next.pop() else {
            let Some(Frame { print, paths, .. }) = self.stack.pop() else { return };
            self.paths.insert(print, paths);
            if let Some(parent) = self.stack.last_mut() {
                parent.paths += paths;
            }
            return;
        };
        self.counts.transitions += 1;
        let sleep = if self.system.exploration.reductions.sleep { frame.sleep.follow(choice, &self.system) } else { Sleep::default() };
        if let Some(breach) = breach {
            return self.report(breach, vec![choice]);
        }
        let print = self.system.print(&state);
        match self.paths.get(print) {
            None => self.enter(print, &state, Some(choice), sleep),
            Some(paths) if self.sleeps() => {
                let waking = self.sleepers.wake(print, &sleep);
                if paths != OPEN && !waking.is_empty() {
                    let next = self.system.transitions(&state).into_iter().filter(|next| waking.contains(&next.choice)).collect();
                    self.stack.push(Frame { print, paths: 0.0, next, sleep, choice: Some(choice) });
                }
            }
            Some(OPEN) => self.circular = true,
            Some(paths) => {
                if let Some(frame) = self.stack.last_mut() {
                    frame.paths += paths;
                }
            }
        }
    }

    /// Comes to a state for the first time.
    fn enter(&mut self, print: u128, state: &State, choice: Option<Choice>, sleep: Sleep) {
        self.counts.states += 1;
        self.entered += 1;
        self.paths.insert(print, OPEN);
        let mut next = self.system.transitions(state);
        let ends = next.is_empty();
        if self.sleeps() {
            next.retain(|next| !sleep.contains(next.choice));
            self.sleepers.remember(print, &sleep);
        }
        // Tried last to first.
        next.reverse();
        self.stack.push(Frame { print, paths: f64::from(u8::from(ends)), next, sleep, choice });
        self.counts.deepest = self.counts.deepest.max(self.stack.len() as u64 - 1);
        if ends {
            self.end(state);
        }
    }

    /// Nothing can happen any more within the scope.
    fn end(&mut self, state: &State) {
        self.counts.ends += 1;
        if !state.cells().iter().any(|cell| self.system.has_deadline(*cell)) {
            if let Some(breach) = self.system.judge_end(state) {
                self.report(breach, vec![]);
            }
            return;
        }
        self.counts.cut_off += 1;
        let (choices, state, breach) = self.system.complete(state.clone());
        if let Some(breach) = breach.or_else(|| self.system.judge_end(&state)) {
            self.report(breach, choices);
        }
    }

    /// Reports that the present path, and then `more`, breaks a promise.
    fn report(&mut self, breach: Breach, more: Vec<Choice>) {
        let path: Vec<Choice> = self.stack.iter().filter_map(|frame| frame.choice).chain(more).collect();
        let (breach, path) = self.shortest(path.len()).unwrap_or((breach, path));
        self.found = Some(self.rerun(breach, &path));
    }

    /// The shortest path that breaks a promise, if it is shorter than `length`, by a search breadth first.
    fn shortest(&mut self, length: usize) -> Option<(Breach, Vec<Choice>)> {
        struct Node {
            state: State,
            from: Option<(usize, Choice)>,
            depth: usize,
        }
        let path = |nodes: &[Node], mut at: usize| {
            let mut path = vec![];
            while let Some((before, choice)) = nodes[at].from {
                path.push(choice);
                at = before;
            }
            path.reverse();
            path
        };
        let mut seen: Table<bool> = Table::new();
        let mut nodes = vec![Node { state: self.initial.clone(), from: None, depth: 0 }];
        let mut at = 0;
        while at < nodes.len() && nodes.len() < SHORTEST && nodes[at].depth + 1 < length {
            let state = nodes[at].state.clone();
            let next = self.system.all_transitions(&state);
            if next.is_empty() {
                let (choices, end, breach) = self.system.complete(state);
                if let Some(breach) = breach.or_else(|| self.system.judge_end(&end)) {
                    let mut path = path(&nodes, at);
                    path.extend(choices);
                    return (path.len() < length).then_some((breach, path));
                }
            }
            for Transition { choice, state, breach } in next {
                if let Some(breach) = breach {
                    let mut path = path(&nodes, at);
                    path.push(choice);
                    return Some((breach, path));
                }
                if seen.insert(self.system.print(&state), true).is_none() {
                    nodes.push(Node { state, from: Some((at, choice)), depth: nodes[at].depth + 1 });
                }
            }
            at += 1;
        }
        None
    }

    fn rerun(&self, breach: Breach, path: &[Choice]) -> Counterexample {
        let processes = (0..self.system.exploration.scope.processes).map(|rank| (self.build)(Rank(rank)));
        let mut rerun = Rerun::new(processes);
        for choice in path {
            if !rerun.carry_out(*choice, &self.system) {
                break;
            }
        }
        let Rerun { trace, script, .. } = rerun;
        let violation = match breach {
            Breach::Property(property) => property.check(&trace).err(),
            _ => None,
        };
        Counterexample { breach, script, trace, violation }
    }
}
