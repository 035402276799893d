use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;

use tidings_protocol::{Digest, Fingerprint};

/// The credit of this process for one class: which of its own messages not everybody is done with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Credit {
    most: usize,
    /// The number of the front of `missing`.
    base: u64,
    /// How many live processes are not done with message `base + i`.
    missing: VecDeque<u32>,
    /// Up to where each process is done.
    done: Vec<u64>,
}

impl Credit {
    pub(crate) fn new(most: u32, processes: usize) -> Self {
        Self { most: most as usize, base: 0, missing: VecDeque::new(), done: vec![0; processes] }
    }

    /// Whether one more message may be sent.
    pub(crate) fn is_left(&self) -> bool {
        self.missing.len() < self.most
    }

    /// The number of the next message.
    pub(crate) fn sent(&self) -> u64 {
        self.base + self.missing.len() as u64
    }

    /// Takes credit for one message, which `live` processes, this one too, must be done with.
    pub(crate) fn take(&mut self, live: u32) {
        self.missing.push_back(live);
    }

    /// Whether message `sequence` asks for credit back: one in each half of the credit, so that it never runs out for good.
    pub(crate) fn asks(&self, sequence: u64) -> bool {
        (sequence + 1).is_multiple_of((self.most as u64 / 2).max(1))
    }

    /// Live process `rank` is done with all below `next`, which is at most [`sent`](Credit::sent). Older news changes nothing.
    pub(crate) fn settle(&mut self, rank: Rank, next: u64) {
        let done = &mut self.done[rank.index()];
        while *done < next {
            // Not below `base`: a message is forgotten only when every live process is done with it.
            if let Some(missing) = done.checked_sub(self.base).and_then(|place| self.missing.get_mut(usize::try_from(place).ok()?)) {
                *missing -= 1;
            }
            *done += 1;
        }
        while self.missing.front() == Some(&0) {
            self.missing.pop_front();
            self.base += 1;
        }
    }

    /// How many messages not everybody is known to be done with.
    pub(crate) fn outstanding(&self) -> usize {
        self.missing.len()
    }

    /// The bytes of the buffers.
    pub(crate) fn bytes(&self) -> usize {
        self.missing.capacity() * size_of::<u32>() + self.done.len() * size_of::<u64>()
    }

    /// The most that [`bytes`](Credit::bytes) can be.
    pub(crate) fn max_bytes(most: usize, processes: usize) -> usize {
        most.saturating_mul(2).max(4).saturating_mul(size_of::<u32>()).saturating_add(processes.saturating_mul(size_of::<u64>()))
    }
}

impl Fingerprint for Credit {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.number(self.base);
        self.missing.fingerprint(digest);
        digest.by_rank(self.done.len(), |index, digest| digest.number(self.done[index]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The naive twin: a message is outstanding while a live process is not done with it.
        #[test]
        fn agrees_with_the_slowest_live_process(most in 1u32..5, steps in prop::collection::vec((0usize..4, 0u64..4), 0..200)) {
            let mut credit = Credit::new(most, 3);
            let (mut sent, mut done, mut live) = (0u64, [0u64; 3], [true; 3]);
            for (who, by) in steps {
                let slowest = (0..3).filter(|rank| live[*rank]).map(|rank| done[rank]).min().unwrap();
                prop_assert_eq!((credit.sent(), credit.outstanding() as u64), (sent, sent - slowest));
                prop_assert_eq!(credit.is_left(), sent - slowest < u64::from(most));
                if who == 3 && by == 3 {
                    // Process 2 is excluded, once: it counts as done with everything so far, and later messages do not wait for it.
                    if core::mem::take(&mut live[2]) {
                        credit.settle(Rank(2), sent);
                    }
                } else if who == 3 {
                    if credit.is_left() {
                        sent += 1;
                        credit.take(live.map(u32::from).iter().sum());
                    }
                } else if live[who] {
                    // Behind, where it stands, or ahead.
                    let next = (done[who] + by).saturating_sub(1).min(sent);
                    done[who] = done[who].max(next);
                    credit.settle(Rank::new(who), next);
                }
            }
        }
    }

    #[test]
    fn each_half_of_the_credit_is_asked_back() {
        let asked = |most: u32| (0..8u64).filter(|sequence| Credit::new(most, 1).asks(*sequence)).collect::<Vec<_>>();
        assert_eq!(asked(1), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(asked(3), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(asked(4), [1, 3, 5, 7]);
        assert_eq!(asked(8), [3, 7]);
    }
}
