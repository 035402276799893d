use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Incarnation, Limits, Payload, Protocol, Refused, To, View};

use crate::link_stats::count;
use crate::received::{Received, Standing};
use crate::{Backoff, Frame, Incoming, Link, LinkRefused, LinkRejected, LinkStats, Outgoing, Rule};

/// Perfect point-to-point links: what a correct process sends to a correct process is delivered, once, and nothing else is.
///
/// Model: fair-loss links underneath, which may lose, repeat, delay and reorder; crash-stop processes, where a process that comes back in a greater
/// [`Incarnation`] counts as another one; asynchronous, time only paces repetitions. No order is promised. Cachin, Guerraoui and Rodrigues (2011),
/// algorithms 2.1 and 2.2, bounded: a window of unacknowledged messages for each destination instead of sending for ever, and a window of received
/// numbers instead of all that was ever delivered.
///
/// *Lives.* A peer is assumed to be in its first life until it is heard otherwise. A frame that means a former life of this process is answered by
/// [`Frame::Hello`], one for one. When a peer turns out to live again, what its former life sent is forgotten, and what its former life did not acknowledge is
/// sent to the new one, numbered from 0: nothing accepted is dropped, so the new life may receive what the former one had received as well.
///
/// *Acknowledgements* come after the layer above took the message. One that it did not take is not acknowledged, and comes again with the sender's next repetition.
/// One acknowledgement stands for up to a quarter of the window, 16 messages at most, and waits for an eighth of the first repetition's wait at most; what shows a
/// loss, a gap or a copy, is answered at once.
///
/// *Crashes.* What was accepted for a crashed process stays until [`exclude`](Protocol::exclude), which drops it.
///
/// Cost: O(1) for each message and acknowledgement, O(n · window) for a wake that is due; nothing is allocated once the windows have been full.
#[derive(Clone, Debug)]
pub struct PerfectLink<T> {
    me: Rank,
    mine: Incarnation,
    window: usize,
    payload_bytes: usize,
    backoff: Backoff,
    /// The wait before the first repetition.
    first: Duration,
    /// An acknowledgement is sent at once when it stands for this many messages.
    lump: u64,
    /// How long it waits for others at most.
    patience: Duration,
    dedupe: bool,
    /// Not later than the earliest timer of any peer.
    wake_at: Option<Time>,
    peers: Vec<Peer<T>>,
    stats: LinkStats,
}

/// What a link knows of one other process.
#[derive(Clone, Debug, PartialEq)]
struct Peer<T> {
    theirs: Incarnation,
    excluded: bool,
    received: Received,
    /// How many messages were taken since the last acknowledgement, and when it must be sent at the latest.
    unanswered: u64,
    answer_at: Option<Time>,
    /// The number of the front of `unacknowledged`.
    base: u64,
    /// What was sent and not acknowledged; `None` where the acknowledgement ran ahead of an earlier one.
    unacknowledged: VecDeque<Option<T>>,
    timer: Option<Timer>,
}

/// When to send again to one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timer {
    due: Time,
    /// Messages below this number were on the way when the timer was set; later ones have not waited long enough to be repeated when it is due.
    below: u64,
    attempts: u32,
}

impl<T: Payload> PerfectLink<T> {
    /// A link of process `me` to all other members of `view`.
    ///
    /// `limits` gives the window and the size of a payload. A process that lost its memory must come back in a greater `incarnation` than all its former ones.
    ///
    /// # Panics
    /// If `me` is not a member of the view, or `incarnation` is before the first.
    #[must_use]
    pub fn new<A>(view: &View<A>, me: Rank, incarnation: Incarnation, limits: Limits, backoff: Backoff) -> Self {
        assert!(view.contains(me), "{me} is not a member of a view of {}", view.len());
        assert!(incarnation >= Incarnation::FIRST, "incarnations begin at 1");
        let limits = limits.at_least_one();
        Self {
            me,
            mine: incarnation,
            window: limits.window as usize,
            payload_bytes: limits.payload_bytes as usize,
            backoff,
            first: backoff.after(0),
            lump: u64::from(limits.window / 4).clamp(1, 16),
            patience: backoff.after(0) / 8,
            dedupe: true,
            wake_at: None,
            peers: view.ranks().map(|_| Peer::new(limits.window)).collect(),
            stats: LinkStats::default(),
        }
    }

