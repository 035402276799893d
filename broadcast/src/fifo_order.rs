use alloc::vec::Vec;

use tidings_clocks::Rank;
use tidings_protocol::{Digest, Fingerprint, Limits, Offer, Order};

use crate::hold_back::{HoldBack, Kept};
use crate::{Malformed, Rule};

/// Messages of one origin are delivered in the order in which it broadcast them.
///
/// The stamp is the number of the message among its origin's own, from 1 (Hadzilacos and Toueg, *A Modular Approach to Fault-Tolerant Broadcasts and
/// Related Problems*, 1994, figure 4; Cachin, Guerraoui and Rodrigues 2011, algorithm 3.12). Nothing is ordered between origins.
///
/// An order loses nothing and repeats nothing by itself. What it promises is safety; whatever is missing must be brought by the layer below.
/// A message costs O(1), whether it is in order or not.
#[derive(Clone, Debug)]
pub struct FifoOrder<T> {
    me: Rank,
    sent: u64,
    held: HoldBack<T>,
    /// Origins whose message that is due was given back.
    stuck: Vec<usize>,
    dedupe: bool,
    fifo: bool,
}

impl<T> FifoOrder<T> {
    /// The order at `me`, one of `processes`.
    ///
    /// Holds back `limits.held` messages of all origins together, a missing one before a held one counted too, and not more than a fair share of them of one
    /// origin. If that is less than the credits let all origins have under way, it is raised to that, since a refusal there could block a relay.
    ///
    /// # Panics
    /// If `me` is not below `processes`.
    #[must_use]
    pub fn new(me: Rank, processes: usize, limits: Limits) -> Self {
        assert!(me.index() < processes, "{me} is one of {processes} processes");
        Self { me, sent: 0, held: HoldBack::new(processes, &limits), stuck: Vec::new(), dedupe: true, fifo: true }
    }

    /// Breaks a rule on purpose, so that a checker can be seen to notice. [`Rule::Dedupe`] and [`Rule::Fifo`] are enforced here.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        match rule {
            Rule::Dedupe => self.dedupe = false,
            Rule::Fifo => self.fifo = false,
            _ => {}
        }
        self
    }

    /// How many messages of `origin` were delivered.
    #[must_use]
    pub fn delivered(&self, origin: Rank) -> u64 {
        self.held.due().get(origin.index()).map_or(0, |due| due - HoldBack::<T>::FIRST)
    }

    fn check(&self, from: Rank, number: u64) -> Result<(), Malformed> {
        let processes = self.held.due().len();
        if from.index() >= processes {
            return Err(Malformed::NotAMember { from, processes });
        }
        if number < HoldBack::<T>::FIRST || number == u64::MAX {
            return Err(Malformed::Number { from, number });
        }
        // The message that is just being broadcast comes back before it is known to be taken.
        if from == self.me && number - 1 > self.sent {
            return Err(Malformed::NeverSent { from, claimed: number, sent: self.sent });
        }
        Ok(())
    }

    fn stick(&mut self, origin: usize) {
        if !self.stuck.contains(&origin) {
            self.stuck.push(origin);
        }
    }

    /// Delivers what is due of `origin`, as far as it is here and is taken.
    fn drain(&mut self, origin: usize, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        while let Some(payload) = self.held.take(origin) {
            match deliver(Rank::new(origin), payload) {
                Ok(()) => self.held.advance(origin),
                Err(payload) => {
                    self.held.put_back(origin, payload);
                    self.stick(origin);
                    return;
                }
            }
        }
    }

    /// Broken on purpose: delivers whatever is here of `origin`, in any order.
    fn drain_unordered(&mut self, origin: usize, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        while let Some((number, payload)) = self.held.take_any(origin, |_| true) {
            match deliver(Rank::new(origin), payload) {
                Ok(()) => self.held.pass(origin, number),
                Err(payload) => {
                    self.held.put_back_any(origin, number, payload);
                    self.stick(origin);
                    return;
                }
            }
        }
    }
}

impl<T> Order for FifoOrder<T> {
    type Payload = T;
    type Stamp = u64;
    type Malformed = Malformed;

    fn stamp(&self) -> u64 {
        self.sent.saturating_add(1)
    }

    fn sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    fn offer(
        &mut self,
        from: Rank,
        number: u64,
        payload: T,
        deliver: &mut impl FnMut(Rank, T) -> Result<(), T>,
    ) -> Offer<(u64, T), Malformed> {
        if let Err(malformed) = self.check(from, number) {
            return Offer::Malformed(malformed);
        }
        let origin = from.index();
        let due = self.held.due()[origin];
        if number < due {
            if self.dedupe {
                return Offer::Stale;
            }
            return deliver(from, payload).map_or_else(|payload| Offer::Full((number, payload)), |()| Offer::Taken);
        }
        if number == due && self.held.head(origin).is_none() {
            match deliver(from, payload) {
                Ok(()) => {
                    self.held.advance(origin);
                    if !self.held.is_in_order(origin) {
                        self.drain(origin, deliver);
                    }
                }
                Err(payload) => {
                    self.held.put_back(origin, payload);
                    self.stick(origin);
                }
            }
            return Offer::Taken;
        }
        match self.held.keep(origin, number, payload) {
            Kept::Held => {
                if !self.fifo {
                    self.drain_unordered(origin, deliver);
                }
                Offer::Taken
            }
            Kept::Repeated => Offer::Stale,
            Kept::Full(payload) => Offer::Full((number, payload)),
        }
    }

    fn release(&mut self, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        for origin in core::mem::take(&mut self.stuck) {
            if self.fifo {
                self.drain(origin, deliver);
            } else {
                self.drain_unordered(origin, deliver);
            }
        }
    }

    fn held(&self) -> usize {
        self.held.held()
    }

    fn most_held(&self) -> usize {
        self.held.most()
    }
}

impl<T: Fingerprint> Fingerprint for FifoOrder<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.number(self.sent);
        self.held.fingerprint(digest);
        digest.size(self.stuck.len());
        self.stuck.iter().for_each(|origin| digest.rank(Rank::new(*origin)));
    }
}
