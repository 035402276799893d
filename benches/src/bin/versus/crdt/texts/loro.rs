use std::sync::{Arc, Mutex};

use loro::{ExportMode, LoroDoc, LoroText, Subscription};

use super::editor::{Archive, Batch, Editor};
use crate::crdt::traces::Patch;

/// A document of loro with one text.
pub(crate) struct Loro {
    document: LoroDoc,
    text: LoroText,
    /// What commits have told, and what makes them do so: from the first edit on that others must hear of.
    told: Option<(Arc<Mutex<Vec<u8>>>, Subscription)>,
}

impl Loro {
    fn of(document: LoroDoc) -> Self {
        let text = document.get_text("text");
        Self { document, text, told: None }
    }

    fn export(&self, mode: ExportMode<'_>) -> Vec<u8> {
        self.document.commit();
        self.document.export(mode).expect("any document can be written")
    }
}

impl Editor for Loro {
    type Message = Vec<u8>;

    fn new(agent: usize) -> Self {
        let document = LoroDoc::new();
        document.set_peer_id(u64::try_from(agent).expect("a few writers")).expect("a number of its own");
        Self::of(document)
    }

    /// Into the open transaction.
    fn splice(&mut self, Patch(position, removed, inserted): &Patch) {
        if *removed != 0 {
            self.text.delete(*position, *removed).expect("a recorded edit is in range");
        }
        if !inserted.is_empty() {
            self.text.insert(*position, inserted).expect("a recorded edit is in range");
        }
    }

    fn settle(&mut self) {
        self.document.commit();
    }

    fn tell(&mut self, patches: &[Patch]) -> Vec<u8> {
        for patch in patches {
            self.splice(patch);
        }
        let document = &self.document;
        let (told, _) = self.told.get_or_insert_with(|| {
            let told = Arc::new(Mutex::new(Vec::new()));
            let heard = Arc::clone(&told);
            let subscription = document.subscribe_local_update(Box::new(move |update| {
                heard.lock().expect("one thread").clone_from(update);
                true
            }));
            (told, subscription)
        });
        document.commit();
        std::mem::take(&mut *told.lock().expect("one thread"))
    }

    fn hear(&mut self, message: &Vec<u8>) {
        self.document.import(message).expect("its own form");
    }

    fn bytes(message: &Vec<u8>) -> usize {
        message.len()
    }

    fn text(&self) -> String {
        self.text.to_string()
    }
}

impl Batch for Loro {
    fn whole(&self) -> Vec<u8> {
        self.export(ExportMode::all_updates())
    }
}

impl Archive for Loro {
    fn save(&self) -> Vec<u8> {
        self.export(ExportMode::Snapshot)
    }

    fn load(file: &[u8]) -> Self {
        Self::of(LoroDoc::from_snapshot(file).expect("its own form"))
    }
}
