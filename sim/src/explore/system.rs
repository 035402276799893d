use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effect, Fingerprint, Outbox, Protocol, To};
use tidings_trace::{MessageId, Property};

use super::choice::{Act, Choice, Input};
use super::claims::{self, Claims};
use super::exploration::Part;
use super::log::{Log, Message};
use super::pasts::Pasts;
use super::state::{Budget, State};
use super::table::Table;
use super::{Cut, Exploration, Links, Scope};

/// By whose powers the prints of packets are multiplied that wait one behind the other: an odd number without a pattern, the fraction of the square root of 2.
const PLACE: u128 = 0x6A09_E667_F3BC_C908_B2FB_1366_EA95_7D3F;

/// The most sends in a row that a crash may come in between: it may leave any of them undone.
const MOST_IN_A_ROW: usize = 12;

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
    /// The first local state that behaves so, by what decides that.
    kinds: Table<u32>,
    packets: Vec<Packet<P::Message>>,
    packet_numbers: Table<u32>,
    steps: Vec<Step>,
    step_numbers: Table<u32>,
    pasts: Pasts,
    pub(super) claims: Claims,
    /// Whether [ample](super::Reductions::ample) sets are used.
    pub(super) ample: bool,
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
    /// The first local state found of those that behave as this one: in which order what was delivered is no part of that.
    pub(super) kind: u32,
    prints: Prints,
}

/// The fingerprint of a local state, in parts that are added up, each under every renaming. The pasts of messages come on top.
struct Prints {
    whole: Vec<u128>,
    /// For each place in its order of deliveries, the order from there on: that of what everybody has delivered is not needed.
    orders: Vec<Vec<u128>>,
}

/// A message on its way.
pub(super) struct Packet<M> {
    pub(super) from: Rank,
    pub(super) to: Rank,
    pub(super) message: M,
    /// What tells it apart from all others.
    key: u128,
    /// What it looks like in a state, under every renaming.
    prints: Vec<u128>,
}

