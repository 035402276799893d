use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use core::time::Duration;

use tidings_clocks::{Rank, Time};

/// How many packets of a link may come again.
const REPLAYED: usize = 8;

/// What the network did to a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Honest,
    /// It altered the message.
    Altered,
    /// It delivers an old packet again.
    Replayed,
    /// It delivers it in another's name.
    Forged,
}

/// One copy of a message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Copy<M> {
    /// Who sent it.
    pub(crate) from: Rank,
    /// Where it goes.
    pub(crate) to: Rank,
    /// The packet's number; both copies of a repeated packet have the same.
    pub(crate) packet: u64,
    /// The life of the sender in which it was sent.
    pub(crate) life: u32,
    /// What the network did to it.
    pub(crate) kind: Kind,
    /// What travels.
    pub(crate) message: M,
}

/// Who does not hear whom while a passing partition lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// Everybody hears everybody.
    None,
    /// Two sides do not hear each other; one way: the `false` side hears the `true` side still. A bridge is on both.
    Sides { sides: Vec<bool>, one_way: bool, bridge: Option<Rank> },
    /// Two processes do not hear each other, and both hear all others; one way: `other` hears `one` still.
    Link { one: Rank, other: Rank, one_way: bool },
}

impl Split {
    /// Whether the two hear each other only because one of them is a bridge.
    pub(crate) fn bridges(&self, from: Rank, to: Rank) -> bool {
        let Self::Sides { sides, bridge: Some(bridge), .. } = self else { return false };
        (*bridge == from || *bridge == to) && sides[from.index()] != sides[to.index()]
    }

    pub(crate) fn parts(&self, from: Rank, to: Rank) -> bool {
        match self {
            Self::None => false,
            Self::Sides { sides, one_way, bridge } => {
                let (from_side, to_side) = (sides[from.index()], sides[to.index()]);
                from_side != to_side && !(*one_way && from_side) && !bridge.is_some_and(|bridge| bridge == from || bridge == to)
            }
            Self::Link { one, other, one_way } => (from, to) == (*other, *one) || (!one_way && (from, to) == (*one, *other)),
        }
    }
}

/// What is between the processes: the copies in flight, and which links are cut.
///
/// O(n²) memory, n = processes.
#[derive(Debug)]
pub(crate) struct Network<M> {
    processes: usize,
    slots: Vec<Option<Copy<M>>>,
    free: Vec<u32>,
    /// How many slots hold no copy any more and are yet due.
    gone: usize,
    /// The newest packet that arrived, for each ordered pair of processes.
    newest: Vec<u64>,
    /// Which links a script has cut, for each ordered pair; empty while none is.
    cuts: Vec<bool>,
    /// The passing partition.
    split: Split,
    /// How many packets in a row were lost, for each ordered pair.
    lost: Vec<u32>,
    /// How many copies are under way, for each ordered pair.
    under_way: Vec<u32>,
    /// When the last packet will have left, for each ordered pair; empty while bandwidth is no matter.
    left: Vec<Time>,
    /// The last packets, for each ordered pair; empty while none comes again.
    history: Vec<VecDeque<(u64, u32, M)>>,
    /// Of packets that the network repeated: how many copies are under way, and whether one was delivered.
    repeated: BTreeMap<u64, (u8, bool)>,
}

impl<M> Network<M> {
    pub(crate) fn new(processes: usize) -> Self {
        Self {
            processes,
            slots: Vec::new(),
            free: Vec::new(),
            gone: 0,
            newest: vec![0; processes * processes],
            cuts: Vec::new(),
            split: Split::None,
            lost: vec![0; processes * processes],
            under_way: vec![0; processes * processes],
            left: Vec::new(),
            history: Vec::new(),
            repeated: BTreeMap::new(),
        }
    }

