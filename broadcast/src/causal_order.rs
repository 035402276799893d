use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{Rank, VectorClock};
use tidings_protocol::{Digest, Fingerprint, Limits, Offer, Order};

use crate::hold_back::{HoldBack, Kept};
use crate::{Malformed, Rule};

/// A message is delivered after all that happened before it: what its origin had broadcast or delivered before it broadcast this one.
///
/// The stamp is a vector clock: how many messages of each process its origin had delivered, and at the origin's own entry the number of the message
/// itself, from 1 (Birman, Schiper and Stephenson, *Lightweight Causal and Atomic Group Multicast*, 1991, section 5.1; Cachin, Guerraoui and
/// Rodrigues 2011, algorithm 3.15, waiting causal broadcast). Own messages are delivered at once. Concurrent messages come in any order.
///
/// Any system that brings messages to everybody, in whatever order and however often, can have causal order on top:
///
/// ```
/// use tidings_broadcast::CausalOrder;
/// use tidings_protocol::{Limits, Offer, Order, Rank};
///
/// let [ada, bob, cyd] = [Rank(0), Rank(1), Rank(2)];
/// let mut at_ada = CausalOrder::<&str>::new(ada, 3, Limits::default());
/// let mut at_bob = CausalOrder::new(bob, 3, Limits::default());
/// let mut at_cyd = CausalOrder::new(cyd, 3, Limits::default());
///
/// // Ada asks, Bob hears it and answers. The stamp travels with the words.
/// let question = (at_ada.stamp(), "lunch?");
/// at_ada.sent();
/// assert_eq!(at_bob.offer(ada, question.0.clone(), question.1, &mut |_, _| Ok(())), Offer::Taken);
/// let answer = (at_bob.stamp(), "yes!");
/// at_bob.sent();
///
/// // The answer overtakes the question on its way to Cyd.
/// let mut heard = vec![];
/// let mut deliver = |_, words| Ok(heard.push(words));
/// assert_eq!(at_cyd.offer(bob, answer.0, answer.1, &mut deliver), Offer::Taken);
/// assert_eq!(at_cyd.held(), 1);
/// assert_eq!(at_cyd.offer(ada, question.0.clone(), question.1, &mut deliver), Offer::Taken);
/// assert_eq!(at_cyd.offer(ada, question.0, question.1, &mut deliver), Offer::Stale);
/// assert_eq!(heard, ["lunch?", "yes!"]);
/// ```
///
/// What arrives in order costs one pass over the stamp, O(n). What is held back waits for one entry of its stamp at a time, and is looked at again only when
/// that entry has come far enough; over its whole stay it costs one more pass.
#[derive(Clone, Debug)]
pub struct CausalOrder<T> {
    me: Rank,
    /// How many messages of every other process were delivered, and how many this one broadcast: the stamp of the next one but for its own entry.
    latest: VectorClock,
    held: HoldBack<(VectorClock, T)>,
    waits: Waits,
    /// Origins whose message that is due was given back.
    stuck: Vec<usize>,
    /// Origins to look at. Empty between calls; kept for its capacity.
    ready: Vec<usize>,
    dedupe: bool,
    fifo: bool,
    causal: bool,
}

/// Which origin's first held message waits for which process's next one: for each process a list of those that wait for it.
#[derive(Clone, Debug)]
struct Waits {
    /// For each origin, the entry at which its first held message is blocked.
    entry: Vec<Option<usize>>,
    /// For each process, the first origin that waits for it.
    first: Vec<Option<usize>>,
    /// For each origin that waits, the next one that waits for the same process.
    next: Vec<Option<usize>>,
}

impl<T> CausalOrder<T> {
    /// The order at `me`, one of `processes`.
    ///
    /// Holds back `limits.held` messages of all origins together, a missing one before a held one of the same origin counted too, and not more than a fair
    /// share of them of one origin. If that is less than the credits let all origins have under way, it is raised to that, since a refusal there could
    /// block a relay.
    ///
    /// # Panics
    /// If `me` is not below `processes`.
    #[must_use]
    pub fn new(me: Rank, processes: usize, limits: Limits) -> Self {
        assert!(me.index() < processes, "{me} is one of {processes} processes");
        Self {
            me,
            latest: VectorClock::with_capacity(processes),
            held: HoldBack::new(processes, &limits),
            waits: Waits { entry: vec![None; processes], first: vec![None; processes], next: vec![None; processes] },
            stuck: Vec::new(),
            ready: Vec::new(),
            dedupe: true,
            fifo: true,
            causal: true,
        }
    }

