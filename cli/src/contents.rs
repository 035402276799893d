use std::collections::BTreeMap;
use std::rc::Rc;

use crate::Error;
use crate::git::{BlobOrSize, ObjectId, ObjectReader, TreeEntry};

/// Files of more bytes than this are left out.
pub const FILE_LIMIT: u64 = 1 << 20;

/// So many bytes of text are kept; what is beyond is read from the repository again when it is needed.
const KEPT: usize = 64 << 20;

/// A text file as git has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Its content.
    pub content: ContentId,
    /// Whether it may be run.
    pub executable: bool,
}

/// The number of a content among [`Contents`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(u32);

/// What is not replayed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// A file with a NUL byte, or that is not UTF-8.
    Binary,
    /// A symbolic link.
    Symlink,
    /// A commit of another repository.
    Submodule,
    /// A file of more than [`FILE_LIMIT`] bytes.
    TooLarge,
}

/// How many files are replayed, and how many are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Census {
    /// Text files.
    pub text: usize,
    /// Files with a NUL byte, or that are not UTF-8.
    pub binary: usize,
    /// Symbolic links.
    pub symlinks: usize,
    /// Submodules.
    pub submodules: usize,
    /// Files over the limit.
    pub too_large: usize,
}

impl Census {
    /// Counts one.
    pub const fn count(&mut self, found: &Result<TextFile, LeftOut>) {
        *match found {
            Ok(_) => &mut self.text,
            Err(LeftOut::Binary) => &mut self.binary,
            Err(LeftOut::Symlink) => &mut self.symlinks,
            Err(LeftOut::Submodule) => &mut self.submodules,
            Err(LeftOut::TooLarge) => &mut self.too_large,
        } += 1;
    }

    /// How many are left out.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.binary + self.symlinks + self.submodules + self.too_large
    }
}

/// The texts of a repository's files. Each is numbered, and in memory once if it is in memory.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    found: BTreeMap<ObjectId, Result<ContentId, LeftOut>>,
    texts: Vec<(ObjectId, Option<Rc<str>>)>,
    kept: usize,
}

impl Contents {
    /// What stands at an entry that is no directory: a text file, or something that is left out. Reads a content once.
    ///
    /// # Errors
    /// What [`ObjectReader::read_blob`] says.
    pub fn file(&mut self, entry: TreeEntry, objects: &mut ObjectReader) -> Result<Result<TextFile, LeftOut>, Error> {
        match entry {
            TreeEntry::Symlink => Ok(Err(LeftOut::Symlink)),
            TreeEntry::Submodule | TreeEntry::Directory(_) => Ok(Err(LeftOut::Submodule)),
            TreeEntry::File { id, executable } => {
                let content = match self.found.get(&id) {
                    Some(found) => *found,
                    None => self.find(id, objects)?,
                };
                Ok(content.map(|content| TextFile { content, executable }))
            }
        }
    }

    /// A text.
    ///
    /// # Errors
    /// What [`ObjectReader::read_blob`] says, if it has to be read again.
    pub fn text(&self, content: ContentId, objects: &mut ObjectReader) -> Result<Rc<str>, Error> {
        let (id, kept) = &self.texts[content.0 as usize];
        match kept {
            Some(text) => Ok(Rc::clone(text)),
            None => match objects.read_blob(*id, FILE_LIMIT)? {
                BlobOrSize::Blob(bytes) => text_of(&bytes).map(Rc::from).ok_or_else(|| objects.malformed(*id, "text, as it was before")),
                BlobOrSize::Larger(_) => Err(objects.malformed(*id, "text, as it was before")),
            },
        }
    }

    fn find(&mut self, id: ObjectId, objects: &mut ObjectReader) -> Result<Result<ContentId, LeftOut>, Error> {
        let found = match objects.read_blob(id, FILE_LIMIT)? {
            BlobOrSize::Larger(_) => Err(LeftOut::TooLarge),
            BlobOrSize::Blob(bytes) => text_of(&bytes).ok_or(LeftOut::Binary).map(|text| {
                let keep = self.kept + text.len() <= KEPT;
                self.kept += if keep { text.len() } else { 0 };
                self.texts.push((id, keep.then(|| Rc::from(text))));
                ContentId(u32::try_from(self.texts.len() - 1).expect("fewer texts than objects"))
            }),
        };
        self.found.insert(id, found);
        Ok(found)
    }
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    if bytes.contains(&0) { None } else { std::str::from_utf8(bytes).ok() }
}
