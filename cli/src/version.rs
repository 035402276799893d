use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use tidings_clocks::{Overflow, Rank, VectorClock};
use tidings_crdt::{AddWinsSet, Join, Text, TextDelta, TextError};

use crate::{Edit, FilePath};

/// The number of a chain: who acts in a CRDT.
type Actor = u32;

/// What one event changed, as it travels from replica to replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Which files came and went; nothing if none did.
    pub present: Option<AddWinsSet<Actor, FilePath>>,
    /// Which files may be run; nothing if that did not change.
    pub executable: Option<AddWinsSet<Actor, FilePath>>,
    /// The files that were taken out of these sets: their deltas say only which additions are gone, not of what.
    pub removed: Vec<FilePath>,
    /// What was edited, file by file.
    pub texts: Vec<(FilePath, TextDelta<Actor>)>,
}

impl Delta {
    /// The files that it speaks of, some more than once.
    pub fn paths(&self) -> impl Iterator<Item = &FilePath> {
        let sets = [&self.present, &self.executable];
        sets.into_iter().flatten().flat_map(AddWinsSet::iter).chain(&self.removed).chain(self.texts.iter().map(|(path, _)| path))
    }
}

/// Why a version was not changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// A text refuses an edit or a delta.
    #[error(transparent)]
    Text(#[from] TextError<Actor>),
    /// A chain has added as many files as can be counted.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// All files as they are at one event, in CRDTs: what is there is an add-wins set, what may be run another, and each file is a text.
///
/// A removed file keeps its text, so that one that comes back is edited and not written anew. Copies share what they have in common.
#[derive(Clone, Debug, Default)]
pub struct Version {
    known: VectorClock,
    present: Rc<AddWinsSet<Actor, FilePath>>,
    executable: Rc<AddWinsSet<Actor, FilePath>>,
    texts: Rc<BTreeMap<FilePath, Rc<Text<Actor>>>>,
}

impl Version {
    /// The version before all events.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts an event of `chain` as known.
    ///
    /// # Panics
    /// Never: a chain has fewer than 2⁶⁴ events.
    pub fn note(&mut self, chain: Actor) {
        self.known.tick(Rank(chain)).expect("a chain has fewer than 2^64 events");
    }

    /// Takes in what one event changed. What it built on must be known.
    ///
    /// # Errors
    /// [`VersionError`] if a text's delta does not fit; then other files of the same delta may have been changed.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), VersionError> {
        if let Some(present) = &delta.present {
            Rc::make_mut(&mut self.present).join(present);
        }
        if let Some(executable) = &delta.executable {
            Rc::make_mut(&mut self.executable).join(executable);
        }
        for (path, delta) in &delta.texts {
            self.text_mut(path).apply(delta)?;
        }
        Ok(())
    }

    /// Puts a file there, or takes it away, and says so in `delta`.
    ///
    /// # Errors
    /// [`VersionError::Overflow`]; then nothing changed.
    pub fn set_present(&mut self, chain: Actor, path: &FilePath, present: bool, delta: &mut Delta) -> Result<(), VersionError> {
        set(&mut self.present, chain, path, present, &mut delta.present, &mut delta.removed)
    }

    /// Lets a file be run, or not, and says so in `delta`.
    ///
    /// # Errors
    /// [`VersionError::Overflow`]; then nothing changed.
    pub fn set_executable(&mut self, chain: Actor, path: &FilePath, executable: bool, delta: &mut Delta) -> Result<(), VersionError> {
        set(&mut self.executable, chain, path, executable, &mut delta.executable, &mut delta.removed)
    }

    /// Edits a file, and says so in `delta`. Places are meant in the text before all of these edits.
    ///
    /// # Errors
    /// [`VersionError::Text`]; then the edits before the one that failed are done.
    pub fn edit(&mut self, chain: Actor, path: &FilePath, edits: &[Edit<'_>], delta: &mut Delta) -> Result<(), VersionError> {
        if edits.is_empty() {
            return Ok(());
        }
        let text = self.text_mut(path);
        let mut all = TextDelta::new();
        let (mut inserted, mut deleted) = (0, 0);
        for edit in edits {
            let start = edit.at + inserted - deleted;
            all.append(text.splice(chain, start..start + edit.delete, edit.insert)?);
            inserted += edit.insert.chars().count();
            deleted += edit.delete;
        }
        delta.texts.push((path.clone(), all));
        Ok(())
    }

    /// How many events of each chain are in this version.
    #[must_use]
    pub const fn known(&self) -> &VectorClock {
        &self.known
    }

    /// Whether the file is there.
    #[must_use]
    pub fn is_present(&self, path: &FilePath) -> bool {
        self.present.contains(path)
    }

    /// Whether the file may be run.
    #[must_use]
    pub fn is_executable(&self, path: &FilePath) -> bool {
        self.executable.contains(path)
    }

    /// The files that are there, in order.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &FilePath> {
        self.present.iter()
    }

    /// A file's text, whether or not the file is there; `None` if nothing was ever written.
    #[must_use]
    pub fn text(&self, path: &FilePath) -> Option<&Text<Actor>> {
        self.texts.get(path).map(|text| &**text)
    }

    /// Whether a file's text is `expected`, byte for byte. O(bytes), and O(1) if the lengths differ.
    #[must_use]
    pub fn reads(&self, path: &FilePath, expected: &str) -> bool {
        let Some(text) = self.text(path) else { return expected.is_empty() };
        let mut rest = expected.as_bytes();
        text.len_bytes() == expected.len()
            && text.chunks().all(|chunk| match rest.split_at_checked(chunk.len()) {
                Some((these, others)) if these == chunk.as_bytes() => {
                    rest = others;
                    true
                }
                _ => false,
            })
    }

    fn text_mut(&mut self, path: &FilePath) -> &mut Text<Actor> {
        let texts = Rc::make_mut(&mut self.texts);
        if !texts.contains_key(path) {
            texts.insert(path.clone(), Rc::default());
        }
        Rc::make_mut(texts.get_mut(path).expect("it was put there"))
    }
}

