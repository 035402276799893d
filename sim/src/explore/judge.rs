use tidings_clocks::Rank;
use tidings_protocol::{Fingerprint, Protocol};
use tidings_trace::{MessageId, Property};

use super::Breach;
use super::choice::Input;
use super::log::Message;
use super::state::State;
use super::system::System;

/// The properties, judged step by step: by what every process broadcast and delivered so far, which is the explorer's own truth.
///
/// They say what [`Property::check`] says of the trace of the same path; the tests hold them against it.
impl<P, Q, H> System<P, Q, H>
where
    P: Protocol<Message: Fingerprint> + Clone + Fingerprint,
    Q: Fn(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    /// The first promised safety property that is broken by what process `at`, which was in the local state `before`, just delivered.
    ///
    /// A local state stands for all that look like it. Where no promise asks for the order of deliveries it need not be that of the log, so what is new is
    /// read off the effects.
    pub(super) fn broken(&self, cells: &[u32], at: usize, before: u32, delivered: &[Message]) -> Option<Property> {
        let log = &self.cell(before).log;
        let (mut had, mut place) = (log.mask, log.delivered.len());
        delivered.iter().find_map(|message| {
            let safety = self.exploration.promises.iter().copied().filter(|property| !property.is_liveness());
            let broken = safety.into_iter().find(|property| self.breaks(*property, cells, at, place, *message, had));
            had |= message.bit();
            place += 1;
            broken
        })
    }

    /// What is wrong when nothing can happen any more.
    pub(super) fn judge_end(&mut self, state: &State) -> Option<Breach> {
        let cells = state.cells().to_vec();
        let liveness = self.exploration.promises.iter().copied().filter(|property| property.is_liveness());
        if let Some(property) = liveness.into_iter().find(|property| self.misses(*property, &cells)) {
            return Some(Breach::Property(property));
        }
        let messages = u64::from(self.exploration.scope.messages);
        let waits = |system: &mut Self, cell: u32| {
            let asks = system.cell(cell).is_alive() && system.cell(cell).log.broadcasts() < messages;
            asks && !system.step(cell, Input::Request).taken
        };
        let stuck = self.exploration.progress && cells.iter().any(|cell| waits(self, *cell));
        stuck.then_some(Breach::Stuck)
    }

    /// Whether process `at` breaks a safety property by delivering `message`, at `place` in its order, after all of `had`.
    fn breaks(&self, property: Property, cells: &[u32], at: usize, place: usize, message: Message, had: u64) -> bool {
        let creates = matches!(property, Property::NoCreation | Property::Integrity);
        let Some(id) = message.id(&self.exploration) else { return creates };
        let repeated = had & message.bit() != 0;
        let origin = &self.cell(cells[id.origin.index()]).log;
        let past = origin.pasts.get(usize::try_from(id.number).unwrap_or(usize::MAX));
        match property {
            Property::NoDuplication => repeated,
            Property::NoCreation => past.is_none(),
            Property::Integrity => repeated || past.is_none(),
            Property::FifoDelivery => !repeated && self.skips(id, had),
            Property::CausalDelivery => !repeated && past.is_some_and(|past| past & !had != 0),
            Property::TotalOrder => !repeated && self.opposes(cells, at, message, had),
            Property::FifoTotal => !repeated && (self.skips(id, had) || self.opposes(cells, at, message, had)),
            Property::UniformTotalOrder => !repeated && self.diverges(cells, at, place),
            _ => false,
        }
    }

    /// Whether an earlier message of the same origin is not among `had`.
    fn skips(&self, id: MessageId, had: u64) -> bool {
        (0..id.number).any(|number| Message::of(MessageId { number, ..id }, &self.exploration).bit() & had == 0)
    }

    /// Whether another process delivered `message` before one of `had`.
    fn opposes(&self, cells: &[u32], at: usize, message: Message, had: u64) -> bool {
        let others = cells.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, cell)| &self.cell(*cell).log);
        others.filter(|log| log.mask & message.bit() != 0).any(|log| {
            let first = log.delivered.iter().position(|other| *other == message).unwrap_or(usize::MAX);
            let before = log.delivered.iter().take(first).fold(0, |mask, message| mask | message.bit());
            log.mask & had & !before & !message.bit() != 0
        })
    }

    /// Whether the delivery at `place` is another one than that at the same place elsewhere. Repetitions do not count.
    fn diverges(&self, cells: &[u32], at: usize, place: usize) -> bool {
        let firsts = |cell: u32, until: usize| {
            let delivered = &self.cell(cell).log.delivered;
            let mut firsts = alloc::vec::Vec::new();
            for message in &delivered[..until.min(delivered.len())] {
                if !firsts.contains(message) {
                    firsts.push(*message);
                }
            }
            firsts
        };
        let mine = firsts(cells[at], place + 1);
        cells.iter().any(|cell| firsts(*cell, usize::MAX).iter().zip(&mine).any(|(theirs, mine)| theirs != mine))
    }

    /// Whether a liveness property is broken in a system at rest.
    fn misses(&self, property: Property, cells: &[u32]) -> bool {
        let correct = || cells.iter().enumerate().filter(|(_, cell)| self.cell(**cell).is_alive());
        let broadcast = |at: usize, cell: u32| {
            let origin = Rank::new(at);
            (0..self.cell(cell).log.broadcasts())
                .fold(0, |mask, number| mask | Message::of(MessageId { origin, number }, &self.exploration).bit())
        };
        let everywhere = correct().fold(u64::MAX, |mask, (_, cell)| mask & self.cell(*cell).log.mask);
        match property {
            Property::Validity => correct().any(|(at, cell)| broadcast(at, *cell) & !self.cell(*cell).log.mask != 0),
            Property::BestEffortValidity => correct().any(|(at, cell)| broadcast(at, *cell) & !everywhere != 0),
            Property::Agreement => correct().any(|(_, cell)| self.cell(*cell).log.mask & !everywhere != 0),
            Property::UniformAgreement => {
                correct().next().is_some() && cells.iter().any(|cell| self.cell(*cell).log.mask & !everywhere != 0)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;
    use core::convert::Infallible;

    use tidings_clocks::Time;
    use tidings_protocol::{Digest, Effects, Refused, To};

    use super::*;
    use crate::explore::choice::Choice;
    use crate::explore::rerun::Rerun;
    use crate::explore::{Exploration, Links, Reductions};

    /// Says a message to everybody, once; and what it hears it says once more if it is `talkative`.
    #[derive(Clone)]
    struct Shout {
        me: Rank,
        talkative: bool,
    }

    type Name = (Rank, u64);

    impl Protocol for Shout {
        type Request = Name;
        type Message = (Name, bool);
        type Indication = Name;
        type Record = Infallible;
        type Refused = Infallible;
        type Rejected = Infallible;

        fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
            effects.send(To::Others, (name, self.talkative));
            let _ = effects.indicate(name);
            Ok(())
        }

        fn receive(&mut self, _: Time, _: Rank, (name, again): (Name, bool), effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
            if again {
                effects.send(To::Others, (name, false));
            }
            let _ = effects.indicate(name);
            Ok(())
        }

        fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

        fn deadline(&self) -> Option<Time> {
            None
        }

        fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
    }

    impl Fingerprint for Shout {
        fn fingerprint(&self, digest: &mut Digest<'_>) {
            digest.rank(self.me);
        }
    }

    type Shouting = System<Shout, fn(MessageId) -> Name, fn(&Name) -> Option<MessageId>>;

    /// Follows every path to its end, merging none, and calls `end` there with the path and whether the judges saw a breach on it.
    fn follow(system: &mut Shouting, state: &State, path: &mut Vec<Choice>, seen: bool, end: &mut impl FnMut(&Shouting, &[Choice], bool)) {
        let transitions = system.transitions(state);
        if transitions.is_empty() {
            let seen = seen || system.judge_end(state).is_some();
            return end(system, path, seen);
        }
        for transition in transitions {
            path.push(transition.choice);
            follow(system, &transition.state, path, seen || transition.breach.is_some(), end);
            path.pop();
        }
    }

    /// On every single path of small scopes, the judges say of each property what its checker says of the trace.
    #[test]
    fn the_judges_agree_with_the_checkers_on_every_path() {
        let (mut held, mut broken) = (vec![0; Exploration::JUDGED.len()], vec![0; Exploration::JUDGED.len()]);
        for (text, talkative) in [
            ("2x2", false),
            ("2x1,duplicates=1,crashes=1", false),
            ("3x1,crashes=1", false),
            ("2x1", true),
            ("2x2", true),
            ("2x2,losses=1", false),
        ] {
            for (place, property) in Exploration::JUDGED.into_iter().enumerate() {
                let exploration = Exploration {
                    links: Links::FairLoss,
                    detection: false,
                    ..Exploration::of(text.parse().unwrap(), &[property]).with(Reductions::NONE)
                };
                let build = |me| Shout { me, talkative };
                let processes = exploration.scope.processes;
                let mut system: Shouting =
                    System::new(exploration, |id| (id.origin, id.number), |&(origin, number)| Some(MessageId { origin, number }));
                let initial = system.initial(build);
                let mut paths = 0_u32;
                follow(&mut system, &initial, &mut vec![], false, &mut |system, path, seen| {
                    paths += 1;
                    // Every path of the small scopes, and one in a few of the larger ones.
                    if paths % 29 != 1 && paths > 1_000 {
                        return;
                    }
                    let mut rerun = Rerun::new((0..processes).map(Rank).map(build));
                    assert!(path.iter().all(|choice| rerun.carry_out(*choice, system)), "{text}: {:?}", rerun.script);
                    rerun.trace.verify().unwrap();
                    let violated = property.check(&rerun.trace).is_err();
                    assert_eq!(seen, violated, "{property} within {text}: {:?}", rerun.script);
                    *(if seen { &mut broken[place] } else { &mut held[place] }) += 1;
                });
            }
        }
        for (place, property) in Exploration::JUDGED.into_iter().enumerate() {
            // What nobody can break here: creation, and the validity of a process that hears itself at once.
            let unbreakable = matches!(property, Property::NoCreation | Property::Validity);
            assert!(held[place] > 100 && (broken[place] > 50 || unbreakable), "{property}: {} held, {} broken", held[place], broken[place]);
        }
    }
}