    /// This link with one rule broken on purpose: without [`Rule::Dedupe`] it indicates every copy that it receives. Links keep no other rule.
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        self.dedupe &= rule != Rule::Dedupe;
        self
    }

    /// The life of this process.
    #[must_use]
    pub const fn incarnation(&self) -> Incarnation {
        self.mine
    }

    /// The latest life of `rank` that was heard of; `None` if it is not a member.
    #[must_use]
    pub fn incarnation_of(&self, rank: Rank) -> Option<Incarnation> {
        if rank == self.me { Some(self.mine) } else { self.peers.get(rank.index()).map(|peer| peer.theirs) }
    }

    /// What this link did so far.
    #[must_use]
    pub const fn stats(&self) -> LinkStats {
        self.stats
    }

    /// How many messages wait for their acknowledgement, over all destinations. O(n · window).
    #[must_use]
    pub fn held(&self) -> usize {
        self.peers.iter().map(Peer::held).sum()
    }

    /// How many bytes this link holds now, by the same count as [`Link::max_bytes`]. O(n · window).
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let payloads = |peer: &Peer<T>| peer.unacknowledged.iter().flatten().map(Payload::bytes).sum::<usize>();
        let peer = |peer: &Peer<T>| {
            size_of::<Peer<T>>() + peer.received.bytes() + peer.unacknowledged.capacity() * size_of::<Option<T>>() + payloads(peer)
        };
        size_of::<Self>() + self.peers.iter().map(peer).sum::<usize>()
    }

    /// Whether a request would be taken; if not, why.
    fn check(&self, to: To, bytes: usize) -> Result<(), LinkRefused> {
        if bytes > self.payload_bytes {
            return Err(LinkRefused::TooLarge { bytes, limit: self.payload_bytes });
        }
        match to {
            To::One(to) if to == self.me => Err(LinkRefused::ToOneself),
            To::One(to) => match self.peers.get(to.index()) {
                None => Err(LinkRefused::NotAMember { to }),
                Some(peer) if peer.excluded => Err(LinkRefused::Excluded { to }),
                Some(peer) => peer.check(to, self.window),
            },
            To::Others => {
                let mut live = (0..self.peers.len()).filter(|index| self.is_live(*index));
                live.try_for_each(|index| self.peers[index].check(Rank::new(index), self.window))
            }
        }
    }

    /// Whether messages go to the process at `index`.
    fn is_live(&self, index: usize) -> bool {
        index != self.me.index() && !self.peers[index].excluded
    }

    /// Sends one message for the first time.
    fn send(&mut self, now: Time, to: Rank, payload: T, effects: &mut impl Effects<Self>) {
        let peer = &mut self.peers[to.index()];
        let sequence = peer.end();
        peer.unacknowledged.push_back(Some(payload.clone()));
        if peer.timer.is_none() {
            self.wake_at = earlier(self.wake_at, peer.start_timer(now + self.first));
        }
        count(&mut self.stats.sent);
        effects.send(To::One(to), Frame::Data { sender: self.mine, receiver: peer.theirs, sequence, payload });
    }

    /// Takes a frame, or says why not. Everything that changes state comes after everything that rejects.
    fn hear(&mut self, now: Time, from: Rank, frame: Frame<T>, effects: &mut impl Effects<Self>) -> Result<(), LinkRejected> {
        if from == self.me {
            return Err(LinkRejected::FromOneself);
        }
        let peer = self.peers.get(from.index()).ok_or(LinkRejected::NotAMember { from })?;
        if peer.excluded {
            return Err(LinkRejected::Excluded { from });
        }
        let (sender, receiver) = frame.incarnations();
        let (mine, known) = (self.mine, peer.theirs);
        if sender < known {
            return Err(LinkRejected::Stale { from, incarnation: sender, known });
        }
        if receiver > mine {
            return Err(LinkRejected::Unborn { from, incarnation: receiver, mine });
        }
        if receiver < mine {
            count(&mut self.stats.misaddressed);
            effects.send(To::One(from), Frame::Hello { sender: mine, receiver: sender });
            return Ok(());
        }
        match frame {
            Frame::Data { sequence, payload, .. } => self.hear_data(now, from, sender, sequence, payload, effects),
            Frame::Ack { next, ahead, .. } => self.hear_ack(now, from, sender, next, ahead),
            Frame::Hello { .. } => {
                if sender > known {
                    self.reborn(now, from, sender);
                }
                Ok(())
            }
        }
    }

    fn hear_data(
        &mut self,
        now: Time,
        from: Rank,
        sender: Incarnation,
        sequence: u64,
        payload: T,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), LinkRejected> {
        let (bytes, limit) = (payload.bytes(), self.payload_bytes);
        if bytes > limit {
            return Err(LinkRejected::TooLarge { from, bytes, limit });
        }
        let peer = &mut self.peers[from.index()];
        let reborn = sender > peer.theirs;
        let (expected, standing) = if reborn {
            (0, if sequence < self.window as u64 { Standing::New } else { Standing::TooFarAhead })
        } else {
            (peer.received.next(), peer.received.standing(sequence))
        };
        match standing {
            Standing::TooFarAhead => return Err(LinkRejected::TooFarAhead { from, expected, sequence }),
            Standing::Duplicate => {
                count(&mut self.stats.duplicates);
                if !self.dedupe {
                    // The rule is broken on purpose; whether the layer above takes the copy changes nothing here.
                    let _ = effects.indicate(Incoming { from, payload });
                }
            }
            Standing::New => {
                if effects.indicate(Incoming { from, payload }).is_err() {
                    count(&mut self.stats.not_taken);
                    return Ok(());
                }
                if reborn {
                    self.reborn(now, from, sender);
                }
                count(&mut self.stats.received);
                let peer = &mut self.peers[from.index()];
                peer.received.insert(sequence);
                peer.unanswered += 1;
                if peer.unanswered < self.lump && !peer.received.has_gap() {
                    if peer.answer_at.is_none() {
                        peer.answer_at = Some(now + self.patience);
                        self.wake_at = earlier(self.wake_at, peer.answer_at);
                    }
                    return Ok(());
                }
            }
        }
        let answer = self.peers[from.index()].answer(self.mine);
        effects.send(To::One(from), answer);
        Ok(())
    }

    fn hear_ack(&mut self, now: Time, from: Rank, sender: Incarnation, next: u64, ahead: u64) -> Result<(), LinkRejected> {
        let peer = &mut self.peers[from.index()];
        let reborn = sender > peer.theirs;
        let sent = if reborn { 0 } else { peer.end() };
        // One past the highest message acknowledged.
        let reach = if ahead == 0 { next } else { next.saturating_add(1 + u64::from(u64::BITS - ahead.leading_zeros())) };
        if reach > sent {
            return Err(LinkRejected::AcknowledgesUnsent { from, sequence: reach - 1, sent });
        }
        if reborn {
            self.reborn(now, from, sender);
            return Ok(());
        }
        let (base, acknowledged) = (peer.base, peer.acknowledge(next, ahead));
        self.stats.acknowledged = self.stats.acknowledged.saturating_add(acknowledged);
        if peer.base != base {
            peer.timer = None;
            if !peer.unacknowledged.is_empty() {
                self.wake_at = earlier(self.wake_at, peer.start_timer(now + self.first));
            }
        }
        Ok(())
    }

    /// Hears that `from` began life `sender`. What waits for it is sent again when the timer is due and not at once: a frame is never answered by a windowful.
    #[cold]
    fn reborn(&mut self, now: Time, from: Rank, sender: Incarnation) {
        let peer = &mut self.peers[from.index()];
        count(&mut self.stats.reborn);
        peer.theirs = sender;
        peer.received.reset();
        (peer.unanswered, peer.answer_at) = (0, None);
        peer.unacknowledged.retain(Option::is_some);
        peer.base = 0;
        peer.timer = None;
        if !peer.unacknowledged.is_empty() {
            self.wake_at = earlier(self.wake_at, peer.start_timer(now + self.first));
        }
    }
}

