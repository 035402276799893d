use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use tidings_protocol::{Digest, Fingerprint, Limits};

/// The numbered streams of some origins, with what arrived too early kept in a ring for each.
///
/// The first slot of a ring is for the message that is due next. Later slots count against the room, empty ones too, because they are memory and
/// will be filled; the first slot never does, so that what is due is always taken (rule 5).
#[derive(Clone, Debug)]
pub(crate) struct HoldBack<T> {
    /// The number that is due next, by stream. Apart from the rings, so that a vector stamp is compared with one dense array.
    due: Vec<u64>,
    streams: Vec<VecDeque<Slot<T>>>,
    held: usize,
    /// Slots behind the first, of all streams.
    reserved: usize,
    room: usize,
    /// The most slots that one stream may reserve, so that a flood from one origin leaves room for the others.
    share: usize,
}

#[derive(Clone, Debug)]
enum Slot<T> {
    Missing,
    Held(T),
    /// Delivered before its turn; only where an order is broken on purpose.
    Passed,
}

/// What became of a message that is not due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kept<T> {
    Held,
    Repeated,
    Full(T),
}

impl<T> HoldBack<T> {
    /// The number of the first message of every stream.
    pub(crate) const FIRST: u64 = 1;

    /// `streams` empty streams, with room for `limits.held` messages, and never less than what credit lets the origins have under way together.
    pub(crate) fn new(streams: usize, limits: &Limits) -> Self {
        let under_way = limits.credit.max(1) as usize + limits.control_credit.max(1) as usize;
        let room = (limits.held as usize).max(streams.saturating_mul(under_way));
        let share = (room / streams.saturating_sub(1).max(1)).max(under_way);
        Self {
            due: vec![Self::FIRST; streams],
            streams: (0..streams).map(|_| VecDeque::new()).collect(),
            held: 0,
            reserved: 0,
            room,
            share,
        }
    }

    /// The number that is due next in each stream.
    pub(crate) fn due(&self) -> &[u64] {
        &self.due
    }

    /// How many messages are held.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    /// The most messages that can ever be held.
    pub(crate) fn most(&self) -> usize {
        self.room + self.streams.len()
    }

    /// Whether nothing of `stream` is held and nothing is missing.
    pub(crate) fn is_in_order(&self, stream: usize) -> bool {
        self.streams[stream].is_empty()
    }

    /// What is due in `stream`, if it is here.
    pub(crate) fn head(&self, stream: usize) -> Option<&T> {
        match self.streams[stream].front() {
            Some(Slot::Held(item)) => Some(item),
            _ => None,
        }
    }

    /// Keeps a message whose number is not below the one that is due.
    pub(crate) fn keep(&mut self, stream: usize, number: u64, item: T) -> Kept<T> {
        let ahead = number - self.due[stream];
        let ring = &mut self.streams[stream];
        let Some(offset) = usize::try_from(ahead).ok().filter(|&offset| offset <= self.share) else { return Kept::Full(item) };
        if let Some(slot) = ring.get_mut(offset) {
            if !matches!(slot, Slot::Missing) {
                return Kept::Repeated;
            }
            *slot = Slot::Held(item);
        } else {
            let grown = offset - ring.len().saturating_sub(1);
            if self.reserved + grown > self.room {
                return Kept::Full(item);
            }
            self.reserved += grown;
            ring.resize_with(offset, || Slot::Missing);
            ring.push_back(Slot::Held(item));
        }
        self.held += 1;
        Kept::Held
    }

    /// Takes out what is due in `stream`. Its slot stays, so that it can be [put back](HoldBack::put_back).
    pub(crate) fn take(&mut self, stream: usize) -> Option<T> {
        let slot = self.streams[stream].front_mut().filter(|slot| matches!(slot, Slot::Held(_)))?;
        self.held -= 1;
        match core::mem::replace(slot, Slot::Missing) {
            Slot::Held(item) => Some(item),
            Slot::Missing | Slot::Passed => None,
        }
    }

    /// Keeps what is due in `stream` and was not taken above. There is always room for it.
    pub(crate) fn put_back(&mut self, stream: usize, item: T) {
        let ring = &mut self.streams[stream];
        match ring.front_mut() {
            Some(slot) => *slot = Slot::Held(item),
            None => ring.push_back(Slot::Held(item)),
        }
        self.held += 1;
    }

    /// What was due in `stream` is delivered: the next one is due.
    pub(crate) fn advance(&mut self, stream: usize) {
        let ring = &mut self.streams[stream];
        loop {
            // A number of u64::MAX is malformed, so the one that is due never passes it.
            self.due[stream] += 1;
            if ring.pop_front().is_some() && !ring.is_empty() {
                self.reserved -= 1;
            }
            if !matches!(ring.front(), Some(Slot::Passed)) {
                return;
            }
        }
    }
}

/// For orders that are broken on purpose: messages pass before their turn.
impl<T> HoldBack<T> {
    /// Says that the message `number`, which was kept, was delivered before its turn.
    pub(crate) fn pass(&mut self, stream: usize, number: u64) {
        let offset = usize::try_from(number - self.due[stream]).expect("what was kept is within the ring");
        if offset == 0 {
            self.advance(stream);
        } else {
            self.streams[stream][offset] = Slot::Passed;
        }
    }

    /// Takes out the first message of `stream` that is held and for which `eligible` says yes.
    pub(crate) fn take_any(&mut self, stream: usize, eligible: impl Fn(&T) -> bool) -> Option<(u64, T)> {
        let due = self.due[stream];
        for (number, slot) in (due..).zip(self.streams[stream].iter_mut()) {
            if let Slot::Held(item) = slot
                && eligible(item)
                && let Slot::Held(item) = core::mem::replace(slot, Slot::Missing)
            {
                self.held -= 1;
                return Some((number, item));
            }
        }
        None
    }

    /// Puts back what [`take_any`](HoldBack::take_any) took.
    pub(crate) fn put_back_any(&mut self, stream: usize, number: u64, item: T) {
        let offset = usize::try_from(number - self.due[stream]).expect("what was kept is within the ring");
        self.streams[stream][offset] = Slot::Held(item);
        self.held += 1;
    }
}

/// Streams are taken for those of the processes, unless there are fewer.
impl<T: Fingerprint> Fingerprint for HoldBack<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.by_rank(self.streams.len(), |stream, digest| {
            digest.number(self.due[stream]);
            self.streams[stream].fingerprint(digest);
        });
    }
}

impl<T: Fingerprint> Fingerprint for Slot<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        match self {
            Self::Missing => digest.number(0),
            Self::Held(item) => {
                digest.number(1);
                item.fingerprint(digest);
            }
            Self::Passed => digest.number(2),
        }
    }
}
