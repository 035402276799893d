use alloc::vec::Vec;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

use crate::wire::{Malformed, Wire};
use crate::{Dot, Rank, VectorClock};

/// The vector clock of one event together with whose event it is, so that one look at two entries says which of two events happened before the other.
///
/// An event a of process p happened before b exactly if b's clock counts a: b\[p\] ≥ a\[p\] (Mattern 1989, theorem 10; Schwarz, Mattern, *Detecting Causal
/// Relationships in Distributed Computations*, 1994, section 3). That takes O(1) where comparing clocks takes O(n). It holds for stamps of one run, whose clocks
/// hold all that happened before; two stamps are equal if they name the same event.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EventStamp {
    rank: Rank,
    clock: VectorClock,
    /// The clock's entry of `rank`, so that most tests need not follow a pointer. Never zero.
    #[cfg_attr(feature = "serde", serde(skip))]
    counter: u64,
}

impl EventStamp {
    /// The stamp of the latest event of `rank` that `clock` knows; `None` if it knows none.
    #[must_use]
    pub fn new(rank: Rank, clock: VectorClock) -> Option<Self> {
        let counter = clock.entry(rank);
        (counter != 0).then_some(Self { rank, clock, counter })
    }

    /// Whether this event happened before `other`. O(1).
    #[inline]
    #[must_use]
    pub fn happened_before(&self, other: &Self) -> bool {
        if self.rank == other.rank { self.counter < other.counter } else { self.is_known_to(&other.clock) }
    }

    /// Whether `clock` counts this event, and with it all that happened before: then there is nothing to merge. O(1).
    #[inline]
    #[must_use]
    pub fn is_known_to(&self, clock: &VectorClock) -> bool {
        self.counter <= clock.entry(self.rank)
    }

    /// Whose event it is.
    #[must_use]
    pub const fn rank(&self) -> Rank {
        self.rank
    }

    /// Its name.
    #[must_use]
    pub const fn dot(&self) -> Dot {
        Dot { actor: self.rank, counter: self.counter }
    }

    /// What had happened when it happened, itself included.
    #[must_use]
    pub const fn clock(&self) -> &VectorClock {
        &self.clock
    }

    /// The clock alone.
    #[must_use]
    pub fn into_clock(self) -> VectorClock {
        self.clock
    }
}

impl VectorClock {
    /// [Joins](VectorClock::join) the clock of an event, unless the event is known already, which takes O(1) to see. Says whether that changed anything.
    #[inline]
    pub fn join_event(&mut self, stamp: &EventStamp) -> bool {
        !stamp.is_known_to(self) && self.join(&stamp.clock)
    }
}

impl PartialEq for EventStamp {
    /// Whether it is the same event.
    fn eq(&self, other: &Self) -> bool {
        self.dot() == other.dot()
    }
}

impl Eq for EventStamp {}

impl Hash for EventStamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.dot().hash(state);
    }
}

impl PartialOrd for EventStamp {
    /// Happened-before, in O(1); `None` means concurrent.
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        // One look each, also where both are of one process: to ask for that first would be a guess that often fails.
        match (self.is_known_to(&other.clock), other.is_known_to(&self.clock)) {
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            // Two events of two processes that each happened before the other are no run's: nothing can be said of them.
            (true, true) if self.rank == other.rank => Some(Ordering::Equal),
            _ => None,
        }
    }
}

impl Wire for EventStamp {
    /// The rank, then the clock.
    fn encode(&self, out: &mut Vec<u8>) {
        self.rank.encode(out);
        self.clock.encode(out);
    }

    /// The limit is the number of processes in the view.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (rank, rest) = Rank::decode(bytes, limit)?;
        let (clock, rest) = VectorClock::decode(rest, limit)?;
        Ok((Self::new(rank, clock).ok_or(Malformed::Contradiction)?, rest))
    }
}

/// Takes only a clock that knows an event of its process.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for EventStamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "EventStamp")]
        struct Parts {
            rank: Rank,
            clock: VectorClock,
        }

        let Parts { rank, clock } = Parts::deserialize(deserializer)?;
        Self::new(rank, clock).ok_or_else(|| serde::de::Error::custom("the clock of an event counts the event"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    const PROCESSES: usize = 7;

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// On every run, for all pairs of events: one look at two entries says what comparing the whole clocks says, and skipping a
        /// merge of what is known loses nothing.
        #[test]
        fn one_look_says_what_the_whole_clocks_say(steps in prop::collection::vec((0..PROCESSES, prop::option::of(any::<prop::sample::Index>())), 1..50)) {
            let mut clocks = vec![VectorClock::new(); PROCESSES];
            let mut events: Vec<EventStamp> = Vec::new();
            for (process, message) in steps {
                let clock = &mut clocks[process];
                if let Some(message) = message.filter(|_| !events.is_empty()) {
                    let stamp = message.get(&events);
                    let mut merged = clock.clone();
                    prop_assert_eq!(merged.join(stamp.clock()), clock.join_event(stamp));
                    prop_assert_eq!(&merged, &*clock);
                }
                clock.tick(Rank::new(process)).unwrap();
                events.push(EventStamp::new(Rank::new(process), clock.clone()).unwrap());
            }
            for a in &events {
                for b in &events {
                    prop_assert_eq!(a.partial_cmp(b), a.clock().partial_cmp(b.clock()));
                    prop_assert_eq!(a.happened_before(b), a.clock() < b.clock());
                    prop_assert_eq!(a == b, a.clock() == b.clock());
                    laws::hash(a, b);
                }
                laws::wire(a, PROCESSES);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_stamp(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..24)) {
            laws::decode::<EventStamp>(&bytes, 4);
        }
    }

    #[test]
    fn a_clock_that_knows_no_event_of_its_process_stamps_none() {
        assert_eq!(EventStamp::new(Rank(1), VectorClock::from([3, 0, 2])), None);
        assert_eq!(EventStamp::from_wire(&[1, 3, 3, 0, 2], 3), Err(Malformed::Contradiction));
        assert!(EventStamp::from_wire(&[2, 3, 3, 0, 2], 3).is_ok());
    }

    /// Stamps that contradict each other, which a peer can make up, do not break the laws of order.
    #[test]
    fn each_before_the_other_is_concurrent() {
        let a = EventStamp::new(Rank(0), VectorClock::from([1, 9])).unwrap();
        let b = EventStamp::new(Rank(1), VectorClock::from([9, 1])).unwrap();
        assert_eq!(a.partial_cmp(&b), None);
        assert_eq!(b.partial_cmp(&a), None);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written_and_nothing_else() {
        let stamp = EventStamp::new(Rank(1), VectorClock::from([3, 2])).unwrap();
        let bytes = postcard::to_allocvec(&stamp).unwrap();
        assert_eq!(postcard::from_bytes::<EventStamp>(&bytes), Ok(stamp));
        assert!(serde_json::from_str::<EventStamp>(r#"{"rank":1,"clock":[3,2]}"#).is_ok());
        assert!(serde_json::from_str::<EventStamp>(r#"{"rank":2,"clock":[3,2]}"#).is_err());
    }
}