impl<T> Peer<T> {
    fn new(window: u32) -> Self {
        Self {
            theirs: Incarnation::FIRST,
            excluded: false,
            received: Received::new(window),
            unanswered: 0,
            answer_at: None,
            base: 0,
            unacknowledged: VecDeque::new(),
            timer: None,
        }
    }

    /// The number of the next message to this process.
    fn end(&self) -> u64 {
        self.base + self.unacknowledged.len() as u64
    }

    fn held(&self) -> usize {
        self.unacknowledged.iter().flatten().count()
    }

    /// The last number is never used, so that `end` cannot wrap.
    fn check(&self, to: Rank, window: usize) -> Result<(), LinkRefused> {
        if self.unacknowledged.len() >= window {
            Err(LinkRefused::Full { to })
        } else if self.end() == u64::MAX {
            Err(LinkRefused::Exhausted { to })
        } else {
            Ok(())
        }
    }

    fn start_timer(&mut self, due: Time) -> Option<Time> {
        self.timer = Some(Timer { due, below: self.end(), attempts: 0 });
        Some(due)
    }

    /// The acknowledgement of all that was taken.
    fn answer(&mut self, mine: Incarnation) -> Frame<T> {
        (self.unanswered, self.answer_at) = (0, None);
        Frame::Ack { sender: mine, receiver: self.theirs, next: self.received.next(), ahead: self.received.ahead() }
    }

