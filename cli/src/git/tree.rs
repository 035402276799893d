use std::collections::BTreeMap;
use std::rc::Rc;

use super::{ObjectId, ObjectReader};
use crate::{Error, FilePath};

/// What a name in a tree stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeEntry {
    /// A directory.
    Directory(ObjectId),
    /// A regular file.
    File {
        /// Its content.
        id: ObjectId,
        /// Whether it may be run.
        executable: bool,
    },
    /// A symbolic link.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

/// One directory as git recorded it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<Box<[u8]>, TreeEntry>,
}

impl Tree {
    /// Reads a tree object whose names are `id_bytes` bytes long (20 or 32); `None` if it is malformed.
    #[must_use]
    pub fn parse(mut object: &[u8], id_bytes: usize) -> Option<Self> {
        let mut entries = BTreeMap::new();
        while !object.is_empty() {
            let space = object.iter().position(|&byte| byte == b' ')?;
            let end = object.iter().position(|&byte| byte == 0).filter(|&end| end > space)?;
            let id = ObjectId::from_bytes(object.get(end + 1..end + 1 + id_bytes)?)?;
            let entry = match &object[..space] {
                b"40000" | b"040000" => TreeEntry::Directory(id),
                b"120000" => TreeEntry::Symlink,
                b"160000" => TreeEntry::Submodule,
                mode if mode.starts_with(b"100") && mode.len() == 6 => TreeEntry::File { id, executable: mode[3] & 1 == 1 },
                _ => return None,
            };
            entries.insert(object[space + 1..end].into(), entry);
            object = &object[end + 1 + id_bytes..];
        }
        Some(Self { entries })
    }

    /// What `name` stands for here.
    #[must_use]
    pub fn entry(&self, name: &[u8]) -> Option<TreeEntry> {
        self.entries.get(name).copied()
    }
}

/// Reads trees, and remembers those it read lately.
#[derive(Debug)]
pub struct TreeReader {
    objects: ObjectReader,
    young: BTreeMap<ObjectId, Rc<Tree>>,
    old: BTreeMap<ObjectId, Rc<Tree>>,
    young_entries: usize,
}

/// Two generations of this many entries are remembered.
const GENERATION: usize = 200_000;

impl TreeReader {
    /// Reads through `objects`.
    #[must_use]
    pub const fn new(objects: ObjectReader) -> Self {
        Self { objects, young: BTreeMap::new(), old: BTreeMap::new(), young_entries: 0 }
    }

    /// The process below, for blobs and commits.
    pub const fn objects(&mut self) -> &mut ObjectReader {
        &mut self.objects
    }

    /// The tree `id`.
    ///
    /// # Errors
    /// What [`ObjectReader::read`] says, or [`Error::MalformedObject`].
    pub fn tree(&mut self, id: ObjectId) -> Result<Rc<Tree>, Error> {
        if let Some(tree) = self.young.get(&id) {
            return Ok(Rc::clone(tree));
        }
        let tree = match self.old.get(&id) {
            Some(tree) => Rc::clone(tree),
            None => {
                let object = self.objects.read(id, "tree")?;
                Rc::new(Tree::parse(&object, id.as_bytes().len()).ok_or_else(|| self.objects.malformed(id, "tree"))?)
            }
        };
        self.young_entries += tree.entries.len() + 1;
        self.young.insert(id, Rc::clone(&tree));
        if self.young_entries > GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.young_entries = 0;
        }
        Ok(tree)
    }

    /// What stands at `path` below the tree `root`; `None` if nothing does.
    ///
    /// # Errors
    /// As for [`tree`](Self::tree).
    pub fn entry_at(&mut self, root: ObjectId, path: &FilePath) -> Result<Option<TreeEntry>, Error> {
        let mut at = TreeEntry::Directory(root);
        for name in path.as_bytes().split(|&byte| byte == b'/') {
            let TreeEntry::Directory(id) = at else { return Ok(None) };
            match self.tree(id)?.entry(name) {
                Some(entry) => at = entry,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Every path but directories at which the trees `old` and `new` differ, with what stands there in `new`; ordered by path.
    ///
    /// Equal subtrees are not read. Without `old`, all that `new` holds.
    ///
    /// # Errors
    /// As for [`tree`](Self::tree).
    pub fn changes(&mut self, old: Option<ObjectId>, new: ObjectId) -> Result<Vec<(FilePath, Option<TreeEntry>)>, Error> {
        let mut changes = Vec::new();
        // No recursion: a hostile repository may nest as deep as it likes.
        let mut unread = vec![(Vec::new(), old, Some(new))];
        while let Some((prefix, old, new)) = unread.pop() {
            if old == new {
                continue;
            }
            let mut read = |id: Option<ObjectId>| id.map_or_else(|| Ok(Rc::default()), |id| self.tree(id));
            let (old, new) = (read(old)?, read(new)?);
            let gone = old.entries.keys().filter(|name| !new.entries.contains_key(*name));
            for name in new.entries.keys().chain(gone) {
                let (before, now) = (old.entry(name), new.entry(name));
                if before == now {
                    continue;
                }
                let mut path: Vec<u8> = prefix.clone();
                path.extend_from_slice(name);
                let directory = |entry| if let Some(TreeEntry::Directory(id)) = entry { Some(id) } else { None };
                let file = |entry: Option<TreeEntry>| entry.filter(|entry| !matches!(entry, TreeEntry::Directory(_)));
                if file(before).is_some() || file(now).is_some() {
                    changes.push((FilePath::from(path.as_slice()), file(now)));
                }
                if directory(before).is_some() || directory(now).is_some() {
                    path.push(b'/');
                    unread.push((path, directory(before), directory(now)));
                }
            }
        }
        changes.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(entries: &[(&str, &str)]) -> Vec<u8> {
        let entry = |(mode, name): &(&str, &str)| [format!("{mode} {name}\0").as_bytes(), &[7; 20]].concat();
        entries.iter().flat_map(entry).collect()
    }

    #[test]
    fn modes_tell_what_a_name_stands_for() {
        let modes = [("40000", "d"), ("100644", "f"), ("100755", "x"), ("100664", "old form"), ("120000", "l"), ("160000", "s")];
        let tree = Tree::parse(&object(&modes), 20).unwrap();
        let id = ObjectId::from_bytes(&[7; 20]).unwrap();
        assert_eq!(tree.entry(b"d"), Some(TreeEntry::Directory(id)));
        assert_eq!(tree.entry(b"f"), Some(TreeEntry::File { id, executable: false }));
        assert_eq!(tree.entry(b"x"), Some(TreeEntry::File { id, executable: true }));
        assert_eq!(tree.entry(b"old form"), Some(TreeEntry::File { id, executable: false }));
        assert_eq!((tree.entry(b"l"), tree.entry(b"s"), tree.entry(b"?")), (Some(TreeEntry::Symlink), Some(TreeEntry::Submodule), None));
    }

    #[test]
    fn no_prefix_of_a_tree_object_and_no_other_mode_is_taken() {
        let whole = object(&[("100644", "a"), ("40000", "b")]);
        let one = object(&[("100644", "a")]).len();
        for end in 0..whole.len() {
            assert_eq!(Tree::parse(&whole[..end], 20).is_some(), end == 0 || end == one, "{end} bytes");
        }
        assert_eq!(Tree::parse(&object(&[("777", "a")]), 20), None);
        assert_eq!(Tree::parse(b"\0 ", 20), None);
    }
}
