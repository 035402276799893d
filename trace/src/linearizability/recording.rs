use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::check::explain;
use super::counterexample::shrink;
use super::{Append, AppendCall, CasRegister, History, Mutex, MutexCall, Queue, QueueCall, Refuted, RegisterCall, Specification};

/// How many steps each attempt to do without a call may take.
const SHRINKING: usize = 20_000;

/// A recorded history with its objects and the places in the text from which it was read. Made by [`read`](super::read()).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    pub(super) calls: Calls,
    pub(super) keys: Vec<Option<String>>,
    pub(super) places: Vec<Place>,
    pub(super) others: usize,
}

/// The calls of a recording, by the kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Calls {
    /// A register that can be compared and set.
    Register(History<RegisterCall>),
    /// A text, or many by their keys, that can be put and appended to.
    Store(History<AppendCall>),
    /// A queue.
    Queue(History<QueueCall>),
    /// A lock.
    Lock(History<MutexCall>),
}

/// Where a call stands in the text, in lines from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// Which process called.
    pub process: u64,
    /// The line of the invocation.
    pub invoked: usize,
    /// The line of the answer, if there is one.
    pub answered: Option<usize>,
}

/// What is known of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is linearizable.
    Linearizable,
    /// It is not.
    NotLinearizable(NotLinearizable),
    /// More steps would have been needed than were allowed: for no key is it refuted, for this one it is not known.
    Undecided {
        /// The key, if there are any.
        key: Option<String>,
        /// The call whose answer was looked at.
        call: usize,
        /// The steps that were allowed.
        limit: usize,
    },
}

/// Why a recording is not linearizable. Calls are named by their numbers in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotLinearizable {
    /// Of which object, if there are many.
    pub key: Option<String>,
    /// The call whose answer cannot be; the history up to it is the shortest that cannot be explained.
    pub call: usize,
    /// The calls on the same object that were under way when it was answered.
    pub concurrent: Vec<usize>,
    /// The few calls that show it; see [`counterexample`](super::counterexample()). To find each is given up to 20,000 steps, so that a hard history may
    /// leave more calls than are needed.
    pub counterexample: Vec<usize>,
}

impl Recording {
    /// The calls.
    #[must_use]
    pub const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The key of each call, if it has one.
    #[must_use]
    pub fn keys(&self) -> &[Option<String>] {
        &self.keys
    }

    /// Where each call stands in the text.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// How many entries were left out because they are of no numbered process.
    #[must_use]
    pub const fn others(&self) -> usize {
        self.others
    }

    /// What kind of object it is, in a word.
    #[must_use]
    pub const fn object(&self) -> &'static str {
        match self.calls {
            Calls::Register(_) => "register",
            Calls::Store(_) => "store",
            Calls::Queue(_) => "queue",
            Calls::Lock(_) => "lock",
        }
    }

    /// How many objects there are: one, or one for each key.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.by_key().len()
    }

    /// Whether it is linearizable, each key by itself (see [`check_by`](super::check_by)). `limit` is how many steps each key may take.
    #[must_use]
    pub fn verdict(&self, limit: usize) -> Verdict {
        match &self.calls {
            Calls::Register(history) => self.judge(&CasRegister, history, limit),
            Calls::Store(history) => self.judge(&Append, history, limit),
            Calls::Queue(history) => self.judge(&Queue, history, limit),
            Calls::Lock(history) => self.judge(&Mutex, history, limit),
        }
    }

    /// A call in one line: who, what, and on which lines. Empty if there is no such call.
    #[must_use]
    pub fn describe(&self, call: usize) -> String {
        let Some(place) = self.places.get(call) else { return String::new() };
        let answered = place.answered.is_some();
        let what = match &self.calls {
            Calls::Register(history) => match history.calls()[call].operation {
                RegisterCall::Read(value) => answer("reads", value.map(|value| format!("{value}")), answered),
                RegisterCall::Write(value) => format!("writes {value}"),
                RegisterCall::CompareAndSet { expected, new } => format!("sets {expected} to {new}"),
            },
            Calls::Store(history) => match &history.calls()[call].operation {
                AppendCall::Get(text) => answer("gets", Some(format!("{text:?}")), answered),
                AppendCall::Put(text) => format!("puts {text:?}"),
                AppendCall::Append(text) => format!("appends {text:?}"),
            },
            Calls::Queue(history) => match history.calls()[call].operation {
                QueueCall::Enqueue(value) => format!("enqueues {value}"),
                QueueCall::Dequeue(value) => answer("dequeues", value.map(|value| format!("{value}")), answered),
            },
            Calls::Lock(history) => match history.calls()[call].operation {
                MutexCall::Acquire => "acquires".into(),
                MutexCall::Release => "releases".into(),
            },
        };
        let of = self.keys[call].as_ref().map(|key| format!(" of {key}")).unwrap_or_default();
        match place.answered {
            Some(line) => format!("lines {} to {line}: process {} {what}{of}", place.invoked, place.process),
            None => format!("line {}, no answer: process {} {what}{of}", place.invoked, place.process),
        }
    }

    fn by_key(&self) -> BTreeMap<Option<&str>, Vec<usize>> {
        let mut objects: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for (call, key) in self.keys.iter().enumerate() {
            objects.entry(key.as_deref()).or_default().push(call);
        }
        objects
    }

    fn judge<S: Specification>(&self, specification: &S, history: &History<S::Operation>, limit: usize) -> Verdict {
        let mut verdict = Verdict::Linearizable;
        for (key, calls) in self.by_key() {
            let key = key.map(String::from);
            match explain(specification, history.calls(), &calls, limit) {
                Ok(()) => {}
                Err(Refuted::NotLinearizable { call, concurrent }) => {
                    let counterexample = shrink(specification, history.calls(), &calls, call, limit.min(SHRINKING));
                    return Verdict::NotLinearizable(NotLinearizable { key, call, concurrent, counterexample });
                }
                Err(Refuted::Undecided { call, limit }) if verdict == Verdict::Linearizable => {
                    verdict = Verdict::Undecided { key, call, limit };
                }
                Err(Refuted::Undecided { .. }) => {}
            }
        }
        verdict
    }
}

/// What a call that reads says.
fn answer(verb: &str, value: Option<String>, answered: bool) -> String {
    match (answered, value) {
        (false, _) => verb.into(),
        (true, Some(value)) => format!("{verb} {value}"),
        (true, None) => format!("{verb} nothing"),
    }
}
