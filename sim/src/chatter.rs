use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Protocol, Refused};
use tidings_trace::{MessageId, What};

use crate::chooser::{STEPS, fraction};
use crate::{Application, Chance, Chooser, Site};

/// What a [`Chatter`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Talk {
    /// How many messages each process broadcasts in a life.
    pub messages: u32,
    /// The time within which it broadcasts them, from the beginning of the life: each at a random one.
    pub within: Duration,
    /// How likely a message, but the first, is kept for a reply instead: it is broadcast right after the next delivery of another process's message,
    /// so that causal chains come to be. If no such delivery comes, it is never broadcast.
    pub replies: Chance,
    /// The application's inbox; `None`: it takes everything at once.
    pub inbox: Option<Inbox>,
    /// How many bytes every packet takes on the wire: what [`Links::bytes_per_second`](crate::Links::bytes_per_second) counts.
    pub packet_bytes: u32,
}

impl Talk {
    /// So many messages of each process within one second, one in two a reply, no inbox, packets of no weight.
    #[must_use]
    pub const fn of(messages: u32) -> Self {
        Self { messages, within: Duration::from_secs(1), replies: Chance::percent(50), inbox: None, packet_bytes: 0 }
    }
}

impl Default for Talk {
    /// Five messages of each process.
    fn default() -> Self {
        Self::of(5)
    }
}

/// A slow application: it takes nothing while its inbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Inbox {
    /// How many deliveries it holds when it is full. What one input delivers beyond that is taken all the same.
    pub room: u32,
    /// How long it works on each.
    pub each: Duration,
}

/// The standard application of broadcast tests: every process broadcasts messages at random times and in reply to others, asks again when it is
/// refused, and remembers what it delivered.
///
/// Generic over the protocol by two functions: `ask` makes the request that broadcasts a message, `hear` reads from an indication which message was
/// delivered, if any. Messages are numbered 0, 1, … at each process, through all of its lives.
pub struct Chatter<P: Protocol, Q, H> {
    talk: Talk,
    ask: Q,
    hear: H,
    speakers: Vec<Speaker<P::Request>>,
}

struct Speaker<R> {
    /// The number of its next message.
    next: u64,
    /// When it broadcasts by itself, earliest first.
    times: VecDeque<Time>,
    /// How many messages it keeps for replies.
    replies: u32,
    /// How many replies it owes.
    owed: u32,
    /// What was refused.
    again: Option<(MessageId, R)>,
    /// The message that was asked for last.
    asked: Option<MessageId>,
    broadcast: Vec<MessageId>,
    delivered: Vec<MessageId>,
    /// How much is in its inbox, and when it has worked on the first of that.
    inbox: u32,
    done: Option<Time>,
}

impl<P, Q, H> Chatter<P, Q, H>
where
    P: Protocol,
    Q: FnMut(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    /// The application of `processes` processes.
    pub fn new(processes: u32, talk: Talk, ask: Q, hear: H) -> Self {
        let speaker = |_| Speaker {
            next: 0,
            times: VecDeque::new(),
            replies: 0,
            owed: 0,
            again: None,
            asked: None,
            broadcast: Vec::new(),
            delivered: Vec::new(),
            inbox: 0,
            done: None,
        };
        Self { talk, ask, hear, speakers: (0..processes).map(speaker).collect() }
    }

    /// What `rank` delivered, in order, in all of its lives.
    pub fn delivered(&self, rank: Rank) -> &[MessageId] {
        &self.speakers[rank.index()].delivered
    }

    /// What `rank` broadcast, in order, in all of its lives. A refused request is not among these.
    pub fn broadcast(&self, rank: Rank) -> &[MessageId] {
        &self.speakers[rank.index()].broadcast
    }

    /// Whether a request of `rank` was refused and not yet taken.
    pub fn is_refused(&self, rank: Rank) -> bool {
        self.speakers[rank.index()].again.is_some()
    }
}

