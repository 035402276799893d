use std::io::Read;
use std::path::Path;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::history::{History, NotAHistory, RecordedEvent};
use crate::{Error, timestamp};

/// How large an editing trace may be once it is unpacked.
const LARGEST: u64 = 1 << 30;

/// Why a file is no editing trace.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATrace {
    /// The gzip stream is cut short or damaged.
    #[error("the gzip stream is cut short or damaged: {why}")]
    Gzip {
        /// What the decoder says.
        why: String,
    },
    /// More than can be meant.
    #[error("it unpacks to more than {LARGEST} bytes")]
    TooLarge,
    /// It is no JSON, or not of this form; the sentence names line and column.
    #[error("not an editing trace: {why}")]
    Json {
        /// What the parser says.
        why: String,
    },
    /// A kind that is neither sequential nor concurrent.
    #[error("editing traces are sequential or concurrent, not {kind:?}")]
    UnknownKind {
        /// What the file says.
        kind: String,
    },
    /// A writer beyond those that the file announces.
    #[error("transaction {transaction} is by agent {agent}, but there are {agents}")]
    NoSuchAgent {
        /// Which transaction, from 0.
        transaction: usize,
        /// Whom it names.
        agent: u32,
        /// How many there are.
        agents: u32,
    },
    /// A patch that reaches beyond the text it is made on.
    #[error(
        "transaction {transaction}, patch {patch}: position {at} and {delete} deleted are out of range in a text of {length} characters"
    )]
    OutOfRange {
        /// Which transaction, from 0.
        transaction: usize,
        /// Which of its patches, from 0.
        patch: usize,
        /// Where, in characters.
        at: usize,
        /// How many characters should go.
        delete: usize,
        /// How many there are.
        length: usize,
    },
    /// More than a text can hold.
    #[error("transaction {transaction}: {why}")]
    TooMuch {
        /// Which transaction, from 0.
        transaction: usize,
        /// What the text says.
        why: String,
    },
    /// The transactions do not make a graph. Events are transactions here.
    #[error("the transactions are in no order: {0}")]
    NotAHistory(#[from] NotAHistory),
}

/// One edit: at a place in characters, so many characters go and these come.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Patch(pub usize, pub usize, pub String);

/// A recorded editing session in the JSON form of josephg's editing-traces, sequential or concurrent.
///
/// A sequential trace is one writer's; in a concurrent one each transaction names what it was made on top of, and its places are meant in the text that
/// merging these gives.
#[derive(Clone, Debug)]
pub struct EditingTrace {
    history: Rc<History>,
    transactions: Vec<Vec<Patch>>,
    end: String,
    first_transaction: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    kind: Option<String>,
    #[serde(default)]
    start_content: String,
    end_content: String,
    num_agents: Option<u32>,
    txns: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    #[serde(default)]
    parents: Vec<usize>,
    agent: Option<u32>,
    time: Option<String>,
    patches: Vec<Patch>,
}

