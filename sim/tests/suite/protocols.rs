//! Small protocols to try a world with.
#![allow(dead_code, unreachable_pub, reason = "every test uses some of these, from a module of its own")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use tidings_protocol::{Effects, Protocol, Rank, Recover, Refused, Time, To};
use tidings_sim::{Chatter, Talk};
use tidings_trace::MessageId;

/// What the broadcasts below carry: a message's name.
pub type Name = (u32, u64);

pub fn name(id: MessageId) -> Name {
    (id.origin.0, id.number)
}

pub fn id(name: Name) -> MessageId {
    MessageId { origin: Rank(name.0), number: name.1 }
}

pub fn chatter<P: Protocol<Request = Name, Indication = Name>>(
    processes: u32,
    talk: Talk,
) -> Chatter<P, impl FnMut(MessageId) -> Name, impl Fn(&Name) -> Option<MessageId>> {
    Chatter::new(processes, talk, name, |delivered| Some(id(*delivered)))
}

/// Floods: delivers what it hears for the first time and passes it on. Without retransmission, so losses show.
#[derive(Clone, Debug, Default)]
pub struct Flood {
    pub seen: BTreeSet<Name>,
    pub excluded: Vec<Rank>,
    pub received: u64,
}

impl Protocol for Flood {
    type Request = Name;
    type Message = Name;
    type Indication = Name;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _now: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
        self.seen.insert(name);
        let _ = effects.indicate(name);
        effects.send(To::Others, name);
        Ok(())
    }

    fn receive(&mut self, _now: Time, _from: Rank, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        self.received += 1;
        if self.seen.insert(name) {
            effects.send(To::Others, name);
            let _ = effects.indicate(name);
        }
        Ok(())
    }

    fn wake(&mut self, _now: Time, _effects: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _now: Time, rank: Rank, _effects: &mut impl Effects<Self>) {
        self.excluded.push(rank);
    }
}

/// Sends a ball round the ring of processes, so many times.
#[derive(Clone, Debug)]
pub struct Ping {
    pub me: u32,
    pub processes: u32,
    pub hops: u64,
}

impl Protocol for Ping {
    type Request = u64;
    type Message = u64;
    type Indication = ();
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _now: Time, hops: u64, effects: &mut impl Effects<Self>) -> Result<(), Refused<u64, Infallible>> {
        effects.send(To::One(Rank((self.me + 1) % self.processes)), hops);
        Ok(())
    }

    fn receive(&mut self, _now: Time, _from: Rank, hops: u64, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        self.hops += 1;
        if let Some(hops) = hops.checked_sub(1) {
            effects.send(To::One(Rank((self.me + 1) % self.processes)), hops);
        }
        Ok(())
    }

    fn wake(&mut self, _now: Time, _effects: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _now: Time, _rank: Rank, _effects: &mut impl Effects<Self>) {}
}

/// Counts: adds what it is asked to, makes that durable, and tells itself when it is. Refuses more than one request at a time; ticks while it has
/// nothing to do if asked to.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    pub sum: u64,
    pub confirmed: u64,
    pub open: bool,
    pub tick: Option<(Duration, Time)>,
    pub ticks: u64,
    /// Breaks rule 3.
    pub emits_on_refusal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl Protocol for Durable {
    type Request = u64;
    type Message = u64;
    type Indication = u64;
    type Record = u64;
    type Refused = Busy;
    type Rejected = Busy;

    fn request(&mut self, _now: Time, add: u64, effects: &mut impl Effects<Self>) -> Result<(), Refused<u64, Busy>> {
        if self.open {
            if self.emits_on_refusal {
                effects.persist(add);
            }
            return Err(Refused { request: add, why: Busy });
        }
        self.open = true;
        self.sum += add;
        effects.persist(add);
        effects.send(To::One(Rank(0)), self.sum);
        Ok(())
    }

    fn receive(&mut self, _now: Time, from: Rank, sum: u64, effects: &mut impl Effects<Self>) -> Result<(), Busy> {
        if from != Rank(0) || !self.open {
            return Err(Busy);
        }
        self.open = false;
        self.confirmed = sum;
        let _ = effects.indicate(sum);
        Ok(())
    }

    fn wake(&mut self, now: Time, _effects: &mut impl Effects<Self>) {
        if let Some((every, next)) = &mut self.tick
            && *next <= now
        {
            self.ticks += 1;
            *next = now + *every;
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.tick.map(|(_, next)| next)
    }

    fn exclude(&mut self, _now: Time, _rank: Rank, _effects: &mut impl Effects<Self>) {}
}

impl Recover for Durable {
    type Snapshot = u64;

    fn snapshot(&self) -> u64 {
        self.sum
    }

    fn restore(sum: u64) -> Self {
        Self { sum, ..Self::default() }
    }

    fn apply(&mut self, record: u64) {
        self.sum += record;
    }
}
