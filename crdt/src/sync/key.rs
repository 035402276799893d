#![expect(deprecated, reason = "what replaces it draws its keys at random; this one is SipHash 2-4 under the keys given")]

use core::hash::{Hash, Hasher, SipHasher};

use tidings_protocol::Digest;

/// The secret that the replicas of one state share, so that nobody who only chooses what is stored can make two parts collide.
///
/// Parts are told by their SipHash-2-4 under this key (Aumasson, Bernstein 2012), 64 bits: of n parts two collide by chance with a probability of n² / 2⁶⁵,
/// 3 · 10⁻⁸ for a million. Then a part may not be exchanged until something changes. Numbers are hashed as little-endian bytes and lengths as 64 bits, so that what
/// derives [`Hash`] from numbers, strings and the types of this crate has one hash on all machines that run the same program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Key(pub u64, pub u64);

impl Key {
    /// The hash of `value`.
    #[must_use]
    pub fn hash(self, value: &(impl Hash + ?Sized)) -> u64 {
        let mut hasher = Everywhere(SipHasher::new_with_keys(self.0, self.1));
        value.hash(&mut hasher);
        hasher.finish()
    }

    /// Puts 128 bits of hash in, for a search that tells states by them.
    pub(super) fn print(value: &impl Hash, digest: &mut Digest<'_>) {
        digest.number(Self(0, 0).hash(value));
        digest.number(Self(1, 1).hash(value));
    }

    /// A second hash, of a hash: what tells one part from several that were put together.
    #[must_use]
    pub(super) fn check(self, hash: u64) -> u64 {
        let mut hasher = SipHasher::new_with_keys(self.1, self.0 ^ 0x9E37_79B9_7F4A_7C15);
        hasher.write(&hash.to_le_bytes());
        hasher.finish()
    }
}

/// Hashes numbers the same way on all machines.
struct Everywhere(SipHasher);

macro_rules! little_endian {
    ($($write:ident $number:ty;)*) => {
        $(fn $write(&mut self, number: $number) {
            self.0.write(&number.to_le_bytes());
        })*
    };
}

impl Hasher for Everywhere {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }

    little_endian! {
        write_u8 u8;
        write_u16 u16;
        write_u32 u32;
        write_u64 u64;
        write_u128 u128;
        write_i8 i8;
        write_i16 i16;
        write_i32 i32;
        write_i64 i64;
        write_i128 i128;
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_i64(number as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AddWinsSet;

    /// The last line of the vectors in the paper's appendix: key 00 01 … 0f, message 00 01 … 0e.
    #[test]
    fn is_siphash_2_4() {
        let key = Key(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908);
        let mut hasher = Everywhere(SipHasher::new_with_keys(key.0, key.1));
        hasher.write(&core::array::from_fn::<u8, 15, _>(|byte| u8::try_from(byte).unwrap()));
        assert_eq!(hasher.finish(), 0xA129_CA61_49BE_45E5);
        assert_eq!(key.hash(&0x0706_0504_0302_0100_u64), 0x93F5_F579_9A93_2462);
    }

    /// What replicas of different builds must agree on: if this changes, they do not understand each other any more.
    #[test]
    fn a_part_of_a_set_has_one_hash_everywhere() {
        let mut set = AddWinsSet::new();
        set.add(7_u32, "milk").unwrap();
        assert_eq!(Key(1, 2).hash(&set), 8_874_489_003_105_846_384);
    }
}
