use tidings_clocks::VersionVector;
use tidings_crdt::{Text, TextDelta};

use super::editor::{Archive, Batch, Editor};
use crate::crdt::traces::Patch;

/// How much memory a file may make one take.
const MOST: usize = 1 << 30;

/// Our text, its deltas in postcard.
pub(crate) struct Ours {
    text: Text<u32>,
    actor: u32,
}

impl Ours {
    fn change(&mut self, Patch(position, removed, inserted): &Patch) -> TextDelta<u32> {
        self.text.splice(self.actor, *position..position + removed, inserted).expect("a recorded edit is in range")
    }
}

impl Editor for Ours {
    type Message = Vec<u8>;

    fn new(agent: usize) -> Self {
        Self { text: Text::new(), actor: u32::try_from(agent).expect("a few writers") }
    }

    /// The delta is looked at where it was made, as whoever sends it would.
    fn splice(&mut self, Patch(position, removed, inserted): &Patch) {
        let edited = self.text.splice(self.actor, *position..position + removed, inserted);
        assert!(edited.is_ok(), "a recorded edit is in range");
        std::hint::black_box(&edited);
    }

    fn tell(&mut self, patches: &[Patch]) -> Vec<u8> {
        let mut delta = TextDelta::new();
        for patch in patches {
            delta.append(self.change(patch));
        }
        postcard::to_allocvec(&delta).expect("any delta can be written")
    }

    fn hear(&mut self, message: &Vec<u8>) {
        let delta: TextDelta<u32> = postcard::from_bytes(message).expect("its own form");
        self.text.apply(&delta).expect("in causal order");
    }

    fn bytes(message: &Vec<u8>) -> usize {
        message.len()
    }

    fn text(&self) -> String {
        self.text.to_string()
    }
}

impl Batch for Ours {
    fn whole(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.text.since(&VersionVector::new())).expect("any delta can be written")
    }
}

impl Archive for Ours {
    fn save(&self) -> Vec<u8> {
        self.text.save()
    }

    fn load(file: &[u8]) -> Self {
        Self { text: Text::load(file, MOST).expect("its own form"), actor: 7 }
    }
}