    /// Breaks a rule on purpose, so that a checker can be seen to notice: [`Rule::Dedupe`]; [`Rule::Fifo`], the origin's own entry of a stamp; or
    /// [`Rule::Causal`], all the other entries.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        match rule {
            Rule::Dedupe => self.dedupe = false,
            Rule::Fifo => self.fifo = false,
            Rule::Causal => self.causal = false,
            _ => {}
        }
        self
    }

    /// How many messages of `origin` were delivered.
    #[must_use]
    pub fn delivered(&self, origin: Rank) -> u64 {
        self.held.due().get(origin.index()).map_or(0, |due| due - HoldBack::<T>::FIRST)
    }

    fn check(&self, from: Rank, stamp: &VectorClock) -> Result<u64, Malformed> {
        let processes = self.held.due().len();
        if from.index() >= processes {
            return Err(Malformed::NotAMember { from, processes });
        }
        if stamp.processes() > processes {
            return Err(Malformed::Width { from, width: stamp.processes(), processes });
        }
        let number = stamp.entry(from);
        if number < HoldBack::<T>::FIRST || number == u64::MAX {
            return Err(Malformed::Number { from, number });
        }
        // The message that is just being broadcast comes back before it is known to be taken.
        let (claimed, sent) = (stamp.entry(self.me), self.latest.entry(self.me));
        if claimed > sent && (from != self.me || claimed - 1 > sent) {
            return Err(Malformed::NeverSent { from, claimed, sent });
        }
        Ok(number)
    }

    /// The first entry of `stamp` from `start` on, other than the origin's own, of which not all is delivered here.
    fn blocked(&self, origin: usize, stamp: &VectorClock, start: usize) -> Option<usize> {
        if !self.causal {
            return None;
        }
        let (stamp, due) = (stamp.entries(), self.held.due());
        let own = origin.max(start);
        if start < own
            && let Some(entry) = first_beyond(stamp, due, start, own)
        {
            return Some(entry);
        }
        first_beyond(stamp, due, if start <= origin { origin + 1 } else { start }, stamp.len())
    }

    /// Delivers whatever became deliverable at the origins in `ready`, and what waits for that.
    fn drain(&mut self, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        while let Some(origin) = self.ready.pop() {
            let Some((stamp, _)) = self.held.head(origin) else { continue };
            let start = self.waits.entry[origin].take().unwrap_or(0);
            if let Some(entry) = self.blocked(origin, stamp, start) {
                self.waits.add(origin, entry);
                continue;
            }
            let Some((stamp, payload)) = self.held.take(origin) else { continue };
            match deliver(Rank::new(origin), payload) {
                Ok(()) => self.advance(origin),
                Err(payload) => {
                    self.held.put_back(origin, (stamp, payload));
                    self.stuck.push(origin);
                }
            }
        }
    }

    /// One more message of `origin` is delivered: its next one and those that waited for this one are to be looked at.
    fn advance(&mut self, origin: usize) {
        self.held.advance(origin);
        self.count(origin);
        if !self.held.is_in_order(origin) {
            self.ready.push(origin);
        }
        if self.waits.first[origin].is_some() {
            let due = self.held.due()[origin];
            let Self { waits, held, ready, .. } = self;
            waits.wake(origin, ready, |waiting| held.head(waiting).is_some_and(|(stamp, _)| stamp.entry(Rank::new(origin)) < due));
        }
    }

    /// Brings the next stamp up to what was delivered of `origin`.
    fn count(&mut self, origin: usize) {
        let (rank, delivered) = (Rank::new(origin), self.held.due()[origin] - HoldBack::<T>::FIRST);
        while rank != self.me && self.latest.entry(rank) < delivered && self.latest.tick(rank).is_ok() {}
    }

    /// Broken on purpose: looks at everything that is held, whatever its number.
    fn drain_unordered(&mut self, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        let mut again = true;
        while core::mem::take(&mut again) {
            for origin in 0..self.held.due().len() {
                let due = self.held.due().to_vec();
                let causal = self.causal;
                let eligible = |(stamp, _): &(VectorClock, T)| {
                    !causal || stamp.entries().iter().zip(&due).enumerate().all(|(entry, (claimed, due))| entry == origin || claimed < due)
                };
                let Some((number, (stamp, payload))) = self.held.take_any(origin, eligible) else { continue };
                match deliver(Rank::new(origin), payload) {
                    Ok(()) => {
                        self.held.pass(origin, number);
                        self.count(origin);
                        again = true;
                    }
                    Err(payload) => {
                        self.held.put_back_any(origin, number, (stamp, payload));
                        return;
                    }
                }
            }
        }
    }
}

