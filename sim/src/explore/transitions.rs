use alloc::vec::Vec;

use tidings_protocol::{Fingerprint, Protocol};
use tidings_trace::MessageId;

use super::choice::{Act, Choice, Input};
use super::claims;
use super::state::State;
use super::system::{Done, System};
use super::{Breach, Cut, Links};

/// One way on from a state.
#[derive(Clone, Debug)]
pub(super) struct Transition {
    pub(super) choice: Choice,
    pub(super) state: State,
    /// What it breaks.
    pub(super) breach: Option<Breach>,
}

impl<P, Q, H> System<P, Q, H>
where
    P: Protocol<Message: Fingerprint> + Clone + Fingerprint,
    Q: Fn(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    /// What can happen next: everything, or what will do in its stead.
    pub(super) fn transitions(&mut self, state: &State) -> Vec<Transition> {
        if let Some(ample) = self.ample(state) {
            return ample;
        }
        let all = self.all_transitions(state);
        if self.ample {
            self.check_claims();
        }
        all
    }

    /// A step that may as well come first, with all that it may turn out to be; `None` if nothing is left out.
    fn ample(&mut self, state: &State) -> Option<Vec<Transition>> {
        if !self.ample {
            return None;
        }
        let mut channels = 0_u64;
        let mut ways = Vec::new();
        for packet in state.distinct_packets() {
            let (channel, from, to) =
                (1 << self.packet(packet).channel(), self.packet(packet).from.index(), self.packet(packet).to.index());
            let is_first = channels & channel == 0;
            channels |= channel;
            if (is_first || !self.exploration.ordered) && !self.may_ever_lose(state, from) {
                ways.push((to, Input::Packet(packet), Act::Deliver { packet, copy: false }));
            }
        }
        for (at, cell) in (0_u8..).zip(state.cells().iter().copied()).filter(|(_, cell)| self.cell(*cell).is_alive()) {
            let crashes = self.unknown_crashes(state, cell);
            ways.extend(crashes.into_iter().map(|whom| (usize::from(at), Input::Exclude(whom), Act::Exclude { at, whom })));
        }
        let (to, input, act) = ways.into_iter().find(|(to, input, _)| {
            let cell = state.cells()[*to];
            // What is sent before a crash would never be sent if the crash came first.
            let sends_too_soon = self.may_crash(state, *to) && claims::sends(self.step(cell, *input));
            !sends_too_soon && self.may_come_first(cell, *input)
        })?;
        let mut all = Vec::new();
        self.take(state, to, input, act, &mut all);
        if let Act::Deliver { packet, .. } = act
            && state.left.duplicates > 0
            && self.exploration.links != Links::Broadcast
        {
            self.take(state, to, input, Act::Deliver { packet, copy: true }, &mut all);
        }
        self.check_claims();
        Some(all)
    }

    /// Whether what `from` sent may be lost, now or later.
    fn may_ever_lose(&self, state: &State, from: usize) -> bool {
        let crashes = !self.cell(state.cells()[from]).is_alive() || self.may_crash(state, from);
        state.left.losses > 0 && (crashes || self.exploration.links == Links::FairLoss)
    }

    fn may_crash(&self, state: &State, at: usize) -> bool {
        state.left.crashes > 0 && !self.is_protected(u8::try_from(at).unwrap_or(u8::MAX))
    }

    /// Everything that can happen next.
    pub(super) fn all_transitions(&mut self, state: &State) -> Vec<Transition> {
        let mut all = Vec::new();
        let left = state.left;
        let live: Vec<(u8, u32)> = (0_u8..).zip(state.cells().iter().copied()).filter(|(_, cell)| self.cell(*cell).is_alive()).collect();
        let mut channels = 0_u64;
        for packet in state.distinct_packets() {
            if left.losses > 0 && self.may_lose(self.cell(state.cells()[self.packet(packet).from.index()])) {
                all.push(self.lose(state, packet));
            }
            let channel = 1 << self.packet(packet).channel();
            if self.exploration.ordered && channels & channel != 0 {
                continue;
            }
            channels |= channel;
            let to = self.packet(packet).to.index();
            self.take(state, to, Input::Packet(packet), Act::Deliver { packet, copy: false }, &mut all);
            if left.duplicates > 0 && self.exploration.links != Links::Broadcast {
                self.take(state, to, Input::Packet(packet), Act::Deliver { packet, copy: true }, &mut all);
            }
        }
        if left.losses > 0 && self.exploration.links == Links::Broadcast {
            let processes = 0..u8::try_from(state.cells().len()).expect("a scope has few processes");
            all.extend(processes.filter_map(|of| self.lose_last(state, of)));
        }
        for &(at, cell) in &live {
            if self.cell(cell).log.broadcasts() < u64::from(self.exploration.scope.messages) {
                self.take(state, usize::from(at), Input::Request, Act::Request { at }, &mut all);
            }
            if left.wakes > 0 && self.has_deadline(cell) {
                self.take(state, usize::from(at), Input::Wake, Act::Wake { at }, &mut all);
            }
            if left.crashes > 0 && !self.is_protected(at) {
                all.push(self.crash(state, at));
            }
            for whom in self.unknown_crashes(state, cell) {
                self.take(state, usize::from(at), Input::Exclude(whom), Act::Exclude { at, whom }, &mut all);
            }
        }
        all
    }

    /// What happens without any further fault, until nothing does: the processes are woken whenever they ask for it. What each step chose, and the state at
    /// the end; what broke on the way, or that it has no end.
    pub(super) fn complete(&mut self, mut state: State) -> (Vec<Choice>, State, Option<Breach>) {
        /// More steps than any scope needs: each message, its repetitions and its acknowledgements, between any two processes.
        const MOST: usize = 20_000;
        let mut choices = Vec::new();
        state.left.losses = 0;
        state.left.duplicates = 0;
        state.left.crashes = 0;
        state.left.wakes = 0;
        let processes = state.cells().len();
        let mut turn = 0;
        while choices.len() < MOST {
            let mut next = self.transitions(&state);
            if next.is_empty() {
                let mut turns = (turn..processes).chain(0..turn);
                let Some(at) = turns.find(|at| self.has_deadline(state.cells()[*at])) else { return (choices, state, None) };
                turn = (at + 1) % processes;
                let at = u8::try_from(at).expect("a scope has few processes");
                self.take(&state, usize::from(at), Input::Wake, Act::Wake { at }, &mut next);
            }
            let Transition { choice, state: after, breach } = next.swap_remove(0);
            choices.push(choice);
            state = after;
            if breach.is_some() {
                return (choices, state, breach);
            }
        }
        (choices, state, Some(Breach::Restless))
    }

    /// Gives the process at `at` an input, with all ways in which it may crash before all effects are carried out.
    fn take(&mut self, state: &State, at: usize, input: Input, act: Act, all: &mut Vec<Transition>) {
        let cell = state.cells()[at];
        let may_crash = self.may_crash(state, at);
        let step = self.step(cell, input);
        if input == Input::Request && !step.taken {
            if step.acts {
                all.push(Transition { choice: act.into(), state: state.clone(), breach: Some(Breach::RefusalActs) });
            }
            return;
        }
        if step.ambiguous {
            all.push(Transition { choice: act.into(), state: state.clone(), breach: Some(Breach::Ambiguous) });
            return;
        }
        // Before the first effect is no different from before the input, and that is a crash of its own.
        let cuts: Vec<(Cut, u32)> = if may_crash { step.cuts.clone() } else { Vec::new() };
        let next = step.next;
        all.push(self.after(state, at, input, Choice { act, cut: None }, next));
        for (cut, next) in cuts {
            all.push(self.after(state, at, input, Choice { act, cut: Some(cut) }, next));
        }
    }

    fn after(&mut self, state: &State, at: usize, input: Input, choice: Choice, next: u32) -> Transition {
        let cell = state.cells()[at];
        let mut after = state.clone();
        match choice.act {
            Act::Deliver { packet, copy: false } => after.remove_packet(packet),
            Act::Deliver { copy: true, .. } => after.left.duplicates -= 1,
            // A completion wakes without a budget.
            Act::Wake { .. } => after.left.wakes = after.left.wakes.saturating_sub(1),
            _ => {}
        }
        after.left.crashes -= u8::from(choice.cut.is_some());
        let step = self.step(cell, input);
        let (mut sent, mut delivered) = (Vec::new(), Vec::new());
        for (_, effect) in step.effects.iter().enumerate().filter(|(place, _)| choice.cut.is_none_or(|cut| cut.carries(*place))) {
            match effect {
                Done::Sent(packet) => sent.push(*packet),
                Done::Delivered(message) => delivered.push(*message),
                Done::Other => {}
            }
        }
        after.set_cell(at, next);
        for packet in &sent {
            let to = self.packet(*packet).to.index();
            if self.cell(after.cells()[to]).is_alive() {
                after.add_packet(*packet);
            }
        }
        if choice.cut.is_some() {
            self.drop_packets_to(&mut after, at);
        }
        if self.exploration.reductions.stale && self.exploration.links != Links::Broadcast {
            self.forget_stale(&mut after, at, &sent);
        }
        let breach = self.broken(after.cells(), at, cell, &delivered).map(Breach::Property);
        Transition { choice, state: after, breach }
    }

    fn lose(&self, state: &State, packet: u32) -> Transition {
        let mut state = state.clone();
        state.left.losses -= 1;
        state.remove_packet(packet);
        Transition { choice: Act::Lose { packet }.into(), state, breach: None }
    }

    /// Loses the last broadcast of `of`, if that has crashed and every live process is still to take it.
    fn lose_last(&self, state: &State, of: u8) -> Option<Transition> {
        if self.cell(state.cells()[usize::from(of)]).is_alive() {
            return None;
        }
        let mut after = state.clone();
        after.left.losses -= 1;
        let live = state.cells().iter().map(|cell| self.cell(*cell)).filter(|cell| cell.is_alive());
        let mut lost = false;
        for to in live.map(|cell| cell.rank) {
            // What waits on the way to a process is the end of all that was broadcast.
            let is_between = |packet: &&u32| {
                let packet = self.packet(**packet);
                packet.from.index() == usize::from(of) && packet.to == to
            };
            let last = *state.packets().iter().rfind(is_between)?;
            after.remove_last_packet(last);
            lost = true;
        }
        lost.then_some(Transition { choice: Act::LoseLast { of }.into(), state: after, breach: None })
    }

    fn crash(&mut self, state: &State, at: u8) -> Transition {
        let mut state = state.clone();
        state.left.crashes -= 1;
        let index = usize::from(at);
        state.set_cell(index, self.crashed(state.cells()[index]));
        self.drop_packets_to(&mut state, index);
        Transition { choice: Act::Crash { at }.into(), state, breach: None }
    }

    /// Nobody takes what is for a crashed process.
    fn drop_packets_to(&self, state: &mut State, at: usize) {
        state.retain_packets(|packet| self.packet(packet).to.index() != at);
    }

    /// Forgets the packets that change nothing where they go, of those for which that may be new: for the process that changed, and just sent.
    fn forget_stale(&mut self, state: &mut State, changed: usize, sent: &[u32]) {
        let cells = state.cells().to_vec();
        state.retain_packets(|packet| {
            let to = self.packet(packet).to.index();
            if to != changed && !sent.contains(&packet) {
                return true;
            }
            let cell = cells[to];
            let step = self.step(cell, Input::Packet(packet));
            !(step.taken && step.next == cell && step.effects.is_empty())
        });
    }

    fn is_protected(&self, at: u8) -> bool {
        self.exploration.protected.iter().any(|rank| rank.0 == u32::from(at))
    }

    /// The crashes that a process in this local state is still to be told of.
    fn unknown_crashes(&self, state: &State, cell: u32) -> Vec<u8> {
        if !self.exploration.detection {
            return Vec::new();
        }
        let crashed = (0_u8..).zip(state.cells()).filter(|(_, other)| !self.cell(**other).is_alive());
        crashed.map(|(whom, _)| whom).filter(|whom| !self.cell(cell).is_told(*whom)).collect()
    }
}
