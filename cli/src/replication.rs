use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use tidings_broadcast::{Cast, Delivery};
use tidings_clocks::{Rank, Time};
use tidings_crdt::Join;
use tidings_protocol::{Payload, Protocol, Refused};
use tidings_sim::Application;
use tidings_trace::{MessageId, What};

use crate::Error;
use crate::contents::Census;
use crate::part::Part;
use crate::plan::Plan;
use crate::recording::Recording;
use crate::replica::{Received, Replica, encode};
use crate::repository::Corrected;
use crate::version::Version;

/// A version that is not what was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub process: Rank,
    /// Which event; `None` if it is no single event's, as for the state at the end.
    pub event: Option<usize>,
    /// What is wrong.
    pub what: String,
}

/// What the replicas did, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Messages broadcast: one for each event, more for the few whose deltas are large.
    pub broadcasts: u64,
    /// The bytes of these.
    pub bytes: u64,
    /// The largest.
    pub largest: usize,
    /// Versions judged.
    pub judged: u64,
    /// Versions that were not what was recorded.
    pub wrong: u64,
    /// Events that came before one of their parents; kept until it came.
    pub early: u64,
    /// Events that came again.
    pub repeated: u64,
    /// Merges that had to be corrected, of all merges.
    pub corrected_merges: usize,
    /// What had to be corrected in them.
    pub corrected: Corrected,
    /// The most versions that one replica kept at once.
    pub most_versions: usize,
    /// When the last event was delivered.
    pub last: Time,
}

/// The application of all processes: each broadcasts its events' deltas once it has applied the parents', and applies what it delivers.
///
/// Replicas know only what they receive. The plan tells them which events they author and which versions no later event needs; the recording judges them.
pub struct Replication<'r> {
    plan: &'r Plan,
    recording: &'r mut Recording,
    processes: Vec<Process>,
    figures: Figures,
    first_wrong: Option<Wrong>,
    failed: Option<Error>,
    applied: &'r mut dyn FnMut(u64),
}

struct Process {
    replica: Replica,
    /// Its own events whose parents have been applied.
    ready: BTreeSet<usize>,
    /// Messages not yet taken by the broadcast.
    outgoing: VecDeque<Arc<[u8]>>,
    /// Its own events whose version is made and whose last message it has not delivered yet.
    authored: BTreeSet<usize>,
    /// Events that came before one of their parents.
    early: BTreeMap<usize, Received>,
    /// Parts of events whose other parts have not come yet.
    parts: BTreeMap<usize, BTreeMap<usize, Received>>,
}

impl<'r> Replication<'r> {
    /// Replicas that have heard of nothing. `applied` hears how many events were applied, at all replicas together.
    pub fn new(plan: &'r Plan, recording: &'r mut Recording, applied: &'r mut dyn FnMut(u64)) -> Self {
        let history = plan.history();
        let process = |rank: usize| Process {
            replica: Replica::new(plan),
            ready: history.roots().filter(|&root| plan.author(root).index() == rank).collect(),
            outgoing: VecDeque::new(),
            authored: BTreeSet::new(),
            early: BTreeMap::new(),
            parts: BTreeMap::new(),
        };
        let processes = (0..plan.processes()).map(process).collect();
        Self { plan, recording, processes, figures: Figures::default(), first_wrong: None, failed: None, applied }
    }

    /// What happened.
    #[must_use]
    pub const fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The first version that was not what was recorded.
    #[must_use]
    pub const fn first_wrong(&self) -> Option<&Wrong> {
        self.first_wrong.as_ref()
    }

    /// Why the recording could not be read again; then the replay means nothing.
    #[must_use]
    pub const fn failed(&self) -> Option<&Error> {
        self.failed.as_ref()
    }