impl EditingTrace {
    /// Reads a trace from a file, unpacking it if it begins as gzip does.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Trace`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = std::fs::read(path).map_err(|why| Error::io(path, &why))?;
        Self::parse(&file).map_err(|why| Error::Trace { path: path.to_owned(), why })
    }

    /// Reads a trace from bytes, unpacking them if they begin as gzip does. O(bytes), and at most 1 GiB unpacked.
    ///
    /// # Errors
    /// [`NotATrace`] says what is wrong and where. Places of a concurrent trace are known to be in range only when it is replayed.
    pub fn parse(file: &[u8]) -> Result<Self, NotATrace> {
        let mut unpacked = Vec::new();
        let json = if file.starts_with(&[0x1f, 0x8b]) {
            let read = MultiGzDecoder::new(file).take(LARGEST + 1).read_to_end(&mut unpacked);
            read.map_err(|why| NotATrace::Gzip { why: why.to_string() })?;
            &unpacked
        } else {
            file
        };
        if json.len() as u64 > LARGEST {
            return Err(NotATrace::TooLarge);
        }
        let file: File = serde_json::from_slice(json).map_err(|why| NotATrace::Json { why: why.to_string() })?;
        match file.kind.as_deref() {
            None | Some("sequential") => Self::sequential(file),
            Some("concurrent") => Self::concurrent(file),
            Some(kind) => Err(NotATrace::UnknownKind { kind: kind.to_owned() }),
        }
    }

    fn sequential(file: File) -> Result<Self, NotATrace> {
        let mut length = file.start_content.chars().count();
        for (transaction, recorded) in file.txns.iter().enumerate() {
            for (patch, Patch(at, delete, insert)) in recorded.patches.iter().enumerate() {
                if at.checked_add(*delete).is_none_or(|end| end > length) {
                    return Err(NotATrace::OutOfRange { transaction, patch, at: *at, delete: *delete, length });
                }
                length = length - delete + insert.chars().count();
            }
        }
        let parents = |event: usize| if event == 0 { Vec::new() } else { vec![event - 1] };
        Self::with_parents(file, |event, _| parents(event))
    }

    fn concurrent(file: File) -> Result<Self, NotATrace> {
        let agents = file.num_agents.unwrap_or(u32::MAX);
        for (transaction, recorded) in file.txns.iter().enumerate() {
            if let Some(agent) = recorded.agent.filter(|&agent| agent >= agents) {
                return Err(NotATrace::NoSuchAgent { transaction, agent, agents });
            }
            // Found here, so that the numbers are the file's own even if a start content shifts the events.
            if let Some(&parent) = recorded.parents.iter().find(|&&parent| parent >= transaction) {
                return Err(NotAHistory::ParentNotBefore { event: transaction, parent }.into());
            }
        }
        let shift = usize::from(!file.start_content.is_empty());
        Self::with_parents(file, |event, named| match (event, named) {
            (0, _) => Vec::new(),
            (_, []) => (0..shift).collect(),
            (_, named) => named.iter().map(|parent| parent + shift).collect(),
        })
    }

    /// Makes the events. A start content is an event of its own, before all others.
    fn with_parents(file: File, parents: impl Fn(usize, &[usize]) -> Vec<usize>) -> Result<Self, NotATrace> {
        let first_transaction = usize::from(!file.start_content.is_empty());
        let mut events = Vec::with_capacity(file.txns.len() + first_transaction);
        let mut transactions = Vec::with_capacity(file.txns.len() + first_transaction);
        if first_transaction == 1 {
            let first = file.txns.first();
            events.push(RecordedEvent { parents: Vec::new(), millis: None, writer: first.and_then(|first| first.agent) });
            transactions.push(vec![Patch(0, 0, file.start_content)]);
        }
        for recorded in file.txns {
            let millis = recorded.time.as_deref().and_then(timestamp::millis);
            events.push(RecordedEvent { parents: parents(events.len(), &recorded.parents), millis, writer: recorded.agent });
            transactions.push(recorded.patches);
        }
        Ok(Self { history: Rc::new(History::new(events)?), transactions, end: file.end_content, first_transaction })
    }

    /// The transactions as events.
    #[must_use]
    pub const fn history(&self) -> &Rc<History> {
        &self.history
    }

    /// What `event` did to the text, patch by patch: each is meant in the text that the one before left.
    #[must_use]
    pub fn patches(&self, event: usize) -> &[Patch] {
        &self.transactions[event]
    }

    /// The number that the file gives the transaction of `event`.
    #[must_use]
    pub fn transaction(&self, event: usize) -> usize {
        event.saturating_sub(self.first_transaction)
    }

    /// The text as it was recorded at the end.
    #[must_use]
    pub fn end(&self) -> &str {
        &self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn parse(json: &str) -> Result<EditingTrace, NotATrace> {
        EditingTrace::parse(json.as_bytes())
    }

    const SEQUENTIAL: &str = r#"{"startContent":"ab","endContent":"aXb","txns":[{"time":"1970-01-01T00:00:01.5Z","patches":[[1,0,"X"]]},{"patches":[[0,1,""],[0,0,"a"]]}]}"#;

    #[test]
    fn a_sequential_trace_is_one_chain_from_its_start_content() {
        let trace = parse(SEQUENTIAL).unwrap();
        assert_eq!((trace.history().parents(0), trace.history().parents(1), trace.history().parents(2)), (&[][..], &[0][..], &[1][..]));
        assert_eq!(trace.patches(0), [Patch(0, 0, "ab".to_owned())]);
        assert_eq!(trace.history().events()[1].millis, Some(1_500));
        assert_eq!((trace.transaction(1), trace.end()), (0, "aXb"));
    }

    #[test]
    fn a_concurrent_trace_keeps_its_graph_and_writers() {
        let trace = parse(r#"{"kind":"concurrent","endContent":"","numAgents":2,"txns":[{"parents":[],"agent":0,"patches":[]},{"parents":[],"agent":1,"patches":[]},{"parents":[1,0],"agent":1,"patches":[]}]}"#).unwrap();
        assert_eq!(trace.history().parents(2), [1, 0]);
        assert_eq!(trace.history().events()[1].writer, Some(1));
        let shifted = parse(r#"{"kind":"concurrent","startContent":"x","endContent":"x","txns":[{"parents":[],"agent":0,"patches":[]},{"parents":[0],"agent":0,"patches":[]}]}"#).unwrap();
        assert_eq!((shifted.history().parents(1), shifted.history().parents(2)), (&[0][..], &[1][..]));
    }

    #[test]
    fn what_is_no_trace_says_where() {
        let says = |json: &str| parse(json).unwrap_err().to_string();
        assert_eq!(
            says(r#"{"endContent":"","txns":[{"patches":[[0,0,"ab"]]},{"patches":[[1,0,"c"],[2,2,""]]}]}"#),
            "transaction 1, patch 1: position 2 and 2 deleted are out of range in a text of 3 characters"
        );
        assert_eq!(
            says(r#"{"endContent":"","txns":[{"patches":[[0,18446744073709551615,""]]}]}"#),
            "transaction 0, patch 0: position 0 and 18446744073709551615 deleted are out of range in a text of 0 characters"
        );
        assert!(says("{\"endContent\":\n3}").starts_with("not an editing trace: invalid type: integer `3`, expected a string at line 2"));
        assert_eq!(says(r#"{"endContent":"","txns":[]}"#), "the transactions are in no order: there is no event");
        assert_eq!(says(r#"{"kind":"live","endContent":"","txns":[]}"#), "editing traces are sequential or concurrent, not \"live\"");
        assert_eq!(
            says(r#"{"kind":"concurrent","endContent":"","txns":[{"parents":[0],"patches":[]}]}"#),
            "the transactions are in no order: parent 0 of event 0 does not come before it"
        );
        assert_eq!(
            says(r#"{"kind":"concurrent","endContent":"","numAgents":1,"txns":[{"parents":[],"agent":1,"patches":[]}]}"#),
            "transaction 0 is by agent 1, but there are 1"
        );
    }

    #[test]
    fn every_truncation_of_a_gzip_stream_is_an_error() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(SEQUENTIAL.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(EditingTrace::parse(&packed).unwrap().end(), "aXb");
        for end in 0..packed.len() {
            assert!(EditingTrace::parse(&packed[..end]).is_err(), "{end} bytes of {}", packed.len());
        }
    }
}