    /// Puts a copy in a free slot.
    pub(crate) fn put(&mut self, copy: Copy<M>) -> u32 {
        self.under_way[copy.from.index() * self.processes + copy.to.index()] += 1;
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(copy);
            slot
        } else {
            let slot = u32::try_from(self.slots.len()).expect("fewer than 2^32 copies are in flight");
            self.slots.push(Some(copy));
            slot
        }
    }

    /// Takes a copy out of its slot.
    pub(crate) fn take(&mut self, slot: u32) -> Copy<M> {
        self.free.push(slot);
        let copy = self.slots[slot as usize].take().expect("a slot that is due holds a copy");
        self.under_way[copy.from.index() * self.processes + copy.to.index()] -= 1;
        copy
    }

    /// The slots of the copies that are under way on a link, in the order in which their packets were sent. O(copies in flight).
    pub(crate) fn queued(&self, from: Rank, to: Rank) -> Vec<u32> {
        let on_link = |copy: &&Copy<M>| (copy.from, copy.to) == (from, to);
        let mut queued: Vec<(u64, u32)> =
            (0..).zip(&self.slots).filter_map(|(slot, copy)| copy.as_ref().filter(on_link).map(|copy| (copy.packet, slot))).collect();
        queued.sort_unstable();
        queued.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Takes a copy out of a slot that is due later.
    pub(crate) fn take_early(&mut self, slot: u32) -> Copy<M> {
        let copy = self.take(slot);
        self.free.pop();
        self.gone += 1;
        copy
    }

    /// Whether a slot that is due holds no copy any more; then it is free.
    pub(crate) fn is_gone(&mut self, slot: u32) -> bool {
        let gone = self.gone > 0 && self.slots[slot as usize].is_none();
        if gone {
            self.gone -= 1;
            self.free.push(slot);
        }
        gone
    }

    /// How many slots are due that hold no copy any more.
    pub(crate) const fn gone(&self) -> usize {
        self.gone
    }

    /// The copy in a slot.
    pub(crate) fn peek(&self, slot: u32) -> &Copy<M> {
        self.slots[slot as usize].as_ref().expect("a slot that is due holds a copy")
    }

    /// How many copies are in flight or waiting.
    pub(crate) const fn in_flight(&self) -> usize {
        self.slots.len() - self.free.len() - self.gone
    }

    /// Notes that a packet arrived; whether a later one of that link had arrived before.
    pub(crate) fn arrived(&mut self, from: Rank, to: Rank, packet: u64) -> bool {
        let newest = &mut self.newest[from.index() * self.processes + to.index()];
        let overtaken = packet < *newest;
        *newest = packet.max(*newest);
        overtaken
    }

    /// How many packets in a row were lost on a link.
    pub(crate) fn lost_in_a_row(&mut self, from: Rank, to: Rank) -> &mut u32 {
        &mut self.lost[from.index() * self.processes + to.index()]
    }

    /// How many copies are under way on a link, those that wait for their receiver too.
    pub(crate) fn under_way(&self, from: Rank, to: Rank) -> u32 {
        self.under_way[from.index() * self.processes + to.index()]
    }

    /// Puts a packet that takes `span` to leave behind those that are leaving on its link; when it will have left.
    pub(crate) fn leaves(&mut self, from: Rank, to: Rank, now: Time, span: Duration) -> Time {
        if self.left.is_empty() {
            self.left = vec![Time::ZERO; self.processes * self.processes];
        }
        let left = &mut self.left[from.index() * self.processes + to.index()];
        *left = now.max(*left) + span;
        *left
    }

    /// Remembers a packet of a link, and forgets an older one if there are many.
    pub(crate) fn remember(&mut self, from: Rank, to: Rank, packet: u64, life: u32, message: M) {
        if self.history.is_empty() {
            self.history.resize_with(self.processes * self.processes, VecDeque::new);
        }
        let history = &mut self.history[from.index() * self.processes + to.index()];
        if history.len() == REPLAYED {
            history.pop_back();
        }
        history.push_front((packet, life, message));
    }

    /// The packets of a link that may come again, the newest first.
    pub(crate) fn remembered(&self, from: Rank, to: Rank) -> Option<&VecDeque<(u64, u32, M)>> {
        self.history.get(from.index() * self.processes + to.index())
    }

    /// Notes that two copies of a packet travel.
    pub(crate) fn repeats(&mut self, packet: u64) {
        self.repeated.insert(packet, (2, false));
    }

    /// Notes that a copy has come to an end; whether it was delivered, and another copy of the same packet before it.
    pub(crate) fn ended(&mut self, packet: u64, delivered: bool) -> bool {
        if self.repeated.is_empty() {
            return false;
        }
        let Some((left, before)) = self.repeated.get_mut(&packet) else { return false };
        let again = delivered && *before;
        *before |= delivered;
        *left -= 1;
        if *left == 0 {
            self.repeated.remove(&packet);
        }
        again
    }

    /// Whether what `from` sends does not reach `to`.
    pub(crate) fn is_cut(&self, from: Rank, to: Rank) -> bool {
        self.split.parts(from, to) || (!self.cuts.is_empty() && self.cuts[from.index() * self.processes + to.index()])
    }

    /// Cuts one direction of one link, or mends it.
    ///
    /// # Panics
    /// If there is no such link.
    pub(crate) fn set_cut(&mut self, from: Rank, to: Rank, cut: bool) {
        let processes = self.processes;
        assert!(from.index() < processes && to.index() < processes, "there is no link from {from} to {to} among {processes} processes");
        if self.cuts.is_empty() {
            self.cuts = vec![false; processes * processes];
        }
        self.cuts[from.index() * processes + to.index()] = cut;
    }

    /// Mends what scripts have cut.
    pub(crate) fn mend_all(&mut self) {
        self.cuts.clear();
    }

    /// The passing partition.
    pub(crate) const fn passing(&self) -> &Split {
        &self.split
    }

    /// Begins a passing partition, or ends it; what was before.
    pub(crate) fn split(&mut self, split: Split) -> Split {
        core::mem::replace(&mut self.split, split)
    }
}
