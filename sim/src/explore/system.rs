use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effect, Fingerprint, Outbox, Protocol, To};
use tidings_trace::{MessageId, Property};

use super::choice::Input;
use super::log::{Log, Message};
use super::state::{Budget, State};
use super::table::Table;
use super::{Exploration, Links};

/// All that is known of a protocol under exploration: the local states that its processes were in, the packets that they sent, and what each input did.
///
/// A process is called once for each of its local states and each input there; from then on the answer is looked up. Global states by far outnumber
/// local ones, so this is what makes the search fast, and it is as exact as the fingerprints are.
pub(super) struct System<P: Protocol, Q, H> {
    pub(super) exploration: Exploration,
    /// The permutations of ranks under which states are one; the identity first.
    renamings: Vec<Vec<Rank>>,
    ask: Q,
    hear: H,
    cells: Vec<Cell<P>>,
    cell_numbers: Table<u32>,
    packets: Vec<Packet<P::Message>>,
    packet_numbers: Table<u32>,
    steps: Vec<Step>,
    step_numbers: Table<u32>,
}

/// A process in one of its local states.
pub(super) struct Cell<P> {
    pub(super) rank: Rank,
    /// `None` once it crashed.
    pub(super) protocol: Option<P>,
    /// Its own clock, which stands still but for timers.
    now: Time,
    pub(super) log: Log,
    /// Of which crashes it was told.
    told: u8,
    prints: Prints,
}

/// The fingerprint of a local state, in parts that are added up, each under every renaming.
struct Prints {
    whole: Vec<u128>,
    /// For each message of its own, what came before it: needed until everybody has delivered the message.
    pasts: Vec<Vec<u128>>,
    /// For each place in its order of deliveries, the order from there on: that of what everybody has delivered is not needed.
    orders: Vec<Vec<u128>>,
}

/// A message on its way.
pub(super) struct Packet<M> {
    pub(super) from: Rank,
    pub(super) to: Rank,
    pub(super) message: M,
    prints: Vec<u128>,
}

/// What one input does at one local state.
#[derive(Debug)]
pub(super) struct Step {
    /// The local state after it.
    pub(super) next: u32,
    /// In order. A fan-out is one packet after the other.
    pub(super) effects: Vec<Done>,
    /// The local state after a crash behind so many effects.
    pub(super) cuts: Vec<u32>,
    /// Whether a request was taken, or a message not rejected.
    pub(super) taken: bool,
    /// Whether a refused request did something all the same.
    pub(super) acts: bool,
}

/// An effect that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Sent(u32),
    Delivered(Message),
    /// Something durable, or an indication that is no delivery.
    Other,
}

