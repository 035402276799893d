use alloc::vec::Vec;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Fingerprint, Outbox, Protocol, To};
use tidings_trace::{MessageId, Trace, What};

use super::Cut;
use super::choice::{Act, Choice};
use super::counterexample::Move;
use super::system::{Given, System, give, packet_print};

/// A path of the search, carried out once more by the protocol itself, from the beginning and with nothing looked up, and recorded.
pub(super) struct Rerun<P: Protocol> {
    processes: Vec<Running<P>>,
    flight: Vec<Flying<P::Message>>,
    sent: u64,
    steps: u64,
    pub(super) trace: Trace,
    pub(super) script: Vec<Move>,
}

struct Running<P> {
    protocol: Option<P>,
    now: Time,
    broadcasts: u64,
}

#[derive(Clone)]
struct Flying<M> {
    number: u64,
    from: Rank,
    to: Rank,
    print: u128,
    message: M,
}

impl<P: Protocol<Message: Fingerprint>> Rerun<P> {
    pub(super) fn new(processes: impl Iterator<Item = P>) -> Self {
        let processes: Vec<Running<P>> =
            processes.map(|protocol| Running { protocol: Some(protocol), now: Time::ZERO, broadcasts: 0 }).collect();
        let trace = Trace::new(processes.len());
        Self { processes, flight: Vec::new(), sent: 0, steps: 0, trace, script: Vec::new() }
    }

    /// Carries out one choice. Whether it was there to be made: it always is, unless two states were taken for one.
    pub(super) fn carry_out<Q, H>(&mut self, choice: Choice, system: &System<P, Q, H>) -> bool
    where
        P: Clone + Fingerprint,
        Q: Fn(MessageId) -> P::Request,
        H: Fn(&P::Indication) -> Option<MessageId>,
    {
        // The search is untimed; the trace counts its steps in milliseconds.
        self.steps += 1;
        let cut = choice.cut;
        let rank = |at: u8| Rank(u32::from(at));
        match choice.act {
            Act::Request { at } => {
                let process = rank(at);
                let message = MessageId { origin: process, number: self.processes[process.index()].broadcasts };
                self.script.push(Move::Broadcast { process, message, cut });
                let Some(mut outbox) = self.give(process, Given::Request(system.ask(message))) else { return false };
                self.processes[process.index()].broadcasts += 1;
                self.record(process, What::Broadcast(message));
                self.carry(process, &mut outbox, cut, system);
            }
            Act::Deliver { packet, copy } => {
                let Some(flying) = self.find(packet, system) else { return false };
                let Flying { number, from, to: process, message, .. } =
                    if copy { self.flight[flying].clone() } else { self.flight.remove(flying) };
                self.script.push(Move::Receive { process, from, packet: number, copy, cut });
                self.record(process, What::Receive { packet: number, from });
                let Some(mut outbox) = self.give(process, Given::Message(from, message)) else { return false };
                self.carry(process, &mut outbox, cut, system);
            }
            Act::Lose { packet } => {
                let Some(flying) = self.find(packet, system) else { return false };
                let Flying { number, from, to, .. } = self.flight.remove(flying);
                self.script.push(Move::Lose { process: to, from, packet: number });
            }
            Act::LoseLast { of } => {
                for to in (0..self.processes.len()).map(Rank::new) {
                    let is_between = |flying: &Flying<P::Message>| flying.from == rank(of) && flying.to == to;
                    if let Some(last) = self.flight.iter().rposition(is_between) {
                        let Flying { number, from, to, .. } = self.flight.remove(last);
                        self.script.push(Move::Lose { process: to, from, packet: number });
                    }
                }
            }
            Act::Wake { at } => {
                self.script.push(Move::Wake { process: rank(at), cut });
                let Some(mut outbox) = self.give(rank(at), Given::Wake) else { return false };
                self.carry(rank(at), &mut outbox, cut, system);
            }
            Act::Crash { at } => {
                self.script.push(Move::Crash { process: rank(at) });
                self.crash(rank(at));
            }
            Act::Exclude { at, whom } => {
                self.script.push(Move::Exclude { process: rank(at), rank: rank(whom), cut });
                self.record(rank(at), What::Exclude(rank(whom)));
                let Some(mut outbox) = self.give(rank(at), Given::Exclude(rank(whom))) else { return false };
                self.carry(rank(at), &mut outbox, cut, system);
            }
        }
        true
    }

    /// The oldest packet that looks as this one.
    fn find<Q, H>(&self, packet: u32, system: &System<P, Q, H>) -> Option<usize>
    where
        P: Clone + Fingerprint,
        Q: Fn(MessageId) -> P::Request,
        H: Fn(&P::Indication) -> Option<MessageId>,
    {
        let packet = system.packet(packet);
        let print = packet_print(packet.from, packet.to, &packet.message);
        self.flight.iter().position(|flying| flying.print == print)
    }

    /// Gives a live process an input; `None` if it is not alive, or refuses a request.
    fn give(&mut self, process: Rank, given: Given<P>) -> Option<Outbox<P>> {
        let Running { protocol, now, .. } = &mut self.processes[process.index()];
        let request = matches!(given, Given::Request(_));
        let mut outbox = Outbox::new();
        let taken = give(protocol.as_mut()?, now, given, &mut outbox);
        (taken || !request).then_some(outbox)
    }

    fn carry<Q, H>(&mut self, from: Rank, outbox: &mut Outbox<P>, cut: Option<Cut>, system: &System<P, Q, H>)
    where
        P: Clone + Fingerprint,
        Q: Fn(MessageId) -> P::Request,
        H: Fn(&P::Indication) -> Option<MessageId>,
    {
        let mut done = 0;
        let mut carries = || {
            done += 1;
            cut.is_none_or(|cut| cut.carries(done - 1))
        };
        while let Some(effect) = outbox.pop() {
            let (to, message) = match effect {
                Effect::Send { to, message } => (to, message),
                Effect::Indicate(indication) => {
                    if carries()
                        && let Some(message) = system.hear(&indication)
                    {
                        self.record(from, What::Deliver(message));
                    }
                    continue;
                }
                Effect::Persist(_) => {
                    carries();
                    continue;
                }
            };
            let all: Vec<Rank> = match to {
                To::One(to) => alloc::vec![to],
                To::Others => (0..self.processes.len()).map(Rank::new).filter(|to| *to != from).collect(),
            };
            for to in all {
                if !carries() {
                    continue;
                }
                let number = self.sent;
                self.sent += 1;
                self.record(from, What::Send { packet: number, to });
                if self.processes[to.index()].protocol.is_some() {
                    let print = packet_print(from, to, &message);
                    self.flight.push(Flying { number, from, to, print, message: message.clone() });
                }
            }
        }
        if cut.is_some() {
            self.crash(from);
        }
    }

    fn crash(&mut self, process: Rank) {
        self.processes[process.index()].protocol = None;
        self.flight.retain(|flying| flying.to != process);
        self.record(process, What::Crash);
    }

    fn record(&mut self, process: Rank, what: What) {
        self.trace.push(Time::from_millis(self.steps), process, what);
    }
}
