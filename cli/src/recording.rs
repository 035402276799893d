use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tidings_crdt::{Text, TextError};

use crate::contents::Census;
use crate::repository::{Corrected, Difference, Repository};
use crate::version::{Delta, Version, VersionError};
use crate::{Chains, Edit, EditingTrace, Error, FilePath, History, NotATrace};

/// What was recorded: what is replayed, and what the replay is judged by.
#[derive(Debug)]
pub enum Recording {
    /// A git working copy.
    Repository(Box<Repository>),
    /// An editing trace.
    Editing {
        /// Where it was read.
        path: PathBuf,
        /// What it says.
        trace: Box<EditingTrace>,
        /// The one file that it edits.
        document: FilePath,
    },
}

impl Recording {
    /// Reads a directory as a git working copy, a file as an editing trace. `read` hears how many commits are read, and of how many.
    ///
    /// # Errors
    /// [`Error`] says what cannot be read, and where.
    pub fn open(source: &Path, read: impl FnMut(usize, usize)) -> Result<Self, Error> {
        let kind = std::fs::metadata(source).map_err(|why| Error::io(source, &why))?;
        if kind.is_dir() {
            return Repository::open(source, read).map(|repository| Self::Repository(Box::new(repository)));
        }
        let trace = EditingTrace::open(source)?;
        Ok(Self::Editing { path: source.to_owned(), trace: Box::new(trace), document: FilePath::from("") })
    }

    /// Reads what each event changed relative to its base.
    ///
    /// # Errors
    /// [`Error`] says which object cannot be read.
    pub fn read_changes(&mut self, bases: &[Option<usize>], read: impl FnMut(usize, usize)) -> Result<(), Error> {
        match self {
            Self::Repository(repository) => repository.read_changes(bases, read),
            Self::Editing { .. } => Ok(()),
        }
    }

    /// The events.
    #[must_use]
    pub const fn history(&self) -> &Rc<History> {
        match self {
            Self::Repository(repository) => repository.history(),
            Self::Editing { trace, .. } => trace.history(),
        }
    }

    /// What kind of source it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Repository(_) => "git",
            Self::Editing { .. } => "editing trace",
        }
    }

    /// What a person calls an event.
    #[must_use]
    pub fn name(&self, event: usize) -> String {
        match self {
            Self::Repository(repository) => format!("commit {:.12}", repository.commit(event).to_string()),
            Self::Editing { trace, .. } => format!("transaction {}", trace.transaction(event)),
        }
    }

    /// Does to a version, joined from the parents of `event`, what was recorded. `joined` are the files that joining other parents to the base touched.
    ///
    /// # Errors
    /// [`Error`] if the recording cannot be read again, or makes no sense there.
    pub fn edit(
        &mut self,
        event: usize,
        version: &mut Version,
        joined: &BTreeSet<FilePath>,
        chain: u32,
    ) -> Result<(Delta, Corrected), Error> {
        match self {
            Self::Repository(repository) => repository.edit(event, version, joined, chain),
            Self::Editing { path, trace, document } => {
                let mut delta = Delta::default();
                let wrong = |why| Error::Trace { path: path.clone(), why };
                let full = |why: &VersionError| wrong(NotATrace::TooMuch { transaction: trace.transaction(event), why: why.to_string() });
                version.set_present(chain, document, true, &mut delta).map_err(|why| full(&why))?;
                for (patch, (at, delete, insert)) in trace.patches(event).iter().map(|patch| (patch.0, patch.1, &patch.2)).enumerate() {
                    let transaction = trace.transaction(event);
                    let length = version.text(document).map_or(0, Text::len);
                    if at.checked_add(delete).is_none_or(|end| end > length) {
                        return Err(wrong(NotATrace::OutOfRange { transaction, patch, at, delete, length }));
                    }
                    version.edit(chain, document, &[Edit { at, delete, insert }], &mut delta).map_err(|why| match why {
                        VersionError::Text(TextError::OutOfRange { length, .. }) => {
                            wrong(NotATrace::OutOfRange { transaction, patch, at, delete, length })
                        }
                        why => full(&why),
                    })?;
                }
                Ok((delta, Corrected::default()))
            }
        }
    }

    /// Whether a version is what was recorded for `event`, given that the version of its base was. An editing trace records nothing in between.
    ///
    /// # Errors
    /// [`Error`] if the recording cannot be read again.
    pub fn judge(&mut self, event: usize, version: &Version, joined: &BTreeSet<FilePath>) -> Result<Result<(), Difference>, Error> {
        match self {
            Self::Repository(repository) => repository.judge(event, version, joined),
            Self::Editing { .. } => Ok(Ok(())),
        }
    }

    /// Whether a version is all that was recorded at the end, and what there is.
    ///
    /// # Errors
    /// [`Error`] if the recording cannot be read again.
    pub fn judge_end(&mut self, version: &Version) -> Result<(Census, Result<(), Difference>), Error> {
        match self {
            Self::Repository(repository) => repository.judge_whole(repository.history().len() - 1, version),
            Self::Editing { trace, document, .. } => {
                let census = Census { text: 1, ..Census::default() };
                let same = version.reads(document, trace.end());
                Ok((census, if same { Ok(()) } else { Err(Difference { path: document.clone(), what: "has other content" }) }))
            }
        }
    }
}

/// Which parent each event builds on: the one with the most events in its past, so that the fewest have to be joined to it. `None` for roots.
#[must_use]
pub(crate) fn bases(history: &History, chains: &Chains, known: impl Fn(usize, usize) -> u64) -> Vec<Option<usize>> {
    let past = |event: usize| (0..chains.len()).map(|chain| known(event, chain)).sum::<u64>();
    let base = |event| match history.parents(event) {
        [] => None,
        [only] => Some(*only),
        several => several.iter().copied().rev().max_by_key(|&parent| past(parent)),
    };
    (0..history.len()).map(base).collect()
}
