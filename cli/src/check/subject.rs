use std::path::Path;

use tidings_trace::linearizability::{self, Recording};
use tidings_trace::raft::{self, RaftLog, RaftProperty};
use tidings_trace::shiviz::{self, Log};
use tidings_trace::{Property, Trace, TraceFile};

use super::inspection::Figure;
use super::{BadLog, Check, Inspection, LogForm, SCHEMA, Verdict, source};
use crate::Error;

/// A log that was read and can be judged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Subject {
    /// A trace.
    Trace(Trace),
    /// Events with vector clocks.
    Shiviz(Log),
    /// A history of calls.
    History(Recording),
    /// A log of raft.
    Raft(RaftLog),
}

/// A property that cannot be asked of this form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{property} is nothing to ask of a {form}; there are {}", known.join(", "))]
pub struct NotItsProperty {
    /// What was asked.
    pub property: String,
    /// The form of the log.
    pub form: LogForm,
    /// What can be asked.
    pub known: Vec<&'static str>,
}

/// Whether a trace can be an execution at all.
const EXECUTION: &str = "execution";
/// Whether the vector clocks of a log agree with each other.
const CLOCKS: &str = "clocks";
/// Whether the times of a log agree with its clocks.
const TIMES: &str = "times";
const LINEARIZABILITY: &str = "linearizability";

/// Everything that can be asked of any form.
pub(super) fn all_properties() -> Vec<&'static str> {
    [LogForm::Trace, LogForm::Shiviz, LogForm::History, LogForm::Raft].into_iter().flat_map(properties).collect()
}

/// What can be asked of a form.
fn properties(form: LogForm) -> Vec<&'static str> {
    match form {
        LogForm::Trace => [EXECUTION].into_iter().chain(Property::ALL.map(Property::name)).collect(),
        LogForm::Shiviz => vec![CLOCKS, TIMES],
        LogForm::History => vec![LINEARIZABILITY],
        LogForm::Raft => RaftProperty::ALL.map(RaftProperty::name).to_vec(),
    }
}

impl Subject {
    /// Reads a log, in this form or else in the one that its content shows.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Log`] with the first place that does not fit the form.
    pub fn open(path: &Path, form: Option<LogForm>) -> Result<Self, Error> {
        let text = source::text(path)?;
        Self::read(&text, form).map_err(|why| Error::Log { path: path.to_owned(), why })
    }

    /// Reads a log from its text.
    ///
    /// # Errors
    /// [`BadLog`]: the first place that does not fit the form.
    pub fn read(text: &str, form: Option<LogForm>) -> Result<Self, BadLog> {
        Ok(match form.unwrap_or_else(|| LogForm::of(text)) {
            LogForm::Trace => Self::Trace(Trace::from(serde_json::from_str::<TraceFile>(text)?)),
            LogForm::Shiviz => Self::Shiviz(shiviz::read(text, None)?),
            LogForm::History => Self::History(linearizability::read(text)?),
            LogForm::Raft => Self::Raft(raft::read(text)?),
        })
    }

    /// Its form.
    #[must_use]
    pub const fn form(&self) -> LogForm {
        match self {
            Self::Trace(_) => LogForm::Trace,
            Self::Shiviz(_) => LogForm::Shiviz,
            Self::History(_) => LogForm::History,
            Self::Raft(_) => LogForm::Raft,
        }
    }

