use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Limits, Payload, Protocol, Refused, To};

use crate::ledger::Ledger;
use crate::link_stats::count;
use crate::received::Standing;
use crate::{Broadcast, Cast, Class, Delivery, Incoming, Link, MalformedRelay, Outgoing, Relay, ReliableRefused, ReliableRejected, Rule};

/// Reliable broadcast: if any correct process delivers a message, every correct process does, also when the origin crashed while it sent.
///
/// Validity, no duplication, no creation, agreement; no order. Cachin, Guerraoui and Rodrigues (2011), algorithm 3.3 (eager): who delivers a message for
/// the first time hands it on to everybody who may lack it. Model: crash-stop processes, perfect links, asynchronous. A process that lost its memory
/// must not come back into the same view. After a crash nothing is broadcast for ever until the others [`exclude`](Protocol::exclude) the crashed
/// process; what is delivered until then is right.
///
/// *Credit* (rule 4). An origin has at most `limits.credit` bodies and `limits.control_credit` control messages, numbered apart, with which not every live
/// process is done; then its requests are refused. A process is done with a message when it has delivered it and its link has taken every copy that it owes,
/// and it tells the origin so with [`Relay::Done`] when the origin asks, twice in each credit. So everything that others may send fits into n × (credit +
/// control credit) messages here, and nothing is ever refused in the middle.
///
/// *Debts* (rule 2). Copies that the link has no room for wait here, first come first served for each destination, and one that is slow holds up no other.
/// A process's own messages wait in the same lists, so that neither they nor the copies of others' starve.
///
/// Cost: n − 1 copies at the origin, at most n − 2 at each other process, and a 10-byte answer for every half credit; O(n) for each message.
#[derive(Clone, Debug)]
pub struct Reliable<L, T> {
    link: L,
    limits: Limits,
    dedupe: bool,
    ledger: Ledger<T>,
    /// What the relay just received was found to be, until the link returns.
    malformed: Option<MalformedRelay>,
    stats: ReliableStats,
}

/// What a reliable broadcast did since it was made. Counts, which stop at their end instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReliableStats {
    /// Messages broadcast by this process.
    pub broadcast: u64,
    /// Messages of others delivered.
    pub delivered: u64,
    /// Copies given to the link, of this process's messages and of others'.
    pub copies: u64,
    /// Times that an origin was told what is done with.
    pub told: u64,
    /// Copies of messages that had been delivered before.
    pub duplicates: u64,
    /// Messages that the layer above did not take when they came; the link offers them again.
    pub not_taken: u64,
    /// Relays that no correct peer could have sent.
    pub malformed: u64,
}

impl<L: Link<Payload = Relay<T>>, T: Payload> Reliable<L, T> {
    /// Broadcasts over `link`, which must have been made with the same `limits`.
    #[must_use]
    pub fn new(link: L, limits: Limits) -> Self {
        let limits = limits.at_least_one();
        let ledger = Ledger::new(link.me(), link.processes(), &limits);
        Self { link, limits, dedupe: true, ledger, malformed: None, stats: ReliableStats::default() }
    }