/// What one input does at one local state.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The local state after it.
    pub(super) next: u32,
    /// In order. A fan-out is one packet after the other.
    pub(super) effects: Vec<Done>,
    /// Where a crash may come in between, and the local state then.
    pub(super) cuts: Vec<(Cut, u32)>,
    /// Whether a request was taken, or a message not rejected.
    pub(super) taken: bool,
    /// Whether a refused request did something all the same.
    pub(super) acts: bool,
    /// Whether a message was stamped otherwise before, after the same past.
    pub(super) ambiguous: bool,
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
        assert!(exploration.ordered || exploration.links != Links::Broadcast, "a FIFO broadcast keeps the order");
        let renamings = exploration.renamings();
        Self {
            pasts: Pasts::new(&exploration, &renamings),
            renamings,
            ample: exploration.uses_ample(),
            exploration,
            ask,
            hear,
            cells: vec![],
            cell_numbers: Table::new(),
            kinds: Table::new(),
            packets: vec![],
            packet_numbers: Table::new(),
            steps: vec![],
            step_numbers: Table::new(),
            claims: Claims::new(),
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
        State::new(cells, self.exploration.ordered, left)
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
        /// Up to three processes have no more renamings.
        const FEW: usize = 6;
        let Budget { losses, duplicates, crashes, wakes } = state.left;
        let mut left = self.exploration.digest(&[], Part::Faults);
        left.number(u64::from(u32::from_le_bytes([losses, duplicates, crashes, wakes])));
        let left = left.finish();
        // The prints of the parts are as good as random, so that their sum tells multisets apart; a cell's print names its process.
        let (mut few, mut many);
        let sums = if self.renamings.len() <= FEW {
            few = [left; FEW];
            &mut few[..self.renamings.len()]
        } else {
            many = vec![left; self.renamings.len()];
            &mut many[..]
        };
        state.cells().iter().for_each(|cell| add(&self.cell(*cell).prints.whole, sums));
        self.add_packets(state, sums);
        self.add_logs(state, sums);
        sums.iter().copied().min().unwrap_or(left)
    }

    fn add_packets(&self, state: &State, sums: &mut [u128]) {
        if !self.exploration.ordered {
            return state.packets().iter().for_each(|packet| add(&self.packet(*packet).prints, sums));
        }
        let mut places = [0_u8; (Scope::MOST_PROCESSES * Scope::MOST_PROCESSES) as usize];
        for packet in state.packets() {
            let packet = self.packet(*packet);
            let place = &mut places[packet.channel()];
            let factor = PLACE.wrapping_pow(u32::from(*place));
            sums.iter_mut().zip(&packet.prints).for_each(|(sum, print)| *sum = sum.wrapping_add(print.wrapping_mul(factor)));
            *place = place.saturating_add(1);
        }
    }

    /// What the processes broadcast and delivered, as far as a property may still ask for it.
    fn add_logs(&self, state: &State, sums: &mut [u128]) {
        let cells = || state.cells().iter().map(|cell| self.cell(*cell));
        let forgets = self.exploration.reductions.delivered;
        if self.exploration.needs_order() {
            let everywhere = cells().filter(|cell| cell.is_alive()).fold(u64::MAX, |everywhere, cell| everywhere & cell.log.mask);
            for cell in cells() {
                let is_known = |message: &&Message| forgets && message.bit() & everywhere != 0;
                let known = cell.log.delivered.iter().take_while(is_known).count();
                add(&cell.prints.orders[known], sums);
            }
        }
        if self.exploration.needs_pasts() {
            for origin in cells() {
                for (number, past) in (0..).zip(&origin.log.pasts) {
                    let message = Message::of(MessageId { origin: origin.rank, number }, &self.exploration);
                    let lacking = cells().filter(|cell| cell.is_alive() && cell.log.mask & message.bit() == 0);
                    let known = lacking.fold(u64::MAX, |known, cell| known & cell.log.mask);
                    let mut asked = if forgets { past & !known } else { *past };
                    while asked != 0 {
                        add(self.pasts.print(message, asked.trailing_zeros()), sums);
                        asked &= asked - 1;
                    }
                }
            }
        }
    }

    /// What tells a choice from the others that are open in the same state, in this search and in every other one of the same.
    pub(super) fn choice_print(&self, choice: Choice) -> u128 {
        let Choice { act, cut } = choice;
        let mut digest = Digest::new();
        let mut put = |kind: u64, at: u8, more: u128| {
            digest.number(kind);
            digest.number(u64::from(at));
            more.to_le_bytes().fingerprint(&mut digest);
        };
        match act {
            Act::Request { at } => put(0, at, 0),
            Act::Deliver { packet, copy } => put(1, u8::from(copy), self.packet(packet).key),
            Act::Lose { packet } => put(2, 0, self.packet(packet).key),
            Act::Wake { at } => put(3, at, 0),
            Act::Crash { at } => put(4, at, 0),
            Act::Exclude { at, whom } => put(5, at, u128::from(whom)),
            Act::LoseLast { of } => put(6, of, 0),
        }
        digest.number(cut.map_or(0, Cut::code));
        digest.finish()
    }

    /// What `input` does at `cell`, which is that of a live process.
    pub(super) fn step(&mut self, cell: u32, input: Input) -> &Step {
        let key = claims::key(cell, input);
        let number = if let Some(number) = self.step_numbers.get(key) {
            number
        } else {
            let step = self.call(cell, input);
            let number = u32::try_from(self.steps.len()).expect("fewer than 2^32 steps");
            self.steps.push(step);
            self.step_numbers.insert(key, number);
            if self.ample {
                let kind = self.cell(cell).kind;
                self.claims.note(kind, input);
            }
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
        match self.exploration.links {
            Links::FairLoss => true,
            Links::Reliable => !sender.is_alive(),
            Links::Broadcast => false,
        }
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
        let stamps = self.exploration.reductions.stamps && input == Input::Request && taken;
        let ambiguous = stamps && self.is_ambiguous(rank, &begun, &effects);
        let next = self.intern_cell(rank, Some(protocol), now, log, told);
        let acts = refused && (emits || next != number);
        let cuts = self.cuts(rank, now, begun, &effects);
        Step { next, effects, cuts, taken, acts, ambiguous }
    }

    /// Whether the message that `origin` just broadcast was sent otherwise to the same process before, after the same past.
    fn is_ambiguous(&mut self, origin: Rank, log: &Log, effects: &[Done]) -> bool {
        let Some(past) = log.pasts.last() else { return false };
        let message = Message::of(MessageId { origin, number: log.broadcasts() - 1 }, &self.exploration);
        let mut ambiguous = false;
        for effect in effects {
            if let Done::Sent(packet) = effect {
                let packet = &self.packets[*packet as usize];
                ambiguous |= self.pasts.is_news(message, *past, packet.to, packet.key);
            }
        }
        ambiguous
    }

    /// Where a process may crash among these effects, and its cells then: between any two, with any of several sends in a row carried out; of several
    /// broadcasts the first ones.
    fn cuts(&mut self, rank: Rank, now: Time, mut log: Log, effects: &[Done]) -> Vec<(Cut, u32)> {
        let mut cuts = vec![];
        if self.exploration.scope.crashes == 0 {
            return cuts;
        }
        assert!(effects.len() <= Cut::MOST_EFFECTS, "{rank} has {} effects at once, too many to crash between", effects.len());
        let mut done = 0;
        while done < effects.len() {
            let row = effects[done..].iter().take_while(|effect| matches!(effect, Done::Sent(_))).count();
            if row > 1 {
                let crashed = self.intern_cell(rank, None, now, log.clone(), 0);
                if self.exploration.links == Links::Broadcast {
                    let others = self.exploration.scope.processes as usize - 1;
                    cuts.extend((1..row / others).map(|broadcasts| (Cut::after(done + broadcasts * others), crashed)));
                } else {
                    assert!(row <= MOST_IN_A_ROW, "{rank} sends {row} packets in a row, too many to crash between");
                    cuts.extend((1..(1 << row) - 1).map(|some| (Cut::within(done, some), crashed)));
                }
            }
            if let Done::Delivered(message) = effects[done] {
                log.deliver(message);
            }
            done += row.max(1);
            if done < effects.len() {
                cuts.push((Cut::after(done), self.intern_cell(rank, None, now, log.clone(), 0)));
            }
        }
        cuts
    }

    fn carry_out(&mut self, from: Rank, mut outbox: Outbox<P>) -> Vec<Done> {
        let mut done = vec![];
        while let Some(effect) = outbox.pop() {
            match effect {
                Effect::Send { to: To::One(to), message } => {
                    assert!(self.exploration.links != Links::Broadcast, "{from} sends to {to} alone, over a broadcast");
                    done.push(Done::Sent(self.intern_packet(from, to, message)));
                }
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
        let exploration = &self.exploration;
        let part = |digest: &mut Digest<'_>| {
            digest.rank(rank);
            digest.flag(protocol.is_some());
            if let Some(protocol) = &protocol {
                protocol.fingerprint(digest);
                digest.by_rank(exploration.scope.processes as usize, |index, digest| digest.flag(told >> index & 1 == 1));
            }
        };
        let mut digest = Digest::new();
        part(&mut digest);
        log.fingerprint_all(exploration, &mut digest);
        let key = digest.finish();
        if let Some(number) = self.cell_numbers.get(key) {
            return number;
        }
        let whole = |names: &Vec<Rank>| {
            let mut digest = exploration.digest(names, Part::Cell);
            part(&mut digest);
            log.fingerprint(exploration, &mut digest);
            digest.finish()
        };
        let whole: Vec<u128> = self.renamings.iter().map(whole).collect();
        let order = |from: usize| self.renamings.iter().map(|names| log.order(rank, from, exploration, names)).collect();
        let orders = if exploration.needs_order() { (0..=log.delivered.len()).map(order).collect() } else { vec![] };
        let number = u32::try_from(self.cells.len()).expect("fewer than 2^32 local states");
        self.cell_numbers.insert(key, number);
        // The first renaming is none.
        let first = self.kinds.get(whole[0]).unwrap_or(number);
        self.kinds.insert(whole[0], first);
        self.cells.push(Cell { rank, protocol, now, log, told, kind: first, prints: Prints { whole, orders } });
        number
    }

    fn intern_packet(&mut self, from: Rank, to: Rank, message: P::Message) -> u32 {
        assert!(to.0 < self.exploration.scope.processes, "{from} sends to {to}, which is not there");
        let key = packet_print(from, to, &message);
        if let Some(number) = self.packet_numbers.get(key) {
            return number;
        }
        let print = |names: &Vec<Rank>| {
            let mut digest = self.exploration.digest(names, Part::Packet);
            put_packet(from, to, &message, &mut digest);
            digest.finish()
        };
        let prints = self.renamings.iter().map(print).collect();
        let number = u32::try_from(self.packets.len()).expect("fewer than 2^32 packets");
        self.packet_numbers.insert(key, number);
        self.packets.push(Packet { from, to, message, key, prints });
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

    /// Whether it was told that `rank` crashed.
    pub(super) const fn is_told(&self, rank: u8) -> bool {
        self.told >> rank & 1 == 1
    }
}

/// Adds the prints of a part under all renamings.
fn add(prints: &[u128], sums: &mut [u128]) {
    sums.iter_mut().zip(prints).for_each(|(sum, print)| *sum = sum.wrapping_add(*print));
}

impl<M> Packet<M> {
    /// A number for each pair of processes.
    pub(super) fn channel(&self) -> usize {
        self.from.index() * Scope::MOST_PROCESSES as usize + self.to.index()
    }
}

/// What tells packets apart.
pub(super) fn packet_print(from: Rank, to: Rank, message: &impl Fingerprint) -> u128 {
    let mut digest = Digest::new();
    put_packet(from, to, message, &mut digest);
    digest.finish()
}

fn put_packet(from: Rank, to: Rank, message: &impl Fingerprint, digest: &mut Digest<'_>) {
    digest.rank(from);
    digest.rank(to);
    message.fingerprint(digest);
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
