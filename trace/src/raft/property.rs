use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Direction, RaftEvent, RaftLog, RaftMessage};

/// What a log of raft can be held to, from its events alone (Ongaro and Ousterhout, *In search of an understandable consensus algorithm*, 2014).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RaftProperty {
    /// No message is received before one of equal content was sent.
    SendBeforeReceive,
    /// No message is received more often than messages of equal content were sent: the network repeats nothing.
    NoRepeatedReceipt,
    /// The term of a process never falls, across restarts too (section 5.1; it is durable).
    TermMonotone,
    /// The commit index of a process never falls until it starts again.
    CommitMonotone,
    /// A process commits nothing that is not in its log.
    CommitWithinLog,
    /// A process votes for at most one process in a term (section 5.2).
    OneVotePerTerm,
    /// At most one process leads in a term (*election safety*, figure 3).
    OneLeaderPerTerm,
}

/// A property that a log of raft breaks, and the events that show it. As text it is one line that names the lines of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{property}: {explanation}")]
#[non_exhaustive]
pub struct RaftViolation {
    /// What is broken.
    pub property: RaftProperty,
    /// Positions of the events that show it, in [`RaftLog::events`]; the one that breaks the property last.
    pub events: Vec<usize>,
    /// What happened, in one sentence.
    pub explanation: String,
}

impl RaftProperty {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SendBeforeReceive,
        Self::NoRepeatedReceipt,
        Self::TermMonotone,
        Self::CommitMonotone,
        Self::CommitWithinLog,
        Self::OneVotePerTerm,
        Self::OneLeaderPerTerm,
    ];

    /// Its name in snake case, as `Display` writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendBeforeReceive => "send_before_receive",
            Self::NoRepeatedReceipt => "no_repeated_receipt",
            Self::TermMonotone => "term_monotone",
            Self::CommitMonotone => "commit_monotone",
            Self::CommitWithinLog => "commit_within_log",
            Self::OneVotePerTerm => "one_vote_per_term",
            Self::OneLeaderPerTerm => "one_leader_per_term",
        }
    }

    /// Judges a log. O(e log e).
    ///
    /// # Errors
    /// [`RaftViolation`], the one that the log shows first.
    pub fn check(self, log: &RaftLog) -> Result<(), RaftViolation> {
        let found = match self {
            Self::SendBeforeReceive => unsent(log, |sent, _| sent == 0),
            Self::NoRepeatedReceipt => unsent(log, |sent, received| received >= sent && sent > 0),
            Self::TermMonotone => falls(log, |before, event| {
                (event.term < before.term).then(|| format!("is in term {} after term {}", event.term, before.term))
            }),
            Self::CommitMonotone => falls(log, |before, event| {
                let falls = event.commit < before.commit && event.name != START;
                falls.then(|| format!("has committed {} after {}", event.commit, before.commit))
            }),
            Self::CommitWithinLog => log.events.iter().enumerate().find(|(_, event)| event.commit > event.last).map(|(place, event)| {
                (
                    alloc::vec![place],
                    format!("{} has committed {}, but its log ends at {}", log.processes[event.process], event.commit, event.last),
                )
            }),
            Self::OneVotePerTerm => second_vote(log),
            Self::OneLeaderPerTerm => second_leader(log),
        };
        let Some((events, sentence)) = found else { return Ok(()) };
        let line = events.last().map_or(0, |place| log.events[*place].line);
        Err(RaftViolation { property: self, events, explanation: format!("line {line}: {sentence}") })
    }
}

/// The event with which a process starts.
const START: &str = "InitState";

/// Events, and a sentence.
type Found = Option<(Vec<usize>, String)>;

/// The first receipt whose message was sent and received so often before, that it is wrong.
fn unsent(log: &RaftLog, wrong: impl Fn(usize, usize) -> bool) -> Found {
    let mut counts: BTreeMap<&RaftMessage, (Vec<usize>, usize)> = BTreeMap::new();
    for (place, event) in log.events.iter().enumerate() {
        let Some((direction, message)) = &event.message else { continue };
        let (sent, received) = counts.entry(message).or_default();
        if *direction == Direction::Send {
            sent.push(place);
            continue;
        }
        if wrong(sent.len(), *received) {
            let (to, from) = (&log.processes[event.process], &log.processes[message.from]);
            let sentence = match sent.len() {
                0 => format!("{to} receives a {} of {from} that {from} has not sent", message.kind),
                count => format!("{to} receives a {} of {from} once more than the {count} times it was sent", message.kind),
            };
            return Some((sent.last().copied().into_iter().chain([place]).collect(), sentence));
        }
        *received += 1;
    }
    None
}

/// The first event that does not go with the one before it at its process.
fn falls(log: &RaftLog, wrong: impl Fn(&RaftEvent, &RaftEvent) -> Option<String>) -> Found {
    let mut before: Vec<Option<usize>> = alloc::vec![None; log.processes.len()];
    for (place, event) in log.events.iter().enumerate() {
        if let Some(earlier) = before[event.process].replace(place)
            && let Some(sentence) = wrong(&log.events[earlier], event)
        {
            return Some((alloc::vec![earlier, place], format!("{} {sentence}", log.processes[event.process])));
        }
    }
    None
}

