use alloc::vec::Vec;

use crate::wire::{self, Malformed, Wire};
use crate::{DifferentialClock, NotAMember, Rank, VectorClock};

/// What changed in the sender's clock since its last message on the same link, and which message of the link this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferentialStamp {
    /// Counted from 1 on every link.
    sequence: u64,
    /// By rank; all ranks different.
    changes: Vec<(Rank, u64)>,
}

/// Why a stamp is not the next of its link. The receiver is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNext {
    /// The link has lost, repeated or swapped messages: the changes cannot be understood without those before them.
    #[error("message {sequence} of the link came instead of message {expected}")]
    OutOfOrder {
        /// Which message should come.
        expected: u64,
        /// Which one came.
        sequence: u64,
    },
    /// It counts events of somebody who is no member.
    #[error(transparent)]
    NotAMember(#[from] NotAMember),
    /// An entry that is said to have changed is not greater than before: no clock does that.
    #[error("the entry of {rank} is said to have changed to {counter}, which is not more than before")]
    NotRaised {
        /// Whose entry.
        rank: Rank,
        /// What it is said to be.
        counter: u64,
    },
}

/// The sending end of one link, or of one broadcast that reaches all in the same order: remembers what was sent last. Two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DifferentialSender {
    /// How many messages were sent.
    sent: u64,
    /// How many changes the clock had seen then.
    changes: u64,
}

/// The receiving end of one link: puts the sender's whole clock together again. n counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferentialReceiver {
    members: usize,
    received: u64,
    clock: VectorClock,
}

impl DifferentialStamp {
    /// Which message of its link this is, counted from 1.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The entries that have changed, by rank.
    #[must_use]
    pub fn changes(&self) -> &[(Rank, u64)] {
        &self.changes
    }
}

impl DifferentialSender {
    /// The end of a link on which nothing was sent.
    #[must_use]
    pub const fn new() -> Self {
        Self { sent: 0, changes: 0 }
    }

    /// The stamp of the next message on this link. Changes nothing: peek, ask the layer below, then [`sent`](DifferentialSender::sent). O(c log c) for c changed entries.
    #[must_use]
    pub fn stamp(&self, clock: &DifferentialClock) -> DifferentialStamp {
        let mut changes: Vec<_> = clock.changed_since(self.changes).collect();
        changes.sort_unstable();
        // 2⁶⁴ messages are not sent.
        DifferentialStamp { sequence: self.sent.saturating_add(1), changes }
    }

    /// The message stamped last, of this very clock, was taken by the layer below.
    pub fn sent(&mut self, clock: &DifferentialClock) {
        self.sent = self.sent.saturating_add(1);
        self.changes = clock.changes();
    }
}

impl DifferentialReceiver {
    /// The end of a link on which nothing was received, in a view of `members`.
    #[must_use]
    pub fn new(members: usize) -> Self {
        Self { members, received: 0, clock: VectorClock::new() }
    }

    /// Takes in the next stamp; returns the sender's whole clock when it sent that. O(c) for c changed entries.
    ///
    /// # Errors
    /// [`NotNext`]; the receiver is unchanged. After a message was lost the link must be begun anew, at both ends.
    pub fn receive(&mut self, stamp: &DifferentialStamp) -> Result<&VectorClock, NotNext> {
        let expected = self.received.saturating_add(1);
        if stamp.sequence != expected {
            return Err(NotNext::OutOfOrder { expected, sequence: stamp.sequence });
        }
        for &(rank, counter) in &stamp.changes {
            if rank.index() >= self.members {
                return Err(NotAMember { rank, members: self.members }.into());
            }
            if counter <= self.clock.entry(rank) {
                return Err(NotNext::NotRaised { rank, counter });
            }
        }
        self.received = expected;
        for &(rank, counter) in &stamp.changes {
            self.clock.raise(rank, counter);
        }
        Ok(&self.clock)
    }

    /// The sender's clock when it sent the message received last.
    #[must_use]
    pub const fn clock(&self) -> &VectorClock {
        &self.clock
    }
}

