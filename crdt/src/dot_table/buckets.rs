use alloc::vec;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

/// Rows by the hashes of their elements: each is in one of two buckets that its hash names, or in none if both are full.
///
/// Azar, Broder, Karlin, Upfal, *Balanced Allocations* (1999): of two buckets the emptier one is taken, so that all fill alike. A look-up reads two cache lines at most, whatever elements a
/// peer has chosen; nothing depends on where in a bucket a row stands, so removing leaves no trace.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    /// A power of two of them.
    buckets: Vec<Bucket>,
    /// Which bits of a slot are of the hash: the upper ones. The lower ones are the row plus one.
    above: u32,
}

/// One cache line. A slot of zero is free.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Bucket([u32; WIDTH]);

const WIDTH: usize = 16;
/// More than so many of 16 slots are not filled on purpose: then it can happen that both buckets of a row are full.
const FILLED: usize = 13;
/// With more buckets a row would not fit into a slot.
const MOST: usize = 1 << 27;

impl Buckets {
    /// Room for so many rows, in which most find a place.
    pub(super) fn with_room(rows: usize) -> Self {
        let count = rows.div_ceil(FILLED).next_power_of_two().min(MOST);
        let bits = (count * WIDTH).ilog2() + 1;
        Self { buckets: vec![Bucket([0; WIDTH]); count], above: u32::MAX.checked_shl(bits).unwrap_or(0) }
    }

    /// For how many rows there is room.
    pub(super) fn room(&self) -> usize {
        self.buckets.len() * FILLED
    }

    /// The first row of this hash that is the one looked for.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(usize) -> bool) -> Option<usize> {
        let (above, tag) = (self.above, self.tag(hash));
        for bucket in self.places(hash) {
            let Bucket(slots) = &self.buckets[bucket];
            // All at once, without a branch.
            let mut like = mask(slots, |slot| slot & above == tag);
            while like != 0 {
                let slot = slots[place(like)];
                if slot != 0 && is(self.row(slot)) {
                    return Some(self.row(slot));
                }
                like &= like - 1;
            }
        }
        None
    }

    /// Puts a row that is not there. Says whether it has found a place.
    pub(super) fn put(&mut self, hash: u64, row: usize) -> bool {
        let Some(slot) = self.slot(hash, row) else { return false };
        let [one, other] = self.places(hash);
        let free = |bucket: usize| mask(&self.buckets[bucket].0, |slot| slot == 0);
        // The first one while it is far from full, as it is the one looked at first.
        let (mut bucket, mut left) = (one, free(one));
        if !is_far_from_full(left) {
            let elsewhere = free(other);
            if elsewhere.count_ones() > left.count_ones() {
                (bucket, left) = (other, elsewhere);
            }
        }
        if left != 0 {
            self.buckets[bucket].0[place(left)] = slot;
        }
        left != 0
    }

    /// Takes a row out. Says whether it was there.
    pub(super) fn take(&mut self, hash: u64, row: usize) -> bool {
        let [one, other] = self.places(hash);
        self.slot(hash, row).is_some_and(|slot| self.replace(one, slot, 0) || self.replace(other, slot, 0))
    }

    /// Gives a row another number. Says whether it was there.
    pub(super) fn renumber(&mut self, hash: u64, from: usize, to: usize) -> bool {
        let [one, other] = self.places(hash);
        let slots = self.slot(hash, from).zip(self.slot(hash, to));
        slots.is_some_and(|(from, to)| self.replace(one, from, to) || self.replace(other, from, to))
    }

    fn replace(&mut self, bucket: usize, old: u32, new: u32) -> bool {
        match self.buckets[bucket].0.iter_mut().find(|slot| **slot == old) {
            Some(slot) => {
                *slot = new;
                true
            }
            None => false,
        }
    }

    /// The two buckets of a hash; they may be the same one.
    fn places(&self, hash: u64) -> [usize; 2] {
        let last = self.buckets.len() as u64 - 1;
        let place = |part| usize::try_from(part & last).expect("less than the number of buckets");
        [place(hash >> 32), place(hash)]
    }

    /// As many bits of the hash as a slot has room for above the row, and none of those that name the buckets of their half.
    fn tag(&self, hash: u64) -> u32 {
        low(hash) & self.above
    }

    /// How a row is written; `None` if its number has too many bits.
    fn slot(&self, hash: u64, row: usize) -> Option<u32> {
        let number = u32::try_from(row).ok()?.checked_add(1)?;
        (number & self.above == 0).then_some(self.tag(hash) | number)
    }

    /// The row that is written in a slot that is not free.
    fn row(&self, slot: u32) -> usize {
        (slot & !self.above) as usize - 1
    }
}

/// The lower half.
fn low(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).expect("32 bits")
}

/// A bit for each slot that is so. It is the bit above the slot's place, for only where all are shifted, all are had at once.
fn mask(slots: &[u32; WIDTH], is: impl Fn(u32) -> bool) -> u32 {
    slots.iter().enumerate().fold(0, |mask, (at, slot)| mask | u32::from(is(*slot)) << (at + 1))
}

/// The first slot of a mask that is not zero.
fn place(mask: u32) -> usize {
    (mask >> 1).trailing_zeros() as usize % WIDTH
}

/// Whether more than three slots are free.
const fn is_far_from_full(free: u32) -> bool {
    let less_one = free & free.wrapping_sub(1);
    let less_two = less_one & less_one.wrapping_sub(1);
    less_two & less_two.wrapping_sub(1) != 0
}

/// The hash of an element, the same on every machine and in every run: what a peer can foresee, it can also crowd, which is why [`Buckets`] may refuse a row.
pub(super) fn hash<Q: Hash + ?Sized>(element: &Q) -> u64 {
    let mut folded = Folded(0x9e37_79b9_7f4a_7c15);
    element.hash(&mut folded);
    folded.finish()
}

/// Multiplies each word of what is hashed to 128 bits, and folds these.
struct Folded(u64);

impl Folded {
    #[inline]
    fn fold(&mut self, word: u64) {
        let wide = (u128::from(self.0 ^ word) * 0xd6e8_feb8_6659_fd93).to_le_bytes();
        let half = |from: usize| u64::from_le_bytes(core::array::from_fn(|at| wide[from + at]));
        self.0 = half(0) ^ half(8);
    }
}

impl Hasher for Folded {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
        // So that zeros at the end count.
        self.fold(bytes.len() as u64);
    }

    #[inline]
    fn write_u8(&mut self, word: u8) {
        self.fold(word.into());
    }

    #[inline]
    fn write_u16(&mut self, word: u16) {
        self.fold(word.into());
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.fold(word.into());
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.fold(word as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
