use alloc::vec::Vec;

use crate::wire::{Malformed, Wire};
use crate::{Overflow, Rank};

/// When an event happened, by a Lamport clock: the counter, then the process that breaks ties.
///
/// If one event happened before another, its stamp is less. The converse does not hold: a lesser stamp may belong to a concurrent event. The order
/// is total, as long as no two processes share an id (Lamport 1978, the relation ⇒).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LamportStamp<P = Rank> {
    /// One more than any counter that this event knew of. The first event of all has 1.
    pub counter: u64,
    /// Whose event it was.
    pub process: P,
}

impl LamportStamp<Rank> {
    /// The bytes of the stamp, most significant first: they order as the stamps do, so they can be keys of a sorted store.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 12] {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l]) = (self.counter.to_be_bytes(), self.process.0.to_be_bytes());
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// The stamp with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        Self { counter: u64::from_be_bytes([a, b, c, d, e, f, g, h]), process: Rank(u32::from_be_bytes([i, j, k, l])) }
    }
}

/// A Lamport clock: a counter that is always beyond all that was heard of.
///
/// Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978, rules IR1 and IR2. All operations are O(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LamportClock<P = Rank> {
    latest: LamportStamp<P>,
}

impl<P: Copy> LamportClock<P> {
    /// The clock of `process` before its first event.
    #[must_use]
    pub const fn new(process: P) -> Self {
        Self::from_stamp(LamportStamp { counter: 0, process })
    }

    /// The clock of `stamp.process` just after the event `stamp`: how a process goes on after a restart.
    #[must_use]
    pub const fn from_stamp(stamp: LamportStamp<P>) -> Self {
        Self { latest: stamp }
    }

    /// Counts a local event (IR1); a message that is sent now carries the stamp returned.
    ///
    /// # Errors
    /// [`Overflow`] if the counter is `u64::MAX`; the clock is unchanged.
    pub const fn tick(&mut self) -> Result<LamportStamp<P>, Overflow> {
        self.advance(self.latest.counter)
    }

    /// Counts the receipt of a message stamped `stamp` (IR2): the receipt is later than the message and than all that happened here.
    ///
    /// # Errors
    /// [`Overflow`] if either counter is `u64::MAX`; the clock is unchanged.
    pub fn receive(&mut self, stamp: &LamportStamp<P>) -> Result<LamportStamp<P>, Overflow> {
        self.advance(self.latest.counter.max(stamp.counter))
    }

    /// Learns of `stamp` and counts no event: the next one here is later than it.
    ///
    /// Enough where only what is sent carries a stamp. What was learned leaves the same clock in whatever order it came and however often, as what was
    /// [received](LamportClock::receive) does not.
    ///
    /// # Errors
    /// [`Overflow`] if the counter is `u64::MAX`, which no event can be later than; the clock is unchanged.
    pub fn witness(&mut self, stamp: &LamportStamp<P>) -> Result<(), Overflow> {
        if stamp.counter == u64::MAX {
            return Err(Overflow);
        }
        self.latest.counter = self.latest.counter.max(stamp.counter);
        Ok(())
    }

    /// The stamp of the last event here, with the counter of what was [learned of](LamportClock::witness) since if that is greater; counter 0 before the first.
    #[must_use]
    pub const fn latest(&self) -> LamportStamp<P> {
        self.latest
    }

    const fn advance(&mut self, known: u64) -> Result<LamportStamp<P>, Overflow> {
        match known.checked_add(1) {
            Some(counter) => {
                self.latest.counter = counter;
                Ok(self.latest)
            }
            None => Err(Overflow),
        }
    }
}