impl Join for Version {
    /// State by state, file by file. Files that both versions share are not looked at.
    fn join(&mut self, other: &Self) -> bool {
        let mut changed = self.known.join(&other.known);
        for (ours, theirs) in [(&mut self.present, &other.present), (&mut self.executable, &other.executable)] {
            if !Rc::ptr_eq(ours, theirs) {
                changed |= Rc::make_mut(ours).join(theirs);
            }
        }
        if !Rc::ptr_eq(&self.texts, &other.texts) {
            for (path, theirs) in other.texts.iter() {
                match self.texts.get(path) {
                    Some(ours) if Rc::ptr_eq(ours, theirs) => {}
                    Some(_) => changed |= self.text_mut(path).join(theirs),
                    None => {
                        Rc::make_mut(&mut self.texts).insert(path.clone(), Rc::clone(theirs));
                        changed = true;
                    }
                }
            }
        }
        changed
    }
}

/// Whether they hold the same; what is known of other chains does not count.
impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        let paths: BTreeSet<&FilePath> = self.texts.keys().chain(other.texts.keys()).collect();
        let read = |version: &Self, path| version.text(path).map(|text| text.chunks().collect::<String>()).unwrap_or_default();
        self.present == other.present
            && self.executable == other.executable
            && paths.into_iter().all(|path| read(self, path) == read(other, path))
    }
}

fn set(
    files: &mut Rc<AddWinsSet<Actor, FilePath>>,
    chain: Actor,
    path: &FilePath,
    is_in: bool,
    delta: &mut Option<AddWinsSet<Actor, FilePath>>,
    removed: &mut Vec<FilePath>,
) -> Result<(), VersionError> {
    if files.contains(path) == is_in {
        return Ok(());
    }
    let files = Rc::make_mut(files);
    let change = if is_in {
        files.add(chain, path.clone())?
    } else {
        removed.push(path.clone());
        files.remove(path)
    };
    delta.get_or_insert_default().join(&change);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A removal's delta names no element: a merge that did not look at what was removed left a file out that git had kept.
    #[test]
    fn a_delta_speaks_of_what_it_removes() {
        let path = FilePath::from("a/b");
        let mut version = Version::new();
        version.set_present(0, &path, true, &mut Delta::default()).unwrap();
        version.set_executable(0, &path, true, &mut Delta::default()).unwrap();
        for (present, executable) in [(true, false), (false, false)] {
            let mut delta = Delta::default();
            version.set_executable(0, &path, executable, &mut delta).unwrap();
            version.set_present(0, &path, present, &mut delta).unwrap();
            assert_eq!(delta.paths().collect::<Vec<_>>(), [&path]);
        }
    }

    #[test]
    fn what_is_set_already_is_no_change() {
        let path = FilePath::from("a");
        let (mut version, mut delta) = (Version::new(), Delta::default());
        version.set_present(0, &path, false, &mut delta).unwrap();
        version.edit(0, &path, &[], &mut delta).unwrap();
        assert_eq!(delta, Delta::default());
    }

    #[test]
    fn places_of_several_edits_are_meant_in_the_text_before_them() {
        let path = FilePath::from("a");
        let (mut version, mut delta) = (Version::new(), Delta::default());
        version.edit(0, &path, &[Edit { at: 0, delete: 0, insert: "größer als\n" }], &mut delta).unwrap();
        let edits =
            [Edit { at: 0, delete: 1, insert: "G" }, Edit { at: 3, delete: 2, insert: "ss" }, Edit { at: 10, delete: 1, insert: "" }];
        version.edit(1, &path, &edits, &mut delta).unwrap();
        assert!(version.reads(&path, "Grössr als"));
    }

    #[test]
    fn a_text_reads_as_its_bytes_and_nothing_else() {
        let path = FilePath::from("a");
        let mut version = Version::new();
        assert!(version.reads(&path, "") && !version.reads(&path, "x"));
        version.edit(0, &path, &[Edit { at: 0, delete: 0, insert: "abc" }], &mut Delta::default()).unwrap();
        version.edit(1, &path, &[Edit { at: 1, delete: 1, insert: "é" }], &mut Delta::default()).unwrap();
        assert!(version.reads(&path, "aéc"));
        for other in ["", "aéd", "aé", "aécc", "abcd"] {
            assert!(!version.reads(&path, other), "{other}");
        }
    }
}
