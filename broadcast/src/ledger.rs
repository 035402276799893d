use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;
use tidings_protocol::{Digest, Fingerprint, Limits, Payload};

use crate::credit::Credit;
use crate::flow::{self, Flow};
use crate::received::Standing;
use crate::{Class, MalformedRelay, Relay};

/// What a reliable broadcast knows: what it received, what it owes to whom (rule 2), and what credit it has left (rule 4).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ledger<T> {
    me: Rank,
    live: Vec<bool>,
    /// How many are live, this process too.
    living: u32,
    /// By origin, then by class; the messages of this process too, for it owes them to all others.
    flows: Vec<[Flow<T>; 2]>,
    /// By class.
    credits: [Credit; 2],
    /// By whom it is owed to, oldest first.
    debts: Vec<VecDeque<Debt>>,
    unpaid: usize,
    /// A message just taken in, of which nothing is noted yet: most often the link takes all of its copies at once.
    fresh: Option<Fresh<T>>,
}

/// A message just taken in that others may lack.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fresh<T> {
    /// Who sent it, and so has it.
    pub(crate) from: Rank,
    pub(crate) origin: Rank,
    pub(crate) class: Class,
    pub(crate) sequence: u64,
    pub(crate) payload: T,
}

/// Something owed to one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Debt {
    /// A copy of a message.
    Copy { origin: Rank, class: Class, sequence: u64 },
    /// To tell an origin what is done with.
    Done { class: Class },
}

impl<T: Payload> Ledger<T> {
    pub(crate) fn new(me: Rank, processes: usize, limits: &Limits) -> Self {
        let (body, control) = (flow::credit(limits, Class::Body), flow::credit(limits, Class::Control));
        Self {
            me,
            live: vec![true; processes],
            living: Rank::new(processes).0,
            flows: (0..processes).map(|_| [Flow::new(body), Flow::new(control)]).collect(),
            credits: [Credit::new(body, processes), Credit::new(control, processes)],
            debts: vec![VecDeque::new(); processes],
            unpaid: 0,
            fresh: None,
        }
    }

    /// This process broadcasts a message, for which it has credit: it owes it to all others.
    pub(crate) fn broadcast(&mut self, class: Class, payload: T) {
        let me = self.me;
        let sequence = self.credit(class).sent();
        self.credits[class as usize].take(self.living);
        self.fresh = Some(Fresh { from: me, origin: me, class, sequence, payload });
    }

    /// How a copy stands to what was received.
    pub(crate) fn standing(&self, from: Rank, origin: Rank, class: Class, sequence: u64) -> Result<Standing, MalformedRelay> {
        let flows = self.flows.get(origin.index()).ok_or(MalformedRelay::UnknownOrigin { from, origin })?;
        if origin == self.me {
            let sent = self.credit(class).sent();
            return if sequence < sent {
                Ok(Standing::Duplicate)
            } else {
                Err(MalformedRelay::NeverBroadcast { from, class, sequence, sent })
            };
        }
        let flow = &flows[class as usize];
        match flow.standing(sequence) {
            Standing::TooFarAhead => Err(MalformedRelay::BeyondCredit { from, origin, class, sequence, limit: flow.limit() }),
            standing => Ok(standing),
        }
    }

    /// Whether a message of `origin` that comes from `from` is owed to anybody: who sent it has it.
    pub(crate) fn owes(&self, from: Rank, origin: Rank) -> bool {
        let sender = u32::from(self.is_live(from));
        let origin = u32::from(origin != from && self.is_live(origin));
        self.living > 1 + sender + origin
    }

    /// A copy that stands [`New`](Standing::New) was delivered; `kept` is the payload if it is owed to anybody.
    pub(crate) fn receive(&mut self, from: Rank, origin: Rank, class: Class, sequence: u64, kept: Option<T>) {
        match kept {
            Some(payload) => self.fresh = Some(Fresh { from, origin, class, sequence, payload }),
            None => self.keep(origin, class, sequence, None),
        }
    }

    /// The message just taken in, to hand on.
    pub(crate) const fn take_fresh(&mut self) -> Option<Fresh<T>> {
        self.fresh.take()
    }

    /// Notes all that is owed of the message just taken in, if there is one, before another one comes.
    pub(crate) fn note_fresh(&mut self) {
        if let Some(fresh) = self.fresh.take() {
            let mut owed = 0;
            for to in (0..self.live.len()).map(Rank::new) {
                if self.lacks(to, &fresh) {
                    self.owe(to, &fresh);
                    owed += 1;
                }
            }
            self.handed_on(fresh, owed);
        }
    }

