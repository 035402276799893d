use tidings_trace::{linearizability, raft, shiviz};

/// Why a file is no log that can be judged: where it stops to be one, and what should have stood there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLog {
    /// The gzip stream is cut short or damaged.
    #[error("the gzip stream is cut short or damaged: {why}")]
    Gzip {
        /// What the decoder says.
        why: String,
    },
    /// More than is read.
    #[error("it unpacks to more than {limit} bytes")]
    TooLarge {
        /// How much is read.
        limit: u64,
    },
    /// It is no text.
    #[error("line {line}, column {column}: expected a text in UTF-8")]
    NotText {
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
    },
    /// It is no trace in our JSON.
    #[error("line {line}, column {column}: {why}")]
    Trace {
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1.
        column: usize,
        /// What the reader of JSON says.
        why: String,
    },
    /// It is no log with vector clocks.
    #[error(transparent)]
    Shiviz(#[from] shiviz::ReadError),
    /// It is no history.
    #[error(transparent)]
    History(#[from] linearizability::ReadError),
    /// It is no log of raft.
    #[error(transparent)]
    Raft(#[from] raft::ReadError),
}

impl From<serde_json::Error> for BadLog {
    fn from(why: serde_json::Error) -> Self {
        // The reader says the place at the end of its sentence; ours say it at the beginning.
        let (line, column) = (why.line(), why.column());
        let said = why.to_string();
        let why = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said).to_owned();
        Self::Trace { line: line.max(1), column: column.max(1), why }
    }
}