impl<P: Wire> Wire for LamportStamp<P> {
    /// The counter, then the process. Compact, but not in order; for that see [`to_bytes`](LamportStamp::to_bytes).
    fn encode(&self, out: &mut Vec<u8>) {
        self.counter.encode(out);
        self.process.encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (counter, rest) = u64::decode(bytes, limit)?;
        let (process, rest) = P::decode(rest, limit)?;
        Ok((Self { counter, process }, rest))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::{VectorClock, laws};

    fn stamp() -> impl Strategy<Value = LamportStamp> {
        (prop_oneof![0_u64..4, any::<u64>(), Just(u64::MAX)], prop_oneof![0_u32..3, any::<u32>()])
            .prop_map(|(counter, process)| LamportStamp { counter, process: Rank(process) })
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        /// The clock condition, judged by vector clocks: what happened before has the lesser stamp. And no two events have the same one.
        #[test]
        fn what_happened_before_has_the_lesser_stamp(steps in prop::collection::vec((0_usize..4, prop::option::of(any::<prop::sample::Index>())), 1..40)) {
            let mut clocks: Vec<LamportClock> = (0..4).map(|rank| LamportClock::new(Rank(rank))).collect();
            let mut vectors = vec![VectorClock::new(); 4];
            let mut events: Vec<(LamportStamp, VectorClock)> = Vec::new();
            for (process, message) in steps {
                let stamp = match message.filter(|_| !events.is_empty()) {
                    Some(message) => {
                        let (stamp, vector) = message.get(&events);
                        vectors[process].join(vector);
                        clocks[process].receive(stamp).unwrap()
                    }
                    None => clocks[process].tick().unwrap(),
                };
                vectors[process].tick(Rank::new(process)).unwrap();
                prop_assert_eq!(clocks[process].latest(), stamp);
                for (earlier, vector) in &events {
                    prop_assert!(*earlier != stamp);
                    prop_assert!(*earlier < stamp || vector.partial_cmp(&vectors[process]) != Some(core::cmp::Ordering::Less));
                }
                events.push((stamp, vectors[process].clone()));
            }
        }

        /// What is learned comes before the next event, in whatever order it is learned and however often.
        #[test]
        fn what_is_learned_is_no_event(own in stamp(), mut learned in prop::collection::vec(stamp(), 0..5)) {
            let after = |learned: &[LamportStamp]| {
                let mut clock = LamportClock::from_stamp(own);
                for stamp in learned {
                    let before = clock;
                    let expected = if stamp.counter == u64::MAX { Err(Overflow) } else { Ok(()) };
                    assert_eq!(clock.witness(stamp), expected);
                    assert!(expected.is_ok() || clock == before);
                }
                clock
            };
            let clock = after(&learned);
            let mut later = clock;
            if let Ok(next) = later.tick() {
                prop_assert!(learned.iter().filter(|stamp| stamp.counter < u64::MAX).all(|stamp| stamp.counter < next.counter));
                prop_assert_eq!(next.process, own.process);
            }
            learned.reverse();
            learned.extend(learned.clone());
            prop_assert_eq!(after(&learned), clock);
        }

        #[test]
        fn bytes_order_as_stamps(a in stamp(), b in stamp()) {
            prop_assert_eq!(a.to_bytes().cmp(&b.to_bytes()), a.cmp(&b));
            prop_assert_eq!(LamportStamp::from_bytes(a.to_bytes()), a);
            laws::order(&a, &b, &a);
            laws::wire(&a, 0);
        }

        #[test]
        fn receipt_is_one_more_than_the_greater_or_overflow(own in stamp(), remote in stamp()) {
            let mut clock = LamportClock::from_stamp(own);
            let counter = own.counter.max(remote.counter).checked_add(1);
            prop_assert_eq!(clock.receive(&remote), counter.map(|counter| LamportStamp { counter, ..own }).ok_or(Overflow));
            prop_assert_eq!(clock.latest().counter, counter.unwrap_or(own.counter));
        }
    }

    /// In several libraries a peer that claims a counter of 2^64 - 1 makes the next increment wrap to 0.
    #[test]
    fn a_remote_counter_at_the_end_does_not_wrap_the_next_tick() {
        let mut clock = LamportClock::new(Rank(0));
        assert_eq!(clock.receive(&LamportStamp { counter: u64::MAX, process: Rank(1) }), Err(Overflow));
        assert_eq!(clock.tick(), Ok(LamportStamp { counter: 1, process: Rank(0) }));
        assert_eq!(clock.receive(&LamportStamp { counter: u64::MAX - 1, process: Rank(1) }).map(|stamp| stamp.counter), Ok(u64::MAX));
        assert_eq!(clock.tick(), Err(Overflow));
        assert_eq!(clock.latest(), LamportStamp { counter: u64::MAX, process: Rank(0) });
    }
}
