use std::ops::Range;

use jumprope::JumpRopeBuf;

use crate::crdt::traces::Patch;

/// The limit: a rope that nobody else writes.
pub(crate) struct Rope(JumpRopeBuf);

impl Rope {
    pub(crate) fn new() -> Self {
        Self(JumpRopeBuf::new())
    }

    pub(crate) fn insert(&mut self, position: usize, text: &str) {
        self.0.insert(position, text);
    }

    pub(crate) fn remove(&mut self, range: Range<usize>) {
        self.0.remove(range);
    }

    pub(crate) fn splice(&mut self, Patch(position, removed, inserted): &Patch) {
        if *removed != 0 {
            self.remove(*position..position + removed);
        }
        if !inserted.is_empty() {
            self.insert(*position, inserted);
        }
    }

    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }

    /// The rope after all of these.
    pub(crate) fn typed(patches: &[Patch]) -> Self {
        let mut rope = Self::new();
        for patch in patches {
            rope.splice(patch);
        }
        // What is buffered is put in place.
        rope.0.len_chars();
        rope
    }
}