    /// Whether `to` may lack a message: everybody live does, but this process, the origin and who sent it.
    pub(crate) fn lacks(&self, to: Rank, fresh: &Fresh<T>) -> bool {
        self.live[to.index()] && to != self.me && to != fresh.origin && to != fresh.from
    }

    /// Whether nothing is owed to `to`, so that it may get a copy out of turn.
    pub(crate) fn is_even_with(&self, to: Rank) -> bool {
        self.debts[to.index()].is_empty()
    }

    /// Notes that `to` is owed a copy.
    pub(crate) fn owe(&mut self, to: Rank, fresh: &Fresh<T>) {
        self.debts[to.index()].push_back(Debt::Copy { origin: fresh.origin, class: fresh.class, sequence: fresh.sequence });
        self.unpaid += 1;
    }

    /// The message just taken in is owed to `owed` processes, as noted, and nobody else lacks it.
    pub(crate) fn handed_on(&mut self, fresh: Fresh<T>, owed: u32) {
        self.keep(fresh.origin, fresh.class, fresh.sequence, Some((fresh.payload, owed)));
    }

    /// The relay that hands a message on.
    pub(crate) fn relay(&self, fresh: &Fresh<T>) -> Relay<T> {
        let Fresh { origin, class, sequence, ref payload, .. } = *fresh;
        Relay::Copy { origin, class, sequence, ask: self.asks(origin, class, sequence), payload: payload.clone() }
    }

    /// Origin `origin` asks to be told once `sequence`, which was received, is done with.
    pub(crate) fn ask(&mut self, origin: Rank, class: Class, sequence: u64) {
        if origin != self.me {
            self.flows[origin.index()][class as usize].ask(sequence);
            self.advanced(origin, class);
        }
    }

    /// Process `from` is done with all messages of this process below `next`.
    pub(crate) fn settle(&mut self, from: Rank, class: Class, next: u64) -> Result<(), MalformedRelay> {
        let credit = &mut self.credits[class as usize];
        if next > credit.sent() {
            return Err(MalformedRelay::DoneUnsent { from, class, next, sent: credit.sent() });
        }
        if self.live[from.index()] {
            credit.settle(from, next);
        }
        Ok(())
    }

    /// Stops waiting for `rank`: it is owed nothing, and gives no credit back.
    pub(crate) fn exclude(&mut self, rank: Rank) {
        if rank == self.me || !self.is_live(rank) {
            return;
        }
        self.live[rank.index()] = false;
        self.living -= 1;
        let debts = core::mem::take(&mut self.debts[rank.index()]);
        self.unpaid -= debts.len();
        for debt in debts {
            if let Debt::Copy { origin, class, sequence } = debt {
                self.flows[origin.index()][class as usize].paid(sequence);
                self.advanced(origin, class);
            }
        }
        for credit in &mut self.credits {
            credit.settle(rank, credit.sent());
        }
    }