    /// This broadcast with one rule broken on purpose: without [`Rule::Dedupe`] it delivers every copy that it receives, and hands on the first as always.
    /// The link below is as it is.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        self.dedupe &= rule != Rule::Dedupe;
        self
    }

    /// The link below.
    pub const fn link(&self) -> &L {
        &self.link
    }

    /// What this broadcast did so far.
    pub const fn stats(&self) -> ReliableStats {
        self.stats
    }

    /// How many messages are kept because the link has not yet taken every copy owed of them. O(n · credit).
    #[must_use]
    pub fn held(&self) -> usize {
        self.ledger.held()
    }

    /// How many messages of this process are not known to be done with everywhere.
    #[must_use]
    pub fn outstanding(&self, class: Class) -> usize {
        self.ledger.credit(class).outstanding()
    }

    /// How many bytes this broadcast holds now, the link apart, by the same count as [`Broadcast::max_bytes`]. O(n · credit).
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        size_of::<Self>() - size_of::<L>() + self.ledger.bytes()
    }

    fn check(&self, class: Class, bytes: usize) -> Result<(), ReliableRefused> {
        let (bytes, limit) = (bytes.saturating_add(Relay::<T>::HEADER), self.limits.payload_bytes as usize);
        let credit = self.ledger.credit(class);
        if bytes > limit {
            Err(ReliableRefused::TooLarge { bytes, limit })
        } else if !credit.is_left() {
            Err(ReliableRefused::NoCredit { class })
        } else if credit.sent() == u64::MAX {
            Err(ReliableRefused::Exhausted { class })
        } else {
            Ok(())
        }
    }

    /// Hands on what was just taken in, then gives the link all that is owed and that it admits. Paying one debt may bring about another one, to tell an
    /// origin, so this goes on until nothing is paid.
    fn pay(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.hand_on(now, effects);
        let mut paid = true;
        while paid && self.ledger.unpaid() > 0 {
            paid = false;
            for to in (0..self.ledger.processes()).map(Rank::new) {
                while self.pay_one(now, to, effects) {
                    paid = true;
                }
            }
        }
    }

    /// Gives the link a copy of what was just taken in for each process that may lack it, and notes the others as debts: whoever is owed something waits in line.
    fn hand_on(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        let Some(fresh) = self.ledger.take_fresh() else { return };
        let bytes = Relay::<T>::HEADER.saturating_add(fresh.payload.bytes());
        let mut owed = 0;
        for to in (0..self.ledger.processes()).map(Rank::new) {
            if !self.ledger.lacks(to, &fresh) {
                continue;
            }
            let at_once = self.ledger.is_even_with(to) && self.link.admits(To::One(to), bytes);
            if at_once && self.send(now, to, self.ledger.relay(&fresh), effects) {
                count(&mut self.stats.copies);
            } else {
                self.ledger.owe(to, &fresh);
                owed += 1;
            }
        }
        self.ledger.handed_on(fresh, owed);
    }

    /// Whether the link took the relay.
    fn send(&mut self, now: Time, to: Rank, payload: Relay<T>, effects: &mut impl Effects<Self>) -> bool {
        let (link, mut above) = self.split();
        let request = Outgoing { to: To::One(to), payload };
        link.request(now, request, &mut effects.lend(|incoming, effects| above.hear(incoming, effects))).is_ok()
    }

    /// Pays the oldest debt to `to`, if there is one and the link admits it.
    fn pay_one(&mut self, now: Time, to: Rank, effects: &mut impl Effects<Self>) -> bool {
        let Some(payload) = self.ledger.owed(to).filter(|owed| self.link.admits(To::One(to), owed.bytes())).map(|owed| owed.to_relay())
        else {
            return false;
        };
        let is_copy = matches!(payload, Relay::Copy { .. });
        if !self.send(now, to, payload, effects) {
            return false;
        }
        count(if is_copy { &mut self.stats.copies } else { &mut self.stats.told });
        self.ledger.paid(to);
        true
    }

    fn split(&mut self) -> (&mut L, Above<'_, T>) {
        let above = Above { ledger: &mut self.ledger, malformed: &mut self.malformed, stats: &mut self.stats, dedupe: self.dedupe };
        (&mut self.link, above)
    }
}

/// A reliable broadcast without its link, while the link is at work.
struct Above<'r, T> {
    ledger: &'r mut Ledger<T>,
    malformed: &'r mut Option<MalformedRelay>,
    stats: &'r mut ReliableStats,
    dedupe: bool,
}