impl<P, Q, H> Application<P> for Chatter<P, Q, H>
where
    P: Protocol,
    Q: FnMut(MessageId) -> P::Request,
    H: Fn(&P::Indication) -> Option<MessageId>,
{
    fn started(&mut self, me: Rank, now: Time, chooser: &mut dyn Chooser) {
        let speaker = &mut self.speakers[me.index()];
        let mut times = vec![];
        for nth in 0..self.talk.messages {
            if nth > 0 && chooser.happens(Site::Application, self.talk.replies) {
                speaker.replies += 1;
            } else {
                times.push(now + fraction(self.talk.within, chooser.choose(Site::Application, STEPS), STEPS));
            }
        }
        times.sort_unstable();
        speaker.times = times.into();
    }

    fn next(&mut self, me: Rank, now: Time) -> Option<P::Request> {
        let speaker = &mut self.speakers[me.index()];
        speaker.work(now, self.talk.inbox);
        if let Some(taken) = speaker.asked.take() {
            speaker.broadcast.push(taken);
        }
        if let Some((id, request)) = speaker.again.take() {
            speaker.asked = Some(id);
            return Some(request);
        }
        if speaker.owed > 0 {
            speaker.owed -= 1;
        } else if speaker.times.front().is_some_and(|time| *time <= now) {
            speaker.times.pop_front();
        } else {
            return None;
        }
        let id = MessageId { origin: me, number: speaker.next };
        speaker.next += 1;
        speaker.asked = Some(id);
        Some((self.ask)(id))
    }

    fn refused(&mut self, me: Rank, _now: Time, refused: Refused<P::Request, P::Refused>) {
        let speaker = &mut self.speakers[me.index()];
        speaker.again = speaker.asked.take().map(|id| (id, refused.request));
    }

    fn indicated(&mut self, me: Rank, now: Time, indication: P::Indication) {
        let Some(id) = (self.hear)(&indication) else { return };
        let speaker = &mut self.speakers[me.index()];
        speaker.delivered.push(id);
        if id.origin != me && speaker.replies > 0 {
            speaker.replies -= 1;
            speaker.owed += 1;
        }
        if let Some(inbox) = self.talk.inbox {
            speaker.inbox += 1;
            speaker.done = speaker.done.or(Some(now + inbox.each));
        }
    }

    fn deadline(&self, me: Rank) -> Option<Time> {
        let speaker = &self.speakers[me.index()];
        let speaks = if speaker.again.is_some() { None } else { speaker.times.front().copied() };
        match (speaks, speaker.done) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn takes(&self, me: Rank) -> bool {
        self.talk.inbox.is_none_or(|inbox| self.speakers[me.index()].inbox < inbox.room.max(1))
    }

    fn name_request(&self, me: Rank, _request: &P::Request) -> Option<What> {
        self.speakers[me.index()].asked.map(What::Broadcast)
    }

    fn weigh(&self, _message: &P::Message) -> usize {
        usize::try_from(self.talk.packet_bytes).unwrap_or(usize::MAX)
    }

    fn name_indication(&self, _me: Rank, indication: &P::Indication) -> Option<What> {
        (self.hear)(indication).map(What::Deliver)
    }

    fn crashed(&mut self, me: Rank, _now: Time) {
        let speaker = &mut self.speakers[me.index()];
        speaker.broadcast.extend(speaker.asked.take());
        speaker.times.clear();
        (speaker.replies, speaker.owed) = (0, 0);
        speaker.again = None;
        (speaker.inbox, speaker.done) = (0, None);
    }
}

impl<R> Speaker<R> {
    /// Works on the inbox until `now`.
    fn work(&mut self, now: Time, inbox: Option<Inbox>) {
        let Some(inbox) = inbox else { return };
        while let Some(done) = self.done
            && done <= now
        {
            self.inbox -= 1;
            self.done = (self.inbox > 0).then(|| done + inbox.each);
        }
    }
}
