//! The program `git`, asked for commits, trees and blobs. What it prints is parsed here; no git library takes part.

mod commit;
mod object_id;
mod object_reader;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use commit::Commit;
pub use object_id::ObjectId;
pub use object_reader::{BlobOrSize, ObjectReader};
pub use tree::{Tree, TreeEntry, TreeReader};

use crate::Error;

/// What a caller's environment may say about another repository than the one that was asked for (`git rev-parse --local-env-vars`, and traces).
const FOREIGN: [&str; 19] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_TRACE",
    "GIT_TRACE_SETUP",
    "GIT_TRACE2",
];

/// One repository, read through the program `git` on the search path.
///
/// Only commands that read objects are run, none that starts what a repository's configuration names (hooks, monitors, filters, transports); so a repository that
/// belongs to somebody else is read too. Replacement refs are not followed: a commit's name is the hash of what is read.
#[derive(Clone, Debug)]
pub struct Git {
    path: PathBuf,
}

impl Git {
    /// The repository at or above `path`, with at least one commit at `HEAD`.
    ///
    /// # Errors
    /// [`Error::NoGit`], [`Error::NotARepository`], [`Error::NoCommit`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let git = Self { path: path.to_owned() };
        let inside = git.command(&["rev-parse", "--git-dir"]).output().map_err(|why| Error::NoGit { why: why.to_string() })?;
        if !inside.status.success() {
            let said = first_line(&inside.stderr);
            return Err(if said.contains("not a git repository") {
                Error::NotARepository { path: git.path }
            } else {
                Error::Git { path: git.path, command: "rev-parse".to_owned(), said }
            });
        }
        let head = git.command(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).output();
        if !head.map_err(|why| Error::NoGit { why: why.to_string() })?.status.success() {
            return Err(Error::NoCommit { path: git.path });
        }
        Ok(git)
    }

    /// Where it was asked for.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the oldest commits' parents were left out when it was cloned.
    ///
    /// # Errors
    /// [`Error::Git`] if the program fails.
    pub fn is_shallow(&self) -> Result<bool, Error> {
        Ok(self.run(&["rev-parse", "--is-shallow-repository"])?.trim_ascii() == b"true")
    }

    /// The name of every commit in the past of `HEAD` with the names of its parents, parents first. Parents beyond a shallow clone's boundary are not named.
    ///
    /// # Errors
    /// [`Error::Git`] if the program fails.
    pub fn commits(&self) -> Result<Vec<(ObjectId, Vec<ObjectId>)>, Error> {
        let listed = self.run(&["rev-list", "--topo-order", "--reverse", "--parents", "HEAD", "--"])?;
        let mut commits = Vec::new();
        for line in listed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let ids: Option<Vec<ObjectId>> = line.split(|&byte| byte == b' ').map(ObjectId::from_hex).collect();
            match ids.as_deref() {
                Some([id, parents @ ..]) => commits.push((*id, parents.to_vec())),
                _ => return Err(self.failed("rev-list", &format!("it printed {:?}", String::from_utf8_lossy(line)))),
            }
        }
        Ok(commits)
    }

    /// The commit itself and all commits in its past, as git itself says, in any order.
    ///
    /// # Errors
    /// [`Error::Git`] if the program fails.
    pub fn past(&self, commit: ObjectId) -> Result<Vec<ObjectId>, Error> {
        let listed = self.run(&["rev-list", &commit.to_string(), "--"])?;
        let lines = listed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let wrong = |line: &[u8]| self.failed("rev-list", &format!("it printed {:?}", String::from_utf8_lossy(line)));
        lines.map(|line| ObjectId::from_hex(line).ok_or_else(|| wrong(line))).collect()
    }

    /// Starts one long-lived process that reads objects by name.
    ///
    /// # Errors
    /// [`Error::NoGit`] if it cannot be started.
    pub fn objects(&self) -> Result<ObjectReader, Error> {
        ObjectReader::start(&self.path, self.command(&["cat-file", "--batch"]))
    }

    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, Error> {
        let ran = self.command(arguments).output().map_err(|why| Error::NoGit { why: why.to_string() })?;
        if ran.status.success() { Ok(ran.stdout) } else { Err(self.failed(arguments[0], &first_line(&ran.stderr))) }
    }

    fn failed(&self, command: &str, said: &str) -> Error {
        Error::Git { path: self.path.clone(), command: command.to_owned(), said: said.to_owned() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        for name in FOREIGN {
            command.env_remove(name);
        }
        // The network is never asked for what a partial clone lacks.
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "").env("GIT_TERMINAL_PROMPT", "0");
        command.env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command.arg("-C").arg(&self.path).args(["--no-pager", "-c", "safe.directory=*", "-c", "core.fsmonitor=false"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// The first line of what a program complained about, without git's `fatal: `.
fn first_line(said: &[u8]) -> String {
    let line = said.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    line.strip_prefix("fatal: ").unwrap_or(&line).to_owned()
}