impl<T: Payload> Above<'_, T> {
    /// What the link received. It comes back if the layer above does not take it; then nothing changed.
    fn hear<L: Link<Payload = Relay<T>>>(
        &mut self,
        incoming: Incoming<Relay<T>>,
        effects: &mut impl Effects<Reliable<L, T>>,
    ) -> Result<(), Incoming<Relay<T>>> {
        let Incoming { from, payload } = incoming;
        self.ledger.note_fresh();
        let heard = match payload {
            Relay::Done { class, next } => self.ledger.settle(from, class, next),
            Relay::Copy { origin, class, sequence, ask, payload } => match self.ledger.standing(from, origin, class, sequence) {
                Err(malformed) => Err(malformed),
                Ok(Standing::New) => {
                    let kept = self.ledger.owes(from, origin).then(|| payload.clone());
                    if let Err(Delivery { payload, .. }) = effects.indicate(Delivery { origin, payload }) {
                        count(&mut self.stats.not_taken);
                        return Err(Incoming { from, payload: Relay::Copy { origin, class, sequence, ask, payload } });
                    }
                    count(&mut self.stats.delivered);
                    self.ledger.receive(from, origin, class, sequence, kept);
                    if ask && from == origin {
                        self.ledger.ask(origin, class, sequence);
                    }
                    Ok(())
                }
                Ok(_) => {
                    count(&mut self.stats.duplicates);
                    if !self.dedupe {
                        // The rule is broken on purpose; whether the layer above takes the copy changes nothing here.
                        let _ = effects.indicate(Delivery { origin, payload });
                    }
                    if ask && from == origin {
                        self.ledger.ask(origin, class, sequence);
                    }
                    Ok(())
                }
            },
        };
        if let Err(malformed) = heard {
            count(&mut self.stats.malformed);
            *self.malformed = Some(malformed);
        }
        Ok(())
    }
}

impl<L: Link<Payload = Relay<T>>, T: Payload> Protocol for Reliable<L, T> {
    type Request = Cast<T>;
    type Message = L::Message;
    type Indication = Delivery<T>;
    type Record = L::Record;
    type Refused = ReliableRefused;
    type Rejected = ReliableRejected<L::Rejected>;

    fn request(&mut self, now: Time, request: Cast<T>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Cast<T>, ReliableRefused>> {
        let Cast { class, payload } = request;
        if let Err(why) = self.check(class, payload.bytes()) {
            return Err(Refused { request: Cast { class, payload }, why });
        }
        if effects.indicate(Delivery { origin: self.link.me(), payload: payload.clone() }).is_err() {
            return Err(Refused { request: Cast { class, payload }, why: ReliableRefused::NotTaken });
        }
        count(&mut self.stats.broadcast);
        self.ledger.broadcast(class, payload);
        self.pay(now, effects);
        Ok(())
    }

    fn receive(&mut self, now: Time, from: Rank, message: L::Message, effects: &mut impl Effects<Self>) -> Result<(), Self::Rejected> {
        self.malformed = None;
        let (link, mut above) = self.split();
        let heard = link.receive(now, from, message, &mut effects.lend(|incoming, effects| above.hear(incoming, effects)));
        let malformed = self.malformed.take();
        self.pay(now, effects);
        heard.map_err(ReliableRejected::Link)?;
        malformed.map_or(Ok(()), |malformed| Err(ReliableRejected::Malformed(malformed)))
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        let (link, mut above) = self.split();
        link.wake(now, &mut effects.lend(|incoming, effects| above.hear(incoming, effects)));
        self.pay(now, effects);
    }

    fn deadline(&self) -> Option<Time> {
        self.link.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        let (link, mut above) = self.split();
        link.exclude(now, rank, &mut effects.lend(|incoming, effects| above.hear(incoming, effects)));
        self.ledger.exclude(rank);
        self.pay(now, effects);
    }
}

impl<L: Link<Payload = Relay<T>>, T: Payload> Broadcast for Reliable<L, T> {
    type Payload = T;

    fn admits(&self, class: Class, bytes: usize) -> bool {
        self.check(class, bytes).is_ok()
    }

    fn me(&self) -> Rank {
        self.link.me()
    }

    fn processes(&self) -> usize {
        self.link.processes()
    }

    fn max_bytes(&self) -> usize {
        let own = size_of::<Self>() - size_of::<L>();
        self.link.max_bytes().saturating_add(own).saturating_add(Ledger::<T>::max_bytes(self.link.processes(), &self.limits))
    }
}

/// Two broadcasts are equal if they behave alike from here on; their statistics do not count.
impl<L: PartialEq, T: PartialEq> PartialEq for Reliable<L, T> {
    fn eq(&self, other: &Self) -> bool {
        let Self { link, limits, dedupe, ledger, malformed, stats: _ } = self;
        (link, limits, dedupe, ledger, malformed) == (&other.link, &other.limits, &other.dedupe, &other.ledger, &other.malformed)
    }
}

impl<L: Fingerprint, T: Fingerprint> Fingerprint for Reliable<L, T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.link.fingerprint(digest);
        self.ledger.fingerprint(digest);
    }
}

#[cfg(test)]
mod tests;
