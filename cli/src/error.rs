use std::path::{Path, PathBuf};

use crate::{BadLog, NotATrace};

/// Why a source cannot be read, or a result cannot be written. Each is one sentence that names the place.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A file that should hold a scenario does not.
    #[error("{path}: no scenario: {why}", path = path.display())]
    Scenario {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// A file that should hold an exploration which can go on does not, or one cannot be kept there.
    #[error("{path}: {why}", path = path.display())]
    Exploration {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The operating system says no.
    #[error("{path}: {why}", path = path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it says.
        why: String,
    },
    /// A directory that no git repository holds.
    #[error("{path}: not a git repository", path = path.display())]
    NotARepository {
        /// Which directory.
        path: PathBuf,
    },
    /// A repository whose `HEAD` is not born yet.
    #[error("{path}: the repository is empty: HEAD names no commit", path = path.display())]
    NoCommit {
        /// Which repository.
        path: PathBuf,
    },
    /// The program `git` cannot be started.
    #[error("cannot run the program git: {why}")]
    NoGit {
        /// What the operating system says.
        why: String,
    },
    /// The program `git` failed.
    #[error("{path}: git {command} failed: {said}", path = path.display())]
    Git {
        /// In which repository.
        path: PathBuf,
        /// Which of its commands.
        command: String,
        /// The first line of what it said.
        said: String,
    },
    /// An object that the history needs is not in the repository, or cannot be read there.
    #[error("{path}: object {id} is missing from the repository, or damaged", path = path.display())]
    MissingObject {
        /// In which repository.
        path: PathBuf,
        /// Its name.
        id: String,
    },
    /// An object of the history does not have the form it should.
    #[error("{path}: object {id} is no well-formed {expected}", path = path.display())]
    MalformedObject {
        /// In which repository.
        path: PathBuf,
        /// Its name.
        id: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// A file that is no editing trace.
    #[error("{path}: {why}", path = path.display())]
    Trace {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: NotATrace,
    },
    /// A file that is no log which can be judged.
    #[error("{path}: {why}", path = path.display())]
    Log {
        /// Which file.
        path: PathBuf,
        /// Where it stops to be one.
        why: BadLog,
    },
}

impl Error {
    /// What the operating system said about `path`.
    #[must_use]
    pub fn io(path: &Path, why: &std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), why: why.to_string() }
    }
}
