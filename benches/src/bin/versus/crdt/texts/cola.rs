use cola::{Deletion, Insertion, Replica};
use serde::{Deserialize, Serialize};

use super::editor::Editor;
use super::rope::Rope;
use crate::crdt::traces::Patch;

/// cola knows where things go but holds no text: with a rope beside it, it does what the others do.
pub(crate) struct Cola {
    replica: Replica,
    rope: Rope,
}

/// What cola gives for a change, with the text that goes with it.
#[derive(Serialize, Deserialize)]
pub(crate) enum Change {
    Inserted(Insertion, String),
    Deleted(Deletion),
}

impl Cola {
    /// Takes in a change, and tells `splice` what that is to the text: a position, how many characters to take away, and what to put there.
    fn integrate<'c>(&mut self, change: &'c Change, mut splice: impl FnMut(usize, usize, &'c str)) {
        match change {
            Change::Inserted(insertion, text) => {
                let offset = self.replica.integrate_insertion(insertion).expect("it comes once and in causal order");
                self.rope.insert(offset, text);
                splice(offset, 0, text);
            }
            Change::Deleted(deletion) => {
                for range in self.replica.integrate_deletion(deletion).into_iter().rev() {
                    self.rope.remove(range.clone());
                    splice(range.start, range.len(), "");
                }
            }
        }
    }

    /// The changes of several writers as one after the other makes them to the text of somebody who hears of them: what a plain rope has to do at least.
    pub(crate) fn flattened(messages: &[Vec<Change>]) -> Vec<Patch> {
        let mut editor = Self::new(7);
        let mut patches = Vec::with_capacity(messages.len());
        for change in messages.iter().flatten() {
            editor.integrate(change, |position, removed, inserted| patches.push(Patch(position, removed, inserted.to_owned())));
        }
        patches
    }
}

impl Editor for Cola {
    type Message = Vec<Change>;

    fn new(agent: usize) -> Self {
        let number = u64::try_from(agent).expect("a few writers") + 2;
        Self { replica: Replica::new(1, 0).fork(number), rope: Rope::new() }
    }

    fn splice(&mut self, patch: &Patch) {
        let Patch(position, removed, inserted) = patch;
        self.rope.splice(patch);
        if *removed != 0 {
            std::hint::black_box(self.replica.deleted(*position..position + removed));
        }
        if !inserted.is_empty() {
            std::hint::black_box(self.replica.inserted(*position, inserted.len()));
        }
    }

    fn tell(&mut self, patches: &[Patch]) -> Vec<Change> {
        let mut changes = Vec::with_capacity(patches.len());
        for patch in patches {
            let Patch(position, removed, inserted) = patch;
            self.rope.splice(patch);
            if *removed != 0 {
                changes.push(Change::Deleted(self.replica.deleted(*position..position + removed)));
            }
            if !inserted.is_empty() {
                changes.push(Change::Inserted(self.replica.inserted(*position, inserted.len()), inserted.clone()));
            }
        }
        changes
    }

    fn hear(&mut self, message: &Vec<Change>) {
        for change in message {
            self.integrate(change, |_, _, _| {});
        }
    }

    fn bytes(message: &Vec<Change>) -> usize {
        postcard::to_allocvec(message).expect("any change can be written").len()
    }

    fn text(&self) -> String {
        self.rope.text()
    }
}

/// The same, with messages of bytes.
pub(crate) struct ColaBytes(Cola);

impl Editor for ColaBytes {
    type Message = Vec<u8>;

    fn new(agent: usize) -> Self {
        Self(Cola::new(agent))
    }

    fn splice(&mut self, patch: &Patch) {
        self.0.splice(patch);
    }

    fn tell(&mut self, patches: &[Patch]) -> Vec<u8> {
        postcard::to_allocvec(&self.0.tell(patches)).expect("any change can be written")
    }

    fn hear(&mut self, message: &Vec<u8>) {
        let changes: Vec<Change> = postcard::from_bytes(message).expect("its own form");
        self.0.hear(&changes);
    }

    fn bytes(message: &Vec<u8>) -> usize {
        message.len()
    }

    fn text(&self) -> String {
        self.0.text()
    }
}
