use alloc::vec::Vec;

/// A state of the whole system: which local state each process is in, and which packets are under way.
///
/// Local states and packets stand by number, so a state is a few words (Holzmann, *State compression in SPIN*, 1997, calls this collapse).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The cells of all processes, then the packets, each as often as it is under way: in increasing order, or as they were sent.
    numbers: Vec<u32>,
    processes: u8,
    /// Whether packets stand as they were sent.
    ordered: bool,
    pub(super) left: Budget,
}

/// How many faults may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    pub(super) losses: u8,
    pub(super) duplicates: u8,
    pub(super) crashes: u8,
    pub(super) wakes: u8,
}

impl State {
    pub(super) fn new(cells: Vec<u32>, ordered: bool, left: Budget) -> Self {
        let processes = u8::try_from(cells.len()).expect("a scope has few processes");
        Self { numbers: cells, processes, ordered, left }
    }

    pub(super) fn cells(&self) -> &[u32] {
        &self.numbers[..usize::from(self.processes)]
    }

    pub(super) fn packets(&self) -> &[u32] {
        &self.numbers[usize::from(self.processes)..]
    }

    /// The packets, each once.
    pub(super) fn distinct_packets(&self) -> impl Iterator<Item = u32> + '_ {
        let packets = self.packets();
        let before = |place: usize| if self.ordered { &packets[..place] } else { &packets[place.saturating_sub(1)..place] };
        packets.iter().enumerate().filter(move |(place, packet)| !before(*place).contains(*packet)).map(|(_, packet)| *packet)
    }

    pub(super) fn set_cell(&mut self, at: usize, cell: u32) {
        self.numbers[at] = cell;
    }

    pub(super) fn add_packet(&mut self, packet: u32) {
        let behind = self.packets().iter().rev().take_while(|other| !self.ordered && **other > packet).count();
        self.numbers.insert(self.numbers.len() - behind, packet);
    }

    /// Takes out the oldest packet that looks as this one.
    pub(super) fn remove_packet(&mut self, packet: u32) {
        if let Some(at) = self.packets().iter().position(|other| *other == packet) {
            self.numbers.remove(usize::from(self.processes) + at);
        }
    }

    /// Takes out the newest packet that looks as this one.
    pub(super) fn remove_last_packet(&mut self, packet: u32) {
        if let Some(at) = self.packets().iter().rposition(|other| *other == packet) {
            self.numbers.remove(usize::from(self.processes) + at);
        }
    }

    pub(super) fn retain_packets(&mut self, mut keep: impl FnMut(u32) -> bool) {
        let (processes, mut at) = (usize::from(self.processes), 0);
        self.numbers.retain(|number| {
            at += 1;
            at <= processes || keep(*number)
        });
    }
}
