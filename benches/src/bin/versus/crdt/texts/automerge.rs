use std::sync::OnceLock;

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ObjId, ObjType, ROOT, ReadDoc};

use super::editor::{Archive, Batch, Editor};
use crate::crdt::traces::Patch;

/// A document of automerge with one text.
pub(crate) struct Automerge {
    document: AutoCommit,
    text: ObjId,
}

impl Automerge {
    fn of(document: AutoCommit) -> Self {
        let (_, text) = document.get(ROOT, "text").expect("a document").expect("it has a text");
        Self { document, text }
    }

    /// The document that all writers start from: a text that each made for himself would be another one.
    fn first() -> &'static [u8] {
        static FIRST: OnceLock<Vec<u8>> = OnceLock::new();
        FIRST.get_or_init(|| {
            let mut document = AutoCommit::new().with_actor(ActorId::from([255]));
            document.put_object(ROOT, "text", ObjType::Text).expect("a document");
            document.save()
        })
    }
}

impl Editor for Automerge {
    type Message = Vec<u8>;

    fn new(agent: usize) -> Self {
        let document = AutoCommit::load(Self::first()).expect("its own form");
        Self::of(document.with_actor(ActorId::from([u8::try_from(agent).expect("a few writers")])))
    }

    /// Into the open transaction.
    fn splice(&mut self, Patch(position, removed, inserted): &Patch) {
        let removed = removed.cast_signed();
        self.document.splice_text(&self.text, *position, removed, inserted).expect("a recorded edit is in range");
    }

    fn settle(&mut self) {
        self.document.commit();
    }

    fn tell(&mut self, patches: &[Patch]) -> Vec<u8> {
        for patch in patches {
            self.splice(patch);
        }
        self.document.commit();
        self.document.get_last_local_change().expect("it was just made").raw_bytes().to_vec()
    }

    fn hear(&mut self, message: &Vec<u8>) {
        self.document.load_incremental(message).expect("its own form");
    }

    fn bytes(message: &Vec<u8>) -> usize {
        message.len()
    }

    fn text(&self) -> String {
        self.document.text(&self.text).expect("it is a text")
    }
}

impl Batch for Automerge {
    fn whole(&self) -> Vec<u8> {
        self.document.clone().get_changes(&[]).iter().flat_map(|change| change.raw_bytes().to_vec()).collect()
    }
}

impl Archive for Automerge {
    fn save(&self) -> Vec<u8> {
        self.document.clone().save()
    }

    fn load(file: &[u8]) -> Self {
        Self::of(AutoCommit::load(file).expect("its own form"))
    }
}
