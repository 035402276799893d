use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effect, Incarnation, Protocol, Recover};

use crate::clock::Clock;
use crate::time_of_day::ShownTime;

/// Makes of a fresh state and records the state that recovers.
pub(crate) type Recall<P> = fn(&P, &[<P as Protocol>::Record]) -> P;

/// One process as the world sees it.
pub(crate) struct Process<P: Protocol> {
    pub(crate) protocol: P,
    pub(crate) incarnation: Incarnation,
    /// Which of its lives this is, recovered ones too. What it sent to itself in another one is gone.
    pub(crate) life: u32,
    pub(crate) alive: bool,
    /// It crashes in its next input that has an effect.
    pub(crate) doomed: bool,
    /// Until when it stands still without its noticing.
    pub(crate) held_until: Time,
    /// What it takes for the time.
    pub(crate) clock: Clock,
    /// What its clock shows of the time of day.
    pub(crate) shown: ShownTime,
    /// When the one wake that counts is due.
    pub(crate) wake: Option<Time>,
    /// Which wake counts.
    pub(crate) generation: u32,
    /// Copies that wait until the application takes again, in the order in which they came.
    pub(crate) waiting: VecDeque<u32>,
    /// Whether a feed is due.
    pub(crate) feeding: bool,
    /// When its application was asked last, its request was refused.
    pub(crate) refused: bool,
    /// What it wrote to its disk, oldest first.
    pub(crate) records: Vec<P::Record>,
    /// How many of these are not yet durable.
    pub(crate) unsynced: u32,
    /// Until when its disk is at work.
    pub(crate) syncing: Option<Time>,
    /// The effects that wait for its disk.
    pub(crate) put_off: VecDeque<Effect<P>>,
    /// How many more packets and effects are carried out until it crashes.
    pub(crate) fuse: Option<u64>,
    /// The crashes that it was told of in this life.
    pub(crate) told: BTreeSet<Rank>,
    /// Whether a start is due.
    pub(crate) starting: bool,
    /// The network lost something that it sent in this input.
    pub(crate) lost: bool,
    /// When it last made itself do something, and how often since time stood at that.
    pub(crate) instant: (Time, u32),
}

impl<P: Protocol> Process<P> {
    pub(crate) const fn new(protocol: P, clock: Clock, shown: ShownTime) -> Self {
        Self {
            protocol,
            incarnation: Incarnation::FIRST,
            life: 0,
            alive: true,
            doomed: false,
            held_until: Time::ZERO,
            clock,
            shown,
            wake: None,
            generation: 0,
            waiting: VecDeque::new(),
            feeding: false,
            refused: false,
            records: Vec::new(),
            unsynced: 0,
            syncing: None,
            put_off: VecDeque::new(),
            fuse: None,
            told: BTreeSet::new(),
            starting: false,
            lost: false,
            instant: (Time::ZERO, 0),
        }
    }

    /// Until when no input reaches it, if not now: it stands still, or its disk is at work.
    pub(crate) fn blocked(&self, now: Time) -> Option<Time> {
        match self.syncing {
            None if self.held_until <= now => None,
            None => Some(self.held_until),
            Some(synced) => Some(self.held_until.max(synced).max(now)),
        }
    }

    /// Begins another life.
    pub(crate) fn revive(&mut self, protocol: P, incarnation: Incarnation) {
        self.protocol = protocol;
        self.incarnation = incarnation;
        self.life += 1;
        self.alive = true;
        self.refused = false;
        self.held_until = Time::ZERO;
        self.told.clear();
    }
}

/// The state that `fresh` begins with, and every record applied to it: recovery is replay.
pub(crate) fn replay<P: Recover>(fresh: &P, records: &[P::Record]) -> P
where
    P::Record: Clone,
{
    let mut protocol = P::restore(fresh.snapshot());
    for record in records {
        protocol.apply(record.clone());
    }
    protocol
}