impl Waits {
    /// The first held message of `origin` waits for messages of the process at `entry`.
    fn add(&mut self, origin: usize, entry: usize) {
        self.entry[origin] = Some(entry);
        self.next[origin] = self.first[entry].replace(origin);
    }

    /// Moves those that wait for the process at `entry`, and for which it has come far enough, into `ready`.
    fn wake(&mut self, entry: usize, ready: &mut Vec<usize>, come: impl Fn(usize) -> bool) {
        let mut waiting = self.first[entry].take();
        while let Some(origin) = waiting {
            waiting = self.next[origin].take();
            if come(origin) {
                ready.push(origin);
            } else {
                self.next[origin] = self.first[entry].replace(origin);
            }
        }
    }
}

/// The first index from `start` to `end` at which the stamp counts a message that is still due or later.
///
/// Whole blocks are compared without a branch in between, which compilers turn into vector instructions.
fn first_beyond(stamp: &[u64], due: &[u64], start: usize, end: usize) -> Option<usize> {
    const BLOCK: usize = 8;
    let end = end.min(stamp.len()).min(due.len());
    let mut at = start;
    while at + BLOCK <= end {
        let beyond = stamp[at..at + BLOCK].iter().zip(&due[at..at + BLOCK]).fold(false, |beyond, (claimed, due)| beyond | (claimed >= due));
        if beyond {
            break;
        }
        at += BLOCK;
    }
    (at..end).find(|&entry| stamp[entry] >= due[entry])
}

impl<T> Order for CausalOrder<T> {
    type Payload = T;
    type Stamp = VectorClock;
    type Malformed = Malformed;

    /// O(n).
    fn stamp(&self) -> VectorClock {
        let mut stamp = self.latest.clone();
        // At its end the number stays, and is malformed to all.
        let _ = stamp.tick(self.me);
        stamp
    }

    fn sent(&mut self) {
        let _ = self.latest.tick(self.me);
    }

    fn offer(
        &mut self,
        from: Rank,
        stamp: VectorClock,
        payload: T,
        deliver: &mut impl FnMut(Rank, T) -> Result<(), T>,
    ) -> Offer<(VectorClock, T), Malformed> {
        let number = match self.check(from, &stamp) {
            Ok(number) => number,
            Err(malformed) => return Offer::Malformed(malformed),
        };
        let origin = from.index();
        let due = self.held.due()[origin];
        if number < due {
            if self.dedupe {
                return Offer::Stale;
            }
            return deliver(from, payload).map_or_else(|payload| Offer::Full((stamp, payload)), |()| Offer::Taken);
        }
        let mut entry = None;
        if self.fifo && number == due && self.held.head(origin).is_none() {
            entry = self.blocked(origin, &stamp, 0);
            if entry.is_none() {
                match deliver(from, payload) {
                    Ok(()) => {
                        self.advance(origin);
                        self.drain(deliver);
                    }
                    Err(payload) => {
                        self.held.put_back(origin, (stamp, payload));
                        self.stuck.push(origin);
                    }
                }
                return Offer::Taken;
            }
        }
        // A count that no process comes to would be waited for without end.
        if let Some(entry) = stamp.entries().iter().position(|&count| count == u64::MAX) {
            return Offer::Malformed(Malformed::Number { from: Rank::new(entry), number: u64::MAX });
        }
        match self.held.keep(origin, number, (stamp, payload)) {
            Kept::Held => {
                if let Some(entry) = entry {
                    self.waits.add(origin, entry);
                }
                if !self.fifo {
                    self.drain_unordered(deliver);
                }
                Offer::Taken
            }
            Kept::Repeated => Offer::Stale,
            Kept::Full(back) => Offer::Full(back),
        }
    }

    fn release(&mut self, deliver: &mut impl FnMut(Rank, T) -> Result<(), T>) {
        if !self.fifo {
            return self.drain_unordered(deliver);
        }
        for origin in core::mem::take(&mut self.stuck) {
            self.ready.push(origin);
            self.drain(deliver);
        }
    }

    fn held(&self) -> usize {
        self.held.held()
    }

    fn most_held(&self) -> usize {
        self.held.most()
    }
}

/// Under which of several missing messages a held one is registered decides when it is looked at, not when it is delivered, so it is left out.
impl<T: Fingerprint> Fingerprint for CausalOrder<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        // What this process counts for itself, where a clock would be taken for a stamp.
        digest.by_rank(self.held.due().len(), |index, digest| digest.number(self.latest.entry(Rank::new(index))));
        self.held.fingerprint(digest);
        digest.size(self.stuck.len());
        self.stuck.iter().for_each(|origin| digest.rank(Rank::new(*origin)));
    }
}
