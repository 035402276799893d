use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use tidings_clocks::Rank;

use crate::{MessageId, Trace, What};

/// A broadcast or a delivery in one life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Which event of the trace.
    pub(crate) event: usize,
    /// Which message, as a position in [`Index::messages`].
    pub(crate) message: usize,
    /// A delivery, or else the broadcast.
    pub(crate) delivers: bool,
}

/// One life of a process: what it did between two restarts.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    /// Whose.
    pub(crate) rank: Rank,
    /// 0 for the first.
    pub(crate) number: usize,
    /// Its broadcasts and deliveries, in order.
    pub(crate) steps: Vec<Step>,
}

/// Where a message was broadcast.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// Position of the life in [`Index::lives`].
    pub(crate) life: usize,
    /// Position in that life's steps.
    pub(crate) step: usize,
    /// Which event of the trace.
    pub(crate) event: usize,
}

/// What a process says that is neither a broadcast nor a delivery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    /// Which event of the trace.
    pub(crate) event: usize,
    /// Who says it.
    pub(crate) by: Rank,
    /// In which of its lives, from 0.
    pub(crate) life: usize,
    /// What.
    pub(crate) said: Said,
}

/// The content of a [`Note`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    /// This message is stable; a position in [`Index::messages`].
    Stable(usize),
    /// This process has crashed.
    Excluded(Rank),
    /// The view of this number begins.
    Installed(u64),
}

/// A trace made ready to be judged: events by life, messages by dense numbers. Built once for all properties.
///
/// O(e log e) time and O(e) memory for e events, whatever ranks and numbers they name.
#[derive(Debug)]
pub(crate) struct Index {
    /// The lives that broadcast or delivered anything, in the order of their first such event.
    pub(crate) lives: Vec<Life>,
    /// Every message named in the trace.
    pub(crate) messages: Vec<MessageId>,
    /// Where each was broadcast: at its origin, for the first time. A broadcast of another process's message is not one.
    pub(crate) origins: Vec<Option<Origin>>,
    /// What processes say of stability, of crashes and of views, in the order of the trace.
    pub(crate) notes: Vec<Note>,
    /// How many processes took part.
    pub(crate) processes: usize,
    /// Processes that crashed, restarted or were excluded.
    faulty: BTreeSet<Rank>,
    /// How many processes are correct.
    correct: usize,
}

impl Index {
    /// Reads a trace. Never fails: what no execution contains is judged for what it says.
    pub(crate) fn of(trace: &Trace) -> Self {
        let (messages, named) = number(trace);
        let mut origins: Vec<Option<Origin>> = vec![None; messages.len()];
        let mut lives: Vec<Life> = Vec::new();
        let mut places: BTreeMap<Rank, Place> = BTreeMap::new();
        let mut faulty = BTreeSet::new();
        let mut notes = Vec::new();
        for (event, (happened, message)) in trace.events.iter().zip(named).enumerate() {
            let rank = happened.process;
            let life = places.get(&rank).map_or(0, |place| place.number);
            let mut note = |said| notes.push(Note { event, by: rank, life, said });
            let delivers = match happened.what {
                What::Broadcast(id) if id.origin == rank && origins[message].is_none() => false,
                What::Deliver(_) => true,
                What::Crash => {
                    faulty.insert(rank);
                    continue;
                }
                What::Restart => {
                    faulty.insert(rank);
                    let place = places.entry(rank).or_default();
                    *place = Place { number: place.number + 1, life: None };
                    continue;
                }
                What::Exclude(excluded) => {
                    faulty.insert(excluded);
                    note(Said::Excluded(excluded));
                    continue;
                }
                What::Stable(_) => {
                    note(Said::Stable(message));
                    continue;
                }
                What::Install(view) => {
                    note(Said::Installed(view));
                    continue;
                }
                _ => continue,
            };
            let place = places.entry(rank).or_default();
            let number = place.number;
            let life = *place.life.get_or_insert_with(|| {
                lives.push(Life { rank, number, steps: Vec::new() });
                lives.len() - 1
            });
            if !delivers {
                origins[message] = Some(Origin { life, step: lives[life].steps.len(), event });
            }
            lives[life].steps.push(Step { event, message, delivers });
        }
        let gone = faulty.iter().filter(|rank| rank.index() < trace.processes).count();
        Self { lives, messages, origins, notes, processes: trace.processes, correct: trace.processes - gone, faulty }
    }