fn second_vote(log: &RaftLog) -> Found {
    let mut votes: BTreeMap<(usize, u64), (usize, usize)> = BTreeMap::new();
    for (place, event) in log.events.iter().enumerate() {
        let Some(vote) = event.vote else { continue };
        let (first, earlier) = *votes.entry((event.process, event.term)).or_insert((vote, place));
        if first != vote {
            let [process, vote, first] = [event.process, vote, first].map(|process| &log.processes[process]);
            return Some((alloc::vec![earlier, place], format!("{process} votes for {vote} in term {}, after {first}", event.term)));
        }
    }
    None
}

fn second_leader(log: &RaftLog) -> Found {
    let mut leaders: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (place, event) in log.events.iter().enumerate().filter(|(_, event)| event.leads) {
        let (first, earlier) = *leaders.entry(event.term).or_insert((event.process, place));
        if first != event.process {
            let [process, first] = [event.process, first].map(|process| &log.processes[process]);
            return Some((alloc::vec![earlier, place], format!("{process} leads in term {}, and so does {first}", event.term)));
        }
    }
    None
}

impl fmt::Display for RaftProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    /// A small log from a strategy's numbers. Mostly it breaks something.
    fn any_log() -> impl Strategy<Value = RaftLog> {
        let event = ((0..3_usize, 0..3_usize), 0..3_u64, 0..4_usize, (0..3_u64, 0..3_u64), 0..8);
        prop::collection::vec(event, 0..20).prop_map(|events| {
            let events = events.into_iter().zip(1..).map(|(((process, other), term, vote, (commit, last), kind), line)| {
                let message = |from, to| RaftMessage { from, to, kind: "MsgApp".to_string(), fields: alloc::vec![] };
                RaftEvent {
                    line,
                    name: if kind == 0 { START } else { "Any" }.to_string(),
                    process,
                    term,
                    vote: vote.checked_sub(1),
                    commit,
                    last,
                    leads: kind == 1,
                    message: match kind {
                        2..5 => Some((Direction::Send, message(process, other))),
                        5..8 => Some((Direction::Receive, message(other, process))),
                        _ => None,
                    },
                }
            });
            RaftLog { processes: ["a", "b", "c"].map(String::from).to_vec(), events: events.collect(), others: 0 }
        })
    }

    /// Whether the last event of a log breaks the property, from the definition alone.
    fn breaks(property: RaftProperty, events: &[RaftEvent]) -> bool {
        let Some((event, before)) = events.split_last() else { return false };
        let own = before.iter().rfind(|other| other.process == event.process);
        let equal = |direction| {
            let message = event.message.as_ref().filter(|(direction, _)| *direction == Direction::Receive);
            message.map(|(_, message)| before.iter().filter(|other| other.message == Some((direction, message.clone()))).count())
        };
        match property {
            RaftProperty::SendBeforeReceive => equal(Direction::Send) == Some(0),
            RaftProperty::NoRepeatedReceipt => {
                equal(Direction::Send).is_some_and(|sent| sent > 0 && equal(Direction::Receive).unwrap() >= sent)
            }
            RaftProperty::TermMonotone => own.is_some_and(|own| own.term > event.term),
            RaftProperty::CommitMonotone => event.name != START && own.is_some_and(|own| own.commit > event.commit),
            RaftProperty::CommitWithinLog => event.commit > event.last,
            RaftProperty::OneVotePerTerm => {
                let voted = |other: &RaftEvent| other.process == event.process && other.term == event.term && other.vote.is_some();
                event.vote.is_some() && before.iter().any(|other| voted(other) && other.vote != event.vote)
            }
            RaftProperty::OneLeaderPerTerm => {
                let leads = |other: &RaftEvent| other.leads && other.term == event.term && other.process != event.process;
                event.leads && before.iter().any(leads)
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        /// Each is found at the first event that breaks it, and nowhere else.
        #[test]
        fn as_the_definitions_say(log in any_log()) {
            for property in RaftProperty::ALL {
                let first = (0..log.events.len()).find(|last| breaks(property, &log.events[..=*last]));
                let found = property.check(&log).err();
                prop_assert_eq!(found.as_ref().and_then(|violation| violation.events.last().copied()), first, "{}", property);
                if let Some(violation) = found {
                    let place = format!("line {}: ", first.unwrap() + 1);
                    prop_assert!(violation.explanation.starts_with(&place));
                }
            }
        }

        /// The trace is an execution in which each receipt follows a sending, if the log has one for each.
        #[test]
        fn its_trace_is_an_execution(log in any_log()) {
            let trace = log.trace();
            prop_assert_eq!(trace.verify(), Ok(()));
            let order = crate::HappenedBefore::of(&trace).unwrap();
            for (receipt, sendings) in log.candidates() {
                // Whichever was received, the first of them came before.
                prop_assert!(sendings.first().is_none_or(|first| order.before(*first, receipt)));
            }
        }
    }
}
