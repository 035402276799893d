use alloc::collections::VecDeque;

use tidings_protocol::{Digest, Fingerprint, Limits};

use crate::Class;
use crate::received::{Received, Standing};

/// The messages of one origin and class at one process: which were received, and those that are not yet handed on to everybody.
///
/// At most `credit` of them are kept: an origin sends message s only after everybody has told it that s − credit is done with, and whoever tells has room again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flow<T> {
    credit: u64,
    received: Received,
    /// All messages below were received and handed on.
    done: u64,
    /// What `done` was when the origin was told last.
    told: u64,
    /// The origin asked to be told once `done` is here.
    asked: u64,
    /// Telling the origin is noted as a debt.
    telling: bool,
    /// Message `done + i` at place `i`, if it is owed to somebody.
    kept: VecDeque<Option<Kept<T>>>,
}

/// A message that is owed to other processes.
#[derive(Clone, Debug, PartialEq)]
struct Kept<T> {
    payload: T,
    owed: u32,
}

impl<T> Flow<T> {
    pub(crate) fn new(credit: u32) -> Self {
        Self {
            credit: u64::from(credit),
            received: Received::new(credit),
            done: 0,
            told: 0,
            asked: 0,
            telling: false,
            kept: VecDeque::new(),
        }
    }

    /// How `sequence` stands. One that the origin had no credit for, by what it was told, is too far ahead.
    pub(crate) fn standing(&self, sequence: u64) -> Standing {
        if sequence >= self.told.saturating_add(self.credit) { Standing::TooFarAhead } else { self.received.standing(sequence) }
    }

    /// The number below which the origin has credit.
    pub(crate) const fn limit(&self) -> u64 {
        self.told.saturating_add(self.credit)
    }

    /// Takes in a message that stands [`New`](Standing::New), with its payload and to how many processes it is owed.
    pub(crate) fn insert(&mut self, sequence: u64, kept: Option<(T, u32)>) {
        self.received.insert(sequence);
        if let Some((payload, owed)) = kept.filter(|(_, owed)| *owed > 0) {
            let place = self.place(sequence);
            while self.kept.len() <= place {
                self.kept.push_back(None);
            }
            self.kept[place] = Some(Kept { payload, owed });
        }
        self.advance();
    }

    /// The origin asks to be told when `sequence`, which was received, is done with.
    pub(crate) fn ask(&mut self, sequence: u64) {
        self.asked = self.asked.max(sequence.saturating_add(1));
    }

    /// A message that is still owed to somebody.
    pub(crate) fn get(&self, sequence: u64) -> Option<&T> {
        let place = usize::try_from(sequence.checked_sub(self.done)?).ok()?;
        self.kept.get(place)?.as_ref().map(|kept| &kept.payload)
    }

    /// One of those to whom `sequence` was owed has it now, or is excluded.
    pub(crate) fn paid(&mut self, sequence: u64) {
        let place = self.place(sequence);
        if let Some(kept) = &mut self.kept[place] {
            kept.owed -= 1;
            if kept.owed == 0 {
                self.kept[place] = None;
                self.advance();
            }
        }
    }

    /// Whether the origin waits to be told and nobody has noted it yet; then it is noted now.
    pub(crate) const fn note_telling(&mut self) -> bool {
        let due = !self.telling && self.told < self.asked && self.asked <= self.done;
        self.telling |= due;
        due
    }

    /// The origin was told: all below [`done`](Flow::done).
    pub(crate) const fn tell(&mut self) {
        self.telling = false;
        self.told = self.done;
    }

    /// All messages below were received and handed on.
    pub(crate) const fn done(&self) -> u64 {
        self.done
    }

    /// How many messages are owed to somebody.
    pub(crate) fn held(&self) -> usize {
        self.kept.iter().flatten().count()
    }

    /// The messages that are owed to somebody.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.kept.iter().flatten().map(|kept| &kept.payload)
    }

    /// The bytes of the buffers, payloads apart.
    pub(crate) fn bytes(&self) -> usize {
        self.received.bytes() + self.kept.capacity() * size_of::<Option<Kept<T>>>()
    }

    /// The most that [`bytes`](Flow::bytes) can be.
    pub(crate) fn max_bytes(credit: usize) -> usize {
        // A ring grows by doubling, so that up to twice as many places are reserved.
        credit.saturating_mul(2).max(4).saturating_mul(size_of::<Option<Kept<T>>>()).saturating_add(credit.div_ceil(64) * 8)
    }

    fn advance(&mut self) {
        while self.done < self.received.next() {
            match self.kept.front() {
                Some(Some(_)) => return,
                Some(None) => {
                    self.kept.pop_front();
                    self.done += 1;
                }
                None => self.done = self.received.next(),
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "numbers that are received and not done with lie within the credit of `done`")]
    fn place(&self, sequence: u64) -> usize {
        (sequence - self.done) as usize
    }
}

/// The credit of one class.
pub(crate) const fn credit(limits: &Limits, class: Class) -> u32 {
    match class {
        Class::Body => limits.credit,
        Class::Control => limits.control_credit,
    }
}

impl<T: Fingerprint> Fingerprint for Flow<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        self.received.fingerprint(digest);
        [self.done, self.told, self.asked, u64::from(self.telling)].fingerprint(digest);
        digest.size(self.kept.len());
        for kept in &self.kept {
            digest.flag(kept.is_some());
            if let Some(Kept { payload, owed }) = kept {
                payload.fingerprint(digest);
                owed.fingerprint(digest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        /// The naive twin: how many processes each received message is still owed to.
        #[test]
        fn agrees_with_the_list_of_all_debts(credit in 1u32..6, steps in prop::collection::vec((0u64..8, 0u32..4, any::<bool>()), 0..200)) {
            let mut flow = Flow::new(credit);
            let mut naive: BTreeMap<u64, u32> = BTreeMap::new();
            let (mut told, mut asked) = (0, 0);
            for (offset, owed, pays) in steps {
                let done = (0..).find(|sequence| naive.get(sequence) != Some(&0)).unwrap();
                let sequence = (told + offset).saturating_sub(2);
                let standing = match naive.get(&sequence) {
                    Some(_) => Standing::Duplicate,
                    None if sequence >= told + u64::from(credit) => Standing::TooFarAhead,
                    None => Standing::New,
                };
                prop_assert_eq!((flow.done(), flow.standing(sequence)), (done, standing));
                let must_tell = told < asked && asked <= done;
                prop_assert_eq!(flow.note_telling(), must_tell);
                if must_tell {
                    flow.tell();
                    told = done;
                } else if pays && naive.get(&sequence).is_some_and(|owed| *owed > 0) {
                    flow.paid(sequence);
                    *naive.get_mut(&sequence).unwrap() -= 1;
                } else if standing == Standing::New {
                    flow.insert(sequence, Some((sequence, owed)));
                    naive.insert(sequence, owed);
                } else if standing == Standing::Duplicate && owed == 3 {
                    flow.ask(sequence);
                    asked = asked.max(sequence + 1);
                }
                let kept: Vec<_> = naive.iter().filter(|(_, owed)| **owed > 0).map(|(sequence, _)| *sequence).collect();
                prop_assert_eq!(flow.iter().copied().collect::<Vec<_>>(), kept.clone());
                prop_assert!(flow.held() <= credit as usize && kept.iter().all(|sequence| flow.get(*sequence) == Some(sequence)));
                prop_assert!(flow.bytes() <= Flow::<u64>::max_bytes(credit as usize));
            }
        }
    }
}
