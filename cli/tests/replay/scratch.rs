use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::program::clean;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum File {
    /// A regular file.
    Plain(Vec<u8>),
    /// One that may be run.
    Executable(Vec<u8>),
    /// A symbolic link.
    Symlink(&'static str),
    /// A commit of another repository.
    Submodule,
}

impl From<&str> for File {
    fn from(text: &str) -> Self {
        Self::Plain(text.into())
    }
}

/// The files of one commit.
pub(crate) type Files = BTreeMap<Vec<u8>, File>;

/// Some files.
pub(crate) fn files<const N: usize>(files: [(&str, &str); N]) -> Files {
    files.into_iter().map(|(path, text)| (path.as_bytes().to_vec(), File::from(text))).collect()
}

/// A repository in a folder of its own, made through `git fast-import`: each commit is given as all of its files.
pub(crate) struct Scratch {
    folder: TempDir,
    stream: Vec<u8>,
    commits: usize,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), stream: Vec::new(), commits: 0 }
    }

    /// Adds a commit; its number is returned. One second passes with each.
    pub(crate) fn commit(&mut self, parents: &[usize], files: &Files) -> usize {
        let seconds = 1_700_000_000 + i64::try_from(self.commits).unwrap();
        self.commit_at(seconds, parents, files)
    }

    /// Adds a commit that was made at `seconds` since 1970, as its committer's clock said.
    pub(crate) fn commit_at(&mut self, seconds: i64, parents: &[usize], files: &Files) -> usize {
        self.commit_with(seconds, parents, |stream| {
            stream.extend_from_slice(b"deleteall\n");
            for (path, file) in files {
                change(stream, path, Some(file));
            }
        })
    }

    /// Adds a commit that changes some files of its first parent's; `None` takes one away.
    pub(crate) fn commit_changes(&mut self, parents: &[usize], changes: &[(&[u8], Option<&File>)]) -> usize {
        let seconds = 1_700_000_000 + i64::try_from(self.commits).unwrap();
        self.commit_with(seconds, parents, |stream| {
            for (path, file) in changes {
                change(stream, path, *file);
            }
        })
    }

    fn commit_with(&mut self, seconds: i64, parents: &[usize], files: impl FnOnce(&mut Vec<u8>)) -> usize {
        let number = self.commits;
        self.commits += 1;
        let stream = &mut self.stream;
        // A branch for each commit: fast-import would take the branch's last commit as a parent that is not named.
        writeln!(stream, "commit refs/heads/c{number}\nmark :{}\ncommitter Some Body <some@body> {seconds} +0000\ndata 0", number + 1)
            .unwrap();
        for (place, parent) in parents.iter().enumerate() {
            writeln!(stream, "{} :{}", if place == 0 { "from" } else { "merge" }, parent + 1).unwrap();
        }
        files(stream);
        stream.push(b'\n');
        number
    }

    /// Makes the repository without any commit.
    pub(crate) fn finish_empty(self, how: &[&str]) -> Repository {
        let repository = Repository { folder: self.folder };
        repository.git(&[&["init", "--quiet", "--initial-branch=main"], how].concat());
        repository
    }

    /// Makes the repository with `HEAD` at this commit. It has a work tree, but no files are checked out.
    pub(crate) fn finish(self, head: usize) -> Repository {
        let (folder, stream) = (self.folder, self.stream);
        let repository = Self { folder, stream: Vec::new(), commits: 0 }.finish_empty(&[]);
        let mut import =
            clean("git").args(["fast-import", "--quiet"]).current_dir(repository.path()).stdin(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(&stream).unwrap();
        assert!(import.wait().unwrap().success());
        repository.git(&["update-ref", "refs/heads/main", &format!("refs/heads/c{head}")]);
        repository
    }
}

fn change(stream: &mut Vec<u8>, path: &[u8], file: Option<&File>) {
    let mut quoted = Vec::new();
    for &byte in path {
        match byte {
            b'"' | b'\\' | ..b' ' | 0x7f.. => write!(quoted, "\\{byte:03o}").unwrap(),
            plain => quoted.push(plain),
        }
    }
    let quoted = String::from_utf8(quoted).unwrap();
    let (mode, content) = match file {
        None => return writeln!(stream, "D \"{quoted}\"").unwrap(),
        Some(File::Submodule) => return writeln!(stream, "M 160000 {} \"{quoted}\"", "1234".repeat(10)).unwrap(),
        Some(File::Plain(content)) => ("100644", content.as_slice()),
        Some(File::Executable(content)) => ("100755", content.as_slice()),
        Some(File::Symlink(target)) => ("120000", target.as_bytes()),
    };
    writeln!(stream, "M {mode} inline \"{quoted}\"\ndata {}", content.len()).unwrap();
    stream.extend_from_slice(content);
    stream.push(b'\n');
}

/// A repository that is removed when this is dropped.
pub(crate) struct Repository {
    folder: TempDir,
}

impl Repository {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs git here, and returns what it printed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let ran = clean("git").args(arguments).current_dir(self.path()).output().unwrap();
        assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    }

    /// Takes every pack apart, so that an object is a file, and returns where this one is.
    pub(crate) fn object(&self, name: &str) -> PathBuf {
        let id = self.git(&["rev-parse", name]);
        let (folder, file) = id.trim().split_at(2);
        let packs = self.path().join(".git/objects/pack");
        for pack in std::fs::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path()) {
            if pack.extension().is_some_and(|extension| extension == "pack") {
                let moved = self.path().join("taken-apart.pack");
                std::fs::rename(&pack, &moved).unwrap();
                std::fs::remove_file(pack.with_extension("idx")).unwrap();
                let unpack = clean("git")
                    .args(["unpack-objects", "-q"])
                    .current_dir(self.path())
                    .stdin(std::fs::File::open(&moved).unwrap())
                    .status();
                assert!(unpack.unwrap().success());
            }
        }
        self.path().join(".git/objects").join(folder).join(file)
    }
}