    /// Whether this is a process that took part, never crashed and was never excluded.
    pub(crate) fn is_correct(&self, rank: Rank) -> bool {
        rank.index() < self.processes && !self.faulty.contains(&rank)
    }

    /// The first event at which each message is delivered by anybody, and by how many correct processes it is delivered.
    pub(crate) fn audiences(&self) -> Vec<Audience> {
        let mut audiences = vec![Audience::default(); self.messages.len()];
        let mut seen = Seen::new(self);
        for life in &self.lives {
            seen.next_life();
            let correct = self.is_correct(life.rank);
            for step in life.steps.iter().filter(|step| step.delivers) {
                if seen.mark(*step).is_none() {
                    let audience = &mut audiences[step.message];
                    audience.first = earlier(audience.first, step.event);
                    if correct {
                        audience.correct += 1;
                        audience.first_correct = earlier(audience.first_correct, step.event);
                    }
                }
            }
        }
        audiences
    }

    /// Whether every correct process is in this audience.
    pub(crate) const fn is_everybody(&self, audience: &Audience) -> bool {
        audience.correct >= self.correct
    }

    /// The first correct process that never delivers `message`. O(steps).
    pub(crate) fn missing(&self, message: usize) -> Option<Rank> {
        let heard: BTreeSet<Rank> = self
            .lives
            .iter()
            .filter(|life| life.steps.iter().any(|step| step.delivers && step.message == message))
            .map(|life| life.rank)
            .collect();
        (0..=u32::MAX).map(Rank).take(self.processes).find(|rank| self.is_correct(*rank) && !heard.contains(rank))
    }

    /// The deliveries of each life, without repeats.
    pub(crate) fn sequences(&self) -> Vec<Vec<Step>> {
        let mut seen = Seen::new(self);
        let first_deliveries = |life: &Life| {
            seen.next_life();
            life.steps.iter().copied().filter(|step| step.delivers && seen.mark(*step).is_none()).collect()
        };
        self.lives.iter().map(first_deliveries).collect()
    }
}

/// Who delivers a message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Audience {
    /// The first delivery of all.
    pub(crate) first: Option<usize>,
    /// The first one at a correct process.
    pub(crate) first_correct: Option<usize>,
    /// How many correct processes deliver it.
    correct: usize,
}

/// What one life has delivered so far: a mark for each message, cleared in O(1).
#[derive(Debug)]
pub(crate) struct Seen {
    round: usize,
    marks: Vec<(usize, usize)>,
}

impl Seen {
    /// No life yet. O(messages).
    pub(crate) fn new(index: &Index) -> Self {
        Self { round: 0, marks: vec![(0, 0); index.messages.len()] }
    }

    /// Forgets everything: another life begins.
    pub(crate) const fn next_life(&mut self) {
        self.round += 1;
    }

    /// Marks the message of this step. The event at which it was marked before, if it was; that mark stays.
    pub(crate) fn mark(&mut self, step: Step) -> Option<usize> {
        let before = self.at(step.message);
        if before.is_none() {
            self.marks[step.message] = (self.round, step.event);
        }
        before
    }

    /// The event at which this message was marked.
    pub(crate) fn at(&self, message: usize) -> Option<usize> {
        let (round, event) = self.marks[message];
        (round == self.round).then_some(event)
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            0 => write!(f, "{}", self.rank),
            restarts => write!(f, "{} after restart {restarts}", self.rank),
        }
    }
}

/// Where a rank's events go now.
#[derive(Clone, Copy, Default)]
struct Place {
    number: usize,
    life: Option<usize>,
}

/// The smaller event.
fn earlier(a: Option<usize>, b: usize) -> Option<usize> {
    Some(a.map_or(b, |a| a.min(b)))
}

/// All messages, sorted, and for each event which of them it names (0 where none).
fn number(trace: &Trace) -> (Vec<MessageId>, Vec<usize>) {
    let mut named: Vec<(MessageId, usize)> = Vec::new();
    for (event, happened) in trace.events.iter().enumerate() {
        if let What::Broadcast(id) | What::Deliver(id) | What::Stable(id) = happened.what {
            named.push((id, event));
        }
    }
    named.sort_unstable();
    let mut messages = Vec::new();
    let mut message_of = vec![0; trace.events.len()];
    for (id, event) in named {
        if messages.last() != Some(&id) {
            messages.push(id);
        }
        message_of[event] = messages.len() - 1;
    }
    (messages, message_of)
}