    /// What is owed to `to` first: its size, and the message.
    pub(crate) fn owed(&self, to: Rank) -> Option<Owed<'_, T>> {
        match *self.debts[to.index()].front()? {
            Debt::Done { class } => Some(Owed::Done { class, next: self.flow(to, class).done() }),
            Debt::Copy { origin, class, sequence } => {
                let payload = self.flow(origin, class).get(sequence).expect("what is owed is kept");
                let ask = self.asks(origin, class, sequence);
                Some(Owed::Copy { origin, class, sequence, ask, payload })
            }
        }
    }

    /// The first debt to `to` is paid.
    pub(crate) fn paid(&mut self, to: Rank) {
        let Some(debt) = self.debts[to.index()].pop_front() else { return };
        self.unpaid -= 1;
        match debt {
            Debt::Done { class } => self.flows[to.index()][class as usize].tell(),
            Debt::Copy { origin, class, sequence } => {
                self.flows[origin.index()][class as usize].paid(sequence);
                self.advanced(origin, class);
            }
        }
    }

    /// How many debts there are.
    pub(crate) const fn unpaid(&self) -> usize {
        self.unpaid
    }

    pub(crate) fn credit(&self, class: Class) -> &Credit {
        &self.credits[class as usize]
    }

    pub(crate) fn is_live(&self, rank: Rank) -> bool {
        self.live.get(rank.index()).is_some_and(|live| *live)
    }

    pub(crate) const fn processes(&self) -> usize {
        self.live.len()
    }

    /// How many messages are owed to somebody.
    pub(crate) fn held(&self) -> usize {
        self.flows.iter().flatten().map(Flow::held).sum()
    }

    /// The bytes of all buffers.
    pub(crate) fn bytes(&self) -> usize {
        let flow = |flow: &Flow<T>| size_of::<Flow<T>>() + flow.bytes() + flow.iter().map(Payload::bytes).sum::<usize>();
        let debts = |debts: &VecDeque<Debt>| size_of::<VecDeque<Debt>>() + debts.capacity() * size_of::<Debt>();
        self.live.len()
            + self.flows.iter().flatten().map(flow).sum::<usize>()
            + self.debts.iter().map(debts).sum::<usize>()
            + self.credits.iter().map(Credit::bytes).sum::<usize>()
    }

    /// The most that [`bytes`](Ledger::bytes) can be.
    pub(crate) fn max_bytes(processes: usize, limits: &Limits) -> usize {
        let credits = [limits.credit as usize, limits.control_credit as usize];
        let flow = |credit: usize| {
            size_of::<Flow<T>>()
                .saturating_add(Flow::<T>::max_bytes(credit))
                .saturating_add(credit.saturating_mul(limits.payload_bytes as usize))
        };
        let flows = credits.map(flow).into_iter().fold(0, usize::saturating_add).saturating_mul(processes);
        // Each message once in each list, and each class once to be told.
        let listed = credits[0].saturating_add(credits[1]).saturating_mul(processes).saturating_add(2);
        let list = listed.saturating_mul(2).max(4).saturating_mul(size_of::<Debt>()).saturating_add(size_of::<VecDeque<Debt>>());
        let own = credits.map(|credit| Credit::max_bytes(credit, processes)).into_iter().fold(0, usize::saturating_add);
        processes.saturating_add(flows).saturating_add(list.saturating_mul(processes)).saturating_add(own)
    }

    fn flow(&self, origin: Rank, class: Class) -> &Flow<T> {
        &self.flows[origin.index()][class as usize]
    }

    /// Takes in a message, with its payload and to how many processes it is owed.
    fn keep(&mut self, origin: Rank, class: Class, sequence: u64, kept: Option<(T, u32)>) {
        self.flows[origin.index()][class as usize].insert(sequence, kept);
        self.advanced(origin, class);
    }

    /// Whether a copy asks to be told: only the origin itself asks.
    fn asks(&self, origin: Rank, class: Class, sequence: u64) -> bool {
        origin == self.me && self.credit(class).asks(sequence)
    }

    /// More may be done with than before: gives this process its own credit back, or notes that the origin must be told.
    fn advanced(&mut self, origin: Rank, class: Class) {
        let flow = &mut self.flows[origin.index()][class as usize];
        if origin == self.me {
            self.credits[class as usize].settle(origin, flow.done());
        } else if self.live[origin.index()] && flow.note_telling() {
            self.debts[origin.index()].push_back(Debt::Done { class });
            self.unpaid += 1;
        }
    }
}

/// What is owed, borrowed from the ledger.
pub(crate) enum Owed<'l, T> {
    /// A copy of a message.
    Copy { origin: Rank, class: Class, sequence: u64, ask: bool, payload: &'l T },
    /// What an origin is to be told.
    Done { class: Class, next: u64 },
}

impl<T: Payload> Owed<'_, T> {
    /// The size of the relay.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Copy { payload, .. } => Relay::<T>::HEADER + payload.bytes(),
            Self::Done { .. } => Relay::<T>::DONE,
        }
    }

    /// The relay that pays it.
    pub(crate) fn to_relay(&self) -> Relay<T> {
        match *self {
            Self::Copy { origin, class, sequence, ask, payload } => Relay::Copy { origin, class, sequence, ask, payload: payload.clone() },
            Self::Done { class, next } => Relay::Done { class, next },
        }
    }
}

impl<T: Fingerprint> Fingerprint for Ledger<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.credits.fingerprint(digest);
        digest.by_rank(self.live.len(), |index, digest| {
            digest.flag(self.live[index]);
            self.flows[index].fingerprint(digest);
            self.debts[index].fingerprint(digest);
        });
        digest.flag(self.fresh.is_some());
        if let Some(Fresh { from, origin, class, sequence, payload }) = &self.fresh {
            (from, origin).fingerprint(digest);
            (class, sequence).fingerprint(digest);
            payload.fingerprint(digest);
        }
    }
}

impl Fingerprint for Debt {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        match self {
            Self::Copy { origin, class, sequence } => {
                digest.flag(true);
                digest.rank(*origin);
                (class, sequence).fingerprint(digest);
            }
            Self::Done { class } => {
                digest.flag(false);
                class.fingerprint(digest);
            }
        }
    }
}
