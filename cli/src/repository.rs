use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use tidings_crdt::Text;

use crate::contents::{Census, Contents, TextFile};
use crate::edits::{edited_bytes, edits};
use crate::git::{Commit, Git, ObjectId, TreeReader};
use crate::history::{History, RecordedEvent};
use crate::version::{Delta, Version, VersionError};
use crate::{Error, FilePath};

/// The history of a git working copy: commits as events, and what git says that the files were at each.
#[derive(Debug)]
pub struct Repository {
    git: Git,
    is_shallow: bool,
    history: Rc<History>,
    commits: Vec<(ObjectId, ObjectId)>,
    changes: Vec<Vec<(FilePath, Option<TextFile>)>>,
    contents: Contents,
    trees: TreeReader,
    versions: Census,
}

/// How much a commit had to correct what joining its parents gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Corrected {
    /// Bytes of text taken out and put in.
    pub bytes: usize,
    /// Files whose presence or mode was set otherwise.
    pub files: usize,
}

/// A file that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file \"{path}\" {what}")]
pub struct Difference {
    /// Which file.
    pub path: FilePath,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Repository {
    /// Lists the commits in the past of `HEAD`, and reads each for its tree and its committer's time. `read` hears how many are done, and of how many.
    ///
    /// # Errors
    /// [`Error`] says what of the repository cannot be read.
    pub fn open(path: &Path, mut read: impl FnMut(usize, usize)) -> Result<Self, Error> {
        let git = Git::open(path)?;
        let is_shallow = git.is_shallow()?;
        let listed = git.commits()?;
        let mut objects = git.objects()?;
        let index: BTreeMap<ObjectId, usize> = listed.iter().enumerate().map(|(event, (id, _))| (*id, event)).collect();
        let mut events = Vec::with_capacity(listed.len());
        let mut commits = Vec::with_capacity(listed.len());
        for (id, parents) in &listed {
            let object = objects.read(*id, "commit")?;
            let commit = Commit::parse(&object).ok_or_else(|| objects.malformed(*id, "commit"))?;
            let mut known: Vec<usize> = Vec::new();
            for parent in parents.iter().filter_map(|parent| index.get(parent)) {
                // Git allows a commit to name a parent twice.
                if !known.contains(parent) {
                    known.push(*parent);
                }
            }
            let millis = commit.committed.map(|seconds| seconds.saturating_mul(1_000));
            events.push(RecordedEvent { parents: known, millis, writer: None });
            commits.push((*id, commit.tree));
            read(commits.len(), listed.len());
        }
        let history = History::new(events).map_err(|why| Error::Git {
            path: path.to_owned(),
            command: "rev-list".to_owned(),
            said: why.to_string(),
        })?;
        Ok(Self {
            git,
            is_shallow,
            history: Rc::new(history),
            commits,
            changes: Vec::new(),
            contents: Contents::default(),
            trees: TreeReader::new(objects),
            versions: Census::default(),
        })
    }

    /// Reads what each commit changed relative to its base, which is one of its parents; nothing for a root.
    ///
    /// # Errors
    /// [`Error`] says which object cannot be read.
    pub fn read_changes(&mut self, bases: &[Option<usize>], mut read: impl FnMut(usize, usize)) -> Result<(), Error> {
        for (event, base) in bases.iter().enumerate() {
            let base = base.map(|base| self.commits[base].1);
            let mut changes = Vec::new();
            for (path, entry) in self.trees.changes(base, self.commits[event].1)? {
                let file = entry.map(|entry| self.contents.file(entry, self.trees.objects())).transpose()?;
                if let Some(file) = &file {
                    self.versions.count(file);
                }
                changes.push((path, file.and_then(Result::ok)));
            }
            self.changes.push(changes);
            read(event + 1, bases.len());
        }
        Ok(())
    }

    /// The commits as events.
    #[must_use]
    pub const fn history(&self) -> &Rc<History> {
        &self.history
    }

    /// The program that reads this repository.
    #[must_use]
    pub const fn git(&self) -> &Git {
        &self.git
    }

    /// Whether the oldest commits' parents are not there.
    #[must_use]
    pub const fn is_shallow(&self) -> bool {
        self.is_shallow
    }

    /// The name of a commit.
    #[must_use]
    pub fn commit(&self, event: usize) -> ObjectId {
        self.commits[event].0
    }

    /// How many versions of files there were in the whole history.
    #[must_use]
    pub const fn versions(&self) -> Census {
        self.versions
    }

    /// Edits a version, joined from the parents of `event`, into what was recorded. `joined` are the files that joining other parents to the base touched.
    ///
    /// # Errors
    /// [`Error`] if a recorded file cannot be read again.
    pub fn edit(
        &mut self,
        event: usize,
        version: &mut Version,
        joined: &BTreeSet<FilePath>,
        chain: u32,
    ) -> Result<(Delta, Corrected), Error> {
        let mut delta = Delta::default();
        let mut corrected = Corrected::default();
        for (path, file) in self.recorded(event, joined)? {
            let set = |version: &mut Version, delta: &mut Delta| -> Result<(), VersionError> {
                version.set_present(chain, &path, file.is_some(), delta)?;
                version.set_executable(chain, &path, file.is_some_and(|file| file.executable), delta)
            };
            let before = (version.is_present(&path), version.is_executable(&path));
            set(version, &mut delta).map_err(|why| self.too_much(event, &why))?;
            corrected.files += usize::from(before != (version.is_present(&path), version.is_executable(&path)));
            let Some(file) = file else { continue };
            let new = self.contents.text(file.content, self.trees.objects())?;
            if version.reads(&path, &new) {
                continue;
            }
            let old: String = version.text(&path).into_iter().flat_map(Text::chunks).collect();
            let edits = edits(&old, &new);
            corrected.bytes += edited_bytes(&old, &edits);
            version.edit(chain, &path, &edits, &mut delta).map_err(|why| self.too_much(event, &why))?;
        }
        Ok((delta, corrected))
    }

    /// Whether a version is the tree that git has for `event`, given that it is built on one that was the tree of the base: then only the files that
    /// git says differ from the base's, and those that joining touched, can be wrong.
    ///
    /// # Errors
    /// [`Error`] if a recorded file cannot be read again.
    pub fn judge(&mut self, event: usize, version: &Version, joined: &BTreeSet<FilePath>) -> Result<Result<(), Difference>, Error> {
        for (path, file) in self.recorded(event, joined)? {
            if let Err(what) = self.judge_file(version, &path, file)? {
                return Ok(Err(Difference { path, what }));
            }
        }
        Ok(Ok(()))
    }

    /// Whether a version is the whole tree that git has for `event`, and how many files git has there.
    ///
    /// # Errors
    /// [`Error`] if a recorded file cannot be read again.
    pub fn judge_whole(&mut self, event: usize, version: &Version) -> Result<(Census, Result<(), Difference>), Error> {
        let mut census = Census::default();
        let mut verdict = Ok(());
        for (path, entry) in self.trees.changes(None, self.commits[event].1)? {
            let Some(entry) = entry else { continue };
            let file = self.contents.file(entry, self.trees.objects())?;
            census.count(&file);
            if let Err(what) = self.judge_file(version, &path, file.ok())? {
                verdict = verdict.and(Err(Difference { path, what }));
            }
        }
        // Every file of the tree was found to be there, so more files there are files that git does not have.
        if verdict.is_ok() && version.files().len() != census.text {
            for path in version.files() {
                if self.file_at(event, path)?.is_none() {
                    verdict = Err(Difference { path: path.clone(), what: "is there, and should not be" });
                    break;
                }
            }
        }
        Ok((census, verdict))
    }

    fn judge_file(&mut self, version: &Version, path: &FilePath, file: Option<TextFile>) -> Result<Result<(), &'static str>, Error> {
        let Some(file) = file else {
            return Ok(if version.is_present(path) { Err("is there, and should not be") } else { Ok(()) });
        };
        let recorded = self.contents.text(file.content, self.trees.objects())?;
        Ok(if !version.is_present(path) {
            Err("is not there, and should be")
        } else if version.is_executable(path) != file.executable {
            Err("has the wrong mode")
        } else if !version.reads(path, &recorded) {
            Err("has other content")
        } else {
            Ok(())
        })
    }

    /// What git has at `event` in the files that differ from the base's, and in those of `joined`.
    fn recorded(&mut self, event: usize, joined: &BTreeSet<FilePath>) -> Result<Vec<(FilePath, Option<TextFile>)>, Error> {
        let mut recorded = self.changes[event].clone();
        for path in joined {
            if self.changes[event].binary_search_by(|(changed, _)| changed.cmp(path)).is_err() {
                let file = self.file_at(event, path)?;
                recorded.push((path.clone(), file));
            }
        }
        Ok(recorded)
    }

    fn file_at(&mut self, event: usize, path: &FilePath) -> Result<Option<TextFile>, Error> {
        let entry = self.trees.entry_at(self.commits[event].1, path)?;
        let file = entry.filter(|entry| !matches!(entry, crate::git::TreeEntry::Directory(_)));
        Ok(file.map(|entry| self.contents.file(entry, self.trees.objects())).transpose()?.and_then(Result::ok))
    }

    fn too_much(&self, event: usize, why: &VersionError) -> Error {
        Error::Git { path: self.git.path().to_owned(), command: format!("commit {}", self.commit(event)), said: why.to_string() }
    }
}