impl<P, Q, H> System<P, Q, H>
where
    P: Protocol<Message: Fingerprint> + Clone + Fingerprint,
    Q: Fn(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    pub(super) fn new(exploration: Exploration, ask: Q, hear: H) -> Self {
        assert!(exploration.scope.is_sound(), "{} is no scope", exploration.scope);
        let judged = |promise: &Property| Exploration::JUDGED.contains(promise);
        assert!(exploration.promises.iter().all(judged), "not all of {:?} can be judged", exploration.promises);
        Self {
            renamings: exploration.renamings(),
            exploration,
            ask,
            hear,
            cells: vec![],
            cell_numbers: Table::new(),
            packets: vec![],
            packet_numbers: Table::new(),
            steps: vec![],
            step_numbers: Table::new(),
        }
    }

    /// The state at the beginning.
    pub(super) fn initial(&mut self, mut build: impl FnMut(Rank) -> P) -> State {
        let scope = self.exploration.scope;
        let cells =
            (0..scope.processes).map(|rank| self.intern_cell(Rank(rank), Some(build(Rank(rank))), Time::ZERO, Log::default(), 0)).collect();
        let few = |count: u32| u8::try_from(count).expect("a sound scope has few faults");
        let left =
            Budget { losses: few(scope.losses), duplicates: few(scope.duplicates), crashes: few(scope.crashes), wakes: few(scope.wakes) };
        State::new(cells, left)
    }

    /// The request that broadcasts a message.
    pub(super) fn ask(&self, message: MessageId) -> P::Request {
        (self.ask)(message)
    }

    /// Which message an indication delivers.
    pub(super) fn hear(&self, indication: &P::Indication) -> Option<MessageId> {
        (self.hear)(indication)
    }

    pub(super) fn cell(&self, number: u32) -> &Cell<P> {
        &self.cells[number as usize]
    }

    pub(super) fn packet(&self, number: u32) -> &Packet<P::Message> {
        &self.packets[number as usize]
    }

    /// How many local states, and how many steps of them, are known.
    pub(super) fn known(&self) -> (usize, usize) {
        (self.cells.len(), self.steps.len())
    }

    /// The least of the prints that a state has under all renamings.
    pub(super) fn print(&self, state: &State) -> u128 {
        let Budget { losses, duplicates, crashes, wakes } = state.left;
        let mut left = Digest::new();
        left.number(u64::from(u32::from_le_bytes([losses, duplicates, crashes, wakes])));
        let left = left.finish();
        let cells = || state.cells().iter().map(|cell| &self.cells[*cell as usize]);
        let everywhere = if self.exploration.reductions.delivered {
            cells().filter(|cell| cell.is_alive()).fold(u64::MAX, |everywhere, cell| everywhere & cell.log.mask)
        } else {
            0
        };
        // The prints of the parts are as good as random, so that their sum tells multisets apart; a cell's print names its process.
        let mut sums = vec![left; self.renamings.len()];
        cells().for_each(|cell| cell.add_prints(everywhere, &self.exploration, &mut sums));
        state.packets().iter().for_each(|packet| add(&self.packets[*packet as usize].prints, &mut sums));
        sums.into_iter().min().unwrap_or(left)
    }

    /// What `input` does at `cell`, which is that of a live process.
    pub(super) fn step(&mut self, cell: u32, input: Input) -> &Step {
        let key = u128::from(cell) << 64 | u128::from(input.code()) | 1 << 127;
        let number = if let Some(number) = self.step_numbers.get(key) {
            number
        } else {
            let step = self.call(cell, input);
            let number = u32::try_from(self.steps.len()).expect("fewer than 2^32 steps");
            self.steps.push(step);
            self.step_numbers.insert(key, number);
            number
        };
        &self.steps[number as usize]
    }

    /// The cell of a process that crashes here.
    pub(super) fn crashed(&mut self, cell: u32) -> u32 {
        let Cell { rank, now, log, .. } = &self.cells[cell as usize];
        let (rank, now, log) = (*rank, *now, log.clone());
        self.intern_cell(rank, None, now, log, 0)
    }

    /// Whether a process in this local state is alive and wants to be woken.
    pub(super) fn has_deadline(&self, cell: u32) -> bool {
        self.cell(cell).protocol.as_ref().is_some_and(|protocol| protocol.deadline().is_some())
    }

    /// Whether what this process sent may be lost.
    pub(super) fn may_lose(&self, sender: &Cell<P>) -> bool {
        self.exploration.links == Links::FairLoss || !sender.is_alive()
    }

    /// Calls the protocol.
    fn call(&mut self, number: u32, input: Input) -> Step {
        let cell = &self.cells[number as usize];
        let (rank, mut now, mut log, mut told) = (cell.rank, cell.now, cell.log.clone(), cell.told);
        let mut protocol = cell.protocol.clone().expect("only live processes step");
        let mut outbox = Outbox::new();
        let given = match input {
            Input::Request => Given::Request((self.ask)(MessageId { origin: rank, number: log.broadcasts() })),
            Input::Packet(packet) => {
                let packet = &self.packets[packet as usize];
                Given::Message(packet.from, packet.message.clone())
            }
            Input::Wake => Given::Wake,
            Input::Exclude(whom) => {
                told |= 1 << whom;
                Given::Exclude(Rank(u32::from(whom)))
            }
        };
        let taken = give(&mut protocol, &mut now, given, &mut outbox);
        if input == Input::Request && taken {
            log.broadcast(rank, &self.exploration);
        }
        let refused = input == Input::Request && !taken;
        let emits = !outbox.is_empty();
        let begun = log.clone();
        let effects = self.carry_out(rank, outbox);
        for effect in &effects {
            if let Done::Delivered(message) = effect {
                log.deliver(*message);
            }
        }
        let next = self.intern_cell(rank, Some(protocol), now, log, told);
        let acts = refused && (emits || next != number);
        let cuts = self.cuts(rank, now, begun, &effects);
        Step { next, effects, cuts, taken, acts }
    }

    /// The cells of a process that crashes after none, one, ... of these effects.
    fn cuts(&mut self, rank: Rank, now: Time, mut log: Log, effects: &[Done]) -> Vec<u32> {
        if self.exploration.scope.crashes == 0 {
            return vec![];
        }
        let mut cuts = Vec::with_capacity(effects.len());
        for effect in effects {
            cuts.push(self.intern_cell(rank, None, now, log.clone(), 0));
            if let Done::Delivered(message) = effect {
                log.deliver(*message);
            }
        }
        cuts
    }

    fn carry_out(&mut self, from: Rank, mut outbox: Outbox<P>) -> Vec<Done> {
        let mut done = vec![];
        while let Some(effect) = outbox.pop() {
            match effect {
                Effect::Send { to: To::One(to), message } => done.push(Done::Sent(self.intern_packet(from, to, message))),
                Effect::Send { to: To::Others, message } => {
                    for to in (0..self.exploration.scope.processes).map(Rank).filter(|to| *to != from) {
                        done.push(Done::Sent(self.intern_packet(from, to, message.clone())));
                    }
                }
                Effect::Indicate(indication) => done.push(match (self.hear)(&indication) {
                    Some(id) => Done::Delivered(Message::of(id, &self.exploration)),
                    None => Done::Other,
                }),
                Effect::Persist(_) => done.push(Done::Other),
            }
        }
        done
    }

    fn intern_cell(&mut self, rank: Rank, protocol: Option<P>, now: Time, log: Log, told: u8) -> u32 {
        let print = |names: &Vec<Rank>| {
            let mut digest = Digest::renaming(names);
            digest.rank(rank);
            digest.flag(protocol.is_some());
            log.fingerprint(&self.exploration, &mut digest);
            if let Some(protocol) = &protocol {
                protocol.fingerprint(&mut digest);
                digest.by_rank(names.len(), |index, digest| digest.flag(told >> index & 1 == 1));
            }
            digest.finish()
        };
        let whole = self.renamings.iter().map(print).collect();
        let past = |number: usize| self.renamings.iter().map(|names| log.past(rank, number, &self.exploration, names)).collect();
        let order = |from: usize| self.renamings.iter().map(|names| log.order(rank, from, &self.exploration, names)).collect();
        let pasts = if self.exploration.needs_pasts() { (0..log.pasts.len()).map(past).collect() } else { vec![] };
        let orders = if self.exploration.needs_order() { (0..=log.delivered.len()).map(order).collect() } else { vec![] };
        let prints = Prints { whole, pasts, orders };
        let cell = Cell { rank, protocol, now, log, told, prints };
        let mut keys = vec![0; self.renamings.len()];
        cell.add_prints(0, &self.exploration, &mut keys);
        let key = keys[0];
        if let Some(number) = self.cell_numbers.get(key) {
            return number;
        }
        let number = u32::try_from(self.cells.len()).expect("fewer than 2^32 local states");
        self.cell_numbers.insert(key, number);
        self.cells.push(cell);
        number
    }

    fn intern_packet(&mut self, from: Rank, to: Rank, message: P::Message) -> u32 {
        assert!(to.0 < self.exploration.scope.processes, "{from} sends to {to}, which is not there");
        let prints: Vec<u128> = self.renamings.iter().map(|names| packet_print(from, to, &message, names)).collect();
        if let Some(number) = self.packet_numbers.get(prints[0]) {
            return number;
        }
        let number = u32::try_from(self.packets.len()).expect("fewer than 2^32 packets");
        self.packet_numbers.insert(prints[0], number);
        self.packets.push(Packet { from, to, message, prints });
        number
    }
}

