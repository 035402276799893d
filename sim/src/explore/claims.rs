use alloc::vec::Vec;

use tidings_protocol::{Fingerprint, Protocol};
use tidings_trace::{MessageId, Property};

use super::choice::Input;
use super::log::Message;
use super::system::{Done, Step, System};
use super::table::Table;

/// What is claimed of inputs at local states, where those that behave alike are one: that it makes no difference whether a process is given this one now or later, whatever else comes first.
///
/// A claim is checked against each other input that is ever given to the process after it: the two in the other order must bring the process to the
/// same state, by the same effects; and the claim must hold after that other input too. It stands until a check fails, so a search that relied on it is through only when no
/// claim that it used was refuted meanwhile. This is independence at a state (Katz and Peled, *Defining conditional independence using
/// collapses*, 1992), found out on the shipping code.
#[derive(Debug)]
pub(super) struct Claims {
    claims: Vec<Claim>,
    /// By local state and input.
    numbers: Table<u32>,
    /// For each local state, the claims whose input leads there.
    into: Vec<Vec<u32>>,
    /// For each local state, the inputs of which it is known what they do there.
    inputs: Vec<Vec<Input>>,
    /// Claims with what they are still to be checked against.
    unchecked: Vec<(u32, Input)>,
    /// Whether a claim was refuted that the search used.
    doubtful: bool,
}

#[derive(Debug)]
struct Claim {
    cell: u32,
    input: Input,
    refuted: bool,
    used: bool,
    /// The claims that hold only if this one does.
    parents: Vec<u32>,
}

impl Claims {
    pub(super) fn new() -> Self {
        Self { claims: Vec::new(), numbers: Table::new(), into: Vec::new(), inputs: Vec::new(), unchecked: Vec::new(), doubtful: false }
    }

    /// It has become known what `input` does at `cell`.
    pub(super) fn note(&mut self, cell: u32, input: Input) {
        let at = cell as usize;
        self.make_room(at);
        if !self.inputs[at].contains(&input) {
            self.inputs[at].push(input);
            self.unchecked.extend(self.into[at].iter().map(|claim| (*claim, input)));
        }
    }

    /// Whether a claim was refuted that the search used, since this was asked before.
    pub(super) fn take_doubt(&mut self) -> bool {
        core::mem::take(&mut self.doubtful)
    }

    /// Whether a claim was refuted that the search used.
    pub(super) const fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    fn make_room(&mut self, cell: usize) {
        if self.inputs.len() <= cell {
            self.inputs.resize_with(cell + 1, Vec::new);
            self.into.resize_with(cell + 1, Vec::new);
        }
    }

    /// Claims that `input`, which leads to `next`, can as well be given to `cell` later.
    fn claim(&mut self, cell: u32, input: Input, next: u32) -> u32 {
        let key = key(cell, input);
        if let Some(number) = self.numbers.get(key) {
            return number;
        }
        let number = u32::try_from(self.claims.len()).expect("fewer than 2^32 claims");
        self.claims.push(Claim { cell, input, refuted: false, used: false, parents: Vec::new() });
        self.numbers.insert(key, number);
        self.make_room(next as usize);
        self.into[next as usize].push(number);
        self.unchecked.extend(self.inputs[next as usize].iter().map(|other| (number, *other)));
        number
    }

    fn refute(&mut self, number: u32) {
        let mut refuted = alloc::vec![number];
        while let Some(number) = refuted.pop() {
            let claim = &mut self.claims[number as usize];
            if !core::mem::replace(&mut claim.refuted, true) {
                self.doubtful |= claim.used;
                refuted.append(&mut claim.parents);
            }
        }
    }
}

