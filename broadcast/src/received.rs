use smallvec::{SmallVec, smallvec};

use tidings_protocol::{Digest, Fingerprint};

/// How a sequence number stands to what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not received yet, and within the window.
    New,
    /// Received before.
    Duplicate,
    /// The window or more ahead of the next one expected.
    TooFarAhead,
}

/// Which sequence numbers were received: all below `next`, and a ring of bits for those ahead of it within the window.
///
/// Every operation is O(1), amortised over the numbers inserted; memory is one bit for each number of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    next: u64,
    window: u64,
    /// How many numbers above `next` were received.
    count: u64,
    /// Bit `s % (64 · words)` is set if `s` was received and is above `next`; clear for all else.
    ring: SmallVec<[u64; 1]>,
}

impl Received {
    /// Nothing received yet; `window` numbers may be ahead.
    pub(crate) fn new(window: u32) -> Self {
        Self { next: 0, window: u64::from(window), count: 0, ring: smallvec![0; (window as usize).div_ceil(64).max(1)] }
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.next = 0;
        self.count = 0;
        self.ring.fill(0);
    }

    /// Takes in `sequence`, which stands [`New`](Standing::New).
    pub(crate) fn insert(&mut self, sequence: u64) {
        debug_assert_eq!(self.standing(sequence), Standing::New);
        if sequence != self.next {
            let (word, bit) = self.place(sequence);
            self.ring[word] |= bit;
            self.count += 1;
            return;
        }
        self.next += 1;
        while self.count > 0 {
            let (word, bit) = self.place(self.next);
            if self.ring[word] & bit == 0 {
                break;
            }
            self.ring[word] ^= bit;
            self.count -= 1;
            self.next += 1;
        }
    }

    /// How `sequence` stands. The last number of all is never used, so `next` cannot wrap.
    pub(crate) fn standing(&self, sequence: u64) -> Standing {
        if sequence < self.next {
            Standing::Duplicate
        } else if sequence == u64::MAX || sequence - self.next >= self.window {
            Standing::TooFarAhead
        } else if self.count == 0 {
            Standing::New
        } else {
            let (word, bit) = self.place(sequence);
            if self.ring[word] & bit == 0 { Standing::New } else { Standing::Duplicate }
        }
    }

    /// The lowest number that was not received.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Whether something ahead of the next number was received.
    pub(crate) const fn has_gap(&self) -> bool {
        self.count > 0
    }

    /// What was received ahead: bit `i` stands for `next + 1 + i`. Of a window above 65 this shows the first 64 only.
    pub(crate) fn ahead(&self) -> u64 {
        if self.count == 0 {
            return 0;
        }
        let words = self.ring.len();
        let start = self.next.wrapping_add(1);
        let (word, shift) = (self.word(start), (start % 64) as u32);
        let low = self.ring[word] >> shift;
        if shift == 0 { low } else { low | self.ring[(word + 1) % words] << (64 - shift) }
    }

    /// The bytes of the ring.
    pub(crate) fn bytes(&self) -> usize {
        self.ring.len() * size_of::<u64>()
    }

    fn word(&self, sequence: u64) -> usize {
        let words = self.ring.len();
        if words == 1 {
            return 0;
        }
        (sequence / 64 % words as u64) as usize
    }

    fn place(&self, sequence: u64) -> (usize, u64) {
        (self.word(sequence), 1 << (sequence % 64))
    }
}

impl Fingerprint for Received {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.number(self.next);
        self.ring.as_slice().fingerprint(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    /// The naive twin: all that was ever received.
    #[derive(Default)]
    struct Naive(BTreeSet<u64>);

    impl Naive {
        fn next(&self) -> u64 {
            (0..).find(|sequence| !self.0.contains(sequence)).unwrap()
        }

        fn standing(&self, sequence: u64, window: u32) -> Standing {
            if self.0.contains(&sequence) {
                Standing::Duplicate
            } else if sequence - self.next() >= u64::from(window) {
                Standing::TooFarAhead
            } else {
                Standing::New
            }
        }

        fn ahead(&self) -> u64 {
            (0..64).filter(|bit| self.0.contains(&(self.next() + 1 + bit))).fold(0, |bits, bit| bits | 1 << bit)
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_set_of_all_received(window in prop_oneof![1u32..5, 60u32..70, 120u32..200], offers in prop::collection::vec(0u64..220, 0..400)) {
            let (mut fast, mut naive) = (Received::new(window), Naive::default());
            for offer in offers {
                // Around the front, so that the window moves far.
                let sequence = (naive.next() + offer).saturating_sub(10);
                let standing = fast.standing(sequence);
                prop_assert_eq!(standing, naive.standing(sequence, window));
                if standing == Standing::New {
                    fast.insert(sequence);
                    naive.0.insert(sequence);
                }
                prop_assert_eq!(fast.next(), naive.next());
                prop_assert_eq!((fast.ahead(), fast.has_gap()), (naive.ahead(), naive.0.iter().any(|sequence| *sequence > naive.next())));
            }
        }
    }

    #[test]
    fn the_last_number_is_never_taken() {
        let mut received = Received::new(4);
        received.next = u64::MAX - 2;
        assert_eq!(received.standing(u64::MAX), Standing::TooFarAhead);
        received.insert(u64::MAX - 1);
        received.insert(u64::MAX - 2);
        assert_eq!((received.next(), received.ahead()), (u64::MAX, 0));
        assert_eq!(received.standing(u64::MAX), Standing::TooFarAhead);
        assert_eq!(received.standing(u64::MAX - 1), Standing::Duplicate);
    }
}
