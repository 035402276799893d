use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::ObjectId;
use crate::Error;

/// A blob, or how large it is if that is more than was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobOrSize {
    /// Its bytes.
    Blob(Vec<u8>),
    /// More bytes than the limit; they were skipped.
    Larger(u64),
}

/// `git cat-file --batch`: one process that is asked for object after object.
#[derive(Debug)]
pub struct ObjectReader {
    path: PathBuf,
    child: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl ObjectReader {
    pub(super) fn start(path: &Path, mut command: Command) -> Result<Self, Error> {
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(|why| Error::NoGit { why: why.to_string() })?;
        let asks = child.stdin.take();
        let answers = BufReader::with_capacity(1 << 16, child.stdout.take().expect("the output is piped"));
        Ok(Self { path: path.to_owned(), child, asks, answers })
    }

    /// The bytes of the object `id`, which must be a commit or a tree, as `expected` says.
    ///
    /// # Errors
    /// [`Error::MissingObject`], [`Error::MalformedObject`] if it is of another type, [`Error::Git`] if the process ends.
    pub fn read(&mut self, id: ObjectId, expected: &'static str) -> Result<Vec<u8>, Error> {
        match self.read_up_to(id, expected, u64::MAX)? {
            BlobOrSize::Blob(bytes) => Ok(bytes),
            BlobOrSize::Larger(_) => Err(self.malformed(id, expected)),
        }
    }

    /// The bytes of the blob `id`, if there are no more than `limit`.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_blob(&mut self, id: ObjectId, limit: u64) -> Result<BlobOrSize, Error> {
        self.read_up_to(id, "blob", limit)
    }

    /// The repository that is read.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn malformed(&self, id: ObjectId, expected: &'static str) -> Error {
        Error::MalformedObject { path: self.path.clone(), id: id.to_string(), expected }
    }

    fn read_up_to(&mut self, id: ObjectId, expected: &'static str, limit: u64) -> Result<BlobOrSize, Error> {
        let asked = self.asks.as_mut().map_or(Ok(()), |asks| writeln!(asks, "{id}").and_then(|()| asks.flush()));
        let mut header = Vec::new();
        if asked.is_err() || self.answers.read_until(b'\n', &mut header).is_err() || header.pop() != Some(b'\n') {
            return Err(self.ended());
        }
        let mut words = header.split(|&byte| byte == b' ').skip(1);
        let (kind, size) = (words.next(), words.next());
        if kind == Some(b"missing") {
            return Err(Error::MissingObject { path: self.path.clone(), id: id.to_string() });
        }
        let size: Option<u64> = size.and_then(|size| std::str::from_utf8(size).ok()).and_then(|size| size.parse().ok());
        let (Some(kind), Some(size)) = (kind, size) else { return Err(self.malformed(id, expected)) };
        let right = kind == expected.as_bytes();
        if !right || size > limit {
            let skipped = std::io::copy(&mut self.answers.by_ref().take(size.saturating_add(1)), &mut std::io::sink());
            return match skipped {
                Ok(skipped) if skipped == size.saturating_add(1) && right => Ok(BlobOrSize::Larger(size)),
                Ok(_) if !right => Err(self.malformed(id, expected)),
                _ => Err(self.ended()),
            };
        }
        // What arrives decides how much is kept, not what the header claims.
        let mut bytes = Vec::new();
        match self.answers.by_ref().take(size + 1).read_to_end(&mut bytes) {
            Ok(read) if read as u64 == size + 1 => {
                bytes.pop();
                Ok(BlobOrSize::Blob(bytes))
            }
            _ => Err(self.ended()),
        }
    }

    /// The process is gone: what did it say last?
    fn ended(&mut self) -> Error {
        self.asks = None;
        let mut said = Vec::new();
        if let Some(stderr) = self.child.stderr.as_mut() {
            let _ = stderr.take(1 << 12).read_to_end(&mut said);
        }
        let said = if said.is_empty() { "it ended before it answered".to_owned() } else { super::first_line(&said) };
        Error::Git { path: self.path.clone(), command: "cat-file".to_owned(), said }
    }
}

impl Drop for ObjectReader {
    fn drop(&mut self) {
        // Closing its input ends the process; waiting for it leaves no zombie.
        self.asks = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