impl<P, Q, H> System<P, Q, H>
where
    P: Protocol<Message: Fingerprint> + Clone + Fingerprint,
    Q: Fn(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    /// Whether it makes no difference, as far as is known, when `input` is given to the process that is in the local state `cell`. The search
    /// relies on that from now on.
    pub(super) fn may_come_first(&mut self, cell: u32, input: Input) -> bool {
        let cell = self.cell(cell).kind;
        let next = self.next_kind(cell, input);
        let number = self.claims.claim(cell, input, next);
        self.check_claims();
        let claim = &mut self.claims.claims[number as usize];
        claim.used |= !claim.refuted;
        !claim.refuted
    }

    /// Checks all claims against what has become known.
    pub(super) fn check_claims(&mut self) {
        while let Some((number, other)) = self.claims.unchecked.pop() {
            let Claim { cell, input, refuted, .. } = self.claims.claims[number as usize];
            if refuted || self.come_in_turn(input, other) {
                continue;
            }
            if !self.commute(cell, input, other) {
                self.claims.refute(number);
                continue;
            }
            let cell = self.next_kind(cell, other);
            let next = self.next_kind(cell, input);
            let after = self.claims.claim(cell, input, next);
            let after = &mut self.claims.claims[after as usize];
            if after.refuted {
                self.claims.refute(number);
            } else {
                after.parents.push(number);
            }
        }
    }

    /// How the process will behave after `input` at `cell`.
    fn next_kind(&mut self, cell: u32, input: Input) -> u32 {
        let next = self.step(cell, input).next;
        self.cell(next).kind
    }

    /// Whether two inputs of one process can come in one order only: one input twice, or packets that one process sent, where the order is kept.
    fn come_in_turn(&self, one: Input, other: Input) -> bool {
        match (one, other) {
            (Input::Packet(one), Input::Packet(other)) if self.exploration.ordered => self.packet(one).from == self.packet(other).from,
            _ => one == other,
        }
    }

    /// Whether two inputs at a local state come to the same in either order.
    fn commute(&mut self, cell: u32, one: Input, other: Input) -> bool {
        let first = self.step(cell, one).clone();
        let second = self.step(self.cell(first.next).kind, other).clone();
        let other_first = self.step(cell, other).clone();
        let one_second = self.step(self.cell(other_first.next).kind, one).clone();
        let alike = |step: &Step, later: &Step| (step.taken, step.acts) == (later.taken, later.acts);
        let kind = |step: &Step| self.cell(step.next).kind;
        if kind(&second) != kind(&one_second) || !alike(&first, &one_second) || !alike(&other_first, &second) {
            return false;
        }
        // A crash may come between any two effects, so those of a step that sends must be the same ones; then the other step only delivers.
        let rank = self.cell(cell).rank;
        let may_crash = self.exploration.scope.crashes > 0 && !self.exploration.protected.contains(&rank);
        if may_crash && sends(&other_first) && other_first.effects != second.effects {
            return false;
        }
        self.comes_to_the_same(
            &[&first.effects, &second.effects].map(Vec::as_slice).concat(),
            &[&other_first.effects[..], &one_second.effects[..]].concat(),
        )
    }

    /// Whether two lists of effects are the same to everybody else, and to the promises.
    fn comes_to_the_same(&self, one: &[Done], other: &[Done]) -> bool {
        let sent = |effects: &[Done], channel: Option<usize>| {
            let packets = effects.iter().filter_map(|effect| if let Done::Sent(packet) = effect { Some(*packet) } else { None });
            let mut packets: Vec<u32> =
                packets.filter(|packet| channel.is_none_or(|channel| self.packet(*packet).to.index() == channel)).collect();
            if channel.is_none() {
                packets.sort_unstable();
            }
            packets
        };
        let same_packets = if self.exploration.ordered {
            (0..self.exploration.scope.processes as usize).all(|to| sent(one, Some(to)) == sent(other, Some(to)))
        } else {
            sent(one, None) == sent(other, None)
        };
        let promises = &self.exploration.promises;
        let in_order = self.exploration.needs_order() || promises.contains(&Property::CausalDelivery);
        let delivered = |effects: &[Done]| {
            let messages = effects.iter().filter_map(|effect| if let Done::Delivered(message) = effect { Some(*message) } else { None });
            let mut messages: Vec<Message> = messages.collect();
            if !in_order {
                // A stable sort: those of one origin keep their order, if that is asked for.
                let by_origin = promises.contains(&Property::FifoDelivery);
                messages.sort_by_key(|message| if by_origin { message.origin(&self.exploration) } else { message.number() });
            }
            messages
        };
        same_packets && delivered(one) == delivered(other)
    }
}

/// Whether a step sends anything.
pub(super) fn sends(step: &Step) -> bool {
    step.effects.iter().any(|effect| matches!(effect, Done::Sent(_)))
}

/// What an input at a local state is found by.
pub(super) fn key(cell: u32, input: Input) -> u128 {
    u128::from(cell) << 64 | u128::from(input.code()) | 1 << 127
}