    /// Judges every replica's state at the end. What there is in it, as recorded.
    ///
    /// # Errors
    /// [`Error`] if the recording cannot be read again. A state that is not as recorded is no error but the verdict: the first that is wrong.
    pub fn judge_end(&mut self) -> Result<(Census, Result<(), Wrong>), Error> {
        let mut census = Census::default();
        let mut verdict = Ok(());
        let mut first: Option<Version> = None;
        for rank in (0..self.plan.processes()).map(Rank::new) {
            let wrong = |what: String| Wrong { process: rank, event: None, what };
            let replica = &self.processes[rank.index()].replica;
            let lacking = (0..self.plan.history().len()).filter(|&event| !replica.has(event)).count();
            let heads = self.plan.history().heads();
            let end = heads.filter_map(|head| replica.version(head).cloned()).reduce(|mut joined, head| {
                joined.join(&head);
                joined
            });
            let end = end.unwrap_or_default();
            let (recorded, same) = self.recording.judge_end(&end)?;
            census = recorded;
            verdict = verdict.and(if lacking > 0 {
                Err(wrong(format!("{lacking} events were never applied")))
            } else if let Err(difference) = same {
                Err(wrong(difference.to_string()))
            } else if first.as_ref().is_some_and(|first| *first != end) {
                Err(wrong("the state differs from that of p0".to_owned()))
            } else {
                Ok(())
            });
            first.get_or_insert(end);
        }
        Ok((census, verdict))
    }

    /// Makes the version and the messages of one event at its author.
    fn author(&mut self, me: Rank, event: usize) -> Result<(), Error> {
        let process = &mut self.processes[me.index()];
        let (mut version, touched) = match process.replica.join_parents(event, self.plan) {
            Ok(joined) => joined,
            Err(why) => {
                self.note_wrong(Wrong { process: me, event: Some(event), what: why.to_string() });
                return Ok(());
            }
        };
        let (delta, corrected) = self.recording.edit(event, &mut version, &touched, self.plan.actor(event))?;
        if self.plan.history().parents(event).len() > 1 {
            self.figures.corrected_merges += usize::from(corrected != Corrected::default());
            self.figures.corrected.bytes += corrected.bytes;
            self.figures.corrected.files += corrected.files;
        }
        let version = process.replica.keep(event, version, self.plan);
        let judged = self.recording.judge(event, version, &touched)?;
        process.authored.insert(event);
        for message in Part::messages(event, &encode(&delta)) {
            self.figures.broadcasts += 1;
            self.figures.bytes += message.len() as u64;
            self.figures.largest = self.figures.largest.max(message.len());
            process.outgoing.push_back(message);
        }
        self.note_judged(me, event, judged.map_err(|difference| difference.to_string()));
        Ok(())
    }

    /// Takes a message that was delivered at `me`, and applies what is complete.
    fn deliver(&mut self, me: Rank, message: &Arc<[u8]>) -> Result<(), Error> {
        let read = Part::read(message).filter(|(part, _)| part.event < self.plan.history().len());
        let Some((part, start)) = read else {
            self.note_wrong(Wrong { process: me, event: None, what: "a message that nobody wrote was delivered".to_owned() });
            return Ok(());
        };
        let process = &mut self.processes[me.index()];
        let known = process.replica.has(part.event) || process.early.contains_key(&part.event);
        let mut received = Received::new(Arc::clone(message), start);
        if part.parts > 1 && !known {
            let parts = process.parts.entry(part.event).or_default();
            self.figures.repeated += u64::from(parts.insert(part.part, received).is_some());
            if parts.len() < part.parts {
                return Ok(());
            }
            let whole: Vec<&[u8]> = parts.values().map(Received::delta).collect();
            received = Received::new(Arc::from(whole.concat()), 0);
            process.parts.remove(&part.event);
        }
        if known {
            self.figures.repeated += 1;
            return Ok(());
        }
        if !process.replica.is_ready(part.event) {
            self.figures.early += 1;
            process.early.insert(part.event, received);
            return Ok(());
        }
        let mut complete = vec![(part.event, received)];
        while let Some((event, received)) = complete.pop() {
            if !self.apply(me, event, &received)? {
                continue;
            }
            let process = &mut self.processes[me.index()];
            for &child in self.plan.history().children(event) {
                if !process.replica.is_ready(child) {
                } else if let Some(received) = process.early.remove(&child) {
                    complete.push((child, received));
                } else if self.plan.author(child) == me {
                    process.ready.insert(child);
                }
            }
        }
        Ok(())
    }