impl<P: Protocol, Q, H> System<P, Q, H> {
    /// Where a packet goes.
    pub(super) fn destination(&self, packet: u32) -> usize {
        self.packets[packet as usize].to.index()
    }
}

impl<P> Cell<P> {
    pub(super) const fn is_alive(&self) -> bool {
        self.protocol.is_some()
    }

    /// Adds its print under each renaming, where all of `everywhere` is delivered by every live process.
    fn add_prints(&self, everywhere: u64, exploration: &Exploration, sums: &mut [u128]) {
        let Prints { whole, pasts, orders } = &self.prints;
        add(whole, sums);
        for (number, past) in (0..).zip(pasts) {
            if Message::of(MessageId { origin: self.rank, number }, exploration).bit() & everywhere == 0 {
                add(past, sums);
            }
        }
        if !orders.is_empty() {
            let known = self.log.delivered.iter().take_while(|message| message.bit() & everywhere != 0).count();
            add(&orders[known], sums);
        }
    }

    /// Whether it was told that `rank` crashed.
    pub(super) const fn is_told(&self, rank: u8) -> bool {
        self.told >> rank & 1 == 1
    }
}

/// Adds the prints of a part under all renamings.
fn add(prints: &[u128], sums: &mut [u128]) {
    sums.iter_mut().zip(prints).for_each(|(sum, print)| *sum = sum.wrapping_add(*print));
}

/// What tells packets apart.
pub(super) fn packet_print(from: Rank, to: Rank, message: &impl Fingerprint, names: &[Rank]) -> u128 {
    let mut digest = Digest::renaming(names);
    digest.rank(from);
    digest.rank(to);
    message.fingerprint(&mut digest);
    digest.finish()
}

/// An input, with what it carries.
pub(super) enum Given<P: Protocol> {
    Request(P::Request),
    Message(Rank, P::Message),
    Wake,
    Exclude(Rank),
}

/// Gives a process an input. Its clock moves only to its own deadline, when it is woken. Whether the input was taken.
pub(super) fn give<P: Protocol>(protocol: &mut P, now: &mut Time, given: Given<P>, outbox: &mut Outbox<P>) -> bool {
    match given {
        Given::Request(request) => protocol.request(*now, request, outbox).is_ok(),
        Given::Message(from, message) => protocol.receive(*now, from, message, outbox).is_ok(),
        Given::Wake => {
            *now = protocol.deadline().map_or(*now, |deadline| deadline.max(*now));
            protocol.wake(*now, outbox);
            true
        }
        Given::Exclude(rank) => {
            protocol.exclude(*now, rank, outbox);
            true
        }
    }
}
