use diamond_types::AgentId;
use diamond_types::list::ListCRDT;
use diamond_types::list::encoding::{ENCODE_FULL, ENCODE_PATCH};

use super::editor::{Archive, Batch, Editor};
use crate::crdt::traces::Patch;

/// A list of diamond-types: its log of edits and the text they lead to.
pub(crate) struct DiamondTypes {
    list: ListCRDT,
    agent: AgentId,
}

impl Editor for DiamondTypes {
    type Message = Vec<u8>;

    fn new(agent: usize) -> Self {
        let mut list = ListCRDT::new();
        let agent = list.get_or_create_agent_id(&agent.to_string());
        Self { list, agent }
    }

    fn splice(&mut self, Patch(position, removed, inserted): &Patch) {
        if *removed != 0 {
            self.list.delete_without_content(self.agent, *position..position + removed);
        }
        if !inserted.is_empty() {
            self.list.insert(self.agent, *position, inserted);
        }
    }

    fn tell(&mut self, patches: &[Patch]) -> Vec<u8> {
        let before = self.list.oplog.local_version();
        for patch in patches {
            self.splice(patch);
        }
        self.list.oplog.encode_from(ENCODE_PATCH, &before)
    }

    fn hear(&mut self, message: &Vec<u8>) {
        self.list.merge_data_and_ff(message).expect("its own form, in causal order");
    }

    fn bytes(message: &Vec<u8>) -> usize {
        message.len()
    }

    fn text(&self) -> String {
        self.list.branch.content().to_string()
    }
}

impl Batch for DiamondTypes {
    fn whole(&self) -> Vec<u8> {
        self.save()
    }
}

impl Archive for DiamondTypes {
    fn save(&self) -> Vec<u8> {
        self.list.oplog.encode(ENCODE_FULL)
    }

    fn load(file: &[u8]) -> Self {
        Self { list: ListCRDT::load_from(file).expect("its own form"), agent: 0 }
    }
}