impl Wire for DifferentialStamp {
    /// The sequence number, the number of changes, and for each how many ranks are left out before it, and the counter.
    fn encode(&self, out: &mut Vec<u8>) {
        self.sequence.encode(out);
        wire::encode_length(self.changes.len(), out);
        let mut next = 0;
        for (rank, counter) in &self.changes {
            (rank.0 - next).encode(out);
            counter.encode(out);
            next = rank.0.saturating_add(1);
        }
    }

    /// The limit is the number of members.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (sequence, rest) = u64::decode(bytes, limit)?;
        let (length, mut rest) = wire::decode_length(rest, limit)?;
        // Two bytes each, at least.
        let mut changes = Vec::with_capacity(length.min(rest.len() / 2));
        let mut next = Some(0_u32);
        for _ in 0..length {
            let (gap, after) = u32::decode(rest, limit)?;
            let (counter, after) = u64::decode(after, limit)?;
            let rank = next.and_then(|next| next.checked_add(gap)).ok_or(Malformed::Number)?;
            if counter == 0 {
                return Err(Malformed::Zero);
            }
            changes.push((Rank(rank), counter));
            next = rank.checked_add(1);
            rest = after;
        }
        Ok((Self { sequence, changes }, rest))
    }
}

/// As the bytes of its wire form; of at most 65,536 members.
#[cfg(feature = "serde")]
impl serde::Serialize for DifferentialStamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::serial::serialize_bytes(serializer, self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for DifferentialStamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::serial::deserialize_bytes(deserializer, crate::serial::MAX_ENTRIES)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::VecDeque;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::{DifferentialError, Overflow, laws};

    const MEMBERS: usize = 4;

    #[derive(Clone, Debug)]
    enum Step {
        Local(usize),
        Send(usize, usize),
        /// A layer below refuses the message: the stamp was only peeked at.
        Refused(usize, usize),
        Receive(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let pair = (0..MEMBERS, 0..MEMBERS);
        prop_oneof![
            1 => (0..MEMBERS).prop_map(Step::Local),
            3 => pair.clone().prop_map(|(from, to)| Step::Send(from, to)),
            1 => pair.clone().prop_map(|(from, to)| Step::Refused(from, to)),
            3 => pair.prop_map(|(from, to)| Step::Receive(from, to)),
        ]
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// The naive twin: whole vector clocks on every message. Differential ones come out the same, and carry exactly what changed.
        #[test]
        fn agrees_with_whole_clocks_over_links_in_order(steps in prop::collection::vec(step(), 1..80)) {
            let mut clocks: Vec<_> = (0..MEMBERS).map(|rank| DifferentialClock::new(Rank::new(rank), MEMBERS).unwrap()).collect();
            let mut whole = vec![VectorClock::new(); MEMBERS];
            let mut senders = vec![vec![DifferentialSender::new(); MEMBERS]; MEMBERS];
            let mut receivers = vec![vec![DifferentialReceiver::new(MEMBERS); MEMBERS]; MEMBERS];
            let mut links: Vec<Vec<VecDeque<(DifferentialStamp, VectorClock)>>> = vec![vec![VecDeque::new(); MEMBERS]; MEMBERS];
            let mut last_sent = vec![vec![VectorClock::new(); MEMBERS]; MEMBERS];
            for step in steps {
                match step {
                    Step::Local(me) => {
                        prop_assert_eq!(clocks[me].tick(), whole[me].tick(Rank::new(me)));
                    }
                    Step::Send(from, to) | Step::Refused(from, to) => {
                        prop_assert_eq!(clocks[from].tick(), whole[from].tick(Rank::new(from)));
                        let stamp = senders[from][to].stamp(&clocks[from]);
                        let changed = (0..MEMBERS).map(Rank::new).filter(|&rank| whole[from].entry(rank) != last_sent[from][to].entry(rank));
                        prop_assert!(stamp.changes().iter().copied().eq(changed.map(|rank| (rank, whole[from].entry(rank)))));
                        laws::wire(&stamp, MEMBERS);
                        if matches!(step, Step::Send(..)) {
                            senders[from][to].sent(&clocks[from]);
                            last_sent[from][to] = whole[from].clone();
                            links[from][to].push_back((stamp, whole[from].clone()));
                        }
                    }
                    Step::Receive(from, to) => {
                        if let Some((stamp, sent)) = links[from][to].pop_front() {
                            prop_assert_eq!(receivers[from][to].receive(&stamp), Ok(&sent));
                            prop_assert_eq!(clocks[to].receive(&stamp).ok(), whole[to].receive(Rank::new(to), &sent).ok());
                        }
                    }
                }
                for (clock, whole) in clocks.iter().zip(&whole) {
                    prop_assert_eq!(&clock.vector(), whole);
                }
            }
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_stamp(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<DifferentialStamp>(&bytes, 4);
        }
    }

    /// A lost, a repeated and a swapped message are each noticed, and leave the receiver as it was.
    #[test]
    fn loss_of_order_is_noticed() {
        let mut clock = DifferentialClock::new(Rank(0), 2).unwrap();
        let mut sender = DifferentialSender::new();
        let stamps: Vec<_> = (0..3)
            .map(|_| {
                clock.tick().unwrap();
                let stamp = sender.stamp(&clock);
                sender.sent(&clock);
                stamp
            })
            .collect();
        let mut receiver = DifferentialReceiver::new(2);
        assert_eq!(receiver.receive(&stamps[1]), Err(NotNext::OutOfOrder { expected: 1, sequence: 2 }));
        receiver.receive(&stamps[0]).unwrap();
        let before = receiver.clone();
        assert_eq!(receiver.receive(&stamps[0]), Err(NotNext::OutOfOrder { expected: 2, sequence: 1 }));
        assert_eq!(receiver.receive(&stamps[2]), Err(NotNext::OutOfOrder { expected: 2, sequence: 3 }));
        assert_eq!(receiver, before);
        assert_eq!(receiver.receive(&stamps[1]), Ok(&VectorClock::from([2])));
    }

    #[test]
    fn what_no_clock_sends_changes_nothing() {
        let stamp = |changes: &[(u32, u64)]| DifferentialStamp {
            sequence: 1,
            changes: changes.iter().map(|&(rank, counter)| (Rank(rank), counter)).collect(),
        };
        let mut receiver = DifferentialReceiver::new(2);
        let stranger = NotAMember { rank: Rank(7), members: 2 };
        assert_eq!(receiver.receive(&stamp(&[(0, 1), (7, 1)])), Err(stranger.into()));
        assert_eq!(receiver.receive(&stamp(&[(0, 1), (1, 0)])), Err(NotNext::NotRaised { rank: Rank(1), counter: 0 }));
        assert_eq!(receiver, DifferentialReceiver::new(2));

        let mut clock = DifferentialClock::new(Rank(0), 2).unwrap();
        assert_eq!(clock.receive(&stamp(&[(0, 1), (7, 1)])), Err(DifferentialError::NotAMember(stranger)));
        // A remote counter at the end does not wrap the next one.
        assert_eq!(clock.receive(&stamp(&[(0, u64::MAX), (1, 1)])), Err(DifferentialError::Overflow(Overflow)));
        assert_eq!((clock.vector(), clock.changes()), (VectorClock::new(), 0));
        assert_eq!(DifferentialClock::new(Rank(2), 2).err(), Some(NotAMember { rank: Rank(2), members: 2 }));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written() {
        let mut clock = DifferentialClock::new(Rank(1), 3).unwrap();
        clock.tick().unwrap();
        let stamp = DifferentialSender::new().stamp(&clock);
        assert_eq!(postcard::from_bytes::<DifferentialStamp>(&postcard::to_allocvec(&stamp).unwrap()), Ok(stamp));
        assert!(serde_json::from_str::<DifferentialStamp>("[1,1,0]").is_err());
    }
}