    /// Forgets what was taken: everything below `next`, and `next + 1 + i` for each bit `i` of `ahead`. Says how many messages that were.
    fn acknowledge(&mut self, next: u64, mut ahead: u64) -> u64 {
        let mut acknowledged = 0;
        while self.base < next {
            acknowledged += u64::from(self.unacknowledged.pop_front().flatten().is_some());
            self.base += 1;
        }
        while ahead != 0 {
            let sequence = next + 1 + u64::from(ahead.trailing_zeros());
            ahead &= ahead - 1;
            let slot = sequence.checked_sub(self.base).and_then(|index| self.unacknowledged.get_mut(usize::try_from(index).ok()?));
            acknowledged += u64::from(slot.and_then(Option::take).is_some());
        }
        while let Some(None) = self.unacknowledged.front() {
            self.unacknowledged.pop_front();
            self.base += 1;
        }
        acknowledged
    }
}

impl<T: Payload> Protocol for PerfectLink<T> {
    type Request = Outgoing<T>;
    type Message = Frame<T>;
    type Indication = Incoming<T>;
    type Record = Infallible;
    type Refused = LinkRefused;
    type Rejected = LinkRejected;

    fn request(
        &mut self,
        now: Time,
        request: Outgoing<T>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Outgoing<T>, LinkRefused>> {
        if let Err(why) = self.check(request.to, request.payload.bytes()) {
            return Err(Refused { request, why });
        }
        match request.to {
            To::One(to) => self.send(now, to, request.payload, effects),
            To::Others => {
                // The last one gets the payload itself, so that a view of two clones nothing for the fan-out.
                let Some(last) = (0..self.peers.len()).rfind(|index| self.is_live(*index)) else { return Ok(()) };
                for index in 0..last {
                    if self.is_live(index) {
                        self.send(now, Rank::new(index), request.payload.clone(), effects);
                    }
                }
                self.send(now, Rank::new(last), request.payload, effects);
            }
        }
        Ok(())
    }

    fn receive(&mut self, now: Time, from: Rank, message: Frame<T>, effects: &mut impl Effects<Self>) -> Result<(), LinkRejected> {
        let heard = self.hear(now, from, message, effects);
        if let Err(rejected) = &heard {
            self.stats.reject(rejected);
        }
        heard
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        if self.wake_at.is_none_or(|at| at > now) {
            return;
        }
        self.wake_at = None;
        for (index, peer) in self.peers.iter_mut().enumerate() {
            let to = To::One(Rank::new(index));
            if peer.answer_at.is_some_and(|at| at <= now) {
                effects.send(to, peer.answer(self.mine));
            }
            if let Some(timer) = &mut peer.timer
                && timer.due <= now
            {
                for (sequence, payload) in (peer.base..timer.below).zip(&peer.unacknowledged) {
                    let Some(payload) = payload.clone() else { continue };
                    count(&mut self.stats.retransmitted);
                    effects.send(to, Frame::Data { sender: self.mine, receiver: peer.theirs, sequence, payload });
                }
                timer.attempts = timer.attempts.saturating_add(1);
                timer.due = now + self.backoff.after(timer.attempts);
                timer.below = peer.base + peer.unacknowledged.len() as u64;
            }
            self.wake_at = earlier(self.wake_at, earlier(peer.answer_at, peer.timer.map(|timer| timer.due)));
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.wake_at
    }

    fn exclude(&mut self, _now: Time, rank: Rank, _effects: &mut impl Effects<Self>) {
        if rank == self.me {
            return;
        }
        if let Some(peer) = self.peers.get_mut(rank.index()) {
            peer.excluded = true;
            peer.received.reset();
            (peer.unanswered, peer.answer_at) = (0, None);
            peer.unacknowledged = VecDeque::new();
            peer.timer = None;
        }
    }
}

impl<T: Payload> Link for PerfectLink<T> {
    type Payload = T;

    fn admits(&self, to: To, bytes: usize) -> bool {
        self.check(to, bytes).is_ok()
    }

    fn me(&self) -> Rank {
        self.me
    }

    fn processes(&self) -> usize {
        self.peers.len()
    }

    fn max_bytes(&self) -> usize {
        // A ring grows by doubling, so that up to twice the window's slots are reserved.
        let slots = self.window.saturating_mul(2).max(4).saturating_mul(size_of::<Option<T>>());
        let peer = self
            .window
            .saturating_mul(self.payload_bytes)
            .saturating_add(slots)
            .saturating_add(self.window.div_ceil(64) * 8 + size_of::<Peer<T>>());
        self.peers.len().saturating_mul(peer).saturating_add(size_of::<Self>())
    }
}

/// Two links are equal if they behave alike from here on; their statistics do not count.
impl<T: PartialEq> PartialEq for PerfectLink<T> {
    fn eq(&self, other: &Self) -> bool {
        let Self { me, mine, window, payload_bytes, backoff, first, lump, patience, dedupe, wake_at, peers, stats: _ } = self;
        let state = (me, mine, window, payload_bytes, backoff, first, lump, patience, dedupe);
        let theirs = (
            &other.me,
            &other.mine,
            &other.window,
            &other.payload_bytes,
            &other.backoff,
            &other.first,
            &other.lump,
            &other.patience,
            &other.dedupe,
        );
        state == theirs && wake_at == &other.wake_at && peers == &other.peers
    }
}

/// The earlier of two times, where there are two.
pub(crate) fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Times are left out: of a timer counts what it is for.
impl<T: Fingerprint> Fingerprint for PerfectLink<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.mine.fingerprint(digest);
        digest.flag(self.wake_at.is_some());
        digest.by_rank(self.peers.len(), |index, digest| self.peers[index].fingerprint(digest));
    }
}

impl<T: Fingerprint> Fingerprint for Peer<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.theirs.fingerprint(digest);
        digest.flag(self.excluded);
        self.received.fingerprint(digest);
        digest.number(self.unanswered);
        digest.flag(self.answer_at.is_some());
        digest.number(self.base);
        self.unacknowledged.fingerprint(digest);
        self.timer.map(|timer| timer.below).fingerprint(digest);
    }
}

#[cfg(test)]
mod tests;