    /// Applies one event whose parents are there. Whether it could.
    fn apply(&mut self, me: Rank, event: usize, received: &Received) -> Result<bool, Error> {
        let process = &mut self.processes[me.index()];
        if process.authored.remove(&event) {
            process.replica.log(event, received, self.plan);
        } else {
            let judged = match process.replica.apply(event, received, self.plan) {
                Ok((version, touched)) => self.recording.judge(event, version, &touched)?.map_err(|difference| difference.to_string()),
                Err(why) => Err(why.to_string()),
            };
            self.note_judged(me, event, judged);
            if !self.processes[me.index()].replica.has(event) {
                return Ok(false);
            }
        }
        self.figures.most_versions = self.figures.most_versions.max(self.processes[me.index()].replica.versions());
        (self.applied)(1);
        Ok(true)
    }

    fn note_judged(&mut self, process: Rank, event: usize, judged: Result<(), String>) {
        self.figures.judged += 1;
        if let Err(what) = judged {
            self.note_wrong(Wrong { process, event: Some(event), what });
        }
    }

    fn note_wrong(&mut self, wrong: Wrong) {
        self.figures.wrong += 1;
        self.first_wrong.get_or_insert(wrong);
    }

    fn note_failure(&mut self, done: Result<(), Error>) {
        if let Err(why) = done {
            self.failed.get_or_insert(why);
        }
    }
}

/// How a message is named in traces: by its event, and by its part in the upper half if it is not the first.
fn name(origin: Rank, message: &[u8]) -> Option<MessageId> {
    Part::read(message).map(|(part, _)| MessageId { origin, number: part.event as u64 | (part.part as u64) << 32 })
}

impl<P> Application<P> for Replication<'_>
where
    P: Protocol<Request = Cast<Arc<[u8]>>, Indication = Delivery<Arc<[u8]>>, Message: Payload>,
{
    fn next(&mut self, me: Rank, _now: Time) -> Option<P::Request> {
        while self.failed.is_none() {
            let process = &mut self.processes[me.index()];
            if let Some(message) = process.outgoing.pop_front() {
                return Some(Cast::body(message));
            }
            let event = process.ready.pop_first()?;
            let done = self.author(me, event);
            self.note_failure(done);
        }
        None
    }

    fn refused(&mut self, me: Rank, _now: Time, refused: Refused<P::Request, P::Refused>) {
        self.processes[me.index()].outgoing.push_front(refused.request.payload);
    }

    fn indicated(&mut self, me: Rank, now: Time, indication: P::Indication) {
        self.figures.last = self.figures.last.max(now);
        if self.failed.is_none() {
            let done = self.deliver(me, &indication.payload);
            self.note_failure(done);
        }
    }

    fn name_request(&self, me: Rank, request: &P::Request) -> Option<What> {
        name(me, &request.payload).map(What::Broadcast)
    }

    fn name_indication(&self, _me: Rank, indication: &P::Indication) -> Option<What> {
        name(indication.origin, &indication.payload).map(What::Deliver)
    }

    fn weigh(&self, message: &P::Message) -> usize {
        message.bytes()
    }
}

impl Wrong {
    /// As a sentence, with what a person calls the event.
    #[must_use]
    pub fn sentence(&self, recording: &Recording) -> String {
        match self.event {
            Some(event) => format!("{} at process {}: {}", recording.name(event), self.process, self.what),
            None => format!("process {}: {}", self.process, self.what),
        }
    }
}
