//! Small protocols to explore.
#![allow(dead_code, unreachable_pub, reason = "every test uses some of these, from a module of its own")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

use tidings_protocol::{Digest, Effects, Fingerprint, Protocol, Rank, Refused, Time, To};
use tidings_sim::explore::{Counterexample, Counts, Exploration, Explorer, NotResumed, Saved};
use tidings_trace::MessageId;

pub type Name = (Rank, u64);

/// What these tests ask of a protocol.
pub trait Toy:
    Protocol<Request = Name, Indication = Name, Message: Fingerprint + Debug + Hash + Ord> + Clone + Debug + Hash + Eq + Fingerprint
{
    fn at(me: Rank) -> Self;
}

pub type Exploring<T> = Explorer<T, fn(Rank) -> T, fn(MessageId) -> Name, fn(&Name) -> Option<MessageId>>;

pub fn explorer<T: Toy>(exploration: Exploration) -> Exploring<T> {
    Explorer::new(exploration, T::at, ask, hear)
}

pub fn resumed<T: Toy>(exploration: Exploration, saved: Saved) -> Result<Exploring<T>, NotResumed> {
    Explorer::resume(exploration, T::at, ask, hear, saved)
}

fn ask(id: MessageId) -> Name {
    (id.origin, id.number)
}

fn hear(&(origin, number): &Name) -> Option<MessageId> {
    Some(MessageId { origin, number })
}

pub fn explore<T: Toy>(exploration: Exploration) -> Result<Counts, Box<Counterexample>> {
    explorer::<T>(exploration).run_to_end()
}

/// Says a message to everybody, once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shout(pub Rank);

impl Protocol for Shout {
    type Request = Name;
    type Message = Name;
    type Indication = Name;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
        let _ = effects.indicate(name);
        effects.send(To::Others, name);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
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
        digest.rank(self.0);
    }
}

impl Toy for Shout {
    fn at(me: Rank) -> Self {
        Self(me)
    }
}

/// Delivers what it hears for the first time, after it has passed it on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flood {
    me: Rank,
    seen: BTreeSet<Name>,
}

impl Protocol for Flood {
    type Request = Name;
    type Message = Name;
    type Indication = Name;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
        self.seen.insert(name);
        effects.send(To::Others, name);
        let _ = effects.indicate(name);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        if self.seen.insert(name) {
            effects.send(To::Others, name);
            let _ = effects.indicate(name);
        }
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl Fingerprint for Flood {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        let mut seen: Vec<Name> = self.seen.iter().map(|&(origin, number)| (digest.name(origin), number)).collect();
        seen.sort_unstable();
        digest.size(seen.len());
        for (origin, number) in seen {
            // By the name that it has already.
            digest.number(u64::from(origin.0));
            digest.number(number);
        }
        digest.rank(self.me);
    }
}

impl Toy for Flood {
    fn at(me: Rank) -> Self {
        Self { me, seen: BTreeSet::new() }
    }
}

/// Sends a message to everybody again and again until all have answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Insist {
    me: Rank,
    seen: BTreeSet<Name>,
    /// What was not answered, and by whom.
    open: BTreeSet<(Name, Rank)>,
}

/// How many processes there are where somebody insists.
pub const INSISTING: u32 = 2;

/// A message, or the answer to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Letter {
    Say(Name),
    Heard(Name),
}

impl Protocol for Insist {
    type Request = Name;
    type Message = Letter;
    type Indication = Name;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
        self.open.extend((0..INSISTING).map(Rank).filter(|to| *to != self.me).map(|to| (name, to)));
        effects.send(To::Others, Letter::Say(name));
        let _ = effects.indicate(name);
        Ok(())
    }

    fn receive(&mut self, _: Time, from: Rank, letter: Letter, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        match letter {
            Letter::Say(name) => {
                if self.seen.insert(name) {
                    let _ = effects.indicate(name);
                }
                effects.send(To::One(from), Letter::Heard(name));
            }
            Letter::Heard(name) => {
                self.open.remove(&(name, from));
            }
        }
        Ok(())
    }

    fn wake(&mut self, _: Time, effects: &mut impl Effects<Self>) {
        for (name, to) in &self.open {
            effects.send(To::One(*to), Letter::Say(*name));
        }
    }

    fn deadline(&self) -> Option<Time> {
        (!self.open.is_empty()).then_some(Time::ZERO + Duration::from_millis(1))
    }

    fn exclude(&mut self, _: Time, rank: Rank, _: &mut impl Effects<Self>) {
        self.open.retain(|(_, to)| *to != rank);
    }
}

impl Fingerprint for Insist {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.rank(self.me);
        self.seen.fingerprint(digest);
        self.open.fingerprint(digest);
    }
}

impl Fingerprint for Letter {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        let (Self::Say(name) | Self::Heard(name)) = self;
        digest.flag(matches!(self, Self::Say(_)));
        name.fingerprint(digest);
    }
}

impl Toy for Insist {
    fn at(me: Rank) -> Self {
        Self { me, seen: BTreeSet::new(), open: BTreeSet::new() }
    }
}
