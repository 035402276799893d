use tidings_clocks::Rank;
use tidings_protocol::{Digest, Fingerprint, Limits, Offer, Order};

use crate::hold_back::{HoldBack, Kept};
use crate::{Malformed, Rule};

/// Messages are delivered in the order of the numbers that somebody gave them: the receiving half of a sequencer.
///
/// The stamp is a number, from 1, that is unique among all messages of the view: whoever broadcasts through this order is the one that gives numbers, a fixed
/// sequencer or the holder of a token (Défago, Schiper and Urbán, *Total Order Broadcast and Multicast Algorithms*, 2004, sections 4.1 and 4.3), or a
/// log that numbers what is appended to it. All processes deliver prefixes of one sequence, as long as no number was given twice. O(1) per message.
///
/// [`Sequencer`](crate::Sequencer) is the protocol in which anybody broadcasts and one process gives the numbers.
#[derive(Clone, Debug)]
pub struct SequenceOrder<T> {
    me: Rank,
    processes: usize,
    /// The last number that this process knows to have been given.
    given: u64,
    /// One stream; each message with its origin.
    held: HoldBack<(Rank, T)>,
    dedupe: bool,
    ordered: bool,
}

/// The only stream there is.
const ALL: usize = 0;

impl<T> SequenceOrder<T> {
    /// The order at `me`, one of `processes`. Holds back `limits.held` messages, a missing one before a held one counted too.
    ///
    /// # Panics
    /// If `me` is not below `processes`.
    #[must_use]
    pub fn new(me: Rank, processes: usize, limits: Limits) -> Self {
        assert!(me.index() < processes, "{me} is one of {processes} processes");
        let under_way = (limits.credit.saturating_add(limits.control_credit)).saturating_mul(u32::try_from(processes).unwrap_or(u32::MAX));
        let limits = Limits { held: limits.held.max(under_way), ..limits };
        Self { me, processes, given: 0, held: HoldBack::new(1, &limits), dedupe: true, ordered: true }
    }

    /// Breaks a rule on purpose, so that a checker can be seen to notice: [`Rule::Dedupe`], or [`Rule::Total`], whereupon everything is delivered as it arrives.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        match rule {
            Rule::Dedupe => self.dedupe = false,
            Rule::Total => self.ordered = false,
            _ => {}
        }
        self
    }

    /// How many messages were delivered: the last number that was.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.held.due()[ALL] - HoldBack::<T>::FIRST
    }

    fn advance(&mut self, from: Rank) {
        let number = self.held.due()[ALL];
        self.held.advance(ALL);
        // An own message may come back while it is being broadcast; then `sent` will count it.
        if from != self.me {
            self.given = self.given.max(number);
        }
    }

    fn drain(&mut self, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        while let Some((from, payload)) = self.held.take(ALL) {
            match deliver(from, payload) {
                Ok(()) => self.advance(from),
                Err(payload) => return self.held.put_back(ALL, (from, payload)),
            }
        }
    }

    /// Broken on purpose: delivers whatever is here.
    fn drain_unordered(&mut self, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        while let Some((number, (from, payload))) = self.held.take_any(ALL, |_| true) {
            match deliver(from, payload) {
                Ok(()) => self.held.pass(ALL, number),
                Err(payload) => return self.held.put_back_any(ALL, number, (from, payload)),
            }
        }
    }
}

impl<T> Order for SequenceOrder<T> {
    type Payload = T;
    type Stamp = u64;
    type Malformed = Malformed;

    /// One more than the last number that this process gave or saw delivered. Only the process whose turn it is may broadcast with it.
    fn stamp(&self) -> u64 {
        self.given.saturating_add(1)
    }

    fn sent(&mut self) {
        self.given = self.given.saturating_add(1);
    }

    fn offer(
        &mut self,
        from: Rank,
        number: u64,
        payload: T,
        deliver: &mut impl FnMut(Rank, T) -> Result<(), T>,
    ) -> Offer<(u64, T), Malformed> {
        if from.index() >= self.processes {
            return Offer::Malformed(Malformed::NotAMember { from, processes: self.processes });
        }
        if number < HoldBack::<T>::FIRST || number == u64::MAX {
            return Offer::Malformed(Malformed::Number { from, number });
        }
        // The message that is just being broadcast comes back before it is known to be taken.
        if from == self.me && number - 1 > self.given {
            return Offer::Malformed(Malformed::NeverSent { from, claimed: number, sent: self.given });
        }
        let due = self.held.due()[ALL];
        if number < due {
            if self.dedupe {
                return Offer::Stale;
            }
            return deliver(from, payload).map_or_else(|payload| Offer::Full((number, payload)), |()| Offer::Taken);
        }
        if number == due && self.held.head(ALL).is_none() {
            match deliver(from, payload) {
                Ok(()) => {
                    self.advance(from);
                    self.drain(deliver);
                }
                Err(payload) => self.held.put_back(ALL, (from, payload)),
            }
            return Offer::Taken;
        }
        match self.held.keep(ALL, number, (from, payload)) {
            Kept::Held => {
                if !self.ordered {
                    self.drain_unordered(deliver);
                }
                Offer::Taken
            }
            Kept::Repeated => Offer::Stale,
            Kept::Full((_, payload)) => Offer::Full((number, payload)),
        }
    }

    fn release(&mut self, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        if self.ordered {
            self.drain(deliver);
        } else {
            self.drain_unordered(deliver);
        }
    }

    fn held(&self) -> usize {
        self.held.held()
    }

    fn most_held(&self) -> usize {
        self.held.most()
    }
}

impl<T: Fingerprint> Fingerprint for SequenceOrder<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.number(self.given);
        self.held.fingerprint(digest);
    }
}
