use alloc::vec::Vec;

use tidings_protocol::Protocol;

use super::choice::{Act, Choice};
use super::system::System;
use super::table::Table;

/// What need not be tried from a state, since it was tried before something that it has nothing to do with.
#[derive(Clone, Debug, Default)]
pub(super) struct Sleep {
    choices: Vec<Choice>,
}

/// What slept when each state was found.
#[derive(Debug)]
pub(super) struct Sleepers {
    of: Table<u32>,
    sets: Vec<Vec<Choice>>,
}

impl Sleep {
    pub(super) fn contains(&self, choice: Choice) -> bool {
        self.choices.contains(&choice)
    }

    /// What sleeps after `choice`; from now on it sleeps here too, for it is tried.
    pub(super) fn follow<P: Protocol, Q, H>(&mut self, choice: Choice, system: &System<P, Q, H>) -> Self {
        let apart = |other: &&Choice| are_apart(choice, **other, system);
        let after = Self { choices: self.choices.iter().filter(apart).copied().collect() };
        self.choices.push(choice);
        after
    }
}

impl Default for Sleepers {
    fn default() -> Self {
        Self { of: Table::new(), sets: Vec::new() }
    }
}

impl Sleepers {
    pub(super) fn remember(&mut self, print: u128, sleep: &Sleep) {
        // A set is mostly that of some other state found just before.
        let set = sleep.choices.clone();
        let number = u32::try_from(self.sets.len()).expect("fewer than 2^32 states");
        self.sets.push(set);
        self.of.insert(print, number);
    }

    /// The state is found once more, and now less sleeps: what slept until now and is to be tried.
    pub(super) fn wake(&mut self, print: u128, sleep: &Sleep) -> Vec<Choice> {
        let Some(number) = self.of.get(print) else { return Vec::new() };
        let set = &mut self.sets[number as usize];
        set.extract_if(.., |choice| !sleep.contains(*choice)).collect()
    }
}

/// Whether two choices, both open in a state, lead to the same state in either order, each leaving the other open: both let a packet arrive, or tell of a
/// crash, at different processes, and take nothing that is counted. A request is not among these: whether somebody delivers a message before it is broadcast
/// is asked, so their order counts.
fn are_apart<P: Protocol, Q, H>(one: Choice, other: Choice, system: &System<P, Q, H>) -> bool {
    let place = |choice: Choice| match (choice.act, choice.cut) {
        (Act::Deliver { packet, copy: false }, None) => Some(system.destination(packet)),
        (Act::Exclude { at, .. }, None) => Some(usize::from(at)),
        _ => None,
    };
    match (place(one), place(other)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}
