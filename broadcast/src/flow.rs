use alloc::collections::VecDeque;

use tidings_protocol::Limits;

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
