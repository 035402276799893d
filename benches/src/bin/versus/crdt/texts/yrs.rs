use yrs::updates::decoder::Decode;
use yrs::{ClientID, Doc, GetString, Options, ReadTxn, StateVector, Text, TextRef, Transact, TransactionMut, Update};

use super::editor::{Archive, Batch, Editor};
use crate::crdt::traces::Patch;

/// A document of yrs with one text.
pub(crate) struct Yrs {
    document: Doc,
    text: TextRef,
}

impl Yrs {
    fn of(client: u64) -> Self {
        let document = Doc::with_options(Options::with_client_id(ClientID::new(client)));
        let text = document.get_or_insert_text("text");
        Self { document, text }
    }

    fn change(text: &TextRef, transaction: &mut TransactionMut<'_>, Patch(position, removed, inserted): &Patch) {
        let small = |number: usize| u32::try_from(number).expect("positions of 32 bits");
        if *removed != 0 {
            text.remove_range(transaction, small(*position), small(*removed));
        }
        if !inserted.is_empty() {
            text.insert(transaction, small(*position), inserted);
        }
    }
}

impl Editor for Yrs {
    type Message = Vec<u8>;

    fn new(agent: usize) -> Self {
        Self::of(u64::try_from(agent).expect("a few writers") + 1)
    }

    /// A transaction for each: it puts together what is typed together only when one ends.
    fn splice(&mut self, patch: &Patch) {
        Self::change(&self.text, &mut self.document.transact_mut(), patch);
    }

    fn tell(&mut self, patches: &[Patch]) -> Vec<u8> {
        let mut transaction = self.document.transact_mut();
        for patch in patches {
            Self::change(&self.text, &mut transaction, patch);
        }
        transaction.encode_update_v1()
    }

    fn hear(&mut self, message: &Vec<u8>) {
        let update = Update::decode_v1(message).expect("its own form");
        self.document.transact_mut().apply_update(update).expect("its own edits");
    }

    fn bytes(message: &Vec<u8>) -> usize {
        message.len()
    }

    fn text(&self) -> String {
        self.text.get_string(&self.document.transact())
    }
}

impl Batch for Yrs {
    fn whole(&self) -> Vec<u8> {
        self.document.transact().encode_state_as_update_v1(&StateVector::default())
    }
}

impl Archive for Yrs {
    fn save(&self) -> Vec<u8> {
        self.document.transact().encode_state_as_update_v2(&StateVector::default())
    }

    fn load(file: &[u8]) -> Self {
        let editor = Self::of(8);
        let update = Update::decode_v2(file).expect("its own form");
        editor.document.transact_mut().apply_update(update).expect("its own edits");
        editor
    }
}
