use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;

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
    pub(crate) life: u64,
    /// What travels.
    pub(crate) message: M,
}

/// What is between the processes: the copies in flight, and which links are cut.
///
/// O(n²) memory, n = processes.
#[derive(Debug)]
pub(crate) struct Network<M> {
    processes: usize,
    slots: Vec<Option<Copy<M>>>,
    free: Vec<u32>,
    /// The newest packet that arrived, for each ordered pair of processes.
    newest: Vec<u64>,
    /// Which links a script has cut, for each ordered pair; empty while none is.
    cuts: Vec<bool>,
    /// On which side of the passing partition each process is; empty while there is none.
    sides: Vec<bool>,
}

impl<M> Network<M> {
    pub(crate) fn new(processes: usize) -> Self {
        Self { processes, slots: Vec::new(), free: Vec::new(), newest: vec![0; processes * processes], cuts: Vec::new(), sides: Vec::new() }
    }

    /// Puts a copy in a free slot.
    pub(crate) fn put(&mut self, copy: Copy<M>) -> u32 {
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
        self.slots[slot as usize].take().expect("a slot that is due holds a copy")
    }

    /// The copy in a slot.
    pub(crate) fn peek(&self, slot: u32) -> &Copy<M> {
        self.slots[slot as usize].as_ref().expect("a slot that is due holds a copy")
    }

    /// How many copies are in flight or waiting.
    pub(crate) const fn in_flight(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Notes that a packet arrived; whether a later one of that link had arrived before.
    pub(crate) fn arrived(&mut self, from: Rank, to: Rank, packet: u64) -> bool {
        let newest = &mut self.newest[from.index() * self.processes + to.index()];
        let overtaken = packet < *newest;
        *newest = packet.max(*newest);
        overtaken
    }

    /// Whether what `from` sends does not reach `to`.
    pub(crate) fn is_cut(&self, from: Rank, to: Rank) -> bool {
        let parted = !self.sides.is_empty() && self.sides[from.index()] != self.sides[to.index()];
        parted || (!self.cuts.is_empty() && self.cuts[from.index() * self.processes + to.index()])
    }

    /// Cuts one direction of one link.
    pub(crate) fn cut(&mut self, from: Rank, to: Rank) {
        if self.cuts.is_empty() {
            self.cuts = vec![false; self.processes * self.processes];
        }
        self.cuts[from.index() * self.processes + to.index()] = true;
    }

    /// Mends one direction of one link.
    pub(crate) fn mend(&mut self, from: Rank, to: Rank) {
        if let Some(cut) = self.cuts.get_mut(from.index() * self.processes + to.index()) {
            *cut = false;
        }
    }

    /// Mends what scripts have cut.
    pub(crate) fn mend_all(&mut self) {
        self.cuts.clear();
    }

    /// Begins a passing partition.
    pub(crate) fn part(&mut self, sides: Vec<bool>) {
        self.sides = sides;
    }

    /// Ends it.
    pub(crate) fn unite(&mut self) {
        self.sides.clear();
    }
}