    /// Judges it by these properties, or all that can be asked of it if there are none. `steps` bounds the search for an order of a history's calls.
    ///
    /// # Errors
    /// [`NotItsProperty`] if one of them cannot be asked of this form.
    pub fn inspect(&self, source: &str, asked: &[String], steps: usize) -> Result<Inspection, NotItsProperty> {
        let form = self.form();
        let known = properties(form);
        if let Some(property) = asked.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(NotItsProperty { property: property.clone(), form, known });
        }
        let wanted = known.into_iter().filter(|name| asked.is_empty() || asked.iter().any(|other| other == name));
        let checks: Vec<Check> = wanted.filter_map(|name| self.check(name, steps, !asked.is_empty())).collect();
        let held = checks.iter().all(|check| check.verdict == Verdict::Held);
        Ok(Inspection { schema: SCHEMA, source: source.to_owned(), form, held, figures: self.figures(), checks })
    }

    /// Judges one property. `None` if nobody asked for it and there is nothing to judge.
    fn check(&self, name: &'static str, steps: usize, asked: bool) -> Option<Check> {
        let violated = |evidence: Vec<String>| Check::violated(name, evidence);
        Some(match self {
            Self::Trace(trace) if name == EXECUTION => {
                trace.verify().map_or_else(|why| violated(vec![why.to_string()]), |()| Check::held(name))
            }
            Self::Trace(trace) => {
                let property: Property = name.parse().ok()?;
                property.check(trace).map_or_else(
                    |found| {
                        let events = found.events.iter().filter_map(|event| Some(format!("event {event}: {}", trace.events.get(*event)?)));
                        violated([found.explanation.clone()].into_iter().chain(events).collect())
                    },
                    |()| Check::held(name),
                )
            }
            Self::Shiviz(log) if name == CLOCKS => log.verify().map_or_else(|why| violated(vec![why.to_string()]), |_| Check::held(name)),
            Self::Shiviz(log) => {
                if !asked && log.entries().iter().all(|entry| entry.timestamp.is_none()) {
                    return None;
                }
                times(log).map_or_else(|| Check::held(name), |sentence| violated(vec![sentence]))
            }
            Self::History(recording) => match recording.verdict(steps) {
                linearizability::Verdict::Linearizable => Check::held(name),
                linearizability::Verdict::NotLinearizable(found) => {
                    let of = found.key.map(|key| format!(" of {key}")).unwrap_or_default();
                    let sentence = format!(
                        "no order of the calls{of} explains this answer, given {} under way: {}",
                        found.concurrent.len(),
                        recording.describe(found.call)
                    );
                    violated([sentence].into_iter().chain(found.counterexample.iter().map(|call| recording.describe(*call))).collect())
                }
                undecided => {
                    let why = match undecided {
                        linearizability::Verdict::Undecided { call, limit, .. } => {
                            format!(
                                "{limit} steps are not enough to find an order; allow more with --steps. It came as far as {}",
                                recording.describe(call)
                            )
                        }
                        _ => "not decided".to_owned(),
                    };
                    Check { name, verdict: Verdict::Undecided, evidence: vec![why] }
                }
            },
            Self::Raft(log) => {
                let property = RaftProperty::ALL.into_iter().find(|property| property.name() == name)?;
                property.check(log).map_or_else(
                    |found| {
                        let events = found.events.iter().map(|event| {
                            let event = &log.events()[*event];
                            format!(
                                "line {}: {} {}, term {}, commit {}",
                                event.line,
                                log.processes()[event.process],
                                event.name,
                                event.term,
                                event.commit
                            )
                        });
                        violated([found.explanation.clone()].into_iter().chain(events).collect())
                    },
                    |()| Check::held(name),
                )
            }
        })
    }

    fn figures(&self) -> Vec<Figure> {
        match self {
            Self::Trace(trace) => {
                use tidings_trace::What;
                let count = |of: fn(&What) -> bool| trace.events.iter().filter(|event| of(&event.what)).count();
                vec![
                    Figure::of("processes", trace.processes),
                    Figure::of("events", trace.events.len()),
                    Figure::of("messages broadcast", count(|what| matches!(what, What::Broadcast(_)))),
                    Figure::of("messages delivered", count(|what| matches!(what, What::Deliver(_)))),
                    Figure::of("packets sent", count(|what| matches!(what, What::Send { .. }))),
                    Figure::of("crashes", count(|what| matches!(what, What::Crash))),
                ]
            }
            Self::Shiviz(log) => {
                let mut figures = vec![
                    Figure::remarked("hosts", log.hosts().len(), list(log.hosts())),
                    Figure::remarked("events", log.entries().len(), log.form().to_string()),
                ];
                if let Ok(order) = log.verify() {
                    figures.push(Figure::of("messages", order.messages().len()));
                }
                if !log.others().is_empty() {
                    figures.push(Figure::remarked("other lines", log.others().len(), "they hold no clock"));
                }
                figures
            }
            Self::History(recording) => {
                let places = recording.places();
                let mut processes: Vec<u64> = places.iter().map(|place| place.process).collect();
                processes.sort_unstable();
                processes.dedup();
                let unanswered = places.iter().filter(|place| place.answered.is_none()).count();
                vec![
                    Figure::of("processes", processes.len()),
                    Figure::remarked("calls", places.len(), "what failed is left out"),
                    Figure::of("calls without an answer", unanswered),
                    Figure::remarked("objects", recording.objects(), recording.object()),
                    Figure::remarked("other entries", recording.others(), "of no numbered process"),
                ]
            }
            Self::Raft(log) => {
                let candidates = log.candidates();
                let sent = log.events().iter().filter(|event| matches!(event.message, Some((raft::Direction::Send, _)))).count();
                let known = candidates.iter().filter(|(_, sendings)| sendings.len() == 1).count();
                vec![
                    Figure::remarked("processes", log.processes().len(), list(log.processes())),
                    Figure::of("events", log.events().len()),
                    Figure::of("messages sent", sent),
                    Figure::remarked("messages received", candidates.len(), format!("of {known} it is known which was sent")),
                    Figure::remarked("other lines", log.others(), "they are no events"),
                ]
            }
        }
    }
}

/// The first event of a host that is earlier than one which its clock knows of at the same host.
fn times(log: &Log) -> Option<String> {
    let order = match log.verify() {
        Ok(order) => order,
        Err(why) => return Some(format!("there is no order to compare the times with, since the clocks contradict each other: {why}")),
    };
    (0..log.hosts().len()).find_map(|host| {
        let pair = order.events_of(host).windows(2).find(|pair| {
            let [before, after] = [pair[0], pair[1]].map(|event| log.entries()[event].timestamp);
            before.zip(after).is_some_and(|(before, after)| after < before)
        })?;
        let [before, after] = [pair[0], pair[1]].map(|event| &log.entries()[event]);
        Some(format!(
            "line {}: {} has the time {:?} after {:?} on line {}",
            after.line,
            log.hosts()[host],
            after.timestamp.unwrap_or(0),
            before.timestamp.unwrap_or(0),
            before.line
        ))
    })
}

/// A few names, and how many more.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
