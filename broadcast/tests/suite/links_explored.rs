//! Every interleaving of a small run in which the sender and the receiver of a perfect link both restart.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tidings_broadcast::{Backoff, Frame, Incoming, Outgoing, PerfectLink};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Limits, Outbox, Protocol, To, View};

const LIMITS: Limits = Limits { window: 2, ..Limits::TINY };
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(1) };
const SENDER: usize = 0;
const RECEIVER: usize = 1;

/// What a life of the sender sends: its number, and which of its messages.
type Letter = (u32, u64);

/// Two processes, and everything that was ever put on the wire and may still arrive, any number of times.
#[derive(Clone, Debug)]
struct State {
    links: [PerfectLink<Letter>; 2],
    wire: Vec<(usize, Frame<Letter>)>,
    /// What the receiver heard: in which of its lives, and what.
    heard: Vec<(Incarnation, Letter)>,
    now: Time,
    wakes: u32,
}

impl State {
    fn new() -> Self {
        let mut state = Self {
            links: [SENDER, RECEIVER].map(|at| link(at, Incarnation::FIRST)),
            wire: vec![],
            heard: vec![],
            now: Time::ZERO,
            wakes: 0,
        };
        state.speak(1);
        state
    }

    /// The sender, in this life, sends its first two messages.
    fn speak(&mut self, life: u32) {
        self.say(life, 0);
        self.say(life, 1);
    }

    fn say(&mut self, life: u32, number: u64) {
        let mut outbox = Outbox::new();
        let request = Outgoing { to: To::One(Rank::new(RECEIVER)), payload: (life, number) };
        self.links[SENDER].request(self.now, request, &mut outbox).expect("the window holds two");
        self.carry_out(SENDER, outbox);
    }

    /// Everything on the wire arrives, and timers are heeded, until nothing is left to do.
    fn settle(&mut self) {
        for _ in 0..12 {
            while !self.wire.is_empty() {
                self.arrive(0);
                self.wire.remove(0);
            }
            self.wake(SENDER);
            self.wake(RECEIVER);
        }
        assert!(self.wire.is_empty() && self.links.iter().all(|link| link.deadline().is_none()), "no rest: {self:?}");
    }

    fn carry_out(&mut self, at: usize, mut outbox: Outbox<PerfectLink<Letter>>) {
        for effect in outbox.drain() {
            match effect {
                Effect::Send { message, .. } => {
                    // What is on the wire may arrive any number of times, so a second copy adds nothing.
                    if !self.wire.contains(&(1 - at, message.clone())) {
                        self.wire.push((1 - at, message));
                    }
                }
                Effect::Indicate(Incoming { payload, .. }) => self.heard.push((self.links[at].incarnation(), payload)),
                Effect::Persist(record) => match record {},
            }
        }
    }

    fn arrive(&mut self, packet: usize) {
        let (to, frame) = self.wire[packet].clone();
        let mut outbox = Outbox::new();
        // A frame of a former life is rejected; that is what is being tested, and what it leads to is judged below.
        let _ = self.links[to].receive(self.now, Rank::new(1 - to), frame, &mut outbox);
        self.carry_out(to, outbox);
    }

    /// Wakes a process when its timer is due. Time stands still but for this.
    fn wake(&mut self, at: usize) {
        if let Some(deadline) = self.links[at].deadline() {
            self.now = self.now.max(deadline);
            let mut outbox = Outbox::new();
            self.links[at].wake(self.now, &mut outbox);
            self.carry_out(at, outbox);
        }
    }

    fn restart(&mut self, at: usize) {
        self.links[at] = link(at, Incarnation(2));
        if at == SENDER {
            self.speak(2);
        }
    }

    fn is_reborn(&self, at: usize) -> bool {
        self.links[at].incarnation() == Incarnation(2)
    }

    /// All that may happen next.
    fn successors(&self, most_wakes: u32) -> Vec<Self> {
        let mut successors = vec![];
        let mut after = |step: &dyn Fn(&mut Self)| {
            let mut state = self.clone();
            step(&mut state);
            successors.push(state);
        };
        for packet in 0..self.wire.len() {
            after(&|state| state.arrive(packet));
        }
        for at in [SENDER, RECEIVER] {
            if !self.is_reborn(at) {
                after(&|state| state.restart(at));
            }
            if self.wakes < most_wakes {
                after(&|state| {
                    state.wakes += 1;
                    state.wake(at);
                });
            }
        }
        successors
    }

    /// No life of the receiver hears a message twice, nor a former life of the sender after a later one.
    fn assert_safe(&self) {
        for (at, (life, letter)) in self.heard.iter().enumerate() {
            let before: Vec<_> = self.heard[..at].iter().filter(|(earlier, _)| earlier == life).collect();
            assert!(before.iter().all(|(_, earlier)| earlier != letter), "{letter:?} is heard twice in life {life}: {self:?}");
            assert!(before.iter().all(|(_, earlier)| earlier.0 <= letter.0), "a former life is heard after the later one: {self:?}");
        }
    }

    /// When all that happens from here on is what must happen, every message of the sender's last life is heard, and nothing is held any more.
    /// What is on the wire now arrives first, if `late`, and is lost if not.
    fn assert_live(&self, late: bool) {
        let mut state = self.clone();
        if !late {
            state.wire.clear();
        }
        state.settle();
        // Two lives that were brought together stay together: more than a window of further messages is heard as well.
        let life = if state.is_reborn(SENDER) { 2 } else { 1 };
        for number in 2..6 {
            state.say(life, number);
            state.settle();
        }
        state.assert_safe();
        for number in 0..6 {
            assert!(
                state.heard.iter().any(|(_, letter)| *letter == (life, number)),
                "message {number} is swallowed: {self:?}, then {state:?}"
            );
        }
        assert_eq!(state.links.each_ref().map(PerfectLink::held), [0, 0], "something is held for ever: {self:?}");
    }

    /// Two states with equal fingerprints have the same future: order on the wire means nothing.
    fn fingerprint(&self) -> u64 {
        let mut wire: Vec<_> = self.wire.iter().map(|packet| format!("{packet:?}")).collect();
        wire.sort();
        let mut hasher = DefaultHasher::new();
        // The statistics do not count.
        for link in &self.links {
            let all = format!("{link:?}");
            all[..all.find("stats").expect("a link has statistics")].hash(&mut hasher);
        }
        (wire, format!("{:?}", self.heard), self.wakes).hash(&mut hasher);
        hasher.finish()
    }
}

fn link(at: usize, incarnation: Incarnation) -> PerfectLink<Letter> {
    PerfectLink::new(&View::of(2), Rank::new(at), incarnation, LIMITS, BACKOFF)
}

#[test]
fn no_interleaving_of_two_restarts_swallows_or_repeats_a_message() {
    let mut seen = BTreeSet::new();
    let mut open = vec![State::new()];
    let mut both_reborn = 0;
    while let Some(state) = open.pop() {
        if !seen.insert(state.fingerprint()) {
            continue;
        }
        state.assert_safe();
        state.assert_live(true);
        state.assert_live(false);
        both_reborn += u32::from(state.is_reborn(SENDER) && state.is_reborn(RECEIVER));
        open.extend(state.successors(1));
    }
    println!("{} states, {both_reborn} after both restarts", seen.len());
    assert!(seen.len() > 1_000 && both_reborn > 500, "only {} states, {both_reborn} after both restarts", seen.len());
}
